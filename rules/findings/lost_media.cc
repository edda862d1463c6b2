// A port of the range is open where some packet that is sent to that very port is led to it: whoever calls sends to the port the PBX
// announced, so a forward that moves ports is none of media.
#include "rules/findings/lost_media.h"

#include <algorithm>

#include "rules/pbx/own_ports.h"

namespace ipo {
namespace {

// Packets led to the host at the port they were sent to.
PacketSet led_as_sent(const Passage& passage) {
  Space& s = passage.chains->space();
  Reach reach(*passage.chains);
  PacketSet out = s.nothing();
  for (const Flow& flow : passage.flows) out = s.unite(out, reach.after(s.possible(reach.keeping_port(flow.accepted, flow)), flow));
  return s.intersect(out, led_by_others(passage));
}

}  // namespace

MediaRange calls_media(const Judgement& judgement, const Host* host) {
  MediaRange range = media_range(host, parse_release(judgement.matrix.release));
  // Whatever the platform is: that a port is not asked for is no claim.
  Host any;
  any.products = {"ip-office"};
  for (const OwnPort& own : own_ports(judgement.matrix, any, proto_udp)) {
    if (own.row->id == "ip-office/ingress/27" || own.row->id == "ip-office/ingress/46") continue;
    range.needed = range.needed.minus(own.ports);
    range.perhaps = range.perhaps.minus(own.ports);
  }
  return range;
}

std::vector<HostAt> media_parts(const Judgement& judgement, const Passage& passage) {
  // Where another firewall gave its packets a source, which LAN they are from is not seen any more.
  if (passage.addresses.empty()) return {{passage.host, {}, {}}};
  std::vector<HostAt> out = judgement.exposure.parts_of(passage);
  if (out.size() == 1) return {{out.front().host, {}, {}}};
  // What is of no LAN may be of either.
  if (HostAt& rest = out.back(); rest.lan.empty()) {
    for (HostAt& part : out) part.addresses.add(rest.addresses);
    out.pop_back();
  }
  return out;
}

std::optional<LostMedia> lost_media(const Judgement& judgement, const Ways& ways, const HostAt& part, const IntervalSet& range,
                                    const IntervalSet& to) {
  if (ways.empty() || range.empty()) return {};
  bool inbound = ways.front()->inbound;
  Dimension side = inbound ? Dimension::destination_port : Dimension::source_port;
  auto media = [&](const Passage& passage, const IntervalSet& ports) {
    Space& s = passage.chains->space();
    PacketSet out = s.intersect(s.test(Dimension::protocol, IntervalSet::of(proto_udp)), s.test(side, ports));
    if (inbound) return s.intersect(out, judgement.exposure.to_part(passage, part));
    if (!part.addresses.empty()) out = s.intersect(out, s.test(Dimension::source, part.addresses));
    return s.intersect(out, s.test(Dimension::destination_port, to));
  };
  std::optional<IntervalSet> closed;
  for (const Passage* passage : ways) {
    if (!comes(*passage, media(*passage, range))) continue;
    Space& s = passage->chains->space();
    PacketSet led = inbound ? led_as_sent(*passage) : passage->led;
    IntervalSet here = range.minus(s.project(s.intersect(led, media(*passage, range)), side));
    closed = closed ? closed->intersected(here) : here;
  }
  if (!closed || closed->empty()) return {};
  Ways carrying;
  for (const Passage* passage : ways)
    if (comes(*passage, media(*passage, range))) carrying.push_back(passage);
  const Passage& passage = telling(carrying);
  LostMedia out{why_blocked(judgement, passage, media(passage, *closed)), *closed, nullptr};
  if (!inbound) return out;
  Space& s = passage.chains->space();
  PacketSet led = s.intersect(led_by_others(passage), media(passage, *closed));
  for (const Flow& flow : passage.flows)
    if (flow.translation.rule && !s.disjoint(Reach(*passage.chains).after(s.possible(flow.accepted), flow), led)) out.moved = &flow;
  return out;
}

}  // namespace ipo
