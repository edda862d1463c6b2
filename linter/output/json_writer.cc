// Brackets, commas and indentation are written here; only the quoting of strings is left to nlohmann.
#include "linter/output/json_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "linter/output/characters.h"
#include "linter/output/redact.h"

namespace ipo {
namespace {

std::string escaped(std::string_view text) {
  std::string json = nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  std::string out;
  for (std::size_t at = 0; at < json.size();) {
    Character c = character_at(json, at);
    if (!is_unprintable(c.code))
      out += json.substr(at, c.bytes);
    else if (c.code < 0x10000)
      out += fmt::format("\\u{:04x}", c.code);
    else
      out += fmt::format("\\u{:04x}\\u{:04x}", 0xd7c0 + (c.code >> 10), 0xdc00 + (c.code & 0x3ff));
    at += c.bytes;
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
  append_quoted(out_, without_secrets(text));
  return *this;
}
JsonWriter& JsonWriter::verbatim(std::string_view name, std::string_view text) {
  key(name).separate();
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
