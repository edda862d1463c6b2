// A first pass counts, so that nothing moves later. In the second blanks end a word unless a double quote is open, in which a
// backslash takes the next byte.
#include "parsers/text/lines.h"

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

Lines::Lines(const Sources& sources, std::uint32_t source) {
  const Source& s = sources[source];
  std::size_t lines = 0, words = 0;
  for (std::uint32_t number = 1; number <= s.line_count(); ++number) {
    std::size_t count = count_words(s.line(number));
    lines += count > 0, words += count;
  }
  lines_.reserve(lines), words_.reserve(words);
  for (std::uint32_t number = 1; number <= s.line_count(); ++number) {
    std::string_view text = s.line(number);
    std::uint32_t start = s.line_start(number);
    std::size_t first = words_.size();
    for (std::size_t i = 0; i < text.size();) {
      if (blank(text[i])) {
        ++i;
        continue;
      }
      std::size_t begin = i;
      while (i < text.size() && !blank(text[i]) && text[i] != '"') ++i;
      std::string_view word = text.substr(begin, i - begin);
      if (i < text.size() && text[i] == '"') {
        std::string& without = unquoted_.emplace_back(word);
        bool quoted = false;
        for (; i < text.size() && (quoted || !blank(text[i])); ++i) {
          if (text[i] == '"')
            quoted = !quoted;
          else if (quoted && text[i] == '\\' && i + 1 < text.size())
            without += text[++i];
          else
            without += text[i];
        }
        word = without;
      }
      words_.push_back({word, {source, start + static_cast<std::uint32_t>(begin), start + static_cast<std::uint32_t>(i)}});
    }
    if (words_.size() == first) continue;
    SourceSpan span{source, words_[first].span.begin, words_.back().span.end};
    lines_.push_back({{words_.data() + first, words_.size() - first}, s.slice(span), span});
  }
}

bool is_cmdlist_heading(std::string_view line) {
  while (line.ends_with(' ') || line.ends_with('\r')) line.remove_suffix(1);
  if (!line.ends_with("cmdlist:")) return false;
  for (std::string_view program : {"ipset ", "iptables ", "ip6tables ", "ebtables "})
    if (line.starts_with(program)) return true;
  return false;
}

}  // namespace ipo
