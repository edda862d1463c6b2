// A packet as the bytes on the wire, so that the kernel can be asked about it.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "parsers/model/packet.h"

namespace ipo::kernel {

using Mac = std::array<std::uint8_t, 6>;

// The IP packet, with right lengths and checksums. `id` finds it again: the IPv4 identification (1..65535), the IPv6 flow
// label. ICMP is of the type and code in `destination_port`; what has no ports gets a short body.
std::vector<std::uint8_t> ip_packet(const Packet& packet, std::uint32_t id);
// The same in an Ethernet frame.
std::vector<std::uint8_t> ethernet_frame(const Packet& packet, std::uint32_t id, const Mac& from, const Mac& to);
// The packet that opens the connection which `packet`, of state established, answers; in and out are exchanged.
Packet opener_of(const Packet& packet);

}  // namespace ipo::kernel
