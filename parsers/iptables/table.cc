// Rules live in one list; a chain is an order of their numbers. Where a jump leads is
// decided when the table is complete, because a chain may be declared after its first use.
#include "parsers/iptables/table.h"

#include <algorithm>
#include <array>
#include <utility>

#include "parsers/iptables/matches.h"
#include "parsers/iptables/names.h"
#include "parsers/iptables/rule.h"
#include "parsers/iptables/targets.h"
#include "parsers/netfilter/stages.h"

namespace ipo::iptables {
namespace {

constexpr BuiltIn built_ins[] = {{"raw", "PREROUTING", Hook::prerouting, -300},
                                 {"raw", "OUTPUT", Hook::output, -300},
                                 {"mangle", "PREROUTING", Hook::prerouting, -150},
                                 {"mangle", "INPUT", Hook::input, -150},
                                 {"mangle", "FORWARD", Hook::forward, -150},
                                 {"mangle", "OUTPUT", Hook::output, -150},
                                 {"mangle", "POSTROUTING", Hook::postrouting, -150},
                                 {"nat", "PREROUTING", Hook::prerouting, -100},
                                 {"nat", "INPUT", Hook::input, 100},
                                 {"nat", "OUTPUT", Hook::output, -100},
                                 {"nat", "POSTROUTING", Hook::postrouting, 100},
                                 {"filter", "INPUT", Hook::input, 0},
                                 {"filter", "FORWARD", Hook::forward, 0},
                                 {"filter", "OUTPUT", Hook::output, 0},
                                 {"security", "INPUT", Hook::input, 50},
                                 {"security", "FORWARD", Hook::forward, 50},
                                 {"security", "OUTPUT", Hook::output, 50}};

const BuiltIn* find_built_in(std::string_view table, std::string_view chain) {
  for (const BuiltIn& b : built_ins)
    if (b.chain == chain && b.table == table) return &b;
  return nullptr;
}

// An open double quote takes the rest of the line, and with it what the rule would have said.
bool has_open_quote(std::string_view text) {
  bool open = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"')
      open = !open;
    else if (open && text[i] == '\\')
      ++i;
  }
  return open;
}

// The words of a rule without counters, command, chain and number: what -D compares.
std::string specification(const Line& line) {
  std::string text;
  bool after_command = false;
  for (std::size_t i = 0; i < line.words.size(); ++i) {
    std::string_view word = line.words[i].text;
    if (!after_command && word.size() > 1 && word[0] == '-') {
      after_command = true;
      ++i;
      if (i + 1 < line.words.size() && parse_c_number(line.words[i + 1].text, ~0u)) ++i;
    } else if (after_command) {
      text += word;
      text += '\n';
    }
  }
  return text;
}

OpaqueTest missing_piece(const std::string& name) {
  std::string reason = name + " is not in this file";
  OpaqueTest test{reason, reason, true};
  test.about.cause = Cause::outcome;
  return test;
}

// By the names that programs give to what they keep.
Author keeper_of(std::string_view chain) {
  constexpr std::pair<std::string_view, Author> names[] = {
      {"DOCKER", Author::container_engine}, {"CNI-", Author::container_engine},  {"NETAVARK", Author::container_engine},
      {"PODMAN", Author::container_engine}, {"KUBE-", Author::container_engine}, {"LIBVIRT_", Author::virtual_machines},
      {"ufw-", Author::front_end},          {"ufw6-", Author::front_end},        {"f2b-", Author::blocker},
      {"fail2ban-", Author::blocker},       {"MINIUPNPD", Author::port_mapper}};
  for (auto [beginning, keeper] : names)
    if (chain.starts_with(beginning)) return keeper;
  return Author::administrator;
}

}  // namespace

bool is_table(std::string_view name) {
  return std::any_of(std::begin(built_ins), std::end(built_ins), [&](const BuiltIn& b) { return b.table == name; });
}

