// Headers are written field by field in network order; the transport's checksum needs the addresses, so it comes last.
#include "tests/kernel/frame.h"

#include <cstddef>
#include <utility>

namespace ipo::kernel {
namespace {

using Bytes = std::vector<std::uint8_t>;

void put(Bytes& out, u128 value, unsigned octets) {
  while (octets-- > 0) out.push_back(static_cast<std::uint8_t>(value >> (8 * octets)));
}

void write16(Bytes& out, std::size_t at, std::uint32_t value) {
  out[at] = static_cast<std::uint8_t>(value >> 8);
  out[at + 1] = static_cast<std::uint8_t>(value);
}

std::uint32_t sum(const Bytes& bytes, std::uint32_t start = 0) {
  for (std::size_t i = 0; i < bytes.size(); i += 2)
    start += static_cast<std::uint32_t>(bytes[i] << 8 | (i + 1 < bytes.size() ? bytes[i + 1] : 0));
  return start;
}

std::uint32_t folded(std::uint32_t sum) {
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
}

// RFC 9260's checksum, bit by bit: few packets are SCTP.
std::uint32_t crc32c(const Bytes& bytes) {
  std::uint32_t crc = ~0u;
  for (std::uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) ? 0x82f63b78u : 0);
  }
  return ~crc;
}

constexpr std::uint8_t proto_sctp = 132, proto_udplite = 136;

Bytes transport(const Packet& p) {
  Bytes out;
  std::size_t checksum_at = 0;
  switch (p.protocol) {
    case proto_tcp:
      put(out, p.source_port, 2);
      put(out, p.destination_port, 2);
      put(out, 1, 4);
      put(out, (p.tcp_flags & tcp_ack) != 0 ? 2 : 0, 4);
      put(out, 0x50, 1);
      put(out, p.tcp_flags, 1);
      put(out, 8192, 2);
      put(out, 0, 4);
      checksum_at = 16;
      break;
    case proto_udp:
    case proto_udplite:
      put(out, p.source_port, 2);
      put(out, p.destination_port, 2);
      put(out, 8, 2);
      put(out, 0, 2);
      checksum_at = 6;
      break;
    case proto_icmp:
    case proto_icmpv6:
      put(out, p.destination_port, 2);
      put(out, 0, 2);
      put(out, 0x00010001, 4);
      checksum_at = 2;
      break;
    case proto_sctp: {
      put(out, p.source_port, 2);
      put(out, p.destination_port, 2);
      put(out, 0, 8);           // verification tag, checksum
      put(out, 0x01000014, 4);  // INIT
      put(out, 1, 4);
      put(out, 65536, 4);
      put(out, 0x00010001, 4);
      put(out, 1, 4);
      std::uint32_t crc = crc32c(out);
      for (unsigned i = 0; i < 4; ++i) out[8 + i] = static_cast<std::uint8_t>(crc >> (8 * i));
      return out;
    }
    default:
      return Bytes(16, 0);
  }
  bool pseudo = p.protocol != proto_icmp;
  Bytes around;
  if (pseudo) {
    unsigned octets = p.family == Family::ipv4 ? 4 : 16;
    put(around, p.source, octets);
    put(around, p.destination, octets);
    put(around, out.size(), 4);
    put(around, p.protocol, 4);
  }
  std::uint32_t checksum = folded(sum(out, sum(around)));
  write16(out, checksum_at, checksum == 0 && p.protocol != proto_icmp ? 0xffff : checksum);
  return out;
}

}  // namespace

Bytes ip_packet(const Packet& p, std::uint32_t id) {
  Bytes body = transport(p), out;
  if (p.family == Family::ipv4) {
    put(out, 0x4500, 2);
    put(out, 20 + body.size(), 2);
    put(out, id, 2);
    put(out, 0, 2);
    put(out, 64, 1);
    put(out, p.protocol, 1);
    put(out, 0, 2);
    put(out, p.source, 4);
    put(out, p.destination, 4);
    write16(out, 10, folded(sum(out)));
  } else {
    put(out, 0x60000000u | id, 4);
    put(out, body.size(), 2);
    put(out, p.protocol, 1);
    put(out, 64, 1);
    put(out, p.source, 16);
    put(out, p.destination, 16);
  }
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

Bytes ethernet_frame(const Packet& p, std::uint32_t id, const Mac& from, const Mac& to) {
  Bytes out(to.begin(), to.end());
  out.insert(out.end(), from.begin(), from.end());
  put(out, p.family == Family::ipv4 ? 0x0800 : 0x86dd, 2);
  Bytes packet = ip_packet(p, id);
  out.insert(out.end(), packet.begin(), packet.end());
  return out;
}

Packet opener_of(const Packet& p) {
  Packet q = p;
  q.state = State::new_;
  std::swap(q.source, q.destination);
  std::swap(q.in, q.out);
  q.hook = p.hook == Hook::input ? Hook::output : p.hook == Hook::output ? Hook::input : p.hook;
  if (p.protocol == proto_icmp || p.protocol == proto_icmpv6)
    q.destination_port = p.protocol == proto_icmp ? 8 * 256 : 128 * 256;
  else
    std::swap(q.source_port, q.destination_port);
  q.tcp_flags = tcp_syn;
  return q;
}

}  // namespace ipo::kernel
