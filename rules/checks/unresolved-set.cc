#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "rules/findings/check_list.h"
#include "rules/findings/exposure_findings.h"
#include "rules/site/required.h"

namespace ipo {
namespace {

// One finding per set of a firewall; its other rules are related.
void run(const Judgement& judgement, Findings& findings) {
  std::set<SourceSpan> shadowed;
  for (const Shadow& shadow : judgement.shadows) shadowed.insert(shadow.rule.span());
  for (const Firewall& firewall : judgement.site.firewalls) {
    std::map<std::string, std::vector<const Rule*>> uses;
    for (const Ruleset& ruleset : firewall.rulesets) {
      std::set<std::size_t> counts = called_chains(ruleset);
      for (std::size_t c = 0; c < ruleset.chains.size(); ++c)
        for (const Rule& rule : ruleset.chains[c].rules) {
          if (!counts.contains(c) || rule.action.kind == ActionKind::proceed || shadowed.contains(rule.span)) continue;
          for (const Condition& condition : rule.conditions)
            each_test<OpaqueTest>(condition, [&](const OpaqueTest& test) {
              if (test.set.empty()) return;
              auto& lines = uses[test.set];
              if (lines.empty() || lines.back() != &rule) lines.push_back(&rule);
            });
        }
    }
    for (const auto& [name, rules] : uses) {
      bool elsewhere = std::any_of(judgement.site.sets.begin(), judgement.site.sets.end(),
                                   [&, name = name](const IpSet& s) { return s.name == name; });
      Finding f;
      f.check = "unresolved-set";
      f.level = Level::warning;
      f.span = rules.front()->span;
      f.message = fmt::format("the ipset {} is {}: what {} is only possible", name,
                              elsewhere ? "given, but not for this firewall" : "not given",
                              rules.size() == 1 ? "this rule decides" : fmt::format("{} rules decide by it", rules.size()));
      for (std::size_t i = 1; i < rules.size(); ++i) f.related.push_back({"depends on it too", rules[i]->span});
      f.identity = name;
      findings.push_back(std::move(f));
    }
  }
}

}  // namespace

const Check check::unresolved_set = {"unresolved-set",
                                     "a rule depends on an ipset whose members are not given",
                                     Level::warning,
                                     4.0,
                                     "very-high",
                                     {"security"},
                                     run};

}  // namespace ipo