TableReader::TableReader(Family family, std::string_view table, SourceSpan header, std::size_t lines,
                         std::vector<Statement>& statements)
    : family_(family), table_(table), header_(header), statements_(statements) {
  rules_.reserve(lines);
  says_ = [this](std::uint32_t rule) { return specification(*rules_[rule].line); };
  is_user_chain_ = [this](std::string_view name) {
    Growing* g = find(name);
    return g && g->declared && !g->built_in;
  };
}

TableReader::Growing* TableReader::find(std::string_view name) {
  auto it = by_name_.find(name);
  return it == by_name_.end() ? nullptr : &chains_[it->second];
}

TableReader::Growing& TableReader::chain(std::string_view name, SourceSpan span) {
  if (Growing* g = find(name)) return *g;
  by_name_.emplace(name, chains_.size());
  Growing& g = chains_.emplace_back();
  g.chain.table = table_;
  g.chain.name = name;
  g.chain.span = span;
  g.chain.by = keeper_of(name);
  g.built_in = find_built_in(table_, name);
  if (g.built_in) g.chain.policy = Located<ActionKind>{ActionKind::unknown, header_};
  return g;
}

void TableReader::declare(Growing& growing) {
  if (!std::exchange(growing.declared, true)) declared_.push_back(&growing);
}

void TableReader::empty_all(bool forget) {
  for (Growing* each : filled_)
    if (!forget || !each->built_in) each->order.clear();
  std::erase_if(filled_, [&](const Growing* each) { return each->order.empty(); });
  std::sort(filled_.begin(), filled_.end());
  filled_.erase(std::unique(filled_.begin(), filled_.end()), filled_.end());
  if (!forget) return;
  for (Growing* each : declared_)
    if (!each->built_in) each->declared = false;
  declared_.clear();
}

void TableReader::set_policy(Growing& growing, std::string_view policy, SourceSpan word, Statement& statement) {
  auto refuse = [&](std::string reason) {
    statement.understanding = Understanding::not_understood;
    statement.reason = std::move(reason);
    stop_at(statement.span);
  };
  if (!growing.built_in) {
    if (policy != "-") refuse("a policy on a user chain");
    return;
  }
  ActionKind kind = policy == "ACCEPT" ? ActionKind::accept : policy == "DROP" ? ActionKind::drop : ActionKind::unknown;
  growing.chain.policy = Located<ActionKind>{kind, word};
  if (kind == ActionKind::unknown && policy != "-") refuse("policy \"" + std::string(policy) + "\" is not known");
}

void TableReader::read_header(const Line& line) {
  std::string_view name = std::string_view(line.words[0].text).substr(1);
  Statement statement{line.span, Understanding::understood, ""};
  if (name.empty()) {
    statement = {line.span, Understanding::not_understood, "a chain without a name"};
  } else {
    Growing& g = chain(name, line.span);
    if (!g.declared) g.chain.span = line.span;
    if (!g.built_in) g.order.clear();  // where it comes again, as ufw's files may have it
    declare(g);
    if (line.words.size() < 2)
      statement = {line.span, Understanding::not_understood, "a chain without its policy"};
    else
      set_policy(g, line.words[1].text, line.words[1].span, statement);
  }
  if (statement.understanding == Understanding::understood) return;
  stop_at(line.span);
  statements_.push_back(std::move(statement));
}

void TableReader::read_command(const Line& line) {
  Command command = take_apart(line.words, is_user_chain_);
  if (command.family && command.family != (family_ == Family::ipv4 ? '4' : '6')) {
    statements_.push_back({line.span, Understanding::ignored, "a line for the other address family"});
    return;
  }
  switch (command.letter) {
    case 'A':
    case 'I':
    case 'R':
      return place(command, line);
    default:
      return edit(command, line);
  }
}

