// For each firewall and host the zone's opening packets are sent through the hook; what the last filter chain accepts is
// split by the accepting line and cut with the matrix rows. Proven is what holds for every undecidable match and for
// every interface the host may be behind; possible is the rest of what may pass.
#include "rules/exposure.h"

#include "rules/engine/trace.h"

#include <algorithm>
#include <map>
#include <set>

namespace ipo {
namespace {

constexpr std::uint32_t half_of_all_ports = 32768;

IntervalSet public_addresses(Family family) {
  if (family == Family::ipv6) return IntervalSet::range(u128{1} << 125, (u128{1} << 126) - 1);
  IntervalSet out;
  for (u128 block = 0; block < 256; ++block) {
    // Every reserved range is a union of /16s, but for 100.64/10, which is one of /16s as well.
    for (u128 second = 0; second < 256; ++second)
      if (u128 lo = block << 24 | second << 16; is_public({family, lo})) out.add(lo, lo | 0xffff);
  }
  return out;
}

const IntervalSet& all_public(Family family) {
  static const IntervalSet v4 = public_addresses(Family::ipv4), v6 = public_addresses(Family::ipv6);
  return family == Family::ipv4 ? v4 : v6;
}

// "1-100" style keys of configured ports, by row of the IP Office ingress table.
struct MovedPort {
  int row;
  std::vector<std::string_view> keys;  // any given key replaces the row's ports
};
const std::vector<MovedPort>& moved_ports() {
  static const std::vector<MovedPort> list = {
      {5, {"http.port"}},
      {7, {"snmp.port"}},
      {9, {"https.port"}},
      {16, {"lan1.sip.udp_port", "lan1.sip.tcp_port", "lan1.sip.tls_port", "lan2.sip.udp_port", "lan2.sip.tcp_port", "lan2.sip.tls_port"}},
      {20, {"vnc.port"}}};
  return list;
}

// Who has no row before another is graver: what gives the PBX away first, then what only opens it to attack.
int gravity(const MatrixRow& row) {
  static const std::vector<std::string_view> order = {
      "ip-office/ingress/44", "ip-office/ingress/15", "ip-office/ingress/22", "ip-office/ingress/21", "ip-office/ingress/37",
      "ip-office/ingress/41", "ip-office/ingress/39", "ip-office/ingress/4",  "ip-office/ingress/7",  "ip-office/ingress/31",
      "ip-office/ingress/25", "ip-office/ingress/26", "ip-office/ingress/23", "ip-office/ingress/16", "ip-office/ingress/20",
      "ip-office/ingress/5"};
  return static_cast<int>(std::find(order.begin(), order.end(), row.id) - order.begin());
}

bool names_ports(const Rule& rule) {
  for (const Condition& c : rule.conditions)
    for (const Test& test : c.any_of)
      if (auto* field = std::get_if<FieldTest>(&test); field && field->field == Field::destination_port) return true;
  return false;
}

}  // namespace

IntervalSet public_part(const IntervalSet& addresses, Family family) { return addresses.intersected(all_public(family)); }

bool is_anyone(const IntervalSet& sources, Family family) {
  return public_part(sources, family).size() > (family == Family::ipv4 ? u128{1} << 24 : u128{1} << 96);
}

IntervalSet ports_of(const MatrixRow& row, const Host* host) {
  if (!host || row.product != "ip-office" || row.direction != "ingress") return row.port_set();
  IntervalSet moved;
  for (const MovedPort& m : moved_ports())
    if (m.row == row.number)
      for (std::string_view key : m.keys)
        if (auto port = host->number(key); port && *port > 0 && *port < 65536) moved.add(*port, *port);
  if (row.number == 27)
    for (std::string lan : {"lan1", "lan2"})
      if (auto lo = host->number(lan + ".rtp.min"), hi = host->number(lan + ".rtp.max"); lo && hi && *hi < 65536)
        moved.add(*lo, *hi);
  // The service ports keep their distance from the base port, 50804 by default.
  if (row.number >= 37 && row.number <= 43)
    if (auto base = host->number("services.base_port"); base && *base < 65520)
      moved.add(*base + row.ports.front().first - 50804, *base + row.ports.front().first - 50804);
  return moved.empty() ? row.port_set() : moved;
}

bool applies(const MatrixRow& row, const Host& host) {
  if (std::find(host.products.begin(), host.products.end(), row.product) == host.products.end()) return false;
  return row.platforms.empty() || host.platform.empty() ||
         std::find(row.platforms.begin(), row.platforms.end(), host.platform) != row.platforms.end();
}

Exposure::Exposure(const Site& site, const std::vector<Standing>& standings, const PortMatrix& matrix)
    : site_(site), matrix_(matrix) {
  for (const Standing& standing : standings) {
    spaces_.push_back(std::make_unique<PacketSpace>(*standing.firewall, standing.internet));
    for (const Ruleset& ruleset : standing.firewall->rulesets) {
      std::size_t passages = passages_.size(), openings = openings_.size();
      try {
        judge(standing, ruleset, *spaces_.back());
      } catch (const SpaceExhausted& e) {
        passages_.resize(passages);
        openings_.resize(openings);
        failures_.push_back({e.what(), ruleset.span});
      }
    }
  }
  // In sum: many limited lines can let everybody in.
  std::map<std::pair<const Passage*, const MatrixRow*>, std::pair<IntervalSet, bool>> sums;
  for (const Opening& o : openings_)
    for (const RowHit& hit : o.hits) {
      auto& [sources, single] = sums[{o.passage, hit.row}];
      sources.add(hit.sources);
      single = single || hit.any;
    }
  for (Opening& o : openings_)
    for (RowHit& hit : o.hits)
      if (auto& [sources, single] = sums[{o.passage, hit.row}]; !single)
        hit.any = is_anyone(sources, o.passage->ruleset->family);
  // A private address counts "if routed" only for rows and ports no translation leads to: else it is the same exposure
  // again.
  struct Translated {
    std::map<const MatrixRow*, bool> rows;  // whether for anyone
    IntervalSet tcp, udp;
  };
  std::map<const Passage*, Translated> translated;
  for (const Opening& o : openings_)
    if (o.flow->translation.rule) {
      Translated& t = translated[o.passage];
      for (const RowHit& hit : o.hits) t.rows[hit.row] = t.rows[hit.row] || hit.any;
      t.tcp.add(o.undocumented_tcp);
      t.udp.add(o.undocumented_udp);
    }
  for (Opening& o : openings_)
    if (!o.routed) {
      Translated& t = translated[o.passage];
      std::erase_if(o.hits, [&](RowHit& hit) {
        auto row = t.rows.find(hit.row);
        hit.beside_forward = row != t.rows.end();
        return hit.beside_forward && (row->second || !hit.any);
      });
      o.undocumented_tcp = o.undocumented_tcp.minus(t.tcp);
      o.undocumented_udp = o.undocumented_udp.minus(t.udp);
    }
  std::stable_sort(openings_.begin(), openings_.end(),
                   [](const Opening& a, const Opening& b) { return a.by.span() < b.by.span(); });
}

void Exposure::judge(const Standing& standing, const Ruleset& ruleset, PacketSpace& packets) {
  chains_.push_back(std::make_unique<ChainSets>(packets, ruleset));
  ChainSets& chains = *chains_.back();
  Space& s = packets.space;
  // Packets that open something: new, not yet translated, and for tcp a lone SYN.
  IntervalSet lone_syn;
  for (unsigned flags = 0; flags < 64; ++flags)
    if ((flags & (tcp_fin | tcp_syn | tcp_rst | tcp_ack)) == tcp_syn) lone_syn.add(flags, flags);
  PacketSet tcp = s.test(Dimension::protocol, IntervalSet::of(proto_tcp));
  PacketSet opening = s.intersect(chains.universe(), s.test(Dimension::state, IntervalSet::of(0)));
  opening = s.intersect(opening, s.test(Dimension::nat, IntervalSet::of(0)));
  opening = s.unite(s.minus(opening, tcp),
                    s.intersect(s.intersect(opening, tcp), s.test(Dimension::tcp_flags, lone_syn)));

  const Interfaces& interfaces = packets.interfaces;
  IntervalSet outside, loopback = interfaces.matching({true, "lo", false});
  for (const InterfaceTest& test : standing.internet) outside.add(interfaces.matching(test));
  bool known_side = !outside.empty();
  if (!known_side) {
    outside = interfaces.all().minus(loopback);
    for (u128 i : interfaces.single())
      if (is_tunnel(interfaces.name(i))) outside = outside.minus(IntervalSet::of(i));
  }

  // `side`: the interface dimension on the internet's side of the firewall.
  auto on_the_internet = [&](Dimension side, Dimension address) {
    PacketSet zone = s.intersect(opening, s.test(side, outside));
    return known_side ? zone : s.intersect(zone, s.test(address, all_public(ruleset.family)));
  };

  // What leaves by the interface it came in by does not cross from one side to the other.
  PacketSet hairpin = s.nothing();
  for (u128 i : interfaces.single())
    hairpin = s.unite(hairpin, s.intersect(s.test(Dimension::in, IntervalSet::of(i)), s.test(Dimension::out, IntervalSet::of(i))));

  std::vector<const Host*> hosts;
  for (const Host& host : site_.hosts)
    if (std::find(host.products.begin(), host.products.end(), "ip-office") != host.products.end()) hosts.push_back(&host);
  bool located = false;
  for (const Host* host : hosts) located = located || !host->addresses.empty();

  // `doubt`: why the passage may not lead to the PBX at all; empty where it does.
  auto judge_host = [&](const Host* host, Hook hook, const char* doubt) {
    Passage in;
    in.at = &standing, in.ruleset = &ruleset, in.chains = &chains, in.hook = hook, in.host = host, in.unlocated = doubt;
    bool certain = true;
    IntervalSet inner;
    std::vector<InterfaceTest> elsewhere;
    if (host)
      for (const Located<Address>& address : host->addresses) {
        if (address.value.family != ruleset.family) continue;
        in.addresses.add(address.value.value, address.value.value);
        if (hook != Hook::forward) continue;
        bool sure = true;
        for (const InterfaceTest& test : standing.inside(address.value, sure, elsewhere)) inner.add(interfaces.matching(test));
        certain = certain && sure;
      }
    if (!host) standing.inside({}, certain, elsewhere);
    IntervalSet none = IntervalSet::of(0);
    if (inner.empty()) {
      inner = interfaces.all().minus(known_side ? outside.united(loopback) : loopback);
      for (const InterfaceTest& test : elsewhere) inner = inner.minus(interfaces.matching(test));
    }
    if (inner.empty()) inner = interfaces.all().minus(loopback);
    in.path_certain = certain || !host;
    Passage out = in;
    out.inbound = false;
    out.hook = hook == Hook::forward ? Hook::forward : Hook::output;
    PacketSet zone = on_the_internet(Dimension::in, Dimension::source);
    pass(in, s.minus(s.intersect(zone, s.test(Dimension::out, hook == Hook::forward ? inner : none)), hairpin));
    if (!in.unlocated.empty()) return;
    zone = on_the_internet(Dimension::out, Dimension::destination);
    pass(out, s.minus(s.intersect(zone, s.test(Dimension::in, hook == Hook::forward ? inner : none)), hairpin));
  };

  constexpr const char* unknown_address = "the address of the PBX is not known; pass --pbx";
  if (standing.protects_itself) {
    judge_host(hosts.empty() ? nullptr : hosts.front(), Hook::input, "");
    return;
  }
  if (!located) {
    judge_host(nullptr, Hook::forward, unknown_address);
    judge_host(nullptr, Hook::input, unknown_address);
    return;
  }
  for (const Host* host : hosts) {
    bool in_family = false, mentioned = false;
    for (const Located<Address>& address : host->addresses) {
      in_family = in_family || address.value.family == ruleset.family;
      mentioned = mentioned || standing.mentions(address.value);
    }
    if (host->addresses.empty()) continue;
    if (!in_family) {
      judge_host(nullptr, Hook::forward, "no address of the PBX is known in this address family; pass --pbx");
      continue;
    }
    judge_host(host, Hook::forward, "");
    // Rules that know no uplink and never speak of the PBX or its network may be the PBX's own, whatever else they do.
    if (!mentioned && standing.internet.empty()) judge_host(host, Hook::input, "whether this firewall runs on the PBX itself is not known");
  }
}

void Exposure::pass(Passage passage, PacketSet zone) {
  ChainSets& chains = *passage.chains;
  Space& s = chains.space();
  Reach reach(chains);
  if (!reach.last_filter(passage.hook)) return;
  if (!passage.inbound && !passage.addresses.empty() && passage.hook == Hook::forward)
    zone = s.intersect(zone, s.test(Dimension::source, passage.addresses));
  passage.arriving = zone;
  PacketSet to_host = s.constant(1);
  if (passage.inbound && !passage.addresses.empty()) to_host = s.test(Dimension::destination, passage.addresses);
  IntervalSet outs = s.project(zone, Dimension::out);
  for (Flow& flow : reach.flows(passage.hook, zone)) {
    // A port forward to some other machine is none of this host's business; without its address, at INPUT, neither is
    // any forward but one to the firewall itself.
    if (passage.hook == Hook::input && flow.translation.rule && passage.addresses.empty() &&
        !flow.translation.rule->action.translation.to_receiving_interface)
      continue;
    if (passage.inbound) flow.accepted = s.intersect(flow.accepted, reach.before(to_host, flow));
    if (flow.accepted.empty() && s.intersect(flow.seen, to_host).empty()) continue;
    // Which interface leads to the host is the routing's business: proven needs all of them to agree.
    PacketSet on_every_way = flow.accepted;
    if (passage.hook == Hook::forward && passage.inbound && !passage.path_certain)
      on_every_way = s.every(flow.accepted, Dimension::out, outs);
    flow.proven = s.intersect(reach.after(s.proven(reach.exact(on_every_way, flow)), flow), to_host);
    passage.possible = s.unite(passage.possible, s.intersect(reach.after(s.possible(flow.accepted), flow), to_host));
    passage.flows.push_back(std::move(flow));
  }
  passages_.push_back(std::make_unique<Passage>(std::move(passage)));
  if (passages_.back()->inbound) open(*passages_.back());
}

PacketSet Exposure::row_packets(const Passage& passage, const MatrixRow& row) const {
  Space& s = passage.chains->space();
  IntervalSet transports;
  for (std::uint8_t protocol : {proto_tcp, proto_udp})
    if (row.has_transport(protocol)) transports.add(protocol, protocol);
  return s.intersect(s.test(Dimension::protocol, transports),
                     s.test(Dimension::destination_port, ports_of(row, passage.host)));
}

void Exposure::open(const Passage& passage) {
  Space& s = passage.chains->space();
  Reach reach(*passage.chains);
  Family family = passage.ruleset->family;
  Host unknown;
  unknown.products = {"ip-office"};
  const Host& host = passage.host ? *passage.host : unknown;
  std::vector<std::pair<const MatrixRow*, PacketSet>> rows;
  IntervalSet known[2];
  for (const MatrixRow& row : matrix_.rows) {
    IntervalSet ports = ports_of(row, passage.host);
    ports.add(row.port_set());
    if (row.direction != "egress")
      for (int t = 0; t < 2; ++t)
        if (row.has_transport(t == 0 ? proto_tcp : proto_udp)) known[t].add(ports);
    if (row.direction != "egress" && applies(row, host)) rows.push_back({&row, row_packets(passage, row)});
  }
  known[1].add(4500, 4500);  // NAT traversal of IPsec, the companion of 500
  known[1].add(500, 500);    // the reverse of egress 11

  PacketSet taken = s.nothing();  // possible packets that already have their line
  for (const Flow& flow : passage.flows) {
    PacketSet to_host = passage.addresses.empty() ? s.constant(1) : s.test(Dimension::destination, passage.addresses);
    PacketSet accepted = s.intersect(reach.after(flow.accepted, flow), to_host);
    if (accepted.empty()) continue;
    PacketSet proven = passage.unlocated.empty() ? flow.proven : s.nothing();
    // A rule that may or may not accept gets only what no understood rule accepts: those are the lines to change.
    std::vector<ChainSets::Decided> decided = flow.decided;
    std::stable_partition(decided.begin(), decided.end(), [](const ChainSets::Decided& d) {
      return !d.by.rule || d.by.rule->action.kind != ActionKind::unknown;
    });
    for (const ChainSets::Decided& d : decided) {
      if (!d.accepted) continue;
      PacketSet mine = s.intersect(d.packets, accepted);
      if (mine.empty()) continue;
      Opening o;
      o.passage = &passage, o.flow = &flow, o.by = d.by;
      o.proven = s.intersect(s.without_predicates(mine), proven);
      o.possible = s.minus(s.minus(s.possible(mine), proven), taken);
      taken = s.unite(taken, o.possible);
      PacketSet both = s.unite(o.proven, o.possible);
      if (both.empty()) continue;
      IntervalSet addresses = s.project(both, Dimension::destination);
      o.routed = flow.translation.rule || passage.hook != Hook::forward || passage.addresses.empty() ||
                 !public_part(addresses, family).empty();
      if (!o.by.rule || !names_ports(*o.by.rule))
        for (std::uint8_t protocol : {proto_tcp, proto_udp}) {
          PacketSet of = s.intersect(both, s.test(Dimension::protocol, IntervalSet::of(protocol)));
          o.unrestricted = o.unrestricted || s.project(of, Dimension::destination_port).size() >= half_of_all_ports;
        }
      for (auto& [row, packets] : rows) {
        PacketSet hit_proven = s.intersect(o.proven, packets), hit_possible = s.intersect(o.possible, packets);
        if (hit_proven.empty() && hit_possible.empty()) continue;
        RowHit hit;
        hit.row = row;
        // What is said is what is worth saying: anyone possibly rather than a few surely.
        IntervalSet sure = s.project(hit_proven, Dimension::source), maybe = s.project(hit_possible, Dimension::source);
        bool proven_any = is_anyone(sure, family);
        PacketSet hits = s.unite(hit_proven, hit_possible);
        hit.any = proven_any || is_anyone(sure.united(maybe), family);
        hit.certainty = proven_any || (!hit.any && !hit_proven.empty()) ? Certainty::proven : Certainty::possible;
        if (hit.certainty == Certainty::proven) hits = hit_proven;
        hit.ports = s.project(hits, Dimension::destination_port);
        hit.sources = s.project(hits, Dimension::source);
        IntervalSet protocols = s.project(hits, Dimension::protocol);
        for (std::uint8_t protocol : {proto_tcp, proto_udp})
          if (protocols.contains(protocol)) hit.transports.push_back(protocol);
        o.hits.push_back(std::move(hit));
      }
      std::stable_sort(o.hits.begin(), o.hits.end(),
                       [](const RowHit& a, const RowHit& b) { return gravity(*a.row) < gravity(*b.row); });
      for (int t = 0; t < 2; ++t) {
        PacketSet of = s.intersect(both, s.test(Dimension::protocol, IntervalSet::of(t == 0 ? proto_tcp : proto_udp)));
        PacketSet strange = s.intersect(of, s.test(Dimension::destination_port, known[t].complement(65535)));
        (t == 0 ? o.undocumented_tcp : o.undocumented_udp) = s.project(strange, Dimension::destination_port);
        o.undocumented_sources.add(s.project(strange, Dimension::source));
      }
      openings_.push_back(std::move(o));
    }
  }
}

Exposure::Witness Exposure::witness(const Passage& passage, const Flow& flow, PacketSet wanted) const {
  Space& s = passage.chains->space();
  Reach reach(*passage.chains);
  PacketSpace& packets = passage.chains->packets();
  Family family = passage.ruleset->family;
  PacketSet candidates = s.intersect(flow.accepted, reach.before(wanted, flow));
  if (candidates.empty()) candidates = s.intersect(passage.arriving, reach.before(wanted, flow));  // dropped ones
  // Values a reader recognises, where the set has them.
  auto prefer = [&](Dimension dimension, const IntervalSet& values) {
    if (PacketSet nicer = s.intersect(candidates, s.test(dimension, values)); !nicer.empty()) candidates = nicer;
  };
  if (PacketSet sure = s.without_predicates(candidates); !sure.empty()) candidates = sure;
  Dimension far = passage.inbound ? Dimension::source : Dimension::destination;
  Dimension near = passage.inbound ? Dimension::destination : Dimension::source;
  prefer(Dimension::protocol, IntervalSet::of(proto_udp));
  prefer(Dimension::protocol, IntervalSet::of(proto_tcp));
  IntervalSet protocols = s.project(candidates, Dimension::protocol);
  if (protocols.contains(proto_udp)) prefer(Dimension::protocol, IntervalSet::of(proto_udp));
  prefer(far, all_public(family));
  prefer(far, IntervalSet::of(parse_address(family == Family::ipv4 ? "203.0.113.9" : "2001:db8:ffff::9")->value));
  // What is forwarded was sent to a public address; all else to the host itself.
  bool forwarded = flow.translation.rule != nullptr;
  if (!passage.addresses.empty() && !forwarded) prefer(near, passage.addresses);
  prefer(near, all_public(family));
  prefer(near, IntervalSet::of(parse_address(family == Family::ipv4 ? "192.0.2.1" : "2001:db8::1")->value));
  prefer(Dimension::source_port, IntervalSet::of(40000));
  prefer(Dimension::tcp_flags, IntervalSet::of(tcp_syn));
  Witness out;
  std::vector<std::uint32_t> needed;
  std::vector<u128> p = s.pick(candidates, &needed);
  auto value = [&](Dimension d) { return p[static_cast<std::size_t>(d)]; };
  out.packet.hook = passage.hook;
  out.packet.family = family;
  out.packet.protocol = static_cast<std::uint8_t>(value(Dimension::protocol));
  out.packet.in = packets.interfaces.name(value(Dimension::in));
  out.packet.out = packets.interfaces.name(value(Dimension::out));
  out.packet.source = value(Dimension::source);
  out.packet.destination = value(Dimension::destination);
  out.packet.source_port = static_cast<std::uint16_t>(value(Dimension::source_port));
  out.packet.destination_port = static_cast<std::uint16_t>(value(Dimension::destination_port));
  out.packet.tcp_flags = static_cast<std::uint8_t>(value(Dimension::tcp_flags));
  Valuation holds = [&](const OpaqueTest& test, SourceSpan place) {
    auto number = packets.number_of(test, place);
    return number && std::find(needed.begin(), needed.end(), *number) != needed.end();
  };
  out.path = trace(*passage.ruleset, out.packet, holds).path;
  // The doubt is every undecidable match this very packet's acceptance depends on.
  PacketSet here = s.constant(1);
  for (std::uint32_t d = 0; d < dimension_count; ++d)
    here = s.intersect(here, s.test(static_cast<Dimension>(d), IntervalSet::of(p[d])));
  for (std::uint32_t number : s.predicates_of(s.intersect(flow.accepted, here))) {
    const Predicate& predicate = packets.predicates()[number];
    // What stands for a rule or policy that is not known needs its reason only, once for all it may do.
    bool stands_in = predicate.text.ends_with(" accepts") || predicate.text.ends_with(" drops") || predicate.text == predicate.reason;
    Doubt doubt{stands_in ? predicate.reason : predicate.text + ": " + predicate.reason, predicate.span};
    auto same = [&](const Doubt& d) { return d.why == doubt.why && d.span == doubt.span; };
    if (std::none_of(out.doubt.begin(), out.doubt.end(), same)) out.doubt.push_back(std::move(doubt));
  }
  return out;
}

}  // namespace ipo
