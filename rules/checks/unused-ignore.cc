#include <fmt/format.h>

#include "rules/findings/check_list.h"
#include "rules/findings/judgement.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  for (const IgnoreUse& use : judgement.ignores) {
    if (use.expired || !use.relevant || use.hidden > 0) continue;
    Finding f;
    f.check = "unused-ignore";
    f.level = Level::note;
    f.span = use.ignore->check.span;
    f.message = fmt::format("there is no {} finding{} to ignore", use.ignore->check.value,
                            use.ignore->path ? " in " + use.ignore->path->value : "");
    f.identity = use.ignore->check.value + '\n' + (use.ignore->path ? use.ignore->path->value : "");
    findings.push_back(std::move(f));
  }
}

}  // namespace

const Check check::unused_ignore = {
    "unused-ignore", "an accepted finding no longer exists", Level::note, 0, "very-high", {"maintainability"}, run, true};

}  // namespace ipo
