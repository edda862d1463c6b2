// The packets of each zone at one firewall, as they come in and as they go out.
//
// A packet belongs to the most specific zone that claims it: interface and source before source before interface. A zone
// declared by sources alone arrives where packets of such a source can (rules/site/sides.h). The internet, where nobody declared
// it, is what comes by its interfaces and no other zone claims. Private sources that arrive there are the internet's: they can
// be spoofed (product.md, "Zones").
#pragma once

#include <vector>

#include "rules/engine/chains.h"
#include "rules/site/sides.h"
#include "rules/site/site.h"

namespace ipo {

class ZoneSets {
 public:
  // `packets` must know the interfaces of the standing's zones.
  ZoneSets(PacketSpace& packets, const Standing& standing, Family family);

  // Of standing.zones[zone]; whatever the packets' other fields are.
  PacketSet coming(std::size_t zone) const { return coming_[zone]; }  // by in-interface and source
  PacketSet going(std::size_t zone) const { return going_[zone]; }    // by out-interface and destination
  const Sides& sides() const { return sides_; }

 private:
  PacketSet from_sources(Dimension side, Dimension address, const IntervalSet& sources) const;
  std::vector<PacketSet> claimed(Dimension side, Dimension address) const;

  PacketSpace& packets_;
  const Standing& standing_;
  Family family_;
  Sides sides_;
  std::vector<PacketSet> coming_, going_;
};

// Every interface the zones of a standing name.
std::vector<InterfaceTest> interfaces_of_zones(const Standing& standing);

}  // namespace ipo
