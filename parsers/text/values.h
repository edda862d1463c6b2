// What a text says as a number or as yes and no.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ipo {

// A decimal number of 32 bits. Nothing where the text is anything else.
std::optional<std::uint32_t> parse_number(std::string_view text);
// true/on/1/yes/enabled/active, false/off/0/no/disabled/inactive, without regard to case.
std::optional<bool> parse_flag(std::string_view text);

}  // namespace ipo
