// Plain interpretation: at each stage of the way, in order, look at every rule until one ends the chain. A chain the
// packet came back from undecided is not asked again while the packet stays the same, so no tree of jumps costs more than
// its chains; and it leaves no step on the path. A table of the rules only says which rules need not be looked at.
#include "rules/engine/trace.h"

#include <algorithm>
#include <set>

#include "rules/engine/chains.h"
#include "rules/engine/rule_table.h"

namespace ipo {
namespace {

constexpr int depth_limit = 256;

bool asks_out(const Rule& rule) {
  bool asks = false;
  for (const Condition& c : rule.conditions)
    each_test<InterfaceTest>(
        c, [&](const InterfaceTest& test) { asks = asks || (!test.incoming && !(test.prefix && test.name.empty())); });
  return asks;
}

struct Walk {
  const Ruleset& ruleset;
  const Valuation& holds;
  const Packet& arrived;
  Trace& result;
  unsigned nat = 0, marks = 0;  // marks: of Ruleset::marks
  unsigned remarked = 0;        // how often they changed
  const Stage* at = nullptr;
  bool judged = false, rule_let_pass = false;  // a stage with the last word has; a rule of one let the packet pass
  std::set<std::size_t> open, undecided;       // chains being walked; chains that came back
  const RuleTable* table = nullptr;
  std::size_t looked_at = 0;  // rules

  enum class End { proceed, accept, drop, reject, returned, translated };

  void step(const Chain& chain, const std::string& action, SourceSpan span) {
    result.path.push_back({chain.table + "/" + chain.name, action, span});
  }

  End decided(const Chain& chain, End end, const char* text, SourceSpan span) {
    step(chain, text, span);
    result.decided_by = span;
    return end;
  }

  // Once marks change, chains the packet came back from may do otherwise.
  void remark(const Chain& chain, const Rule& rule) {
    if (rule.action.remark.empty() || rule.action.remark[marks] == marks) return;
    marks = rule.action.remark[marks];
    ++remarked;
    step(chain, format_marks(ruleset.marks[marks]), rule.span);
    undecided.clear();
  }

  void translate(const Chain& chain, const Rule& rule) {
    Packet& p = result.packet;
    Packet before = p;
    const Translation& t = rule.action.translation;
    if (t.netmap)
      p.destination = (p.destination & ~t.netmap->mask) | t.netmap->value;
    else if (!t.addresses.empty())
      p.destination = t.addresses.begin()->lo;
    // The kernel keeps a port that already lies in the range.
    if (!t.ports.empty() && !(t.keeps_port && t.ports.contains(p.destination_port)))
      p.destination_port = t.port_base ? t.shifted(p.destination_port) : static_cast<std::uint16_t>(t.ports.begin()->lo);
    // Nothing is translated where nothing changes (nf_nat_setup_info).
    if (t.to_receiving_interface || p.destination != before.destination || p.destination_port != before.destination_port) nat |= 1;
    std::string to = t.to_receiving_interface ? "this machine" : format_address({p.family, p.destination});
    step(chain, "translate to " + to + (t.ports.empty() ? "" : " port " + std::to_string(p.destination_port)), rule.span);
    if (!judged) result.decided_by = rule.span;
  }

  End run(std::size_t index, int depth) {
    open.insert(index);
    End end = walk(index, depth);
    open.erase(index);
    if (end == End::proceed || end == End::returned) undecided.insert(index);
    return end;
  }

  // What may be asked of the table: a state is another one in raw, and what may change within a chain is not in its index.
  PacketRange range() const {
    PacketRange out;
    for (std::uint32_t d = 0; d < dimension_count; ++d) out.values[d] = {0, dimension_max(static_cast<Dimension>(d))};
    const Packet& p = result.packet;
    auto known = [&](Dimension d, u128 value) { out[d] = {value, value}; };
    known(Dimension::protocol, p.protocol);
    known(Dimension::source, p.source);
    known(Dimension::destination, p.destination);
    known(Dimension::source_port, p.source_port);
    known(Dimension::destination_port, p.destination_port);
    if (!p.in.empty()) known(Dimension::in, table->interface_number(p.in));
    if (!p.out.empty()) known(Dimension::out, table->interface_number(p.out));
    return out;
  }

