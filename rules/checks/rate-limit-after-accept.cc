#include <fmt/format.h>

#include "rules/findings/check_list.h"
#include "rules/findings/exposure_findings.h"
#include "rules/findings/shadow_kind.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  for (const Shadow& shadow : judgement.shadows) {
    if (speaker_of(judgement, shadow) != check::rate_limit_after_accept.id) continue;
    bool many = shadow.covered_by.size() > 1;
    Finding f;
    f.check = check::rate_limit_after_accept.id;
    f.level = Level::warning;
    f.span = shadow.rule.span();
    f.message = fmt::format("this rule never counts a packet: line{} {} accept{} them all before", many ? "s" : "",
                            lines_of(judgement, shadow.covered_by), many ? "" : "s");
    for (const RuleRef& cover : shadow.covered_by) f.related.push_back({"accepts them first", cover.span()});
    f.identity = rule_text(judgement, shadow.rule);
    findings.push_back(std::move(f));
  }
}

}  // namespace

const Check check::rate_limit_after_accept = {"rate-limit-after-accept",
                                              "a rate limit comes after the rule that accepts all its packets",
                                              Level::warning,
                                              5.3,
                                              "very-high",
                                              {"security", "external/cwe/cwe-799"},
                                              run};

}  // namespace ipo
