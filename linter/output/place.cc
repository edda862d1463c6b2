// The line is found by halving over Source::line_start(); columns are differences of running UTF-16 counts.
#include "linter/output/place.h"

#include <algorithm>

namespace ipo {
namespace {

constexpr std::uint32_t block = 4096;

std::uint32_t units(std::string_view text) {
  std::uint32_t n = 0;
  for (char c : text) {
    auto b = static_cast<std::uint8_t>(c);
    if ((b & 0xc0) != 0x80) n += b >= 0xf0 ? 2 : 1;
  }
  return n;
}

std::uint32_t line_of(const Source& source, std::uint32_t offset) {
  std::uint32_t lo = 1, hi = source.line_count();
  while (lo < hi) {
    std::uint32_t middle = lo + (hi - lo + 1) / 2;
    if (source.line_start(middle) <= offset)
      lo = middle;
    else
      hi = middle - 1;
  }
  return lo;
}

bool continues(char c) { return (static_cast<std::uint8_t>(c) & 0xc0) == 0x80; }

}  // namespace

std::uint32_t Places::units_before(std::uint32_t source, std::uint32_t offset) const {
  std::string_view text = sources_[source].text();
  std::vector<std::uint32_t>& counts = counts_[source];
  if (counts.empty()) counts.push_back(0);
  while (counts.size() <= offset / block) counts.push_back(counts.back() + units(text.substr((counts.size() - 1) * block, block)));
  return counts[offset / block] + units(text.substr(offset / block * block, offset % block));
}

std::uint32_t Places::utf16_column(std::uint32_t source, std::uint32_t line, std::uint32_t offset) const {
  return units_before(source, offset) - units_before(source, sources_[source].line_start(line)) + 1;
}

Place Places::at(SourceSpan span) const {
  Place place;
  if (span.source >= sources_.size()) return place;
  const Source& source = sources_[span.source];
  std::string_view text = source.text();
  auto size = static_cast<std::uint32_t>(text.size());
  place.path = source.path();
  std::uint32_t begin = std::min(span.begin, size);
  place.line = line_of(source, begin);
  std::uint32_t start = source.line_start(place.line);
  place.line_end = start + static_cast<std::uint32_t>(source.line(place.line).size());
  begin = std::min(begin, place.line_end);
  std::uint32_t end = std::clamp(span.end, begin, place.line_end);
  if (end == begin && end < place.line_end) do
      ++end;
    while (end < place.line_end && continues(text[end]));
  place.span = {span.source, begin, end};
  place.column = begin - start + 1;
  place.end_column = end - start + 1;
  place.utf16 = utf16_column(span.source, place.line, begin);
  place.end_utf16 = utf16_column(span.source, place.line, end);
  return place;
}

}  // namespace ipo
