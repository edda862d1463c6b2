// Names iptables takes where the kernel wants numbers. Services and protocols are looked up in own tables, never on the
// machine the program runs on: the same file must mean the same everywhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "parsers/text/interval_set.h"

namespace ipo::iptables {

// As strtoul with base 0 reads it, which is what iptables calls: decimal, 0x hexadecimal, leading 0 octal. Nothing may
// follow; values above `max` are refused.
std::optional<std::uint32_t> parse_c_number(std::string_view text, std::uint32_t max);
// "0x1/0xff" as value and mask; without a mask all bits count.
struct MaskedNumber {
  std::uint32_t value, mask;
};
std::optional<MaskedNumber> masked_number(std::string_view text);

// 0..255, or a name of /etc/protocols in any case; "all" is 0.
std::optional<std::uint32_t> protocol_number(std::string_view text);
// 0..65535, or a name of /etc/services.
std::optional<std::uint32_t> port_number(std::string_view text);
// "a", "a:b", ":b", "a:" with the separator given; each end a number or a name. lo > hi is returned as it stands.
std::optional<Interval> port_range(std::string_view text, char separator);
// "8", "3/1", "3/0:15" or a name iptables prints (or the only one it begins), as type * 256 + code. For IPv4 "any" and
// type 255 are every type (xt_icmp).
std::optional<Interval> icmp_types(Family family, std::string_view text);

// "sip" of "sip-5070": the helper, without the port that it may be bound to.
std::string_view helper_name(std::string_view text);

}  // namespace ipo::iptables
