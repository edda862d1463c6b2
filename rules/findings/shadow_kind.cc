// The rules that cover it are looked at by what they do; only for a single cover of the opposite outcome are the two matches
// asked for, which the engine has at hand.
#include "rules/findings/shadow_kind.h"

#include <algorithm>

#include "rules/findings/judgement.h"

namespace ipo {
namespace {

bool accepts(ActionKind kind) { return kind == ActionKind::accept; }
bool drops(ActionKind kind) { return kind == ActionKind::drop; }
bool rejects(ActionKind kind) { return kind == ActionKind::reject; }
bool refuses(ActionKind kind) { return drops(kind) || rejects(kind); }

bool all_covers(const Shadow& shadow, bool (*holds)(ActionKind)) {
  return !shadow.covered_by.empty() && !shadow.more &&
         std::all_of(shadow.covered_by.begin(), shadow.covered_by.end(),
                     [&](const RuleRef& cover) { return cover.rule && holds(cover.rule->action.kind); });
}

bool same_match(const Exposure& exposure, RuleRef a, RuleRef b) {
  for (const auto& chains : exposure.chains()) {
    const std::vector<Chain>& all = chains->ruleset().chains;
    auto chain = std::find_if(all.begin(), all.end(), [&](const Chain& c) { return &c == a.chain; });
    if (chain == all.end()) continue;
    auto at = static_cast<std::size_t>(chain - all.begin());
    auto match = [&](RuleRef ref) { return chains->match(at, static_cast<std::size_t>(ref.rule - chain->rules.data())); };
    return match(a) == match(b);
  }
  return false;
}

}  // namespace

ShadowOutcome shadow_outcome(const Shadow& shadow) {
  ActionKind own = shadow.rule.rule->action.kind;
  if (accepts(own))
    return all_covers(shadow, accepts)   ? ShadowOutcome::same
           : all_covers(shadow, refuses) ? ShadowOutcome::opposite
                                         : ShadowOutcome::other;
  if (!refuses(own)) return ShadowOutcome::other;
  if (all_covers(shadow, accepts)) return ShadowOutcome::opposite;
  if (!all_covers(shadow, refuses)) return ShadowOutcome::other;
  return all_covers(shadow, own == ActionKind::drop ? drops : rejects) ? ShadowOutcome::same : ShadowOutcome::also_refused;
}

bool only_logs(const Rule& rule) { return rule.action.kind == ActionKind::proceed && rule.action.logs; }

bool counts_packets(const Rule& rule) {
  bool found = rule.watches_senders;
  for (const Condition& condition : rule.conditions)
    each_test<OpaqueTest>(condition, [&](const OpaqueTest& test) { found = found || test.about.cause == Cause::rate; });
  return found;
}

std::string lines_of(const Judgement& judgement, const std::vector<RuleRef>& rules) {
  std::string out;
  for (const RuleRef& rule : rules) {
    const Source& source = judgement.sources[rule.span().source];
    out += (out.empty() ? "" : ", ") + std::to_string(source.position(rule.span().begin).line);
  }
  return out;
}

std::string_view speaker_of(const Judgement& judgement, const Shadow& shadow) {
  const Rule& rule = *shadow.rule.rule;
  if (only_logs(rule)) return all_covers(shadow, refuses) ? "log-after-drop" : "shadowed-rule";
  if (counts_packets(rule) && all_covers(shadow, accepts)) return "rate-limit-after-accept";
  if (shadow.covered_by.size() == 1 && !shadow.more && shadow.covered_by.front().rule) {
    ActionKind first = shadow.covered_by.front().rule->action.kind, second = rule.action.kind;
    bool opposite = (accepts(first) && refuses(second)) || (refuses(first) && accepts(second));
    if (opposite && same_match(judgement.exposure, shadow.rule, shadow.covered_by.front())) return "contradicting-rule";
  }
  return "shadowed-rule";
}

}  // namespace ipo
