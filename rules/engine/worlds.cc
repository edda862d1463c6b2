// A world is one choice of the fields that are not known and of the undecidable matches: a member of a packet set that has
// the other fields left out. The worlds that reach a rule are split by it, rule after rule as trace() goes; a translation
// parts them into groups, each with its own packet. What the outcome depends on can then be read off the sets.
#include "rules/engine/worlds.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "rules/engine/doubt.h"

namespace ipo {
namespace {

constexpr std::size_t edge_budget = std::size_t{1} << 20;
constexpr std::uint64_t step_budget = std::uint64_t{1} << 22;
constexpr unsigned rule_budget = 1u << 16;  // rules met, a rule counts as often as worlds come to it separately

struct Value {
  Origin origin = Origin::arrived;
  bool known = false;
  u128 value = 0;
  friend auto operator<=>(const Value&, const Value&) = default;
};

struct Fate {
  ActionKind verdict;
  Value destination, port;
  friend auto operator<=>(const Fate&, const Fate&) = default;
};

struct Group {
  PacketRange packet;
  Origin destination = Origin::arrived, port = Origin::arrived;
  PacketSet worlds;
};

std::string_view field_name(Dimension dimension) {
  switch (dimension) {
    case Dimension::protocol:
      return "proto";
    case Dimension::in:
      return "in";
    case Dimension::out:
      return "out";
    case Dimension::destination:
    case Dimension::original_destination:
      return "dst";
    case Dimension::destination_port:
    case Dimension::original_port:
      return "dport";
    case Dimension::source:
      return "src";
    case Dimension::source_port:
      return "sport";
    default:
      return "";
  }
}

bool known(const Interval& v) { return v.lo == v.hi; }

class Walk {
 public:
  Walk(const RuleTable& table, Hook hook, State state)
      : table_(table), ruleset_(table.ruleset()), hook_(hook), state_(state), space_(edge_budget, step_budget) {}

  Fates run(const PacketRange& packet) {
    Fates out;
    try {
      follow(packet);
    } catch (const SpaceExhausted&) {
      out.complete = false;
      add_doubt(out, "too much depends on what is not known: not all of it was followed", ruleset_.span);
      return out;
    }
    out.one = out.one_destination = out.one_port = true;
    auto same = [](const Value& a, const Value& b) { return a == b && a.origin != Origin::picked; };
    for (const auto& [fate, worlds] : fates_) {
      const Fate& first = fates_.begin()->first;
      out.one = out.one && fate.verdict == first.verdict;
      out.one_destination = out.one_destination && same(fate.destination, first.destination);
      out.one_port = out.one_port && same(fate.port, first.port);
    }
    if (out.one) return out;
    try {
      collect_doubts(out);
    } catch (const SpaceExhausted&) {
      add_doubt(out, "too much depends on what is not known: not all of it is listed", ruleset_.span);
    }
    std::stable_sort(out.doubts.begin(), out.doubts.end(), [](const Doubt& a, const Doubt& b) { return a.span < b.span; });
    return out;
  }

 private:
  // ---- sets of worlds ----

  bool open(Dimension d, const Interval& v) const {
    return !known(v) || (d == Dimension::state && table_.untracks()) || (d == Dimension::marks && !known(table_.all_marks()));
  }

  PacketSet worlds_of(const PacketRange& packet) {
    PacketSet all = space_.constant(1);
    for (std::uint32_t d = 0; d < dimension_count; ++d) {
      auto dimension = static_cast<Dimension>(d);
      const Interval& v = packet[dimension];
      if (open(dimension, v)) all = space_.intersect(all, space_.test(dimension, IntervalSet::range(v.lo, v.hi)));
    }
    return all;
  }