TableReader::Entry TableReader::make_rule(const Command& command, const Line& line) {
  RuleInProgress r{family_, table_, command.chain, {}, {}, 31, {}};
  r.rule.span = line.span;
  interpret_matches(command, r);
  interpret_target(command, r);
  for (const std::string& reason : command.refused) r.refuse(reason);
  if (!r.refused.empty()) {
    add_refusal(r.rule, r.refused);
    stop_at(line.span);
  }
  auto damage = [&](std::string reason, std::string predicate, SourceSpan span) {
    r.not_understood(reason);
    OpaqueTest test{std::move(predicate), std::move(reason), true};
    test.about.cause = Cause::not_read;
    r.add(std::move(test), false, span);
    r.rule.action.kind = ActionKind::unknown;
    r.rule.action.chain.clear();
  };
  if (command.cut) stop_at(line.span);
  if (command.rest)
    damage(command.rest_reason, command.rest_text, *command.rest);
  else if (has_open_quote(line.text))
    damage("a quote is not closed", std::string(line.words.back().text), line.words.back().span);
  if (!command.table.empty() && command.table != table_) stop_at(line.span);
  if (!command.table.empty() && command.table != table_)
    damage("a rule for another table", "-t " + std::string(command.table), line.span);
  return {std::move(r.rule), 0, &line, r.hooks, std::move(r.hooks_reason)};
}

// -A, -I, -R.
void TableReader::place(const Command& command, const Line& line) {
  Entry entry = make_rule(command, line);
  Rule& rule = entry.rule;
  Growing& g = chain(command.chain, line.span);
  if (!g.declared && !g.built_in) {
    rule.worsen(Understanding::not_understood, "chain " + g.chain.name + " is not declared");
    stop_at(line.span);
  }
  if (command.target && command.target->kind && !changed_matches(*command.target->kind).empty())
    changed_.push_back(changed_matches(*command.target->kind));

  std::size_t size = g.order.size(), at = size;
  bool replaces = command.letter == 'R';
  if (command.letter != 'A') {
    auto number = command.argument.empty() && !replaces ? std::optional(1u) : parse_c_number(command.argument, ~0u);
    std::size_t last = replaces ? size : size + 1;
    at = number && *number >= 1 && *number <= last ? *number - 1 : size;
    if (!number || *number < 1 || *number > last) {
      rule.worsen(Understanding::not_understood, "there is no rule " + std::string(command.argument));
      stop_at(line.span);
    }
  }
  auto id = static_cast<std::uint32_t>(rules_.size());
  if (g.order.empty()) filled_.push_back(&g);
  entry.statement = statements_.size();
  rules_.push_back(std::move(entry));
  statements_.push_back({line.span, Understanding::understood, ""});  // filled in when the table is complete
  if (replaces && at < size)
    g.order.replace(at, id);
  else
    g.order.insert(at, id);
}

// Everything that is no rule.
void TableReader::edit(const Command& command, const Line& line) {
  Statement statement{line.span, Understanding::understood, ""};
  auto refuse = [&](std::string reason) {
    statement.understanding = Understanding::not_understood;
    statement.reason = std::move(reason);
    stop_at(line.span);
  };
  Growing* g = command.chain.empty() ? nullptr : find(command.chain);
  bool other_table = !command.table.empty() && command.table != table_;
  if (command.rest || other_table) {
    refuse(command.rest ? command.rest_reason : "a command for another table");
  } else {
    switch (command.letter) {
      case 'N':
        declare(chain(command.chain, line.span));
        break;
      case 'P': {
        Growing& target = chain(command.chain, line.span);
        declare(target);
        set_policy(target, command.argument, line.span, statement);
        break;
      }
      case 'D':
        erase(command, line, statement);
        break;
      case 'F':
        if (g) g->order.clear();
        if (command.chain.empty()) empty_all(false);
        break;
      case 'X':
        if (g) g->declared = false, g->order.clear();
        if (command.chain.empty()) empty_all(true);
        break;
      case 'Z':
        break;  // counters
      case 0:
        refuse("no command such as -A");
        break;
      default:
        refuse(std::string("-") + command.letter + " is no command for a dump");
    }
  }
  statements_.push_back(std::move(statement));
}

