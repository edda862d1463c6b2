// Every rule that lets packets pass and names both an interface and a network ties the two, be the interface named by the rules that
// lead to it. The narrowest network that holds an
// address decides where it is, as in routing; what no rule ties is wherever nothing speaks against it.
#include "rules/site/sides.h"

#include <algorithm>
#include <utility>

#include "rules/site/internet.h"
#include "rules/site/required.h"

namespace ipo {
namespace {

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

// A net around the address that hosts share where nobody says otherwise: the factory's and most offices' /24, IPv6's /64.
IntervalSet usual_net(u128 address, Family family) {
  u128 hosts = (u128{1} << (family == Family::ipv4 ? 8 : 64)) - 1;
  return IntervalSet::range(address & ~hosts, address | hosts);
}

constexpr std::size_t most_on_the_way = 16;  // interfaces by which packets come to a chain, to be worth tying its rules to

// The interface a rule requires packets to come in or leave by.
std::vector<InterfaceTest> own_interfaces(const Rule& rule, bool incoming) {
  std::vector<InterfaceTest> out;
  for (const Condition& c : rule.conditions)
    if (auto* test = c.any_of.size() == 1 && !c.negated ? std::get_if<InterfaceTest>(&c.any_of.front()) : nullptr)
      if (test->incoming == incoming && !test->name.empty()) out.push_back(*test);
  return out;
}

// The rule lets through what comes in by the interface it goes out by.
bool comes_in_by(const Rule& rule, const InterfaceTest& out) {
  if (rule.action.kind == ActionKind::drop || rule.action.kind == ActionKind::reject) return false;
  return std::any_of(rule.conditions.begin(), rule.conditions.end(), [&](const Condition& c) {
    auto* test = c.any_of.size() == 1 && !c.negated ? std::get_if<InterfaceTest>(&c.any_of.front()) : nullptr;
    return test && test->incoming && test->name == out.name && test->prefix == out.prefix;
  });
}

}  // namespace

const IntervalSet& all_public(Family family) {
  static const IntervalSet v4 = public_addresses(Family::ipv4), v6 = public_addresses(Family::ipv6);
  return family == Family::ipv4 ? v4 : v6;
}

IntervalSet declared_interfaces(const Zone& table, const Standing& standing, const Interfaces& interfaces) {
  IntervalSet out;
  for (const Located<InterfaceTest>& interface : table.interfaces)
    if (standing.knows(interface.value)) out.add(interfaces.matching(interface.value));
  return out;
}

IntervalSet declared_interfaces(const ZoneAt& zone, const Standing& standing, const Interfaces& interfaces) {
  IntervalSet out;
  for (const Zone* table : zone.tables) out.add(declared_interfaces(*table, standing, interfaces));
  return out;
}

Sides::Sides(const PacketSpace& packets, const Standing& standing, Family family)
    : packets_(packets), standing_(standing), family_(family) {
  const Interfaces& interfaces = packets.interfaces;
  loopback_ = interfaces.matching({true, "lo", false});
  for (const InterfaceTest& test : standing.internet) outside_.add(interfaces.matching(test));
  if (outside_.empty()) {
    outside_ = interfaces.all().minus(loopback_);
    for (u128 i : interfaces.single())
      if (is_tunnel(interfaces.name(i))) outside_ = outside_.minus(IntervalSet::of(i));
  }
  for (const Ruleset& ruleset : standing.firewall->rulesets) {
    if (ruleset.family != family) continue;
    Callers callers = callers_of(ruleset);
    for (const Chain& chain : ruleset.chains) {
      // Generators put the interface on the jump and the address into the chain.
      std::vector<InterfaceTest> on_the_way;
      for (bool incoming : {true, false})
        for (InterfaceTest& test : on_every_way(callers, chain, [&](const Rule& rule) { return own_interfaces(rule, incoming); }))
          on_the_way.push_back(std::move(test));
      if (on_the_way.size() > most_on_the_way) on_the_way.clear();
      for (const Rule& rule : chain.rules) gather(rule, on_the_way);
    }
  }
  tunnels_ = tunnels_.minus(named_);
  for (const ZoneAt& zone : standing.zones)
    for (const Zone* table : zone.tables) gather(*table, zone.is_internet());
  for (const ZoneAt& zone : standing.zones)
    if (!zone.is_internet() && zone.kind != "voice") of_others_.add(declared_interfaces(zone, standing, interfaces));
}

void Sides::gather(const Rule& rule, const std::vector<InterfaceTest>& on_the_way) {
  const Interfaces& interfaces = packets_.interfaces;
  bool refuses = rule.action.kind == ActionKind::drop || rule.action.kind == ActionKind::reject;
  // A /8 says where an address is, a wider net does not; behind a tunnel only a /24 (/64) does.
  u128 widest = address_max(family_) >> 8, of_tunnel = address_max(family_) >> (family_ == Family::ipv4 ? 24 : 64);
  auto tie_to = [&](const InterfaceTest& test, bool own, bool negated) {
    Tie tie{{},
            interfaces.matching({true, test.name, test.prefix}),
            has_interface(standing_.internet, test),
            is_tunnel(test.name),
            !test.incoming};
    // "eth+" is no inside interface where it is the internet's eth0.
    if (!tie.outside && !standing_.internet.empty()) tie.interfaces = tie.interfaces.minus(outside_);
    if (own && !tie.outside) (tie.tunnel ? tunnels_ : named_).add(tie.interfaces);
    if (own && tie.outside && !test.incoming && comes_in_by(rule, test)) one_armed_.add(tie.interfaces);
    // A rule that refuses says where the address is not.
    if (negated || refuses) return;
    auto with = required(rule, test.incoming ? Field::source : Field::destination, address_max(family_));
    if (!with || with->empty() || with->size() - 1 > (tie.tunnel ? of_tunnel : widest)) return;
    tie.with = std::move(*with);
    ties_.push_back(std::move(tie));
  };
  bool in = false, out = false;
  for (const Condition& c : rule.conditions) {
    auto* test = c.any_of.size() == 1 ? std::get_if<InterfaceTest>(&c.any_of.front()) : nullptr;
    if (!test || test->name.empty() || test->name == "lo") continue;
    (test->incoming ? in : out) = true;
    tie_to(*test, true, c.negated);
  }
  for (const InterfaceTest& test : on_the_way)
    if (!(test.incoming ? in : out) && test.name != "lo") tie_to(test, false, false);
}

void Sides::gather(const Zone& table, bool internet) {
  // A wider net says who comes by the interface rather than what is there.
  u128 widest = address_max(family_) >> (family_ == Family::ipv4 ? 16 : 48);
  for (const Located<InterfaceTest>& interface : table.interfaces)
    for (const Located<MaskedAddress>& source : table.sources) {
      IntervalSet with = addresses_of(source.value);
      if (internet || source.value.family != family_ || with.size() - 1 > widest || !standing_.knows(interface.value)) continue;
      ties_.push_back({std::move(with), packets_.interfaces.matching(interface.value),
                       has_interface(standing_.internet, interface.value), is_tunnel(interface.value.name), true, true});
    }
}

IntervalSet Sides::tied(const IntervalSet& addresses, bool outside_too) const {
  IntervalSet out;
  u128 narrowest = address_max(family_);
  for (const Tie& tie : ties_) {
    if (tie.outside && !outside_too) continue;
    if (!tie.with.covers(addresses) || tie.with.size() > narrowest) continue;
    if (tie.with.size() < narrowest) out = {};
    narrowest = tie.with.size();
    out.add(tie.interfaces);
  }
  return out;
}

Behind Sides::behind(const IntervalSet& addresses) const {
  Behind out;
  bool all_tied = !addresses.empty();
  for (const Interval& i : addresses) {
    IntervalSet here = tied(IntervalSet::of(i.lo), false);
    // One-armed: a rule sends packets for the address out by the internet's interface.
    if (here.empty())
      for (const Tie& tie : ties_)
        if (tie.outside && tie.leaving && tie.with.covers(IntervalSet::of(i.lo))) here.add(tie.interfaces);
    all_tied = all_tied && !here.empty();
    out.likely.add(here);
  }
  if (all_tied) {
    out.certain = true;
    return out;
  }
  // Where rules tell the ports of a bridge apart, both sides are behind it.
  if (!standing_.outer_ports.empty() && !standing_.internet.empty()) {
    out.likely = outside_;
    return out;
  }
  // Of a host whose address is not known a tunnel tells nothing: many machines have one.
  if (!addresses.empty()) out.perhaps = tunnels_.minus(of_others_).united(one_armed_);
  // With the internet's side not known an interface that is named may be either; so may one that is not.
  if (standing_.internet.empty())
    out.likely.add(packets_.interfaces.all().minus(loopback_).minus(tunnels_));
  else
    out.likely.add(named_);
  if (IntervalSet rest = out.likely.minus(of_others_); !rest.empty()) out.likely = rest;
  if (out.likely.empty()) out.likely = one_armed_;
  if (out.likely.empty()) out.likely = std::exchange(out.perhaps, {});
  if (out.likely.empty()) out.likely = packets_.interfaces.all().minus(outside_).minus(loopback_).minus(tunnels_);
  if (out.likely.empty()) out.likely = packets_.interfaces.all().minus(loopback_);
  return out;
}

Sides::Net Sides::of_source(const IntervalSet& net) const {
  Net out{net.intersected(all_public(family_)), net.minus(all_public(family_)), {}, {}};
  IntervalSet said = tied(net, false);
  // A net that a rule names may be a part of the zone's.
  for (const Tie& tie : ties_)
    if (!tie.outside && !tie.declared && net.covers(tie.with)) said.add(tie.interfaces);
  if (!out.open.empty()) out.open_interfaces = outside_.united(said);
  if (out.inner.empty()) return out;
  out.inner_interfaces = said;
  if (!said.empty()) return out;
  // Of a machine with one interface rules tie its own network to the internet's.
  out.inner_interfaces = tied(net, true);
  IntervalSet inside = standing_.internet.empty() ? outside_ : named_;
  if (inside.empty()) inside = packets_.interfaces.all().minus(outside_).minus(loopback_).minus(tunnels_);
  if (IntervalSet rest = inside.minus(of_others_); !rest.empty()) inside = rest;
  out.inner_interfaces.add(inside);
  return out;
}

IntervalSet Sides::toward(const IntervalSet& addresses) const {
  if (all_public(family_).covers(addresses)) return of_source(addresses).open_interfaces;
  IntervalSet said = tied(addresses, true);
  return said.empty() ? packets_.interfaces.all().minus(loopback_) : said;
}

bool Sides::beside(const IntervalSet& host, const IntervalSet& other, const IntervalSet& lan) const {
  IntervalSet here = tied(IntervalSet::of(host.begin()->lo), false), there = tied(other, false);
  if (!here.empty() && !there.empty()) return here.intersects(there);
  if (!lan.empty()) return lan.covers(other);
  for (const Interval& i : host)
    if (!is_public({family_, i.lo}) && usual_net(i.lo, family_).covers(other)) return true;
  return false;
}

}  // namespace ipo