  PacketSet set_of(const TableTest& test, const PacketRange& packet, SourceSpan place) {
    switch (test.of(packet)) {
      case Truth::no:
        return space_.nothing();
      case Truth::yes:
        return space_.constant(1);
      case Truth::maybe:
        break;
    }
    if (!test.all.empty()) {
      PacketSet out = space_.constant(1);
      for (const TableTest& each : test.all) out = space_.intersect(out, set_of(each, packet, place));
      return out;
    }
    if (test.opaque) {
      asked_predicates_.try_emplace(test.predicate, place);
      return space_.predicate(test.predicate);
    }
    if (test.dimension != Dimension::state || tracked_) {
      asked_fields_.try_emplace({test.dimension, test.dimension == Dimension::destination && at_this_machine_}, place);
      return space_.test(test.dimension, *test.values);
    }
    // No state is known yet, but that a packet is left untracked.
    PacketSet untracked = space_.test(Dimension::state, IntervalSet::of(static_cast<unsigned>(State::untracked)));
    PacketSet out = space_.nothing();
    if (test.values->contains(static_cast<unsigned>(State::untracked))) out = untracked;
    if (test.values->contains(static_cast<unsigned>(State::invalid)))
      out = space_.unite(out, space_.minus(space_.constant(1), untracked));
    return out;
  }

  PacketSet matched(const TableRule& rule, const PacketRange& packet, PacketSet worlds) {
    for (const TableCondition& condition : rule.conditions) {
      Truth truth = condition.of(packet);
      if (truth == Truth::yes) continue;
      if (truth == Truth::no) return space_.nothing();
      PacketSet any = space_.nothing();
      for (const TableTest& test : condition.any_of) any = space_.unite(any, set_of(test, packet, condition.span));
      worlds = condition.negated ? space_.minus(worlds, any) : space_.intersect(worlds, any);
      if (worlds.empty()) return worlds;
    }
    return worlds;
  }

  PacketSet predicate(std::uint32_t number, SourceSpan place) {
    asked_predicates_.try_emplace(number, place);
    return space_.predicate(number);
  }

  // ---- one stage ----

  struct Ends {
    PacketSet accepted, dropped, rejected;
    std::vector<std::pair<const Rule*, PacketSet>> translated;
  };

  // Gives the worlds that come back undecided.
  PacketSet walk(std::size_t index, const PacketRange& packet, PacketSet worlds, Ends& ends) {
    const RuleTable::ChainTable& chain = table_.chain(index);
    PacketSet returned = space_.nothing();
    auto join = [&](PacketSet& to, PacketSet more) { to = space_.unite(to, more); };
    table_.candidates(chain, packet, [&](std::uint32_t r) {
      const TableRule& rule = chain.rules[r];
      if (rule.passive || rule.of(packet) == Truth::no) return true;
      if (++rules_met_ > rule_budget) throw SpaceExhausted("too many rules");
      PacketSet hit = matched(rule, packet, worlds);
      if (hit.empty()) return true;
      worlds = space_.minus(worlds, hit);
      switch (rule.kind) {
        case ActionKind::accept:
        case ActionKind::translate_source:
          join(ends.accepted, effects_.after(hit, effects_.of(rule.rule->action)));
          break;
        case ActionKind::drop:
          join(ends.dropped, hit);
          break;
        case ActionKind::reject:
          join(ends.rejected, hit);
          break;
        case ActionKind::return_:
          join(returned, hit);
          break;
        case ActionKind::translate_destination:
          ends.translated.emplace_back(rule.rule, hit);
          break;
        case ActionKind::untrack:
        case ActionKind::proceed:
          ++changes_;
          join(worlds, effects_.after(hit, effects_.of(rule.rule->action)));
          break;
        case ActionKind::unknown: {
          PacketSet accepts = space_.intersect(hit, predicate(rule.accepts, rule.rule->span));
          PacketSet rest = space_.minus(hit, accepts);
          PacketSet drops = space_.intersect(rest, predicate(rule.drops, rule.rule->span));
          join(ends.accepted, accepts);
          join(ends.dropped, drops);
          join(worlds, space_.minus(rest, drops));
          break;
        }
        case ActionKind::jump:
          join(worlds, enter(rule.target, packet, hit, ends));
          break;
        case ActionKind::go_to:
          join(returned, enter(rule.target, packet, hit, ends));
          break;
      }
      return !worlds.empty();
    });
    return space_.unite(worlds, returned);
  }

