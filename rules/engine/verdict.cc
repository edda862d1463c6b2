// First the packet is followed with every undecidable match false, each chain giving only the rules that can match. If no
// such match was met that is the whole answer; else all worlds are followed at once to see whether they end alike. What comes
// of it is kept by the packet's trail, and packets with a trail that is known are not followed at all.
#include "rules/engine/verdict.h"

#include <algorithm>
#include <array>
#include <span>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "rules/engine/rule_table.h"
#include "rules/engine/trail.h"
#include "rules/engine/worlds.h"

namespace ipo {
namespace {

constexpr std::size_t kept_bytes = std::size_t{8} << 20;  // of the verdicts kept by trail

struct TrailHash {
  using is_transparent = void;
  std::size_t operator()(std::span<const std::uint32_t> words) const {
    std::uint64_t hash = words.size();
    for (std::uint32_t word : words) hash = (hash ^ word ^ hash >> 32) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 32;
  }
};

struct SameTrail {
  using is_transparent = void;
  bool operator()(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b) const {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }
};

// The hooks it may be at.
std::span<const Hook> hooks_of(const PartialPacket& packet) {
  static constexpr std::array all = {Hook::input, Hook::forward, Hook::output, Hook::forward};
  std::span<const Hook> hooks = all;
  if (packet.hook) return hooks.subspan(*packet.hook == Hook::input ? 0 : *packet.hook == Hook::forward ? 1 : 2, 1);
  if (packet.in) return packet.out ? hooks.subspan(1, 1) : hooks.first(2);
  return packet.out ? hooks.subspan(2, 2) : hooks.first(3);
}

// What the tests so far have left of a field that is not known. Values ruled out are only counted until they might be all.
struct UnknownField {
  IntervalSet left;
  u128 size = 0;
  std::vector<const IntervalSet*> ruled_out;
  u128 ruled_out_size = 0;

  void reset(IntervalSet values) {
    left = std::move(values);
    size = left.size();
    ruled_out.clear();
    ruled_out_size = 0;
  }

  // Whether no other value is left than those; if there is, these are ruled out.
  bool forced(const IntervalSet& values) {
    u128 more = values.size(), sum = ruled_out_size + more;
    if (sum < more || sum >= size) {
      for (const IntervalSet* out : ruled_out) left = left.minus(*out);
      ruled_out.clear();
      ruled_out_size = 0;
      size = left.size();
      if (values.covers(left)) return true;
      sum = more;
    }
    ruled_out.push_back(&values);
    ruled_out_size = sum;
    return false;
  }
};

}  // namespace

struct Verdicts::Table {
  Table(const Ruleset& ruleset, IntervalSet own_addresses, IntervalSet other_addresses)
      : rules(ruleset),
        own(std::move(own_addresses)),
        others(std::move(other_addresses)),
        came_back(rules.chain_count(), 0),
        trail(rules) {}

  enum class End { proceed, accept, drop, reject, returned, translated };

  // ---- tests ----

  bool holds(const TableTest& test) {
    unknown_met = true;
    if (!test.all.empty())
      return std::all_of(test.all.begin(), test.all.end(), [&](const TableTest& t) {
        return t.of(packet) == Truth::yes || (t.of(packet) == Truth::maybe && holds(t));
      });
    return !test.opaque && fields[static_cast<std::size_t>(test.dimension)].forced(*test.values);
  }

  bool matches(const TableRule& rule) {
    Truth truth = rule.of(packet);
    if (truth != Truth::maybe) return truth == Truth::yes;
    if (rule.passive) return false;
    for (const TableCondition& condition : rule.conditions) {
      if (condition.of(packet) == Truth::yes) continue;
      bool any = false;
      for (const TableTest& test : condition.any_of) any = (test.of(packet) == Truth::maybe && holds(test)) || any;
      if (any == condition.negated) return false;
    }
    return true;
  }

  // ---- one stage ----

  End decided(const Chain& chain, const Rule* rule, ActionKind did, End end) {
    verdict->path.push_back({{&chain, rule}, did});
    verdict->decided_by = {&chain, rule};
    return end;
  }

  void set(Dimension dimension, const IntervalSet& values) {
    packet[dimension] = {values.begin()->lo, values.intervals().back().hi};
    fields[static_cast<std::size_t>(dimension)].reset(values);
  }

