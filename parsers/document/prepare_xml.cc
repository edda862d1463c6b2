// One pass over the markup, which is found by its first characters only; nothing but tags is looked into. Comments,
// document types and what has no end are overwritten, so libxml2 reads on where it would give up, at unchanged offsets. The text
// is copied when its first byte is overwritten: a large export, which has nothing of that kind, is not.
#include "parsers/document/prepare_xml.h"

#include <array>
#include <cstring>

#include "parsers/text/large_text.h"

namespace ipo::xml {
namespace {

constexpr std::size_t none = std::string::npos;
constexpr std::size_t max_damages = 20;

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

bool name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' || static_cast<unsigned char>(c) >= 0x80;
}

// What most tags are made of, and nothing a tag can end or break off with.
bool plain_name(char c) {
  static constexpr auto plain = [] {
    std::array<bool, 256> out{};
    for (unsigned char b = 'A'; b <= 'z'; ++b) out[b] = b <= 'Z' || b >= 'a';
    for (unsigned char b = '0'; b <= '9'; ++b) out[b] = true;
    out['_'] = out['-'] = out['.'] = true;
    return out;
  }();
  return plain[static_cast<unsigned char>(c)];
}

// The text libxml2 gets: same length as the file. Content bytes that are overwritten but belong to the content ('<'
// that starts nothing) become '_', all others `hidden`.
class Preparation {
 public:
  Preparation(std::string_view original, Damages& damages) : original_(original), text_(original), damages_(damages) {}

  Prepared run() {
    if (text_.starts_with("\xef\xbb\xbf")) content_ = 3;
    hide_forbidden();
    for (std::size_t i = text_.find('<', content_); i < text_.size(); i = text_.find('<', i)) {
      std::string_view rest = text_.substr(i);
      if (rest.size() > 1 && name_start(rest[1]))
        i = start_tag(i);
      else if (rest.size() > 2 && rest[1] == '/' && name_start(rest[2]))
        i = end_tag(i);
      else if (rest.starts_with("<!--"))
        i = hide_until(i, "-->", 4, "a comment without its end");
      else if (rest.starts_with("<![CDATA["))
        i = cdata(i);
      else if (rest.starts_with("<?"))
        i = instruction(i);
      else if (document_type(rest))
        i = hide_document_type(i);
      else
        i = stray(i);
    }
    if (depth_ > max_xml_depth) hide(deep_, text_.size());
    return {original_, std::move(copy_), content_};
  }

 private:
  void fill(std::size_t begin, std::size_t end, char with) {
    if (begin >= end) return;
    if (copy_.empty()) {
      reserve_large(copy_, original_.size());
      copy_ = original_;
      text_ = copy_;
    }
    std::fill(copy_.data() + begin, copy_.data() + end, with);
  }
  void hide(std::size_t begin, std::size_t end) { fill(begin, end, hidden); }

  std::size_t hide_rest(std::size_t at, const char* damage) {
    damages_.add(at, at + 1, damage);
    hide(at, text_.size());
    return text_.size();
  }

  // All of 0x20..0x7f.
  static bool eight_ordinary(const char* at) {
    std::uint64_t bytes;
    std::memcpy(&bytes, at, 8);
    return ((bytes | (bytes - 0x2020202020202020u)) & 0x8080808080808080u) == 0;
  }

  // Bytes XML has no character for. A run of them is one damage.
  void hide_forbidden() {
    std::size_t run_end = none;
    for (std::size_t i = 0; i < text_.size(); ++i) {
      while (text_.size() - i > 8 && eight_ordinary(text_.data() + i)) i += 8;
      unsigned char c = static_cast<unsigned char>(text_[i]);
      std::size_t n = 0;
      if (c < 0x20 && !blank(text_[i])) n = 1;
      if (c == 0xef && i + 2 < text_.size() && text_[i + 1] == '\xbf' && (text_[i + 2] == '\xbe' || text_[i + 2] == '\xbf')) n = 3;
      if (n == 0) continue;
      if (i != run_end) damages_.add(i, i + n, "a character that XML does not allow");
      hide(i, i + n);
      run_end = i + n;
      i += n - 1;
    }
  }

