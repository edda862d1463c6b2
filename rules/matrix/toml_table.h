// One table of a data file, read by asking for its keys by name and type: what was asked for is remembered, so that the
// keys left over are the unknown ones. Every complaint has its place.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/document/document.h"

namespace ipo {

// A short text can hold far more errors than anyone reads: a table adds none where there are this many.
constexpr std::size_t most_errors = 100;

class TomlTable {
 public:
  // The node (a table) and the list must outlive it.
  TomlTable(const Node& node, std::vector<Note>& errors) : node_(node), errors_(errors) {}

  // The member of that name and kind; null and an error where it has another kind, or is missing and required.
  const Node* member(std::string_view name, Node::Kind kind, std::string_view kind_name, bool required = true);
  const Node* string(std::string_view name, bool required = true);
  std::string text(std::string_view name, bool required = true);  // empty where there is none
  std::optional<std::string> optional_text(std::string_view name);
  std::vector<std::string> texts(std::string_view name, bool required);
  std::optional<bool> flag(std::string_view name, bool required = true);
  int number(std::string_view name);  // 1 to 9999; 0 where there is none
  // The tables of a [[name]]; what else stands there is an error.
  std::vector<const Node*> tables(std::string_view name, bool required = true);

  void error(std::string message, SourceSpan span);  // and the table is wrong
  // An unknown key is an error, but makes nothing wrong: what was asked for is there.
  void report_unknown_keys();
  bool wrong() const { return wrong_; }

 private:
  void note(std::string message, SourceSpan span);

  const Node& node_;
  std::vector<Note>& errors_;
  std::set<std::string_view> asked_;
  bool wrong_ = false;
};

// `s` between double quotes.
std::string quoted(std::string_view s);
// Decimal digits only, at most `max`.
std::optional<unsigned> number_of(std::string_view s, unsigned max);

// The tables of a file compiled into the program. Aborts if there is no such file.
Sources embedded_matrix_file(std::string_view name);
// Aborts, with the errors on standard error, if there are any: embedded data is right, which a test proves.
void require_undamaged(const Sources& sources, const std::vector<Note>& errors);

}  // namespace ipo
