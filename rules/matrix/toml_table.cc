#include "rules/matrix/toml_table.h"

#include <charconv>
#include <cstdlib>
#include <iostream>

#include "parsers/text/embedded.h"

namespace ipo {

const Node* TomlTable::member(std::string_view name, Node::Kind kind, std::string_view kind_name, bool required) {
  asked_.insert(name);
  const Node* found = node_.child(name);
  if (found && found->kind != kind) {
    error(quoted(name) + " is not " + std::string(kind_name), found->span);
    return nullptr;
  }
  // A note points into one line: the header of a row, or the start of a text that has none.
  if (!found && required) error("key " + quoted(name) + " is missing", node_.name_span);
  return found;
}

const Node* TomlTable::string(std::string_view name, bool required) {
  return member(name, Node::Kind::string, "a string", required);
}

std::string TomlTable::text(std::string_view name, bool required) {
  const Node* found = string(name, required);
  return found ? found->text : std::string();
}

std::optional<std::string> TomlTable::optional_text(std::string_view name) {
  const Node* found = string(name, false);
  return found ? std::optional(found->text) : std::nullopt;
}

std::vector<std::string> TomlTable::texts(std::string_view name, bool required) {
  std::vector<std::string> out;
  const Node* found = member(name, Node::Kind::array, "an array of strings", required);
  if (!found) return out;
  for (const Node& item : found->children) {
    if (item.kind == Node::Kind::string)
      out.push_back(item.text);
    else
      error(quoted(name) + " is not an array of strings", item.span);
  }
  return out;
}

std::optional<bool> TomlTable::flag(std::string_view name, bool required) {
  const Node* found = member(name, Node::Kind::boolean, "true or false", required);
  return found ? std::optional(found->text == "true") : std::nullopt;
}

int TomlTable::number(std::string_view name) {
  const Node* found = member(name, Node::Kind::integer, "an integer");
  if (!found) return 0;
  std::optional<unsigned> n = number_of(found->text, 9999);
  if (!n || *n == 0) error(std::string(name) + " " + found->text + " is not between 1 and 9999", found->span);
  return static_cast<int>(n.value_or(0));
}

std::vector<const Node*> TomlTable::tables(std::string_view name, bool required) {
  std::string kind = "an array of tables ([[" + std::string(name) + "]])";
  std::vector<const Node*> out;
  const Node* found = member(name, Node::Kind::array, kind, required);
  if (!found) return out;
  for (const Node& node : found->children) {
    if (node.kind == Node::Kind::table)
      out.push_back(&node);
    else
      error(quoted(name) + " is not " + kind, node.span);
  }
  return out;
}

void TomlTable::note(std::string message, SourceSpan span) {
  if (errors_.size() < most_errors) errors_.push_back({std::move(message), span});
}

void TomlTable::error(std::string message, SourceSpan span) {
  note(std::move(message), span);
  wrong_ = true;
}

void TomlTable::report_unknown_keys() {
  for (const Node& child : node_.children)
    if (!asked_.contains(child.name)) note("unknown key " + quoted(child.name), child.name_span);
}

std::string quoted(std::string_view s) {
  std::string out(1, '"');
  return out.append(s).append(1, '"');
}

std::optional<unsigned> number_of(std::string_view s, unsigned max) {
  unsigned n = 0;
  if (s.empty() || s[0] < '0' || s[0] > '9') return std::nullopt;
  auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), n);
  if (error != std::errc() || end != s.data() + s.size() || n > max) return std::nullopt;
  return n;
}

Sources embedded_matrix_file(std::string_view name) {
  for (const EmbeddedText& file : matrix_files())
    if (file.name == name) return {decode_source(std::string(file.name), file.text)};
  std::cerr << "the built-in " << name << " is missing\n";
  std::abort();
}

void require_undamaged(const Sources& sources, const std::vector<Note>& errors) {
  for (const Note& error : errors) {
    Position at = sources[0].position(error.span.begin);
    std::cerr << sources[0].path() << ':' << at.line << ':' << at.column << ": " << error.message << '\n';
  }
  if (!errors.empty()) std::abort();
}

}  // namespace ipo
