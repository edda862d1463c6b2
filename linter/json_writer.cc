// Brackets, commas and indentation are written here; only the quoting of strings is left to nlohmann.
#include "linter/json_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace ipo {
namespace {

// All of them lie in U+0080..U+009F (C2 80..9F) or U+2000..U+206F (E2 80 80..E2 81 AF), besides DEL.
std::string escaped(std::string_view text) {
  std::string json = nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (json.find_first_of("\x7f\xc2\xe2") == json.npos) return json;
  std::string out;
  auto byte = [&](std::size_t i) { return i < json.size() ? static_cast<unsigned char>(json[i]) : 0u; };
  for (std::size_t i = 0; i < json.size(); ++i) {
    unsigned code = byte(i);
    std::size_t length = 1;
    if (byte(i) == 0xc2 && byte(i + 1) < 0xa0) {
      code = byte(i + 1), length = 2;
    } else if (byte(i) == 0xe2 && (byte(i + 1) == 0x80 || byte(i + 1) == 0x81)) {
      code = 0x2000 | (byte(i + 1) & 0x3f) << 6 | (byte(i + 2) & 0x3f), length = 3;
    }
    if (code == 0x7f || (code >= 0x80 && code < 0xa0 && length == 2) || (code >= 0x200b && code <= 0x200f) ||
        (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f)) {
      out += fmt::format("\\u{:04x}", code);
      i += length - 1;
    } else {
      out += json[i];
    }
  }
  return out;
}

void append_quoted(std::string& out, std::string_view text) {
  auto plain = [](char c) { return c >= ' ' && c < '\x7f' && c != '"' && c != '\\'; };
  if (std::all_of(text.begin(), text.end(), plain))
    (((out += '"') += text) += '"');
  else
    out += escaped(text);
}

}  // namespace

void JsonWriter::new_line() {
  if (indent_ == 0) return;
  out_ += '\n';
  out_.append(members_.size() * static_cast<std::size_t>(indent_), ' ');
}

void JsonWriter::separate() {
  if (after_key_) {
    after_key_ = false;
  } else if (!members_.empty()) {
    if (members_.back()++ > 0) out_ += ',';
    new_line();
  }
}

JsonWriter& JsonWriter::open(char bracket) {
  separate();
  out_ += bracket;
  members_.push_back(0);
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  bool any = members_.back() > 0;
  members_.pop_back();
  if (any) new_line();
  out_ += bracket;
  return *this;
}

JsonWriter& JsonWriter::scalar(std::string_view text) {
  separate();
  out_ += text;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  separate();
  append_quoted(out_, name);
  out_ += indent_ == 0 ? ":" : ": ";
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
  separate();
  append_quoted(out_, text);
  return *this;
}
JsonWriter& JsonWriter::value(bool flag) { return scalar(flag ? "true" : "false"); }
JsonWriter& JsonWriter::value(std::nullptr_t) { return scalar("null"); }

std::string JsonWriter::finish() {
  out_ += '\n';
  return std::move(out_);
}

}  // namespace ipo
