// A text is searched for words that name a secret, and for what stands behind them as element content, quoted value, list, or
// next word; a source as far as text of it is quoted, each part once. That and the declared secrets are sorted spans, looked
// up by halving.
#include "linter/output/redact.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parsers/text/letters.h"
#include "parsers/text/secret_names.h"

namespace ipo {
namespace {

// A quote that is not closed within so many bytes ends with its line: keys may have many lines, stray quotes are
// common.
constexpr std::size_t longest_quoted = std::size_t{1} << 16;

bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_space(char c) { return is_blank(c) || c == '\r' || c == '\n'; }

// Every name of a secret has one of these letters; most words of an export have none.
constexpr std::string_view telling_letters = "psckz";

// What a byte is in a name: nothing, a part of it, a telling letter.
constexpr unsigned char in_name = 1, telling = 2;
constexpr std::array<unsigned char, 256> name_bytes = [] {
  std::array<unsigned char, 256> out{};
  for (char c : std::string_view("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"))
    out[static_cast<unsigned char>(c)] = telling_letters.find(lower(c)) != std::string_view::npos ? in_name | telling : in_name;
  return out;
}();
bool is_in_name(char c) { return name_bytes[static_cast<unsigned char>(c)] != 0; }

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> list) {
  return std::any_of(list.begin(), list.end(), [&](std::string_view w) { return same_letters(w, word); });
}

using Range = std::pair<std::size_t, std::size_t>;

// The next "<" from ascending places; asking for each anew would be quadratic where there is none.
class NextTag {
 public:
  explicit NextTag(std::string_view text) : text_(text) {}
  std::size_t from(std::size_t at) {
    if (at < asked_ || at > found_) found_ = std::min(text_.find('<', at), text_.size());
    asked_ = at;
    return found_;
  }

