// All packets a hook can see are sent through its stages; a rule whose chain is entered and whose match is not empty,
// yet which no packet reaches and matches on any of the ways, is shadowed. Who covers it is asked only then.
#include "rules/engine/shadows.h"

#include <algorithm>
#include <unordered_set>

namespace ipo {
namespace {

constexpr std::size_t cover_limit = 5;    // named in a finding
constexpr std::size_t taker_limit = 256;  // looked at for it

// The one rule that takes everything, if there is one; else rules none of which can be left out.
std::vector<RuleRef> cover_of(ChainSets& chains, PacketSet matched, std::vector<ChainSets::Taker> takers) {
  Space& s = chains.space();
  for (const ChainSets::Taker& taker : takers)
    if (taker.takes == matched) return {taker.rule};
  // What the later ones take together, so that each is tried once: from the first, kept only if it is needed.
  std::vector<PacketSet> later(takers.size() + 1, s.nothing());
  for (std::size_t i = takers.size(); i > 0; --i) later[i - 1] = s.unite(later[i], takers[i - 1].takes);
  PacketSet kept = s.nothing();
  std::vector<RuleRef> out;
  for (std::size_t i = 0; i < takers.size(); ++i) {
    if (s.subset(takers[i].takes, s.unite(kept, later[i + 1]))) continue;
    kept = s.unite(kept, takers[i].takes);
    out.push_back(takers[i].rule);
  }
  return out;
}

}  // namespace

PacketSet hook_packets(ChainSets& chains, Hook hook) {
  Space& s = chains.space();
  IntervalSet some = chains.packets().interfaces.all(), none = IntervalSet::of(0);
  bool has_in = hook == Hook::prerouting || hook == Hook::input || hook == Hook::forward;
  bool has_out = hook == Hook::forward || hook == Hook::output || hook == Hook::postrouting;
  PacketSet set = s.intersect(chains.universe(), s.test(Dimension::in, has_in ? some : none));
  // POSTROUTING sees forwarded and local packets; OUTPUT's `in` is none, but rules cannot ask for it there.
  if (hook == Hook::postrouting) set = s.intersect(chains.universe(), s.test(Dimension::in, some.united(none)));
  set = s.intersect(set, s.test(Dimension::out, has_out ? some : none));
  if (std::size_t marks = chains.ruleset().marks.size(); marks > 0)
    set = s.intersect(set, s.test(Dimension::marks, IntervalSet::range(0, marks - 1)));
  return s.minus(set, chains.unasked());
}

std::vector<Shadow> find_shadows(ChainSets& chains) {
  Space& s = chains.space();
  const Ruleset& ruleset = chains.ruleset();
  std::vector<PacketSet> entered(ruleset.chains.size(), s.nothing());
  std::unordered_set<const Rule*> used;
  for (const Stage& stage : ruleset.pipeline.stages) {
    std::vector<PacketSet> entry = chains.send(stage, hook_packets(chains, stage.where), [&](RuleRef at, PacketSet, PacketSet) {
      if (at.rule) used.insert(at.rule);
    });
    for (std::size_t c = 0; c < entry.size(); ++c) entered[c] = s.unite(entered[c], entry[c]);
  }

  std::vector<Shadow> out;
  for (std::size_t c = 0; c < ruleset.chains.size(); ++c) {
    const Chain& chain = ruleset.chains[c];
    if (entered[c].empty()) continue;
    for (std::size_t r = 0; r < chain.rules.size(); ++r) {
      if (used.contains(&chain.rules[r]) || chains.kind(c, r) == ActionKind::unknown) continue;
      PacketSet matched = s.intersect(entered[c], chains.match(c, r));
      if (matched.empty()) continue;
      std::vector<ChainSets::Taker> takers = chains.takers(c, 0, r, matched, taker_limit);
      Shadow shadow{{&chain, &chain.rules[r]}, cover_of(chains, matched, takers), takers.size() == taker_limit};
      if (shadow.covered_by.size() > cover_limit) {
        shadow.covered_by.resize(cover_limit);
        shadow.more = true;
      }
      out.push_back(std::move(shadow));
    }
  }
  return out;
}

}  // namespace ipo
