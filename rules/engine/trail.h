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

  void clear() { words_.clear(), writes_address_ = writes_port_ = false; }
  // Adds what the packet may meet on its way to and at a hook. False where the verdict depends on more than that, as a packet
  // does that may be translated or not, or in several ways; or where the trail is longer than is worth keeping. `packet` is as
  // it arrives, of the state given.
  bool add(const PacketRange& packet, Hook hook, State state);

  // Equal for two packets whose verdicts differ in nothing but what they came with.
  std::span<const std::uint32_t> words() const { return words_; }
  // The destination, or its port, leaves as the rules have it, not as it came.
  bool writes_address() const { return writes_address_; }
  bool writes_port() const { return writes_port_; }

 private:
  struct Walked {
    std::uint64_t when = 0;
    bool ended = false;
  };

  bool translate(const Translation& translation);
  bool walk(std::size_t chain);
  bool ends_in(std::size_t chain);

  const RuleTable& table_;
  PacketRange packet_;
  std::vector<std::uint32_t> words_;
  std::vector<Walked> walked_;  // of each chain: in which base chain's turn, and whether no packet came back
  std::uint64_t turn_ = 0;
  bool local_ = false;
  bool passes_ = false;  // some packet passes the base chain
  bool certain_ = true;  // all worlds are still where the way is
  bool usable_ = true, writes_address_ = false, writes_port_ = false;
};

}  // namespace ipo
