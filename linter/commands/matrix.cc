// Rows that match every term are copied out of the matrix. The text table gives each column the width of its widest
// cell and the purpose what is left of the line.
#include "linter/commands/matrix.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "linter/json_writer.h"
#include "rules/matrix/port_matrix.h"

namespace ipo {
namespace {

using Rows = std::vector<const MatrixRow*>;

constexpr std::size_t line_width = 120;

// ASCII only: everything a term is compared with is ASCII, or compared byte by byte.
std::string lower(std::string_view s) {
  std::string out(s);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// "t1.4", "t1.e5", "t3.i1": the way the design documents and the checks' pages name a row.
std::string short_id(const MatrixRow& row) {
  std::string infix = row.direction == "egress" ? "e" : row.direction == "intra" ? "i" : "";
  return "t" + std::to_string(row.table) + "." + infix + std::to_string(row.number);
}

struct PortTerm {
  unsigned lo = 0, hi = 0;
  std::string_view transport;  // empty = any
};

std::optional<PortTerm> port_term(std::string_view term) {
  PortTerm port;
  if (std::size_t slash = term.find('/'); slash != term.npos) {
    port.transport = term.substr(slash + 1);
    if (port.transport != "tcp" && port.transport != "udp") return std::nullopt;
    term = term.substr(0, slash);
  }
  auto read = [](std::string_view digits, unsigned& number) {
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return !digits.empty() && error == std::errc() && end == digits.data() + digits.size();
  };
  std::size_t dash = term.find('-');
  if (!read(term.substr(0, dash), port.lo)) return std::nullopt;
  port.hi = port.lo;
  if (dash != term.npos && !read(term.substr(dash + 1), port.hi)) return std::nullopt;
  return port;
}

bool has(const std::vector<std::string>& list, std::string_view value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// `term` in lower case.
bool matches(const MatrixRow& row, const std::string& term) {
  if (std::optional<PortTerm> port = port_term(term))
    return port->lo <= port->hi && row.port_set().covers(IntervalSet::range(port->lo, port->hi)) &&
           (port->transport.empty() || has(row.transports, port->transport));
  if (row.id == term || row.id.starts_with(term + "/")) return true;
  if (short_id(row) == term || "t" + std::to_string(row.table) == term) return true;
  if (row.direction == term || row.state == term || has(row.transports, term)) return true;
  for (const std::string* text : {&row.application, &row.peer, &row.purpose})
    if (lower(*text).find(term) != std::string::npos) return true;
  return false;
}

void write_optional(JsonWriter& json, std::string_view key, const std::optional<std::string>& value) {
  json.key(key);
  if (value)
    json.value(*value);
  else
    json.value(nullptr);
}

void write_row(JsonWriter& json, const MatrixRow& row) {
  json.begin_object().member("id", row.id).member("product", row.product).member("direction", row.direction);
  json.member("number", row.number).texts("transports", row.transports).key("ports").begin_array();
  for (auto [lo, hi] : row.ports) json.begin_array().value(lo).value(hi).end_array();
  json.end_array().member("application", row.application);
  write_optional(json, "configurable", row.configurable);
  json.member("optional", row.optional).member("state", row.state).member("peer", row.peer);
  json.member("authentication", row.authentication).member("purpose", row.purpose).texts("platforms", row.platforms);
  json.key("source").begin_object().member("document", row.document).member("table", row.table);
  json.member("row", row.number).end_object();
  write_optional(json, "since", row.since);
  write_optional(json, "until", row.until);
  write_optional(json, "errata", row.errata);
  json.end_object();
}

// Columns a terminal uses; the matrix holds no wide or combining characters.
std::size_t width(std::string_view s) {
  return static_cast<std::size_t>(
      std::count_if(s.begin(), s.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string cut(std::string s, std::size_t columns) {
  if (width(s) <= columns) return s;
  while (!s.empty() && (width(s) >= columns || s.back() == ' ')) {
    while (!s.empty() && (static_cast<unsigned char>(s.back()) & 0xc0) == 0x80) s.pop_back();
    if (!s.empty()) s.pop_back();
  }
  return s + "…";
}

// Fills with words up to the line width; lines after the first start with `indent` blanks.
std::string wrapped(const std::string& text, std::size_t indent) {
  std::string out;
  std::size_t column = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = std::min(text.find(' ', begin), text.size());
    std::string word = text.substr(begin, end - begin);
    if (column > indent && column + 1 + width(word) > line_width) {
      out += '\n' + std::string(indent, ' ');
      column = indent;
    } else if (begin > 0) {
      out += ' ';
      ++column;
    }
    out += word;
    column += width(word);
    begin = end + 1;
  }
  return out;
}

std::string printed_ports(const MatrixRow& row) {
  std::string out;
  for (auto [lo, hi] : row.ports) {
    if (!out.empty()) out += ',';
    out += std::to_string(lo);
    if (hi != lo) out += '-' + std::to_string(hi);
  }
  if (row.ports.empty()) out = "-";
  for (const std::string& transport : row.transports) out += (&transport == &row.transports[0] ? '/' : '+') + transport;
  return out;
}

// "yes", "no", "yes, 1-100": may the port be switched off, and to what may it be changed.
std::string printed_choice(const MatrixRow& row) {
  std::string out = row.optional ? "yes" : "no";
  if (!row.configurable) return out;
  std::string_view choice = *row.configurable;
  // "range:min-start=1024,min-end=2048" is too wide for a column.
  return out + ", " + std::string(choice.starts_with("range:") ? "any range" : choice == "any" ? "any port" : choice);
}

void write_table(const Rows& rows, std::size_t total, std::ostream& out) {
  constexpr std::size_t columns = 6, gap = 2;
  std::vector<std::array<std::string, columns>> lines = {
      {"row", "ports", "application", "state", "optional", "purpose"}};
  for (const MatrixRow* row : rows)
    lines.push_back({row->id + (row->errata ? "*" : ""), printed_ports(*row), cut(row->application, 14), row->state,
                     printed_choice(*row), row->purpose});
  std::array<std::size_t, columns> widths{};
  std::size_t left = line_width;
  for (std::size_t i = 0; i + 1 < columns; ++i) {
    for (const auto& line : lines) widths[i] = std::max(widths[i], width(line[i]));
    left -= std::min(left, widths[i] + gap);
  }
  if (!rows.empty()) {
    for (const auto& line : lines) {
      std::string text;
      for (std::size_t i = 0; i + 1 < columns; ++i)
        text += line[i] + std::string(widths[i] - width(line[i]) + gap, ' ');
      text += cut(line.back(), left);
      out << text << '\n';
    }
    out << '\n';
  }
  // Rows with the same erratum share its line.
  std::vector<std::pair<std::string_view, std::string>> errata;
  for (const MatrixRow* row : rows) {
    if (!row->errata) continue;
    auto known = std::find_if(errata.begin(), errata.end(), [&](const auto& e) { return e.first == *row->errata; });
    if (known == errata.end())
      errata.emplace_back(*row->errata, row->id);
    else
      known->second += ", " + row->id;
  }
  if (!errata.empty()) out << "* in the document:\n";
  for (const auto& [text, ids] : errata) out << wrapped("  " + ids + ": " + std::string(text), 4) << '\n';
  if (!errata.empty()) out << '\n';
  out << rows.size() << " of " << total << " rows\n";
}

}  // namespace

int run_matrix(const MatrixQuery& query, std::ostream& out, std::ostream& err) {
  if (query.format != "text" && query.format != "json") {
    err << "unknown format \"" << query.format << "\"; the formats of matrix are text and json\n";
    return 2;
  }
  const PortMatrix& matrix = builtin_matrix();
  Rows rows;
  for (const MatrixRow& row : matrix.rows)
    if (std::all_of(query.terms.begin(), query.terms.end(),
                    [&](const std::string& term) { return matches(row, lower(term)); }))
      rows.push_back(&row);
  if (query.format == "json") {
    JsonWriter json;
    json.begin_object().key("rows").begin_array();
    for (const MatrixRow* row : rows) write_row(json, *row);
    out << json.end_array().end_object().finish();
  } else {
    write_table(rows, matrix.rows.size(), out);
  }
  return rows.empty() ? 1 : 0;
}

}  // namespace ipo