  // A chain is not asked again by worlds that it gave back unchanged.
  PacketSet enter(std::uint32_t target, const PacketRange& packet, PacketSet worlds, Ends& ends) {
    PacketSet known_back = space_.intersect(worlds, came_back_[target]);
    PacketSet fresh = space_.minus(worlds, known_back);
    if (fresh.empty()) return known_back;
    unsigned changes = changes_;
    PacketSet back = walk(target, packet, fresh, ends);
    if (changes == changes_) came_back_[target] = space_.unite(came_back_[target], back);
    return space_.unite(known_back, back);
  }

  void end(const Group& group, ActionKind verdict, PacketSet worlds) {
    if (worlds.empty()) return;
    // A state or mark that changed under way would hide what it changed by.
    if (table_.untracks()) worlds = space_.exists(worlds, Dimension::state);
    worlds = space_.exists(worlds, Dimension::marks);
    auto value = [](const Interval& v, Origin origin) {
      return known(v) && origin != Origin::picked ? Value{Origin::arrived, true, v.lo} : Value{origin, false, 0};
    };
    Fate fate{verdict, value(group.packet[Dimension::destination], group.destination),
              value(group.packet[Dimension::destination_port], group.port)};
    auto [it, added] = fates_.try_emplace(fate, worlds);
    if (!added) it->second = space_.unite(it->second, worlds);
  }

  void run(const Stage& stage, Group group, std::vector<Group>& next) {
    if (stage.kind != Stage::Kind::filter) {
      PacketSet fresh = group.worlds;
      if (table_.untracks())
        fresh = space_.intersect(fresh, space_.test(Dimension::state, IntervalSet::of(static_cast<unsigned>(State::new_))));
      else if (state_ != State::new_)
        fresh = space_.nothing();
      if (Group passing = group; !(passing.worlds = space_.minus(group.worlds, fresh)).empty()) next.push_back(passing);
      if (fresh.empty()) return;
      group.worlds = fresh;
    }
    tracked_ = stage.tracked;
    at_this_machine_ = group.destination == Origin::this_machine;
    Interval& seen = group.packet[Dimension::state];
    Interval state = seen;
    if (!table_.untracks()) seen.lo = seen.hi = static_cast<unsigned>(stage.shown(state_));
    came_back_.assign(table_.chain_count(), space_.nothing());
    Ends ends;
    PacketSet left = walk(stage.chain, group.packet, group.worlds, ends);
    seen = state;
    const Chain& chain = ruleset_.chains[stage.chain];
    ActionKind policy = chain.policy ? chain.policy->value : ActionKind::unknown;
    PacketSet passes = policy == ActionKind::accept ? left : space_.nothing();
    if (policy == ActionKind::unknown && !left.empty())
      passes = space_.intersect(
          left, predicate(table_.chain(stage.chain).policy_accepts, chain.policy ? chain.policy->span : chain.span));
    end(group, ActionKind::drop, space_.unite(ends.dropped, space_.minus(left, passes)));
    end(group, ActionKind::reject, ends.rejected);
    for (const auto& [rule, worlds] : ends.translated) {
      Group translated = group;
      translated.worlds = worlds;
      translate(translated, *rule, next);
    }
    group.worlds = space_.unite(ends.accepted, passes);
    if (!group.worlds.empty()) next.push_back(group);
  }

  // Writes several possible values, or one, into a dimension of the group's packet.
  void assign(Group& group, Dimension dimension, const IntervalSet& values) {
    // What the worlds were before is forgotten, so it is noted whether it mattered.
    PacketSet any = space_.exists(group.worlds, dimension);
    if (open(dimension, group.packet[dimension]) && asked_fields_.contains({dimension, false})) forgotten_.push_back(dimension);
    group.worlds = any;
    group.packet[dimension] = {values.begin()->lo, values.intervals().back().hi};
    if (!known(group.packet[dimension])) group.worlds = space_.intersect(any, space_.test(dimension, values));
  }

