// Rows that match every term are picked out of the matrix or the changes. A text table gives each column the width of its
// widest cell and the last one, the purpose, what is left of the line; below it stand what is wrong in the document and what
// later releases have otherwise, one line for all rows it concerns.
#include "linter/commands/matrix.h"

#include <algorithm>
#include <array>
#include <map>

#include "linter/inputs/input_files.h"
#include "linter/output/json_writer.h"
#include "linter/output/snippet.h"
#include "rules/matrix/row_terms.h"

namespace ipo {
namespace {

using Rows = std::vector<const MatrixRow*>;

constexpr std::size_t line_width = 120;

bool matches_all(const MatrixRow& row, const std::vector<std::string>& terms) {
  return std::all_of(terms.begin(), terms.end(), [&](const std::string& term) { return matches_term(row, term); });
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
  json.member("row", row.table_row).end_object();
  write_optional(json, "since", row.since);
  write_optional(json, "until", row.until);
  write_optional(json, "errata", row.errata);
  json.end_object();
}

// At most `width` code points.
std::string cut(std::string s, std::size_t width) {
  if (columns(s) <= width) return s;
  std::size_t end = 0;
  for (std::size_t points = 0; end < s.size(); ++end)
    if ((static_cast<unsigned char>(s[end]) & 0xc0) != 0x80 && ++points == width) break;
  while (end > 0 && s[end - 1] == ' ') --end;
  return s.substr(0, end) + "…";
}

// Fills with words up to the line width; lines after the first start with `indent` blanks.
std::string wrapped(const std::string& text, std::size_t indent) {
  std::string out;
  std::size_t column = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = std::min(text.find(' ', begin), text.size());
    std::string word = text.substr(begin, end - begin);
    if (column > indent && column + 1 + columns(word) > line_width) {
      out += '\n' + std::string(indent, ' ');
      column = indent;
    } else if (begin > 0) {
      out += ' ';
      ++column;
    }
    out += word;
    column += columns(word);
    begin = end + 1;
  }
  return out;
}

// "5488,5489", "40750-50750", "-" where the document gives none.
std::string port_list(const MatrixRow& row) {
  std::string out;
  for (auto [lo, hi] : row.ports) {
    if (!out.empty()) out += ',';
    out += std::to_string(lo);
    if (hi != lo) out += '-' + std::to_string(hi);
  }
  return out.empty() ? "-" : out;
}

std::string printed_ports(const MatrixRow& row) {
  std::string out = port_list(row);
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

constexpr std::size_t table_columns = 6;
using Line = std::array<std::string, table_columns>;

// The first line is the heading. Own matrices may hold any text: cells are cut to what a line can hold.
void write_lines(std::vector<Line> lines, std::ostream& out) {
  constexpr std::size_t gap = 2, widest = 40;
  if (lines.size() < 2) return;
  std::array<std::size_t, table_columns> widths{};
  std::size_t left = line_width;
  for (std::size_t i = 0; i + 1 < table_columns; ++i) {
    for (Line& line : lines) {
      line[i] = cut(printable(line[i]), widest);
      widths[i] = std::max(widths[i], columns(line[i]));
    }
    left -= std::min(left, widths[i] + gap);
  }
  for (const Line& line : lines) {
    for (std::size_t i = 0; i + 1 < table_columns; ++i) out << line[i] << std::string(widths[i] - columns(line[i]) + gap, ' ');
    out << cut(printable(line.back()), std::max<std::size_t>(left, 10)) << '\n';
  }
  out << '\n';
}

// Texts in the order they came, each once, with the rows it is about.
struct Remarks {
  std::vector<std::pair<std::string, std::string>> ids_and_text;
  std::map<std::string, std::size_t> known;

  void add(const std::string& id, const std::string& text) {
    auto [at, is_new] = known.try_emplace(text, ids_and_text.size());
    if (is_new)
      ids_and_text.emplace_back(id, text);
    else
      ids_and_text[at->second].first += ", " + id;
  }

  void write(std::string_view heading, std::ostream& out) const {
    if (ids_and_text.empty()) return;
    out << heading << ":\n";
    for (const auto& [ids, text] : ids_and_text) out << wrapped(printable("  " + ids + ": " + text), 4) << '\n';
    out << '\n';
  }
};

std::string marked_id(const MatrixRow& row) { return row.id + (row.errata ? "*" : ""); }

Remarks errata_of(const Rows& rows) {
  Remarks errata;
  for (const MatrixRow* row : rows)
    if (row->errata) errata.add(row->id, *row->errata);
  return errata;
}

// Facts about no row of ours are told with the whole matrix only.
Remarks facts_about(const Rows& rows, bool whole) {
  Remarks facts;
  for (const LaterFact& fact : later_facts()) {
    std::string about;
    for (const MatrixRow* row : rows)
      if (std::find(fact.rows.begin(), fact.rows.end(), row->id) != fact.rows.end()) about += row->id + ", ";
    if (about.empty() && !(whole && fact.rows.empty())) continue;
    facts.add(about + "from " + fact.since, fact.text + " (" + fact.evidence + ")");
  }
  return facts;
}

void write_rows(const Rows& rows, const PortMatrix& matrix, std::ostream& out) {
  std::vector<Line> lines = {{"row", "ports", "application", "state", "optional", "purpose"}};
  for (const MatrixRow* row : rows)
    lines.push_back(
        {marked_id(*row), printed_ports(*row), cut(row->application, 14), row->state, printed_choice(*row), row->purpose});
  write_lines(std::move(lines), out);
  errata_of(rows).write("* in the document", out);
  facts_about(rows, rows.size() == matrix.rows.size()).write("in later releases", out);
  out << rows.size() << " of " << matrix.rows.size() << " rows of release " << printable(matrix.release) << '\n';
}

int run_rows(const MatrixQuery& query, std::istream& in, std::ostream& out, std::ostream& err) {
  PortMatrix matrix = builtin_matrix(query.release);
  if (!add_own_rows(matrix, query.own, in, err)) return 2;
  Rows rows;
  for (const MatrixRow& row : matrix.rows)
    if (matches_all(row, query.terms)) rows.push_back(&row);
  if (query.format == "json") {
    JsonWriter json;
    json.begin_object().key("rows").begin_array();
    for (const MatrixRow* row : rows) write_row(json, *row);
    out << json.end_array().end_object().finish();
  } else {
    write_rows(rows, matrix, out);
  }
  return rows.empty() ? 1 : 0;
}

// ---- changes ------------------------------------------------------------------------------------------------------

void write_changes_json(const MatrixChanges& changes, std::ostream& out) {
  JsonWriter json;
  json.begin_object().key("added").begin_array();
  for (const MatrixRow& row : changes.added) write_row(json, row);
  json.end_array().key("changed").begin_array();
  for (const auto& [before, after] : changes.changed) {
    json.begin_object().key("before");
    write_row(json, before);
    json.key("after");
    write_row(json, after);
    json.end_object();
  }
  json.end_array().key("removed").begin_array();
  for (const MatrixRow& row : changes.removed) write_row(json, row);
  out << json.end_array().end_object().finish();
}

void write_changes(const MatrixChanges& changes, std::string_view from, std::string_view to, std::ostream& out) {
  std::vector<Line> lines = {{"change", "row", "ports", "state", "printed in", "purpose"}};
  Rows rows;
  auto line = [&](std::string_view change, const MatrixRow& row, const std::string& ports) {
    std::string source = "table " + std::to_string(row.table) + ", row " + std::to_string(row.table_row);
    lines.push_back({std::string(change), marked_id(row), ports, row.state, source, row.purpose});
    rows.push_back(&row);
  };
  for (const MatrixRow& row : changes.added) line("added", row, printed_ports(row));
  for (const auto& [before, after] : changes.changed) {
    line("changed", after, port_list(before) + " → " + printed_ports(after));
    rows.push_back(&before);
  }
  for (const MatrixRow& row : changes.removed) line("removed", row, printed_ports(row));
  write_lines(std::move(lines), out);
  errata_of(rows).write("* in the document", out);
  out << changes.added.size() << " added, " << changes.changed.size() << " changed, " << changes.removed.size() << " removed from "
      << from << " to " << to << '\n';
}

int run_changes(const MatrixQuery& query, std::ostream& out) {
  const auto& [from, to] = *query.changes;
  MatrixChanges changes = changes_between(from, to);
  auto unmatched = [&](const MatrixRow& row) { return !matches_all(row, query.terms); };
  std::erase_if(changes.added, unmatched);
  std::erase_if(changes.changed, [&](const auto& c) { return unmatched(c.before) && unmatched(c.after); });
  std::erase_if(changes.removed, unmatched);
  if (query.format == "json")
    write_changes_json(changes, out);
  else
    write_changes(changes, from, to, out);
  bool none = changes.added.empty() && changes.changed.empty() && changes.removed.empty();
  return none && !query.terms.empty() ? 1 : 0;
}

}  // namespace

bool add_own_rows(PortMatrix& matrix, const std::vector<std::string>& files, std::istream& in, std::ostream& err) {
  constexpr std::size_t largest = std::size_t{1} << 20;  // bytes; the built-in matrix has 40 thousand
  InputFiles read = read_inputs(files, true, in);
  for (const Problem& problem : read.problems) err << printable(problem.path) << ": " << problem.message << '\n';
  bool right = read.problems.empty();
  for (const Input& input : read.inputs) {
    if (input.bytes.size() > largest) {
      err << printable(input.path) << ": larger than 1 MiB; a matrix file is far smaller\n";
      right = false;
      continue;
    }
    Sources sources = {decode_source(input.path, input.bytes)};
    std::vector<Note> errors;
    lay_over(matrix, read_matrix(sources, 0, errors));
    for (const Note& error : errors) {
      Position at = sources[0].position(error.span.begin);
      err << printable(input.path) << ':' << at.line << ':' << at.column << ": " << printable(error.message) << '\n';
    }
    right = right && errors.empty();
  }
  return right;
}

int run_matrix(const MatrixQuery& query, std::istream& in, std::ostream& out, std::ostream& err) {
  if (query.format != "text" && query.format != "json") {
    err << "unknown format \"" << query.format << "\"; the formats of matrix are text and json\n";
    return 2;
  }
  return query.changes ? run_changes(query, out) : run_rows(query, in, out, err);
}

}  // namespace ipo
