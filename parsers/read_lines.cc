// One pass over each line: blanks end a word unless a double quote is open, in which a backslash takes the next byte.
#include "parsers/document.h"

namespace ipo {
namespace {

bool blank(char c) { return c == ' ' || c == '\t' || c == '\f' || c == '\v' || c == '\0'; }

// At least as many as the line has.
std::size_t count_words(std::string_view text) {
  std::size_t count = 0;
  bool before = true;
  for (char c : text) {
    bool now = blank(c);
    count += before && !now;
    before = now;
  }
  return count;
}

}  // namespace

Document read_lines(const Sources& sources, std::uint32_t source) {
  const Source& s = sources[source];
  Document document;
  document.root.span = {source, 0, static_cast<std::uint32_t>(s.text().size())};
  document.root.children.reserve(s.line_count());
  for (std::uint32_t number = 1; number <= s.line_count(); ++number) {
    std::string_view text = s.line(number);
    std::uint32_t start = s.line_start(number);
    std::size_t words = count_words(text);
    if (words == 0) continue;
    Node& line = document.root.children.emplace_back();
    line.kind = Node::Kind::line;
    line.children.reserve(words);
    for (std::size_t i = 0; i < text.size();) {
      if (blank(text[i])) {
        ++i;
        continue;
      }
      Node& word = line.children.emplace_back();
      word.kind = Node::Kind::word;
      std::size_t begin = i;
      while (i < text.size() && !blank(text[i]) && text[i] != '"') ++i;
      word.text.assign(text, begin, i - begin);
      bool quoted = false;
      for (; i < text.size() && (quoted || !blank(text[i])); ++i) {
        if (text[i] == '"')
          quoted = !quoted;
        else if (quoted && text[i] == '\\' && i + 1 < text.size())
          word.text += text[++i];
        else
          word.text += text[i];
      }
      word.span = word.name_span =
          word.text_span = {source, start + static_cast<std::uint32_t>(begin), start + static_cast<std::uint32_t>(i)};
    }
    line.span = {source, line.children.front().span.begin, line.children.back().span.end};
    line.name_span = line.text_span = line.span;
    line.text = s.slice(line.span);
  }
  return document;
}

}  // namespace ipo