  void translate(const Rule& rule) {
    const Translation& t = rule.action.translation;
    Family family = rules.ruleset().family;
    Interval& dst = packet[Dimension::destination];
    Interval& port = packet[Dimension::destination_port];
    Interval dst_before = dst, port_before = port;
    auto pick = [&](Interval& value, const IntervalSet& values) {
      unknown_met = unknown_met || values.size() > 1;
      value = {values.begin()->lo, values.begin()->lo};
    };
    if (t.netmap && dst.lo == dst.hi) {
      dst.lo = dst.hi = (dst.lo & ~t.netmap->mask) | t.netmap->value;
    } else if (t.netmap || (t.addresses.empty() && t.to_receiving_interface && !local)) {
      IntervalSet mapped = t.netmap ? addresses_of(*t.netmap) : IntervalSet();
      unknown_met = unknown_met || t.netmap;
      set(Dimension::destination, mapped.empty() ? IntervalSet::range(0, address_max(family)) : mapped);
    } else if (t.addresses.empty() && t.to_receiving_interface) {
      dst.lo = dst.hi = loopback(family);
    } else if (!t.addresses.empty()) {
      pick(dst, t.addresses);
    }
    translate_port(t, port, pick);
    bool writes = t.netmap || !t.addresses.empty() || t.to_receiving_interface;
    Truth change = writes ? changes(dst_before, IntervalSet::range(dst.lo, dst.hi)) : Truth::no;
    if (!t.ports.empty() && port.lo == port.hi) change = std::max(change, changes(port_before, IntervalSet::of(port.lo)));
    if (change == Truth::no) return;
    if (change == Truth::maybe) unknown_met = true;  // as if it did
    packet[Dimension::nat] = {packet[Dimension::nat].lo | 1, packet[Dimension::nat].lo | 1};
  }

  template <class Pick>
  void translate_port(const Translation& t, Interval& port, Pick pick) {
    if (t.ports.empty()) return;
    if (t.keeps_port && port.lo == port.hi && t.ports.contains(port.lo)) return;
    if (t.port_base && port.lo == port.hi) {
      port.lo = port.hi = t.shifted(port.lo);
      return;
    }
    if (t.keeps_port && port.lo != port.hi) {
      unknown_met = true;
      if (fields[static_cast<std::size_t>(Dimension::destination_port)].forced(t.ports)) return;
    }
    pick(port, t.ports);
  }

  // What the marks become; where they are not known, all they may become.
  void remark(const Chain& chain, const Rule& rule) {
    const auto& to = rule.action.remark;
    Interval& marks = packet[Dimension::marks];
    if (to.empty() || (marks.lo == marks.hi && to[static_cast<std::size_t>(marks.lo)] == marks.lo)) return;
    IntervalSet image;
    for (u128 n = marks.lo; n <= marks.hi; ++n) image.add(to[static_cast<std::size_t>(n)], to[static_cast<std::size_t>(n)]);
    unknown_met = unknown_met || marks.lo != marks.hi;
    set(Dimension::marks, image);
    verdict->path.push_back(
        {{&chain, &rule},
         ActionKind::proceed,
         image.size() == 1 ? rules.ruleset().marks[static_cast<std::size_t>(marks.lo)] : std::optional<Marks>()});
    ++now;
  }

  End run(std::size_t index) {
    const RuleTable::ChainTable& chain = rules.chain(index);
    End end = End::proceed;
    rules.candidates(chain, packet, [&](std::uint32_t r) {
      end = apply(chain, chain.rules[r]);
      return end == End::proceed;
    });
    if (end == End::proceed || end == End::returned) came_back[index] = now;
    return end;
  }

  End apply(const RuleTable::ChainTable& table, const TableRule& rule) {
    if (!matches(rule)) return End::proceed;
    const Chain& chain = *table.chain;
    switch (rule.kind) {
      case ActionKind::accept:
        remark(chain, *rule.rule);
        return decided(chain, rule.rule, ActionKind::accept, End::accept);
      case ActionKind::drop:
        return decided(chain, rule.rule, ActionKind::drop, End::drop);
      case ActionKind::reject:
        return decided(chain, rule.rule, ActionKind::reject, End::reject);
      case ActionKind::translate_source:
        return decided(chain, rule.rule, ActionKind::translate_source, End::accept);
      case ActionKind::return_:
        verdict->path.push_back({{&chain, rule.rule}, ActionKind::return_});
        return End::returned;
      case ActionKind::proceed:
        remark(chain, *rule.rule);
        return End::proceed;
      case ActionKind::untrack:
        verdict->path.push_back({{&chain, rule.rule}, ActionKind::untrack});
        state = State::untracked;
        packet[Dimension::state] = {static_cast<unsigned>(state), static_cast<unsigned>(state)};
        ++now;
        return End::proceed;
      case ActionKind::translate_destination: {
        translate(*rule.rule);
        RuleRef by = verdict->decided_by;
        decided(chain, rule.rule, ActionKind::translate_destination, End::translated);
        if (judged) verdict->decided_by = by;
        return End::translated;
      }
      case ActionKind::unknown:
        unknown_met = true;  // it neither accepts nor drops, as far as is known
        return End::proceed;
      case ActionKind::jump:
      case ActionKind::go_to: {
        bool jump = rule.kind == ActionKind::jump;
        if (came_back[rule.target] != now) {
          std::size_t before = verdict->path.size();
          verdict->path.push_back({{&chain, rule.rule}, rule.kind});
          std::uint64_t then = now;
          End end = run(rule.target);
          if (end != End::proceed && end != End::returned) return end;
          if (now == then) verdict->path.resize(before);
        }
        return jump ? End::proceed : End::returned;
      }
    }
    return End::proceed;
  }

