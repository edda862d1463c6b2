// Each chain is halved down to its rules. Beside the packets that reach a run of rules goes what the rest of the chain would
// decide of them, and what becomes of packets that leave the chain; a rule is needed where the two answers, with it and
// without it, differ for some packet. A chain that one base chain calls from several places is left out, for its rule would
// be missing on the second visit too.
#include "rules/engine/redundant.h"

#include <algorithm>
#include <optional>

#include "rules/engine/shadows.h"

namespace ipo {
namespace {

constexpr std::size_t shown_limit = 5;

struct Walk {
  ChainSets& chains;
  Space& s;
  std::vector<std::vector<PacketSet>> met;      // per rule: packets that reach and match it
  std::vector<std::vector<bool>> needed;
  std::vector<int> times_called;  // of each chain, under the base chain being walked
  std::vector<bool> given_up;
  std::vector<bool> returns;  // of each chain: some rule may end it before its end

  explicit Walk(ChainSets& all) : chains(all), s(all.space()) {
    for (const Chain& chain : chains.ruleset().chains) {
      met.emplace_back(chain.rules.size(), s.nothing());
      needed.emplace_back(chain.rules.size());
      std::size_t c = returns.size();
      bool some = false;
      for (std::size_t r = 0; r < chain.rules.size(); ++r) {
        ActionKind kind = chains.kind(c, r);
        some = some || kind == ActionKind::return_ || kind == ActionKind::go_to;
      }
      returns.push_back(some);
    }
    given_up.resize(met.size());
  }

  // What becomes of packets: as `decides` says, where it says nothing as `after` does; what returns goes the way of `leaving`.
  PacketSet ended(std::size_t chain, PacketSet decides, PacketSet after, PacketSet leaving) {
    if (!returns[chain]) return s.overlay(decides, after);
    PacketSet back = s.restrict(leaving, s.where(decides, outcome_return));
    PacketSet rest = s.relabel(decides, [](std::uint32_t v) { return v == outcome_return ? outcome_proceed : v; });
    return s.overlay(rest, s.overlay(back, after));
  }

  void give_up(std::size_t chain) {
    std::vector<std::size_t> todo = {chain};
    while (!todo.empty()) {
      std::size_t c = todo.back();
      todo.pop_back();
      if (given_up[c]) continue;
      given_up[c] = true;
      for (std::size_t r = 0; r < met[c].size(); ++r)
        if (ActionKind kind = chains.kind(c, r); calls(kind)) todo.push_back(chains.target(c, r));
    }
  }

  void count_calls(std::size_t base) {
    times_called.assign(met.size(), 0);
    std::vector<std::size_t> todo = {base};
    while (!todo.empty()) {
      std::size_t c = todo.back();
      todo.pop_back();
      for (std::size_t r = 0; r < met[c].size(); ++r)
        if (ActionKind kind = chains.kind(c, r); calls(kind))
          if (times_called[chains.target(c, r)]++ == 0) todo.push_back(chains.target(c, r));
    }
  }

  void visit(std::size_t chain, PacketSet entering, PacketSet leaving) {
    if (given_up[chain] || met[chain].empty() || entering.empty()) return;
    if (chains.changes(chain) || times_called[chain] > 1) return give_up(chain);
    run(chain, 1, 0, met[chain].size(), entering, leaving, leaving);
  }

  // `after`: what becomes of packets the run does not decide; `leaving`: of those that return.
  void run(std::size_t chain, std::size_t node, std::size_t begin, std::size_t end, PacketSet reaching, PacketSet after, PacketSet leaving) {
    ChainSets::Segment segment = chains.segment(chain, node, begin, end);
    reaching = s.intersect(reaching, segment.matched);
    if (reaching.empty()) return;
    after = s.restrict(after, reaching);
    if (returns[chain]) leaving = s.restrict(leaving, reaching);
    if (end - begin > 1) {
      std::size_t middle = begin + (end - begin) / 2;
      ChainSets::Segment first = chains.segment(chain, 2 * node, begin, middle);
      PacketSet then = chains.segment(chain, 2 * node + 1, middle, end).decision;
      run(chain, 2 * node, begin, middle, reaching, ended(chain, s.restrict(then, reaching), after, leaving), leaving);
      run(chain, 2 * node + 1, middle, end, s.minus(reaching, first.decision), after, leaving);
      return;
    }
    met[chain][begin] = s.unite(met[chain][begin], reaching);
    if (ended(chain, s.restrict(segment.decision, reaching), after, leaving) != after) needed[chain][begin] = true;
    ActionKind kind = chains.kind(chain, begin);
    if (kind == ActionKind::jump) visit(chains.target(chain, begin), reaching, after);
    if (kind == ActionKind::go_to) visit(chains.target(chain, begin), reaching, leaving);
  }
};

bool decides(ActionKind kind) {
  return kind == ActionKind::accept || kind == ActionKind::drop || kind == ActionKind::reject || kind == ActionKind::return_ ||
         calls(kind);
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
    bool found = kind == ActionKind::proceed || kind == ActionKind::untrack || kind == ActionKind::unknown || !rule.action.set_changes.empty();
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
  Walk walk(chains);
  for (const BaseChain& base : ruleset.base_chains) {
    if (base.nat && base.priority > 0) continue;  // there accepting and translating the source are two things
    walk.count_calls(base.chain);
    walk.visit(base.chain, hook_packets(chains, base.hook), chains.policy_decision(ruleset.chains[base.chain]));
  }
  Traces traces(chains);
  std::vector<Redundant> out;
  for (std::size_t c = 0; c < ruleset.chains.size(); ++c)
    for (std::size_t r = 0; r < ruleset.chains[c].rules.size(); ++r) {
      if (walk.given_up[c] || walk.needed[c][r] || walk.met[c][r].empty() || !decides(chains.kind(c, r))) continue;
      Redundant found{{&ruleset.chains[c], &ruleset.chains[c].rules[r]}, {}, false, false, false};
      PacketSet left = walk.met[c][r];
      std::size_t next = r + 1, count = ruleset.chains[c].rules.size();
      const std::vector<std::size_t>& leaving = traces.of(c);
      auto trace = std::lower_bound(leaving.begin(), leaving.end(), next);
      while (next < count && !left.empty() && !found.more) {
        std::vector<ChainSets::Taker> taker = chains.takers(c, next, count, left, 1);
        next = taker.empty() ? count : static_cast<std::size_t>(taker[0].rule.rule - ruleset.chains[c].rules.data()) + 1;
        for (; !found.noticed && trace != leaving.end() && *trace < next; ++trace)
          found.noticed = !walk.s.disjoint(left, chains.match(c, *trace));
        if (taker.empty()) continue;
        if (found.decided_by.size() == shown_limit) {
          found.more = true;
        } else {
          found.decided_by.push_back(taker[0].rule);
          left = walk.s.minus(left, taker[0].takes);
        }
      }
      found.rest = !left.empty();
      out.push_back(std::move(found));
    }
  return out;
}

}  // namespace ipo
