// One concrete packet: the witness in a finding, the question in a query.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "parsers/text/interval_set.h"

namespace ipo {

enum class State : std::uint8_t { new_, established, related, invalid, untracked };
enum class Hook : std::uint8_t { prerouting, input, forward, output, postrouting };

std::string_view name_of(State state);  // "new", "established" ...
std::string_view name_of(Hook hook);    // "input", "forward" ...

// tcp flag bits, in the order iptables prints them.
enum TcpFlag : std::uint8_t { tcp_fin = 1, tcp_syn = 2, tcp_rst = 4, tcp_psh = 8, tcp_ack = 16, tcp_urg = 32 };
// Of the flags of `mask` exactly those of `set` are set, as --tcp-flags means it.
IntervalSet tcp_flags_with(unsigned mask, unsigned set);

constexpr std::uint8_t proto_icmp = 1, proto_tcp = 6, proto_udp = 17, proto_icmpv6 = 58;

struct Packet {
  Hook hook = Hook::input;
  Family family = Family::ipv4;
  std::string in, out;  // interface names; empty = none or not known
  State state = State::new_;
  std::uint8_t protocol = proto_udp;  // IANA protocol number
  u128 source = 0, destination = 0;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;  // for ICMP: type * 256 + code
  std::uint8_t tcp_flags = tcp_syn;    // tcp only
};

// "tcp", "udp", "icmp", "ipv6-icmp", "gre" ...; a number where IANA's name is not one iptables knows.
std::string protocol_name(unsigned number);
// "udp 203.0.113.9:40000 → 192.168.42.1:69 in eth0".
std::string format_packet(const Packet& packet);

}  // namespace ipo
