// The one place where JSON is written: keys keep their order, so the same values give the same bytes.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ipo {

// Streams one JSON value: begin and end calls nest, inside an object every value follows its key. Text that is not
// valid UTF-8 is repaired with U+FFFD; characters a terminal would obey or not show are written as \u escapes,
// and what is assigned to the name of a secret as "***".
class JsonWriter {
 public:
  // Spaces per level; 0 writes everything on one line.
  explicit JsonWriter(int indent = 2) : indent_(indent) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name);

  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(bool flag);
  JsonWriter& value(std::nullptr_t);
  // Text of ours, such as the example of a password on a check's page: nothing of it is taken for a secret.
  JsonWriter& verbatim(std::string_view name, std::string_view text);
  // A value that another writer finished, without its line end.
  JsonWriter& json(std::string_view finished) { return scalar(finished); }
  template <std::integral Number>
  JsonWriter& value(Number number) {
    return scalar(std::to_string(number));
  }

  template <class Value>
  JsonWriter& member(std::string_view name, const Value& v) {
    return key(name).value(v);
  }
  template <class Texts>
  JsonWriter& texts(std::string_view name, const Texts& list) {
    key(name).begin_array();
    for (const auto& text : list) value(std::string_view(text));
    return end_array();
  }

  // The finished value with one line end; everything that was begun must have been ended.
  std::string finish();

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  JsonWriter& scalar(std::string_view text);
  void separate();
  void new_line();

  std::string out_;
  std::vector<std::size_t> members_;  // of each container still open
  int indent_;
  bool after_key_ = false;
};

}  // namespace ipo
