#include <fmt/format.h>

#include <set>

#include "rules/findings/check_list.h"
#include "rules/findings/unrestricted_findings.h"

namespace ipo {
namespace {

// A host forwards nothing unless somebody turns routing on; then FORWARD decides, and nobody thinks of it.
void report_idle_forward(const Judgement& judgement, Findings& findings) {
  std::set<const Ruleset*> hosts;
  for (const auto& passage : judgement.exposure.passages())
    if (passage->at->protects_itself) hosts.insert(passage->ruleset);
  for (const auto& chains : judgement.exposure.chains()) {
    if (!hosts.contains(&chains->ruleset())) continue;
    Space& s = chains->space();
    PacketSet fresh = s.intersect(chains->universe(), s.test(Dimension::state, IntervalSet::of(0)));
    for (const Stage& stage : chains->ruleset().pipeline.stages) {
      const Chain& chain = chains->ruleset().chains[stage.chain];
      if (stage.where != Hook::forward || !stage.last_word || !chain.policy || chain.policy->value != ActionKind::accept) continue;
      for (const ChainSets::Decided& d : chains->decide(stage, fresh)) {
        if (d.by.rule || !d.accepted) continue;
        Finding f;
        f.check = "default-accept-policy";
        f.level = Level::note;
        f.span = d.by.span();
        f.hook = name_of(Hook::forward);
        f.message = fmt::format("{} accepts everything that no rule matches; that counts once this host forwards", chain.name);
        f.identity = rule_text(judgement, d.by);
        findings.push_back(std::move(f));
      }
    }
  }
}

void run(const Judgement& judgement, Findings& findings) {
  report_idle_forward(judgement, findings);
  report_unrestricted(judgement, findings, "default-accept-policy", Level::warning, false);
}

}  // namespace

const Check check::default_accept_policy = {"default-accept-policy",
                                            "what no rule matches is accepted, also from the internet",
                                            Level::warning,
                                            6.9,
                                            "high",
                                            {"security", "external/cwe/cwe-276"},
                                            run};

}  // namespace ipo
