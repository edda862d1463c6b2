// Beside the release: rows of the matrix in use that documents of its time or before say something else of.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "rules/findings/check_list.h"
#include "rules/findings/judgement.h"

namespace ipo {
namespace {

std::vector<std::string> rows_that_differ(const Release& release, const PortMatrix& matrix) {
  std::vector<std::string> rows;
  std::set<std::string_view> told;
  for (const LaterFact& fact : later_facts())
    if (parse_release(fact.since).parts <= release.parts) told.insert(fact.rows.begin(), fact.rows.end());
  for (const MatrixRow& row : matrix.rows)
    if (told.contains(row.id)) rows.push_back(row.id);
  std::sort(rows.begin(), rows.end());
  return rows;
}

void run(const Judgement& judgement, Findings& findings) {
  if (!judgement.release_without_matrix) return;
  Finding f;
  f.rows = rows_that_differ(judgement.release_without_matrix->value, judgement.matrix);
  f.check = "release-without-matrix";
  f.level = Level::note;
  f.message = fmt::format("release {} has no port matrix of its own here; the one of release {} is used",
                          judgement.release_without_matrix->value.text(), judgement.matrix.release);
  if (!f.rows.empty()) f.message += fmt::format("; of {} of its rows it is known what has changed", f.rows.size());
  f.span = judgement.release_without_matrix->span;
  f.identity = judgement.release_without_matrix->value.text();
  findings.push_back(std::move(f));
}

}  // namespace

const Check check::release_without_matrix = {
    "release-without-matrix", "the PBX's release has no port matrix of its own", Level::note, 1.0, "very-high", {"security"}, run};

}  // namespace ipo
