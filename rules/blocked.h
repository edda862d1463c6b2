// Whether packets a site needs are kept from where they go: what the checks of calls' needs share.
//
// Only what not even the generous reading of the rules lets through is blocked; where a single packet of what is asked may
// pass, or none of it comes to the firewall, nothing is claimed.
#pragma once

#include <optional>
#include <string>

#include "parsers/finding.h"
#include "rules/judgement.h"

namespace ipo {

// Packets of a zone are a passage; this is the passage between the same host and certain addresses, by whatever interface
// leads to them. `passage` is any of the host's at that hook and in that direction, the addresses are of its family.
Passage passage_of(const Passage& passage, const IntervalSet& addresses);

// Whether packets between the host and an address meet this firewall at all: at a host's own filter they do; else where the
// address is public, of a declared zone that the host is not of, or tied by rules to another interface than the host.
bool comes_by(const Judgement& judgement, const Passage& passage, Address address);

// All packets for ports of a transport, by the side the host is on: destination ports, whichever way they go.
PacketSet packets_to(const Passage& passage, std::uint8_t protocol, const IntervalSet& ports);
// Of a row: its ports on the passage's host where they come in, its own where they go out.
PacketSet packets_of(const Judgement& judgement, const Passage& passage, const MatrixRow& row);

// Some of `wanted` (as seen after translation) comes to the firewall, and none can pass.
bool is_blocked(const Passage& passage, PacketSet wanted);
// A finding at the line that blocks it, with packet and path; message and rows are the
// caller's. What comes in has the level that holds there (level_at), what goes out does not depend on which side is the internet.
Finding blocked_finding(const Judgement& judgement, std::string_view check, Level level, const Passage& passage, PacketSet wanted);

// "udp/5060-5061", "tcp+udp/514".
std::string format_row_ports(const MatrixRow& row, const IntervalSet& ports);

}  // namespace ipo
