// One pass over the words. Each long option is looked up exactly in the rule's own options and in the opened scopes,
// newest first, then as an unambiguous beginning, then in the scope the protocol would open.
#include "parsers/iptables/rule.h"

#include <algorithm>

#include "parsers/iptables/matches.h"
#include "parsers/iptables/names.h"
#include "parsers/iptables/refusal.h"
#include "parsers/iptables/targets.h"
#include "parsers/text/nearest.h"

namespace ipo::iptables {
namespace {

struct General {
  char letter;
  std::string_view spelling;  // long forms
};

// iptables(8), plus the spellings older versions printed.
constexpr General general[] = {{'p', "!protocol="},
                               {'s', "!source|!src="},
                               {'d', "!destination|!dst="},
                               {'i', "!in-interface=interface"},
                               {'o', "!out-interface=interface"},
                               {'j', "jump="},
                               {'m', "match="},
                               {'g', "goto="},
                               {'f', "!fragments|!fragment"},
                               {'4', "ipv4"},
                               {'6', "ipv6"},
                               {'c', "set-counters==?"},
                               {'t', "table="},
                               {'A', "append="},
                               {'I', "insert==?"},
                               {'D', "delete==?"},
                               {'R', "replace=="},
                               {'N', "new-chain="},
                               {'P', "policy=="},
                               {'F', "flush=?"},
                               {'X', "delete-chain=?"},
                               {'Z', "zero=?"},
                               {'E', "rename-chain=="},
                               {'C', "check="},
                               {'L', "list=?"},
                               {'S', "list-rules=?"},
                               {'n', "numeric"},
                               {'v', "verbose"},
                               {'x', "exact"},
                               {'w', "wait=?"},
                               {'W', "wait-interval=?"},
                               {'M', "modprobe="}};

struct GeneralShapes {
  std::vector<OptionShape> shapes;
  std::vector<char> letters;
  std::array<const OptionShape*, 128> by_letter{};
};

const GeneralShapes& general_shapes() {
  static const GeneralShapes all = [] {
    GeneralShapes g;
    for (const General& row : general)
      for (const OptionShape& shape : read_shapes(row.spelling)) g.shapes.push_back(shape), g.letters.push_back(row.letter);
    for (std::size_t i = g.shapes.size(); i-- > 0;) g.by_letter[static_cast<std::size_t>(g.letters[i])] = &g.shapes[i];
    return g;
  }();
  return all;
}

const OptionShape* exact(std::span<const OptionShape> shapes, std::string_view name) {
  for (const OptionShape& s : shapes)
    if (s.name == name) return &s;
  return nullptr;
}

// The only option that begins so, counting spellings of one option once; `clash` where there are several.
const OptionShape* beginning(std::span<const OptionShape> shapes, std::string_view name, bool& clash) {
  const OptionShape* found = nullptr;
  for (const OptionShape& s : shapes) {
    if (!s.name.starts_with(name)) continue;
    if (found && found->canonical != s.canonical) clash = true;
    found = &s;
  }
  return found;
}

constexpr std::size_t in_rule = ~std::size_t{0}, in_target = ~std::size_t{0} - 1, in_no_protocol = ~std::size_t{0} - 2;
constexpr std::string_view with_ports[] = {"tcp", "udp", "sctp", "dccp"};
constexpr std::size_t longest_typo = 8;
constexpr int most_looks = 64;  // for what opens a scope too late; a line somebody wrote has a few of those

class Reader {
 public:
  Reader(std::span<const Word> words, const std::function<bool(std::string_view)>& is_chain) : words_(words), is_chain_(is_chain) {}

  Command read() {
    if (!words_.empty() && words_[0].text.starts_with('[') && words_[0].text.ends_with(']')) at_ = 1;
    while (at_ < words_.size() && !command_.rest) next();
    return std::move(command_);
  }

 private:
  struct Place {
    const OptionShape* shape = nullptr;
    std::size_t scope = in_rule;  // in_rule, in_target, or index of a match
  };

  void give_up(std::size_t from, std::string reason) {
    command_.rest = SourceSpan{words_[from].span.source, words_[from].span.begin, words_.back().span.end};
    for (std::size_t i = from; i < words_.size(); ++i) command_.rest_text.append(i > from ? " " : "").append(words_[i].text);
    command_.rest_reason = std::move(reason);
  }

