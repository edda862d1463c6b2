// Rules are asked for one ruleset at a time, in the space where exposure was judged, whose sets of chains are needed again; but
// with a part of what is left of its budget only: what a note costs must not be missing to an alarm.
// What the policy has a part in is not reported: people write such rules so that they stay when the policy is changed.
// Nor are calls, which programs put in place for their chains, nor rules that count packets, for others may ask what they
// counted.
#include <fmt/format.h>

#include <algorithm>

#include "rules/engine/redundant.h"
#include "rules/findings/check_list.h"
#include "rules/findings/exposure_findings.h"
#include "rules/findings/shadow_kind.h"
#include "rules/site/required.h"

namespace ipo {
namespace {

constexpr unsigned parts_of_budget = 2;

// How a reject answers is not in the model.
std::string_view target_of(const Judgement& judgement, const Rule& rule) {
  SourceSpan words = {rule.span.source, rule.action.span.begin, rule.span.end};
  return judgement.sources[words.source].slice(words);
}

// What every filter begins with, whatever a later rule makes of it: the machine's talk with itself, and answers.
bool is_customary(const Rule& rule) {
  if (auto states = required(rule, Field::state, 4); states && !states->contains(static_cast<unsigned>(State::new_))) return true;
  return std::any_of(rule.conditions.begin(), rule.conditions.end(), [](const Condition& c) {
    const auto* interface = c.any_of.size() == 1 && !c.negated ? std::get_if<InterfaceTest>(&c.any_of.front()) : nullptr;
    return interface && interface->name == "lo" && !interface->prefix;
  });
}

bool worth_saying(const Judgement& judgement, const Redundant& found) {
  const Rule& rule = *found.rule.rule;
  ActionKind kind = rule.action.kind;
  if (kind == ActionKind::accept && is_customary(rule)) return false;
  if (found.more || found.noticed || counts_packets(rule) || is_generated(*found.rule.chain)) return false;
  return kind != ActionKind::reject || std::all_of(found.decided_by.begin(), found.decided_by.end(), [&](const RuleRef& by) {
           return by.rule && target_of(judgement, *by.rule) == target_of(judgement, rule);
         });
}

// Of two alike, or a wide one before a narrow one, the later never matches: that is shadowed-rule's to say.
bool shadows_its_deciders(ChainSets& chains, const Redundant& found) {
  auto chain = found.rule.chain_index(chains.ruleset());
  auto match = [&](const RuleRef& at) { return chains.match(chain, at.rule_index()); };
  return std::any_of(found.decided_by.begin(), found.decided_by.end(),
                     [&](const RuleRef& by) { return by.rule && chains.space().subset(match(by), match(found.rule)); });
}

void compare(const Judgement& judgement, ChainSets& chains, Findings& findings) {
  for (const Redundant& found : find_redundant(chains)) {
    if (!worth_saying(judgement, found) || shadows_its_deciders(chains, found)) continue;
    bool many = found.decided_by.size() > 1;
    Finding f;
    f.check = check::redundant_rule.id;
    f.level = Level::note;
    f.span = found.rule.span();
    f.message = fmt::format("nothing changes without this rule: line{} {} behind it do{} the same with its packets",
                            many ? "s" : "", lines_of(judgement, found.decided_by), many ? "" : "es");
    for (const RuleRef& by : found.decided_by) f.related.push_back({"does the same", by.span()});
    f.identity = rule_text(judgement, found.rule);
    findings.push_back(std::move(f));
  }
}

void run(const Judgement& judgement, Findings& findings) {
  for (const auto& chains : judgement.exposure.chains()) {
    Space::Allowance allowance(chains->space(), parts_of_budget);
    try {
      compare(judgement, *chains, findings);
    } catch (const SpaceExhausted&) {
      const Ruleset& ruleset = chains->ruleset();
      std::size_t rules = 0;
      for (const Chain& chain : ruleset.chains) rules += chain.rules.size();
      Finding f;
      f.check = check::redundant_rule.id;
      f.level = Level::note;
      f.span = {ruleset.span.source, ruleset.span.begin, ruleset.span.begin};
      f.message = fmt::format("redundant rules were not looked for: these {} rules are too many to compare", rules);
      f.identity = "not looked for";
      findings.push_back(std::move(f));
    }
  }
}

}  // namespace

const Check check::redundant_rule = {"redundant-rule",
                                     "a rule could be left out and every packet would fare the same",
                                     Level::note,
                                     0,
                                     "very-high",
                                     {"maintainability", "external/cwe/cwe-561"},
                                     run};

}  // namespace ipo
