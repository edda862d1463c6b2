// All of a ruleset that a packet's verdict depends on: the rules it may match, in order.
//
// Packets by the thousand have the same trail, and with it the same way, certainty and doubts: what they do not share is
// only what they were when they came. So a trail is the key under which a verdict can be kept.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rules/engine/rule_table.h"

namespace ipo {

// One after another, not for several threads at once.
class Trail {
 public:
  // The table must outlive it.
  explicit Trail(const RuleTable& table) : table_(table), walked_(table.chain_count()) {}

  void clear() { words_.clear(); }
  // Adds what the packet may meet on its way to and at a hook. False where the verdict depends on more than that: a rule may
  // write another destination, or the trail is longer than is worth keeping. `packet` is as it arrives, of the state given.
  bool add(const PacketRange& packet, Hook hook, State state);

  // Equal for two packets whose verdicts differ in nothing but what they came with.
  std::span<const std::uint32_t> words() const { return words_; }

 private:
  struct Walked {
    std::uint64_t when = 0;
    bool ended = false;
  };

  bool walk(std::size_t chain);
  bool ends_in(std::size_t chain);

  const RuleTable& table_;
  PacketRange packet_;
  std::vector<std::uint32_t> words_;
  std::vector<Walked> walked_;  // of each chain: in which base chain's turn, and whether no packet came back
  std::uint64_t turn_ = 0;
  bool passes_ = false, usable_ = true;
};

}  // namespace ipo
