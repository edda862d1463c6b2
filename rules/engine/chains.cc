// A rule list is folded as a balanced tree: a segment is the function "what the first matching rule decides", and two
// segments compose by overlay. Chains are folded after the chains they call. Per-rule questions send a set through the
// chains once, callers before callees, so that shared chains cost one visit however many ways lead to them.
//
// Rules that change marks or leave packets untracked are folded away: a later rule's match is asked of the packet as it
// enters the chain, with what was changed since done to it, so that first match still composes by overlay.
#include "rules/engine/chains.h"

#include <algorithm>
#include <list>
#include <unordered_map>

namespace ipo {
namespace {

constexpr int nesting_limit = 256;  // jumps inside jumps; the kernel's own limit is of this order

std::vector<InterfaceTest> interfaces_of(const std::vector<const Ruleset*>& rulesets, std::vector<InterfaceTest> named) {
  for (const Ruleset* ruleset : rulesets)
    for (const Chain& chain : ruleset->chains)
      for (const Rule& rule : chain.rules)
        for (const Condition& condition : rule.conditions)
          each_test<InterfaceTest>(condition, [&](const InterfaceTest& test) { named.push_back(test); });
  return named;
}

std::vector<const Ruleset*> rulesets_of(const std::vector<const Firewall*>& firewalls) {
  std::vector<const Ruleset*> out;
  for (const Firewall* firewall : firewalls)
    for (const Ruleset& ruleset : firewall->rulesets) out.push_back(&ruleset);
  return out;
}

// Calls visit(text, place) for every stateful predicate of the chain, in order.
template <class Visit>
void each_stateful(const Chain& chain, Visit visit) {
  for (const Rule& rule : chain.rules) {
    for (const Condition& condition : rule.conditions)
      each_test<OpaqueTest>(condition, [&](const OpaqueTest& test) {
        if (test.stateful) visit(test.predicate, condition.span);
      });
    if (rule.action.kind == ActionKind::unknown || calls(rule.action.kind))
      for (bool accepts : {true, false}) visit(unknown_verdict(rule, accepts).predicate, rule.span);
  }
  if (!chain.policy || chain.policy->value == ActionKind::unknown)
    visit(unknown_policy(chain).predicate, chain.policy ? chain.policy->span : chain.span);
}

}  // namespace

namespace {

// Why it is not known what a rule does: its reasons but for those of its matches, which are told of these.
std::string reason_of_verdict(const Rule& rule) {
  std::string out;
  for (const std::string& reason : rule.reasons) {
    bool of_match = false;
    for (const Condition& condition : rule.conditions)
      each_test<OpaqueTest>(condition, [&](const OpaqueTest& test) { of_match = of_match || test.reason == reason; });
    if (!of_match) out += (out.empty() ? "" : "; ") + reason;
  }
  return out.empty() ? rule.reason() : out;
}

OpaqueTest stands_in(std::string text, std::string reason) {
  OpaqueTest test{std::move(text), std::move(reason), true};
  test.about.cause = Cause::outcome;
  return test;
}

}  // namespace

OpaqueTest unknown_verdict(const Rule& rule, bool accepts) {
  return stands_in((rule.action.name.empty() ? "this rule" : cited(rule.action)) + (accepts ? " accepts" : " drops"),
                   rule.reasons.empty() ? "what this rule does is not known" : reason_of_verdict(rule));
}

bool is_written(const Chain& chain) {
  return chain.policy && chain.policy->span.source == chain.span.source && chain.policy->span.begin > chain.span.begin &&
         chain.policy->span.end <= chain.span.end;
}

OpaqueTest unknown_policy(const Chain& chain) {
  return stands_in("policy of " + chain.table + "/" + chain.name + " accepts",
                   "the policy of " + chain.name + (is_written(chain) ? " may not be loaded" : " is not in the file"));
}

// ---- predicates and conditions ----------------------------------------------------------------------------------

PacketSpace::PacketSpace(const Firewall& firewall, const std::vector<InterfaceTest>& named, std::size_t edge_budget)
    : PacketSpace(std::vector{&firewall}, named, edge_budget) {}

PacketSpace::PacketSpace(const std::vector<const Firewall*>& firewalls, const std::vector<InterfaceTest>& named,
                         std::size_t edge_budget)
    : space(edge_budget), interfaces(interfaces_of(rulesets_of(firewalls), named)) {
  for (std::uint32_t number = 0; number < firewalls.size(); ++number)
    for (const Ruleset& ruleset : firewalls[number]->rulesets) {
      machines_.emplace(ruleset.span.source, number);
      for (const Chain& chain : ruleset.chains)
        for (const Rule& rule : chain.rules) machines_.emplace(rule.span.source, number);
    }
}

PacketSpace::PacketSpace(const Ruleset& before, const Ruleset& after) : interfaces(interfaces_of({&before, &after}, {})) {
  std::map<std::string, std::vector<SourceSpan>> places;
  auto name = [](const Chain& chain, const std::string& text) { return chain.table + '\0' + chain.name + '\0' + text; };
  for (const Chain& chain : before.chains)
    each_stateful(chain, [&](const std::string& text, SourceSpan place) { places[name(chain, text)].push_back(place); });
  std::map<std::string, std::size_t> met;
  for (const Chain& chain : after.chains)
    each_stateful(chain, [&](const std::string& text, SourceSpan place) {
      std::string key = name(chain, text);
      if (std::size_t n = met[key]++; n < places[key].size()) same_places_.emplace(Key{text, place}, places[key][n]);
    });
}

PacketSpace::Key PacketSpace::key_of(const OpaqueTest& test, SourceSpan place) const {
  if (test.stateful && same_places_.empty()) return {test.predicate, place};
  if (test.stateful) {
    auto same = same_places_.find({test.predicate, place});
    return {test.predicate, same == same_places_.end() ? place : same->second};
  }
  auto machine = machines_.find(place.source);
  return {test.predicate, SourceSpan{machine == machines_.end() ? 0 : machine->second, 0, 0}};
}

PacketSet PacketSpace::predicate(const OpaqueTest& test, SourceSpan place) {
  auto [it, added] = numbers_.try_emplace(key_of(test, place), static_cast<std::uint32_t>(predicates_.size()));
  if (added) predicates_.push_back({test.predicate, test.reason, place, test.about});
  return space.predicate(it->second);
}

std::optional<std::uint32_t> PacketSpace::number_of(const OpaqueTest& test, SourceSpan place) const {
  auto it = numbers_.find(key_of(test, place));
  return it == numbers_.end() ? std::nullopt : std::optional(it->second);
}

PacketSet PacketSpace::of_test(const Test& test, SourceSpan place) {
  auto of_field = [&](const FieldTest& t) { return space.test(dimension_of(t.field), t.values); };
  auto of_interface = [&](const InterfaceTest& t) {
    return space.test(t.incoming ? Dimension::in : Dimension::out, interfaces.matching(t));
  };
  if (auto* field = std::get_if<FieldTest>(&test)) return of_field(*field);
  if (auto* interface = std::get_if<InterfaceTest>(&test)) return of_interface(*interface);
  if (auto* opaque = test_as<OpaqueTest>(test)) return predicate(*opaque, place);
  const auto& all = *test_as<AllOf>(test);
  PacketSet out = space.constant(1);
  for (const OpaqueTest& t : all.opaque) out = space.intersect(out, predicate(t, place));
  for (const FieldTest& t : all.fields) out = space.intersect(out, of_field(t));
  for (const InterfaceTest& t : all.interfaces) out = space.intersect(out, of_interface(t));
  return out;
}

PacketSet PacketSpace::condition(const Condition& condition) {
  std::vector<PacketSet> any;
  for (const Test& test : condition.any_of) any.push_back(of_test(test, condition.span));
  PacketSet holds = space.unite(any);
  return condition.negated ? space.minus(space.constant(1), holds) : holds;
}

namespace {

// The values of a dimension that satisfy the condition, if it speaks of one dimension only.
struct OneDimension {
  Dimension dimension;
  const IntervalSet* written = nullptr;  // as it stands in the rule; else
  IntervalSet values;
};

std::optional<OneDimension> one_dimension(const Condition& condition, const Interfaces& interfaces) {
  if (condition.any_of.empty()) return {};
  std::optional<OneDimension> out;
  for (const Test& test : condition.any_of) {
    auto* field = std::get_if<FieldTest>(&test);
    auto* interface = std::get_if<InterfaceTest>(&test);
    if (!field && !interface) return {};
    Dimension dimension = field ? dimension_of(field->field) : interface->incoming ? Dimension::in : Dimension::out;
    if (out && out->dimension != dimension) return {};
    if (!out) out.emplace(OneDimension{dimension, nullptr, {}});
    if (field && condition.any_of.size() == 1 && !condition.negated)
      out->written = &field->values;
    else
      out->values.add(field ? field->values : interfaces.matching(*interface));
  }
  if (condition.negated) out->values = out->values.complement(dimension_max(out->dimension));
  return out;
}

bool only_predicates(const Condition& condition) {
  return std::all_of(condition.any_of.begin(), condition.any_of.end(),
                     [](const Test& test) { return test_as<OpaqueTest>(test) != nullptr; });
}

}  // namespace

// A box, made from its last dimension up, around what is left to the predicates; the few conditions that speak of several
// dimensions are met with it.
PacketSet PacketSpace::all_of(const std::vector<Condition>& conditions, Family family) {
  static const IntervalSet address_ranges[] = {IntervalSet::range(0, address_max(Family::ipv4)),
                                               IntervalSet::range(0, address_max(Family::ipv6))};
  static const IntervalSet families[] = {IntervalSet::of(0), IntervalSet::of(1)};
  const IntervalSet* values[dimension_count] = {};
  std::list<IntervalSet> made;
  auto narrow = [&](Dimension dimension, const IntervalSet& by) {
    const IntervalSet*& at = values[static_cast<std::size_t>(dimension)];
    at = !at ? &by : by.size() == 1 && at->contains(by.begin()->lo) ? &by : &made.emplace_back(at->intersected(by));
  };
  narrow(Dimension::family, families[static_cast<std::size_t>(family)]);
  narrow(Dimension::source, address_ranges[static_cast<std::size_t>(family)]);
  narrow(Dimension::destination, address_ranges[static_cast<std::size_t>(family)]);
  PacketSet inner = space.constant(1), others = space.constant(1);
  for (const Condition& c : conditions) {
    if (std::optional<OneDimension> one = one_dimension(c, interfaces))
      narrow(one->dimension, one->written ? *one->written : made.emplace_back(std::move(one->values)));
    else
      (only_predicates(c) ? inner : others) = space.intersect(only_predicates(c) ? inner : others, condition(c));
  }
  for (std::uint32_t d = dimension_count; d-- > 0;)
    if (values[d]) inner = space.within(static_cast<Dimension>(d), *values[d], inner);
  return space.intersect(inner, others);
}

// ---- chains -----------------------------------------------------------------------------------------------------

namespace {

constexpr std::size_t most_originals = 1024;  // pieces of a dimension

// Where packets are translated behind a filter with a last word, that one saw where they were sent to.
bool translates_behind_filter(const Pipeline& pipeline) {
  for (Hook way : {Hook::input, Hook::forward, Hook::output}) {
    bool judged = false;
    for (const Stage& stage : pipeline.stages) {
      if (!stage.is_on(way)) continue;
      if (judged && stage.kind == Stage::Kind::translate_destination) return true;
      judged = judged || stage.last_word;
    }
  }
  return false;
}

// Cuts the range where some rule's values begin or end.
std::vector<ChainSets::Original> originals_of(const Ruleset& ruleset) {
  const bool filtered_as_sent = translates_behind_filter(ruleset.pipeline);
  std::vector<ChainSets::Original> out;
  for (const auto& original : {std::pair{Field::original_destination, Dimension::destination},
                               std::pair{Field::original_port, Dimension::destination_port}}) {
    const Field field = original.first;  // clang 14 captures no structured binding
    const Dimension now = original.second;
    auto starts_asked = [&](bool also_now) {
      std::vector<u128> starts;
      for (const Chain& chain : ruleset.chains)
        for (const Rule& rule : chain.rules)
          for (const Condition& condition : rule.conditions)
            each_test<FieldTest>(condition, [&](const FieldTest& test) {
              if (test.field != field && !(also_now && dimension_of(test.field) == now)) return;
              for (const Interval& i : test.values) {
                starts.push_back(i.lo);
                if (i.hi < dimension_max(now)) starts.push_back(i.hi + 1);
              }
            });
      if (!starts.empty()) starts.push_back(0);
      std::sort(starts.begin(), starts.end());
      starts.erase(std::unique(starts.begin(), starts.end()), starts.end());
      return starts;
    };
    std::vector<u128> starts = starts_asked(filtered_as_sent);
    // That only tells who decided what became alike.
    if (filtered_as_sent && starts.size() > most_originals) starts = starts_asked(false);
    if (starts.empty()) continue;
    if (starts.size() > most_originals) throw SpaceExhausted("too many rules ask where packets were sent to before a translation");
    ChainSets::Original& made = out.emplace_back(ChainSets::Original{dimension_of(field), now, {}});
    for (std::size_t i = 0; i < starts.size(); ++i)
      made.pieces.push_back(IntervalSet::range(starts[i], i + 1 < starts.size() ? starts[i + 1] - 1 : dimension_max(now)));
  }
  return out;
}

}  // namespace

ChainSets::ChainSets(PacketSpace& packets, const Ruleset& ruleset)
    : packets_(packets), ruleset_(ruleset), universe_(packets.space.universe(ruleset.family)), effects_(packets.space) {
  const auto& chains = ruleset.chains;
  std::unordered_map<std::string, std::size_t> index;
  for (std::size_t c = 0; c < chains.size(); ++c) index.emplace(chains[c].table + '\0' + chains[c].name, c);
  for (const Chain& chain : chains) {
    auto& kinds = kinds_.emplace_back();
    auto& targets = targets_.emplace_back();
    for (const Rule& rule : chain.rules) {
      ActionKind kind = rule.action.kind;
      std::size_t target = 0;
      if (calls(kind)) {
        auto it = index.find(chain.table + '\0' + rule.action.chain);
        if (it == index.end())
          kind = ActionKind::unknown;
        else
          target = it->second;
      }
      kinds.push_back(kind);
      targets.push_back(target);
    }
    matches_.emplace_back(chain.rules.size());
    reaching_.emplace_back(chain.rules.size());
  }
  summaries_.resize(chains.size());
  segments_.resize(chains.size());
  changes_.resize(chains.size());
  effects_before_.resize(chains.size());
  std::vector<int> height(chains.size(), -1);
  for (std::size_t c = 0; c < chains.size(); ++c) nesting(c, height, 0);
  accepting_.resize(chains.size());
  for (std::size_t c : callers_first_) {  // callees first, as yet
    std::vector<std::uint32_t> count = {0};
    for (std::size_t r = 0; r < kinds_[c].size(); ++r) {
      ActionKind does = kinds_[c][r];
      bool jumps = calls(does);
      bool accepts = does == ActionKind::accept || does == ActionKind::translate_source ||
                     does == ActionKind::translate_destination || does == ActionKind::unknown;
      count.push_back(count.back() + (jumps ? accepting_[targets_[c][r]].back() != 0 : accepts));
    }
    accepting_[c] = std::move(count);
  }
  std::reverse(callers_first_.begin(), callers_first_.end());
}

const std::vector<ChainSets::Original>& ChainSets::originals() {
  if (!originals_) originals_ = originals_of(ruleset_);
  return *originals_;
}

// Height of the jumps below a chain; -2 marks a chain being visited, a jump back to which would loop.
int ChainSets::nesting(std::size_t chain, std::vector<int>& height, int depth) {
  if (height[chain] != -1) return height[chain];
  if (depth > 2 * nesting_limit) return -2;
  height[chain] = -2;
  int below = 0;
  for (std::size_t r = 0; r < kinds_[chain].size(); ++r) {
    ActionKind& kind = kinds_[chain][r];
    const Action& action = ruleset_.chains[chain].rules[r].action;
    if (kind == ActionKind::untrack || !action.remark.empty()) changes_[chain] = true;
    if (!calls(kind)) continue;
    int h = nesting(targets_[chain][r], height, depth + 1);
    if (h == -2 || h + 1 > nesting_limit)
      kind = ActionKind::unknown;
    else
      below = std::max(below, h + 1);
    if (kind != ActionKind::unknown && changes_[targets_[chain][r]]) changes_[chain] = true;
  }
  callers_first_.push_back(chain);
  return height[chain] = below;
}

PacketSet ChainSets::plain_match(std::size_t chain, std::size_t rule) {
  auto& memo = matches_[chain][rule];
  if (!memo) memo = packets_.all_of(ruleset_.chains[chain].rules[rule].conditions, ruleset_.family);
  return *memo;
}

PacketSet ChainSets::match(std::size_t chain, std::size_t rule) {
  PacketSet plain = plain_match(chain, rule);
  if (!changes_[chain]) return plain;
  PacketSet changed = effect_before(chain, rule), out = space().nothing();
  for (std::uint32_t effect : space().values_of(changed))
    out = space().unite(out, space().intersect(effects_.before(plain, effect), space().where(changed, effect)));
  return space().intersect(out, universe_);
}

// Runs that have nothing to do with the rule leave the set as it is, and are most.
PacketSet ChainSets::reaching(std::size_t chain, std::size_t rule) {
  std::optional<PacketSet>& memo = reaching_[chain][rule];
  if (memo) return *memo;
  PacketSet left = match(chain, rule);
  each_run(chain, 0, rule, [&](PacketSet decision) {
    left = space().minus(left, decision);
    return !left.empty();
  });
  return *(memo = left);
}

PacketSet ChainSets::effect_before(std::size_t chain, std::size_t rule) {
  auto& known = effects_before_[chain];
  if (!changes_[chain]) return space().nothing();
  Space& s = space();
  if (known.empty()) known.push_back(s.nothing());
  while (known.size() <= rule) {
    std::size_t r = known.size() - 1;
    PacketSet before = known.back(), after = before;
    const Action& action = ruleset_.chains[chain].rules[r].action;
    auto change = [&](PacketSet packets, std::uint32_t effect, std::uint32_t then) {
      after = s.overlay(s.restrict(s.constant(effects_.compose(effect, then)), packets), s.minus(after, packets));
    };
    bool jumps = kind(chain, r) == ActionKind::jump && changes_[targets_[chain][r]];
    if (std::uint32_t own = jumps ? 0 : effects_.of(action); own != 0) {
      PacketSet hit = match(chain, r);
      for (std::uint32_t effect : s.values_of(before)) change(s.intersect(hit, s.where(before, effect)), effect, own);
    } else if (jumps) {
      PacketSet hit = match(chain, r), called = summary(targets_[chain][r]);
      for (std::uint32_t effect : s.values_of(before)) {
        PacketSet coming = s.intersect(hit, s.where(before, effect)), back = effects_.before(called, effect);
        for (std::uint32_t v : s.values_of(back))
          if (effect_of(v) != 0 && (outcome_of(v) == outcome_proceed || outcome_of(v) == outcome_return))
            change(s.intersect(coming, s.where(back, v)), effect, effect_of(v));
      }
    }
    known.push_back(after);
  }
  return known[rule];
}

PacketSet ChainSets::unknown_accepts(const Rule& rule) { return packets_.predicate(unknown_verdict(rule, true), rule.span); }

PacketSet ChainSets::unknown_drops(const Rule& rule) {
  return space().minus(packets_.predicate(unknown_verdict(rule, false), rule.span), unknown_accepts(rule));
}

PacketSet ChainSets::rule_decision(std::size_t chain, std::size_t r) {
  const Rule& rule = ruleset_.chains[chain].rules[r];
  Space& s = space();
  PacketSet before = effect_before(chain, r);
  // What `decide` makes of packets that come with an effect, for all of them.
  auto by_effect = [&](auto decide) {
    PacketSet hit = match(chain, r);
    if (before.empty()) return s.restrict(decide(0u), hit);
    PacketSet out = s.nothing();
    for (std::uint32_t effect : s.values_of(before))
      out = s.overlay(out, s.restrict(decide(effect), s.intersect(hit, s.where(before, effect))));
    return out;
  };
  auto always = [&](std::uint32_t outcome) {
    std::uint32_t own = effects_.of(rule.action);
    return by_effect([&](std::uint32_t effect) { return s.constant(outcome | effects_.compose(effect, own) << effect_shift); });
  };
  auto with_effect = [&](std::uint32_t value, std::uint32_t outcome, std::uint32_t effect) {
    return outcome | effects_.compose(effect, effect_of(value)) << effect_shift;
  };
  switch (kind(chain, r)) {
    case ActionKind::accept:
    case ActionKind::translate_source:
      return always(outcome_accept);
    case ActionKind::drop:
      return always(outcome_drop);
    case ActionKind::reject:
      return always(outcome_reject);
    case ActionKind::return_:
      return always(outcome_return);
    case ActionKind::proceed:
    case ActionKind::untrack:
      return s.nothing();
    case ActionKind::translate_destination:
      translations_.push_back({&ruleset_.chains[chain], &rule});
      if (first_translation + translations_.size() > 1u << effect_shift) throw SpaceExhausted("too many rules translate");
      return always(first_translation + static_cast<std::uint32_t>(translations_.size() - 1));
    case ActionKind::unknown: {
      PacketSet accepts = unknown_accepts(rule), drops = unknown_drops(rule);
      return by_effect([&](std::uint32_t effect) {
        return s.overlay(s.restrict(s.constant(outcome_accept | effect << effect_shift), accepts),
                         s.restrict(s.constant(outcome_drop | effect << effect_shift), drops));
      });
    }
    case ActionKind::jump: {
      // What comes back undecided goes on; what was changed of it stands in effect_before.
      PacketSet called = summary(targets_[chain][r]);
      return by_effect([&](std::uint32_t effect) {
        return s.relabel(effects_.before(called, effect), [&](std::uint32_t v) {
          std::uint32_t outcome = outcome_of(v);
          return outcome == outcome_return || outcome == outcome_proceed ? 0u : with_effect(v, outcome, effect);
        });
      });
    }
    case ActionKind::go_to: {
      PacketSet called = summary(targets_[chain][r]);
      return by_effect([&](std::uint32_t effect) {
        return s.relabel(effects_.before(called, effect), [&](std::uint32_t v) {
          return with_effect(v, outcome_of(v) == outcome_proceed ? std::uint32_t{outcome_return} : outcome_of(v), effect);
        });
      });
    }
  }
  return s.nothing();
}

PacketSet ChainSets::summary(std::size_t chain) {
  auto& memo = summaries_[chain];
  if (memo) return *memo;
  std::size_t count = ruleset_.chains[chain].rules.size();
  PacketSet folded = count == 0 ? space().nothing() : segment(chain, 1, 0, count).decision;
  if (changes_[chain])
    folded = space().overlay(folded, space().relabel(effect_before(chain, count), [](std::uint32_t effect) {
      return outcome_proceed | effect << effect_shift;
    }));
  return *(summaries_[chain] = folded);
}

PacketSet ChainSets::policy_decision(const Chain& chain) {
  Space& s = space();
  ActionKind policy = chain.policy ? chain.policy->value : ActionKind::unknown;
  if (policy == ActionKind::accept) return s.constant(outcome_accept);
  if (policy == ActionKind::drop || policy == ActionKind::reject) return s.constant(outcome_drop);
  PacketSet accepts = packets_.predicate(unknown_policy(chain), chain.policy ? chain.policy->span : chain.span);
  return s.overlay(s.restrict(s.constant(outcome_accept), accepts), s.constant(outcome_drop));
}

PacketSet ChainSets::unasked() {
  Space& s = space();
  PacketSet out = s.nothing();
  for (State state : {State::established, State::related})
    if (ruleset_.pipeline.passes_unasked(state))
      out = s.unite(out, s.test(Dimension::state, IntervalSet::of(static_cast<unsigned>(state))));
  return out;
}

PacketSet ChainSets::decision(const Stage& stage) {
  Space& s = space();
  if (auto known = decision_.find(stage.chain); known != decision_.end()) return known->second;
  PacketSet ended = summary(stage.chain), policy = policy_decision(ruleset_.chains[stage.chain]), out = policy;
  for (std::uint32_t v : s.values_of(ended)) {
    std::uint32_t outcome = outcome_of(v);
    if (v == 0 || (outcome != outcome_proceed && outcome != outcome_return)) continue;
    PacketSet left = s.where(ended, v);
    out = s.overlay(s.restrict(s.relabel(policy, [&](std::uint32_t p) { return p | effect_of(v) << effect_shift; }), left), out);
    ended = s.minus(ended, left);
  }
  ended = s.relabel(ended, [](std::uint32_t v) { return outcome_of(v) == outcome_reject ? v - outcome_reject + outcome_drop : v; });
  return decision_[stage.chain] = s.restrict(s.overlay(ended, out), universe_);
}

const std::vector<Space::Part>& ChainSets::decisions(const Stage& stage) {
  Space& s = space();
  if (auto known = decisions_.find(stage.chain); known != decisions_.end()) return known->second;
  PacketSet whole = decision(stage);
  // A list of many translations is told apart in one go; of most chains only what they drop is asked.
  std::vector<std::uint32_t> values = s.values_of(whole);
  std::erase(values, 0u);
  std::erase(values, std::uint32_t{outcome_accept});
  std::vector<Space::Part> parts;
  if (values.size() == 1)
    parts.push_back({values.front(), s.where(whole, values.front())});
  else if (!values.empty())
    parts = s.split(whole);
  std::erase_if(parts, [](const Space::Part& part) { return part.first == outcome_accept; });
  return decisions_[stage.chain] = std::move(parts);
}

const ChainSets::Segment& ChainSets::segment(std::size_t chain, std::size_t node, std::size_t begin, std::size_t end) {
  auto& tree = segments_[chain];
  if (tree.size() <= node) tree.resize(std::max(node + 1, 4 * ruleset_.chains[chain].rules.size()));
  if (tree[node].known) return tree[node];
  Space& s = space();
  Segment made;
  if (end - begin == 1) {
    made.decision = rule_decision(chain, begin);
    ActionKind does = kind(chain, begin);
    bool always = does != ActionKind::proceed && does != ActionKind::untrack && does != ActionKind::unknown && !calls(does);
    made.matched = always ? made.decision : match(chain, begin);
  } else {
    std::size_t middle = begin + (end - begin) / 2;
    Segment first = segment(chain, 2 * node, begin, middle);
    const Segment& second = segment(chain, 2 * node + 1, middle, end);
    made.decision = s.overlay(first.decision, second.decision);
    bool always = first.matched == first.decision && second.matched == second.decision;
    made.matched = always ? made.decision : s.overlay(first.matched, second.matched);
  }
  made.known = true;
  return segments_[chain][node] = made;
}

bool ChainSets::each_run(std::size_t chain, std::size_t first, std::size_t last, const std::function<bool(PacketSet)>& visit) {
  auto below = [&](auto& self, std::size_t node, std::size_t begin, std::size_t end) -> bool {
    if (end <= first || begin >= last) return true;
    if (begin >= first && end <= last) return visit(segment(chain, node, begin, end).decision);
    std::size_t middle = begin + (end - begin) / 2;
    return self(self, 2 * node, begin, middle) && self(self, 2 * node + 1, middle, end);
  };
  return below(below, 1, 0, ruleset_.chains[chain].rules.size());
}

// Runs that match nothing of what came are passed over, however many rules they have.
void ChainSets::meet_segment(std::size_t chain, std::size_t node, std::size_t begin, std::size_t end, PacketSet came,
                             std::uint32_t effect, Way& way) {
  Space& s = space();
  if (way.accepting && accepting_[chain][begin] == accepting_[chain][end]) return;
  if (s.disjoint(came, effects_.before(segment(chain, node, begin, end).matched, effect))) return;
  if (end - begin > 1) {
    std::size_t middle = begin + (end - begin) / 2;
    meet_segment(chain, 2 * node, begin, middle, came, effect, way);
    meet_segment(chain, 2 * node + 1, middle, end, came, effect, way);
    return;
  }
  const Chain& c = ruleset_.chains[chain];
  PacketSet reached = effects_.before(reaching(chain, begin), effect);
  if (s.disjoint(reached, came)) return;
  way.meet({&c, &c.rules[begin]}, reached, came);
  if (!calls(kind(chain, begin))) return;
  reached = s.intersect(reached, came);
  PacketSet changed = effects_.before(effect_before(chain, begin), effect);
  for (std::uint32_t since : s.values_of(changed)) {
    PacketSet some = s.intersect(reached, s.where(changed, since));
    if (some.empty()) continue;
    PacketSet& target = way.entry[targets_[chain][begin]].try_emplace(effects_.compose(effect, since), s.nothing()).first->second;
    target = s.unite(target, some);
  }
}

// What each rule gets is found once, of all packets: what ties the dimensions of those that come to each other, and to predicates,
// would multiply every set on the way through the rules. Each rule's share is then cut with those that came.
std::vector<PacketSet> ChainSets::send(const Stage& stage, PacketSet entering, const Meet& meet) {
  return send(stage, entering, meet, false);
}

std::vector<PacketSet> ChainSets::send(const Stage& stage, PacketSet entering, const Meet& meet, bool accepting) {
  Space& s = space();
  Way way{std::vector<Travellers>(ruleset_.chains.size()), meet, accepting};
  std::vector<PacketSet> entered(ruleset_.chains.size(), s.nothing());
  way.entry[stage.chain].emplace(0, entering);
  for (std::size_t c : callers_first_) {
    const Chain& chain = ruleset_.chains[c];
    for (auto [effect, packets] : way.entry[c]) {
      entered[c] = s.unite(entered[c], effects_.after(packets, effect));
      if (!packets.empty() && !chain.rules.empty()) meet_segment(c, 1, 0, chain.rules.size(), packets, effect, way);
    }
    if (c != stage.chain) continue;
    PacketSet comes_back = s.relabel(
        summary(c), [](std::uint32_t v) { return outcome_of(v) == outcome_proceed || outcome_of(v) == outcome_return ? 1u : 0u; });
    if (!s.disjoint(entering, comes_back)) meet({&chain, nullptr}, comes_back, entering);
  }
  return entered;
}

void ChainSets::find_takers(std::size_t chain, std::size_t node, std::size_t begin, std::size_t end,
                            std::pair<std::size_t, std::size_t> rules, PacketSet wanted, std::size_t limit,
                            std::vector<Taker>& out) {
  if (begin >= rules.second || end <= rules.first || out.size() == limit) return;
  PacketSet takes = space().intersect(wanted, segment(chain, node, begin, end).decision);
  if (takes.empty()) return;
  if (end - begin > 1) {
    std::size_t middle = begin + (end - begin) / 2;
    find_takers(chain, 2 * node, begin, middle, rules, takes, limit, out);
    find_takers(chain, 2 * node + 1, middle, end, rules, takes, limit, out);
    return;
  }
  out.push_back({{&ruleset_.chains[chain], &ruleset_.chains[chain].rules[begin]}, takes});
}

std::vector<ChainSets::Taker> ChainSets::takers(std::size_t chain, std::size_t first, std::size_t last, PacketSet wanted,
                                                std::size_t limit) {
  std::vector<Taker> out;
  find_takers(chain, 1, 0, ruleset_.chains[chain].rules.size(), {first, last}, wanted, limit, out);
  return out;
}

std::vector<ChainSets::Decided> ChainSets::decide(const Stage& stage, PacketSet entering) { return decide(stage, entering, false); }

std::vector<ChainSets::Decided> ChainSets::acceptors(const Stage& stage, PacketSet entering) {
  std::vector<Decided> out = decide(stage, entering, true);
  std::erase_if(out, [](const Decided& d) { return !d.accepted; });
  return out;
}

std::vector<ChainSets::Decided> ChainSets::decide(const Stage& stage, PacketSet entering, bool accepting) {
  Space& s = space();
  std::vector<Decided> out;
  auto add = [&](RuleRef by, bool accepted, PacketSet packets) {
    if (!packets.empty()) out.push_back({by, accepted, packets});
  };
  Meet meet = [&](RuleRef at, PacketSet matched, PacketSet came) {
    auto hit = [&] { return s.intersect(matched, came); };
    if (!at.rule) {
      PacketSet policy = policy_decision(*at.chain);
      add(at, true, s.intersect(hit(), s.where(policy, outcome_accept)));
      add(at, false, s.intersect(hit(), s.where(policy, outcome_drop)));
      return;
    }
    std::size_t c = at.chain_index(ruleset_);
    switch (kind(c, at.rule_index())) {
      case ActionKind::accept:
      case ActionKind::translate_source:
      case ActionKind::translate_destination:
        add(at, true, hit());
        break;
      case ActionKind::drop:
      case ActionKind::reject:
        if (!accepting) add(at, false, hit());
        break;
      case ActionKind::unknown:
        add(at, true, s.intersect(hit(), unknown_accepts(*at.rule)));
        add(at, false, s.intersect(hit(), unknown_drops(*at.rule)));
        break;
      default:
        break;
    }
  };
  send(stage, entering, meet, accepting);
  std::stable_sort(out.begin(), out.end(), [](const Decided& a, const Decided& b) {
    return std::pair(a.by.span(), a.accepted) < std::pair(b.by.span(), b.accepted);
  });
  // A rule met by packets of several effects is one decision.
  std::size_t kept = 0;
  for (const Decided& d : out)
    if (kept > 0 && out[kept - 1].by == d.by && out[kept - 1].accepted == d.accepted)
      out[kept - 1].packets = s.unite(out[kept - 1].packets, d.packets);
    else
      out[kept++] = d;
  out.resize(kept);
  return out;
}

}  // namespace ipo
