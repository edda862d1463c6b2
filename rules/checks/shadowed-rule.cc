// A rule whose takers do what it would do is untidy; one they overrule is an error somebody does not know of.
#include <fmt/format.h>

#include <map>
#include <tuple>

#include "rules/findings/check_list.h"
#include "rules/findings/exposure_findings.h"
#include "rules/findings/shadow_kind.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  // A rule that stands there many times is one finding, at the first that nothing reaches.
  struct Repeated {
    std::size_t finding = 0, more = 0;
  };
  std::map<std::tuple<std::uint32_t, std::string, std::string>, Repeated>
      repeated;  // by file, rule and the lines that take its packets
  for (const Shadow& shadow : judgement.shadows) {
    if (speaker_of(judgement, shadow) != check::shadowed_rule.id) continue;
    Finding f;
    f.check = "shadowed-rule";
    ShadowOutcome outcome = shadow_outcome(shadow);
    f.level = outcome == ShadowOutcome::same || outcome == ShadowOutcome::also_refused ? Level::note : Level::warning;
    f.span = shadow.rule.span();
    std::string by = lines_of(judgement, shadow.covered_by);
    bool many = shadow.covered_by.size() > 1 || shadow.more;
    for (const RuleRef& cover : shadow.covered_by) f.related.push_back({"takes its packets", cover.span()});
    f.message = fmt::format("no packet reaches this rule: line{} {}{} of the same chain take{} everything it matches",
                            many ? "s" : "", by, shadow.more ? " and others" : "", many ? "" : "s");
    if (outcome == ShadowOutcome::same) f.message += many ? " and do the same" : " and does the same";
    if (outcome == ShadowOutcome::opposite) f.message += many ? " and do the opposite" : " and does the opposite";
    f.identity = rule_text(judgement, shadow.rule);
    auto [first, added] = repeated.try_emplace({f.span.source, f.identity, by}, Repeated{findings.size(), 0});
    if (added)
      findings.push_back(std::move(f));
    else
      ++first->second.more;
  }
  for (const auto& [key, found] : repeated)
    if (found.more > 0)
      findings[found.finding].message += fmt::format("; {} more like it follow{}", found.more, found.more == 1 ? "s" : "");
}

}  // namespace

const Check check::shadowed_rule = {"shadowed-rule",
                                    "a rule can never match because earlier rules take all its packets",
                                    Level::warning,
                                    4.0,
                                    "very-high",
                                    {"security", "external/cwe/cwe-561"},
                                    run};

}  // namespace ipo
