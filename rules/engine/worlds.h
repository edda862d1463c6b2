// Everything that may become of a packet when some of its fields are not known and some matches cannot be decided.
#pragma once

#include <vector>

#include "rules/engine/rule_table.h"

namespace ipo {

// Where a value of a packet comes from that is not known.
enum class Origin : std::uint8_t { arrived, this_machine, picked };

// Where REDIRECT sends what this machine makes itself.
constexpr u128 loopback(Family family) { return family == Family::ipv4 ? u128{0x7f000001} : u128{1}; }

struct Fates {
  bool one = false;  // the verdict is always the same
  // So are destination and destination port; one that was not given and nothing wrote counts as the same.
  bool one_destination = false, one_port = false;
  std::vector<Doubt> doubts;  // what the verdict depends on, by place; empty where `one`
  bool complete = true;       // false: too much to follow, so nothing is always the same, and the doubts say so
};

// All fates of a packet at a hook. `packet` is as it arrives, of the state given.
Fates fates_of(const RuleTable& table, const PacketRange& packet, Hook hook, State state);

}  // namespace ipo
