// A rule without a target only counts. Where it names a port and all it matches is refused, by something behind it, the count is
// not what it was written for.
#include <fmt/format.h>

#include <algorithm>

#include "rules/findings/check_list.h"
#include "rules/findings/exposure_findings.h"
#include "rules/site/required.h"

namespace ipo {
namespace {

void judge(const Judgement& judgement, ChainSets& chains, const Stage& stage, Findings& findings) {
  Space& s = chains.space();
  const Chain& chain = chains.ruleset().chains[stage.chain];
  PacketSet fresh = s.intersect(hook_packets(chains, stage.where), s.test(Dimension::state, IntervalSet::of(0)));
  for (std::size_t r = 0; r < chain.rules.size(); ++r) {
    const Rule& rule = chain.rules[r];
    if (rule.action.kind != ActionKind::proceed || !rule.action.name.empty() || rule.understanding == Understanding::not_understood)
      continue;
    if (!required(rule, Field::destination_port, 65535) || rule.counts) continue;
    PacketSet matched = s.intersect(fresh, chains.match(stage.chain, r));
    if (matched.empty()) continue;
    std::vector<ChainSets::Decided> decided = chains.decide(stage, matched);
    if (std::any_of(decided.begin(), decided.end(), [](const ChainSets::Decided& d) { return d.accepted; })) continue;
    auto behind = std::find_if(decided.begin(), decided.end(), [&](const ChainSets::Decided& d) {
      return !d.by.rule || d.by.chain != &chain || d.by.rule > &rule;
    });
    if (behind == decided.end()) continue;
    Finding f;
    f.check = check::target_missing.id;
    f.level = Level::note;
    f.span = rule.span;
    f.hook = name_of(stage.where);
    f.message = "this rule has no target, so it only counts, and everything it matches is refused: was -j ACCEPT forgotten?";
    f.related.push_back({behind->by.rule ? "refused by this rule" : "refused by this policy", behind->by.span()});
    f.identity = rule_text(judgement, {&chain, &rule});
    findings.push_back(std::move(f));
  }
}

void run(const Judgement& judgement, Findings& findings) {
  for (const auto& chains : judgement.exposure.chains())
    for (const Stage& stage : chains->ruleset().pipeline.stages)
      if (stage.last_word) judge(judgement, *chains, stage, findings);
}

}  // namespace

const Check check::target_missing = {"target-missing",
                                     "a rule for a port has no target, and what it matches is refused",
                                     Level::note,
                                     0,
                                     "high",
                                     {"correctness", "external/cwe/cwe-684"},
                                     run};

}  // namespace ipo
