// Every row is read by asking for its keys by name and type; what was asked for is remembered, so that the keys left
// over are the unknown ones.
#include "rules/matrix/port_matrix.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <iostream>
#include <set>

#include "parsers/document.h"
#include "parsers/embedded.h"

namespace ipo {
namespace {

using Kind = Node::Kind;

std::string quoted(std::string_view s) {
  std::string out(1, '"');
  return out.append(s).append(1, '"');
}

std::vector<std::string_view> split(std::string_view s, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t end; (end = s.find(separator)) != s.npos; s.remove_prefix(end + 1))
    parts.push_back(s.substr(0, end));
  parts.push_back(s);
  return parts;
}

// Decimal digits only, at most `max`.
std::optional<unsigned> number_of(std::string_view s, unsigned max) {
  unsigned n = 0;
  if (s.empty() || s[0] < '0' || s[0] > '9') return std::nullopt;
  auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), n);
  if (error != std::errc() || end != s.data() + s.size() || n > max) return std::nullopt;
  return n;
}

struct Table {
  const Node& node;
  std::vector<Note>& errors;
  std::set<std::string_view> asked = {};
  bool wrong = false;

  void error(std::string message, SourceSpan span) {
    errors.push_back({std::move(message), span});
    wrong = true;
  }

  // The member of that name and kind; an error where it has another kind, or is missing and required.
  const Node* member(std::string_view name, Kind kind, std::string_view kind_name, bool required = true) {
    asked.insert(name);
    const Node* found = node.child(name);
    if (found && found->kind != kind) {
      error(quoted(name) + " is not " + std::string(kind_name), found->span);
      return nullptr;
    }
    // A note points into one line: the header of a row, or the start of a text that has none.
    if (!found && required) error("key " + quoted(name) + " is missing", node.name_span);
    return found;
  }

  const Node* string(std::string_view name, bool required = true) {
    return member(name, Kind::string, "a string", required);
  }

  std::string text(std::string_view name, bool required = true) {
    const Node* found = string(name, required);
    return found ? found->text : std::string();
  }

  std::optional<std::string> optional_text(std::string_view name) {
    const Node* found = string(name, false);
    return found ? std::optional(found->text) : std::nullopt;
  }

  std::vector<std::string> texts(std::string_view name, bool required) {
    std::vector<std::string> out;
    const Node* found = member(name, Kind::array, "an array of strings", required);
    if (!found) return out;
    for (const Node& item : found->children) {
      if (item.kind == Kind::string)
        out.push_back(item.text);
      else
        error(quoted(name) + " is not an array of strings", item.span);
    }
    return out;
  }

  void report_unknown_keys() {
    for (const Node& child : node.children)
      if (!asked.contains(child.name)) errors.push_back({"unknown key " + quoted(child.name), child.name_span});
  }
};

void read_id(Table& table, MatrixRow& row) {
  const Node* id = table.string("id");
  if (!id) return;
  row.id = id->text;
  std::vector<std::string_view> parts = split(row.id, '/');
  std::optional<unsigned> number = parts.size() == 3 ? number_of(parts[2], 9999) : std::nullopt;
  // The number is written without leading zeros, so that one row has one id.
  if (!number || *number == 0 || parts[0].empty() || parts[2] != std::to_string(*number)) {
    table.error("id " + quoted(row.id) + " is not product/direction/number", id->span);
    return;
  }
  row.product = parts[0];
  row.direction = parts[1];
  row.number = static_cast<int>(*number);
  if (row.direction != "ingress" && row.direction != "egress" && row.direction != "intra")
    table.error("unknown direction " + quoted(row.direction) + " (ingress, egress, intra)", id->span);
}

// "5060", "5060-5061".
std::optional<std::pair<unsigned, unsigned>> range_of(Table& table, std::string_view text, SourceSpan span) {
  std::size_t dash = text.find('-');
  std::optional<unsigned> lo = number_of(text.substr(0, dash), 65535);
  std::optional<unsigned> hi = dash == text.npos ? lo : number_of(text.substr(dash + 1), 65535);
  if (!lo || !hi) {
    table.error(quoted(text) + " is neither a port (0 to 65535) nor a range a-b", span);
  } else if (*lo > *hi) {
    table.error("range " + quoted(text) + " ends before it starts", span);
  } else {
    return std::pair(*lo, *hi);
  }
  return std::nullopt;
}

void read_ports(Table& table, MatrixRow& row) {
  const Node* ports = table.string("ports");
  if (!ports || ports->text.empty()) return;
  for (std::string_view part : split(ports->text, '/'))
    if (auto range = range_of(table, part, ports->span)) row.ports.push_back(*range);
}

void read_configurable(Table& table, MatrixRow& row) {
  const Node* node = table.string("configurable", false);
  if (!node) return;
  row.configurable = node->text;
  std::string_view text = node->text;
  if (text == "any") return;
  if (text.starts_with("range:")) {
    std::vector<std::string_view> parts = split(text.substr(6), ',');
    auto limit = [&](std::size_t i, std::string_view name) {
      return parts[i].starts_with(name) && number_of(parts[i].substr(name.size()), 65535);
    };
    if (parts.size() != 2 || !limit(0, "min-start=") || !limit(1, "min-end="))
      table.error(quoted(text) + " is not range:min-start=A,min-end=B", node->span);
    return;
  }
  for (std::string_view part : split(text, ',')) range_of(table, part, node->span);
}

