// By which interfaces of a firewall packets of given addresses arrive and leave: the one answer for hosts, zones, peers and servers.
//
// Routing is not in a dump. What stands there is what rules say of it: "-o eth1 -d 192.168.42.0/24" and "-i eth1 -s
// 192.168.42.0/24" both tie the network to eth1. An address that nothing ties is public, and then outside, or inside, behind any
// interface that is not the internet's (product.md, "Zones").
#pragma once

#include <vector>

#include "rules/engine/chains.h"
#include "rules/site/site.h"

namespace ipo {

// The interfaces that some addresses are behind.
struct Behind {
  IntervalSet likely;    // those rules tie them to, else those nothing speaks against; never empty
  IntervalSet perhaps;   // tunnels, containers and bridges of machines that may lead there as well: a name closes nothing
  bool certain = false;  // rules tie the addresses to `likely`
  IntervalSet all() const { return likely.united(perhaps); }
};

class Sides {
 public:
  // `packets` must know the interfaces of the standing's zones.
  Sides(const PacketSpace& packets, const Standing& standing, Family family);

  // Interfaces of the internet; where they are not known all but loopback, tunnels and containers.
  const IntervalSet& outside() const { return outside_; }
  const IntervalSet& loopback() const { return loopback_; }
  // Of a host's addresses; empty = any host inside.
  Behind behind(const IntervalSet& addresses) const;
  // Of a zone that is declared by sources alone, for one of its nets: what is public of it is outside, what is not is inside; both
  // also where a rule says so.
  struct Net {
    IntervalSet open, inner;                        // the addresses, public and not
    IntervalSet open_interfaces, inner_interfaces;  // what leads there
  };
  Net of_source(const IntervalSet& net) const;
  // Of a machine somewhere else, a peer or a server: as its address says, or by any interface where nothing does.
  IntervalSet toward(const IntervalSet& addresses) const;
  // Packets between the two need not pass the firewall: the same interface leads to both, or they share a network as far as is
  // known. Neither is empty; `lan` is the host's network as its export says it, empty = not said.
  bool beside(const IntervalSet& host, const IntervalSet& other, const IntervalSet& lan) const;

 private:
  // A rule that lets packets between an interface and a network pass, or a declared zone that has both.
  struct Tie {
    IntervalSet with;        // at most a /8
    IntervalSet interfaces;  // what its interface test matches
    bool outside, tunnel, leaving;
    bool declared = false;  // of a zone's own table, which is no other zone's business
  };
  void gather(const Rule& rule, const std::vector<InterfaceTest>& on_the_way);
  void gather(const Zone& table, bool internet);
  IntervalSet tied(const IntervalSet& addresses, bool outside_too) const;

  const PacketSpace& packets_;
  const Standing& standing_;
  Family family_;
  IntervalSet loopback_, outside_;
  IntervalSet named_, tunnels_;  // inside interfaces that rules name, by their kind
  IntervalSet one_armed_;        // of the internet that rules let packets out by again
  IntervalSet of_others_;        // of zones declared by interfaces where no PBX stands
  std::vector<Tie> ties_;
};

// The interfaces that the site file names for a zone, or in one of its tables, as far as they are this firewall's.
IntervalSet declared_interfaces(const Zone& table, const Standing& standing, const Interfaces& interfaces);
IntervalSet declared_interfaces(const ZoneAt& zone, const Standing& standing, const Interfaces& interfaces);

// Addresses an ordinary host on the internet can have.
const IntervalSet& all_public(Family family);

}  // namespace ipo