 private:
  std::string_view text_;
  std::size_t asked_ = 1, found_ = 0;
};

// What a firewall writes behind a name of its own, such as a chain or set called "secret": no password stands there.
bool says_itself(std::string_view word) {
  bool address = std::count(word.begin(), word.end(), '.') == 3 && word.find_first_not_of("0123456789./") == word.npos;
  return address || is_one_of(word, {"src", "dst", "accept", "drop", "reject", "return", "-"}) || word.starts_with("hash:") ||
         word.starts_with("bitmap:") || word.starts_with("list:");
}

// Behind these stands what the secret is for: "password for the trunk".
bool places(std::string_view word) { return is_one_of(word, {"for", "of", "on", "the", "at", "in", "from", "a", "my", "our"}); }

// Between a name and its value: "community string set to x", "pin no. 4711".
bool fills(std::string_view word) {
  return is_one_of(
      word, {"to", "set", "string", "no", "no.", "nr", "nr.", "number", "value", "code", "codes", "now", "new", "old", "still"});
}

bool binds(std::string_view word) {
  return is_one_of(word, {"is", "was", "are", "ist", "war", "lautet", "=", "->", "=>", "-", "--", "\u2013", "\u2014", "\u2192"}) ||
         word.ends_with(':') || word.ends_with('=');
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// What people write behind the name of a secret when they tell no secret: "password protected".
bool is_prose(std::string_view word) {
  while (!word.empty() && std::string_view(".,;:!?)").find(word.back()) != word.npos) word.remove_suffix(1);
  return word.empty() ||
         is_one_of(word, {"access",   "account",        "and",      "are",        "as",       "attack",   "attacks",   "attempts",
                          "auth",     "authentication", "based",    "be",         "below",    "by",       "can",       "cannot",
                          "change",   "changed",        "changes",  "complexity", "database", "disabled", "does",      "enabled",
                          "expired",  "expires",        "expiry",   "field",      "file",     "guessing", "has",       "have",
                          "here",     "hidden",         "if",       "length",     "less",     "lock",     "locked",    "login",
                          "logins",   "manager",        "may",      "missing",    "must",     "needed",   "not",       "only",
                          "or",       "page",           "policies", "policy",     "prompt",   "protect",  "protected", "protection",
                          "protects", "recovery",       "removed",  "required",   "requires", "reset",    "resets",    "rotated",
                          "rotation", "rules",          "screen",   "server",     "service",  "should",   "stored",    "unknown",
                          "user",     "users",          "vault",    "when",       "will",     "with",     "without"});
}

// A value by its looks: four bytes or more with a digit, and neither an address nor the name of another value.
bool looks_secret(std::string_view word) {
  while (!word.empty() && std::string_view("(#[{").find(word.front()) != word.npos) word.remove_prefix(1);
  while (!word.empty() && std::string_view(".!?)]}").find(word.back()) != word.npos) word.remove_suffix(1);
  if (word.size() < 4 || !std::any_of(word.begin(), word.end(), is_digit) || word.find('=') != word.npos || word.ends_with(':'))
    return false;
  bool ipv6 = word.find(':') != word.npos && word.find_first_not_of("0123456789abcdefABCDEF:./") == word.npos;
  return !ipv6 && !says_itself(word);
}

// The bytes that "password=|20|x" of iptables means.
std::string of_hex(std::string_view text) {
  std::string out;
  bool hex = false;
  int digits = 0;
  unsigned byte = 0;
  for (char c : text) {
    if (c == '|') {
      hex = !hex;
      digits = 0;
    } else if (!hex) {
      out += c;
    } else if (std::isxdigit(static_cast<unsigned char>(c))) {
      byte = byte * 16 + static_cast<unsigned>(c <= '9' ? c - '0' : lower(c) - 'a' + 10);
      if (++digits % 2 == 0) out += static_cast<char>(byte), byte = 0;
    }
  }
  return out;
}

// The words of texts are few, and come again: a word is judged once while no other takes its place.
class JudgedWords {
 public:
  SecretName of(std::string_view word) {
    auto& [known, name] = words_[std::hash<std::string_view>()(word) % words_.size()];
    if (known != word) known = word, name = judge_name(word);
    return name;
  }

 private:
  std::vector<std::pair<std::string_view, SecretName>> words_{4096};
};

constexpr std::size_t longest_account = 128;  // bytes of "anna:4bz7" before an "@"
constexpr std::size_t long_value = 256;
constexpr std::size_t longest_data = 4096;     // of a CDATA section
constexpr std::size_t most_words_between = 5;  // "password for the trunk is 4bz7"
constexpr std::size_t longest_gap = 8;         // "login    code"
constexpr std::size_t most_values = 16;        // "pins 4711, 4712 and 4713"
constexpr std::size_t most_parts = 64;         // of an element's content: texts and tags
constexpr std::size_t most_siblings = 16;      // on either side of a label
constexpr std::size_t longest_label = 64;      // "Voicemail Code", with what stands beside it in its quotes
constexpr std::size_t longest_beside = 1024;   // from a label to the value it names, before it or behind it

// Looks at one word after the other and tells what they make secret, in no order. What they make secret stands behind them, but
// for the account before an "@" and the value beside a label, at most `reach_back` before them.
class SecretFinder {
 public:
  // `prose`: a name and its value may stand apart ("password 4bz7"); else only assigned values and options count, because the
  // words are our own. Without `judged` nothing is remembered.
  SecretFinder(std::string_view text, bool prose, JudgedWords* judged)
      : text_(text), prose_(prose), judged_(judged), next_tag_(text) {}

  std::size_t at() const { return at_; }
  static constexpr std::size_t reach_back = longest_beside + 2 * longest_label;

  // At the word at at(), or at a byte of none; goes on behind it.
  template <class Found>
  void look(const Found& found) {
    unsigned kinds = 0;
    std::size_t i = at_, end = i;
    for (; end < text_.size(); ++end) {
      unsigned kind = name_bytes[static_cast<unsigned char>(text_[end])];
      if (kind == 0) break;
      kinds |= kind;
    }
    at_ = std::max(end, i + 1);
    auto mask = [&](Range value) {
      if (value.first < value.second) found(value);
      if (value.first + long_value < value.second) at_ = std::max(at_, value.second);  // or each name in it would look through it
    };
    if (text_[i] == '@') return mask(account_before(i));
    if (!(kinds & telling)) return;
    std::string_view word = text_.substr(i, end - i);
    bool option = word.starts_with("--");
    if (option && !of_hex_ && is_one_of(word, {"--hex-string"})) return mask(hex_string(end));
    SecretName name = judge(word);
    if (name < SecretName::secret && in_two_words(i, word)) name = SecretName::secret;
    if (prose_ && !option) mask(glued(i, end));
    if (name == SecretName::harmless) return;
    std::size_t start = option ? i + 2 : i;
    bool opening = start > 0 && text_[start - 1] == '<';
    bool closing = start > 1 && text_[start - 1] == '/' && text_[start - 2] == '<';
    if ((!opening && !closing) || end == text_.size() || (opening && text_[end] == '>') || text_[end] == '=')
      return behind(start, end, name, option, mask);
    if (opening) content_after_attributes(end, mask);
    mask(rest_of_tag(end));
  }

 private:
  std::size_t skip_blanks(std::size_t i) const {
    while (i < text_.size() && is_blank(text_[i])) ++i;
    return i;
  }

  Range until(std::size_t from, std::string_view stops) const {
    return Range(from, std::min(text_.find_first_of(stops, from), text_.size()));
  }

  // "anna:4bz7@198.51.100.7"; a name and a number before "@" are a SIP or mail address.
  Range account_before(std::size_t at) {
    std::size_t begin = at;
    while (begin > 0 && at - begin < longest_account && begin != after_account_ &&
           std::string_view(" \t\r\n\"'<>/,;=()").find(text_[begin - 1]) == std::string_view::npos)
      --begin;
    if (begin == after_account_ && at - account_ < longest_account) begin = account_;  // "anna:4b@z7@198.51.100.7"
    account_ = begin;
    after_account_ = at + 1;
    std::string_view account = text_.substr(begin, at - begin);
    std::size_t colon = account.find(':');
    if (colon != account.npos &&
        is_one_of(account.substr(0, colon), {"sip", "sips", "mailto", "mail", "email", "e-mail", "contact", "from", "to"}))
      colon = account.find(':', colon + 1);
    return colon == account.npos || colon == 0 ? Range(at, at) : Range(begin + colon + 1, at);
  }

  SecretName judge(std::string_view word) const { return judged_ ? judged_->of(word) : judge_name(word); }

  // The value in "pin-code-4711", "password_s3cret", "pin4711", where the word is [begin, end).
  Range glued(std::size_t begin, std::size_t end) const {
    std::size_t from = end;
    while (from > begin && text_[from - 1] != '_' && text_[from - 1] != '-') --from;
    std::string_view last = text_.substr(from, end - from);
    if (from <= begin + 1) {
      while (!last.empty() && !is_digit(last.front())) last.remove_prefix(1);
      if (last.find_first_not_of("0123456789") != last.npos) return {end, end};
      from = end - last.size();
    }
    if (!looks_secret(last) || from == begin) return {end, end};
    std::string_view name = text_.substr(begin, from - begin);
    while (!name.empty() && (name.back() == '_' || name.back() == '-')) name.remove_suffix(1);
    bool pin = name.size() > 2 && is_one_of(name.substr(name.size() - 3), {"pin"});
    SecretName judged = judge_name(name);
    return judged == SecretName::secret || (pin && judged == SecretName::assigned) ? Range(from, end) : Range(end, end);
  }

  // "login code", "pre-shared key".
  bool in_two_words(std::size_t i, std::string_view word) const {
    if (!is_one_of(word, {"code", "codes", "key", "keys", "phrase", "word", "pin", "pins"}) || i < 2 || !is_blank(text_[i - 1]))
      return false;
    std::size_t end = i - 1;
    while (end > 0 && i - end < longest_gap && is_blank(text_[end - 1])) --end;
    std::size_t begin = end;
    while (begin > 0 && end - begin < 32 && is_in_name(text_[begin - 1])) --begin;
    if (lower(word.back()) == 's') word.remove_suffix(1);
    return begin < end && judge_name(std::string(text_.substr(begin, end - begin)) + std::string(word)) == SecretName::secret;
  }

  // The value of --hex-string, where what it means has a secret.
  Range hex_string(std::size_t at) const {
    Range value = this->value(skip_blanks(at), " \t\r\n");
    std::string meant = of_hex(text_.substr(value.first, std::min(value.second - value.first, longest_quoted)));
    SecretFinder finder(meant, true, nullptr);
    finder.of_hex_ = true;
    bool any = false;
    while (finder.at() < meant.size() && !any) finder.look([&](Range) { any = true; });
    return any ? value : Range(at, at);
  }

  std::size_t closing_quote(std::size_t from, char quote) const {
    std::size_t stop = std::min(text_.size(), from + longest_quoted);
    for (std::size_t i = from; i < stop; ++i) {
      if (text_[i] == quote) return i;
      if (quote == '"' && text_[i] == '\\') ++i;
    }
    return text_.npos;
  }

  // [4711, 4712] or {...}, to its end or that of the text.
  std::size_t closing_bracket(std::size_t from) const {
    std::size_t depth = 0, stop = std::min(text_.size(), from + longest_quoted);
    for (std::size_t i = from; i < stop; ++i) {
      char c = text_[i];
      if (c == '"') {
        std::size_t close = closing_quote(i + 1, '"');
        if (close == text_.npos) break;
        i = close;
      } else if (c == '[' || c == '{') {
        ++depth;
      } else if ((c == ']' || c == '}') && --depth == 0) {
        return i;
      }
    }
    return stop;
  }

  Range value(std::size_t i, std::string_view word_ends) const {
    if (i < text_.size() && (text_[i] == '"' || text_[i] == '\'')) {
      std::size_t close = closing_quote(i + 1, text_[i]);
      return close == text_.npos ? until(i + 1, "\r\n") : Range(i + 1, close);
    }
    if (text_.substr(i, 2) == "\\\"") return until(i + 2, "\"\r\n");
    return until(i, word_ends);
  }

  Range element_content(std::size_t i) {
    if (text_.substr(i, 9) == "<![CDATA[") {
      std::size_t close = text_.substr(i, longest_data).find("]]>");
      return {i + 9, close == text_.npos ? next_tag_.from(i + 9) : i + close};
    }
    Range content(i, next_tag_.from(i));
    bool blank = text_.substr(i, content.second - i).find_first_not_of(" \t\r\n") == std::string_view::npos;
    if (!blank || content.second + 1 >= text_.size() || text_[content.second + 1] == '/') return content;
    std::size_t close = text_.find_first_of(">\r\n", content.second);  // a child's
    if (close == text_.npos || text_[close] != '>' || text_[close - 1] == '/') return content;
    return {close + 1, next_tag_.from(close + 1)};
  }

  // The values of a tag's attributes, but for the one that begins at `label`.
  void values_of_tag(std::size_t at, std::size_t end, std::size_t label, std::vector<Range>& out) const {
    std::string_view text = text_.substr(0, end);
    for (std::size_t sign = text.find('=', at); sign < end; sign = text.find('=', at)) {
      std::size_t i = sign + 1;
      while (i < end && is_space(text_[i])) ++i;
      bool quoted = i < end && (text_[i] == '"' || text_[i] == '\'');
      std::size_t begin = quoted ? i + 1 : i;
      std::size_t close = quoted ? text.find(text[i], begin) : text.find_first_of(" \t\r\n/>", begin);
      close = std::min(close, end);
      if (begin != label) out.push_back({begin, close});
      at = std::max(close, sign + 1);
    }
  }

  // All texts and values that an element holds, from behind its start tag to its end tag; where no end is near, the first.
  template <class Mask>
  void content(std::size_t i, const Mask& mask) {
    std::string_view text = text_.substr(0, std::min(text_.size(), i + longest_data));
    std::vector<Range> found;
    std::size_t depth = 0, parts = 0;
    for (std::size_t at = i; at < text.size() && parts < most_parts; ++parts) {
      std::size_t skip = 0;  // before and behind what cannot hold a tag
      if (text.substr(at, 9) == "<![CDATA[") skip = 9;
      if (text.substr(at, 4) == "<!--") skip = 4;
      if (skip > 0) {
        std::size_t close = text.find(skip == 9 ? "]]>" : "-->", at + skip);
        if (close == text.npos) break;
        found.push_back({at + skip, close});
        at = close + 3;
      } else if (text[at] != '<') {
        std::size_t next = std::min(text.find('<', at), text.size());
        if (!std::all_of(text.begin() + at, text.begin() + next, is_space)) found.push_back({at, next});
        at = next;
      } else {
        std::size_t close = text.find('>', at);
        bool ends = text.substr(at + 1, 1) == "/";
        if (ends && depth == 0) {
          for (Range value : found) mask(value);
          at_ = std::max(at_, at);
          return;
        }
        if (close == text.npos) break;
        if (ends) {
          --depth;
        } else {
          values_of_tag(at, close, text.npos, found);
          if (text[close - 1] != '/') ++depth;
        }
        at = close + 1;
      }
    }
    mask(element_content(i));
  }

  // <Password type="x">value<. The attributes themselves are judged as words of their own.
  template <class Mask>
  void content_after_attributes(std::size_t at, const Mask& mask) {
    std::size_t close = text_.find_first_of("<>", at);
    if (close == text_.npos || text_[close] != '>' || text_[close - 1] == '/') return;
    content(close + 1, mask);
  }

  // What stands in a tag without a name of its own, as in <Password x>; its end may be missing.
  Range rest_of_tag(std::size_t at) const {
    std::size_t close = std::min(text_.find_first_of("<>=", at), at + longest_quoted);
    close = std::min(close, text_.size());
    if (close < text_.size() && text_[close] == '=') {  // an attribute's name before it
      while (close > at && is_blank(text_[close - 1])) --close;
      while (close > at && is_in_name(text_[close - 1])) --close;
    }
    while (close > at &&
           (is_blank(text_[close - 1]) || text_[close - 1] == '/' || text_[close - 1] == '\n' || text_[close - 1] == '\r'))
      --close;
    return {at, close};
  }

  static bool is_in_label(char c) { return is_in_name(c) || is_space(c) || c == '/' || c == '.'; }

  std::size_t skip_space(std::size_t i) const {
    while (i < text_.size() && is_space(text_[i])) ++i;
    return i;
  }

  // Behind the last byte before `i` that is no space.
  std::size_t skip_space_back(std::size_t i) const {
    while (i > 0 && is_space(text_[i - 1])) --i;
    return i;
  }

  // True where the name [start, at) is a value itself, a label: what it names stands beside it.
  template <class Mask>
  bool beside(std::size_t start, std::size_t at, const Mask& mask) {
    std::size_t begin = start, end = at;
    while (begin > 0 && start - begin < longest_label && is_in_label(text_[begin - 1])) --begin;
    while (end < text_.size() && end - at < longest_label && is_in_label(text_[end])) ++end;
    if (begin == 0 || end == text_.size() || skip_space(at) < end) return false;
    char open = text_[begin - 1], close = text_[end];
    if (open == '>' && text_.substr(end, 2) == "</") return beside_element(begin - 1, end, mask), true;
    if (open != close || (open != '"' && open != '\'')) return false;
    std::size_t sign = skip_space_back(begin - 1);
    if (sign == 0) return false;
    if (text_[sign - 1] == ':' && open == '"') return beside_member(begin, end, mask);
    return text_[sign - 1] == '=' && beside_attribute(begin, end, mask);
  }

  // <F name="LoginCode" value="4711"/>, <F name="LoginCode">4711</F>
  template <class Mask>
  bool beside_attribute(std::size_t begin, std::size_t end, const Mask& mask) {
    std::size_t tag = begin;
    while (tag > 0 && begin - tag < longest_beside && text_[tag] != '<' && text_[tag] != '>') --tag;
    if (text_[tag] != '<') return false;
    std::size_t close = text_.substr(0, end + longest_beside).find_first_of("<>", end);
    if (close == text_.npos) return false;
    std::vector<Range> values;
    values_of_tag(tag, close, begin, values);
    for (Range value : values) mask(value);
    if (text_[close] == '>' && text_[close - 1] != '/' && text_[close - 1] != '?') content(close + 1, mask);
    return true;
  }

  // {"name": "LoginCode", "value": "4711"}: the next member, and wherever they stand those that are called a value.
  template <class Mask>
  bool beside_member(std::size_t begin, std::size_t end, const Mask& mask) {
    std::size_t at = begin, depth = 0;
    for (; at > 0 && begin - at < longest_beside && (text_[at] != '{' || depth > 0); --at) {
      if (text_[at] == '}') ++depth;
      if (text_[at] == '{') --depth;
    }
    if (text_[at] != '{') return false;
    for (++at; at < end + longest_beside;) {
      at = skip_space(at);
      if (at >= text_.size() || text_[at] != '"') break;
      std::size_t close = closing_quote(at + 1, '"');
      if (close == text_.npos) break;
      std::string_view key = text_.substr(at + 1, close - at - 1);
      std::size_t i = skip_space(close + 1);
      if (i >= text_.size() || text_[i] != ':') break;
      i = skip_space(i + 1);
      bool next = close > end && close - end < longest_label;
      bool list = i < text_.size() && (text_[i] == '[' || text_[i] == '{');
      Range value = list ? Range(i + 1, closing_bracket(i)) : this->value(i, ",}] \t\r\n");
      bool label = value.first <= begin && value.second >= end;
      if (!label && (names_value(key) || (next && !next_seen(end, at)))) mask(value);
      at = skip_space(value.second);
      if (at < text_.size() && (text_[at] == '"' || text_[at] == ']' || (list && text_[at] == '}'))) at = skip_space(at + 1);
      if (at >= text_.size() || text_[at] != ',') break;
      ++at;
    }
    return true;
  }

  // A member stands between: only a comma may.
  bool next_seen(std::size_t end, std::size_t key) const {
    return text_.substr(end, key - end).find(':') != std::string_view::npos;
  }

  // <Name>LoginCode</Name><Value>4711</Value>: the next element, and those before and behind that are called a value.
  template <class Mask>
  void beside_element(std::size_t before, std::size_t end, const Mask& mask) {
    std::string_view text = text_.substr(0, end + longest_beside);
    std::size_t close = text.find_first_of(">\r\n", end);
    if (close == text.npos || text[close] != '>') return;
    std::size_t siblings = 0;
    for (std::size_t at = close + 1; at < text.size() && siblings < most_siblings; ++siblings) {
      at = skip_space(at);
      if (at + 1 >= text.size() || text[at] != '<' || text[at + 1] == '/') break;
      std::size_t stop = text.find_first_of(">\r\n", at);
      if (stop == text.npos || text[stop] != '>') break;
      if (siblings == 0 || names_value(tag_name(at + 1))) {
        std::vector<Range> values;
        values_of_tag(at, stop, text_.npos, values);
        for (Range value : values) mask(value);
        if (text_[stop - 1] != '/') mask(element_content(stop + 1));
      }
      at = stop + 1;
      if (text[stop - 1] != '/') at = std::min(text.find('>', std::min(text.find("</", at), text.size())), text.size() - 1) + 1;
    }
    std::size_t least = before > longest_beside ? before - longest_beside : 0;
    text = text_.substr(least, before - least);
    siblings = 0;
    for (std::size_t at = text.rfind('<'); at != text.npos && siblings < most_siblings;
         ++siblings) {  // the tag of the element before
      while (at > 0 && is_space(text[at - 1])) --at;
      std::size_t tag = text.substr(0, at).rfind("</");
      if (at == 0 || tag == text.npos || text.find('>', tag) != at - 1) return;
      std::size_t start = text.substr(0, tag).rfind('<');
      std::string_view name = tag_name(least + tag + 2);
      if (start == text.npos || tag_name(least + start + 1) != name) return;
      std::size_t value = text.find('>', start) + 1;
      if (names_value(name) && value <= tag) mask({least + value, least + tag});
      at = start;
    }
  }

  std::string_view tag_name(std::size_t at) const {
    std::size_t end = std::min(text_.substr(0, at + longest_label).find_first_of(" \t\r\n/>", at), text_.size());
    return text_.substr(at, std::min(end - at, longest_label));
  }

  // The value that belongs to a name that is [start, at) of the text.
  template <class Mask>
  void behind(std::size_t start, std::size_t at, SecretName name, bool option, const Mask& mask) {
    constexpr std::string_view word_ends = " \t\r\n<>,;\"'";
    std::string_view word = text_.substr(start, at - start);
    std::size_t i = at;
    if (text_.substr(i, 2) == "\\\"") ++i;
    bool quoted = i < text_.size() && (text_[i] == '"' || text_[i] == '\'');
    if (quoted) ++i;  // the closing quote of a JSON key
    if (name != SecretName::key && beside(start, at, mask)) return;
    if (i < text_.size() && text_[i] == '>') return name == SecretName::key ? void() : content(i + 1, mask);
    i = skip_blanks(i);
    std::string_view sign = text_.substr(i, 3);
    bool escaped = is_one_of(sign, {"%3d", "%3a"});
    bool assigned = i < text_.size() && (escaped || text_[i] == '=' || text_[i] == ':');
    if (assigned) {
      i += escaped ? 3 : 1;
      if (i < text_.size() && (text_[i] == '=' || (text_[i] == '>' && text_[i - 1] == '='))) ++i;
      i = skip_blanks(i);
      if (is_one_of(word, {"authorization", "proxy-authorization"}) && text_.substr(i, 1) != "\"") return mask(until(i, "\"'\r\n"));
      if (i < text_.size() && (text_[i] == '[' || text_[i] == '{')) return mask({i + 1, closing_bracket(i)});
      Range value = this->value(i, word_ends);
      if (name == SecretName::key && is_setting(text_.substr(value.first, value.second - value.first))) return;
      if (lower(word).find("phrase") != std::string::npos && value.first == i) value = until(i, "\"'<>\r\n");
      mask(value);
      return prose_ ? further(value.second, mask) : void();
    }
    if (prose_ && !option && name != SecretName::key && i < text_.size() &&
        std::string_view(".;|/,").find(text_[i]) != std::string_view::npos)
      return separated(i, word_ends, mask);
    if (i == at || (!prose_ && !option) || name == SecretName::key) return;
    if (quoted && start > 1 && text_[start - 2] == '=') {  // name="LoginCode" value="4711"
      Range next = until(i, " \t\r\n<>=\"'");
      if (next.second < text_.size() && text_[next.second] == '=') return mask(value(next.second + 1, word_ends));
    }
    if (option) return mask(value(i, word_ends));
    if (i < text_.size() && (text_[i] == '"' || text_[i] == '\'')) {
      Range next = value(i, word_ends);
      return name == SecretName::secret || looks_secret(text_.substr(next.first, next.second - next.first)) ? mask(next) : void();
    }
    apart(i, word_ends, name == SecretName::secret, mask);
  }

  // "pin/4711", "pin;4711", "pin | 4711", "pin,4711", ["PIN", "4711"], "pin nr. 4711"; a dot within a name and a comma of a sentence part what
  // belongs apart.
  template <class Mask>
  void separated(std::size_t i, std::string_view word_ends, const Mask& mask) const {
    std::size_t next = skip_blanks(i + 1);
    bool quoted = i > 0 && (text_[i - 1] == '"' || text_[i - 1] == '\'') && next < text_.size() && text_[next] == text_[i - 1];
    if (!quoted && ((text_[i] == '.' && next == i + 1) || (text_[i] == ',' && next > i + 1))) return;
    Range value = this->value(next, word_ends);
    if (looks_secret(text_.substr(value.first, value.second - value.first))) mask(value);
  }

  // "secret 5 $1$mERr", "password 4bz7", "password for the trunk is 4bz7". Unless `sure` the value must look like one: "PIN 4711".
  template <class Mask>
  void apart(std::size_t i, std::string_view word_ends, bool sure, const Mask& mask) const {
    bool first = true, placed = false, owned = false;
    auto text_of = [&](Range r) { return text_.substr(r.first, r.second - r.first); };
    for (std::size_t n = 0; n < most_words_between; ++n) {
      Range value = until(i, word_ends);
      std::string_view word = text_of(value);
      std::size_t next = skip_blanks(value.second);
      if (word.empty() || (word.starts_with('-') && !binds(word))) return;
      if (binds(word) || (!first && sure && is_one_of(word, {"to"}))) {  // "password changed to 4bz7"
        while (n++ < most_words_between && (fills(word = text_of(until(next, word_ends))) || binds(word)))
          next = skip_blanks(next + word.size());
        value = this->value(next, word_ends);
        std::string_view binder = text_of(until(i, word_ends));
        bool weak = binder.find_first_of("-\xe2") == 0 || is_one_of(binder, {"to"});
        if ((sure && !weak && !is_prose(text_of(value))) || looks_secret(text_of(value))) mask(value), further(value.second, mask);
        return;
      }
      if (places(word)) {
        placed = true;
        owned = owned || (first && (sure || is_one_of(word, {"for", "of"})));
      } else if (owned && !first && looks_secret(word)) {  // "login code of anna 4711"
        return mask(value);
      } else if (first && !fills(word)) {
        first = false;
        owned = owned || (sure && word.starts_with('('));
        if (says_itself(word)) return;
        // The kind of encryption stands before the value.
        bool kind = sure && (word == "ENC" || (word.size() <= 2 && word.find_first_not_of("0123456789") == word.npos));
        if (kind && next > value.second) value.second = until(next, word_ends).second;
        bool said = sure && !is_prose(word) && (!placed || std::any_of(word.begin(), word.end(), is_digit));
        if (said || (!(placed && !sure) && looks_secret(word))) {
          mask(value);
          further(value.second, mask);
        }
        next = skip_blanks(value.second);
      }
      i = next;
    }
  }

  // "4711, 4712 and 4713": the values behind one.
  template <class Mask>
  void further(std::size_t i, const Mask& mask) const {
    for (std::size_t n = 0; n < most_values; ++n) {
      std::size_t next = skip_blanks(i);
      bool listed = next < text_.size() && (text_[next] == ',' || text_[next] == ';');
      if (listed) next = skip_blanks(next + 1);
      Range value = until(next, " \t\r\n<>,;\"'");
      std::string_view word = text_.substr(value.first, value.second - value.first);
      if (is_one_of(word, {"and", "or", "und", "oder", "&", "/"})) {
        listed = true;
        next = skip_blanks(value.second);
        value = until(next, " \t\r\n<>,;\"'");
        word = text_.substr(value.first, value.second - value.first);
      }
      if (!listed || !looks_secret(word)) return;
      mask(value);
      i = value.second;
    }
  }

  // "snmp.enabled": a key of ours, which no secret looks like.
  static bool is_setting(std::string_view value) {
    return value.find('.') != value.npos && value.find_first_not_of("abcdefghijklmnopqrstuvwxyz._") == value.npos;
  }

  std::string_view text_;
  bool prose_;
  bool of_hex_ = false;
  JudgedWords* judged_;
  NextTag next_tag_;
  std::size_t at_ = 0, account_ = 0, after_account_ = ~std::size_t{0};
};

void merge(std::vector<SourceSpan>& spans) {
  std::sort(spans.begin(), spans.end());
  std::vector<SourceSpan> merged;
  for (const SourceSpan& s : spans) {
    if (s.begin >= s.end) continue;
    if (!merged.empty() && merged.back().end >= s.begin)
      merged.back().end = std::max(merged.back().end, s.end);
    else
      merged.push_back(s);
  }
  spans = std::move(merged);
}

// The spans of a sorted, disjoint list that overlap one.
void take_overlapping(const std::vector<SourceSpan>& all, SourceSpan span, std::vector<SourceSpan>& out) {
  auto first = std::partition_point(all.begin(), all.end(), [&](const SourceSpan& s) { return s.end <= span.begin; });
  auto last = std::partition_point(first, all.end(), [&](const SourceSpan& s) { return s.begin < span.end; });
  out.insert(out.end(), first, last);
}

}  // namespace

class Redaction::Judged : public JudgedWords {};

class Redaction::OfSource {
 public:
  OfSource(std::string_view text, std::uint32_t source, const std::vector<SourceSpan>& settings, Judged& judged)
      : text_(text), source_(source), finder_(text, true, &judged) {
    for (const SourceSpan& secret : settings)
      if (secret.source == source) settings_.push_back(secret);
    merge(settings_);
  }

