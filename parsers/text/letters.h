// Letters of names and words that are compared without regard to case. ASCII only, whatever the locale: bytes past it stay
// as they are.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace ipo {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

inline std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lower(c);
  return out;
}

inline bool same_letters(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace ipo
