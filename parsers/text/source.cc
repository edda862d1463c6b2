// Lines are found once, when a source is made; a position is then a binary search and a walk over one line.
// Decoding looks at the BOM, then at the NUL pattern of UTF-16, then at the XML declaration, then at validity as UTF-8.
#include "parsers/text/source.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "parsers/text/letters.h"

namespace ipo {
namespace {

void append_utf8(std::string& out, std::uint32_t c) {
  auto byte = [&](std::uint32_t b) { out.push_back(static_cast<char>(b)); };
  if (c < 0x80) {
    byte(c);
  } else if (c < 0x800) {
    byte(0xc0 | (c >> 6)), byte(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    byte(0xe0 | (c >> 12)), byte(0x80 | ((c >> 6) & 0x3f)), byte(0x80 | (c & 0x3f));
  } else {
    byte(0xf0 | (c >> 18)), byte(0x80 | ((c >> 12) & 0x3f)), byte(0x80 | ((c >> 6) & 0x3f)), byte(0x80 | (c & 0x3f));
  }
}

std::uint8_t u8(char c) { return static_cast<std::uint8_t>(c); }

// Length of the valid UTF-8 sequence at `at`, or 0. Overlong forms, surrogates and values past U+10FFFF are invalid.
std::size_t sequence_length(std::string_view s, std::size_t at) {
  std::uint8_t b = u8(s[at]);
  if (b < 0x80) return 1;
  std::size_t n = b >= 0xf0 ? 4 : b >= 0xe0 ? 3 : 2;
  if (b < 0xc2 || b > 0xf4 || at + n > s.size()) return 0;
  for (std::size_t i = 1; i < n; ++i)
    if ((u8(s[at + i]) & 0xc0) != 0x80) return 0;
  std::uint8_t second = u8(s[at + 1]);
  if ((b == 0xe0 && second < 0xa0) || (b == 0xed && second > 0x9f) || (b == 0xf0 && second < 0x90) || (b == 0xf4 && second > 0x8f))
    return 0;
  return n;
}

bool is_utf8(std::string_view s) {
  for (std::size_t i = 0; i < s.size();) {
    std::uint64_t eight = 0;  // ASCII, eight bytes at a time
    if (s.size() - i >= 8 && (std::memcpy(&eight, s.data() + i, 8), (eight & 0x8080808080808080u) == 0)) {
      i += 8;
      continue;
    }
    std::size_t n = sequence_length(s, i);
    if (n == 0) return false;
    i += n;
  }
  return true;
}

std::string from_utf16(std::string_view s, bool big_endian) {
  std::string out;
  auto unit = [&](std::size_t i) {
    std::uint32_t a = u8(s[i]), b = u8(s[i + 1]);
    return big_endian ? (a << 8 | b) : (b << 8 | a);
  };
  std::size_t i = 0;
  for (; i + 1 < s.size(); i += 2) {
    std::uint32_t c = unit(i);
    if (c >= 0xd800 && c < 0xdc00 && i + 3 < s.size() && unit(i + 2) >= 0xdc00 && unit(i + 2) < 0xe000) {
      c = 0x10000 + ((c - 0xd800) << 10) + (unit(i + 2) - 0xdc00);
      i += 2;
    } else if (c >= 0xd800 && c < 0xe000) {
      c = 0xfffd;
    }
    append_utf8(out, c);
  }
  if (i < s.size()) append_utf8(out, 0xfffd);
  return out;
}

// windows-1252 differs from ISO-8859-1 in 0x80..0x9f only; files that say ISO-8859-1 mean it too.
std::string from_windows_1252(std::string_view s) {
  constexpr std::array<std::uint16_t, 32> high = {
      0x20ac, 0x81,   0x201a, 0x192,  0x201e, 0x2026, 0x2020, 0x2021, 0x2c6, 0x2030, 0x160, 0x2039, 0x152, 0x8d, 0x17d, 0x8f,
      0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x2dc, 0x2122, 0x161, 0x203a, 0x153, 0x9d, 0x17e, 0x178};
  std::string out;
  out.reserve(s.size());
  for (char c : s) {
    std::uint8_t b = u8(c);
    append_utf8(out, b >= 0x80 && b < 0xa0 ? high[b - 0x80] : b);
  }
  return out;
}

// The encoding an XML declaration states, lower case; empty where there is none.
std::string declared_encoding(std::string_view s) {
  if (!s.starts_with("<?xml")) return {};
  std::string_view head = s.substr(0, std::min<std::size_t>(s.find("?>"), 200));
  std::size_t at = head.find("encoding");
  if (at == head.npos) return {};
  std::size_t open = head.find_first_of("\"'", at);
  if (open == head.npos) return {};
  std::size_t close = head.find(head[open], open + 1);
  if (close == head.npos) return {};
  return lower(head.substr(open + 1, close - open - 1));
}

}  // namespace

Source decode_source(std::string path, std::string_view bytes) { return take_source(std::move(path), std::string(bytes)); }

Source take_source(std::string path, std::string bytes_given) {
  std::string_view bytes = bytes_given;
  auto make = [&](std::string text, const char* encoding) { return Source(std::move(path), std::move(text), encoding); };
  if (bytes.starts_with("\xef\xbb\xbf") && is_utf8(bytes)) return make(std::move(bytes_given.erase(0, 3)), "UTF-8");
  if (bytes.starts_with("\xff\xfe")) return make(from_utf16(bytes.substr(2), false), "UTF-16LE");
  if (bytes.starts_with("\xfe\xff")) return make(from_utf16(bytes.substr(2), true), "UTF-16BE");
  if (bytes.size() >= 4 && bytes[1] == 0 && bytes[3] == 0 && bytes[0] != 0 && bytes[2] != 0)
    return make(from_utf16(bytes, false), "UTF-16LE");
  if (bytes.size() >= 4 && bytes[0] == 0 && bytes[2] == 0 && bytes[1] != 0 && bytes[3] != 0)
    return make(from_utf16(bytes, true), "UTF-16BE");
  std::string declared = declared_encoding(bytes);
  bool latin = declared.starts_with("iso-8859-1") || declared == "latin1" || declared == "windows-1252";
  if (latin || !is_utf8(bytes)) return make(from_windows_1252(bytes), "windows-1252");
  return make(std::move(bytes_given), "UTF-8");
}

Source::Source(std::string path, std::string text, std::string encoding)
    : path_(std::move(path)), text_(std::move(text)), encoding_(std::move(encoding)) {
  starts_.push_back(0);
  std::size_t cr = text_.find('\r'), lf = text_.find('\n');
  while (cr != text_.npos || lf != text_.npos) {
    std::size_t end = std::min(cr, lf);
    if (end == cr) cr = text_.find('\r', end + 1);
    if (end + 1 == lf && text_[end] == '\r') end = lf;
    starts_.push_back(static_cast<std::uint32_t>(end + 1));
    if (lf <= end) lf = text_.find('\n', end + 1);
  }
}

Position Source::position(std::uint32_t offset) const {
  offset = std::min(offset, static_cast<std::uint32_t>(text_.size()));
  auto after = std::upper_bound(starts_.begin(), starts_.end(), offset);
  std::uint32_t begin = *(after - 1);
  Position p;
  p.line = static_cast<std::uint32_t>(after - starts_.begin());
  p.column = offset - begin + 1;
  for (std::uint32_t i = begin; i < offset; ++i) {
    std::uint8_t b = u8(text_[i]);
    if ((b & 0xc0) != 0x80) p.utf16 += b >= 0xf0 ? 2 : 1;
  }
  return p;
}

std::uint32_t Source::line_start(std::uint32_t number) const {
  return number == 0 || number > starts_.size() ? static_cast<std::uint32_t>(text_.size()) : starts_[number - 1];
}

std::string_view Source::line(std::uint32_t number) const {
  if (number == 0 || number > starts_.size()) return {};
  std::size_t begin = starts_[number - 1];
  std::size_t end = number < starts_.size() ? starts_[number] : text_.size();
  while (end > begin && (text_[end - 1] == '\n' || text_[end - 1] == '\r')) --end;
  return std::string_view(text_).substr(begin, end - begin);
}

std::string_view Source::slice(SourceSpan span) const {
  std::size_t begin = std::min<std::size_t>(span.begin, text_.size());
  std::size_t end = std::clamp<std::size_t>(span.end, begin, text_.size());
  return std::string_view(text_).substr(begin, end - begin);
}

}  // namespace ipo
