// The matrix of 9.1 is read as it is printed; each older one is the next newer one with the changes that led to it undone.
// What changed between two releases is asked of their two matrices, for the rows the change tables in between name.
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <set>
#include <stdexcept>

#include "rules/matrix/read_row.h"

namespace ipo {
namespace {

// A row of a change table, with what it takes to undo it.
struct Change {
  enum class Kind { added, changed, removed } kind;
  std::size_t release = 0;  // that it led to, among matrix_releases()
  int table = 0, row = 0;
  std::vector<MatrixRow> before;           // added: only the id; changed: id, ports and errata; removed: the whole row
  std::optional<std::string> application;  // as printed in this table, where Tables 1 to 4 print it otherwise
  std::optional<bool> optional;

  bool names(std::string_view id) const {
    return std::any_of(before.begin(), before.end(), [&](const MatrixRow& r) { return r.id == id; });
  }
};

struct Releases {
  std::vector<std::string> names;  // oldest first
  std::vector<std::string_view> views;
  std::vector<Change> changes;       // in the order of the tables
  std::vector<PortMatrix> matrices;  // of each release
};

struct ChangesReader {
  const Sources sources = embedded_matrix_file("changes.toml");
  const Document file = read_toml(sources, 0);
  std::vector<Note> errors = file.damages;
  TomlTable top{file.root, errors};
  std::string document = top.text("document");
  std::vector<int> tables;  // tables[i] led to names[i + 1]
  Releases& out;

  explicit ChangesReader(Releases& releases) : out(releases) {
    for (const Node* node : top.tables("table")) {
      TomlTable table(*node, errors);
      tables.push_back(table.number("number"));
      std::string from = table.text("from");
      if (out.names.empty()) out.names.push_back(from);
      if (from != out.names.back()) table.error("does not go on from " + quoted(out.names.back()), node->name_span);
      out.names.push_back(table.text("to"));
      table.report_unknown_keys();
    }
    read("added", Change::Kind::added);
    read("changed", Change::Kind::changed);
    read("removed", Change::Kind::removed);
    std::stable_sort(out.changes.begin(), out.changes.end(),
                     [](const Change& a, const Change& b) { return a.release < b.release; });
    top.report_unknown_keys();
    require_undamaged(sources, errors);
  }

  void read(std::string_view name, Change::Kind kind) {
    for (const Node* node : top.tables(name)) {
      Change change{kind, 0, 0, 0, {}, {}, {}};
      if (kind == Change::Kind::removed)
        read_removed(*node, change);
      else
        read_kept(*node, change);
      auto table = std::find(tables.begin(), tables.end(), change.table);
      if (table == tables.end()) errors.push_back({"there is no such table", node->name_span});
      change.release = static_cast<std::size_t>(table - tables.begin()) + 1;
      out.changes.push_back(std::move(change));
    }
  }

  void read_removed(const Node& node, Change& change) {
    MatrixRow& row = change.before.emplace_back();
    row.document = document;
    read_row(node, row, errors);
    change.table = row.table;
    change.row = row.number;
  }

