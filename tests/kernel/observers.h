// What the kernel did to packets, read from nftables chains that stand before and after every chain of a dump and note the
// packets that come by. The last ones drop: nothing is confirmed in connection tracking, so no packet changes what becomes of
// the next, and nothing leaves.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "parsers/model/packet.h"

namespace ipo::kernel {

enum class Fate : std::uint8_t {
  accepted,
  dropped,     // or rejected, by whatever chain
  unrouted,    // not sent, no route to this hook, or an address the kernel refuses: not a rule's doing
  other_state  // connection tracking took it for another state than it was meant to be of
};

struct Observation {
  Fate fate = Fate::unrouted;
  bool seen_translated = false;  // whether it got past the translation of destinations
  u128 destination = 0;          // then: where to
  std::uint16_t destination_port = 0;
};

// Packets of one batch have numbers 1..batch_limit.
constexpr std::uint32_t batch_limit = 65000;

// Packets with numbers `first`..`last` are routed by this mark (Sandbox::route_mark).
struct Routed {
  std::uint32_t first = 0, last = 0, mark = 0;
};

// Connection tracking and routing alone, and nothing the kernel sends by itself: for packets that open connections.
void start_tracking(Family family, const std::vector<Routed>& routes);
// Adds the observers, for a first batch of packets; replaces start_tracking().
void start_observing(Family family, const std::vector<Routed>& routes);
// Forgets the batch before.
void next_batch(Family family, const std::vector<Routed>& routes);
// What became of the packets of the batch, by number, at the hook each was meant for.
std::vector<Observation> observations(Family family, const std::vector<Packet>& sent);

}  // namespace ipo::kernel