  End walk(std::size_t index, int depth) {
    const Chain& chain = ruleset.chains[index];
    std::optional<End> end;
    auto goes_on = [&](std::size_t r) {
      ++looked_at;
      end = rule(chain, chain.rules[r], depth);
      return !end;
    };
    if (table)
      table->candidates(table->chain(index), range(), goes_on);
    else
      for (std::size_t r = 0; r < chain.rules.size() && goes_on(r);) ++r;
    return end.value_or(End::proceed);
  }

  // Nothing where the packet goes on to the next rule.
  std::optional<End> rule(const Chain& chain, const Rule& rule, int depth) {
    bool all = true;
    Packet seen = result.packet;
    seen.state = at->shown(seen.state);
    for (const Condition& c : rule.conditions)
      all = all && matches(c, seen, {nat, marks, arrived.destination, arrived.destination_port}, holds);
    if (!all) return {};
    std::optional<SourceSpan> out_asked = result.out_asked;
    if (asks_out(rule)) result.out_asked = rule.span;
    ActionKind kind = rule.action.kind;
    std::optional<std::size_t> target;
    if (calls(kind)) {
      target = ruleset.find(chain.table, rule.action.chain);
      if (!target || open.contains(*target) || depth > depth_limit) kind = ActionKind::unknown;
    }
    switch (kind) {
      case ActionKind::accept:
        remark(chain, rule);
        return decided(chain, End::accept, "accept", rule.span);
      case ActionKind::drop:
        return decided(chain, End::drop, "drop", rule.span);
      case ActionKind::reject:
        return decided(chain, End::reject, "reject", rule.span);
      case ActionKind::return_:
        step(chain, "return", rule.span);
        result.returned.push_back(rule.span);
        return End::returned;
      case ActionKind::proceed:
        remark(chain, rule);
        break;
      case ActionKind::untrack:
        step(chain, "leave untracked", rule.span);
        result.packet.state = State::untracked;
        undecided.clear();
        break;
      case ActionKind::translate_source:
        return decided(chain, End::accept, "translate the source", rule.span);
      case ActionKind::translate_destination:
        translate(chain, rule);
        return End::translated;
      case ActionKind::unknown:
        if (holds(unknown_verdict(rule, true), rule.span)) return decided(chain, End::accept, "accept (not known)", rule.span);
        if (holds(unknown_verdict(rule, false), rule.span)) return decided(chain, End::drop, "drop (not known)", rule.span);
        break;
      case ActionKind::jump:
      case ActionKind::go_to: {
        bool jump = kind == ActionKind::jump;
        if (!undecided.contains(*target)) {
          std::size_t before = result.path.size();
          step(chain, (jump ? "jump to " : "go to ") + rule.action.chain, rule.span);
          State state = result.packet.state;
          unsigned then = remarked;
          End end = run(*target, depth + 1);
          if (end != End::proceed && end != End::returned) return end;
          if (result.packet.state == state && remarked == then) result.path.resize(before);
        }
        if (!jump) {
          result.out_asked = out_asked;
          return End::returned;
        }
        break;
      }
    }
    result.out_asked = out_asked;
    return {};
  }

