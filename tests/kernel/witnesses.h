// The packets a rule set is asked about: one at least for every part the engine divides packets into, for every rule that
// packets reach and match, and beside it; and random ones near the values the rules name.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "rules/engine/reach.h"

namespace ipo::kernel {

// A name for every interface the rules can tell apart, as far as a device can have it. At most `limit`.
std::vector<std::string> devices_for(const Ruleset& ruleset, std::size_t limit);

// The packets that can be sent at a hook, in a state, by those devices, and that the kernel routes.
PacketSet sendable(PacketSpace& packets, const Ruleset& ruleset, const std::vector<std::string>& devices, Hook hook, State state);

struct Counts {
  std::size_t regions = 0, rules = 0;  // that have a packet that can be sent
};

class Witnesses {
 public:
  Witnesses(ChainSets& chains, const std::vector<std::string>& devices, unsigned seed);

  // Appends witnesses for the regions and rules of a hook. May throw SpaceExhausted; what was found until then stays.
  Counts find(Hook hook, State state, PacketSet sendable, std::vector<Packet>& out);
  // Appends `count` random packets; fewer where none can be sent.
  void random(Hook hook, State state, PacketSet sendable, std::size_t count, std::vector<Packet>& out);

 private:
  using Point = std::vector<u128>;
  Packet packet_at(const Point& point, Hook hook, State state) const;
  Point some_member(PacketSet set);
  void misses(const Rule& rule, const Point& hit, Hook hook, State state, PacketSet sendable, std::vector<Packet>& out);

  ChainSets& chains_;
  std::mt19937 random_;
  std::vector<std::pair<u128, std::string>> devices_;  // by the number the space has for it
  std::vector<std::vector<u128>> named_;               // of each dimension, values at and beside the edges of tests
};

}  // namespace ipo::kernel
