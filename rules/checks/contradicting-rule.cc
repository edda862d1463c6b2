#include <fmt/format.h>

#include "rules/findings/check_list.h"
#include "rules/findings/exposure_findings.h"
#include "rules/findings/shadow_kind.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  for (const Shadow& shadow : judgement.shadows) {
    if (speaker_of(judgement, shadow) != check::contradicting_rule.id) continue;
    const RuleRef& first = shadow.covered_by.front();
    bool accepted = first.rule->action.kind == ActionKind::accept;
    Finding f;
    f.check = check::contradicting_rule.id;
    f.level = Level::warning;
    f.span = shadow.rule.span();
    f.message = fmt::format("this rule {} exactly the packets line {} {}; it is never reached", accepted ? "refuses" : "accepts",
                            lines_of(judgement, shadow.covered_by), accepted ? "accepts" : "refuses");
    f.related.push_back({accepted ? "accepts them first" : "refuses them first", first.span()});
    f.identity = rule_text(judgement, shadow.rule);
    findings.push_back(std::move(f));
  }
}

}  // namespace

const Check check::contradicting_rule = {"contradicting-rule",
                                         "two rules of a chain match the same packets and do opposite things",
                                         Level::warning,
                                         4.3,
                                         "very-high",
                                         {"security", "external/cwe/cwe-561"},
                                         run};

}  // namespace ipo
