// A passage to addresses is made from one to a zone: its packets with the other end's interface and address set free, cut with
// the addresses, and sent through the hook again.
#include "rules/blocked.h"

#include <algorithm>

#include "rules/exposure_findings.h"
#include "rules/required.h"

namespace ipo {
namespace {

bool in_zone(const Zone& zone, Address address) {
  return std::any_of(zone.sources.begin(), zone.sources.end(), [&](const Located<MaskedAddress>& s) {
    return s.value.family == address.family && addresses_of(s.value).contains(address.value);
  });
}

}  // namespace

Passage passage_of(const Passage& passage, const IntervalSet& addresses) {
  ChainSets& chains = *passage.chains;
  Space& s = chains.space();
  Reach reach(chains);
  Passage out = passage;
  Dimension side = passage.inbound ? Dimension::in : Dimension::out, end = passage.inbound ? Dimension::source : Dimension::destination;
  const Interfaces& interfaces = chains.packets().interfaces;
  PacketSet free = s.exists(s.exists(passage.arriving, side), end);
  free = s.intersect(free, s.test(side, interfaces.all().minus(interfaces.matching({true, "lo", false}))));
  // What leaves by the interface it came in by does not meet the other side.
  if (out.hook == Hook::forward)
    for (u128 i : interfaces.single())
      free = s.minus(free, s.intersect(s.test(Dimension::in, IntervalSet::of(i)), s.test(Dimension::out, IntervalSet::of(i))));
  out.arriving = s.intersect(free, s.test(end, addresses));
  out.flows.clear();
  out.possible = s.nothing();
  for (Flow& flow : reach.flows(out.hook, out.arriving)) {
    if (out.inbound) flow.accepted = s.intersect(flow.accepted, reach.before(out.target, flow));
    out.possible = s.unite(out.possible, reach.after(s.possible(flow.accepted), flow));
    out.flows.push_back(std::move(flow));
  }
  return out;
}

bool comes_by(const Judgement& judgement, const Passage& passage, Address address) {
  if (passage.hook != Hook::forward) return true;
  if (is_public(address)) return true;
  if (passage.addresses.empty()) return false;
  Address own{passage.ruleset->family, passage.addresses.begin()->lo};
  for (const Zone& zone : judgement.site.zones)
    if (in_zone(zone, address)) return !in_zone(zone, own);
  bool certain = false, own_certain = false;
  std::vector<InterfaceTest> elsewhere, there = passage.at->inside(address, certain, elsewhere),
                             here = passage.at->inside(own, own_certain, elsewhere);
  return certain && own_certain && std::none_of(there.begin(), there.end(), [&](const InterfaceTest& i) { return has_interface(here, i); });
}

PacketSet packets_to(const Passage& passage, std::uint8_t protocol, const IntervalSet& ports) {
  Space& s = passage.chains->space();
  return s.intersect(s.test(Dimension::protocol, IntervalSet::of(protocol)), s.test(Dimension::destination_port, ports));
}

PacketSet packets_of(const Judgement& judgement, const Passage& passage, const MatrixRow& row) {
  if (passage.inbound) return judgement.exposure.row_packets(passage, row);
  Space& s = passage.chains->space();
  PacketSet out = s.nothing();
  for (std::uint8_t protocol : {proto_tcp, proto_udp})
    if (row.has_transport(protocol)) out = s.unite(out, packets_to(passage, protocol, row.port_set()));
  return out;
}

bool is_blocked(const Passage& passage, PacketSet wanted) {
  Space& s = passage.chains->space();
  if (!passage.inbound) return !s.disjoint(passage.arriving, wanted) && s.disjoint(passage.possible, wanted);
  return !passage.arriving.empty() && s.disjoint(passage.possible, wanted);
}

Finding blocked_finding(const Judgement& judgement, std::string_view check, Level level, const Passage& passage, PacketSet wanted) {
  Space& s = passage.chains->space();
  PacketSet asked = passage.inbound ? s.intersect(wanted, s.possible(passage.to_host)) : wanted;
  Exposure::Block block = judgement.exposure.blocked_by(passage, asked, false);
  Finding f;
  f.check = check;
  f.level = passage.inbound ? level_at(level, passage) : level;
  f.hook = name_of(passage.hook);
  if (block.by.chain) {
    f.span = block.by.span();
    Exposure::Witness witness = judgement.exposure.witness(passage, *block.flow, block.packets);
    f.witness = witness.packet;
    f.path = std::move(witness.path);
    f.identity = rule_text(judgement, block.by);
  } else {
    f.span = {passage.ruleset->span.source, passage.ruleset->span.begin, passage.ruleset->span.begin};
  }
  return f;
}

std::string format_row_ports(const MatrixRow& row, const IntervalSet& ports) {
  std::string out;
  for (const std::string& transport : row.transports) out += (out.empty() ? "" : "+") + transport;
  return out + "/" + format_ports(ports);
}

}  // namespace ipo
