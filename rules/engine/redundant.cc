// Which packets reach a rule is what sending all of a hook's tells. Whether the rules behind it decide as it does is asked of one of
// its packets first, which nearly always says no; only then of all of them, run by run.
#include "rules/engine/redundant.h"

#include <algorithm>
#include <optional>

#include "rules/engine/shadows.h"

namespace ipo {
namespace {

constexpr std::size_t shown_limit = 5;

// What a rule of that kind decides, of those that end a packet's way.
std::optional<std::uint32_t> ending(ActionKind kind) {
  if (kind == ActionKind::accept) return outcome_accept;
  if (kind == ActionKind::drop) return outcome_drop;
  if (kind == ActionKind::reject) return outcome_reject;
  return {};
}

// Chains that change marks, and all they call.
std::vector<bool> marked_chains(const ChainSets& chains) {
  std::vector<bool> out(chains.ruleset().chains.size());
  std::vector<std::size_t> todo;
  for (std::size_t c = 0; c < out.size(); ++c)
    if (chains.changes(c)) todo.push_back(c);
  while (!todo.empty()) {
    std::size_t c = todo.back();
    todo.pop_back();
    if (out[c]) continue;
    out[c] = true;
    for (std::size_t r = 0; r < chains.ruleset().chains[c].rules.size(); ++r)
      if (calls(chains.kind(c, r))) todo.push_back(chains.target(c, r));
  }
  return out;
}

// Per chain and rule, the packets that reach and match it.
std::vector<std::vector<PacketSet>> packets_met(ChainSets& chains) {
  const Ruleset& ruleset = chains.ruleset();
  Space& s = chains.space();
  std::vector<std::vector<PacketSet>> met;
  for (const Chain& chain : ruleset.chains) met.emplace_back(chain.rules.size(), s.nothing());
  for (const Stage& stage : ruleset.pipeline.stages) {
    if (stage.kind == Stage::Kind::translate_source) continue;  // there accepting and translating the source are two things
    chains.send(stage, hook_packets(chains, stage.where), [&](RuleRef at, PacketSet matched, PacketSet came) {
      if (!at.rule || !ending(at.rule->action.kind)) return;
      PacketSet& of = met[at.chain_index(ruleset)][at.rule_index()];
      of = s.unite(of, s.intersect(matched, came));
    });
  }
  return met;
}

// Whether the rules of a chain from `first` on decide so for all of the packets.
bool all_decided(ChainSets& chains, std::size_t chain, std::size_t first, PacketSet packets, std::uint32_t outcome) {
  Space& s = chains.space();
  std::size_t count = chains.ruleset().chains[chain].rules.size();
  if (first == count) return false;
  std::vector<std::uint32_t> holding;
  std::vector<u128> one = s.pick(packets, &holding);
  std::vector<bool> predicates(holding.empty() ? 0 : holding.back() + 1);
  for (std::uint32_t n : holding) predicates[n] = true;
  std::uint32_t decided = 0;
  chains.each_run(chain, first, count, [&](PacketSet run) { return (decided = s.at(run, one, predicates)) == 0; });
  if (decided != outcome) return false;
  bool alike = chains.each_run(chain, first, count, [&](PacketSet run) {
    PacketSet here = s.restrict(run, packets);
    packets = s.minus(packets, here);
    return s.subset(here, s.where(here, outcome));
  });
  return alike && packets.empty();
}

// The rules of each chain, in order, that do something beside deciding, or call a chain with such a rule.
class Traces {
 public:
  explicit Traces(const ChainSets& chains) : chains_(chains), known_(chains.ruleset().chains.size()) {}

  // Calls never loop: ChainSets takes a jump that would for unknown.
  const std::vector<std::size_t>& of(std::size_t chain) {
    std::optional<std::vector<std::size_t>>& known = known_[chain];
    if (known) return *known;
    std::vector<std::size_t> found;
    for (std::size_t r = 0; r < chains_.ruleset().chains[chain].rules.size(); ++r)
      if (leaves(chain, r)) found.push_back(r);
    return *(known_[chain] = std::move(found));
  }

 private:
  bool leaves(std::size_t chain, std::size_t r) {
    const Rule& rule = chains_.ruleset().chains[chain].rules[r];
    ActionKind kind = chains_.kind(chain, r);
    bool found = kind == ActionKind::proceed || kind == ActionKind::untrack || kind == ActionKind::unknown ||
                 !rule.action.set_changes.empty();
    for (const Condition& condition : rule.conditions)
      each_test<OpaqueTest>(condition, [&](const OpaqueTest& test) { found = found || test.stateful; });
    return found || (calls(kind) && !of(chains_.target(chain, r)).empty());
  }

  const ChainSets& chains_;
  std::vector<std::optional<std::vector<std::size_t>>> known_;
};

}  // namespace

std::vector<Redundant> find_redundant(ChainSets& chains) {
  const Ruleset& ruleset = chains.ruleset();
  Space& s = chains.space();
  std::vector<bool> marked = marked_chains(chains);
  std::vector<std::vector<PacketSet>> met = packets_met(chains);
  Traces traces(chains);
  std::vector<Redundant> out;
  for (std::size_t c = 0; c < ruleset.chains.size(); ++c)
    for (std::size_t r = 0, count = met[c].size(); r < count && !marked[c]; ++r) {
      PacketSet left = met[c][r];
      if (left.empty() || !all_decided(chains, c, r + 1, left, *ending(chains.kind(c, r)))) continue;
      Redundant found{{&ruleset.chains[c], &ruleset.chains[c].rules[r]}, {}, false, false};
      std::size_t next = r + 1;
      const std::vector<std::size_t>& leaving = traces.of(c);
      auto trace = std::lower_bound(leaving.begin(), leaving.end(), next);
      while (!left.empty() && !found.more) {
        ChainSets::Taker taker = chains.takers(c, next, count, left, 1).front();
        next = static_cast<std::size_t>(taker.rule.rule - ruleset.chains[c].rules.data()) + 1;
        for (; !found.noticed && trace != leaving.end() && *trace < next; ++trace)
          found.noticed = !s.disjoint(left, chains.match(c, *trace));
        if (found.decided_by.size() == shown_limit) {
          found.more = true;
        } else {
          found.decided_by.push_back(taker.rule);
          left = s.minus(left, taker.takes);
        }
      }
      out.push_back(std::move(found));
    }
  return out;
}

}  // namespace ipo
