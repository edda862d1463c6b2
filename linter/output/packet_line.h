// Packets as people and programs write them.
//
// Fields: hook (input, forward, output), in, out, src, dst, proto (name or number), sport, dport, state, flags (tcp: "SYN,ACK"),
// icmp_type, icmp_code. What is not given is not known, but that state is new and flags are SYN. The family is that of the
// addresses, IPv4 without any.
#pragma once

#include <string>
#include <string_view>

#include "rules/engine/verdict.h"

namespace ipo {

struct PacketLine {
  PartialPacket packet;
  std::string error;  // empty where the packet is good; else "column 12: 'dport' takes 0 to 65535, not 70000"
};

// One flat JSON object. A field that is null or an empty string is not given.
PacketLine packet_from_json(std::string_view line);
// The same into `to`, whatever it held: faster where there are many lines and most are written plainly.
void packet_from_json(std::string_view line, PacketLine& to);
// "in=eth0 src=203.0.113.9 dst=192.168.42.1 proto=udp dport=69"; names in any case, also those the kernel logs (SPT, DPT).
PacketLine packet_from_words(std::string_view text);
// The given fields in the form packet_from_words() reads.
std::string words_of(const PartialPacket& packet);

}  // namespace ipo
