// JSON, word by word, with the place of each: what a tree and a reader of flat lines have in common.
//
// RFC 8259 without extensions. Total on any bytes; allocates nothing but for strings that hold an escape.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ipo {

struct JsonToken {
  enum class Kind {
    begin_object,
    end_object,
    begin_array,
    end_array,
    colon,
    comma,
    string,
    number,
    true_,
    false_,
    null,
    end,
    error
  };
  Kind kind = Kind::end;
  std::size_t begin = 0, stop = 0;  // byte offsets, half open; of an error the place of the fault
  // A string's value, a number as written, an error's message ("unknown escape in a string"). Valid until the next call.
  std::string_view text;
};

class JsonTokens {
 public:
  // `text` must outlive it; a byte order mark at its start is skipped.
  explicit JsonTokens(std::string_view text);

  // At the end, and after an error, the same token again.
  JsonToken next();

 private:
  JsonToken string();
  JsonToken number();
  JsonToken failure(std::size_t at, std::string_view message);
  // Four hex digits at `at`, or -1.
  int hex4(std::size_t at) const;

  std::string_view text_;
  std::size_t at_ = 0;
  std::string unescaped_;
  std::size_t failed_at_ = std::string_view::npos;
  std::string_view failure_;
};

// "a string", "']'", "the end of the text": for messages.
std::string_view name_of(JsonToken::Kind kind);

}  // namespace ipo
