#include <fmt/format.h>

#include "rules/checks/list.h"
#include "rules/exposure_findings.h"
#include "rules/shadow_kind.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  for (const Shadow& shadow : judgement.shadows) {
    if (speaker_of(judgement, shadow) != check::shadowed_rule.id) continue;
    Finding f;
    f.check = "shadowed-rule";
    f.level = Level::warning;
    f.span = shadow.rule.span();
    std::string by = lines_of(judgement, shadow.covered_by);
    for (const RuleRef& cover : shadow.covered_by) f.related.push_back({"takes its packets", cover.span()});
    f.message = fmt::format("no packet reaches this rule: line{} {}{} of the same chain take{} everything it matches",
                            shadow.covered_by.size() > 1 || shadow.more ? "s" : "", by, shadow.more ? " and others" : "",
                            shadow.covered_by.size() > 1 || shadow.more ? "" : "s");
    f.identity = rule_text(judgement, shadow.rule);
    findings.push_back(std::move(f));
  }
}

}  // namespace

const Check check::shadowed_rule = {"shadowed-rule", "a rule can never match because earlier rules take all its packets",
                                    Level::warning, 3.7, "very-high", {"security", "external/cwe/cwe-561"}, run};

}  // namespace ipo
