// The bytes around the span become cells, one per column, each knowing whether it is marked; a window of cells is then
// chosen so that the mark's beginning is always in it. Only bytes near the span are looked at: a line may be megabytes.
#include "linter/output/snippet.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "linter/output/characters.h"

namespace ipo {
namespace {

constexpr std::size_t tab_width = 4;

std::uint8_t u8(char c) { return static_cast<std::uint8_t>(c); }

std::string shown(std::string_view text, std::size_t at, Character c) {
  if (is_unprintable(c.code)) return c.code < 0x80 ? fmt::format("\\x{:02x}", c.code) : fmt::format("\\u{{{:x}}}", c.code);
  if (c.code == 0xfffd && c.bytes == 1) return "\xef\xbf\xbd";
  return std::string(text.substr(at, c.bytes));
}

struct Range {
  std::uint32_t lo, hi;
};

// East Asian wide and fullwidth characters and pictures, by the blocks that hold them.
constexpr Range wide[] = {{0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},  {0xa960, 0xa97f}, {0xac00, 0xd7a3},
                          {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},  {0xffe0, 0xffe6}, {0x1f300, 0x1f64f},
                          {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};
// Marks that stand above or below the character before them, and selectors of its look.
constexpr Range combining[] = {{0x300, 0x36f},   {0x483, 0x489},   {0x591, 0x5bd},   {0x610, 0x61a},   {0x64b, 0x65f},
                               {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}};

template <std::size_t n>
bool in(const Range (&ranges)[n], std::uint32_t code) {
  return std::any_of(std::begin(ranges), std::end(ranges), [&](const Range& r) { return r.lo <= code && code <= r.hi; });
}

std::size_t columns_of(Character c) { return c.code < 0x300 ? 1 : in(combining, c.code) ? 0 : in(wide, c.code) ? 2 : 1; }

// A column of the terminal. The second one of a wide character has no text.
struct Cell {
  std::string text;
  bool marked = false;
};

std::vector<Cell> cells_of(std::string_view text, SourceSpan window, const std::vector<SourceSpan>& secrets, SourceSpan mark) {
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
    else if (std::size_t taken = columns_of(c); taken == 0 && !cells.empty())
      cells.back().text += shown(text, at, c);
    else {
      cells.push_back({shown(text, at, c), marked});
      if (taken == 2) cells.push_back({"", marked});
    }
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
  std::size_t n = 0;
  for (std::size_t at = 0; at < text.size();) {
    Character c = character_at(text, at);
    n += columns_of(c);
    at += c.bytes;
  }
  return n;
}

std::vector<std::string> broken(std::string_view text, std::size_t width, std::size_t hanging) {
  std::vector<std::string> lines;
  std::string line;
  std::size_t used = 0;  // columns of the line
  bool filled = false;   // there is a word in it
  for (std::size_t at = 0; at < text.size();) {
    std::size_t word = std::min(text.find_first_not_of(' ', at), text.size());
    std::size_t end = std::min(text.find(' ', word), text.size());
    // The quote that opens in this word is closed in a later one.
    for (std::size_t open = std::min(text.substr(0, end).find('`', word), end); open < end;) {
      std::size_t close = text.find('`', open + 1);
      if (close == text.npos) break;
      std::size_t whole = std::min(text.find(' ', close), text.size());
      if (columns(text.substr(word, whole - word)) + hanging > width) break;
      end = std::max(end, whole);
      open = text.find('`', close + 1);
    }
    std::string_view blanks = text.substr(at, word - at), next = text.substr(word, end - word);
    std::size_t more = blanks.size() + columns(next);
    if (filled && used + more > width && !next.empty()) {
      lines.push_back(std::move(line));
      line.assign(hanging, ' ');
      line += next;
      used = hanging + columns(next);
    } else {
      (line += blanks) += next;
      used += more;
    }
    filled = true;
    at = end;
  }
  lines.push_back(std::move(line));
  return lines;
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
  // Where half of a wide character makes room for the ellipsis, a blank is left of the other.
  auto cut = [&](std::size_t i) {
    if (cells[i].text.empty() && i > 0) cells[i - 1].text = " ";
    if (i + 1 < cells.size() && cells[i + 1].text.empty()) cells[i + 1].text = " ";
    cells[i].text = "…";
  };
  if (left < right && cut_left) cut(left);
  if (left < right && cut_right) cut(right - 1);
  for (std::size_t i = left; i < right; ++i) snippet.text += cells[i].text;
  snippet.mark_begin = std::clamp(first, left, right) - left;
  snippet.mark_end = std::clamp(after, left, right) - left;
  return snippet;
}

std::string line_to_close(const std::string& where, const Sources& sources, const Redaction& redaction, const Place& place,
                          std::size_t width) {
  std::size_t used = columns(where) + 2;
  std::string text = snippet_of(sources, redaction, place, width > used ? width - used : 0).text;
  return where + "  " + text.substr(std::min(text.size(), text.find_first_not_of(' ')));
}

}  // namespace ipo
