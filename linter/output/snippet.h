// Source lines for a terminal: one line, one window, nothing in it that a terminal would obey.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "linter/output/place.h"
#include "linter/output/redact.h"

namespace ipo {

// `text` is at most as wide as asked for; the marked part is columns [mark_begin, mark_end) of it, 0-based.
struct Snippet {
  std::string text;
  std::size_t mark_begin = 0, mark_end = 0;
};

// The place's line around its span. Cut ends show "…", tabs become blanks, secrets "***".
Snippet snippet_of(const Sources& sources, const Redaction& redaction, const Place& place, std::size_t width);
// What to write after "to close": "line 14  -A INPUT -p udp --dport 69 -j ACCEPT"; `where` names the place.
std::string line_to_close(const std::string& where, const Sources& sources, const Redaction& redaction, const Place& place,
                          std::size_t width);

// Control characters, bidirectional controls and other invisible ones as escapes (\x1b, \u{202e}); the rest unchanged.
std::string printable(std::string_view text);
// How many columns of a terminal it takes: wide characters two, marks above and below others none.
std::size_t columns(std::string_view text);
// Broken at blanks into lines of at most `width` columns, those after the first `hanging` blanks in. No word is broken, nor
// what stands between backquotes where a line can hold it: a longer one gets a line of its own.
std::vector<std::string> broken(std::string_view text, std::size_t width, std::size_t hanging = 0);

}  // namespace ipo
