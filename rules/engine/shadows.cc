// All packets a hook can see are sent through its base chains; a rule whose chain is entered and whose match is not empty,
// yet which no packet reaches and matches on any of the ways, is shadowed. Who covers it is asked only then.
#include "rules/engine/shadows.h"

#include <algorithm>
#include <unordered_set>

namespace ipo {
namespace {

constexpr std::size_t cover_limit = 5;

// What a hook's packets have of interfaces: none on the side where the machine itself stands.
PacketSet hook_packets(ChainSets& chains, Hook hook) {
  Space& s = chains.space();
  IntervalSet some = chains.packets().interfaces.all(), none = IntervalSet::of(0);
  bool has_in = hook == Hook::prerouting || hook == Hook::input || hook == Hook::forward;
  bool has_out = hook == Hook::forward || hook == Hook::output || hook == Hook::postrouting;
  PacketSet set = s.intersect(chains.universe(), s.test(Dimension::in, has_in ? some : none));
  // POSTROUTING sees forwarded and local packets; OUTPUT's `in` is none, but rules cannot ask for it there.
  if (hook == Hook::postrouting) set = s.intersect(chains.universe(), s.test(Dimension::in, some.united(none)));
  return s.intersect(set, s.test(Dimension::out, has_out ? some : none));
}

}  // namespace

std::vector<Shadow> find_shadows(ChainSets& chains) {
  Space& s = chains.space();
  const Ruleset& ruleset = chains.ruleset();
  std::vector<PacketSet> entered(ruleset.chains.size(), s.nothing());
  std::unordered_set<const Rule*> used;
  for (const BaseChain& base : ruleset.base_chains) {
    std::vector<PacketSet> entry = chains.send(base, hook_packets(chains, base.hook), [&](RuleRef at, PacketSet) {
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
      Shadow shadow{{&chain, &chain.rules[r]}, chains.takers(c, r, matched, cover_limit + 1), false};
      shadow.more = shadow.covered_by.size() > cover_limit;
      if (shadow.more) shadow.covered_by.pop_back();
      out.push_back(std::move(shadow));
    }
  }
  return out;
}

}  // namespace ipo
