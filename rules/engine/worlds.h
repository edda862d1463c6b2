// Everything that may become of a packet when some of its fields are not known and some matches cannot be decided.
#pragma once

#include <vector>

#include "rules/engine/rule_table.h"

namespace ipo {

// Where a value of a packet comes from that is not known.
enum class Origin : std::uint8_t { arrived, this_machine, picked };

// Where REDIRECT sends what this machine makes itself.
constexpr u128 loopback(Family family) { return family == Family::ipv4 ? u128{0x7f000001} : u128{1}; }

// Whether one of `after`, written where a value of `before` stands, is another value. A translation that changes nothing does
// not count as one for ctstate DNAT (nf_nat_core.c: nf_nat_setup_info).
inline Truth changes(const Interval& before, const IntervalSet& after) {
  if (!after.intersects(IntervalSet::range(before.lo, before.hi))) return Truth::yes;
  return before.lo == before.hi && after.size() == 1 ? Truth::no : Truth::maybe;
}

struct Fates {
  bool one = false;           // verdict, destination and destination port are always the same
  std::vector<Doubt> doubts;  // what they depend on, by place; empty where `one`
  bool complete = true;       // false: too much to follow, so not `one`, and the doubts say so
};

// All fates of a packet at a hook. `packet` is as it arrives, of the state given.
Fates fates_of(const RuleTable& table, const PacketRange& packet, Hook hook, State state);

}  // namespace ipo
