// For each firewall, zone and host the zone's opening packets are sent through the hook; what the last filter chain accepts
// and the firewalls behind it let through is split by the accepting line and cut with the matrix rows. Proven is what holds
// for every undecidable match and for every interface the host may be behind; possible is the rest of what may pass.
#include "rules/exposure/exposure.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "parsers/ipoffice/settings.h"
#include "rules/exposure/crossing.h"
#include "rules/pbx/own_filter.h"
#include "rules/pbx/own_ports.h"
#include "rules/pbx/services.h"
#include "rules/site/bridge.h"
#include "rules/site/declared.h"
#include "rules/site/join_dumps.h"
#include "rules/site/required.h"

namespace ipo {
namespace {

constexpr std::uint32_t half_of_all_ports = 32768;
constexpr std::uint8_t transports[] = {proto_tcp, proto_udp};

}  // namespace

IntervalSet public_part(const IntervalSet& addresses, Family family) { return addresses.intersected(all_public(family)); }

bool is_anyone(const IntervalSet& sources, Family family) {
  const u128 few = family == Family::ipv4 ? u128{1} << 24 : u128{1} << 96;
  return sources.size() > few && public_part(sources, family).size() > few;
}

// Firewalls that stand behind one another share a space, so that what one lets through can be asked of the next.
Exposure::Exposure(const Site& site, const std::vector<Standing>& standings, const PortMatrix& matrix)
    : site_(site), matrix_(matrix), lans_(site.hosts) {
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

namespace {

// The line behind a translation speaks of fewer ports than that translates: what else it leads there is none of the line's business.
bool is_narrower(RuleRef line, const Rule& translation) {
  if (!line.rule || !translation.action.translation.ports.empty()) return false;
  auto its = required(*line.rule, Field::destination_port, 65535), led = required(translation, Field::destination_port, 65535);
  if (!its || !is_about_ports(*line.rule)) return false;
  if (!led) return true;
  // Of ports the translation names it could leave some out itself; a line for other hosts, too, could not be the one.
  return *its != *led && led->covers(*its) && required(*line.rule, Field::destination, address_max(Family::ipv6)).has_value();
}

// What is translated is closed where it is translated, unless others come by that way too.
void choose_lines(std::vector<Opening>& of_internet, std::vector<Opening>& of_zones) {
  std::map<RuleRef, std::set<RuleRef>> behind;
  for (const auto* openings : {&of_internet, &of_zones})
    for (const Opening& o : *openings)
      if (o.flow->translation.rule) behind[o.flow->translation].insert(o.line);
  for (auto* openings : {&of_internet, &of_zones})
    for (Opening& o : *openings)
      if (RuleRef at = o.flow->translation;
          at.rule && !is_supposed(*at.rule) && !(behind[at].size() > 1 && is_narrower(o.line, *at.rule)))
        o.line = at;
}

}  // namespace

void Exposure::sum_up() {
  choose_lines(openings_, openings_of_zones_);
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
    std::map<const MatrixRow*, bool> rows;  // whether for anyone, or for all the zone
    IntervalSet tcp, udp;
  };
  std::map<const Passage*, Translated> translated;
  // Rows that a forward leads to the host, whoever it is for.
  using Place = std::tuple<const Host*, const Ruleset*, const MatrixRow*>;
  std::set<Place> forwarded;
  for (auto* openings : {&openings_, &openings_of_zones_})
    for (const Opening& o : *openings)
      if (o.flow->translation.rule)
        for (const RowHit& hit : o.hits) forwarded.insert({o.passage->host, o.passage->ruleset, hit.row});
  for (auto* openings : {&openings_, &openings_of_zones_}) {
    for (const Opening& o : *openings)
      if (o.flow->translation.rule) {
        Translated& t = translated[o.passage];
        for (const RowHit& hit : o.hits) t.rows[hit.row] = t.rows[hit.row] || hit.any || !o.passage->zone->is_internet();
        t.tcp.add(o.undocumented_tcp);
        t.udp.add(o.undocumented_udp);
      }
    for (Opening& o : *openings)
      if (!o.routed) {
        Translated& t = translated[o.passage];
        std::erase_if(o.hits, [&](RowHit& hit) {
          auto row = t.rows.find(hit.row);
          hit.beside_forward = forwarded.contains({o.passage->host, o.passage->ruleset, hit.row});
          return row != t.rows.end() && (row->second || !hit.any);
        });
        o.undocumented_tcp = o.undocumented_tcp.minus(t.tcp);
        o.undocumented_udp = o.undocumented_udp.minus(t.udp);
      }
  }
  std::stable_sort(openings_.begin(), openings_.end(),
                   [](const Opening& a, const Opening& b) { return a.by.span() < b.by.span(); });
}

namespace {

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

}  // namespace

void Exposure::judge(std::size_t m, std::size_t r) {
  const Standing& standing = *machines_[m].standing;
  PacketSpace& packets = *machines_[m].packets;
  ChainSets& chains = *machines_[m].chains[r];
  const Ruleset& ruleset = chains.ruleset();
  Space& s = packets.space;
  PacketSet opening = opening_packets(chains);
  zones_.push_back(std::make_unique<ZoneSets>(packets, standing, ruleset.family));
  const ZoneSets& zones = *zones_.back();
  const Sides& sides = zones.sides();

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
    in.at = &standing, in.sides = &sides, in.ruleset = &ruleset, in.chains = &chains, in.hook = hook, in.host = host;
    in.unlocated = doubt;
    if (host) in.addresses = addresses_in(*host, ruleset.family);
    if (host && !self.empty()) in.addresses = hook == Hook::input ? in.addresses.intersected(self) : in.addresses.minus(self);
    Behind inner{no_interface, {}, true};
    if (hook == Hook::forward) inner = sides.behind(in.addresses);
    in.path_certain = inner.certain || !host;
    if (in.unlocated.empty()) line_up(in, m);
    bool hidden = std::any_of(in.then.begin(), in.then.end(), [](const NextFirewall& further) {
      return further.chains && further.hook == Hook::forward && !new_sources(*further.chains).empty();
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
      IntervalSet own =
          hook == Hook::forward && z > 0 ? declared_interfaces(*in.zone, standing, packets.interfaces) : IntervalSet();
      auto beyond_own = [&](Behind behind) {
        if (behind.certain || own.empty()) return behind;
        behind.perhaps = behind.perhaps.minus(own);
        IntervalSet likely = behind.likely.minus(own);
        if (likely.empty()) likely = packets.interfaces.all().minus(sides.loopback()).minus(own).minus(sides.outside());
        if (!likely.empty()) behind.likely = std::move(likely);
        return behind;
      };
      Behind lead_in = beyond_own(inner);
      in.leads.clear();
      constexpr u128 most_apart = 16;
      if (!in.path_certain && in.addresses.size() > 1 && in.addresses.size() <= most_apart)
        for (const Interval& i : in.addresses)
          for (u128 address = i.lo; address <= i.hi; ++address) {
            Behind one = beyond_own(sides.behind(IntervalSet::of(address)));
            in.leads.push_back({IntervalSet::of(address), one.likely, one.certain});
          }
      else
        in.leads.push_back({in.addresses, lead_in.likely, in.path_certain});
      in.ways = out.ways = lead_in.likely;
      if (z > 0 || standing.outermost)
        pass(in, s.intersect(s.intersect(opening, zones.coming(z)), s.test(Dimension::out, lead_in.all())));
      if (in.unlocated.empty()) pass(out, s.intersect(s.intersect(opening, zones.going(z)), s.test(Dimension::in, lead_in.all())));
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
  bool pbx_here = std::any_of(hosts.begin(), hosts.end(),
                              [&](const Host* h) { return is_pbx(*h) && !addresses_in(*h, ruleset.family).empty(); });
  for (const Host* host : hosts) {
    IntervalSet addresses = addresses_in(*host, ruleset.family);
    bool mentioned = std::any_of(host->addresses.begin(), host->addresses.end(),
                                 [&](const Located<Address>& address) { return standing.mentions(address.value); });
    if (host->addresses.empty()) continue;
    if (addresses.empty()) {
      // A server beside it may well have none of this family.
      if ((is_pbx(*host) || !pbx_here) && !std::exchange(other_family, true))
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

// ---- what passes ------------------------------------------------------------------------------------------------

namespace {

// What whoever sends the packets surely gets through, with the rest left undecided.
PacketSet as_sender_likes(const PacketSpace& packets, Space& s, PacketSet set) {
  for (std::uint32_t n : s.predicates_of(set))
    if (std::optional<bool> value = packets.predicates()[n].about.as_sent) set = s.assume(set, n, *value);
  return set;
}

}  // namespace

void Exposure::pass(Passage passage, PacketSet zone) {
  ChainSets& chains = *passage.chains;
  Space& s = chains.space();
  Reach reach(chains);
  if (zone.empty() || !passage.ruleset->pipeline.last_word(passage.hook)) return;
  if (!passage.inbound && !passage.addresses.empty() && passage.hook == Hook::forward)
    zone = s.intersect(zone, s.test(Dimension::source, passage.addresses));
  passage.arriving = zone;
  passage.target = passage.settled(passage.target);
  PacketSet some_target = s.possible(passage.target);
  passage.to_host = s.constant(1);
  if (passage.inbound && !passage.addresses.empty())
    passage.to_host = before_path(passage, s.test(Dimension::destination, passage.addresses));
  for (Flow& flow : reach.flows(passage.hook, zone)) {
    // A port forward to some other machine is none of this host's business; without its address, at INPUT, neither is
    // any forward but one to the firewall itself.
    if (passage.hook == Hook::input && flow.translation.rule && passage.addresses.empty() &&
        !flow.translation.rule->action.translation.to_receiving_interface)
      continue;
    if (passage.inbound) flow.accepted = s.intersect(flow.accepted, reach.before(passage.target_of(flow), flow));
    flow.accepted = passage.settled(flow.accepted);
    flow.seen = passage.settled(flow.seen);
    if (flow.accepted.empty() && s.intersect(flow.seen, passage.to_host).empty()) continue;
    // Which interface leads to the host is the routing's business: proven needs all of them to agree.
    PacketSet on_every_way = passage.needs_every_way() ? passage.by_every_way(flow) : flow.accepted;
    if (passage.inbound) on_every_way = as_sender_likes(chains.packets(), s, on_every_way);
    flow.proven = s.intersect(reach.after(s.proven(reach.exact(on_every_way, flow)), flow), some_target);
    passage.possible = s.unite(passage.possible, s.intersect(reach.after(s.possible(flow.accepted), flow), some_target));
    passage.flows.push_back(std::move(flow));
  }
  passage.find_led(passage.zone->is_internet());
  passages_.push_back(std::make_unique<Passage>(std::move(passage)));
  const Passage& made = *passages_.back();
  if (made.inbound) open(made, made.zone->is_internet() ? openings_ : openings_of_zones_);
}

namespace {

PacketSet at_ports(Space& s, std::uint8_t protocol, const IntervalSet& ports) {
  return s.intersect(s.test(Dimension::protocol, IntervalSet::of(protocol)), s.test(Dimension::destination_port, ports));
}

PacketSet at_addresses(Space& s, const IntervalSet& addresses, PacketSet packets) {
  return addresses.empty() ? packets : s.intersect(packets, s.test(Dimension::destination, addresses));
}

}  // namespace

std::vector<HostAt> Exposure::parts_of(const Passage& passage) const {
  // What is redirected to the machine itself comes to whichever of its addresses.
  return lans_.parts(passage.host, passage.ruleset->family, passage.hook == Hook::input ? IntervalSet() : passage.addresses);
}

PacketSet Exposure::to_part(const Passage& passage, const HostAt& part) const {
  Space& s = passage.chains->space();
  return part.addresses.empty() ? s.constant(1) : before_path(passage, s.test(Dimension::destination, part.addresses));
}

std::vector<HostAt> Exposure::parts_met(const Opening& opening) const {
  std::vector<HostAt> out = parts_of(*opening.passage);
  if (out.size() == 1) return out;
  Space& s = opening.passage->chains->space();
  std::erase_if(out, [&](const HostAt& part) {
    return s.disjoint(s.unite(opening.proven, opening.possible), to_part(*opening.passage, part));
  });
  return out;
}

PacketSet Exposure::row_packets(const Passage& passage, const MatrixRow& row) const {
  Space& s = passage.chains->space();
  PacketSet out = s.nothing();
  std::vector<HostAt> parts = parts_of(passage);
  if (!is_of_lan(row)) parts = {{passage.host, {}, {}}};
  for (const HostAt& part : parts)
    for (std::uint8_t protocol : transports)
      out = s.unite(out, at_addresses(s, parts.size() == 1 ? IntervalSet() : part.addresses,
                                      at_ports(s, protocol, listening_ports(row, part.host, protocol))));
  return before_path(passage, out);
}

PacketSet Exposure::row_packets(const Passage& passage, const RowHit& hit) const {
  Space& s = passage.chains->space();
  PacketSet out = s.nothing();
  for (std::uint8_t protocol : transports)
    if (hit.row->has_transport(protocol)) out = s.unite(out, at_ports(s, protocol, hit.ports));
  return before_path(passage, at_addresses(s, hit.at, out));
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

void Passage::find_led(bool of_internet) {
  Space& s = chains->space();
  unrouted = s.nothing(), led = possible;
  if (!inbound || hook != Hook::forward || !at->outermost) return;
  IntervalSet anybody = all_public(ruleset->family);
  unrouted = s.minus(s.intersect(s.test(Dimension::in, sides->outside()), s.test(Dimension::nat, IntervalSet::of(0))),
                     s.test(Dimension::destination, anybody));
  if (!of_internet) unrouted = s.intersect(unrouted, s.test(Dimension::source, anybody));
  // Where nothing is translated here that is done somewhere in front, if anywhere.
  if (std::any_of(ruleset->pipeline.stages.begin(), ruleset->pipeline.stages.end(),
                  [](const Stage& stage) { return stage.kind != Stage::Kind::filter; }))
    led = s.minus(possible, unrouted);
}

PacketSet Passage::target_of(const Flow& flow) const {
  bool redirected =
      hook == Hook::input && flow.translation.rule && flow.translation.rule->action.translation.to_receiving_interface;
  return redirected ? chains->space().exists(target, Dimension::destination) : target;
}

PacketSet Passage::by_every_way(const Flow& flow) const {
  Space& s = chains->space();
  Reach reach(*chains);
  PacketSet out = s.nothing();
  for (const Lead& lead : leads) {
    PacketSet its = leads.size() == 1
                        ? flow.accepted
                        : s.intersect(flow.accepted, reach.before(s.test(Dimension::destination, lead.addresses), flow));
    PacketSet passing = s.unite(its, hairpins(chains->packets()));
    out = s.unite(out,
                  s.intersect(its, lead.certain ? s.test(Dimension::out, lead.ways) : s.every(passing, Dimension::out, lead.ways)));
  }
  return out;
}

const Passage::Lead& Passage::lead_to(u128 destination) const {
  auto lead = std::find_if(leads.begin(), leads.end(), [&](const Lead& l) { return l.addresses.contains(destination); });
  return lead == leads.end() ? leads.front() : *lead;
}

std::optional<bool> Passage::known(const Subject& about) const {
  if (inbound && of_zone && zone->is_internet() && about.unprotected) return about.unprotected;
  // A bridge tells the sides apart for every zone that is behind the interfaces of the internet.
  if (at->outer_ports.empty() && at->inner_ports.empty()) return {};
  bool outside = (of_zone && zone->is_internet()) ||
                 chains->space().project(arriving, inbound ? Dimension::in : Dimension::out).intersects(sides->outside());
  return outside ? of_bridge(*at, about, inbound) : std::nullopt;
}

PacketSet Passage::settled(PacketSet set) const {
  Space& s = chains->space();
  for (std::uint32_t n : s.predicates_of(set)) {
    const Subject& about = chains->packets().predicates()[n].about;
    if (hook == Hook::forward && is_of_bridged(about)) {
      PacketSet bridged = hairpins(chains->packets());
      set = s.unite(s.intersect(set, bridged), s.assume(s.minus(set, bridged), n, false));
      if (std::optional<bool> value = known(about))
        set = s.unite(s.assume(s.intersect(set, bridged), n, *value), s.minus(set, bridged));
    } else if (std::optional<bool> value = known(about)) {
      set = s.assume(set, n, *value);
    }
  }
  return set;
}

void Passage::settle(std::vector<ChainSets::Decided>& decided) const {
  for (ChainSets::Decided& d : decided) d.packets = settled(d.packets);
}

namespace {

// Addresses that no rule has a reason to treat apart.
PacketSet ordinary_senders(Space& s, Family family) {
  IntervalSet some;
  for (const char* text : {"203.0.113.9", "8.8.8.8", "81.2.69.160", "2001:db8:ffff::9", "2001:4860:4860::8888"})
    if (auto address = parse_address(text); address->family == family) some.add(address->value, address->value);
  return s.test(Dimension::source, some);
}

}  // namespace

void Exposure::open(const Passage& passage, std::vector<Opening>& openings) {
  Space& s = passage.chains->space();
  Reach reach(*passage.chains);
  Family family = passage.ruleset->family;
  struct Wanted {
    const MatrixRow* row;
    Waiting waiting;
    PacketSet packets;  // as this firewall sees them
  };
  std::vector<Wanted> rows;
  const std::vector<HostAt> lans = parts_of(passage);
  // Without a translation on the rest of the path the ports an opening has here tell which rows it cannot hit.
  bool same_ports =
      std::none_of(passage.then.begin(), passage.then.end(), [](const NextFirewall& further) { return further.translates(); });
  PacketSet strange[2];
  IntervalSet unknown_ports[2];
  for (int t = 0; t < 2; ++t) strange[t] = s.nothing();
  for (const MatrixRow& row : matrix_.rows) {
    if (row.direction == "egress" || !applies(row, passage.host)) continue;
    for (Waiting& here : waiting(row, passage.host, lans)) {
      PacketSet packets = s.unite(at_ports(s, proto_tcp, here.tcp), at_ports(s, proto_udp, here.udp));
      packets = before_path(passage, at_addresses(s, here.addresses, packets));
      rows.push_back({&row, std::move(here), packets});
    }
  }
  for (const HostAt& part : lans) {
    IntervalSet known[2];
    known[1].add(4500, 4500);  // NAT traversal of IPsec, the companion of 500
    known[1].add(500, 500);    // the reverse of egress 11
    // What a row's service has left is told where it moved; of the media range what calls do not use is a stranger's.
    for (const MatrixRow& row : matrix_.rows)
      if (row.direction != "egress" && applies(row, passage.host))
        for (const Waiting& here : waiting(row, passage.host, {part}))
          for (int t = 0; t < 2; ++t)
            if (row.has_transport(transports[t]))
              known[t].add(is_media_range(row) ? here.ports(transports[t]) : here.ports(transports[t]).united(row.port_set()));
    for (int t = 0; t < 2; ++t) {
      IntervalSet unknown = known[t].complement(65535);
      PacketSet there = at_ports(s, transports[t], unknown);
      strange[t] = s.unite(strange[t], before_path(passage, lans.size() == 1 ? there : at_addresses(s, part.addresses, there)));
      unknown_ports[t].add(unknown);
    }
  }
  // What a DHCP server answers the host itself (RFC 2131, 4.1; RFC 8415, 7.2).
  auto [server, client] = family == Family::ipv4 ? std::pair(67, 68) : std::pair(547, 546);
  strange[1] =
      s.minus(strange[1], s.intersect(s.test(Dimension::source_port, IntervalSet::of(static_cast<unsigned>(server))),
                                      s.test(Dimension::destination_port, IntervalSet::of(static_cast<unsigned>(client)))));

  auto anyhow = [&](PacketSet set) { return s.exists(s.exists(set, Dimension::in), Dimension::out); };
  const LinesToChange& lines = lines_to_change_.try_emplace(passage.ruleset, *passage.ruleset).first->second;
  Taken taken(s);  // possible packets that already have their line
  const std::size_t first = openings.size();
  IntervalSet hidden;  // behind a filter of the host's own, of which nothing is known
  for (const auto& [addresses, profile] : behind_own_filter(passage.host, family)) hidden.add(addresses);
  const PacketSet to_hidden = s.test(Dimension::destination, hidden);
  for (const Flow& flow : passage.flows) {
    PacketSet accepted = s.intersect(reach.after(flow.accepted, flow), passage.target);
    if (accepted.empty()) continue;
    PacketSet proven = passage.unlocated.empty() ? s.minus(flow.proven, to_hidden) : s.nothing();
    // What may or may not accept gets only what nothing understood accepts, for those are the lines to change: first rules that were not
    // understood, then a policy that is not known, then calls of chains that are in other files.
    std::vector<ChainSets::Decided> decided = reach.acceptors(flow, s.intersect(flow.seen, accepted));
    passage.settle(decided);
    auto rank = [](const ChainSets::Decided& d) {
      if (d.by.rule)
        return d.by.rule->action.kind != ActionKind::unknown               ? 0
               : d.by.rule->understanding == Understanding::not_understood ? 1
                                                                           : 3;
      return d.by.chain->policy && d.by.chain->policy->value == ActionKind::unknown ? 2 : 0;
    };
    std::stable_sort(decided.begin(), decided.end(), [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
    WaysToChange ways(lines, *passage.chains, flow, s.intersect(flow.seen, accepted));
    std::vector<std::pair<RuleRef, WaysToChange::Part>> parts;
    for (const ChainSets::Decided& d : decided)
      for (const WaysToChange::Part& part : ways.of(d)) parts.emplace_back(d.by, part);
    for (const auto& [by, part] : parts) {
      Opening o;
      o.passage = &passage, o.flow = &flow, o.by = by, o.line = part.line;
      PacketSet sent = s.intersect(part.packets, proven);
      o.proven = s.without_predicates(passage.inbound ? as_sender_likes(passage.chains->packets(), s, sent) : sent);
      o.possible = taken.rest_of(s.minus(s.possible(part.packets), proven));
      taken.add(o.possible);
      // Which interfaces they pass by tells nothing of the rows they hit.
      PacketSet sure = anyhow(o.proven), maybe = anyhow(o.possible), both = s.unite(sure, maybe);
      if (both.empty()) continue;
      o.routed = passage.addresses.empty() || !s.minus(s.unite(o.proven, o.possible), passage.unrouted).empty();
      bool names_none = (!o.by.rule || !is_about_ports(*o.by.rule)) && (!o.line.rule || !is_about_ports(*o.line.rule));
      IntervalSet opened[2];
      for (int t = 0; t < 2; ++t) {
        PacketSet of = s.intersect(both, s.test(Dimension::protocol, IntervalSet::of(transports[t])));
        opened[t] = s.project(of, Dimension::destination_port);
        if (!names_none || opened[t].size() < half_of_all_ports) continue;
        // Another firewall may leave all ports to some and few to the rest: it is the rest that the line is about then.
        PacketSet ordinary = s.intersect(both, ordinary_senders(s, family));
        o.unrestricted = o.unrestricted || passage.then.empty() || ordinary.empty() ||
                         s.project(s.intersect(ordinary, of), Dimension::destination_port).size() >= half_of_all_ports;
      }
      for (const Wanted& wanted : rows) {
        auto may_hit = [&](int t) { return opened[t].intersects(wanted.waiting.ports(transports[t])); };
        if (same_ports && !may_hit(0) && !may_hit(1)) continue;
        PacketSet hit_proven = s.intersect(sure, wanted.packets), hit_possible = s.intersect(maybe, wanted.packets);
        if (hit_proven.empty() && hit_possible.empty()) continue;
        RowHit hit;
        hit.row = wanted.row;
        hit.host = wanted.waiting.host, hit.at = wanted.waiting.addresses, hit.off = wanted.waiting.off;
        // What is said is what is worth saying: anyone possibly rather than a few surely.
        IntervalSet sources = s.project(hit_proven, Dimension::source);
        bool proven_any = is_anyone(sources, family);
        PacketSet hits = s.unite(hit_proven, hit_possible);
        hit.any = proven_any || is_anyone(sources.united(s.project(hit_possible, Dimension::source)), family);
        hit.certainty = proven_any || (!hit.any && !hit_proven.empty()) ? Certainty::proven : Certainty::possible;
        if (hit.certainty == Certainty::proven) hits = hit_proven;
        hit.ports = s.project(at_host(passage, hits), Dimension::destination_port)
                        .intersected(wanted.waiting.tcp.united(wanted.waiting.udp));
        hit.sources = s.project(hits, Dimension::source);
        // A rule for what the host sends takes what comes from elsewhere with its address; nobody gets an answer there.
        if (!passage.addresses.empty() && passage.addresses.covers(hit.sources)) continue;
        IntervalSet protocols = s.project(hits, Dimension::protocol);
        for (std::uint8_t protocol : transports)
          if (protocols.contains(protocol)) hit.transports.push_back(protocol);
        // Met alike on several LANs it is one.
        auto alike = std::find_if(o.hits.begin(), o.hits.end(), [&](const RowHit& other) {
          return other.row == hit.row && !other.off == !hit.off && other.certainty == hit.certainty && other.ports == hit.ports &&
                 other.transports == hit.transports && other.sources == hit.sources;
        });
        if (alike != o.hits.end())
          alike->host = passage.host, alike->at.add(hit.at);
        else
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
  // Packets that rules left untracked or marked are flows of their own: what such a line opens of them it opens with the rest.
  using Line = std::tuple<RuleRef, RuleRef, RuleRef>;
  auto line_of = [](const Opening& o) { return Line(o.flow->translation, o.by, o.line); };
  std::set<Line> unrestricted;
  for (std::size_t i = first; i < openings.size(); ++i)
    if (openings[i].unrestricted) unrestricted.insert(line_of(openings[i]));
  for (std::size_t i = first; i < openings.size(); ++i) openings[i].unrestricted = unrestricted.contains(line_of(openings[i]));
}

}  // namespace ipo