  void read_kept(const Node& node, Change& change) {
    TomlTable table(node, errors);
    change.table = table.number("table");
    change.row = table.number("row");
    change.application = table.optional_text("application");
    change.optional = table.flag("optional", false);
    if (change.kind == Change::Kind::added) {
      read_id(table, change.before.emplace_back());
    } else {
      for (const Node* earlier : table.tables("before")) {
        TomlTable keys(*earlier, errors);
        MatrixRow& row = change.before.emplace_back();
        read_id(keys, row);
        read_ports(keys, row);
        row.errata = keys.optional_text("errata");
        keys.report_unknown_keys();
      }
    }
    table.report_unknown_keys();
  }
};

MatrixRow& row_of(std::vector<MatrixRow>& rows, const std::string& id) {
  auto row = std::find_if(rows.begin(), rows.end(), [&](const MatrixRow& r) { return r.id == id; });
  if (row == rows.end()) {
    std::cerr << "changes.toml names a row that is not in the matrix: " << id << '\n';
    std::abort();
  }
  return *row;
}

// Makes the rows those of the release before the change.
void undo(const Change& change, std::vector<MatrixRow>& rows) {
  for (const MatrixRow& before : change.before) {
    if (change.kind == Change::Kind::removed) {
      rows.push_back(before);
    } else if (change.kind == Change::Kind::added) {
      rows.erase(rows.begin() + (&row_of(rows, before.id) - rows.data()));
    } else {
      MatrixRow& row = row_of(rows, before.id);
      row.ports = before.ports;
      row.errata = before.errata;
    }
  }
}

Releases read_releases() {
  Releases out;
  ChangesReader reader(out);
  out.views.assign(out.names.begin(), out.names.end());

  Sources sources = embedded_matrix_file("ip-office-9.1.toml");
  std::vector<Note> errors;
  PortMatrix matrix = read_matrix(sources, 0, errors);
  require_undamaged(sources, errors);
  for (Change& change : out.changes)
    for (MatrixRow& row : change.before) {
      if (change.kind == Change::Kind::removed) row.until = out.names[change.release - 1];
      if (change.kind == Change::Kind::added) row_of(matrix.rows, row.id).since = out.names[change.release];
    }

  out.matrices.resize(out.names.size());
  for (std::size_t i = out.names.size(); i-- > 0;) {
    matrix.release = out.names[i];
    out.matrices[i] = matrix;
    for (const Change& change : out.changes)
      if (change.release == i) undo(change, matrix.rows);
  }
  return out;
}

const Releases& releases() {
  static const Releases read = read_releases();
  return read;
}

std::size_t index_of(std::string_view release) {
  const auto& names = releases().views;
  auto found = std::find(names.begin(), names.end(), release);
  if (found == names.end()) throw std::out_of_range("no port matrix of release " + std::string(release));
  return static_cast<std::size_t>(found - names.begin());
}

// The row of a release as the change table prints it that tells about it.
MatrixRow as_printed(MatrixRow row, std::size_t release) {
  const Change* telling = nullptr;
  for (const Change& change : releases().changes)
    if (change.names(row.id) && (!telling || change.release <= release)) telling = &change;
  if (!telling) return row;
  row.table = telling->table;
  row.table_row = telling->row;
  if (telling->application) row.application = *telling->application;
  if (telling->optional) row.optional = *telling->optional;
  return row;
}

}  // namespace

std::span<const std::string_view> matrix_releases() { return releases().views; }

const PortMatrix& builtin_matrix(std::string_view release) { return releases().matrices[index_of(release)]; }

std::string_view matrix_release_for(const Release& release) {
  std::string_view best;
  for (std::string_view name : matrix_releases()) {
    std::vector<unsigned> parts;
    for (std::size_t at = 0; at < name.size();) {
      std::size_t dot = std::min(name.find('.', at), name.size());
      parts.push_back(number_of(name.substr(at, dot - at), 9999).value_or(0));
      at = dot + 1;
    }
    bool same_line = release.parts.size() >= 2 && parts[0] == release.parts[0] && parts[1] == release.parts[1];
    if (same_line && parts <= release.parts) best = name;
  }
  return best;
}

MatrixChanges changes_between(std::string_view from, std::string_view to) {
  std::size_t a = index_of(from), b = index_of(to);
  const PortMatrix &old_matrix = releases().matrices[a], &new_matrix = releases().matrices[b];
  MatrixChanges out;
  std::set<std::string_view> seen;
  for (const Change& change : releases().changes) {
    if (change.release <= std::min(a, b) || change.release > std::max(a, b)) continue;
    for (const MatrixRow& named : change.before) {
      if (!seen.insert(named.id).second) continue;
      const MatrixRow *before = old_matrix.find(named.id), *after = new_matrix.find(named.id);
      if (before && after)
        out.changed.push_back({as_printed(*before, a), as_printed(*after, b)});
      else if (after)
        out.added.push_back(as_printed(*after, b));
      else if (before)
        out.removed.push_back(as_printed(*before, a));
    }
  }
  return out;
}

}  // namespace ipo
