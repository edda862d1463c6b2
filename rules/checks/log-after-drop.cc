#include <fmt/format.h>

#include "rules/findings/check_list.h"
#include "rules/findings/exposure_findings.h"
#include "rules/findings/shadow_kind.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  for (const Shadow& shadow : judgement.shadows) {
    if (speaker_of(judgement, shadow) != check::log_after_drop.id) continue;
    bool many = shadow.covered_by.size() > 1;
    Finding f;
    f.check = check::log_after_drop.id;
    f.level = Level::note;
    f.span = shadow.rule.span();
    f.message = fmt::format("nothing is ever logged here: line{} {} drop{} all these packets before", many ? "s" : "",
                            lines_of(judgement, shadow.covered_by), many ? "" : "s");
    for (const RuleRef& cover : shadow.covered_by) f.related.push_back({"drops them first", cover.span()});
    f.identity = rule_text(judgement, shadow.rule);
    findings.push_back(std::move(f));
  }
}

}  // namespace

const Check check::log_after_drop = {"log-after-drop",
                                     "a rule that logs comes after those that drop all its packets",
                                     Level::note,
                                     2.0,
                                     "very-high",
                                     {"security", "external/cwe/cwe-778"},
                                     run};

}  // namespace ipo
