// Helpers are given to connections by a rule of their own; one that accepts by the helper of a connection counts on somebody's
// having done so, which since Linux 4.7 nobody does unasked.
#include <fmt/format.h>

#include "rules/findings/check_list.h"
#include "rules/findings/exposure_findings.h"
#include "rules/site/required.h"

namespace ipo {
namespace {

bool is_telephony(std::string_view helper) {
  return helper == "sip" || helper == "RAS" || helper == "Q.931" || helper == "H.245" || helper == "h323";
}

// The helper by which the rule knows connections; empty where it asks for none.
std::string_view asked_helper(const Rule& rule) {
  std::string_view out;
  for (const Condition& condition : rule.conditions)
    each_test<OpaqueTest>(condition, [&](const OpaqueTest& test) {
      if (out.empty() && test.about.cause == Cause::helper) out = test.about.name;
    });
  return out;
}

void run(const Judgement& judgement, Findings& findings) {
  for (const Firewall& firewall : judgement.site.firewalls)
    for (const Ruleset& ruleset : firewall.rulesets) {
      std::set<std::size_t> called = called_chains(ruleset);
      std::vector<std::pair<RuleRef, std::string_view>> given, counted_on;
      for (std::size_t c = 0; c < ruleset.chains.size(); ++c)
        for (const Rule& rule : ruleset.chains[c].rules) {
          if (!called.contains(c)) continue;
          if (is_telephony(rule.action.helper)) given.push_back({{&ruleset.chains[c], &rule}, rule.action.helper});
          std::string_view asked = rule.action.kind == ActionKind::accept ? asked_helper(rule) : std::string_view();
          if (is_telephony(asked)) counted_on.push_back({{&ruleset.chains[c], &rule}, asked});
        }
      bool sure = !given.empty();
      for (const auto& [at, helper] : sure ? given : counted_on) {
        Finding f;
        f.check = check::sip_alg_enabled.id;
        f.level = sure ? Level::warning : Level::note;
        f.span = at.span();
        f.message = sure ? fmt::format("the helper {} reads and rewrites calls on their way", helper)
                         : fmt::format("this rule counts on the helper {}, which no rule of the dump switches on", helper);
        f.identity = rule_text(judgement, at);
        findings.push_back(std::move(f));
      }
    }
}

}  // namespace

const Check check::sip_alg_enabled = {"sip-alg-enabled",
                                      "the firewall has a helper for SIP or H.323 look into calls",
                                      Level::warning,
                                      0,
                                      "high",
                                      {"availability"},
                                      run};

}  // namespace ipo
