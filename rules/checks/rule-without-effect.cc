// All packets a hook can see are sent through its chains; a rule of a chain some of them enter, whose match none of those that
// enter fulfils, is one that no order of the rules would bring to life.
#include <fmt/format.h>

#include <algorithm>

#include "rules/findings/check_list.h"
#include "rules/findings/exposure_findings.h"
#include "rules/site/required.h"

namespace ipo {
namespace {

// fail2ban's list, or an administrator's, between two attacks: whoever fills it gives the rule its effect.
bool waits_for_a_set(const Rule& rule) {
  return std::any_of(rule.conditions.begin(), rule.conditions.end(),
                     [](const Condition& c) { return c.any_of.empty() && !c.negated; });
}

void run(const Judgement& judgement, Findings& findings) {
  for (const auto& chains : judgement.exposure.chains()) {
    Space& s = chains->space();
    const Ruleset& ruleset = chains->ruleset();
    std::vector<PacketSet> entered(ruleset.chains.size(), s.nothing());
    for (const Stage& stage : ruleset.pipeline.stages) {
      std::vector<PacketSet> entry = chains->send(stage, hook_packets(*chains, stage.where), [](RuleRef, PacketSet, PacketSet) {});
      for (std::size_t c = 0; c < entry.size(); ++c) entered[c] = s.unite(entered[c], entry[c]);
    }
    for (std::size_t c = 0; c < ruleset.chains.size(); ++c) {
      const Chain& chain = ruleset.chains[c];
      if (entered[c].empty() || is_generated(chain)) continue;
      for (std::size_t r = 0; r < chain.rules.size(); ++r) {
        const Rule& rule = chain.rules[r];
        if (rule.understanding == Understanding::not_understood || chains->kind(c, r) == ActionKind::unknown ||
            waits_for_a_set(rule))
          continue;
        PacketSet match = chains->match(c, r);
        if (!s.disjoint(entered[c], match)) continue;
        Finding f;
        f.check = check::rule_without_effect.id;
        f.level = Level::note;
        f.span = rule.span;
        f.message = match.empty() ? "no packet can match this rule: its conditions exclude each other"
                                  : fmt::format("no packet that comes to the chain {} can match this rule", chain.name);
        f.identity = rule_text(judgement, {&chain, &rule});
        findings.push_back(std::move(f));
      }
    }
  }
}

}  // namespace

const Check check::rule_without_effect = {"rule-without-effect",
                                          "no packet that comes to a rule's chain can match the rule",
                                          Level::note,
                                          0,
                                          "very-high",
                                          {"maintainability", "external/cwe/cwe-561"},
                                          run};

}  // namespace ipo
