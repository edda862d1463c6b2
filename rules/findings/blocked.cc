// A passage to addresses is made from one to a zone: its packets with the other end's interface and address set free, cut with
// the addresses, and sent through the hook again.
#include "rules/findings/blocked.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <tuple>

#include "rules/exposure/crossing.h"
#include "rules/exposure/media.h"
#include "rules/findings/exposure_findings.h"
#include "rules/findings/setting_findings.h"
#include "rules/pbx/sip_ports.h"
#include "rules/site/declared.h"
#include "rules/site/join_dumps.h"
#include "rules/site/locate_pbx.h"
#include "rules/site/required.h"

namespace ipo {
namespace {

// The networks of the host as its export gives them with a mask.
IntervalSet lans_of(const Host* host, Family family) {
  IntervalSet out;
  for (std::string_view lan : lans)
    if (auto network = host ? network_of(*host, lan) : std::nullopt;
        network && network->family == family && network->mask != address_max(family))
      out.add(addresses_of(*network));
  return out;
}

bool beside(const Passage& passage, const IntervalSet& other) {
  return passage.sides->beside(passage.addresses, other, lans_of(passage.host, passage.ruleset->family));
}

}  // namespace

bool crosses(const Passage& passage) {
  if (passage.hook != Hook::forward || passage.addresses.empty()) return true;
  const PacketSpace& packets = passage.chains->packets();
  Family family = passage.ruleset->family;
  bool all = !passage.zone->tables.empty() && !passage.zone->is_internet();
  for (const Zone* zone : passage.zone->tables) {
    IntervalSet sources, interfaces = declared_interfaces(*zone, *passage.at, packets.interfaces);
    for (const Located<MaskedAddress>& s : zone->sources)
      if (s.value.family == family) sources.add(addresses_of(s.value));
    bool own = sources.intersects(passage.addresses) || (!sources.empty() && interfaces.empty() && beside(passage, sources)) ||
               (!interfaces.empty() && passage.path_certain && interfaces.covers(passage.ways));
    all = all && own;
  }
  return !all;
}

namespace {

// Whether packets between the host and an address meet this firewall at all: at a host's own filter they do; else where the
// address is public, of a declared zone that the host is not of, or tied by rules to another interface than the host's.
bool crosses(const Site& site, const Passage& passage, const IntervalSet& other) {
  if (passage.hook != Hook::forward) return true;
  if (passage.addresses.empty()) return false;
  Family family = passage.ruleset->family;
  if (beside(passage, other)) return false;
  if (all_public(family).covers(other)) return true;
  IntervalSet own = IntervalSet::of(passage.addresses.begin()->lo);
  for (const Zone& zone : site.zones)
    if (holds(zone, other, family)) return !holds(zone, own, family);
  // A rule says by which interface they come, be it the internet's, over IPsec; nothing says so where any may.
  IntervalSet there = passage.sides->toward(IntervalSet::of(other.begin()->lo));
  IntervalSet any = passage.chains->packets().interfaces.all().minus(passage.sides->loopback());
  return there != any && !passage.sides->behind(own).likely.intersects(there);
}

// The passage between the same host and certain addresses. They are of its family.
Passage passage_to(const Passage& passage, const IntervalSet& addresses, bool routed) {
  ChainSets& chains = *passage.chains;
  Space& s = chains.space();
  Reach reach(chains);
  Passage out = passage;
  out.of_zone = false;
  Dimension side = passage.inbound ? Dimension::in : Dimension::out,
            end = passage.inbound ? Dimension::source : Dimension::destination;
  PacketSet free = s.exists(s.exists(passage.arriving, side), end);
  out.arriving = s.intersect(s.intersect(free, s.test(side, passage.sides->toward(addresses))), s.test(end, addresses));
  out.flows.clear();
  out.possible = s.nothing();
  for (Flow& flow : reach.flows(out.hook, out.arriving)) {
    if (out.inbound) flow.accepted = s.intersect(flow.accepted, reach.before(out.target_of(flow), flow));
    flow.accepted = out.settled(flow.accepted), flow.seen = out.settled(flow.seen);
    out.possible = s.unite(out.possible, reach.after(s.possible(flow.accepted), flow));
    out.flows.push_back(std::move(flow));
  }
  out.find_led(false);
  if (routed) out.unrouted = s.nothing(), out.led = out.possible;
  return out;
}

// What comes to the firewall and has to cross it: what leaves by the inside interface it came in by does so within its network.
PacketSet crossing(const Passage& passage) {
  Space& s = passage.chains->space();
  PacketSet within = s.minus(hairpins(passage.chains->packets()), s.test(Dimension::in, passage.sides->outside()));
  return s.minus(passage.arriving, within);
}

// Firewalls in a row are asked one by one, perimeters together.
const Standing* in_a_row(const Passage& passage) { return passage.at->role == Role::perimeter ? nullptr : passage.at; }

}  // namespace

std::vector<Ways> ways(const Judgement& judgement, bool inbound) {
  std::vector<Ways> out;
  std::map<std::tuple<const Host*, std::string, Family, Hook, const Standing*>, std::size_t> places;
  for (const auto& passage : judgement.exposure.passages()) {
    if (passage->inbound != inbound || !passage->unlocated.empty() || (!passage->host && !passage->at->protects_itself) ||
        !crosses(*passage))
      continue;
    auto [at, fresh] = places.try_emplace(
        {passage->host, passage->zone->name, passage->ruleset->family, passage->hook, in_a_row(*passage)}, out.size());
    if (fresh) out.emplace_back();
    out[at->second].push_back(passage.get());
  }
  return out;
}

Ways WaysTo::ways() const {
  Ways out;
  for (const Passage& passage : passages) out.push_back(&passage);
  return out;
}

std::vector<WaysTo> ways_to(const Judgement& judgement, const Host& host, bool inbound, const std::vector<MaskedAddress>& addresses,
                            bool routed) {
  std::vector<WaysTo> out;
  std::map<std::tuple<Family, Hook, const Standing*>, std::size_t> places;
  std::set<std::tuple<const Ruleset*, Hook>> met;
  for (const auto& passage : judgement.exposure.passages()) {
    if (passage->host != &host || passage->inbound != inbound || !passage->unlocated.empty()) continue;
    // A declared path carries what comes in from the outermost firewall on.
    if (inbound && !passage->at->outermost) continue;
    if (!met.insert({passage->ruleset, passage->hook}).second) continue;
    Family family = passage->ruleset->family;
    IntervalSet others;
    for (const MaskedAddress& a : addresses)
      if (IntervalSet some = addresses_of(a); a.family == family && !some.empty() && crosses(judgement.site, *passage, some))
        others.add(some);
    if (others.empty()) continue;
    auto [at, fresh] = places.try_emplace({family, passage->hook, in_a_row(*passage)}, out.size());
    if (fresh) out.push_back({&host, inbound, in_a_row(*passage), {}});
    out[at->second].passages.push_back(passage_to(*passage, others, routed));
  }
  return out;
}

PacketSet packets_to(const Passage& passage, std::uint8_t protocol, const IntervalSet& ports) {
  Space& s = passage.chains->space();
  return s.intersect(s.test(Dimension::protocol, IntervalSet::of(protocol)), s.test(Dimension::destination_port, ports));
}

namespace {

// Ports that Linux, Windows and phones give to clients, without those media comes from: the defaults of all releases and the host's
// own range. A range that leaves none of them is theirs as well.
IntervalSet client_ports(const Host* host) {
  IntervalSet clients = IntervalSet::range(32768, 60999), media;
  for (const MediaDefault& known : media_defaults()) media.add(known.ports.lo, known.ports.hi);
  clients = clients.minus(media);
  MediaRange own = media_range(host, {});
  IntervalSet rest = clients.minus(own.needed).minus(own.through_nat);
  return rest.empty() ? clients : rest;
}

}  // namespace

PacketSet requests_to(const Passage& passage, std::uint8_t protocol, const IntervalSet& ports) {
  IntervalSet from = client_ports(passage.host);
  if (protocol == proto_udp) from = from.united(ports).united(sip_ports(passage.host, proto_udp));
  return passage.chains->space().intersect(packets_to(passage, protocol, ports),
                                           passage.chains->space().test(Dimension::source_port, from));
}

PacketSet requests_of(const Judgement& judgement, const Passage& passage, const MatrixRow& row) {
  Space& s = passage.chains->space();
  PacketSet out = s.nothing();
  for (std::uint8_t protocol : {proto_tcp, proto_udp})
    if (row.has_transport(protocol))
      out = s.unite(out, requests_to(passage, protocol, passage.inbound ? ports_of(row, passage.host) : row.port_set()));
  return passage.inbound ? judgement.exposure.before_path(passage, out) : out;
}

bool comes(const Passage& passage, PacketSet wanted) {
  PacketSet coming = crossing(passage);
  // What comes in is asked for as the host sees it: who sends it has no ports in common with that where a forward moves them.
  return passage.inbound ? !coming.empty() : !passage.chains->space().disjoint(coming, wanted);
}

PacketSet led_by_others(const Passage& passage) {
  Space& s = passage.chains->space();
  return passage.inbound ? s.minus(passage.led, s.test(Dimension::source, passage.addresses)) : passage.led;
}

bool is_blocked(const Passage& passage, PacketSet wanted) {
  return comes(passage, wanted) && passage.chains->space().disjoint(led_by_others(passage), wanted);
}

const Passage& telling(const Ways& ways) {
  auto forwards = std::find_if(ways.begin(), ways.end(), [](const Passage* p) { return p->translates(); });
  return forwards == ways.end() ? *ways.front() : **forwards;
}

namespace {

// Where a rule that is missing would stand.
SourceSpan place_of_missing(const Passage& passage, bool forward) {
  const Ruleset& ruleset = *passage.ruleset;
  const Chain* chain = nullptr;
  for (const Stage& stage : ruleset.pipeline.stages)
    if (forward && stage.kind == Stage::Kind::translate_destination && stage.is_on(Hook::forward))
      chain = &ruleset.chains[stage.chain];
  if (const Stage* filter = ruleset.pipeline.last_word(passage.hook); !chain && filter) chain = &ruleset.chains[filter->chain];
  if (!chain) return {ruleset.span.source, ruleset.span.begin, ruleset.span.begin};
  return is_written(*chain) ? chain->policy->span : chain->span;
}

// A forward of these ports, sent to whichever address, that leads to a host the site does not know; not of ports that many a machine
// has, for another one's are its own business.
void find_elsewhere(const Judgement& judgement, Blocked& blocked) {
  const Passage& passage = *blocked.passage;
  if (!passage.inbound || passage.hook != Hook::forward || passage.addresses.empty() || !passage.then.empty()) return;
  Family family = passage.ruleset->family;
  Space& s = passage.chains->space();
  Reach reach(*passage.chains);
  IntervalSet known = passage.addresses;
  for (const Host& host : judgement.site.hosts) known.add(addresses_in(host, family));
  PacketSet sent = s.minus(blocked.lost, s.test(Dimension::destination_port, common_ports()));
  for (Dimension d :
       {Dimension::destination, Dimension::out, Dimension::nat, Dimension::original_destination, Dimension::original_port})
    sent = s.exists(sent, d);
  sent = s.intersect(passage.arriving, s.possible(sent));
  const u128 asked = s.project(sent, Dimension::destination_port).size();
  u128 most = 0;
  for (const Flow& flow : reach.flows(passage.hook, sent)) {
    const Rule* rule = flow.translation.rule;
    if (!rule || is_supposed(*rule) || !is_about_ports(*rule) || flow.arrived.empty()) continue;
    if (s.project(flow.seen, Dimension::destination).intersects(known)) continue;
    u128 ports = s.project(s.possible(flow.arrived), Dimension::destination_port).size();
    if (ports <= most || 2 * ports < asked) continue;
    most = ports;
    blocked.elsewhere = flow;
    blocked.by = {flow.translation, nullptr, flow.seen, passage.at};
  }
}

}  // namespace

Blocked why_blocked(const Judgement& judgement, const Passage& passage, PacketSet wanted) {
  Space& s = passage.chains->space();
  Blocked out;
  out.passage = &passage;
  out.lost = passage.inbound ? s.intersect(wanted, s.possible(passage.to_host)) : wanted;
  if (!passage.unrouted.empty()) {
    // Who drops what a forward leads here is the one to change.
    out.by = judgement.exposure.blocked_by(passage, out.lost, true);
    if (out.by.by.chain) return out;
    PacketSet came = s.intersect(passage.arriving, out.lost);
    out.no_forward = !came.empty() && s.minus(came, passage.unrouted).empty();
    if (out.no_forward) find_elsewhere(judgement, out);
    if (out.elsewhere) return out;
    // A line for what hosts inside send would take only what is spoofed.
    PacketSet meant =
        passage.zone->is_internet() ? s.test(Dimension::source, all_public(passage.ruleset->family)) : passage.arriving;
    out.by = judgement.exposure.accepted_by(passage, s.intersect(s.intersect(passage.possible, out.lost), meant));
    out.accepted = out.by.by.chain != nullptr;
    if (out.accepted) return out;
  }
  out.by = judgement.exposure.blocked_by(passage, out.lost, false);
  return out;
}

// Of the host's addresses those the packets are for.
static std::string format_target(const Blocked& blocked) {
  const Passage& passage = *blocked.passage;
  IntervalSet at = passage.chains->space().project(blocked.lost, Dimension::destination).intersected(passage.addresses);
  return format_addresses(at.empty() ? passage.addresses : at, passage.ruleset->family);
}

std::string Blocked::led_elsewhere(const std::string& what) const {
  Space& s = passage->chains->space();
  Family family = passage->ruleset->family;
  bool all = s.project(elsewhere->arrived, Dimension::destination_port).covers(s.project(lost, Dimension::destination_port));
  return fmt::format("this forward leads {}{} to {}, not to {}", all ? "" : "most of ", what,
                     format_addresses(s.project(elsewhere->seen, Dimension::destination), family), format_target(*this));
}

std::string Blocked::message(const Judgement& judgement, const std::string& what, bool plural) const {
  if (elsewhere) return led_elsewhere(what);
  if (no_forward) {
    std::string out = fmt::format("no port forward leads {} to {}", what, format_target(*this));
    if (!accepted) return out;
    SourceSpan at = by.by.span();
    return fmt::format("{} (line {} would accept {})", out, judgement.sources[at.source].position(at.begin).line,
                       plural ? "them" : "it");
  }
  return fmt::format("{} {} blocked {} the {}", what, plural ? "are" : "is", passage->inbound ? "from" : "on the way to",
                     passage->zone->name);
}

void take_unmet(std::vector<Asked> all, Findings& findings) {
  std::map<std::string, std::set<std::pair<const Host*, Family>>> met;  // by zone
  std::map<std::string, std::set<const Host*>> hosts;
  for (const Asked& asked : all)
    if (asked.met) {
      met[asked.way->zone->name].insert({asked.way->host, asked.way->ruleset->family});
      hosts[asked.way->zone->name].insert(asked.way->host);
    }
  for (Asked& asked : all) {
    const Passage& way = *asked.way;
    const std::string& zone = way.zone->name;
    bool by_family = met[zone].contains({way.host, way.ruleset->family == Family::ipv4 ? Family::ipv6 : Family::ipv4});
    bool by_other = hosts[zone].size() > (hosts[zone].contains(way.host) ? 1 : 0);
    if (!by_family && (asked.own || !by_other))
      std::move(asked.findings.begin(), asked.findings.end(), std::back_inserter(findings));
  }
}

Finding blocked_finding(const Judgement& judgement, std::string_view check, Level level, const Blocked& blocked) {
  const Passage& passage = *blocked.passage;
  Finding f;
  f.check = check;
  f.level = passage.inbound ? level_of_loss(level, passage) : level;
  f.hook = name_of(passage.hook);
  if (blocked.by.by.chain) {
    f.span = blocked.by.by.span();
    Exposure::Witness witness = judgement.exposure.witness(passage, *blocked.flow(), blocked.by.packets);
    f.witness = witness.packet;
    f.path = std::move(witness.path);
    f.identity = rule_text(judgement, blocked.by.by);
    if (blocked.no_forward && blocked.accepted) f.related.push_back({"this line would accept it, if it came", f.span});
  } else {
    f.span = place_of_missing(passage, blocked.no_forward);
  }
  return f;
}

std::string format_row_ports(const MatrixRow& row, const IntervalSet& ports) {
  std::string out;
  for (const std::string& transport : row.transports) out += (out.empty() ? "" : "+") + transport;
  return out + "/" + format_ports(ports);
}

}  // namespace ipo
