// A file is read row by row; a row with an error is left out, and a second row of an id is one.
#include "rules/matrix/port_matrix.h"

#include <algorithm>
#include <map>
#include <set>

#include "rules/matrix/read_row.h"

namespace ipo {
namespace {

void read_rows(TomlTable& top, const std::string& document, PortMatrix& matrix, std::vector<Note>& errors) {
  std::set<std::string> ids;
  for (const Node* node : top.tables("row")) {
    if (errors.size() >= most_errors) return;
    MatrixRow row;
    row.document = document;
    bool right = read_row(*node, row, errors);
    if (!row.id.empty() && !ids.insert(row.id).second) {
      top.error("second row of id " + quoted(row.id), node->child("id")->span);
      right = false;
    }
    if (right) matrix.rows.push_back(std::move(row));
  }
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
    TomlTable top(document.root, found);
    matrix.release = top.text("release", false);
    read_rows(top, top.optional_text("document").value_or(sources[source].path()), matrix, found);
    top.report_unknown_keys();
  }
  std::stable_sort(found.begin(), found.end(), [](const Note& a, const Note& b) { return a.span < b.span; });
  if (found.size() >= most_errors) found.push_back({"too many errors; there may be more", found.back().span});
  errors.insert(errors.end(), std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
  return matrix;
}

void lay_over(PortMatrix& matrix, PortMatrix own) {
  if (!own.release.empty()) matrix.release = own.release;
  std::map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < matrix.rows.size(); ++i) places[matrix.rows[i].id] = i;
  for (MatrixRow& row : own.rows) {
    auto [place, is_new] = places.try_emplace(row.id, matrix.rows.size());
    if (is_new)
      matrix.rows.push_back(std::move(row));
    else
      matrix.rows[place->second] = std::move(row);
  }
}

}  // namespace ipo
