// Firewalls behind one another: what the outer one lets through is put to the next, and the other way round.
#include <algorithm>
#include <tuple>

#include "rules/exposure/crossing.h"
#include "rules/exposure/exposure.h"

namespace ipo {

// Every further is told what may come to it: the opening packets by the interfaces of its outside. Its flows are found once.
void Exposure::line_up(Passage& passage, std::size_t m) {
  Family family = passage.ruleset->family;
  for (std::size_t next : machines_[m].standing->then) {
    const Machine& machine = machines_[next];
    const Standing& standing = *machine.standing;
    if (standing.role == Role::host && (!passage.host || !standing.runs_on(*passage.host))) continue;
    NextFirewall further;
    further.at = &standing;
    further.hook = standing.role == Role::host ? Hook::input : Hook::forward;
    for (ChainSets* chains : machine.chains)
      if (chains->ruleset().family == family) further.chains = chains, further.ruleset = &chains->ruleset();
    if (further.chains) {
      PacketSpace& packets = *machine.packets;
      Space& s = packets.space;
      Sides sides(packets, standing, family);
      // By an interface of a declared zone that zone's packets come.
      IntervalSet declared;
      for (const ZoneAt& zone : standing.zones)
        if (!zone.is_internet()) declared.add(declared_interfaces(zone, standing, packets.interfaces));
      further.in = sides.outside().minus(declared);
      if (further.in.empty()) further.in = sides.outside();
      further.out = further.hook == Hook::input ? no_interface : sides.behind(passage.addresses).likely;
      PacketSet opening = s.minus(opening_packets(*further.chains), hairpins(packets));
      further.arriving = s.intersect(opening, s.intersect(s.test(Dimension::in, further.in), s.test(Dimension::out, further.out)));
      if (further.ruleset->pipeline.last_word(further.hook))
        further.flows = Reach(*further.chains).flows(further.hook, further.arriving);
    }
    passage.then.push_back(std::move(further));
  }
}

bool translates(const std::vector<Flow>& flows) {
  return std::any_of(flows.begin(), flows.end(), [](const Flow& f) { return f.translation.rule != nullptr; });
}

namespace {

PacketSet from_anywhere(Space& s, PacketSet packets) {
  return s.exists(s.exists(packets, Dimension::source), Dimension::source_port);
}

// Without what a packet is to one firewall only.
PacketSet between_firewalls(Space& s, PacketSet packets) {
  for (Dimension d : {Dimension::in, Dimension::out, Dimension::state, Dimension::nat, Dimension::marks,
                      Dimension::original_destination, Dimension::original_port})
    packets = s.exists(packets, d);
  return packets;
}

// As the next firewall sees packets of `arriving` that this one may let through.
PacketSet passed_on(ChainSets& chains, Hook hook, const std::vector<Flow>& flows, PacketSet arriving) {
  Space& s = chains.space();
  Reach reach(chains);
  PacketSet out = s.nothing();
  for (const Flow& flow : flows) out = s.unite(out, reach.after(s.possible(s.intersect(flow.accepted, arriving)), flow));
  if (hook != Hook::forward) return between_firewalls(s, out);
  PacketSet as_before = out, with_new = s.nothing();
  for (const NewSource& one : new_sources(chains)) {
    PacketSet moved = from_anywhere(s, s.intersect(out, one.packets));
    if (!one.addresses.empty()) moved = s.intersect(moved, s.test(Dimension::source, one.addresses));
    with_new = s.unite(with_new, moved);
    as_before = s.minus(as_before, one.packets);
  }
  return between_firewalls(s, s.unite(as_before, with_new));
}

}  // namespace

// Where rules translate sources on the way out, the next firewall sees the new one: one of those the rule says, from whatever port.
PacketSet Exposure::leaving(ChainSets& chains, Hook hook, PacketSet target) const {
  if (hook != Hook::forward) return target;
  Space& s = chains.space();
  PacketSet out = target;
  for (const NewSource& one : new_sources(chains)) {
    IntervalSet addresses = one.addresses.empty() ? IntervalSet::range(0, address_max(chains.ruleset().family)) : one.addresses;
    PacketSet passing = s.intersect(target, s.test(Dimension::source, addresses));
    PacketSet some = from_anywhere(s, passing);
    PacketSet all = s.every(s.every(passing, Dimension::source, addresses), Dimension::source_port, IntervalSet::range(0, 65535));
    PacketSet unknown = chains.packets().predicate(
        {"the translated source passes the next firewall", "this rule gives packets another source before the next firewall", true},
        one.place);
    out = s.unite(s.minus(out, one.packets), s.intersect(s.unite(all, s.intersect(some, unknown)), one.packets));
  }
  return out;
}

// From the last firewall outward: what it lets through to the target, as it leaves the one before.
PacketSet Exposure::through(const Passage& passage, PacketSet target) const {
  Space& s = passage.chains->space();
  for (std::size_t k = passage.then.size(); k-- > 0;) {
    const NextFirewall& further = passage.then[k];
    if (further.chains) {
      Reach reach(*further.chains);
      PacketSet passed = s.nothing();
      for (const Flow& flow : further.flows) passed = s.unite(passed, s.intersect(flow.accepted, reach.before(target, flow)));
      // The interfaces are its own business; where they matter, which one it is is not known.
      PacketSet some = s.exists(s.exists(passed, Dimension::in, further.in), Dimension::out, further.out);
      // No way leads out by the interface it came in by, so none of those counts against a packet.
      PacketSet ways = s.unite(passed, hairpins(further.chains->packets()));
      PacketSet all = s.intersect(some, s.every(s.every(ways, Dimension::in, further.in), Dimension::out, further.out));
      PacketSet unknown = further.chains->packets().predicate(
          {"the way through " + further.at->firewall->name, "which interfaces of this firewall packets pass is not known", true},
          further.ruleset->span);
      passed = some == all ? all : s.unite(all, s.intersect(some, unknown));
      // To it the packet is new, not translated and not marked, whatever it was to the one before.
      target = s.exists(s.exists(s.exists(passed, Dimension::state), Dimension::nat), Dimension::marks);
    } else {
      target = s.intersect(target, passage.chains->packets().predicate(
                                       {further.at->firewall->name + " lets it through",
                                        "no dump of this address family was given for " + further.at->firewall->name, true},
                                       further.at->firewall->rulesets.front().span));
    }
    ChainSets* before = k == 0 ? passage.chains : passage.then[k - 1].chains;
    if (before) target = leaving(*before, k == 0 ? passage.hook : passage.then[k - 1].hook, target);
  }
  return target;
}

// Translations only: what the filters make of the packets is another question.
PacketSet Exposure::before_path(const Passage& passage, PacketSet wanted) const {
  Space& s = passage.chains->space();
  for (std::size_t k = passage.then.size(); k-- > 0;) {
    const NextFirewall& further = passage.then[k];
    if (!further.chains || !further.translates()) continue;
    Reach reach(*further.chains);
    PacketSet arrived = s.nothing();
    for (const Flow& flow : further.flows)
      arrived = s.unite(arrived, s.intersect(flow.arrived, reach.before(s.intersect(flow.seen, wanted), flow)));
    wanted = between_firewalls(s, s.possible(arrived));
  }
  return wanted;
}

PacketSet Exposure::at_host(const Passage& passage, PacketSet packets) const {
  Space& s = passage.chains->space();
  for (const NextFirewall& further : passage.then)
    if (further.chains && further.translates())
      packets =
          passed_on(*further.chains, further.hook, further.flows, s.intersect(further.arriving, between_firewalls(s, packets)));
  return packets;
}

// ---- who blocks -------------------------------------------------------------------------------------------------

Exposure::Block Exposure::accepted_by(const Passage& passage, PacketSet wanted) const {
  Space& s = passage.chains->space();
  Reach reach(*passage.chains);
  Block most;
  double share = 0;
  for (const Flow& flow : passage.flows) {
    std::vector<ChainSets::Decided> deciders = reach.acceptors(flow, s.intersect(flow.seen, wanted));
    passage.settle(deciders);
    for (const ChainSets::Decided& d : deciders) {
      // Connections count: that only SYN opens one of TCP makes it no less. Of equals the later line, for exceptions stand first.
      double own = s.share(s.exists(d.packets, Dimension::tcp_flags));
      if (!d.accepted || own < share) continue;
      most = {d.by, &flow, d.packets, passage.at};
      share = own;
    }
  }
  return most;
}

Exposure::Block Exposure::blocked_by(const Passage& passage, PacketSet wanted, bool translated_only) const {
  Space& s = passage.chains->space();
  Reach reach(*passage.chains);
  // A packet that was sent to the host itself is translated into what it was: that is no port forward.
  if (translated_only) wanted = s.intersect(wanted, s.test(Dimension::nat, IntervalSet::of(1)));
  auto deciders = [&](const Flow& flow) {
    std::vector<ChainSets::Decided> out = reach.deciders(flow, s.intersect(flow.seen, wanted));
    passage.settle(out);
    return out;
  };
  // A rule that drops what comes from some countries stops calls from those; whatever drops the rest is what calls miss.
  auto doubtful = [&](const ChainSets::Decided& d) { return s.without_predicates(d.packets).empty(); };
  Block most;
  std::tuple<bool, bool, double> rank;  // surely, by a rule, share
  for (const Flow& flow : passage.flows) {
    if (translated_only && !flow.translation.rule) continue;
    for (const ChainSets::Decided& d : deciders(flow)) {
      if (d.accepted || d.packets.empty()) continue;
      std::tuple own(!doubtful(d), d.by.rule != nullptr, s.share(d.packets));
      if (most.by.chain && own <= rank) continue;
      most = {d.by, &flow, d.packets, passage.at};
      rank = own;
    }
  }
  if (most.by.chain) return most;
  // This firewall lets them through: then the first of the next that stops some of them however they come to it. `there` is
  // what comes to the next one, as it sees it.
  std::vector<Flow> flows;
  for (const Flow& flow : passage.flows)
    if (!translated_only || flow.translation.rule) flows.push_back(flow);
  for (Flow& flow : flows) {
    PacketSet passing = s.nothing();
    for (const ChainSets::Decided& d : deciders(flow))
      if (d.accepted) passing = s.unite(passing, d.packets);
    flow.accepted = s.intersect(passage.arriving, reach.before(passing, flow));
  }
  PacketSet there = passed_on(*passage.chains, passage.hook, flows, s.constant(1));
  for (const NextFirewall& further : passage.then) {
    if (!further.chains) continue;
    Reach way(*further.chains);
    PacketSet passing = s.nothing();
    for (const Flow& flow : further.flows) passing = s.unite(passing, s.possible(flow.accepted));
    PacketSet stopped = s.minus(s.intersect(there, between_firewalls(s, further.arriving)), between_firewalls(s, passing));
    for (const Flow& flow : further.flows)
      for (const ChainSets::Decided& d :
           way.deciders(flow, s.intersect(flow.seen, way.after(s.intersect(flow.arrived, stopped), flow)))) {
        PacketSet theirs = s.intersect(flow.arrived, way.before(d.packets, flow));
        if (d.accepted || s.disjoint(stopped, theirs)) continue;
        PacketSet mine = between_firewalls(s, s.possible(theirs));
        for (const Flow& first : passage.flows) {
          if (translated_only && !first.translation.rule) continue;
          PacketSet here = s.intersect(first.seen, wanted), exactly = s.intersect(here, s.intersect(stopped, mine));
          if (!here.empty()) return {d.by, &first, exactly.empty() ? here : exactly, further.at};
        }
      }
    there = passed_on(*further.chains, further.hook, further.flows, s.intersect(further.arriving, there));
  }
  return {};
}

}  // namespace ipo