  // False when the packet is dropped.
  bool run(const Stage& stage) {
    ++now;
    auto show = [&](State seen) { packet[Dimension::state] = {static_cast<unsigned>(seen), static_cast<unsigned>(seen)}; };
    show(stage.shown(state));
    const Chain& chain = rules.ruleset().chains[stage.chain];
    std::size_t before = verdict->path.size();
    End end = run(stage.chain);
    if (end == End::accept && stage.last_word) rule_let_pass = true;
    if (end == End::proceed || end == End::returned) {
      ActionKind policy = chain.policy ? chain.policy->value : ActionKind::unknown;
      if (policy == ActionKind::unknown) unknown_met = true;
      end = policy == ActionKind::accept ? End::accept : End::drop;
      // An accepting policy of a chain that did nothing else is no news to anybody, but where it has the last word.
      if (end == End::drop || stage.last_word || verdict->path.size() > before) {
        RuleRef by = verdict->decided_by;
        decided(chain, nullptr, end == End::drop ? ActionKind::drop : ActionKind::accept, end);
        if (end == End::accept && rule_let_pass) verdict->decided_by = by;
      }
    }
    show(state);
    judged = judged || stage.last_word;
    if (end != End::drop && end != End::reject) return true;
    verdict->outcome = end == End::drop ? ActionKind::drop : ActionKind::reject;
    return false;
  }

  // ---- one hook ----

  PacketRange range_of(const PartialPacket& p, Hook hook) const {
    PacketRange out;
    auto known = [&](Dimension d, u128 value) { out[d] = {value, value}; };
    auto given = [&](Dimension d, const auto& value, u128 max) {
      if (value)
        known(d, *value);
      else
        out[d] = {0, max};
    };
    auto interface = [&](Dimension d, bool has, const std::optional<std::string>& name) {
      if (!has)
        known(d, 0);
      else if (name)
        known(d, rules.interface_number(*name));
      else
        out[d] = rules.any_interface();
    };
    known(Dimension::family, p.family == Family::ipv6);
    given(Dimension::protocol, p.protocol, 255);
    interface(Dimension::in, hook != Hook::output, p.in);
    interface(Dimension::out, hook != Hook::input, p.out);
    known(Dimension::state, static_cast<unsigned>(p.state));
    given(Dimension::source, p.source, address_max(p.family));
    given(Dimension::destination, p.destination, address_max(p.family));
    given(Dimension::source_port, p.source_port, 65535);
    out[Dimension::destination_port] = p.destination_port.value_or(Interval{0, 65535});
    known(Dimension::tcp_flags, p.tcp_flags);
    out[Dimension::original_destination] = out[Dimension::destination];
    out[Dimension::original_port] = out[Dimension::destination_port];
    known(Dimension::nat, 0);
    out[Dimension::marks] = rules.arriving_marks(p.state);
    // A new packet has not been translated yet; whether the connection of another was is anybody's guess.
    if (p.state == State::established || p.state == State::related) out[Dimension::nat] = {0, 3};
    return out;
  }

