// Source lines for a terminal: one line, one window, nothing in it that a terminal would obey.
#pragma once

#include <string>
#include <string_view>

#include "linter/place.h"
#include "linter/redact.h"

namespace ipo {

// `text` is at most as wide as asked for; the marked part is columns [mark_begin, mark_end) of it, 0-based. A column is
// a code point.
struct Snippet {
  std::string text;
  std::size_t mark_begin = 0, mark_end = 0;
};

// The place's line around its span. Cut ends show "…", tabs become blanks, secrets "***".
Snippet snippet_of(const Sources& sources, const Redaction& redaction, const Place& place, std::size_t width);

// Control characters, bidirectional controls and other invisible ones as escapes (\x1b, \u{202e}); the rest unchanged.
std::string printable(std::string_view text);
// Number of code points.
std::size_t columns(std::string_view text);

}  // namespace ipo
