// Which characters a terminal or a viewer would obey or not show.
#pragma once

#include <cstdint>
#include <string_view>

namespace ipo {

struct Character {
  std::uint32_t code = 0;
  std::size_t bytes = 1;
};

// Sources are valid UTF-8, but names and paths need not be; a stray byte is U+FFFD.
Character character_at(std::string_view text, std::size_t at);

// Control characters, bidirectional controls, and others of no width, such as tags and joiners.
bool is_unprintable(std::uint32_t code);

}  // namespace ipo
