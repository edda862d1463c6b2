// Spans as lines and columns, also on lines of many megabytes.
#pragma once

#include <string_view>
#include <vector>

#include "parsers/text/source.h"

namespace ipo {

// All numbers are 1-based, ends are exclusive. Columns count UTF-8 bytes, utf16 counts UTF-16 code units.
struct Place {
  std::string_view path;
  std::uint32_t line = 1;
  std::uint32_t column = 1, end_column = 1;
  std::uint32_t utf16 = 1, end_utf16 = 1;
  SourceSpan span;             // cut to its first line; at least one character where that line has one left
  std::uint32_t line_end = 0;  // byte offset, without the line end
};

// Answers like Source::position(), which walks the whole line each time; here a count per block makes it a short walk.
// The sources must outlive it.
class Places {
 public:
  explicit Places(const Sources& sources) : sources_(sources), counts_(sources.size()) {}

  // A span of a source the report does not have gives an empty path and 1:1.
  Place at(SourceSpan span) const;
  // UTF-16 column of a byte offset on that line.
  std::uint32_t utf16_column(std::uint32_t source, std::uint32_t line, std::uint32_t offset) const;

 private:
  std::uint32_t units_before(std::uint32_t source, std::uint32_t offset) const;

  const Sources& sources_;
  mutable std::vector<std::vector<std::uint32_t>> counts_;  // UTF-16 units before each block, as far as was asked for
};

// A conclusion that rests on no input (a command line option, a default) has this span.
inline bool has_place(SourceSpan span) { return span.end > 0; }

}  // namespace ipo
