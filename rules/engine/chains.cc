// A rule list is folded as a balanced tree: a segment is the function "what the first matching rule decides", and two
// segments compose by overlay. Chains are folded after the chains they call. Per-rule questions send a set through the
// chains once, callers before callees, so that shared chains cost one visit however many ways lead to them.
#include "rules/engine/chains.h"

#include <algorithm>
#include <unordered_map>

namespace ipo {
namespace {

constexpr int nesting_limit = 256;  // jumps inside jumps; the kernel's own limit is of this order

std::vector<InterfaceTest> interfaces_of(const std::vector<const Firewall*>& firewalls, std::vector<InterfaceTest> named) {
  for (const Firewall* firewall : firewalls)
    for (const Ruleset& ruleset : firewall->rulesets)
      for (const Chain& chain : ruleset.chains)
        for (const Rule& rule : chain.rules)
          for (const Condition& condition : rule.conditions)
            each_test<InterfaceTest>(condition, [&](const InterfaceTest& test) { named.push_back(test); });
  return named;
}

}  // namespace

OpaqueTest unknown_verdict(const Rule& rule, bool accepts) {
  return {(rule.action.name.empty() ? "this rule" : "-j " + rule.action.name) + (accepts ? " accepts" : " drops"),
          rule.reason.empty() ? "what this rule does is not known" : rule.reason, true};
}

OpaqueTest unknown_policy(const Chain& chain) {
  return {"policy of " + chain.table + "/" + chain.name + " accepts", "the policy of this chain is not in the file", true};
}

// ---- predicates and conditions ----------------------------------------------------------------------------------

PacketSpace::PacketSpace(const Firewall& firewall, const std::vector<InterfaceTest>& named, std::size_t edge_budget)
    : PacketSpace(std::vector{&firewall}, named, edge_budget) {}

PacketSpace::PacketSpace(const std::vector<const Firewall*>& firewalls, const std::vector<InterfaceTest>& named,
                         std::size_t edge_budget)
    : space(edge_budget), interfaces(interfaces_of(firewalls, named)) {
  for (std::uint32_t number = 0; number < firewalls.size(); ++number)
    for (const Ruleset& ruleset : firewalls[number]->rulesets) {
      machines_.emplace(ruleset.span.source, number);
      for (const Chain& chain : ruleset.chains)
        for (const Rule& rule : chain.rules) machines_.emplace(rule.span.source, number);
    }
}

PacketSpace::Key PacketSpace::key_of(const OpaqueTest& test, SourceSpan place) const {
  if (test.stateful) return {test.predicate, place};
  auto machine = machines_.find(place.source);
  return {test.predicate, SourceSpan{machine == machines_.end() ? 0 : machine->second, 0, 0}};
}

PacketSet PacketSpace::predicate(const OpaqueTest& test, SourceSpan place) {
  auto [it, added] = numbers_.try_emplace(key_of(test, place), static_cast<std::uint32_t>(predicates_.size()));
  if (added) predicates_.push_back({test.predicate, test.reason, place});
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
  if (auto* opaque = std::get_if<OpaqueTest>(&test)) return predicate(*opaque, place);
  const auto& all = std::get<AllOf>(test);
  PacketSet out = space.constant(1);
  for (const OpaqueTest& t : all.opaque) out = space.intersect(out, predicate(t, place));
  for (const FieldTest& t : all.fields) out = space.intersect(out, of_field(t));
  for (const InterfaceTest& t : all.interfaces) out = space.intersect(out, of_interface(t));
  return out;
}

PacketSet PacketSpace::condition(const Condition& condition) {
  // United in pairs, pairs of pairs ...: a set with many members is one condition.
  std::vector<PacketSet> any;
  for (const Test& test : condition.any_of) any.push_back(of_test(test, condition.span));
  for (; any.size() > 1; any.resize((any.size() + 1) / 2))
    for (std::size_t i = 0; i < any.size(); i += 2) any[i / 2] = i + 1 < any.size() ? space.unite(any[i], any[i + 1]) : any[i];
  PacketSet holds = any.empty() ? space.nothing() : any.front();
  return condition.negated ? space.minus(space.constant(1), holds) : holds;
}

// ---- chains -----------------------------------------------------------------------------------------------------

ChainSets::ChainSets(PacketSpace& packets, const Ruleset& ruleset)
    : packets_(packets), ruleset_(ruleset), universe_(packets.space.universe(ruleset.family)) {
  const auto& chains = ruleset.chains;
  std::unordered_map<std::string, std::size_t> index;
  for (std::size_t c = 0; c < chains.size(); ++c) index.emplace(chains[c].table + '\0' + chains[c].name, c);
  for (const Chain& chain : chains) {
    auto& kinds = kinds_.emplace_back();
    auto& targets = targets_.emplace_back();
    for (const Rule& rule : chain.rules) {
      ActionKind kind = rule.action.kind;
      std::size_t target = 0;
      if (kind == ActionKind::jump || kind == ActionKind::go_to) {
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
  }
  for (auto& summaries : summaries_) summaries.resize(chains.size());
  segments_.resize(chains.size());
  std::vector<int> height(chains.size(), -1);
  for (std::size_t c = 0; c < chains.size(); ++c) nesting(c, height, 0);
  std::reverse(callers_first_.begin(), callers_first_.end());
}

// Height of the jumps below a chain; -2 marks a chain being visited, a jump back to which would loop.
int ChainSets::nesting(std::size_t chain, std::vector<int>& height, int depth) {
  if (height[chain] != -1) return height[chain];
  if (depth > 2 * nesting_limit) return -2;
  height[chain] = -2;
  int below = 0;
  for (std::size_t r = 0; r < kinds_[chain].size(); ++r) {
    ActionKind& kind = kinds_[chain][r];
    if (kind != ActionKind::jump && kind != ActionKind::go_to) continue;
    int h = nesting(targets_[chain][r], height, depth + 1);
    if (h == -2 || h + 1 > nesting_limit)
      kind = ActionKind::unknown;
    else
      below = std::max(below, h + 1);
  }
  callers_first_.push_back(chain);
  return height[chain] = below;
}

PacketSet ChainSets::match(std::size_t chain, std::size_t rule) {
  auto& memo = matches_[chain][rule];
  if (!memo) {
    // Predicates first, fields last: the diagram's order is the other way round, so each step meets a small set.
    PacketSet set = universe_;
    for (const Condition& condition : ruleset_.chains[chain].rules[rule].conditions)
      set = space().intersect(set, packets_.condition(condition));
    memo = set;
  }
  return *memo;
}

PacketSet ChainSets::unknown_accepts(const Rule& rule) {
  return packets_.predicate(unknown_verdict(rule, true), rule.span);
}

PacketSet ChainSets::unknown_drops(const Rule& rule) {
  return space().minus(packets_.predicate(unknown_verdict(rule, false), rule.span), unknown_accepts(rule));
}

PacketSet ChainSets::rule_decision(std::size_t chain, std::size_t r, View view) {
  const Rule& rule = ruleset_.chains[chain].rules[r];
  Space& s = space();
  auto decide = [&](std::uint32_t outcome) { return s.restrict(s.constant(outcome), match(chain, r)); };
  switch (kind(chain, r)) {
    case ActionKind::accept: return decide(outcome_accept);
    case ActionKind::drop:
    case ActionKind::reject: return decide(outcome_drop);
    case ActionKind::return_: return decide(outcome_return);
    case ActionKind::proceed: return s.nothing();
    case ActionKind::untrack: return view == View::untrack ? decide(outcome_untrack) : s.nothing();
    case ActionKind::translate_source: return decide(outcome_accept);
    case ActionKind::translate_destination: {
      translations_.push_back({&ruleset_.chains[chain], &rule});
      return decide(first_translation + static_cast<std::uint32_t>(translations_.size() - 1));
    }
    case ActionKind::unknown: {
      PacketSet verdict = s.overlay(s.restrict(s.constant(outcome_accept), unknown_accepts(rule)),
                                    s.restrict(s.constant(outcome_drop), unknown_drops(rule)));
      return s.restrict(verdict, match(chain, r));
    }
    case ActionKind::jump: {
      PacketSet called = s.relabel(summary(targets_[chain][r], view),
                                   [](std::uint32_t v) { return v == outcome_return ? outcome_proceed : v; });
      return s.restrict(called, match(chain, r));
    }
    case ActionKind::go_to: {
      PacketSet called = s.relabel(summary(targets_[chain][r], view),
                                   [](std::uint32_t v) { return v == outcome_proceed ? outcome_return : v; });
      return s.restrict(called, match(chain, r));
    }
  }
  return s.nothing();
}

PacketSet ChainSets::fold(std::size_t chain, std::size_t begin, std::size_t end, View view) {
  if (begin == end) return space().nothing();
  if (end - begin == 1) return rule_decision(chain, begin, view);
  std::size_t middle = begin + (end - begin) / 2;
  PacketSet first = fold(chain, begin, middle, view);
  return space().overlay(first, fold(chain, middle, end, view));
}

PacketSet ChainSets::summary(std::size_t chain, View view) {
  auto& memo = summaries_[static_cast<int>(view)][chain];
  if (!memo) {
    std::size_t count = ruleset_.chains[chain].rules.size();
    PacketSet folded = count == 0                ? space().nothing()
                       : view == View::outcome ? segment(chain, 1, 0, count).decision
                                               : fold(chain, 0, count, view);
    summaries_[static_cast<int>(view)][chain] = folded;
    return folded;
  }
  return *memo;
}

PacketSet ChainSets::policy_decision(const Chain& chain) {
  Space& s = space();
  ActionKind policy = chain.policy ? chain.policy->value : ActionKind::unknown;
  if (policy == ActionKind::accept) return s.constant(outcome_accept);
  if (policy == ActionKind::drop || policy == ActionKind::reject) return s.constant(outcome_drop);
  PacketSet accepts = packets_.predicate(unknown_policy(chain), chain.policy ? chain.policy->span : chain.span);
  return s.overlay(s.restrict(s.constant(outcome_accept), accepts), s.constant(outcome_drop));
}

PacketSet ChainSets::decision(const BaseChain& base) {
  Space& s = space();
  PacketSet ended = s.relabel(summary(base.chain, View::outcome),
                              [](std::uint32_t v) { return v == outcome_return ? outcome_proceed : v; });
  return s.restrict(s.overlay(ended, policy_decision(ruleset_.chains[base.chain])), universe_);
}

PacketSet ChainSets::untracked(const BaseChain& base) {
  return space().where(summary(base.chain, View::untrack), outcome_untrack);
}

const ChainSets::Segment& ChainSets::segment(std::size_t chain, std::size_t node, std::size_t begin, std::size_t end) {
  auto& tree = segments_[chain];
  if (tree.size() <= node) tree.resize(std::max(node + 1, 4 * ruleset_.chains[chain].rules.size()));
  if (tree[node].known) return tree[node];
  Space& s = space();
  Segment made;
  if (end - begin == 1) {
    made.decision = rule_decision(chain, begin, View::outcome);
    made.matched = match(chain, begin);
    made.takes = s.relabel(made.decision, [](std::uint32_t v) { return v == outcome_proceed ? 0u : 1u; });
  } else {
    std::size_t middle = begin + (end - begin) / 2;
    Segment first = segment(chain, 2 * node, begin, middle);
    const Segment& second = segment(chain, 2 * node + 1, middle, end);
    made.decision = s.overlay(first.decision, second.decision);
    made.matched = s.unite(first.matched, second.matched);
    made.takes = s.unite(first.takes, second.takes);
  }
  made.known = true;
  return segments_[chain][node] = made;
}

// Narrowing the packets to what a run of rules can match keeps every set as small as the run, however large the chain.
void ChainSets::meet_segment(std::size_t chain, std::size_t node, std::size_t begin, std::size_t end, PacketSet reaching,
                             std::vector<PacketSet>& entry, const Meet& meet) {
  Space& s = space();
  Segment run = segment(chain, node, begin, end);
  reaching = s.intersect(reaching, run.matched);
  if (reaching.empty()) return;
  if (end - begin > 1) {
    std::size_t middle = begin + (end - begin) / 2;
    PacketSet taken = segment(chain, 2 * node, begin, middle).takes;
    meet_segment(chain, 2 * node, begin, middle, reaching, entry, meet);
    meet_segment(chain, 2 * node + 1, middle, end, s.minus(reaching, taken), entry, meet);
    return;
  }
  const Chain& c = ruleset_.chains[chain];
  meet({&c, &c.rules[begin]}, reaching);
  if (kind(chain, begin) == ActionKind::jump || kind(chain, begin) == ActionKind::go_to) {
    PacketSet& target = entry[targets_[chain][begin]];
    target = s.unite(target, reaching);
  }
}

std::vector<PacketSet> ChainSets::send(const BaseChain& base, PacketSet entering, const Meet& meet) {
  Space& s = space();
  std::vector<PacketSet> entry(ruleset_.chains.size(), s.nothing());
  entry[base.chain] = entering;
  for (std::size_t c : callers_first_) {
    const Chain& chain = ruleset_.chains[c];
    if (!entry[c].empty() && !chain.rules.empty()) meet_segment(c, 1, 0, chain.rules.size(), entry[c], entry, meet);
    if (c != base.chain) continue;
    PacketSet comes_back = s.relabel(summary(c, View::outcome), [](std::uint32_t v) {
      return v == outcome_proceed || v == outcome_return ? 1u : 0u;
    });
    if (PacketSet left = s.intersect(entry[c], comes_back); !left.empty()) meet({&chain, nullptr}, left);
  }
  return entry;
}

void ChainSets::find_takers(std::size_t chain, std::size_t node, std::size_t begin, std::size_t end, std::size_t before,
                            PacketSet wanted, std::size_t limit, std::vector<Taker>& out) {
  if (begin >= before || out.size() == limit) return;
  PacketSet takes = space().intersect(wanted, segment(chain, node, begin, end).takes);
  if (takes.empty()) return;
  if (end - begin > 1) {
    std::size_t middle = begin + (end - begin) / 2;
    find_takers(chain, 2 * node, begin, middle, before, takes, limit, out);
    find_takers(chain, 2 * node + 1, middle, end, before, takes, limit, out);
    return;
  }
  out.push_back({{&ruleset_.chains[chain], &ruleset_.chains[chain].rules[begin]}, takes});
}

std::vector<ChainSets::Taker> ChainSets::takers(std::size_t chain, std::size_t rule, PacketSet wanted, std::size_t limit) {
  std::vector<Taker> out;
  find_takers(chain, 1, 0, ruleset_.chains[chain].rules.size(), rule, wanted, limit, out);
  return out;
}

std::vector<ChainSets::Decided> ChainSets::decide(const BaseChain& base, PacketSet entering) {
  Space& s = space();
  std::vector<Decided> out;
  auto add = [&](RuleRef by, bool accepted, PacketSet packets) {
    if (!packets.empty()) out.push_back({by, accepted, packets});
  };
  send(base, entering, [&](RuleRef at, PacketSet hit) {
    if (!at.rule) {
      PacketSet policy = policy_decision(*at.chain);
      add(at, true, s.intersect(hit, s.where(policy, outcome_accept)));
      add(at, false, s.intersect(hit, s.where(policy, outcome_drop)));
      return;
    }
    std::size_t c = static_cast<std::size_t>(at.chain - ruleset_.chains.data());
    switch (kind(c, static_cast<std::size_t>(at.rule - at.chain->rules.data()))) {
      case ActionKind::accept:
      case ActionKind::translate_source:
      case ActionKind::translate_destination: add(at, true, hit); break;
      case ActionKind::drop:
      case ActionKind::reject: add(at, false, hit); break;
      case ActionKind::unknown:
        add(at, true, s.intersect(hit, unknown_accepts(*at.rule)));
        add(at, false, s.intersect(hit, unknown_drops(*at.rule)));
        break;
      default: break;
    }
  });
  std::stable_sort(out.begin(), out.end(), [](const Decided& a, const Decided& b) { return a.by.span() < b.by.span(); });
  return out;
}

}  // namespace ipo