void TableReader::erase(const Command& command, const Line& line, Statement& statement) {
  auto refuse = [&](std::string reason) {
    statement.understanding = Understanding::not_understood;
    statement.reason = std::move(reason);
  };
  Growing* g = find(command.chain);
  auto stop = [&](std::string reason) {
    refuse(std::move(reason));
    stop_at(line.span);
  };
  if (!g) return stop("chain " + std::string(command.chain) + " is not declared");
  auto& order = g->order;
  std::size_t at = order.size();
  if (!command.argument.empty()) {
    auto number = parse_c_number(command.argument, ~0u);
    if (number && *number >= 1) at = *number - 1;
    if (at >= order.size()) return stop("there is no rule " + std::string(command.argument));
    order.erase(at);
  } else if (!order.erase(specification(line), says_)) {
    stop("no rule above is written like this one");
  }
}

void TableReader::resolve_jumps() {
  for (Entry& entry : rules_) {
    Action& action = entry.rule.action;
    if (!calls(action.kind)) continue;
    const Growing* g = find(action.chain);
    if (g && !g->built_in && (g->declared || !g->order.empty())) continue;
    bool ufw = keeper_of(action.chain) == Author::front_end;
    entry.rule.worsen(
        ufw ? Understanding::bounded : Understanding::not_understood,
        ufw ? action.chain + " is not in this file" : "target " + action.chain + " is neither known nor a chain of this table");
    action.kind = ActionKind::unknown;
    action.chain.clear();
  }
}

std::vector<unsigned> TableReader::hooks_reaching() const {
  std::vector<unsigned> reached(chains_.size());
  std::vector<std::size_t> changed;
  auto reach = [&](std::size_t chain, unsigned hooks) {
    if ((reached[chain] | hooks) == reached[chain]) return;
    reached[chain] |= hooks;
    changed.push_back(chain);
  };
  for (std::size_t c = 0; c < chains_.size(); ++c)
    if (chains_[c].built_in) reach(c, 1u << static_cast<unsigned>(chains_[c].built_in->hook));
  while (!changed.empty()) {
    std::size_t from = changed.back();
    changed.pop_back();
    for (std::uint32_t id : chains_[from].order.rules()) {
      const Action& action = rules_[id].rule.action;
      if (!calls(action.kind)) continue;
      if (auto it = by_name_.find(action.chain); it != by_name_.end()) reach(it->second, reached[from]);
    }
  }
  return reached;
}

// What NETMAP maps in a user chain is decided by the base chains it is called from.
void TableReader::settle_netmaps(const std::vector<unsigned>& reached) {
  constexpr unsigned before_routing = 1u << static_cast<unsigned>(Hook::prerouting) | 1u << static_cast<unsigned>(Hook::output);
  for (std::size_t c = 0; c < chains_.size(); ++c)
    for (std::uint32_t id : chains_[c].order.rules()) {
      Rule& rule = rules_[id].rule;
      if (!rule.action.translation.netmap || chains_[c].built_in || rule.action.kind == ActionKind::unknown) continue;
      bool destination = (reached[c] & before_routing) != 0, source = (reached[c] & ~before_routing) != 0;
      if (source) rule.action.kind = ActionKind::translate_source;
      if (source != destination) continue;
      rule.action.kind = ActionKind::unknown;
      rule.worsen(Understanding::bounded, "NETMAP in a user chain maps what the calling chain decides");
    }
}

// The kernel looks at the hooks from which a chain is reached: a jump from OUTPUT makes a rule for INPUT wrong.
void TableReader::refuse_misplaced(const std::vector<unsigned>& reached) {
  for (std::size_t c = 0; c < chains_.size(); ++c)
    for (std::uint32_t id : chains_[c].order.rules()) {
      Entry& entry = rules_[id];
      if ((reached[c] & ~entry.hooks) == 0) continue;
      entry.rule.worsen(Understanding::not_understood, entry.hooks_reason);
      add_refusal(entry.rule, entry.hooks_reason);
      stop_at(entry.rule.span);
      if (entry.rule.action.kind == ActionKind::translate_destination || entry.rule.action.kind == ActionKind::translate_source)
        entry.rule.action.kind = ActionKind::unknown;
    }
}