  // The outcome with every undecidable match false. The certainty is proven if none was met.
  void follow(const PacketRange& arriving, Hook hook, State arriving_state, Verdict& out) {
    packet = arriving;
    for (std::size_t d = 0; d < dimension_count; ++d)
      if (const Interval& v = packet.values[d]; v.lo != v.hi) fields[d].reset(IntervalSet::range(v.lo, v.hi));
    state = arriving_state;
    local = hook == Hook::output;
    unknown_met = judged = rule_let_pass = false;
    verdict = &out;
    out.hook = hook;
    bool passes = true;
    const Pipeline& pipeline = rules.ruleset().pipeline;
    for (const Stage& stage : pipeline.stages)
      if (passes && stage.is_on(hook) && stage.meets(state) && !pipeline.passes_unasked(state)) passes = run(stage);
    if (const Interval& v = packet[Dimension::destination]; v.lo == v.hi) out.destination = v.lo;
    if (const Interval& v = packet[Dimension::destination_port]; v.lo == v.hi)
      out.destination_port = static_cast<std::uint16_t>(v.lo);
    out.certainty = unknown_met ? Certainty::possible : Certainty::proven;
  }

  // ---- one packet ----

  // The verdict at a hook, with what it depends on. `leads` tells where the packet goes from PREROUTING.
  enum class Leads { anywhere, here, elsewhere };
  Verdict verdict_at(std::size_t i, Hook hook, State arriving_state, Leads& leads) {
    Verdict out;
    follow(ranges[i], hook, arriving_state, out);
    bool same_address = true;
    if (out.certainty == Certainty::possible) {
      Fates fates = fates_of(rules, ranges[i], hook, arriving_state);
      same_address = fates.one_destination;
      if (fates.one) {
        out.certainty = Certainty::proven;
        if (!fates.one_destination) out.destination.reset();
        if (!fates.one_port) out.destination_port.reset();
      }
      out.doubts = std::move(fates.doubts);
    }
    leads = Leads::anywhere;
    if (!same_address) return out;
    auto translation = std::find_if(out.path.begin(), out.path.end(),
                                    [](const Step& step) { return step.did == ActionKind::translate_destination; });
    bool translated = translation != out.path.end();
    if (translated && translation->at.rule->action.translation.to_receiving_interface)
      leads = Leads::here;
    else if (out.destination && own.contains(*out.destination))
      leads = Leads::here;
    else if (out.destination && (others.contains(*out.destination) || (translated && changed_address(*translation->at.rule))))
      leads = Leads::elsewhere;
    return out;
  }

  static bool changed_address(const Rule& rule) {
    return rule.action.translation.netmap || !rule.action.translation.addresses.empty();
  }

  // Of a packet that looks like ranges[i] at hooks[i].
  Verdict verdict_at(std::span<const Hook> hooks, State arriving_state) {
    Verdict first;
    bool alike = true;
    SourceSpan otherwise;
    bool none = true, same_address = true, same_port = true;
    for (std::size_t i = 0; i < hooks.size(); ++i) {
      Leads leads;
      Verdict here = verdict_at(i, hooks[i], arriving_state, leads);
      if (hooks.size() > 1 && ((hooks[i] == Hook::input && leads == Leads::elsewhere) ||
                               (hooks[i] == Hook::forward && leads == Leads::here && hooks.front() == Hook::input)))
        continue;
      if (std::exchange(none, false)) {
        first = std::move(here);
        continue;
      }
      if (here.certainty == Certainty::possible) first.certainty = Certainty::possible;
      first.doubts.insert(first.doubts.end(), here.doubts.begin(), here.doubts.end());
      if (alike && here.outcome != first.outcome) {
        alike = false;
        otherwise = here.decided_by.chain ? here.decided_by.span() : SourceSpan{};
      }
      same_address = same_address && here.destination == first.destination;
      same_port = same_port && here.destination_port == first.destination_port;
    }
    if (alike && !same_address) first.destination.reset();
    if (alike && !same_port) first.destination_port.reset();
    if (!alike) {
      first.certainty = Certainty::possible;
      first.doubts.push_back({"hook is not given", otherwise});
    }
    auto before = [](const Doubt& a, const Doubt& b) { return std::tie(a.span, a.why) < std::tie(b.span, b.why); };
    auto same = [](const Doubt& a, const Doubt& b) { return a.span == b.span && a.why == b.why; };
    std::stable_sort(first.doubts.begin(), first.doubts.end(), before);
    first.doubts.erase(std::unique(first.doubts.begin(), first.doubts.end(), same), first.doubts.end());
    return first;
  }

  using Kept = std::unordered_map<std::vector<std::uint32_t>, Verdict, TrailHash, SameTrail>;

