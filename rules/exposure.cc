// For each firewall, zone and host the zone's opening packets are sent through the hook; what the last filter chain accepts
// and the firewalls behind it let through is split by the accepting line and cut with the matrix rows. Proven is what holds
// for every undecidable match and for every interface the host may be behind; possible is the rest of what may pass.
#include "rules/exposure.h"

#include <algorithm>
#include <map>
#include <utility>

#include "parsers/settings.h"
#include "rules/declared.h"
#include "rules/required.h"

namespace ipo {
namespace {

constexpr std::uint32_t half_of_all_ports = 32768;
constexpr std::uint8_t transports[] = {proto_tcp, proto_udp};

constexpr u128 left_out = 512;  // a rule that leaves out fewer ports than that is not about ports

bool is_about_ports(const Rule& rule) {
  if (auto ports = required(rule, Field::destination_port, 65535); ports && ports->size() > 65536 - left_out) return false;
  bool found = false;
  for (const Condition& c : rule.conditions)
    each_test<FieldTest>(c, [&](const FieldTest& test) { found = found || test.field == Field::destination_port; });
  return found;
}

}  // namespace

IntervalSet public_part(const IntervalSet& addresses, Family family) { return addresses.intersected(all_public(family)); }

bool is_anyone(const IntervalSet& sources, Family family) {
  const u128 few = family == Family::ipv4 ? u128{1} << 24 : u128{1} << 96;
  return sources.size() > few && public_part(sources, family).size() > few;
}

// Firewalls that stand behind one another share a space, so that what one lets through can be asked of the next.
Exposure::Exposure(const Site& site, const std::vector<Standing>& standings, const PortMatrix& matrix)
    : site_(site), matrix_(matrix) {
  std::vector<const Firewall*> path;
  std::vector<InterfaceTest> named;
  for (const Standing& standing : standings)
    if (standing.firewall->role) {
      path.push_back(standing.firewall);
      for (const InterfaceTest& test : interfaces_of_zones(standing)) named.push_back(test);
    }
  PacketSpace* shared = nullptr;
  for (const Standing& standing : standings) {
    bool on_path = standing.firewall->role.has_value();
    if (!on_path || !shared) {
      spaces_.push_back(on_path ? std::make_unique<PacketSpace>(path, named)
                                : std::make_unique<PacketSpace>(std::vector{standing.firewall}, interfaces_of_zones(standing)));
      if (on_path) shared = spaces_.back().get();
    }
    Machine machine{&standing, on_path ? shared : spaces_.back().get(), {}};
    for (const Ruleset& ruleset : standing.firewall->rulesets) {
      chains_.push_back(std::make_unique<ChainSets>(*machine.packets, ruleset));
      machine.chains.push_back(chains_.back().get());
    }
    machines_.push_back(std::move(machine));
  }
  for (std::size_t m = 0; m < machines_.size(); ++m)
    for (std::size_t r = 0; r < machines_[m].chains.size(); ++r) {
      std::size_t passages = passages_.size(), openings = openings_.size(), of_zones = openings_of_zones_.size();
      try {
        judge(m, r);
      } catch (const SpaceExhausted& e) {
        passages_.resize(passages);
        openings_.resize(openings);
        openings_of_zones_.resize(of_zones);
        failures_.push_back({e.what(), machines_[m].chains[r]->ruleset().span});
      }
    }
  sum_up();
}

void Exposure::sum_up() {
  // In sum: many limited lines can let everybody in.
  struct Sum {
    std::vector<Interval> sources;
    bool single = false, any = false;
  };
  std::map<std::pair<const Passage*, const MatrixRow*>, Sum> sums;
  for (const Opening& o : openings_)
    for (const RowHit& hit : o.hits) {
      Sum& sum = sums[{o.passage, hit.row}];
      sum.sources.insert(sum.sources.end(), hit.sources.begin(), hit.sources.end());
      sum.single = sum.single || hit.any;
    }
  for (auto& [of, sum] : sums) {
    if (sum.single) continue;
    std::sort(sum.sources.begin(), sum.sources.end(), [](const Interval& a, const Interval& b) { return a.lo < b.lo; });
    IntervalSet sources;
    for (const Interval& i : sum.sources) sources.add(i.lo, i.hi);
    sum.any = is_anyone(sources, of.first->ruleset->family);
  }
  for (Opening& o : openings_)
    for (RowHit& hit : o.hits) hit.any = hit.any || sums[{o.passage, hit.row}].any;
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

namespace {

// Packets that open something: new, not yet translated or marked, and for tcp a lone SYN.
PacketSet opening_packets(ChainSets& chains) {
  Space& s = chains.space();
  IntervalSet lone_syn = tcp_flags_with(tcp_fin | tcp_syn | tcp_rst | tcp_ack, tcp_syn);
  PacketSet tcp = s.test(Dimension::protocol, IntervalSet::of(proto_tcp));
  PacketSet opening = s.intersect(chains.universe(), s.test(Dimension::state, IntervalSet::of(0)));
  opening = s.intersect(opening, s.test(Dimension::nat, IntervalSet::of(0)));
  if (!chains.ruleset().marks.empty()) opening = s.intersect(opening, s.test(Dimension::marks, IntervalSet::of(0)));
  return s.unite(s.minus(opening, tcp), s.intersect(s.intersect(opening, tcp), s.test(Dimension::tcp_flags, lone_syn)));
}

// What leaves by the interface it came in by does not cross from one side to the other.
PacketSet hairpins(PacketSpace& packets) {
  Space& s = packets.space;
  PacketSet out = s.nothing();
  for (u128 i : packets.interfaces.single())
    out = s.unite(out, s.intersect(s.test(Dimension::in, IntervalSet::of(i)), s.test(Dimension::out, IntervalSet::of(i))));
  return out;
}

// The interfaces of a firewall that lead to the addresses; `certain` is false where any of several may.
IntervalSet way_in(const Standing& standing, const PacketSpace& packets, const ZoneSets& zones, const IntervalSet& addresses,
                   Family family, bool& certain) {
  const Interfaces& interfaces = packets.interfaces;
  IntervalSet inner, loopback = interfaces.matching({true, "lo", false});
  std::vector<InterfaceTest> elsewhere;
  certain = true;
  for (const Interval& i : addresses) {
    bool tied = false;
    std::vector<InterfaceTest> inside = standing.inside(Address{family, i.lo}, tied, elsewhere);
    // With the internet's side not known an interface that is named may be either; so may one that is not.
    if (tied || !standing.internet.empty())
      for (const InterfaceTest& test : inside) inner.add(interfaces.matching(test));
    else
      inner.add(interfaces.all().minus(loopback));
    certain = certain && tied;
  }
  if (addresses.empty()) standing.inside({}, certain, elsewhere);
  if (!certain && standing.internet.empty())
    for (const InterfaceTest& test : elsewhere) inner = inner.minus(interfaces.matching(test));
  if (inner.empty()) {
    inner = interfaces.all().minus(standing.internet.empty() ? loopback : zones.outside().united(loopback));
    for (const InterfaceTest& test : elsewhere) inner = inner.minus(interfaces.matching(test));
  }
  return inner.empty() ? interfaces.all().minus(loopback) : inner;
}

IntervalSet addresses_in(const Host& host, Family family) {
  IntervalSet out;
  for (const Located<Address>& address : host.addresses)
    if (address.value.family == family) out.add(address.value.value, address.value.value);
  return out;
}

IntervalSet own_addresses(const Standing& standing, Family family) {
  IntervalSet out;
  for (const Address& address : standing.own)
    if (address.family == family) out.add(address.value, address.value);
  return out;
}

// What an address of a host may be: one machine's, on a network. Not "this network", loopback, multicast or broadcast
// (RFC 6890; RFC 4291, 2.4).
const IntervalSet& host_addresses(Family family) {
  static const IntervalSet ipv4 = {{0x01000000, 0x7effffff}, {0x80000000, 0xdfffffff}};
  static const IntervalSet ipv6 = IntervalSet::range(2, (u128{0xff} << 120) - 1);
  return family == Family::ipv4 ? ipv4 : ipv6;
}

const IntervalSet no_interface = IntervalSet::of(0);

// Packets, as the last filter sees them, that may leave with another source. What is untracked is never translated.
PacketSet translated_sources(ChainSets& chains, SourceSpan& place) {
  Space& s = chains.space();
  PacketSet out = s.nothing();
  for (const BaseChain& base : chains.ruleset().base_chains) {
    if (base.hook != Hook::postrouting || !base.nat) continue;
    for (const ChainSets::Decided& d : chains.decide(base, chains.universe())) {
      ActionKind kind = d.by.rule ? d.by.rule->action.kind : ActionKind::accept;
      if (kind == ActionKind::translate_source || kind == ActionKind::unknown)
        out = s.unite(out, s.possible(d.packets)), place = d.by.span();
    }
  }
  return s.minus(out, s.test(Dimension::state, IntervalSet::of(static_cast<unsigned>(State::untracked))));
}

}  // namespace

void Exposure::judge(std::size_t m, std::size_t r) {
  const Standing& standing = *machines_[m].standing;
  PacketSpace& packets = *machines_[m].packets;
  ChainSets& chains = *machines_[m].chains[r];
  const Ruleset& ruleset = chains.ruleset();
  Space& s = packets.space;
  PacketSet opening = s.minus(opening_packets(chains), hairpins(packets));
  ZoneSets zones(packets, standing, ruleset.family);

  const IntervalSet self = own_addresses(standing, ruleset.family);
  std::vector<const Host*> hosts;
  bool located = false;
  for (const Host& host : site_.hosts) {
    if (host.products.empty()) continue;
    hosts.push_back(&host);
    located = located || (is_pbx(host) && !host.addresses.empty());
  }

  // `doubt`: why the passage may not lead to the PBX at all; empty where it does.
  auto judge_host = [&](const Host* host, Hook hook, const char* doubt) {
    Passage in;
    in.at = &standing, in.ruleset = &ruleset, in.chains = &chains, in.hook = hook, in.host = host, in.unlocated = doubt;
    if (host) in.addresses = addresses_in(*host, ruleset.family);
    if (host && !self.empty())
      in.addresses = hook == Hook::input ? in.addresses.intersected(self) : in.addresses.minus(self);
    bool certain = true;
    IntervalSet inner = no_interface;
    if (hook == Hook::forward) inner = way_in(standing, packets, zones, in.addresses, ruleset.family, certain);
    in.path_certain = certain || !host;
    if (in.unlocated.empty()) line_up(in, m);
    bool hidden = std::any_of(in.then.begin(), in.then.end(), [](const Stage& stage) {
      SourceSpan place;
      return stage.chains && stage.hook == Hook::forward && !translated_sources(*stage.chains, place).empty();
    });
    in.target = s.test(Dimension::destination, in.addresses.empty() ? host_addresses(ruleset.family) : in.addresses);
    in.target = through(in, in.target);
    for (std::size_t z = 0; z < standing.zones.size(); ++z) {
      in.zone = &standing.zones[z];
      Passage out = in;
      out.inbound = false;
      out.hook = hook == Hook::forward ? Hook::forward : Hook::output;
      // Where a firewall on the way out gives the host's packets another source, this one sees that.
      if (hidden) out.addresses = {};
      out.then.clear();
      out.target = s.constant(1);
      // Unless rules tie the host to the zone's own interfaces, it is behind others.
      IntervalSet lead_in = inner;
      if (IntervalSet own = s.project(zones.coming(z), Dimension::in); hook == Hook::forward && !certain && z > 0) {
        IntervalSet inside = packets.interfaces.all().minus(packets.interfaces.matching({true, "lo", false})).minus(own);
        lead_in = inner.minus(own);
        if (lead_in.empty()) lead_in = inside.minus(zones.outside());
        if (lead_in.empty()) lead_in = inner;
      }
      if (z > 0 || standing.outermost)
        pass(in, s.intersect(s.intersect(opening, zones.coming(z)), s.test(Dimension::out, lead_in)));
      if (in.unlocated.empty())
        pass(out, s.intersect(s.intersect(opening, zones.going(z)), s.test(Dimension::in, lead_in)));
    }
  };

  constexpr const char* unknown_address = "the address of the PBX is not known; pass --pbx";
  if (standing.protects_itself) {
    bool any = false;
    for (const Host* host : hosts)
      if (standing.runs_on(*host)) judge_host(host, Hook::input, ""), any = true;
    if (!any) judge_host(nullptr, Hook::input, "");
    return;
  }
  if (!located) {
    judge_host(nullptr, Hook::forward, unknown_address);
    judge_host(nullptr, Hook::input, unknown_address);
  }
  bool other_family = false;
  for (const Host* host : hosts) {
    IntervalSet addresses = addresses_in(*host, ruleset.family);
    bool mentioned = std::any_of(host->addresses.begin(), host->addresses.end(),
                                 [&](const Located<Address>& address) { return standing.mentions(address.value); });
    if (host->addresses.empty()) continue;
    if (addresses.empty()) {
      if (!std::exchange(other_family, true))
        judge_host(nullptr, Hook::forward, "no address of the PBX is known in this address family; pass --pbx");
      continue;
    }
    if (addresses.intersects(self)) judge_host(host, Hook::input, "");
    if (!self.covers(addresses)) judge_host(host, Hook::forward, "");
    // Rules that know no uplink and never speak of the PBX or its network may be the PBX's own, whatever else they do.
    if (!mentioned && standing.internet.empty() && !standing.firewall->role)
      judge_host(host, Hook::input, "whether this firewall runs on the PBX itself is not known");
  }
}

// ---- firewalls behind one another -------------------------------------------------------------------------------

// Every stage is told what may come to it: the opening packets by the interfaces of its outside. Its flows are found once.
void Exposure::line_up(Passage& passage, std::size_t m) {
  Family family = passage.ruleset->family;
  for (std::size_t next : machines_[m].standing->then) {
    const Machine& machine = machines_[next];
    const Standing& standing = *machine.standing;
    if (standing.role == Role::host && (!passage.host || !standing.runs_on(*passage.host))) continue;
    Stage stage;
    stage.at = &standing;
    stage.hook = standing.role == Role::host ? Hook::input : Hook::forward;
    for (ChainSets* chains : machine.chains)
      if (chains->ruleset().family == family) stage.chains = chains, stage.ruleset = &chains->ruleset();
    if (stage.chains) {
      PacketSpace& packets = *machine.packets;
      Space& s = packets.space;
      ZoneSets zones(packets, standing, family);
      bool certain = true;
      stage.in = zones.outside();
      stage.out = stage.hook == Hook::input ? no_interface
                                            : way_in(standing, packets, zones, passage.addresses, family, certain);
      PacketSet opening = s.minus(opening_packets(*stage.chains), hairpins(packets));
      stage.arriving = s.intersect(opening, s.intersect(s.test(Dimension::in, stage.in), s.test(Dimension::out, stage.out)));
      if (Reach reach(*stage.chains); reach.last_filter(stage.hook)) stage.flows = reach.flows(stage.hook, stage.arriving);
    }
    passage.then.push_back(std::move(stage));
  }
}

namespace {

PacketSet from_anywhere(Space& s, PacketSet packets) {
  return s.exists(s.exists(packets, Dimension::source), Dimension::source_port);
}

// Without what a packet is to one firewall only.
PacketSet between_firewalls(Space& s, PacketSet packets) {
  for (Dimension d : {Dimension::in, Dimension::out, Dimension::state, Dimension::nat, Dimension::marks}) packets = s.exists(packets, d);
  return packets;
}

// As the next firewall sees packets of `arriving` that this one may let through.
PacketSet passed_on(ChainSets& chains, Hook hook, const std::vector<Flow>& flows, PacketSet arriving) {
  Space& s = chains.space();
  Reach reach(chains);
  PacketSet out = s.nothing();
  for (const Flow& flow : flows) out = s.unite(out, reach.after(s.possible(s.intersect(flow.accepted, arriving)), flow));
  if (SourceSpan place; hook == Hook::forward)
    if (PacketSet translated = translated_sources(chains, place); !translated.empty())
      out = s.unite(s.minus(out, translated), from_anywhere(s, s.intersect(out, translated)));
  return between_firewalls(s, out);
}

bool translates(const Stage& stage) {
  return std::any_of(stage.flows.begin(), stage.flows.end(), [](const Flow& f) { return f.translation.rule != nullptr; });
}

}  // namespace

// Where rules translate sources on the way out, the next firewall sees some other source: any, as far as is known here.
PacketSet Exposure::leaving(ChainSets& chains, Hook hook, PacketSet target) const {
  if (hook != Hook::forward) return target;
  Space& s = chains.space();
  SourceSpan place;
  PacketSet translated = translated_sources(chains, place);
  if (translated.empty()) return target;
  IntervalSet addresses = IntervalSet::range(0, address_max(chains.ruleset().family)), ports = IntervalSet::range(0, 65535);
  PacketSet some = from_anywhere(s, target);
  PacketSet all = s.every(s.every(target, Dimension::source, addresses), Dimension::source_port, ports);
  PacketSet unknown = chains.packets().predicate(
      {"the translated source passes the next firewall", "this rule gives packets another source before the next firewall", true},
      place);
  return s.unite(s.minus(target, translated), s.intersect(s.unite(all, s.intersect(some, unknown)), translated));
}

// From the last firewall outward: what it lets through to the target, as it leaves the one before.
PacketSet Exposure::through(const Passage& passage, PacketSet target) const {
  Space& s = passage.chains->space();
  for (std::size_t k = passage.then.size(); k-- > 0;) {
    const Stage& stage = passage.then[k];
    if (stage.chains) {
      Reach reach(*stage.chains);
      PacketSet passed = s.nothing();
      for (const Flow& flow : stage.flows) passed = s.unite(passed, s.intersect(flow.accepted, reach.before(target, flow)));
      // The interfaces are its own business; where they matter, which one it is is not known.
      PacketSet some = s.exists(s.exists(passed, Dimension::in, stage.in), Dimension::out, stage.out);
      // No way leads out by the interface it came in by, so none of those counts against a packet.
      PacketSet ways = s.unite(passed, hairpins(stage.chains->packets()));
      PacketSet all = s.intersect(some, s.every(s.every(ways, Dimension::in, stage.in), Dimension::out, stage.out));
      PacketSet unknown = stage.chains->packets().predicate(
          {"the way through " + stage.at->firewall->name, "which interfaces of this firewall packets pass is not known", true},
          stage.ruleset->span);
      passed = some == all ? all : s.unite(all, s.intersect(some, unknown));
      // To it the packet is new, not translated and not marked, whatever it was to the one before.
      target = s.exists(s.exists(s.exists(passed, Dimension::state), Dimension::nat), Dimension::marks);
    } else {
      target = s.intersect(target, passage.chains->packets().predicate(
                                       {stage.at->firewall->name + " lets it through",
                                        "no dump of this address family was given for " + stage.at->firewall->name, true},
                                       stage.at->firewall->rulesets.front().span));
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
    const Stage& stage = passage.then[k];
    if (!stage.chains || !translates(stage)) continue;
    Reach reach(*stage.chains);
    PacketSet arrived = s.nothing();
    for (const Flow& flow : stage.flows)
      arrived = s.unite(arrived, s.intersect(stage.arriving, reach.before(s.intersect(flow.seen, wanted), flow)));
    wanted = between_firewalls(s, s.possible(arrived));
  }
  return wanted;
}

PacketSet Exposure::at_host(const Passage& passage, PacketSet packets) const {
  Space& s = passage.chains->space();
  for (const Stage& stage : passage.then)
    if (stage.chains && translates(stage))
      packets = passed_on(*stage.chains, stage.hook, stage.flows, s.intersect(stage.arriving, between_firewalls(s, packets)));
  return packets;
}

// ---- what passes ------------------------------------------------------------------------------------------------

std::optional<bool> of_internet(std::string_view predicate) {
  if (!predicate.starts_with("-m policy ") || predicate.find("--dir in") == predicate.npos) return {};
  if (predicate.find("--pol none") != predicate.npos) return true;
  if (predicate.find("--pol ipsec") != predicate.npos) return false;
  return {};
}

namespace {

// A match that holds only for packets nobody needs to send: whoever wants to get through leaves the option or the text out, and sends
// neither short packets nor such that are nearly dead.
bool sender_avoids(std::string_view predicate) {
  for (std::string_view match : {"-m tcp --tcp-option ", "-m tcpmss ", "-m string "})
    if (predicate.starts_with(match)) return true;
  // Below which a packet is caught: a sender's 255 has lost a few dozen on its way, and any network takes 576 bytes.
  for (auto [match, most] : {std::pair<std::string_view, unsigned>("-m ttl --ttl-lt ", 128), {"-m hl --hl-lt ", 128},
                             {"-m length --length 0:", 512}, {"-m length --length :", 512}})
    if (predicate.starts_with(match)) {
      auto below = parse_number(predicate.substr(match.size()));
      return below && *below <= most;
    }
  return false;
}

// What whoever sends the packets surely gets through, with the rest left undecided.
PacketSet as_sender_likes(const PacketSpace& packets, Space& s, PacketSet set) {
  for (std::uint32_t n : s.predicates_of(set))
    if (sender_avoids(packets.predicates()[n].text)) set = s.assume(set, n, false);
  return set;
}

PacketSet unprotected(const PacketSpace& packets, Space& s, PacketSet set) {
  for (std::uint32_t n : s.predicates_of(set))
    if (auto value = of_internet(packets.predicates()[n].text)) set = s.assume(set, n, *value);
  return set;
}

}  // namespace

void Exposure::pass(Passage passage, PacketSet zone) {
  ChainSets& chains = *passage.chains;
  Space& s = chains.space();
  Reach reach(chains);
  if (zone.empty() || !reach.last_filter(passage.hook)) return;
  if (passage.inbound && passage.zone->is_internet()) passage.target = unprotected(chains.packets(), s, passage.target);
  if (!passage.inbound && !passage.addresses.empty() && passage.hook == Hook::forward)
    zone = s.intersect(zone, s.test(Dimension::source, passage.addresses));
  passage.arriving = zone;
  PacketSet some_target = s.possible(passage.target);
  passage.to_host = s.constant(1);
  if (passage.inbound && !passage.addresses.empty())
    passage.to_host = before_path(passage, s.test(Dimension::destination, passage.addresses));
  IntervalSet outs = s.project(zone, Dimension::out);
  for (Flow& flow : reach.flows(passage.hook, zone)) {
    // A port forward to some other machine is none of this host's business; without its address, at INPUT, neither is
    // any forward but one to the firewall itself.
    if (passage.hook == Hook::input && flow.translation.rule && passage.addresses.empty() &&
        !flow.translation.rule->action.translation.to_receiving_interface)
      continue;
    if (passage.inbound) flow.accepted = s.intersect(flow.accepted, reach.before(passage.target, flow));
    if (passage.inbound && passage.zone->is_internet()) {
      flow.accepted = unprotected(chains.packets(), s, flow.accepted);
      flow.seen = unprotected(chains.packets(), s, flow.seen);
    }
    if (flow.accepted.empty() && s.intersect(flow.seen, passage.to_host).empty()) continue;
    // Which interface leads to the host is the routing's business: proven needs all of them to agree.
    PacketSet on_every_way = flow.accepted;
    if (passage.hook == Hook::forward && passage.inbound && !passage.path_certain)
      on_every_way = s.intersect(s.every(s.unite(flow.accepted, hairpins(chains.packets())), Dimension::out, outs), flow.accepted);
    if (passage.inbound) on_every_way = as_sender_likes(chains.packets(), s, on_every_way);
    flow.proven = s.intersect(reach.after(s.proven(reach.exact(on_every_way, flow)), flow), some_target);
    passage.possible = s.unite(passage.possible, s.intersect(reach.after(s.possible(flow.accepted), flow), some_target));
    passage.flows.push_back(std::move(flow));
  }
  passages_.push_back(std::make_unique<Passage>(std::move(passage)));
  const Passage& made = *passages_.back();
  if (made.inbound) open(made, made.zone->is_internet() ? openings_ : openings_of_zones_);
}

namespace {

PacketSet at_ports(Space& s, const MatrixRow& row, const IntervalSet& ports) {
  IntervalSet protocols;
  for (std::uint8_t protocol : transports)
    if (row.has_transport(protocol)) protocols.add(protocol, protocol);
  return s.intersect(s.test(Dimension::protocol, protocols), s.test(Dimension::destination_port, ports));
}

}  // namespace

PacketSet Exposure::row_packets(const Passage& passage, const MatrixRow& row) const {
  return before_path(passage, at_ports(passage.chains->space(), row, ports_of(row, passage.host)));
}

PacketSet Exposure::row_packets(const Passage& passage, const RowHit& hit) const {
  return before_path(passage, at_ports(passage.chains->space(), *hit.row, hit.ports));
}

namespace {

// A growing union, kept as unions of 1, 2, 4 … sets: adding to one large set would copy it each time.
class Taken {
 public:
  explicit Taken(Space& space) : space_(space) {}
  void add(PacketSet set) {
    if (set.empty()) return;
    parts_.push_back({1, set});
    while (parts_.size() > 1 && parts_[parts_.size() - 2].count <= parts_.back().count) {
      Part last = parts_.back();
      parts_.pop_back();
      parts_.back() = {parts_.back().count + last.count, space_.unite(parts_.back().set, last.set)};
    }
  }
  PacketSet rest_of(PacketSet set) const {
    for (const Part& part : parts_) set = space_.minus(set, part.set);
    return set;
  }

 private:
  struct Part {
    std::size_t count;
    PacketSet set;
  };
  Space& space_;
  std::vector<Part> parts_;
};

}  // namespace

namespace {

// Of the internet's packets none was protected by IPsec.
void unprotect(const Passage& passage, std::vector<ChainSets::Decided>& decided) {
  if (!passage.inbound || !passage.zone->is_internet()) return;
  for (ChainSets::Decided& d : decided) d.packets = unprotected(passage.chains->packets(), passage.chains->space(), d.packets);
}

}  // namespace

void Exposure::open(const Passage& passage, std::vector<Opening>& openings) {
  Space& s = passage.chains->space();
  Reach reach(*passage.chains);
  Family family = passage.ruleset->family;
  struct Wanted {
    const MatrixRow* row;
    IntervalSet ports;
    PacketSet packets;  // as this firewall sees them
  };
  std::vector<Wanted> rows;
  IntervalSet known[2];
  // Without a translation on the rest of the path the ports an opening has here tell which rows it cannot hit.
  bool same_ports = std::none_of(passage.then.begin(), passage.then.end(), translates);
  for (const MatrixRow& row : matrix_.rows) {
    if (row.direction == "egress") continue;
    IntervalSet own = ports_of(row, passage.host), ports = own.united(row.port_set());
    for (int t = 0; t < 2; ++t)
      if (row.has_transport(transports[t]) && (has_product(row, passage.host) || !may_have_more(passage.host))) known[t].add(ports);
    if (applies(row, passage.host)) rows.push_back({&row, std::move(own), row_packets(passage, row)});
  }
  known[1].add(4500, 4500);  // NAT traversal of IPsec, the companion of 500
  known[1].add(500, 500);    // the reverse of egress 11
  PacketSet strange[2];
  IntervalSet unknown_ports[2];
  for (int t = 0; t < 2; ++t) {
    unknown_ports[t] = known[t].complement(65535);
    strange[t] = before_path(passage, s.intersect(s.test(Dimension::protocol, IntervalSet::of(transports[t])),
                                                  s.test(Dimension::destination_port, unknown_ports[t])));
  }
  // What a DHCP server answers the host itself (RFC 2131, 4.1; RFC 8415, 7.2).
  auto [server, client] = family == Family::ipv4 ? std::pair(67, 68) : std::pair(547, 546);
  strange[1] = s.minus(strange[1], s.intersect(s.test(Dimension::source_port, IntervalSet::of(static_cast<unsigned>(server))),
                                               s.test(Dimension::destination_port, IntervalSet::of(static_cast<unsigned>(client)))));

  auto anyhow = [&](PacketSet set) { return s.exists(s.exists(set, Dimension::in), Dimension::out); };
  Taken taken(s);  // possible packets that already have their line
  for (const Flow& flow : passage.flows) {
    PacketSet accepted = s.intersect(reach.after(flow.accepted, flow), passage.target);
    if (accepted.empty()) continue;
    PacketSet proven = passage.unlocated.empty() ? flow.proven : s.nothing();
    // A rule that may or may not accept gets only what no understood rule accepts: those are the lines to change.
    std::vector<ChainSets::Decided> decided = reach.acceptors(flow, s.intersect(flow.seen, accepted));
    unprotect(passage, decided);
    std::stable_partition(decided.begin(), decided.end(), [](const ChainSets::Decided& d) {
      return !d.by.rule || d.by.rule->action.kind != ActionKind::unknown;
    });
    for (const ChainSets::Decided& d : decided) {
      Opening o;
      o.passage = &passage, o.flow = &flow, o.by = d.by;
      o.proven = s.without_predicates(s.intersect(d.packets, proven));
      o.possible = taken.rest_of(s.minus(s.possible(d.packets), proven));
      taken.add(o.possible);
      // Which interfaces they pass by tells nothing of the rows they hit.
      PacketSet sure = anyhow(o.proven), maybe = anyhow(o.possible), both = s.unite(sure, maybe);
      if (both.empty()) continue;
      IntervalSet addresses = s.project(both, Dimension::destination);
      o.routed = flow.translation.rule || passage.hook != Hook::forward || passage.addresses.empty() ||
                 !public_part(addresses, family).empty();
      bool names_none = !o.by.rule || !is_about_ports(*o.by.rule);
      IntervalSet opened[2];
      for (int t = 0; t < 2; ++t) {
        PacketSet of = s.intersect(both, s.test(Dimension::protocol, IntervalSet::of(transports[t])));
        opened[t] = s.project(of, Dimension::destination_port);
        o.unrestricted = o.unrestricted || (names_none && opened[t].size() >= half_of_all_ports);
      }
      for (const auto& [row, ports, packets] : rows) {
        auto may_hit = [&](int t) { return row->has_transport(transports[t]) && opened[t].intersects(ports); };
        if (same_ports && !may_hit(0) && !may_hit(1)) continue;
        PacketSet hit_proven = s.intersect(sure, packets), hit_possible = s.intersect(maybe, packets);
        if (hit_proven.empty() && hit_possible.empty()) continue;
        RowHit hit;
        hit.row = row;
        // What is said is what is worth saying: anyone possibly rather than a few surely.
        IntervalSet sources = s.project(hit_proven, Dimension::source);
        bool proven_any = is_anyone(sources, family);
        PacketSet hits = s.unite(hit_proven, hit_possible);
        hit.any = proven_any || is_anyone(sources.united(s.project(hit_possible, Dimension::source)), family);
        hit.certainty = proven_any || (!hit.any && !hit_proven.empty()) ? Certainty::proven : Certainty::possible;
        if (hit.certainty == Certainty::proven) hits = hit_proven;
        hit.ports = s.project(at_host(passage, hits), Dimension::destination_port).intersected(ports);
        hit.sources = s.project(hits, Dimension::source);
        IntervalSet protocols = s.project(hits, Dimension::protocol);
        for (std::uint8_t protocol : transports)
          if (protocols.contains(protocol)) hit.transports.push_back(protocol);
        o.hits.push_back(std::move(hit));
      }
      std::stable_sort(o.hits.begin(), o.hits.end(),
                       [](const RowHit& a, const RowHit& b) { return gravity(*a.row) < gravity(*b.row); });
      for (int t = 0; t < 2; ++t) {
        if (same_ports && !opened[t].intersects(unknown_ports[t])) continue;
        PacketSet mine_strange = s.intersect(both, strange[t]);
        (t == 0 ? o.undocumented_tcp : o.undocumented_udp) =
            s.project(at_host(passage, mine_strange), Dimension::destination_port).intersected(unknown_ports[t]);
        o.undocumented_sources.add(s.project(mine_strange, Dimension::source));
      }
      openings.push_back(std::move(o));
    }
  }
}

Exposure::Block Exposure::blocked_by(const Passage& passage, PacketSet wanted, bool translated_only) const {
  Space& s = passage.chains->space();
  Reach reach(*passage.chains);
  // A packet that was sent to the host itself is translated into what it was: that is no port forward.
  if (translated_only) wanted = s.intersect(wanted, s.test(Dimension::nat, IntervalSet::of(1)));
  auto deciders = [&](const Flow& flow) {
    std::vector<ChainSets::Decided> out = reach.deciders(flow, s.intersect(flow.seen, wanted));
    unprotect(passage, out);
    return out;
  };
  Block most;
  double share = 0;
  for (const Flow& flow : passage.flows) {
    if (translated_only && !flow.translation.rule) continue;
    for (const ChainSets::Decided& d : deciders(flow)) {
      if (d.accepted || d.packets.empty() || (most.by.rule && !d.by.rule)) continue;
      double own = s.share(d.packets);
      if (most.by.chain && own <= share && (most.by.rule || !d.by.rule)) continue;
      most = {d.by, &flow, d.packets, passage.at};
      share = own;
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
  for (const Stage& stage : passage.then) {
    if (!stage.chains) continue;
    Reach way(*stage.chains);
    PacketSet passing = s.nothing();
    for (const Flow& flow : stage.flows) passing = s.unite(passing, s.possible(flow.accepted));
    PacketSet stopped = s.minus(s.intersect(there, between_firewalls(s, stage.arriving)), between_firewalls(s, passing));
    for (const Flow& flow : stage.flows)
      for (const ChainSets::Decided& d : way.deciders(flow, s.intersect(flow.seen, way.after(s.intersect(flow.arrived, stopped), flow)))) {
        if (d.accepted || s.disjoint(stopped, way.before(d.packets, flow))) continue;
        PacketSet mine = between_firewalls(s, s.possible(s.intersect(stage.arriving, way.before(d.packets, flow))));
        for (const Flow& first : passage.flows) {
          if (translated_only && !first.translation.rule) continue;
          PacketSet here = s.intersect(first.seen, wanted), exactly = s.intersect(here, s.intersect(stopped, mine));
          if (!here.empty()) return {d.by, &first, exactly.empty() ? here : exactly, stage.at};
        }
      }
    there = passed_on(*stage.chains, stage.hook, stage.flows, s.intersect(stage.arriving, there));
  }
  return {};
}

}  // namespace ipo
