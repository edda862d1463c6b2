#include <fmt/format.h>

#include "rules/checks/list.h"
#include "rules/judgement.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  if (!judgement.release_without_matrix) return;
  Finding f;
  f.check = "release-without-matrix";
  f.level = Level::note;
  f.message = fmt::format("release {} has no port matrix of its own here; the one of release {} is used",
                          judgement.release_without_matrix->value.text(), judgement.matrix.release);
  f.span = judgement.release_without_matrix->span;
  f.identity = judgement.release_without_matrix->value.text();
  findings.push_back(std::move(f));
}

}  // namespace

const Check check::release_without_matrix = {"release-without-matrix", "the PBX's release has no port matrix of its own",
                                             Level::note, 1.0, "very-high", {"security"}, run};

}  // namespace ipo
