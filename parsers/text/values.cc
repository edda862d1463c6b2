#include "parsers/text/values.h"

#include <charconv>

#include "parsers/text/letters.h"

namespace ipo {

std::optional<std::uint32_t> parse_number(std::string_view text) {
  std::uint32_t n = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return {};
  return n;
}

std::optional<bool> parse_flag(std::string_view text) {
  for (std::string_view yes : {"true", "on", "1", "yes", "enabled", "active"})
    if (same_letters(text, yes)) return true;
  for (std::string_view no : {"false", "off", "0", "no", "disabled", "inactive"})
    if (same_letters(text, no)) return false;
  return {};
}

}  // namespace ipo
