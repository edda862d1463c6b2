// A text that many places hold: one copy of it, for as long as the process lives. For what inputs repeat or our own data names,
// as paths and keys of settings; never for values. Thread safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace ipo {

class Interned {
 public:
  Interned();  // the empty text
  Interned(std::string_view text);
  Interned(const std::string& text) : Interned(std::string_view(text)) {}
  Interned(const char* text) : Interned(std::string_view(text)) {}

  const std::string& text() const { return *text_; }
  operator std::string_view() const { return *text_; }
  bool empty() const { return text_->empty(); }

  friend bool operator==(Interned a, Interned b) { return a.text_ == b.text_; }
  friend bool operator==(Interned a, std::string_view b) { return *a.text_ == b; }
  friend bool operator==(Interned a, const char* b) { return *a.text_ == b; }

 private:
  const std::string* text_;  // of the set of all of them, whose nodes stay where they are
};

// "user.extension"_key: looked up once, so that it is compared by its place from then on.
template <std::size_t size>
struct LiteralText {
  constexpr LiteralText(const char (&literal)[size]) { std::copy_n(literal, size, text); }
  char text[size];
};
template <LiteralText literal>
const Interned& operator""_key() {
  static const Interned key(std::string_view(literal.text, sizeof(literal.text) - 1));
  return key;
}

}  // namespace ipo
