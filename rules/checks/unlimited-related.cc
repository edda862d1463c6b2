// Only where a rule gives connections a helper: without one nothing but ICMP errors is ever related.
#include <fmt/format.h>

#include "rules/findings/check_list.h"
#include "rules/findings/exposure_findings.h"
#include "rules/site/required.h"

namespace ipo {
namespace {

constexpr std::size_t shown_lines = 5;

bool accepts_related(const Rule& rule) {
  if (rule.action.kind != ActionKind::accept) return false;
  bool related = false;
  for (const Condition& condition : rule.conditions) {
    const FieldTest* test = field_test(condition, Field::state);
    if (test && test->values.contains(static_cast<unsigned>(State::related)) != condition.negated) related = true;
    // Any other condition but an interface limits what is related.
    if (!test && !(condition.any_of.size() == 1 && std::holds_alternative<InterfaceTest>(condition.any_of.front()))) return false;
  }
  return related;
}

void run(const Judgement& judgement, Findings& findings) {
  for (const Firewall& firewall : judgement.site.firewalls)
    for (const Ruleset& ruleset : firewall.rulesets) {
      std::set<std::size_t> called = called_chains(ruleset);
      const Rule* helper = nullptr;
      std::vector<RuleRef> open;
      for (std::size_t c = 0; c < ruleset.chains.size(); ++c)
        for (const Rule& rule : ruleset.chains[c].rules) {
          if (!called.contains(c)) continue;
          if (!helper && !rule.action.helper.empty()) helper = &rule;
          const Chain& chain = ruleset.chains[c];
          if (ruleset.filters(chain) && !is_chain_at(ruleset, chain, Hook::output) && accepts_related(rule))
            open.push_back({&ruleset.chains[c], &rule});
        }
      if (!helper || open.empty()) continue;
      // The helper is the cause: what lets in all it announces are places of it.
      for (std::size_t i = 0; i < (judgement.group ? 1 : open.size()); ++i) {
        const std::size_t others = judgement.group ? open.size() - 1 : 0;
        Finding f;
        f.check = check::unlimited_related.id;
        f.level = Level::warning;
        f.span = open[i].span();
        f.message =
            others == 0
                ? "whatever a helper announces is accepted here: any port of any address"
                : fmt::format("whatever a helper announces is accepted here, and by {} more line{}: any port of any address",
                              others, others == 1 ? "" : "s");
        f.related.push_back({"connections get a helper here", helper->span});
        for (std::size_t other = 1; other <= others && other <= shown_lines; ++other)
          f.related.push_back({"accepted here, too", open[other].span()});
        f.identity = rule_text(judgement, open[i]);
        findings.push_back(std::move(f));
      }
    }
}

}  // namespace

const Check check::unlimited_related = {"unlimited-related",
                                        "related connections are accepted without a limit although helpers are in use",
                                        Level::warning,
                                        5.9,
                                        "high",
                                        {"security", "external/cwe/cwe-284"},
                                        run};

}  // namespace ipo
