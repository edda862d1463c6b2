// The bytes around the span become cells, one per column, each knowing whether it is marked; a window of cells is then
// chosen so that the mark's beginning is always in it. Only bytes near the span are looked at: a line may be megabytes.
#include "linter/snippet.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "linter/characters.h"

namespace ipo {
namespace {

constexpr std::size_t tab_width = 4;

std::uint8_t u8(char c) { return static_cast<std::uint8_t>(c); }

std::string shown(std::string_view text, std::size_t at, Character c) {
  if (is_unprintable(c.code))
    return c.code < 0x80 ? fmt::format("\\x{:02x}", c.code) : fmt::format("\\u{{{:x}}}", c.code);
  if (c.code == 0xfffd && c.bytes == 1) return "\xef\xbf\xbd";
  return std::string(text.substr(at, c.bytes));
}

struct Cell {
  std::string text;
  bool marked = false;
};

std::vector<Cell> cells_of(std::string_view text, SourceSpan window, const std::vector<SourceSpan>& secrets,
                           SourceSpan mark) {
  std::vector<Cell> cells;
  auto secret = secrets.begin();
  for (std::size_t at = window.begin; at < window.end;) {
    while (secret != secrets.end() && secret->end <= at) ++secret;
    if (secret != secrets.end() && secret->begin <= at) {
      bool marked = secret->begin < mark.end && secret->end > mark.begin;
      cells.insert(cells.end(), 3, {"*", marked});
      at = secret->end;
      continue;
    }
    Character c = character_at(text, at);
    bool marked = at >= mark.begin && at < mark.end;
    if (c.code == '\t')
      cells.insert(cells.end(), tab_width - cells.size() % tab_width, {" ", marked});
    else if (is_unprintable(c.code))
      for (char part : shown(text, at, c)) cells.push_back({std::string(1, part), marked});
    else
      cells.push_back({shown(text, at, c), marked});
    at += c.bytes;
  }
  return cells;
}

}  // namespace

std::string printable(std::string_view said) {
  std::string out, text = without_secrets(said);
  for (std::size_t at = 0; at < text.size();) {
    Character c = character_at(text, at);
    out += shown(text, at, c);
    at += c.bytes;
  }
  return out;
}

std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (u8(c) & 0xc0) != 0x80; }));
}

Snippet snippet_of(const Sources& sources, const Redaction& redaction, const Place& place, std::size_t width) {
  Snippet snippet;
  if (place.span.source >= sources.size()) return snippet;
  width = std::max<std::size_t>(width, 20);
  const Source& source = sources[place.span.source];
  std::string_view text = source.text();
  std::uint32_t start = source.line_start(place.line), end = place.line_end;
  auto margin = static_cast<std::uint32_t>(4 * width);
  SourceSpan window{place.span.source, std::max(start, place.span.begin - std::min(place.span.begin, margin)),
                    std::min(end, std::min(place.span.end, place.span.begin + margin) + margin)};
  while (window.begin > start && (u8(text[window.begin]) & 0xc0) == 0x80) --window.begin;
  while (window.end < end && (u8(text[window.end]) & 0xc0) == 0x80) ++window.end;

  std::vector<Cell> cells = cells_of(text, window, redaction.secrets_in(window), place.span);
  auto is_marked = [](const Cell& c) { return c.marked; };
  auto first = static_cast<std::size_t>(std::find_if(cells.begin(), cells.end(), is_marked) - cells.begin());
  auto after = static_cast<std::size_t>(std::find_if(cells.rbegin(), cells.rend(), is_marked).base() - cells.begin());
  if (after < first) after = first;  // nothing is marked: an empty line, or a span at the line's end

  std::size_t left = 0, right = cells.size();
  if (cells.size() > width) {
    std::size_t marked = std::min(after - first, width - 10);
    std::size_t before = std::min(first, (width - marked) / 2);
    left = std::min(first - before, cells.size() - width);
    right = left + width;
  }
  bool cut_left = left > 0 || window.begin > start, cut_right = right < cells.size() || window.end < end;
  for (std::size_t i = left; i < right; ++i) {
    bool ellipsis = (cut_left && i == left) || (cut_right && i + 1 == right);
    snippet.text += ellipsis ? "…" : cells[i].text;
  }
  snippet.mark_begin = std::clamp(first, left, right) - left;
  snippet.mark_end = std::clamp(after, left, right) - left;
  return snippet;
}

}  // namespace ipo
