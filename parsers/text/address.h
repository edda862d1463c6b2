// IP addresses as numbers, and their texts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ipo {

// IPv4 addresses are 0..2^32-1, IPv6 0..2^128-1; the family is carried beside the number.
__extension__ typedef unsigned __int128 u128;

enum class Family : std::uint8_t { ipv4, ipv6 };

constexpr int address_bits(Family family) { return family == Family::ipv4 ? 32 : 128; }
constexpr u128 address_max(Family family) { return family == Family::ipv4 ? u128{0xffffffffu} : ~u128{0}; }

struct Address {
  Family family = Family::ipv4;
  u128 value = 0;
  friend bool operator==(const Address&, const Address&) = default;
  friend bool operator<(const Address& a, const Address& b) {
    return a.family != b.family ? a.family < b.family : a.value < b.value;
  }
};

// Values v with (v & mask) == value. A contiguous mask is a prefix; iptables also takes others (255.0.255.0).
struct MaskedAddress {
  Family family = Family::ipv4;
  u128 value = 0;  // already masked
  u128 mask = 0;
};

// "192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1"; exactly four decimal octets 0-255. Zone ids are refused.
std::optional<Address> parse_address(std::string_view text);
// An address, optionally with "/len" or "/dotted mask" (IPv4) or "/mask address" (IPv6).
std::optional<MaskedAddress> parse_masked_address(std::string_view text);
// Lower case, RFC 5952 for IPv6.
std::string format_address(Address address);
// Decimal.
std::string format_number(u128 value);

// Addresses an ordinary host on the internet cannot own: RFC 1918, RFC 6598 (shared), loopback, link-local, "this
// network", multicast, class E; for IPv6 everything outside 2000::/3. Documentation ranges (RFC 5737, RFC 3849) are
// public here: examples and redacted configurations use them in the place of public addresses.
bool is_public(Address address);

}  // namespace ipo
