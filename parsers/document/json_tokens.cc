// One character decides which kind of word begins. A string without escapes is a piece of the text; one with escapes is
// put together in a buffer of the reader's.
#include "parsers/document/json_tokens.h"

#include <array>
#include <cstdint>

namespace ipo {
namespace {

using Kind = JsonToken::Kind;

bool digit(char c) { return c >= '0' && c <= '9'; }

void append_utf8(std::string& out, std::uint32_t code) {
  auto add = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) return add(code);
  if (code < 0x800) {
    add(0xc0 | code >> 6);
  } else {
    if (code < 0x10000) {
      add(0xe0 | code >> 12);
    } else {
      add(0xf0 | code >> 18);
      add(0x80 | (code >> 12 & 0x3f));
    }
    add(0x80 | (code >> 6 & 0x3f));
  }
  add(0x80 | (code & 0x3f));
}

}  // namespace

std::string_view name_of(Kind kind) {
  constexpr std::array<std::string_view, 13> names = {"'{'",      "'}'",      "'['",    "']'",     "':'",    "','",
                                                      "a string", "a number", "'true'", "'false'", "'null'", "the end of the text",
                                                      "an error"};
  return names[static_cast<std::size_t>(kind)];
}

JsonTokens::JsonTokens(std::string_view text) : text_(text) {
  if (text_.starts_with("\xef\xbb\xbf")) at_ = 3;
}

JsonToken JsonTokens::failure(std::size_t at, std::string_view message) {
  failed_at_ = at;
  failure_ = message;
  return {Kind::error, at, at < text_.size() ? at + 1 : at, message};
}

JsonToken JsonTokens::next() {
  if (failed_at_ != text_.npos) return failure(failed_at_, failure_);
  while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) ++at_;
  std::size_t begin = at_;
  if (at_ == text_.size()) return {Kind::end, begin, begin, {}};
  auto word = [&](std::string_view written, Kind kind) {
    if (!text_.substr(begin).starts_with(written)) return failure(begin, "not a JSON value");
    at_ += written.size();
    return JsonToken{kind, begin, at_, text_.substr(begin, written.size())};
  };
  switch (text_[at_]) {
    case '{':
      return word("{", Kind::begin_object);
    case '}':
      return word("}", Kind::end_object);
    case '[':
      return word("[", Kind::begin_array);
    case ']':
      return word("]", Kind::end_array);
    case ':':
      return word(":", Kind::colon);
    case ',':
      return word(",", Kind::comma);
    case 't':
      return word("true", Kind::true_);
    case 'f':
      return word("false", Kind::false_);
    case 'n':
      return word("null", Kind::null);
    case '"':
      return string();
    default:
      return digit(text_[at_]) || text_[at_] == '-' ? number() : failure(at_, "not a JSON value");
  }
}

JsonToken JsonTokens::number() {
  std::size_t begin = at_;
  auto is = [&](std::string_view any) { return at_ < text_.size() && any.find(text_[at_]) != any.npos; };
  auto digits = [&] {
    std::size_t first = at_;
    while (at_ < text_.size() && digit(text_[at_])) ++at_;
    return at_ > first;
  };
  if (is("-")) ++at_;
  bool zero = is("0");
  std::size_t whole = at_;
  if (!digits()) return failure(at_, "a number without digits");
  if (zero && at_ > whole + 1) return failure(whole, "a number with a leading zero");
  if (is(".")) {
    ++at_;
    if (!digits()) return failure(at_, "a number without digits after its point");
  }
  if (is("eE")) {
    ++at_;
    if (is("+-")) ++at_;
    if (!digits()) return failure(at_, "a number without digits in its exponent");
  }
  return {Kind::number, begin, at_, text_.substr(begin, at_ - begin)};
}

int JsonTokens::hex4(std::size_t at) const {
  if (at + 4 > text_.size()) return -1;
  int value = 0;
  for (char c : text_.substr(at, 4)) {
    int d = digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    if (d < 0) return -1;
    value = value * 16 + d;
  }
  return value;
}

JsonToken JsonTokens::string() {
  std::size_t begin = at_++, piece = at_;
  bool escaped = false;
  unescaped_.clear();
  for (;; ++at_) {
    if (at_ == text_.size()) return failure(begin, "a string without its closing quote");
    char c = text_[at_];
    if (c == '"') break;
    if (static_cast<unsigned char>(c) < 0x20) return failure(at_, "a control character in a string");
    if (c != '\\') continue;
    escaped = true;
    unescaped_ += text_.substr(piece, at_ - piece);
    std::size_t fault = at_++;
    char kind = at_ < text_.size() ? text_[at_] : '\0';
    constexpr std::string_view letters = "\"\\/bfnrt", meant = "\"\\/\b\f\n\r\t";
    if (std::size_t i = letters.find(kind); kind != '\0' && i != letters.npos) {
      unescaped_ += meant[i];
    } else if (int code = kind == 'u' ? hex4(at_ + 1) : -1; code >= 0) {
      at_ += 4;
      auto point = static_cast<std::uint32_t>(code);
      int low = point >= 0xd800 && point < 0xdc00 && text_.substr(at_ + 1).starts_with("\\u") ? hex4(at_ + 3) : -1;
      if (low >= 0xdc00 && low < 0xe000) {
        point = 0x10000 + ((point - 0xd800) << 10) + (static_cast<std::uint32_t>(low) - 0xdc00);
        at_ += 6;
      } else if (point >= 0xd800 && point < 0xe000) {
        point = 0xfffd;  // half of a pair
      }
      append_utf8(unescaped_, point);
    } else {
      return failure(fault, "unknown escape in a string");
    }
    piece = at_ + 1;
  }
  std::string_view last = text_.substr(piece, at_ - piece);
  ++at_;
  if (!escaped) return {Kind::string, begin, at_, last};
  unescaped_ += last;
  return {Kind::string, begin, at_, unescaped_};
}

}  // namespace ipo
