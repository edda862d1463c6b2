// The openings of the passage are cut with the packets; what is surely let through decides before what may be.
#include "rules/findings/reached.h"

#include <algorithm>
#include <array>

#include "rules/findings/exposure_findings.h"
#include "rules/pbx/own_ports.h"

namespace ipo {

std::string_view name_of(Status status) {
  return status == Status::open ? "open" : status == Status::possible ? "possible" : "closed";
}

Reached reached(const Exposure& exposure, const Passage& passage, PacketSet wanted) {
  Space& s = passage.chains->space();
  Reached out;
  out.passage = &passage;
  out.wanted = wanted;
  PacketSet proven = s.nothing(), possible = s.nothing();
  std::vector<const Opening*> perhaps;
  // With the host's own address nobody gets an answer.
  auto of_others = [&](PacketSet packets) {
    bool any = passage.addresses.empty() || !s.minus(packets, s.test(Dimension::source, passage.addresses)).empty();
    return any ? packets : s.nothing();
  };
  for (const Opening& o : exposure.openings(passage)) {
    if (o.passage != &passage) continue;
    PacketSet sure = of_others(s.intersect(o.proven, wanted)), maybe = of_others(s.intersect(o.possible, wanted));
    if (!sure.empty())
      out.by.push_back(&o);
    else if (!maybe.empty())
      perhaps.push_back(&o);
    proven = s.unite(proven, sure);
    possible = s.unite(possible, maybe);
  }
  // A rule says more than a policy that may or may not hold, and what a forward leads more than what counts only if it is routed.
  std::stable_partition(perhaps.begin(), perhaps.end(), [](const Opening* o) { return o->by.rule != nullptr; });
  for (auto* lines : {&out.by, &perhaps})
    std::stable_partition(lines->begin(), lines->end(), [](const Opening* o) { return o->routed; });
  out.by.insert(out.by.end(), perhaps.begin(), perhaps.end());
  out.status = !proven.empty() ? Status::open : !possible.empty() ? Status::possible : Status::closed;
  out.packets = out.status == Status::open ? proven : possible;
  return out;
}

Reached reached(const Exposure& exposure, const Passage& passage, const MatrixRow& row) {
  return reached(exposure, passage, exposure.row_packets(passage, row));
}

std::vector<Reached> told_apart(const Exposure& exposure, const Passage& passage, PacketSet wanted) {
  Space& s = passage.chains->space();
  PacketSet sure = s.nothing(), maybe = s.nothing();
  for (const Opening* o : reached(exposure, passage, wanted).by) {
    sure = s.unite(sure, s.intersect(o->proven, wanted));
    maybe = s.unite(maybe, s.intersect(o->possible, wanted));
  }
  std::array<PacketSet, 3> parts = {s.nothing(), s.nothing(), s.nothing()};
  for (std::uint8_t protocol : {proto_tcp, proto_udp}) {
    PacketSet of = s.test(Dimension::protocol, IntervalSet::of(protocol)), asked = s.intersect(wanted, of);
    IntervalSet open = s.project(s.intersect(sure, of), Dimension::destination_port);
    IntervalSet possible = s.project(s.intersect(maybe, of), Dimension::destination_port).minus(open);
    IntervalSet closed = s.project(asked, Dimension::destination_port).minus(open).minus(possible);
    std::size_t part = 0;
    for (const IntervalSet* ports : {&open, &possible, &closed}) {
      parts[part] = s.unite(parts[part], s.intersect(asked, s.test(Dimension::destination_port, *ports)));
      ++part;
    }
  }
  std::vector<Reached> out;
  for (PacketSet part : parts)
    if (!part.empty()) out.push_back(reached(exposure, passage, part));
  return out;
}

std::string format_ports(const std::map<std::uint8_t, IntervalSet>& by_transport) {
  std::string out;
  for (auto at = by_transport.begin(); at != by_transport.end(); ++at) {
    if (std::any_of(by_transport.begin(), at, [&](const auto& other) { return other.second == at->second; })) continue;
    std::string names;
    for (const auto& [protocol, same] : by_transport)
      if (same == at->second) names += (names.empty() ? "" : "+") + protocol_name(protocol);
    out += (out.empty() ? "" : ", ") + names + "/" + ipo::format_ports(at->second);
  }
  return out;
}

Answer explain(const Exposure& exposure, const Reached& reached) {
  const Passage& passage = *reached.passage;
  Space& s = passage.chains->space();
  Answer out;
  auto take = [&](Exposure::Witness witness) {
    out.witness = witness.packet;
    out.path = std::move(witness.path);
    out.doubt = std::move(witness.doubt);
  };
  auto ports_of = [&](PacketSet packets) {
    std::map<std::uint8_t, IntervalSet> by_transport;
    IntervalSet protocols = s.project(packets, Dimension::protocol);
    for (std::uint8_t protocol : {proto_tcp, proto_udp}) {
      if (!protocols.contains(protocol)) continue;
      PacketSet of = s.intersect(packets, s.test(Dimension::protocol, IntervalSet::of(protocol)));
      IntervalSet ports = s.project(exposure.at_host(passage, of), Dimension::destination_port);
      // What no firewall on the way passes on has its ports as it was sent.
      by_transport[protocol] = ports.empty() ? s.project(of, Dimension::destination_port) : std::move(ports);
    }
    return by_transport;
  };
  if (reached.status == Status::closed) {
    out.asked = ports_of(reached.wanted);
    PacketSet asked = s.intersect(reached.wanted, s.possible(passage.to_host));
    // What a forward leads here says which firewall stops it; that nobody routes a private address is no firewall's doing.
    Exposure::Block block = passage.unrouted.empty() ? Exposure::Block() : exposure.blocked_by(passage, asked, true);
    if (!block.by.chain) block = exposure.blocked_by(passage, asked, false);
    if (!block.by.chain) return out;
    out.lines = {block.by.span()};
    take(exposure.witness(passage, *block.flow, block.packets));
    out.doubt.clear();  // that it does not pass is sure
    return out;
  }
  out.sources = s.project(reached.packets, Dimension::source);
  out.ports = s.project(exposure.at_host(passage, reached.packets), Dimension::destination_port);
  out.any = is_anyone(out.sources, passage.ruleset->family);
  out.by_transport = ports_of(reached.packets);
  for (const auto& [protocol, ports] : out.by_transport) out.transports.push_back(protocol);
  out.if_routed = s.minus(reached.packets, passage.unrouted).empty();
  for (const Opening* o : reached.by) {
    SourceSpan line = line_to_change(*o).span();
    if (std::find(out.lines.begin(), out.lines.end(), line) == out.lines.end()) out.lines.push_back(line);
  }
  const Opening& first = *reached.by.front();
  PacketSet of_line = reached.status == Status::open ? first.proven : first.possible;
  take(exposure.witness(passage, *first.flow, s.intersect(of_line, reached.packets), first.by));
  if (reached.status == Status::open) out.doubt.clear();
  return out;
}

std::vector<RowReached> exposure_table(const Exposure& exposure, const PortMatrix& matrix) {
  std::vector<RowReached> out;
  for (const auto& passage : exposure.passages()) {
    if (!passage->inbound) continue;
    for (const MatrixRow& row : matrix.rows)
      if (row.direction != "egress" && applies(row, passage->host) && !listening_ports(row, passage->host).empty())
        out.push_back({&row, reached(exposure, *passage, row)});
    Space& s = passage->chains->space();
    PacketSet others = s.nothing();
    auto at = [&](std::uint8_t protocol, const IntervalSet& ports) {
      return s.intersect(s.test(Dimension::protocol, IntervalSet::of(protocol)), s.test(Dimension::destination_port, ports));
    };
    // What the settings moved away from, and nothing else of the host waits on.
    std::array<IntervalSet, 2> used;
    constexpr std::array<std::uint8_t, 2> protocols = {proto_tcp, proto_udp};
    auto each = [&](auto visit) {
      for (const MatrixRow& row : matrix.rows)
        if (row.direction != "egress" && applies(row, passage->host)) visit(row);
    };
    each([&](const MatrixRow& row) {
      for (std::size_t t = 0; t < protocols.size(); ++t)
        if (row.has_transport(protocols[t])) used[t].add(listening_ports(row, passage->host, protocols[t]));
    });
    IntervalSet left_udp;
    each([&](const MatrixRow& row) {
      PacketSet left = s.nothing();
      for (std::size_t t = 0; t < protocols.size(); ++t) {
        IntervalSet ports = row.has_transport(protocols[t]) ? row.port_set().minus(used[t]) : IntervalSet();
        if (ports.empty()) continue;
        left = s.unite(left, at(protocols[t], ports));
        if (protocols[t] == proto_udp) left_udp.add(ports);
      }
      if (left.empty()) return;
      Reached here = reached(exposure, *passage, exposure.before_path(*passage, left));
      if (here.status != Status::closed) out.push_back({nullptr, std::move(here), &row});
    });
    for (const Opening& o : exposure.openings(*passage)) {
      if (o.passage != passage.get()) continue;
      others = s.unite(others, s.unite(at(proto_tcp, o.undocumented_tcp), at(proto_udp, o.undocumented_udp.minus(left_udp))));
    }
    if (!others.empty()) out.push_back({nullptr, reached(exposure, *passage, exposure.before_path(*passage, others))});
  }
  return out;
}

}  // namespace ipo
