// Chains are followed from the base chains; of those that are left, each that no other of them calls is one finding, and the
// chains only it leads to belong to it.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "rules/findings/check_list.h"
#include "rules/findings/exposure_findings.h"
#include "rules/site/required.h"

namespace ipo {
namespace {

bool decides(const Chain& chain) {
  return std::any_of(chain.rules.begin(), chain.rules.end(), [](const Rule& rule) {
    return rule.action.kind != ActionKind::proceed && rule.action.kind != ActionKind::return_;
  });
}

// The table is a whole one: of a fragment nobody knows what calls its chains.
bool has_rules_at_hooks(const Ruleset& ruleset, const std::string& table) {
  return std::any_of(ruleset.pipeline.stages.begin(), ruleset.pipeline.stages.end(), [&](const Stage& stage) {
    const Chain& chain = ruleset.chains[stage.chain];
    return chain.table == table && (!chain.rules.empty() || (chain.policy && chain.policy->value != ActionKind::unknown));
  });
}

void run(const Judgement& judgement, Findings& findings) {
  for (const Firewall& firewall : judgement.site.firewalls)
    for (const Ruleset& ruleset : firewall.rulesets) {
      std::set<std::size_t> called = called_chains(ruleset);
      Callers callers = callers_of(ruleset);
      auto is_dead = [&](std::size_t c) { return !called.contains(c) && has_rules_at_hooks(ruleset, ruleset.chains[c].table); };
      std::vector<bool> spoken(ruleset.chains.size());
      // The chains nobody calls first; what is left then only calls itself.
      for (bool roots : {true, false})
        for (std::size_t c = 0; c < ruleset.chains.size(); ++c) {
          const Chain& chain = ruleset.chains[c];
          if (!is_dead(c) || spoken[c] || (roots && callers.contains({chain.table, chain.name}))) continue;
          std::vector<std::size_t> todo = {c};
          std::size_t rules = 0, chains = 0;
          bool matters = false;
          while (!todo.empty()) {
            std::size_t at = todo.back();
            todo.pop_back();
            if (called.contains(at) || spoken[at]) continue;
            spoken[at] = true;
            ++chains, rules += ruleset.chains[at].rules.size();
            matters = matters || decides(ruleset.chains[at]);
            for (const Rule& rule : ruleset.chains[at].rules)
              if (calls(rule.action.kind))
                if (auto target = ruleset.find(chain.table, rule.action.chain)) todo.push_back(*target);
          }
          if (!matters || is_generated(chain)) continue;
          Finding f;
          f.check = check::unreachable_chain.id;
          f.level = Level::note;
          f.span = chain.rules.empty() ? chain.span : chain.rules.front().span;
          std::string others =
              chains == 1 ? "" : fmt::format(" and of {} it calls", chains == 2 ? "a chain" : fmt::format("{} chains", chains - 1));
          f.message = fmt::format("no rule leads to the chain {} of the {} table: its {} rule{}{} decide{} nothing", chain.name,
                                  chain.table, rules, rules == 1 ? "" : "s", others, rules == 1 ? "s" : "");
          f.identity = chain.table + "/" + chain.name;
          findings.push_back(std::move(f));
        }
    }
}

}  // namespace

const Check check::unreachable_chain = {"unreachable-chain", "no base chain leads to a chain that has rules", Level::note, 0,
                                        "very-high",         {"maintainability", "external/cwe/cwe-561"},     run};

}  // namespace ipo