  std::vector<SourceSpan> in(SourceSpan span) {
    search(span.end);
    std::vector<SourceSpan> out;
    take_overlapping(settings_, span, out);
    take_overlapping(found_, span, out);
    merge(out);
    return out;
  }

 private:
  // All before `end` is known when every word before it was looked at, and those behind it that reach back before it.
  void search(std::size_t end) {
    end += SecretFinder::reach_back;
    if (finder_.at() >= std::min(end, text_.size())) return;
    end = std::min((end / step + 1) * step, text_.size());
    std::vector<SourceSpan> fresh;
    while (finder_.at() < end)
      finder_.look([&](Range value) {
        fresh.push_back({source_, static_cast<std::uint32_t>(value.first), static_cast<std::uint32_t>(value.second)});
      });
    // Only the last of the old ones can reach so far.
    std::uint32_t begin = ~0u;
    for (const SourceSpan& s : fresh) begin = std::min(begin, s.begin);
    auto touched = std::partition_point(found_.begin(), found_.end(), [&](const SourceSpan& s) { return s.end < begin; });
    fresh.insert(fresh.end(), touched, found_.end());
    found_.erase(touched, found_.end());
    merge(fresh);
    found_.insert(found_.end(), fresh.begin(), fresh.end());
  }

  static constexpr std::size_t step = std::size_t{1} << 20;
  std::string_view text_;
  std::uint32_t source_;
  SecretFinder finder_;
  std::vector<SourceSpan> settings_, found_;  // sorted, disjoint
};

std::vector<SourceSpan> secrets_of(const Site& site) {
  std::vector<SourceSpan> out = site.secrets;
  auto take = [&](const std::vector<Setting>& settings) {
    for (const Setting& s : settings)
      if (s.secret && !s.value.value.empty()) out.push_back(s.value.span);  // without a value the span is the element's
  };
  for (const Host& host : site.hosts) take(host.settings);
  for (const Record& record : site.records) take(record.fields);
  return out;
}

Redaction::Redaction(const Sources& sources, const std::vector<SourceSpan>& secrets)
    : sources_(sources), settings_(secrets), judged_(std::make_unique<Judged>()), of_sources_(sources.size()) {}

Redaction::~Redaction() = default;

std::vector<SourceSpan> Redaction::secrets_in(SourceSpan span) const {
  if (span.source >= sources_.size()) return {};
  std::unique_ptr<OfSource>& of = of_sources_[span.source];
  if (!of) of = std::make_unique<OfSource>(sources_[span.source].text(), span.source, settings_, *judged_);
  return of->in(span);
}

std::string Redaction::text(SourceSpan span) const {
  std::string out;
  if (span.source >= sources_.size()) return out;
  const Source& source = sources_[span.source];
  std::uint32_t at = span.begin;
  for (const SourceSpan& secret : secrets_in(span)) {
    if (secret.begin > at) out += source.slice({span.source, at, secret.begin});
    out += "***";
    at = std::min(secret.end, span.end);
  }
  out += source.slice({span.source, at, std::max(at, span.end)});
  return out;
}

std::string Redaction::about(std::string_view said, SourceSpan span) const {
  constexpr std::size_t shortest = 3, most = 64;
  constexpr std::uint32_t longest = 1 << 16;  // a span of more is a whole file
  std::string out = without_secrets(said);
  if (span.source >= sources_.size() || span.end - span.begin > longest) return out;
  const Source& source = sources_[span.source];
  std::uint32_t line = source.position(span.begin).line;
  std::string_view text = source.line(line);
  if (text.size() <= longest) {
    std::uint32_t start = source.line_start(line);
    span.begin = std::min(span.begin, start);
    span.end = std::max(span.end, start + static_cast<std::uint32_t>(text.size()));
  }
  std::size_t looked_at = 0;
  for (const SourceSpan& secret : secrets_in(span)) {
    std::string_view value = source.slice(secret);
    if (value.size() < shortest || value.size() > longest || value == "***" || ++looked_at > most) continue;
    bool glued = secret.begin > 0 && is_in_name(source.text()[secret.begin - 1]);  // "pin_4711"
    for (std::size_t at = out.find(value); at != out.npos; at = out.find(value, at)) {
      std::size_t end = at + value.size();
      bool whole = (at == 0 || glued || !is_in_name(out[at - 1])) && (end == out.size() || !is_in_name(out[end]));
      if (whole) out.replace(at, value.size(), "***");
      at += whole ? 3 : value.size();
    }
  }
  return out;
}

void Redaction::hide_in(std::vector<PathStep>& path, std::vector<Doubt>& doubts) const {
  for (PathStep& step : path) step.action = about(step.action, step.span);
  for (Doubt& doubt : doubts) doubt.why = about(doubt.why, doubt.span);
}

std::string without_secrets(std::string_view text) {
  std::string out;
  if (text.find_first_of("=:@>") == text.npos && text.find("--") == text.npos) return out = text;
  std::vector<SourceSpan> found;
  SecretFinder finder(text, false, nullptr);
  while (finder.at() < text.size())
    finder.look([&](Range value) {
      found.push_back({0, static_cast<std::uint32_t>(value.first), static_cast<std::uint32_t>(value.second)});
    });
  merge(found);
  std::size_t at = 0;
  for (const SourceSpan& secret : found) {
    out += text.substr(at, secret.begin - at);
    out += "***";
    at = secret.end;
  }
  return out += text.substr(at);
}

}  // namespace ipo
