#include <fmt/format.h>

#include "rules/findings/check_list.h"
#include "rules/findings/judgement.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  for (const IgnoreUse& use : judgement.ignores) {
    if (!use.expired || !use.relevant) continue;
    Finding f;
    f.check = "expired-ignore";
    f.level = Level::warning;
    f.span = use.ignore->until->span;
    f.message =
        fmt::format("{} was accepted until {}; its findings are reported again", use.ignore->check.value, use.ignore->until->value);
    f.identity = use.ignore->check.value + '\n' + (use.ignore->path ? use.ignore->path->value : "");
    findings.push_back(std::move(f));
  }
}

}  // namespace

const Check check::expired_ignore = {"expired-ignore",
                                     "the last day of an accepted finding has passed",
                                     Level::warning,
                                     0,
                                     "very-high",
                                     {"maintainability"},
                                     run,
                                     true};

}  // namespace ipo