  void pick(Group& group, Dimension dimension, const IntervalSet& values, const Rule& rule, std::string_view what, Origin& origin) {
    assign(group, dimension, values);
    origin = values.size() == 1 ? Origin::arrived : Origin::picked;
    if (origin == Origin::picked) picks_.push_back({cited(rule.action) + " picks " + std::string(what), rule.span});
  }

  void translate(Group group, const Rule& rule, std::vector<Group>& next) {
    const Translation& t = rule.action.translation;
    Family family = ruleset_.family;
    Interval& dst = group.packet[Dimension::destination];
    IntervalSet whole = IntervalSet::range(0, address_max(family));
    Interval dst_before = dst, port_before = group.packet[Dimension::destination_port];
    if (t.netmap && known(dst)) {
      dst.lo = dst.hi = (dst.lo & ~t.netmap->mask) | t.netmap->value;
    } else if (t.netmap) {
      IntervalSet mapped = addresses_of(*t.netmap);
      pick(group, Dimension::destination, mapped.empty() ? whole : mapped, rule, "the address", group.destination);
    } else if (!t.addresses.empty()) {
      pick(group, Dimension::destination, t.addresses, rule, "the address", group.destination);
    } else if (t.to_receiving_interface && hook_ == Hook::output) {
      assign(group, Dimension::destination, IntervalSet::of(loopback(family)));
    } else if (t.to_receiving_interface) {
      assign(group, Dimension::destination, whole);
      group.destination = Origin::this_machine;
    }
    bool writes = t.netmap || !t.addresses.empty() || t.to_receiving_interface;
    Truth moved =
        !writes ? Truth::no : changes(dst_before, t.addresses.size() > 1 ? t.addresses : IntervalSet::range(dst.lo, dst.hi));
    auto finish = [&](Group& done, Truth port_moved) {
      Truth change = std::max(moved, port_moved);
      Interval& nat = done.packet[Dimension::nat];
      if (change == Truth::yes) nat.lo |= 1, nat.hi |= 1;
      if (change == Truth::maybe) assign(done, Dimension::nat, IntervalSet::range(nat.lo, nat.hi | 1));
      next.push_back(done);
    };
    Truth port_moved = Truth::no;
    if (!t.ports.empty()) {
      PacketSet inside = space_.nothing();
      const Interval& port = group.packet[Dimension::destination_port];
      if (t.keeps_port && known(port))
        inside = t.ports.contains(port.lo) ? group.worlds : inside;
      else if (t.keeps_port) {
        asked_fields_.try_emplace({Dimension::destination_port, false}, rule.span);
        inside = space_.intersect(group.worlds, space_.test(Dimension::destination_port, t.ports));
      }
      PacketSet outside = space_.minus(group.worlds, inside);
      if (!inside.empty()) {
        Group keeping = group;
        keeping.worlds = inside;
        finish(keeping, Truth::no);
      }
      if (outside.empty()) return;
      group.worlds = outside;
      IntervalSet to = t.port_base && known(port) ? IntervalSet::of(t.shifted(port.lo)) : t.ports;
      // A port that may stay where it is has a group of its own.
      port_moved = t.keeps_port ? Truth::yes : changes(port_before, to);
      pick(group, Dimension::destination_port, to, rule, "the port", group.port);
    }
    finish(group, port_moved);
  }