  // False when the packet is dropped.
  bool pass(const Stage& stage) {
    at = &stage;
    undecided.clear();
    const Chain& chain = ruleset.chains[stage.chain];
    std::size_t before = result.path.size();
    End end = run(stage.chain, 0);
    if (end == End::accept && stage.last_word) rule_let_pass = true;
    if (end == End::proceed || end == End::returned) {
      ActionKind policy = chain.policy ? chain.policy->value : ActionKind::unknown;
      SourceSpan span = chain.policy ? chain.policy->span : chain.span;
      bool known = policy != ActionKind::unknown;
      bool accept = known ? policy == ActionKind::accept : holds(unknown_policy(chain), span);
      end = accept ? End::accept : End::drop;
      // An accepting policy of a chain that did nothing else is no news to anybody, but where it has the last word.
      if (end == End::drop || stage.last_word || result.path.size() > before) {
        step(chain, std::string("policy ") + (accept ? "accept" : "drop") + (known ? "" : " (not known)"), span);
        if (end == End::drop || !rule_let_pass) result.decided_by = span;
      }
    }
    judged = judged || stage.last_word;
    if (end == End::drop || end == End::reject) {
      result.verdict = end == End::drop ? ActionKind::drop : ActionKind::reject;
      return false;
    }
    return true;
  }
};

bool matches_interface(const InterfaceTest& test, const std::string& name) {
  if (test.prefix) return name.starts_with(test.name);
  return name == test.name;
}

}  // namespace

bool matches(const Condition& condition, const Packet& p, Tracked tracked, const Valuation& holds) {
  auto field = [&](const FieldTest& test) {
    u128 value = 0;
    switch (test.field) {
      case Field::protocol:
        value = p.protocol;
        break;
      case Field::state:
        value = static_cast<unsigned>(p.state);
        break;
      case Field::nat:
        value = tracked.nat;
        break;
      case Field::marks:
        value = tracked.marks;
        break;
      case Field::destination:
        value = p.destination;
        break;
      case Field::destination_port:
        value = p.destination_port;
        break;
      case Field::source:
        value = p.source;
        break;
      case Field::source_port:
        value = p.source_port;
        break;
      case Field::tcp_flags:
        value = p.tcp_flags;
        break;
      case Field::original_destination:
        value = tracked.original_destination;
        break;
      case Field::original_port:
        value = tracked.original_port;
        break;
    }
    return test.values.contains(value);
  };
  auto interface = [&](const InterfaceTest& test) { return matches_interface(test, test.incoming ? p.in : p.out); };
  auto opaque = [&](const OpaqueTest& test) { return holds(test, condition.span); };
  bool any = false;
  for (const Test& test : condition.any_of) {
    if (any) break;
    if (auto* f = std::get_if<FieldTest>(&test))
      any = field(*f);
    else if (auto* i = std::get_if<InterfaceTest>(&test))
      any = interface(*i);
    else if (auto* o = test_as<OpaqueTest>(test))
      any = opaque(*o);
    else if (auto* all = test_as<AllOf>(test))
      any = std::all_of(all->fields.begin(), all->fields.end(), field) &&
            std::all_of(all->interfaces.begin(), all->interfaces.end(), interface) &&
            std::all_of(all->opaque.begin(), all->opaque.end(), opaque);
  }
  return any != condition.negated;
}

namespace {

Trace trace(const Ruleset& ruleset, const Packet& packet, const Valuation& holds, const RuleTable* table, std::size_t& looked_at) {
  Trace result;
  result.packet = packet;
  Walk walk{ruleset, holds, packet, result, 0, 0, 0, nullptr, false, false, {}, {}, table, 0};
  const Pipeline& pipeline = ruleset.pipeline;
  bool passes = true;
  for (const Stage& stage : pipeline.stages)
    if (State state = result.packet.state;
        passes && stage.is_on(packet.hook) && stage.meets(state) && !pipeline.passes_unasked(state))
      passes = walk.pass(stage);
  result.translated = (walk.nat & 1) != 0;
  looked_at += walk.looked_at;
  return result;
}

}  // namespace

Trace trace(const Ruleset& ruleset, const Packet& packet, const Valuation& holds) {
  std::size_t looked_at = 0;
  return trace(ruleset, packet, holds, nullptr, looked_at);
}

Tracer::Tracer(const Ruleset& ruleset) : ruleset_(ruleset) {}
Tracer::~Tracer() = default;

Trace Tracer::of(const Packet& packet, const Valuation& holds) {
  constexpr unsigned few = 8;  // for so many packets a table is not worth its making
  if (++asked_ > few && !table_) table_ = std::make_unique<RuleTable>(ruleset_);
  return trace(ruleset_, packet, holds, table_.get(), looked_at_);
}

}  // namespace ipo
