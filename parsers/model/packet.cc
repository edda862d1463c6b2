// Names are those iptables prints and reads, so that a witness can be typed back into a rule.
#include "parsers/model/packet.h"

#include <array>

namespace ipo {

std::string_view name_of(State state) {
  constexpr std::array<std::string_view, 5> names = {"new", "established", "related", "invalid", "untracked"};
  return names[static_cast<std::size_t>(state)];
}

IntervalSet tcp_flags_with(unsigned mask, unsigned set) {
  IntervalSet out;
  for (unsigned flags = 0; flags < 64; ++flags)
    if ((flags & mask) == set) out.add(flags, flags);
  return out;
}

std::string_view name_of(Hook hook) {
  constexpr std::array<std::string_view, 5> names = {"prerouting", "input", "forward", "output", "postrouting"};
  return names[static_cast<std::size_t>(hook)];
}

std::string protocol_name(unsigned number) {
  switch (number) {
    case 1:
      return "icmp";
    case 2:
      return "igmp";
    case 4:
      return "ipencap";
    case 6:
      return "tcp";
    case 17:
      return "udp";
    case 33:
      return "dccp";
    case 41:
      return "ipv6";
    case 47:
      return "gre";
    case 50:
      return "esp";
    case 51:
      return "ah";
    case 58:
      return "ipv6-icmp";
    case 89:
      return "ospf";
    case 103:
      return "pim";
    case 112:
      return "vrrp";
    case 132:
      return "sctp";
    case 136:
      return "udplite";
    default:
      return std::to_string(number);
  }
}

std::string format_packet(const Packet& p) {
  bool icmp = p.protocol == proto_icmp || p.protocol == proto_icmpv6;
  bool ports = p.protocol == proto_tcp || p.protocol == proto_udp || p.protocol == 33 || p.protocol == 132 || p.protocol == 136;
  auto end = [&](u128 address, unsigned port) {
    std::string text = format_address({p.family, address});
    if (!ports) return text;
    return (p.family == Family::ipv6 ? '[' + text + ']' : text) + ':' + std::to_string(port);
  };
  std::string out = protocol_name(p.protocol) + ' ' + end(p.source, p.source_port) + " → " + end(p.destination, p.destination_port);
  if (icmp) out += " type " + std::to_string(p.destination_port >> 8) + '/' + std::to_string(p.destination_port & 255);
  if (!p.in.empty()) out += " in " + p.in;
  if (!p.out.empty()) out += " out " + p.out;
  return out;
}

}  // namespace ipo
