// Claims are gathered by rank, most specific first; each rank takes what no higher one took. Tables of one rank do not
// overlap across zones: that is an error of the site file.
#include "rules/zones.h"

#include "rules/internet.h"

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

}  // namespace

const IntervalSet& all_public(Family family) {
  static const IntervalSet v4 = public_addresses(Family::ipv4), v6 = public_addresses(Family::ipv6);
  return family == Family::ipv4 ? v4 : v6;
}

std::vector<InterfaceTest> interfaces_of_zones(const Standing& standing) {
  std::vector<InterfaceTest> out = standing.internet;
  for (const ZoneAt& zone : standing.zones)
    for (const Zone* table : zone.tables)
      for (const Located<InterfaceTest>& interface : table->interfaces)
        if (standing.knows(interface.value)) out.push_back(interface.value);
  return out;
}

ZoneSets::ZoneSets(PacketSpace& packets, const Standing& standing, Family family)
    : packets_(packets), standing_(standing), family_(family) {
  const Interfaces& interfaces = packets.interfaces;
  for (const InterfaceTest& test : standing.internet) outside_.add(interfaces.matching(test));
  if (outside_.empty()) {
    outside_ = interfaces.all().minus(interfaces.matching({true, "lo", false}));
    for (u128 i : interfaces.single())
      if (is_tunnel(interfaces.name(i))) outside_ = outside_.minus(IntervalSet::of(i));
  }
  coming_ = claimed(Dimension::in, Dimension::source);
  going_ = claimed(Dimension::out, Dimension::destination);
}

std::vector<PacketSet> ZoneSets::claimed(Dimension side, Dimension address) const {
  Space& s = packets_.space;
  enum { by_both, by_source, by_interface, ranks };
  std::vector<PacketSet> claims[ranks];
  for (auto& rank : claims) rank.assign(standing_.zones.size(), s.nothing());
  PacketSet on_the_outside = s.test(side, outside_);
  for (std::size_t z = 0; z < standing_.zones.size(); ++z)
    for (const Zone* table : standing_.zones[z].tables) {
      IntervalSet interfaces, sources;
      for (const Located<InterfaceTest>& interface : table->interfaces)
        if (standing_.knows(interface.value)) interfaces.add(packets_.interfaces.matching(interface.value));
      for (const Located<MaskedAddress>& source : table->sources)
        if (source.value.family == family_) sources.add(addresses_of(source.value));
      PacketSet set = s.constant(1);
      if (!table->interfaces.empty()) set = s.intersect(set, s.test(side, interfaces));
      if (!table->sources.empty()) set = s.intersect(set, s.test(address, sources));
      auto rank = table->interfaces.empty() ? by_source : table->sources.empty() ? by_interface : by_both;
      if (rank == by_source && standing_.zones[z].is_internet())
        set = s.intersect(set, on_the_outside), rank = by_interface;
      else if (rank == by_source && !standing_.internet.empty())
        set = s.minus(set, s.minus(on_the_outside, s.test(address, all_public(family_))));
      // Public sources come in from outside, which is not here.
      if (rank == by_source && side == Dimension::in && !standing_.outermost)
        set = s.minus(set, s.test(address, all_public(family_)));
      claims[rank][z] = s.unite(claims[rank][z], set);
    }
  std::vector<PacketSet> out(standing_.zones.size(), s.nothing());
  PacketSet taken = s.nothing();
  for (auto& rank : claims) {
    PacketSet here = s.nothing();
    for (std::size_t z = 0; z < out.size(); ++z) {
      out[z] = s.unite(out[z], s.minus(rank[z], taken));
      here = s.unite(here, rank[z]);
    }
    taken = s.unite(taken, here);
  }
  // What no zone claims and comes from outside; with the interface not known, only what can come from nowhere else.
  PacketSet rest = s.minus(on_the_outside, taken);
  if (standing_.internet.empty()) rest = s.intersect(rest, s.test(address, all_public(family_)));
  out[0] = s.unite(out[0], rest);
  return out;
}

}  // namespace ipo
