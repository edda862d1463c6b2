// Where text comes from and where in it something stands.
//
// Every later stage keeps byte offsets only; lines and columns are computed when a report is written. That keeps spans
// exact on IP Office exports, which are one minified line, and lets each report count columns the way its reader does.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ipo {

// Half-open byte range [begin, end) in Source::text() of sources[source].
struct SourceSpan {
  std::uint32_t source = 0;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  friend auto operator<=>(const SourceSpan&, const SourceSpan&) = default;
};

// What is said of a place: a damage, or a second place that explains the first ("translated by this rule").
struct Note {
  std::string message;
  SourceSpan span;
};

// A value together with the place it was read from.
template <class T>
struct Located {
  T value{};
  SourceSpan span{};
};

// 1-based. `column` counts UTF-8 bytes (concise reports, rdjson), `utf16` counts UTF-16 code units (SARIF, LSP).
struct Position {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  std::uint32_t utf16 = 1;
};

// One input, decoded to UTF-8. Lines end with LF, CRLF or a lone CR.
class Source {
 public:
  // `path` as the user gave it ("-" for standard input); `text` must be valid UTF-8; `encoding` names what it was.
  Source(std::string path, std::string text, std::string encoding);

  const std::string& path() const { return path_; }
  const std::string& text() const { return text_; }
  const std::string& encoding() const { return encoding_; }

  // Offsets past the end are taken as the end.
  Position position(std::uint32_t offset) const;
  // Text of a 1-based line without its line end; empty when there is no such line.
  std::string_view line(std::uint32_t number) const;
  std::uint32_t line_count() const { return static_cast<std::uint32_t>(starts_.size()); }
  // Byte offset at which a 1-based line starts.
  std::uint32_t line_start(std::uint32_t number) const;
  std::string_view slice(SourceSpan span) const;

 private:
  std::string path_, text_, encoding_;
  std::vector<std::uint32_t> starts_;
};

// SourceSpan::source indexes this.
using Sources = std::vector<Source>;

// Decodes UTF-8 (with or without BOM), UTF-16 (BOM, or recognised by its NUL pattern), and, where the bytes are not
// UTF-8 or an XML declaration says so, ISO-8859-1/windows-1252. Never fails: undecodable units become U+FFFD.
Source decode_source(std::string path, std::string_view bytes);
// The same without a copy where the bytes are UTF-8 already.
Source take_source(std::string path, std::string bytes);

}  // namespace ipo