  std::span<const OptionShape> shapes_of(std::size_t scope) const {
    if (scope == in_rule) return general_shapes().shapes;
    if (scope == in_target) return shapes(*command_.target->kind);
    return shapes(*command_.matches[scope].module);
  }

  Place find_exact(std::string_view name) const {
    if (const OptionShape* s = exact(general_shapes().shapes, name)) return {s, in_rule};
    for (std::size_t i = scopes_.size(); i-- > 0;)
      if (const OptionShape* s = exact(shapes_of(scopes_[i]), name)) return {s, scopes_[i]};
    return {};
  }

  Place find_beginning(std::string_view name) const {
    bool clash = false;
    Place found{beginning(general_shapes().shapes, name, clash), in_rule};
    for (std::size_t i = scopes_.size(); i-- > 0;)
      if (const OptionShape* s = beginning(shapes_of(scopes_[i]), name, clash)) {
        if (found.shape && found.scope == in_rule) clash = true;
        if (!found.shape) found = {s, scopes_[i]};
      }
    return clash ? Place{} : found;
  }

  Place find_long(std::string_view name) {
    if (name.empty()) return {};
    Place found = find_exact(name);
    if (!found.shape) found = find_beginning(name);
    if (!found.shape && implied_ && !implied_opened_) {
      implied_opened_ = true;
      MatchUse use;
      use.module = implied_, use.name = name_of(*implied_), use.span = words_[at_].span;
      open_match(std::move(use));
      found = find_exact(name);
      if (!found.shape) found = find_beginning(name);
    }
    return found;
  }

  // The options that "-p VALUE", "-m VALUE" or "-j VALUE" makes known.
  std::span<const OptionShape> shapes_opened(std::string_view opener, std::string_view value) const {
    bool protocol = opener == "-p" || opener == "--protocol", match = opener == "-m" || opener == "--match";
    if (protocol || match) {
      const MatchModule* module = protocol ? module_of_protocol(value) : find_module(value);
      return module ? shapes(*module) : std::span<const OptionShape>();
    }
    const TargetKind* kind = (opener == "-j" || opener == "--jump") && !is_chain_(value) ? find_target(value) : nullptr;
    return kind ? shapes(*kind) : std::span<const OptionShape>();
  }

  // An option that stands before what makes it known: iptables refuses it. It is read as it was meant, with the two the other way round.
  bool bring_forward(std::size_t begin, std::string_view name) {
    if (looked_ahead_++ >= most_looks) return false;
    for (std::size_t k = at_ + 1; k + 1 < words_.size(); ++k) {
      std::string_view opener = words_[k].text, value = words_[k + 1].text;
      if (opener.size() < 2 || opener[0] != '-' || is_bang(k - 1) || !exact(shapes_opened(opener, value), name)) continue;
      std::string what = std::string(opener) + ' ' + std::string(value);
      command_.refused.push_back("--" + std::string(name) + " before " + what + ": iptables-restore stops here, write " + what +
                                 " first");
      if (reordered_.empty()) reordered_.assign(words_.begin(), words_.end());
      auto at = [&](std::size_t n) { return reordered_.begin() + static_cast<std::ptrdiff_t>(n); };
      std::rotate(at(begin), at(k), at(k + 2));
      words_ = reordered_;
      at_ = begin;
      return true;
    }
    return false;
  }

  // Ports without a protocol that has some.
  Place find_port(std::string_view name) {
    const OptionShape* shape = exact(shapes(*module_of_protocol("tcp")), name);
    if (!shape || (shape->canonical != "sport" && shape->canonical != "dport")) return {};
    command_.refused.push_back("--" + std::string(name) + " without -p tcp or -p udp before it: iptables-restore stops here");
    return {shape, in_no_protocol};
  }

  void open_match(MatchUse use) {
    command_.matches.push_back(std::move(use));
    scopes_.push_back(command_.matches.size() - 1);
  }

  bool is_bang(std::size_t i) const { return i < words_.size() && words_[i].text == "!"; }