  std::size_t hide_until(std::size_t at, std::string_view close, std::size_t skip, const char* damage) {
    std::size_t end = text_.find(close, at + skip);
    if (end == none) return hide_rest(at, damage);
    hide(at, end + close.size());
    return end + close.size();
  }

  std::size_t cdata(std::size_t at) {
    std::size_t end = text_.find("]]>", at + 9);
    return end == none ? hide_rest(at, "a CDATA section without its end") : end + 3;
  }

  // A declaration that lost its "?>" must not swallow the file.
  std::size_t instruction(std::size_t at) {
    if (instruction_end_ != none && instruction_end_ < at + 2) instruction_end_ = text_.find("?>", at + 2);
    std::size_t end = instruction_end_, next = find_bracket(text_, at + 2);
    bool declaration = text_.compare(at, 5, "<?xml") == 0;
    if (end != none && (!declaration || next > end)) {
      bool first = text_.substr(content_, at - content_).find_first_not_of(" \t\r\n") == none;
      if (declaration && first)
        content_ = end + 2;
      else
        hide(at, end + 2);
      return end + 2;
    }
    damages_.add(at, at + 2, "a processing instruction without its end");
    if (next < text_.size() && text_[next] == '>') ++next;
    hide(at, next);
    return next;
  }

  static bool document_type(std::string_view rest) {
    constexpr std::string_view word = "<!DOCTYPE";
    if (rest.size() < word.size()) return false;
    return std::equal(word.begin(), word.end(), rest.begin(),
                      [](char a, char b) { return a == (b >= 'a' && b <= 'z' ? b - 'a' + 'A' : b); });
  }

  // Up to the '>' outside quotes, comments and the internal subset.
  std::size_t hide_document_type(std::size_t at) {
    damages_.add(at, at + 9, "document type declarations are not read");
    bool subset = false;
    for (std::size_t i = at + 2; i < text_.size(); ++i) {
      char c = text_[i];
      if (text_.compare(i, 4, "<!--") == 0) {
        i = text_.find("-->", i + 4);
        if (i == none) break;
        i += 2;
      } else if (c == '"' || c == '\'') {
        std::size_t close = text_.find(c, i + 1);
        if (close == none) break;
        i = close;
      } else if (c == '[') {
        subset = true;
      } else if (c == ']') {
        subset = false;
      } else if (c == '>' && !subset) {
        hide(at, i + 1);
        return i + 1;
      }
    }
    hide(at, text_.size());
    return text_.size();
  }

  std::size_t stray(std::size_t at) {
    damages_.add(at, at + 1, "a '<' that starts no tag");
    fill(at, at + 1, '_');
    return at + 1;
  }

  // A tag [at, next) that the '<' at `next` cuts off: its name is kept where there is room for a '>'. False where not.
  bool close_cut_tag(std::size_t at, std::size_t next) {
    std::size_t name = at + 1;
    while (name < next && (text_[name] == '/' || !name_end(text_[name]))) ++name;
    damages_.add(at, name, "a tag without its end");  // not its attributes, they may hold a secret
    if (name >= next) return hide(at, next), false;
    fill(name, next, ' ');
    fill(next - 1, next, '>');
    return true;
  }

  std::size_t end_tag(std::size_t at) {
    std::size_t stop = find_bracket(text_, at + 1);
    if (stop == text_.size()) return hide_rest(at, "the text ends inside a tag");
    std::size_t after = stop + 1;
    if (text_[stop] == '<') {
      if (after = stop; !close_cut_tag(at, stop)) return stop;
    }
    if (depth_ == 0) {
      damages_.add(at, after, "an end tag without its start tag");
      hide(at, after);
    } else if (--depth_ == max_xml_depth) {
      hide(deep_, after);
    }
    return after;
  }

  // The attribute of the tag at `at` whose value is [opened, end) with its quotes: libxml2 gives up on long ones.
  void drop_attribute(std::size_t at, std::size_t opened, std::size_t end) {
    std::size_t begin = opened;
    while (begin > at + 1 && (blank(text_[begin - 1]) || text_[begin - 1] == '=')) --begin;
    std::size_t stop = begin;
    while (begin > at + 1 && !name_end(text_[begin - 1])) --begin;
    damages_.add(begin, stop, "a value longer than " + std::to_string(max_xml_attribute >> 20) + " MiB is not read");
    fill(begin, end, ' ');
  }

