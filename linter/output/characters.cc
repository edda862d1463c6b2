#include "linter/output/characters.h"

namespace ipo {
namespace {

std::uint8_t u8(char c) { return static_cast<std::uint8_t>(c); }

}  // namespace

Character character_at(std::string_view text, std::size_t at) {
  std::uint8_t b = u8(text[at]);
  if (b < 0x80) return {b, 1};
  std::size_t n = b >= 0xf0 ? 4 : b >= 0xe0 ? 3 : 2;
  if (b < 0xc2 || b > 0xf4 || at + n > text.size()) return {0xfffd, 1};
  std::uint32_t code = b & (0xffu >> (n + 1));
  for (std::size_t i = 1; i < n; ++i) {
    if ((u8(text[at + i]) & 0xc0) != 0x80) return {0xfffd, 1};
    code = code << 6 | (u8(text[at + i]) & 0x3fu);
  }
  return {code, n};
}

bool is_unprintable(std::uint32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c || c == 0x180e || (c >= 0x200b && c <= 0x200f) ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
         (c >= 0xe0000 && c <= 0xe007f);
}

}  // namespace ipo
