// A witness prefers values a reader recognises, where the set has them; then the packet is traced through the rules like
// any other, firewall after firewall. Where the next one's interfaces are open, those that let it through are taken.
#include <algorithm>
#include <functional>

#include "rules/engine/doubt.h"
#include "rules/engine/trace.h"
#include "rules/exposure/crossing.h"
#include "rules/exposure/exposure.h"
#include "rules/pbx/own_filter.h"
#include "rules/site/bridge.h"

namespace ipo {
namespace {

// The packets of the firewall that have the packet's addresses and ports.
PacketSet like(ChainSets& chains, const Packet& packet, PacketSet out) {
  Space& s = chains.space();
  for (auto [dimension, value] : {std::pair{Dimension::protocol, u128{packet.protocol}},
                                  {Dimension::source, packet.source},
                                  {Dimension::destination, packet.destination},
                                  {Dimension::source_port, u128{packet.source_port}},
                                  {Dimension::destination_port, u128{packet.destination_port}},
                                  {Dimension::tcp_flags, u128{packet.tcp_flags}}})
    if (dimension != Dimension::tcp_flags || packet.protocol == proto_tcp)
      out = s.intersect(out, s.test(dimension, IntervalSet::of(value)));
  return out;
}

// The source that the next firewall sees, where a rule says which. True where a rule gives it one and does not say which.
bool leave(ChainSets& chains, Hook hook, Packet& packet) {
  if (hook != Hook::forward) return false;
  PacketSet here = like(chains, packet, chains.universe());
  for (auto [dimension, name] : {std::pair{Dimension::in, &packet.in}, {Dimension::out, &packet.out}})
    here =
        chains.space().intersect(here, chains.space().test(dimension, chains.packets().interfaces.matching({true, *name, false})));
  for (const NewSource& one : new_sources(chains))
    if (!chains.space().disjoint(here, one.packets)) {
      if (one.addresses.empty()) return true;
      packet.source = one.addresses.begin()->lo;
      return false;
    }
  return false;
}

// The packet's way through the firewalls behind the first, up to the one that stops it.
void follow(const Passage& passage, Packet packet, const std::vector<std::uint32_t>& needed,
            const std::function<Trace(const Ruleset&, const Packet&)>& trace, Exposure::Witness& out) {
  ChainSets* before = passage.chains;
  Hook hook = passage.hook;
  for (const NextFirewall& further : passage.then) {
    if (!further.ruleset) continue;
    const bool any_source = leave(*before, hook, packet);
    Space& s = further.chains->space();
    PacketSet here = like(*further.chains, packet, further.arriving), accepted = s.nothing();
    if (any_source) here = s.intersect(s.exists(here, Dimension::source), further.arriving);
    for (const Flow& flow : further.flows) accepted = s.unite(accepted, s.intersect(flow.accepted, here));
    for (std::uint32_t number : s.predicates_of(accepted))
      if (bool holds_here = std::find(needed.begin(), needed.end(), number) != needed.end()) {
        PacketSet some = s.intersect(accepted, s.predicate(number));
        if (holds_here && !some.empty()) accepted = some;
      }
    PacketSet from = accepted.empty() ? here : accepted;
    if (from.empty()) return;
    std::vector<u128> p = s.pick(from);
    const Interfaces& interfaces = further.chains->packets().interfaces;
    if (any_source) packet.source = p[static_cast<std::size_t>(Dimension::source)];
    packet.hook = further.hook;
    packet.state = State::new_;
    packet.in = interfaces.name(p[static_cast<std::size_t>(Dimension::in)]);
    packet.out = interfaces.name(p[static_cast<std::size_t>(Dimension::out)]);
    Trace way = trace(*further.ruleset, packet);
    out.path.insert(out.path.end(), way.path.begin(), way.path.end());
    out.decided_by.push_back(way.decided_by);
    if (way.verdict != ActionKind::accept) return;
    packet = way.packet;
    before = further.chains, hook = further.hook;
  }
}

}  // namespace

Exposure::Witness Exposure::witness(const Passage& passage, const Flow& flow, PacketSet wanted, RuleRef by) const {
  Space& s = passage.chains->space();
  Reach reach(*passage.chains);
  PacketSpace& packets = passage.chains->packets();
  Family family = passage.ruleset->family;
  PacketSet candidates = s.intersect(flow.accepted, reach.before(wanted, flow));
  if (candidates.empty()) candidates = s.intersect(flow.arrived, reach.before(wanted, flow));      // dropped ones
  if (candidates.empty()) candidates = s.intersect(passage.arriving, reach.before(wanted, flow));  // before any filter
  if (candidates.empty()) candidates = passage.arriving;  // nothing of it comes: any packet shows the way
  // Values a reader recognises, where the set has them.
  auto prefer = [&](Dimension dimension, const IntervalSet& values) {
    if (PacketSet nicer = s.intersect(candidates, s.test(dimension, values)); !nicer.empty()) candidates = nicer;
  };
  if (PacketSet sure = s.without_predicates(candidates); !sure.empty()) candidates = sure;
  if (by.rule) {
    PacketSet matched = passage.chains->match(by.chain_index(*passage.ruleset), by.rule_index());
    if (PacketSet of_rule = s.intersect(candidates, reach.before(matched, flow)); !of_rule.empty()) candidates = of_rule;
  }
  prefer(passage.inbound ? Dimension::out : Dimension::in, passage.ways);
  Dimension far = passage.inbound ? Dimension::source : Dimension::destination;
  Dimension near = passage.inbound ? Dimension::destination : Dimension::source;
  prefer(Dimension::protocol, IntervalSet::of(proto_udp));
  prefer(Dimension::protocol, IntervalSet::of(proto_tcp));
  IntervalSet protocols = s.project(candidates, Dimension::protocol);
  if (protocols.contains(proto_udp)) prefer(Dimension::protocol, IntervalSet::of(proto_udp));
  prefer(far, all_public(family));
  prefer(far, IntervalSet::of(parse_address(family == Family::ipv4 ? "203.0.113.9" : "2001:db8:ffff::9")->value));
  // What is forwarded was sent to a public address; all else to the host itself.
  bool forwarded = flow.translation.rule && !flow.translation.rule->action.translation.to_receiving_interface;
  if (!passage.addresses.empty() && !forwarded) prefer(near, passage.addresses);
  prefer(near, all_public(family));
  prefer(near, IntervalSet::of(parse_address(family == Family::ipv4 ? "192.0.2.1" : "2001:db8::1")->value));
  // The first address of a network is the network's.
  if (Interval first = *s.project(candidates, near).begin(); (first.lo & 255) == 0 && first.lo < first.hi)
    prefer(near, IntervalSet::of(first.lo + 1));
  prefer(Dimension::source_port, IntervalSet::of(40000));
  prefer(Dimension::tcp_flags, IntervalSet::of(tcp_syn));
  Witness out;
  std::vector<std::uint32_t> needed;
  std::vector<u128> p = s.pick(candidates, &needed);
  PacketSet here = s.constant(1);
  for (std::uint32_t d = 0; d < dimension_count; ++d)
    here = s.intersect(here, s.test(static_cast<Dimension>(d), IntervalSet::of(p[d])));
  PacketSet accepted_here = s.intersect(flow.accepted, here);
  // Of the values of undecidable matches those with which the packet comes to that very line.
  if (by.chain && !flow.judges.empty() && !s.predicates_of(accepted_here).empty())
    for (const ChainSets::Decided& d : reach.acceptors(flow, s.intersect(flow.seen, reach.after(s.possible(accepted_here), flow))))
      if (d.by == by)
        if (PacketSet its = s.intersect(accepted_here, reach.before(d.packets, flow)); !its.empty()) s.pick(its, &needed);
  auto value = [&](Dimension d) { return p[static_cast<std::size_t>(d)]; };
  out.packet.hook = passage.hook;
  out.packet.family = family;
  out.packet.protocol = static_cast<std::uint8_t>(value(Dimension::protocol));
  out.packet.in = packets.interfaces.name(value(Dimension::in));
  out.packet.out = packets.interfaces.name(value(Dimension::out));
  name_by_ports(*passage.at, passage.inbound, out.packet);
  out.packet.source = value(Dimension::source);
  out.packet.destination = value(Dimension::destination);
  out.packet.source_port = static_cast<std::uint16_t>(value(Dimension::source_port));
  out.packet.destination_port = static_cast<std::uint16_t>(value(Dimension::destination_port));
  out.packet.tcp_flags = static_cast<std::uint8_t>(value(Dimension::tcp_flags));
  Valuation holds = [&](const OpaqueTest& test, SourceSpan place) {
    if (auto said = passage.known(test.about)) return *said;
    auto number = packets.number_of(test, place);
    return number && std::find(needed.begin(), needed.end(), *number) != needed.end();
  };
  auto trace = [&](const Ruleset& ruleset, const Packet& packet) {
    return tracers_.try_emplace(&ruleset, ruleset).first->second.of(packet, holds);
  };
  Trace first = trace(*passage.ruleset, out.packet);
  out.path = std::move(first.path);
  out.returned = std::move(first.returned);
  out.decided_by.push_back(first.decided_by);
  if (first.verdict == ActionKind::accept) follow(passage, first.packet, needed, trace, out);
  // The doubt is every undecidable match this very packet's acceptance depends on.
  const std::vector<std::uint32_t> depends_on = s.predicates_of(accepted_here);
  for (std::uint32_t number : depends_on) {
    const Predicate& predicate = packets.predicates()[number];
    bool taken_to_hold = std::find(needed.begin(), needed.end(), number) != needed.end();
    // The sender's own choice is no doubt.
    if (passage.inbound && predicate.about.as_sent == taken_to_hold) continue;
    Doubt doubt{doubt_about(predicate, taken_to_hold), predicate.span};
    auto same = [&](const Doubt& d) { return d.why == doubt.why && d.span == doubt.span; };
    if (std::none_of(out.doubt.begin(), out.doubt.end(), same)) out.doubt.push_back(std::move(doubt));
  }
  SourceSpan place = by.chain ? by.span() : out.decided_by.front();
  // So is the interface it leaves by, unless it would get through by every one if only those matches were in its favour.
  if (const Passage::Lead& lead = passage.lead_to(first.packet.destination); passage.needs_every_way() && !lead.certain) {
    PacketSet anyhow = s.exists(here, Dimension::out), accepted = s.intersect(flow.accepted, anyhow);
    PacketSet passing = s.intersect(s.unite(accepted, hairpins(packets)), anyhow);
    PacketSet by_every = s.every(passing, Dimension::out, lead.ways);
    for (std::uint32_t number : depends_on) by_every = s.unite(s.assume(by_every, number, true), s.assume(by_every, number, false));
    if (s.proven(by_every).empty()) {
      if (first.out_asked) {
        place = *first.out_asked;
      } else if (PacketSet stopped = s.minus(s.intersect(anyhow, s.test(Dimension::out, lead.ways)), s.possible(passing));
                 !stopped.empty()) {
        // No rule of its way asks: then one that stops it on another way does.
        Packet other = out.packet;
        other.out = packets.interfaces.name(s.pick(stopped)[static_cast<std::size_t>(Dimension::out)]);
        if (Trace way = trace(*passage.ruleset, other); way.out_asked) place = *way.out_asked;
      }
      out.doubt.push_back({"which interface leads to " + format_addresses(lead.addresses, family) + " is not known", place});
    }
  }
  if (passage.inbound)
    for (const auto& [addresses, profile] : behind_own_filter(passage.host, family))
      out.doubt.push_back(
          {"what the PBX's own filter in front of " + format_addresses(addresses, family) + " lets through is not known",
           profile->value.span});
  if (!passage.unlocated.empty()) out.doubt.push_back({passage.unlocated, place});
  return out;
}

}  // namespace ipo
