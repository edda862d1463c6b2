// A concrete packet as the parts of the engine take it.
#pragma once

#include <vector>

#include "rules/engine/packet_set.h"
#include "rules/engine/verdict.h"

namespace ipo::testing {

// As packet sets number it. Interfaces the rules do not tell apart are "any other".
inline std::vector<u128> point_of(const Interfaces& interfaces, const Packet& p, bool translated = false) {
  std::vector<u128> v(dimension_count, 0);
  auto set = [&](Dimension d, u128 value) { v[static_cast<std::size_t>(d)] = value; };
  auto number = [&](const std::string& name) {
    if (name.empty()) return u128{0};
    IntervalSet exact = interfaces.matching({true, name, false});
    return exact.empty() ? u128{1} : exact.begin()->lo;
  };
  set(Dimension::family, p.family == Family::ipv6);
  set(Dimension::protocol, p.protocol);
  set(Dimension::in, number(p.in));
  set(Dimension::out, number(p.out));
  set(Dimension::state, static_cast<unsigned>(p.state));
  set(Dimension::nat, translated ? 1 : 0);
  set(Dimension::destination, p.destination);
  set(Dimension::destination_port, p.destination_port);
  set(Dimension::source, p.source);
  set(Dimension::source_port, p.source_port);
  set(Dimension::tcp_flags, p.tcp_flags);
  return v;
}

// As a question of which everything is known.
inline PartialPacket whole(const Packet& p) {
  PartialPacket out;
  out.family = p.family;
  out.hook = p.hook;
  out.in = p.in, out.out = p.out;
  out.state = p.state;
  out.protocol = p.protocol;
  out.source = p.source, out.destination = p.destination;
  out.source_port = p.source_port;
  out.destination_port = Interval{p.destination_port, p.destination_port};
  out.tcp_flags = p.tcp_flags;
  return out;
}

}  // namespace ipo::testing