  // One option with its values, or the end of what can be read.
  void next() {
    std::size_t begin = at_;
    bool negated = false;
    while (is_bang(at_)) negated = !negated, ++at_;
    if (at_ == words_.size()) return command_.cut = true, give_up(begin, "\"!\" without an option after it");
    std::string_view text = words_[at_].text;
    command_.cut = text.starts_with('#');
    if (text.size() < 2 || text[0] != '-') return give_up(begin, "unexpected word \"" + std::string(words_[at_].text) + '"');
    Place place;
    std::optional<std::string_view> attached;
    if (text[1] != '-') {
      auto letter = static_cast<unsigned char>(text[1]);
      place.shape = letter < 128 ? general_shapes().by_letter[letter] : nullptr;
      if (text.size() > 2 && (!place.shape || place.shape->values == 0)) place.shape = nullptr;
      if (text.size() > 2) attached = text.substr(2);
    } else {
      std::size_t equals = text.find('=');
      place = find_long(text.substr(2, equals == text.npos ? equals : equals - 2));
      if (equals != text.npos) attached = text.substr(equals + 1);
      if (attached && place.shape && place.shape->values == 0) place.shape = nullptr;
    }
    if (!place.shape && text.starts_with("--")) {
      std::string_view name = text.substr(2, text.find('=') - 2);
      if (bring_forward(begin, name)) return;
      place = find_port(name);
    }
    if (!place.shape) return give_up(begin, "option " + std::string(text) + " is not known");
    ++at_;
    Option option;
    option.name = place.shape->canonical;
    option.shape = place.shape;
    if (is_bang(at_) && place.shape->values > 0 && !attached) negated = !negated, ++at_;
    option.negated = negated;
    if (attached) option.values[0] = *attached, option.count = 1;
    for (; option.count < place.shape->values && at_ < words_.size(); ++at_) {
      std::string_view value = words_[at_].text;
      bool may_end = place.shape->optional && (option.count > 0 || place.shape->values == 1);
      if (may_end && (value.starts_with('-') || value == "!")) break;
      option.values[static_cast<std::size_t>(option.count++)] = value;
    }
    int least = place.shape->values - (place.shape->optional ? 1 : 0);
    if (option.count < least) return command_.cut = true, give_up(begin, std::string(text) + " without its value");
    option.span = {words_[begin].span.source, words_[begin].span.begin, words_[at_ - 1].span.end};
    if (place.scope == in_rule)
      take_general(option);
    else if (place.scope == in_no_protocol)
      command_.options.push_back(option);
    else
      take(place.scope, option);
  }

  void take(std::size_t scope, const Option& option) {
    bool target = scope == in_target;
    SourceSpan& span = target ? command_.target->span : command_.matches[scope].span;
    span.begin = std::min(span.begin, option.span.begin);
    span.end = std::max(span.end, option.span.end);
    (target ? command_.target->options : command_.matches[scope].options).push_back(option);
  }

  void take_general(const Option& option) {
    const GeneralShapes& g = general_shapes();
    std::size_t index = 0;
    while (g.shapes[index].canonical != option.name) ++index;
    char letter = g.letters[index];
    if (option.negated && !option.shape->negatable) command_.refused.push_back("\"!\" before --" + std::string(option.name));
    switch (letter) {
      case 'p':
        implied_ = option.negated ? nullptr : module_of_protocol(option.values[0]);
        // Of a mistyped one the ports are those of what was meant.
        if (!option.negated && !protocol_number(option.values[0]))
          if (std::string_view meant = nearest(option.values[0].substr(0, longest_typo), with_ports); !meant.empty())
            implied_ = module_of_protocol(meant);
        implied_opened_ = false;
        [[fallthrough]];
      case 's':
      case 'd':
      case 'i':
      case 'o':
      case 'f':
        command_.options.push_back(option);
        break;
      case 'm':
        take_match(option);
        break;
      case 'j':
      case 'g':
        take_target(option, letter == 'g');
        break;
      case '4':
      case '6':
        command_.family = letter;
        break;
      case 't':
        command_.table = option.values[0];
        break;
      case 'c': {
        std::string_view first = option.values[0];
        std::size_t comma = option.count == 2 ? first.npos : first.find(',');
        std::string_view second = comma == first.npos ? option.values[1] : first.substr(comma + 1);
        for (std::string_view counter : {first.substr(0, comma), second})
          if (!is_value("u64", counter, Family::ipv4)) command_.refused.push_back("-c takes two counters");
        break;
      }
      case 'n':
      case 'v':
      case 'x':
      case 'w':
      case 'W':
      case 'M':
        break;  // how the program itself behaves
      default:
        command_.letter = letter;
        command_.chain = option.values[0];
        command_.argument = option.values[1];
    }
  }

