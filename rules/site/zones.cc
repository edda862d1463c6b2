// Claims are gathered by rank, most specific first; each rank takes what no higher one took. Tables of one rank do not
// overlap across zones: that is an error of the site file.
#include "rules/site/zones.h"

namespace ipo {

std::vector<InterfaceTest> interfaces_of_zones(const Standing& standing) {
  std::vector<InterfaceTest> out = standing.internet;
  for (const ZoneAt& zone : standing.zones)
    for (const Zone* table : zone.tables)
      for (const Located<InterfaceTest>& interface : table->interfaces)
        if (standing.knows(interface.value)) out.push_back(interface.value);
  return out;
}

ZoneSets::ZoneSets(PacketSpace& packets, const Standing& standing, Family family)
    : packets_(packets), standing_(standing), family_(family), sides_(packets, standing, family) {
  coming_ = claimed(Dimension::in, Dimension::source);
  going_ = claimed(Dimension::out, Dimension::destination);
}

// A place behind an interface, not a right to arrive anywhere.
PacketSet ZoneSets::from_sources(Dimension side, Dimension address, const IntervalSet& sources) const {
  Space& s = packets_.space;
  PacketSet out = s.nothing();
  for (const Interval& i : sources) {
    Sides::Net net = sides_.of_source(IntervalSet::range(i.lo, i.hi));
    out = s.unite(out, s.intersect(s.test(side, net.open_interfaces), s.test(address, net.open)));
    out = s.unite(out, s.intersect(s.test(side, net.inner_interfaces), s.test(address, net.inner)));
  }
  return out;
}

std::vector<PacketSet> ZoneSets::claimed(Dimension side, Dimension address) const {
  Space& s = packets_.space;
  enum { by_both, by_source, by_interface, ranks };
  std::vector<PacketSet> claims[ranks];
  for (auto& rank : claims) rank.assign(standing_.zones.size(), s.nothing());
  PacketSet on_the_outside = s.test(side, sides_.outside());
  for (std::size_t z = 0; z < standing_.zones.size(); ++z)
    for (const Zone* table : standing_.zones[z].tables) {
      IntervalSet interfaces = declared_interfaces(*table, standing_, packets_.interfaces), sources;
      for (const Located<MaskedAddress>& source : table->sources)
        if (source.value.family == family_) sources.add(addresses_of(source.value));
      PacketSet set = s.constant(1);
      if (!table->interfaces.empty()) set = s.intersect(set, s.test(side, interfaces));
      if (!table->sources.empty()) set = s.intersect(set, s.test(address, sources));
      auto rank = table->interfaces.empty() ? by_source : table->sources.empty() ? by_interface : by_both;
      if (rank == by_source && standing_.zones[z].is_internet())
        set = s.intersect(set, on_the_outside), rank = by_interface;
      else if (rank == by_source)
        set = from_sources(side, address, sources);
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