  // Keeps the verdict of the trail; all others are forgotten where there are too many.
  Kept::iterator keep(Verdict made) {
    std::size_t bytes = sizeof(Kept::value_type) + trail.words().size_bytes() + made.path.size() * sizeof(Step);
    for (const Doubt& doubt : made.doubts) bytes += sizeof(Doubt) + doubt.why.size();
    if (bytes + bytes_kept > kept_bytes) {
      kept.clear();
      bytes_kept = 0;
    }
    bytes_kept += bytes;
    made.alike = ++verdicts_made;
    return kept.emplace(std::vector(trail.words().begin(), trail.words().end()), std::move(made)).first;
  }

  RuleTable rules;
  const IntervalSet own, others;
  PacketRange packet;                                // as it looks where it is now
  std::array<UnknownField, dimension_count> fields;  // of those the packet does not know
  State state = State::new_;
  bool local = false, unknown_met = false;
  bool judged = false, rule_let_pass = false;  // as in trace()
  std::vector<std::uint64_t> came_back;        // of each chain, when the packet last came back from it
  std::uint64_t now = 0;                       // goes on whenever the packet, or the base chain, changes
  Verdict* verdict = nullptr;

  Trail trail;
  std::array<PacketRange, 3> ranges;  // of the packet asked for, at each hook it may be at
  Kept kept;
  std::size_t bytes_kept = 0;
  std::uint64_t verdicts_made = 0;
  Verdict last;  // where it is not kept
};

Verdicts::Verdicts(const Ruleset& ruleset, IntervalSet own, IntervalSet others)
    : table_(std::make_unique<Table>(ruleset, std::move(own), std::move(others))) {}
Verdicts::~Verdicts() = default;

const Verdict& Verdicts::of(const PartialPacket& packet) {
  std::span<const Hook> hooks = hooks_of(packet);
  Table& table = *table_;
  table.trail.clear();
  bool keeps = true;
  for (std::size_t i = 0; i < hooks.size(); ++i) {
    table.ranges[i] = table.range_of(packet, hooks[i]);
    keeps = keeps && table.trail.add(table.ranges[i], hooks[i], packet.state);
  }
  // What is written at one hook may be what came at another, or not; and a known destination tells which hook it is.
  bool told = packet.destination && (table.own.contains(*packet.destination) || table.others.contains(*packet.destination));
  if (hooks.size() > 1 && (told || table.trail.writes_address() || table.trail.writes_port())) keeps = false;
  if (!keeps) return table.last = table.verdict_at(hooks, packet.state);
  auto kept = table.kept.find(table.trail.words());
  if (kept == table.kept.end()) kept = table.keep(table.verdict_at(hooks, packet.state));
  Verdict& verdict = kept->second;
  if (!table.trail.writes_address()) verdict.destination = packet.destination;
  if (!table.trail.writes_port()) {
    const auto& port = packet.destination_port;
    verdict.destination_port.reset();
    if (port && port->lo == port->hi) verdict.destination_port = static_cast<std::uint16_t>(port->lo);
  }
  return verdict;
}

std::string text_of(const Step& step, const Verdict& verdict, Family family) {
  const Chain& chain = *step.at.chain;
  const Rule* rule = step.at.rule;
  bool accept = step.did == ActionKind::accept;
  if (!rule) {
    bool known = chain.policy && chain.policy->value != ActionKind::unknown;
    return std::string("policy ") + (accept ? "accept" : "drop") + (known ? "" : " (not known)");
  }
  switch (step.did) {
    case ActionKind::accept:
      return "accept";
    case ActionKind::drop:
      return "drop";
    case ActionKind::reject:
      return "reject";
    case ActionKind::return_:
      return "return";
    case ActionKind::untrack:
      return "leave untracked";
    case ActionKind::jump:
      return "jump to " + rule->action.chain;
    case ActionKind::go_to:
      return "go to " + rule->action.chain;
    case ActionKind::translate_source:
      return "translate the source";
    case ActionKind::translate_destination: {
      const Translation& t = rule->action.translation;
      bool writes = !t.addresses.empty() || t.netmap;
      std::string text = "translate to ";
      text += t.addresses.size() == 1         ? format_address({family, t.addresses.begin()->lo})
              : writes && verdict.destination ? format_address({family, *verdict.destination})
              : writes                        ? "an address of a range"
              : t.to_receiving_interface      ? "this machine"
                                              : "the same address";
      std::optional<std::uint16_t> port = verdict.destination_port;
      if (t.ports.size() == 1) port = static_cast<std::uint16_t>(t.ports.begin()->lo);
      if (!t.ports.empty() && port) text += " port " + std::to_string(*port);
      return text;
    }
    default:
      return step.marks ? format_marks(*step.marks) : "set a mark";
  }
}

}  // namespace ipo
