// The base chains of a hook run in order. A nat chain splits the packets by the rule that translates them; a later chain
// judges what a translation made of them, so its verdict is carried back: a packet passes when its image passes.
#include "rules/engine/reach.h"

namespace ipo {

const BaseChain* Reach::last_filter(Hook hook) const {
  const BaseChain* last = nullptr;
  for (const BaseChain& base : chains_.ruleset().base_chains)
    if (base.hook == hook && chains_.ruleset().chains[base.chain].table == "filter") last = &base;
  return last;
}

PacketSet Reach::pick_predicate(const Flow& flow, const char* what) {
  return chains_.packets().predicate(
      {"-j " + flow.translation.rule->action.name + " picks " + what,
       "the kernel picks one value of the range this rule translates to", true},
      flow.translation.rule->span);
}

PacketSet Reach::before(PacketSet seen, const Flow& flow) {
  Space& s = chains_.space();
  if (flow.untracked)
    seen = s.exists(seen, Dimension::state, IntervalSet::of(static_cast<unsigned>(State::untracked)));
  if (!flow.translation.rule) return seen;
  PacketSet translated = s.exists(seen, Dimension::nat, IntervalSet::of(1)), as_it_was = s.exists(seen, Dimension::nat, IntervalSet::of(0));
  if (translated == as_it_was) return undone(translated, flow);
  translated = undone(translated, flow), as_it_was = undone(as_it_was, flow);
  auto [same, other] = unchanged(flow);
  PacketSet open = s.minus(s.minus(s.constant(1), same), other);
  PacketSet either = s.unite(s.intersect(translated, as_it_was),
                             s.intersect(s.unite(translated, as_it_was), pick_predicate(flow, "what it has already")));
  return s.unite(s.unite(s.intersect(as_it_was, same), s.intersect(translated, other)), s.intersect(either, open));
}

// Packets, as they arrive, that the translation certainly leaves as they are, and that it certainly changes.
std::pair<PacketSet, PacketSet> Reach::unchanged(const Flow& flow) {
  Space& s = chains_.space();
  const Translation& t = flow.translation.rule->action.translation;
  PacketSet all = s.constant(1), same = all, other = s.nothing();
  auto part = [&](Dimension dimension, const IntervalSet& values, bool stays) {
    PacketSet inside = s.test(dimension, values);
    same = stays || values.size() == 1 ? s.intersect(same, inside) : s.nothing();
    other = s.unite(other, s.minus(all, inside));
  };
  if (!t.ports.empty()) part(Dimension::destination_port, t.ports, t.keeps_port);
  if (t.netmap)
    part(Dimension::destination, addresses_of(*t.netmap), true);
  else if (t.to_receiving_interface)
    same = s.nothing();
  else if (!t.addresses.empty())
    part(Dimension::destination, t.addresses, false);
  return {same, other};
}

// The packets that belong to `seen` once address and port are written; what tells whether that was a change is settled.
PacketSet Reach::undone(PacketSet seen, const Flow& flow) {
  Space& s = chains_.space();
  const Translation& t = flow.translation.rule->action.translation;
  // One value: replaced. Several: some of them for the upper bound, all of them for the lower.
  auto replaced = [&](PacketSet set, Dimension dimension, const IntervalSet& values, const char* what) {
    PacketSet some = s.exists(set, dimension, values);
    if (values.size() == 1) return some;
    PacketSet all = s.every(set, dimension, values);
    return s.unite(all, s.intersect(some, pick_predicate(flow, what)));
  };
  if (!t.ports.empty()) {
    PacketSet inside = t.keeps_port ? s.test(Dimension::destination_port, t.ports) : s.nothing();
    PacketSet moved = replaced(seen, Dimension::destination_port, t.ports, "the port");
    seen = s.unite(s.intersect(seen, inside), s.minus(moved, inside));
  }
  if (t.netmap)
    seen = replaced(seen, Dimension::destination, addresses_of(*t.netmap), "the address");
  else if (t.to_receiving_interface)
    seen = replaced(seen, Dimension::destination, IntervalSet::range(0, address_max(chains_.ruleset().family)), "the address");
  else if (!t.addresses.empty())
    seen = replaced(seen, Dimension::destination, t.addresses, "the address");
  return seen;
}

PacketSet Reach::exact(PacketSet arrived, const Flow& flow) {
  if (!flow.translation.rule) return arrived;
  Space& s = chains_.space();
  const Translation& t = flow.translation.rule->action.translation;
  if (t.netmap || t.addresses.size() > 1 || (!t.keeps_port && t.ports.size() > 1)) return s.nothing();
  return t.ports.size() > 1 ? s.intersect(arrived, s.test(Dimension::destination_port, t.ports)) : arrived;
}

PacketSet Reach::after(PacketSet arrived, const Flow& flow) {
  Space& s = chains_.space();
  auto assign = [&](PacketSet set, Dimension dimension, const IntervalSet& values) {
    return s.intersect(s.exists(set, dimension), s.test(dimension, values));
  };
  if (flow.untracked) arrived = assign(arrived, Dimension::state, IntervalSet::of(static_cast<unsigned>(State::untracked)));
  if (!flow.translation.rule) return arrived;
  const Translation& t = flow.translation.rule->action.translation;
  auto [same, other] = unchanged(flow);
  PacketSet changed = assign(s.minus(arrived, same), Dimension::nat, IntervalSet::of(1));
  arrived = s.unite(s.minus(arrived, other), changed);
  if (!t.ports.empty()) {
    PacketSet inside = t.keeps_port ? s.test(Dimension::destination_port, t.ports) : s.nothing();
    arrived = s.unite(s.intersect(arrived, inside), assign(s.minus(arrived, inside), Dimension::destination_port, t.ports));
  }
  if (t.netmap)
    arrived = assign(arrived, Dimension::destination, addresses_of(*t.netmap));
  else if (t.to_receiving_interface)
    arrived = assign(arrived, Dimension::destination, IntervalSet::range(0, address_max(chains_.ruleset().family)));
  else if (!t.addresses.empty())
    arrived = assign(arrived, Dimension::destination, t.addresses);
  return arrived;
}

std::vector<Flow> Reach::flows(Hook hook, PacketSet arriving) {
  Space& s = chains_.space();
  const Ruleset& ruleset = chains_.ruleset();
  std::vector<Flow> flows(1);
  flows[0].accepted = arriving;
  const BaseChain* last = last_filter(hook);
  for (Hook stage : {Hook::prerouting, hook}) {
    if (stage == Hook::prerouting && hook == Hook::output) continue;
    for (const BaseChain& base : ruleset.base_chains) {
      if (base.hook != stage || (base.nat && base.priority > 0)) continue;
      PacketSet decision = chains_.decision(base), untracked_here = base.nat ? s.nothing() : chains_.untracked(base);
      if (base.priority < conntrack_priority) {
        // Split by what the rules do, look at each part as of state INVALID, and put them together again.
        IntervalSet invalid = IntervalSet::of(static_cast<unsigned>(State::invalid));
        decision = s.unite(s.restrict(s.constant(outcome_accept), s.exists(s.where(decision, outcome_accept), Dimension::state, invalid)),
                           s.restrict(s.constant(outcome_drop), s.exists(s.where(decision, outcome_drop), Dimension::state, invalid)));
        untracked_here = s.exists(untracked_here, Dimension::state, invalid);
      }
      if (&base == last)
        for (Flow& flow : flows) {
          flow.arrived = flow.accepted;
          flow.seen = after(flow.accepted, flow);
          flow.decided = chains_.decide(base, flow.seen);
        }
      std::vector<Flow> next;
      for (Flow& flow : flows) {
        // Where a packet may pass, whatever of it is dropped on other predicates; 0 is a packet no rule speaks of.
        flow.accepted = s.minus(flow.accepted, before(s.where(decision, outcome_drop), flow));
        if (base.nat && !flow.untracked && !flow.translation.rule) {
          for (std::uint32_t value : s.values_of(decision)) {
            if (value < first_translation) continue;
            Flow translated = flow;
            translated.translation = chains_.translations()[value - first_translation];
            translated.accepted = s.intersect(flow.accepted, s.where(decision, value));
            flow.accepted = s.minus(flow.accepted, s.where(decision, value));
            bool local = translated.translation.rule->action.translation.to_receiving_interface;
            if (!translated.accepted.empty() && !(local && hook == Hook::forward)) next.push_back(translated);
          }
        } else if (!base.nat) {
          PacketSet untracked = s.intersect(flow.accepted, before(untracked_here, flow));
          if (!flow.untracked && !untracked.empty()) {
            Flow split = flow;
            split.untracked = true;
            split.accepted = untracked;
            flow.accepted = s.minus(flow.accepted, untracked);
            next.push_back(split);
          }
        }
        // What the last filter has judged stays, so that one can ask who blocked it.
        if (!flow.accepted.empty() || !flow.decided.empty()) next.push_back(flow);
      }
      flows = std::move(next);
    }
  }
  return flows;
}

}  // namespace ipo
