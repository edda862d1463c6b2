// What happens to a damaged or hostile XML text before libxml2 sees it.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/text/source.h"

namespace ipo {

constexpr std::size_t max_xml_depth = 200;                       // elements inside each other
constexpr std::size_t max_xml_attributes = 200;                  // of one element
constexpr std::size_t max_xml_attribute = std::size_t{1} << 20;  // bytes of a value; libxml2 takes ten million

namespace xml {

// In a prepared text: this byte is not part of the content.
constexpr char hidden = '\x7f';

inline bool blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
// The next '<' or '>' from `at` on, or the text's size.
inline std::size_t find_bracket(std::string_view text, std::size_t at) {
  while (at < text.size() && text[at] != '<' && text[at] != '>') ++at;
  return std::min(at, text.size());
}
inline bool name_end(char c) { return blank(c) || c == '/' || c == '>' || c == '='; }

// Damages of one stage: the first twenty in full, the others counted.
class Damages {
 public:
  Damages(std::uint32_t source, std::string_view text) : source_(source), text_(text) {}

  // The span is cut to one line and 200 bytes; an empty one takes the character there.
  void add(std::size_t begin, std::size_t end, std::string message);

  // Both stages' damages in file order, the first twenty of them, then one that counts the rest.
  static std::vector<Note> merged(Damages a, Damages b);

 private:
  std::uint32_t source_;
  std::string_view text_;
  std::vector<Note> notes_;
  std::size_t more_ = 0;
  SourceSpan last_;
};

// What libxml2 gets of a file, every byte at its place: the file's own text where nothing in it must be hidden, else a copy.
struct Prepared {
  std::string_view original;
  std::string copy;       // empty: the original serves
  std::size_t begin = 0;  // where the content begins, behind byte order mark and declaration

  std::string_view text() const { return copy.empty() ? original : std::string_view(copy); }
};

// Comments, instructions, document types, forbidden characters, tags without an end, attributes that are too many or too long
// and elements beyond max_xml_depth become `hidden`, and a '<' that starts no tag '_'. What is lost that way is reported.
Prepared prepare_xml(std::string_view text, Damages& damages);

}  // namespace xml
}  // namespace ipo