  std::size_t start_tag(std::size_t at) {
    char quote = 0;
    std::size_t values = 0, surplus = none, opened = 0, i = at + 1;
    while (i < text_.size() && plain_name(text_[i])) ++i;
    for (; i < text_.size(); ++i) {
      char c = text_[i];
      if (c == '<') {
        char next = i + 1 < text_.size() ? text_[i + 1] : ' ';
        if (quote && !name_start(next) && next != '/' && next != '!' && next != '?')
          stray(i);
        else
          break;
      } else if (quote) {
        if (c != quote) continue;
        quote = 0;
        if (i - opened > max_xml_attribute) drop_attribute(at, opened, i + 1);
        if (++values == max_xml_attributes) surplus = i + 1;
      } else if (c == '"' || c == '\'') {
        quote = c;
        opened = i;
      } else if (c == hidden) {
        fill(i, i + 1, ' ');
      } else if (c == '>') {
        break;
      }
    }
    if (i >= text_.size()) return hide_rest(at, "the text ends inside a tag");
    bool cut = text_[i] == '<', empty = !cut && text_[i - 1] == '/';
    std::size_t after = cut ? i : i + 1;
    if (cut) {
      if (!close_cut_tag(at, i)) return i;
    } else if (values > max_xml_attributes) {
      damages_.add(surplus, surplus + 1, "more than " + std::to_string(max_xml_attributes) + " attributes are not read");
      fill(surplus, empty ? i - 1 : i, ' ');
    }
    if (depth_ == max_xml_depth) {
      damages_.add(at, after, "nesting deeper than " + std::to_string(max_xml_depth) + " elements is not read");
      deep_ = at;
      if (empty) hide(at, after);
    }
    if (!empty) ++depth_;
    return after;
  }

  std::string_view original_, text_;  // text_: the original, or its copy
  std::string copy_;
  Damages& damages_;
  std::size_t content_ = 0;  // where it begins
  std::size_t depth_ = 0;
  std::size_t instruction_end_ = 0;  // the next "?>"
  std::size_t deep_ = 0;             // start of the element beyond the limit
};

}  // namespace

void Damages::add(std::size_t begin, std::size_t end, std::string message) {
  auto line_end = [&](std::size_t at) { return text_[at] == '\n' || text_[at] == '\r'; };
  begin = text_.empty() ? 0 : std::min(begin, text_.size() - 1);
  while (begin > 0 && (line_end(begin) || continues(text_[begin]))) --begin;
  end = std::clamp(end, begin, std::min(text_.size(), begin + 200));
  end = begin + std::min(text_.substr(begin, end - begin).find_first_of("\r\n"), end - begin);
  if (end <= begin && begin < text_.size() && !line_end(begin)) end = begin + 1;
  while (end > begin && end < text_.size() && continues(text_[end])) ++end;
  SourceSpan span{source_, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
  if (!notes_.empty() && notes_.back().span == span && notes_.back().message == message) return;
  last_ = span;
  if (notes_.size() < max_damages)
    notes_.push_back({std::move(message), span});
  else
    ++more_;
}

std::vector<Note> Damages::merged(Damages a, Damages b) {
  std::vector<Note> all = std::move(a.notes_);
  for (Note& note : b.notes_) all.push_back(std::move(note));
  std::stable_sort(all.begin(), all.end(), [](const Note& x, const Note& y) { return x.span.begin < y.span.begin; });
  std::size_t more = a.more_ + b.more_ + (all.size() > max_damages ? all.size() - max_damages : 0);
  if (all.size() > max_damages) all.resize(max_damages);
  if (more) all.push_back({"and " + std::to_string(more) + " more", std::max(a.last_, b.last_)});
  return all;
}

Prepared prepare_xml(std::string_view text, Damages& damages) { return Preparation(text, damages).run(); }

}  // namespace ipo::xml
