// Which packets cross a firewall from one side to the other, and open something there.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "rules/engine/chains.h"
#include "rules/site/site.h"
#include "rules/site/zones.h"

namespace ipo {

// Where a packet has no interface on one side: what the machine sends, or gets itself.
inline const IntervalSet no_interface = IntervalSet::of(0);

// Packets that open something: new, not yet translated or marked, and for tcp a lone SYN.
PacketSet opening_packets(ChainSets& chains);
// What leaves by the interface it came in by, and so does not cross from one side to the other.
PacketSet hairpins(PacketSpace& packets);
// Packets, as the last filter sees them, that may leave with another source, and a rule that gives it to them. Untracked ones are never
// translated.
struct NewSource {
  PacketSet packets;
  IntervalSet addresses;  // one of these; empty = any
  SourceSpan place;
};
// Disjoint. Where matches that are not decided tell which rule it is there is one, of any address.
std::vector<NewSource> new_sources(ChainSets& chains);

}  // namespace ipo