bool TableReader::is_ufw_fragment() const {
  bool ufw = false;
  for (const Growing& g : chains_) {
    if (g.built_in) return false;
    ufw = ufw || g.chain.by == Author::front_end;
  }
  return ufw && table_ == "filter";
}

// What ufw-init adds around its files: the order in which the base chains call the pieces, and the jump from the end of
// ufw-before-* to ufw-user-*.
void TableReader::hook_ufw(std::vector<Inference>& inferences) {
  constexpr std::array<std::string_view, 6> pieces = {"before-logging", "before", "after", "after-logging", "reject", "track"};
  std::string prefix = "ufw-";
  for (const Growing& g : chains_)
    if (g.chain.name.starts_with("ufw6-")) prefix = "ufw6-";
  auto present = [&](const std::string& name) {
    Growing* g = find(name);
    return g && g->declared;
  };
  auto call = [&](Growing& from, const std::string& name) {
    Rule rule;
    rule.span = header_;
    rule.by = Author::front_end;
    rule.action.kind = ActionKind::jump;
    rule.action.written_before = jump_option;
    rule.action.name = rule.action.chain = name;
    rule.action.span = header_;
    if (!present(name)) {
      OpaqueTest test = missing_piece(name);
      rule.worsen(Understanding::bounded, test.reason);
      rule.conditions.push_back({{std::move(test)}, false, header_});
      rule.action.kind = ActionKind::unknown;
      rule.action.chain.clear();
    }
    from.order.push_back(static_cast<std::uint32_t>(rules_.size()));
    rules_.push_back({std::move(rule), ~std::size_t{0}, nullptr, 31, {}});
  };
  for (auto [base, hook] : {std::pair{"INPUT", "input"}, {"FORWARD", "forward"}, {"OUTPUT", "output"}}) {
    Growing& g = chain(base, header_);
    g.declared = true;
    for (std::string_view piece : pieces) {
      std::string name = prefix + std::string(piece) + '-' + hook, user = prefix + "user-" + hook;
      // Its logging chains only ever log.
      if (present(name) || !piece.ends_with("-logging")) call(g, name);
      if (piece == "before") call(present(name) ? *find(name) : g, user);
    }
  }
  inferences.push_back(
      {"a part of ufw's rules: INPUT, FORWARD and OUTPUT call its chains as ufw does, the policy is in "
       "/etc/default/ufw",
       header_});
}

void TableReader::finish(Ruleset& ruleset, std::vector<Inference>& inferences) {
  if (is_ufw_fragment()) hook_ufw(inferences);
  // A nat table without a chain is one of a kernel without that hook, and iptables refuses DROP as a policy there.
  bool nat = table_ == "nat";
  if (!nat)
    for (const BuiltIn& b : built_ins)
      if (b.table == table_) chain(b.chain, header_);
  resolve_jumps();
  std::vector<unsigned> reached = hooks_reaching();
  settle_netmaps(reached);
  refuse_misplaced(reached);
  for (Entry& entry : rules_)
    if (entry.statement < statements_.size()) {
      statements_[entry.statement].understanding = entry.rule.understanding;
      statements_[entry.statement].reason = entry.rule.reason();
    }
  for (Growing& g : chains_) {
    if (nat && g.built_in && g.chain.policy->value == ActionKind::unknown) g.chain.policy->value = ActionKind::accept;
    g.chain.rules.reserve(g.order.size());
    for (std::uint32_t id : g.order.rules()) g.chain.rules.push_back(std::move(rules_[id].rule));
    if (g.built_in)
      ruleset.pipeline.add(netfilter::stage(table_, g.built_in->hook, g.built_in->priority, nat, ruleset.chains.size()));
    if (g.declared || g.built_in || !g.order.empty()) ruleset.chains.push_back(std::move(g.chain));
  }
}

}  // namespace ipo::iptables