  void follow(PacketRange packet) {
    Interval marks = packet[Dimension::marks];
    if (table_.untracks()) packet[Dimension::state] = {0, 4};
    packet[Dimension::marks] = table_.all_marks();
    std::vector<Group> groups(1);
    groups[0].packet = packet;
    groups[0].worlds = worlds_of(packet);
    if (table_.untracks())
      groups[0].worlds =
          space_.intersect(groups[0].worlds, space_.test(Dimension::state, IntervalSet::of(static_cast<unsigned>(state_))));
    if (!known(table_.all_marks()))
      groups[0].worlds = space_.intersect(groups[0].worlds, space_.test(Dimension::marks, IntervalSet::range(marks.lo, marks.hi)));
    carried_marks_ = !known(marks);
    for (const Stage& stage : ruleset_.pipeline.stages) {
      if (!stage.is_on(hook_) || ruleset_.pipeline.passes_unasked(state_)) continue;
      std::vector<Group> next;
      for (const Group& group : groups) run(stage, group, next);
      groups = std::move(next);
    }
    for (const Group& group : groups) end(group, ActionKind::accept, group.worlds);
  }

  // ---- doubts ----

  static void add_doubt(Fates& fates, std::string why, SourceSpan span) {
    auto same = [&](const Doubt& d) { return d.why == why && d.span == span; };
    if (std::none_of(fates.doubts.begin(), fates.doubts.end(), same)) fates.doubts.push_back({std::move(why), span});
  }

  void collect_doubts(Fates& out) {
    auto machine = [](const Fate& fate) { return fate.destination.origin == Origin::this_machine; };
    PacketSet all = space_.nothing(), of_machine[2] = {space_.nothing(), space_.nothing()};
    for (const auto& [fate, worlds] : fates_) {
      all = space_.unite(all, worlds);
      of_machine[machine(fate)] = space_.unite(of_machine[machine(fate)], worlds);
    }
    for (const Doubt& pick : picks_) add_doubt(out, pick.why, pick.span);
    for (const auto& [asked, place] : asked_fields_) {
      auto [dimension, here] = asked;
      if (dimension == Dimension::state) continue;
      if (dimension == Dimension::marks) {
        if (carried_marks_) add_doubt(out, "which mark the connection has is not known", place);
        continue;
      }
      bool depends = !here && std::find(forgotten_.begin(), forgotten_.end(), dimension) != forgotten_.end();
      for (const auto& [fate, worlds] : fates_) {
        bool address = dimension == Dimension::destination;  // there are two, so each among its own
        if (address && here != machine(fate)) continue;
        PacketSet among = address ? of_machine[here] : all;
        depends = depends || space_.intersect(space_.exists(worlds, dimension), among) != worlds;
      }
      if (depends)
        add_doubt(out,
                  here                          ? "the address of the interface it came in by is not in the file"
                  : dimension == Dimension::nat ? "whether the connection is translated is not given"
                                                : std::string(field_name(dimension)) + " is not given",
                  place);
    }
    std::vector<std::uint32_t> numbers;
    for (const auto& [fate, worlds] : fates_)
      for (std::uint32_t number : space_.predicates_of(worlds)) numbers.push_back(number);
    std::sort(numbers.begin(), numbers.end());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    for (std::uint32_t number : numbers) {
      const Predicate& p = table_.predicates()[number];
      add_doubt(out, doubt_about(p, false), asked_predicates_.at(number));
    }
  }

  const RuleTable& table_;
  const Ruleset& ruleset_;
  Hook hook_;
  State state_;
  Space space_;
  Effects effects_{space_};
  bool carried_marks_ = false;  // it may have arrived with one of several
  bool tracked_ = true, at_this_machine_ = false;
  unsigned rules_met_ = 0, changes_ = 0;
  std::vector<PacketSet> came_back_;  // of each chain, in the base chain and group being run
  std::map<Fate, PacketSet> fates_;
  std::map<std::uint32_t, SourceSpan> asked_predicates_;  // where each was first asked
  // Likewise; the second part says that it is the address of this machine, not the one that arrived.
  std::map<std::pair<Dimension, bool>, SourceSpan> asked_fields_;
  std::vector<Dimension> forgotten_;
  std::vector<Doubt> picks_;
};

}  // namespace

Fates fates_of(const RuleTable& table, const PacketRange& packet, Hook hook, State state) {
  return Walk(table, hook, state).run(packet);
}

}  // namespace ipo