void read_transports(Table& table, MatrixRow& row) {
  row.transports = table.texts("transports", true);
  const Node* node = table.node.child("transports");
  if (!node || node->kind != Kind::array) return;
  if (node->children.empty()) table.error("a row has at least one transport", node->span);
  for (const Node& item : node->children)
    if (item.kind == Kind::string && item.text != "tcp" && item.text != "udp")
      table.error("unknown transport " + quoted(item.text) + " (tcp, udp)", item.span);
  std::sort(row.transports.begin(), row.transports.end());
  row.transports.erase(std::unique(row.transports.begin(), row.transports.end()), row.transports.end());
}

// False where the row has an error other than an unknown key.
bool read_row(const Node& node, MatrixRow& row, std::vector<Note>& errors) {
  Table table{node, errors};
  read_id(table, row);
  if (const Node* number = table.member("table", Kind::integer, "an integer")) {
    std::optional<unsigned> n = number_of(number->text, 9999);
    if (!n || *n == 0) table.error("table " + number->text + " is not between 1 and 9999", number->span);
    row.table = static_cast<int>(n.value_or(0));
  }
  read_ports(table, row);
  read_configurable(table, row);
  read_transports(table, row);
  row.application = table.text("application");
  if (const Node* optional = table.member("optional", Kind::boolean, "true or false"))
    row.optional = optional->text == "true";
  if (const Node* state = table.string("state")) {
    row.state = state->text;
    constexpr std::array<std::string_view, 4> states = {"open", "closed", "filtered", "n/a"};
    if (std::find(states.begin(), states.end(), row.state) == states.end())
      table.error("unknown state " + quoted(row.state) + " (open, closed, filtered, n/a)", state->span);
  }
  row.peer = table.text("peer");
  row.purpose = table.text("purpose");
  row.authentication = table.text("authentication", false);
  row.platforms = table.texts("platforms", false);
  row.since = table.optional_text("since");
  row.until = table.optional_text("until");
  row.errata = table.optional_text("errata");
  table.report_unknown_keys();
  return !table.wrong;
}

}  // namespace

IntervalSet MatrixRow::port_set() const {
  IntervalSet set;
  for (auto [lo, hi] : ports) set.add(lo, hi);
  return set;
}

bool MatrixRow::has_transport(std::uint8_t protocol) const {
  std::string_view name = protocol == 6 ? "tcp" : protocol == 17 ? "udp" : "";
  return std::find(transports.begin(), transports.end(), name) != transports.end();
}

const MatrixRow* PortMatrix::find(std::string_view id) const {
  for (const MatrixRow& row : rows)
    if (row.id == id) return &row;
  return nullptr;
}

PortMatrix read_matrix(const Sources& sources, std::uint32_t source, std::vector<Note>& errors) {
  Document document = read_toml(sources, source);
  PortMatrix matrix;
  std::vector<Note> found = std::move(document.damages);
  // After a syntax error the tree is empty: that its keys are missing would be noise.
  if (found.empty()) {
    document.root.name_span.end = document.root.name_span.begin;
    Table top{document.root, found};
    matrix.release = top.text("release");
    std::string title = top.text("document");
    std::set<std::string> ids;
    if (const Node* rows = top.member("row", Kind::array, "an array of tables ([[row]])")) {
      for (const Node& node : rows->children) {
        if (node.kind != Kind::table) {
          top.error("\"row\" is not an array of tables ([[row]])", node.span);
          continue;
        }
        MatrixRow row;
        row.document = title;
        bool right = read_row(node, row, found);
        if (!row.id.empty() && !ids.insert(row.id).second) {
          found.push_back({"second row of id " + quoted(row.id), node.child("id")->span});
          right = false;
        }
        if (right) matrix.rows.push_back(std::move(row));
      }
    }
    top.report_unknown_keys();
  }
  std::stable_sort(found.begin(), found.end(), [](const Note& a, const Note& b) { return a.span < b.span; });
  errors.insert(errors.end(), std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
  return matrix;
}

const PortMatrix& builtin_matrix() {
  static const PortMatrix matrix = [] {
    PortMatrix read;
    for (const EmbeddedText& file : matrix_files()) {
      if (file.name != "ip-office-9.1.toml") continue;
      Sources sources = {decode_source(std::string(file.name), file.text)};
      std::vector<Note> errors;
      read = read_matrix(sources, 0, errors);
      for (const Note& error : errors) {
        Position at = sources[0].position(error.span.begin);
        std::cerr << file.name << ':' << at.line << ':' << at.column << ": " << error.message << '\n';
      }
      if (!errors.empty()) std::abort();
    }
    if (read.rows.empty()) {
      std::cerr << "the built-in port matrix is missing\n";
      std::abort();
    }
    return read;
  }();
  return matrix;
}

}  // namespace ipo
