// Which packets a firewall lets through at a hook, after which translation: its base chains composed.
#pragma once

#include <vector>

#include "rules/engine/chains.h"

namespace ipo {

// Packets that take the same way: the same translation, tracked or not.
struct Flow {
  RuleRef translation;      // rule null = not translated
  bool untracked = false;
  PacketSet accepted;       // as they arrive; a function of the predicates
  PacketSet proven;         // as the last filter sees them: accepted whatever is undecidable (filled in by Exposure)
  PacketSet arrived;        // as they arrive, those the last filter chain judges
  // The same as the last filter chain sees them, and who accepts them there.
  PacketSet seen;
  std::vector<ChainSets::Decided> decided;
};

class Reach {
 public:
  explicit Reach(ChainSets& chains) : chains_(chains) {}

  // The flows of `arriving` (packets as they enter at PREROUTING, or at OUTPUT) through the base chains of the hook, up to
  // and including filter. A packet translated by REDIRECT goes to input only.
  std::vector<Flow> flows(Hook hook, PacketSet arriving);

  // The packets, as they arrive, that belong to `seen` after the flow's translation.
  PacketSet before(PacketSet seen, const Flow& flow);
  // Those of `arrived` whose translation is certain: not picked from a range of addresses or ports.
  PacketSet exact(PacketSet arrived, const Flow& flow);
  // The packets as they look after the flow's translation.
  PacketSet after(PacketSet arrived, const Flow& flow);

  // The base chain whose accept is the last word at a hook; null where the ruleset has no such chain.
  const BaseChain* last_filter(Hook hook) const;

 private:
  std::pair<PacketSet, PacketSet> unchanged(const Flow& flow);
  PacketSet undone(PacketSet seen, const Flow& flow);
  PacketSet pick_predicate(const Flow& flow, const char* what);

  ChainSets& chains_;
};

}  // namespace ipo