  void take_match(const Option& option) {
    MatchUse use;
    use.name = option.values[0];
    use.span = option.span;
    use.module = find_module(use.name);
    if (use.module) {
      if (use.module == implied_) implied_opened_ = true;
      return open_match(std::move(use));
    }
    skip_foreign(use.text, use.span);
    command_.matches.push_back(std::move(use));
  }

  void take_target(const Option& option, bool go_to) {
    TargetUse use;
    use.name = option.values[0];
    use.go_to = go_to;
    use.span = option.span;
    if (!go_to && !is_chain_(use.name)) use.kind = find_target(use.name);
    if (!use.kind) {
      std::string foreign;
      if (!is_chain_(use.name)) skip_foreign(foreign, use.span);
      use.has_foreign_options = !foreign.empty();
    }
    if (command_.target) command_.refused.push_back("-j is given twice");
    std::erase(scopes_, in_target);
    if (use.kind) scopes_.push_back(in_target);
    command_.target = std::move(use);
  }

  // Words of something unknown: up to the next option of the rule itself or of the protocol's match.
  void skip_foreign(std::string& text, SourceSpan& span) {
    auto known = [&](std::string_view word) {
      if (word.size() < 2 || word[0] != '-') return false;
      if (word[1] != '-')
        return word.size() == 2 && static_cast<unsigned char>(word[1]) < 128 &&
               general_shapes().by_letter[static_cast<unsigned char>(word[1])] != nullptr;
      if (exact(general_shapes().shapes, word.substr(2))) return true;
      return implied_ && exact(shapes(*implied_), word.substr(2)) != nullptr;
    };
    for (; at_ < words_.size(); ++at_) {
      std::size_t ahead = at_;
      while (is_bang(ahead)) ++ahead;
      if (ahead < words_.size() && known(words_[ahead].text)) return;
      text.append(text.empty() ? "" : " ").append(words_[at_].text);
      span.end = words_[at_].span.end;
    }
  }

  std::span<const Word> words_;
  const std::function<bool(std::string_view)>& is_chain_;
  std::size_t at_ = 0;
  Command command_;
  std::vector<std::size_t> scopes_;  // in the order they were opened
  const MatchModule* implied_ = nullptr;
  bool implied_opened_ = false;
  std::vector<Word> reordered_;
  int looked_ahead_ = 0;
};

}  // namespace

Command take_apart(std::span<const Word> words, const std::function<bool(std::string_view)>& is_chain) {
  return Reader(words, is_chain).read();
}

void RuleInProgress::worsen(Understanding understanding, std::string_view reason) { rule.worsen(understanding, reason); }

void RuleInProgress::refuse(std::string_view reason) {
  not_understood(reason);
  if (refused.find(reason) == refused.npos) refused += (refused.empty() ? "" : ", ") + std::string(reason);
}

void RuleInProgress::limit_hooks(unsigned allowed, std::string_view reason) {
  if (hooks_reason.empty() || (hooks & allowed) != hooks) hooks_reason = reason;
  hooks &= allowed;
}

void add_refusal(Rule& rule, std::string_view reason) {
  OpaqueTest taken{std::string(rule_is_taken), std::string(reason), true};
  taken.about.cause = Cause::not_loaded;
  rule.conditions.push_back({{std::move(taken)}, false, rule.span});
}

void RuleInProgress::add(Test test, bool negated, SourceSpan span) {
  Condition& c = rule.conditions.emplace_back();
  c.any_of.push_back(std::move(test));
  c.negated = negated;
  c.span = span;
}

void RuleInProgress::add(std::vector<Test> any_of, bool negated, SourceSpan span) {
  rule.conditions.push_back({std::move(any_of), negated, span});
}

void RuleInProgress::never(SourceSpan span) { rule.conditions.push_back({{}, false, span}); }

void append_option(std::string& text, const Option& option, bool with_negation) {
  if (with_negation && option.negated) text += " !";
  text += " --";
  text += option.name;
  for (int i = 0; i < option.count; ++i) {
    std::string_view value = option.values[static_cast<std::size_t>(i)];
    text += ' ';
    if (!value.empty() && value.find_first_of(" \t\"") == value.npos) {
      text += value;
      continue;
    }
    text += '"';
    for (char c : value) {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
    text += '"';
  }
}

}  // namespace ipo::iptables
