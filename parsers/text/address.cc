// Own parsers rather than inet_pton: exact refusals ("01.2.3.4"), no errno, and masks in every notation iptables takes.
#include "parsers/text/address.h"

#include <array>
#include <charconv>
#include <vector>

namespace ipo {
namespace {

template <class Number>
std::optional<Number> whole_number(std::string_view s, int base = 10) {
  Number n{};
  auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), n, base);
  if (s.empty() || error != std::errc{} || end != s.data() + s.size()) return {};
  return n;
}

std::optional<u128> parse_ipv4(std::string_view s) {
  std::uint32_t value = 0;
  std::size_t at = 0;
  for (int i = 0; i < 4; ++i) {
    if (i > 0 && (at == s.size() || s[at++] != '.')) return {};
    std::size_t begin = at;
    unsigned octet = 0;
    for (; at < s.size() && s[at] >= '0' && s[at] <= '9' && at < begin + 4; ++at)
      octet = octet * 10 + static_cast<unsigned>(s[at] - '0');
    if (at == begin || at > begin + 3 || octet > 255) return {};
    value = value << 8 | octet;
  }
  return at == s.size() ? std::optional<u128>(value) : std::nullopt;
}

std::optional<u128> parse_ipv6(std::string_view s) {
  std::array<std::uint16_t, 8> group{};
  std::size_t count = 0, gap = 8;
  bool has_gap = false;
  if (s.starts_with("::")) {
    has_gap = true, gap = 0;
    s.remove_prefix(2);
  } else if (s.starts_with(":")) {
    return {};
  }
  while (!s.empty()) {
    std::size_t colon = s.find(':');
    std::string_view part = s.substr(0, colon);
    if (part.find('.') != part.npos) {
      auto tail = parse_ipv4(part);
      if (!tail || colon != s.npos || count > 6) return {};
      group[count++] = static_cast<std::uint16_t>(*tail >> 16);
      group[count++] = static_cast<std::uint16_t>(*tail & 0xffff);
      break;
    }
    auto number = part.size() <= 4 ? whole_number<std::uint16_t>(part, 16) : std::nullopt;
    if (!number || count == 8) return {};
    group[count++] = *number;
    if (colon == s.npos) break;
    s.remove_prefix(colon + 1);
    if (s.empty()) return {};
    if (s.front() == ':') {
      if (has_gap) return {};
      has_gap = true, gap = count;
      s.remove_prefix(1);
    }
  }
  if (has_gap ? count > 7 : count != 8) return {};
  u128 value = 0;
  std::size_t zeros = 8 - count;
  for (std::size_t i = 0, j = 0; i < 8; ++i) value = value << 16 | (i >= gap && i < gap + zeros ? 0 : group[j++]);
  return value;
}

struct Block {
  u128 value;
  int length;
};
constexpr u128 v4(unsigned a, unsigned b, unsigned c) { return (a << 24) | (b << 16) | (c << 8); }
constexpr std::array<Block, 9> not_public_v4 = {{{v4(0, 0, 0), 8},
                                                 {v4(10, 0, 0), 8},
                                                 {v4(100, 64, 0), 10},
                                                 {v4(127, 0, 0), 8},
                                                 {v4(169, 254, 0), 16},
                                                 {v4(172, 16, 0), 12},
                                                 {v4(192, 168, 0), 16},
                                                 {v4(224, 0, 0), 4},
                                                 {v4(240, 0, 0), 4}}};

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
  if (text.find(':') != text.npos) {
    if (auto v = parse_ipv6(text)) return Address{Family::ipv6, *v};
  } else if (auto v = parse_ipv4(text)) {
    return Address{Family::ipv4, *v};
  }
  return {};
}

std::optional<MaskedAddress> parse_masked_address(std::string_view text) {
  std::size_t slash = text.find('/');
  auto address = parse_address(text.substr(0, slash));
  if (!address) return {};
  u128 all = address_max(address->family);
  u128 mask = all;
  if (slash != text.npos) {
    std::string_view tail = text.substr(slash + 1);
    int bits = address_bits(address->family);
    if (auto length = whole_number<int>(tail); length && *length >= 0 && *length <= bits) {
      mask = *length == 0 ? 0 : (all << (bits - *length)) & all;
    } else if (auto written = parse_address(tail); written && written->family == address->family) {
      mask = written->value;
    } else {
      return {};
    }
  }
  return MaskedAddress{address->family, address->value & mask, mask};
}

std::string format_address(Address address) {
  if (address.family == Family::ipv4) {
    std::array<char, 16> text{};
    char* end = text.data();
    for (int shift = 24; shift >= 0; shift -= 8) {
      end = std::to_chars(end, text.data() + text.size(), static_cast<unsigned>(address.value >> shift) & 255).ptr;
      if (shift > 0) *end++ = '.';
    }
    return {text.data(), end};
  }
  std::array<unsigned, 8> group{};
  for (int i = 0; i < 8; ++i) group[i] = static_cast<unsigned>(address.value >> (112 - 16 * i)) & 0xffff;
  int best = -1, best_length = 1;
  for (int i = 0; i < 8; ++i) {
    int n = 0;
    while (i + n < 8 && group[i + n] == 0) ++n;
    if (n > best_length) best = i, best_length = n;
  }
  std::string out;
  for (int i = 0; i < 8; ++i) {
    if (i == best) {
      out += "::";
      i += best_length - 1;
      continue;
    }
    if (!out.empty() && out.back() != ':') out += ':';
    std::array<char, 8> hex{};
    auto [end, error] = std::to_chars(hex.data(), hex.data() + hex.size(), group[i], 16);
    out.append(hex.data(), end);
  }
  return out;
}

std::string format_number(u128 value) {
  std::string digits;
  do {
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(value % 10)));
    value /= 10;
  } while (value != 0);
  return digits;
}

bool is_public(Address address) {
  if (address.family == Family::ipv6) return (address.value >> 125) == 1;
  for (const Block& block : not_public_v4)
    if (address.value >> (32 - block.length) == block.value >> (32 - block.length)) return false;
  return true;
}

}  // namespace ipo
