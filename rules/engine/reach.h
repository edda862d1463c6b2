// Which packets a firewall lets through at a hook, after which translation: its base chains composed.
#pragma once

#include <vector>

#include "rules/engine/chains.h"

namespace ipo {

// A range of values, and where the first of them is moved to.
struct Piece {
  Interval from;
  u128 to = 0;
};

// Packets that take the same way: the same translation, the same effect of rules on tracking and marks.
struct Flow {
  RuleRef translation;  // rule null = not translated
  // Where the translation moves ranges of destinations or ports as a whole (NETMAP, shifted ports): those its packets have.
  // Empty = it does not, or they are more than 256; then what it writes is any of its values.
  std::vector<Piece> address_pieces, port_pieces;
  std::uint32_t effect = 0;           // of ChainSets::effects(), as the last filter sees it
  std::uint32_t later = 0;            // what the last filter and chains after it add
  PacketSet accepted;                 // as they arrive; a function of the predicates
  PacketSet proven;                   // as the last filter sees them: accepted whatever is undecidable (filled in by Exposure)
  const BaseChain* filter = nullptr;  // the last filter chain, once it has judged the flow
  PacketSet arrived;                  // as they arrive, those it judges
  PacketSet seen;                     // the same as it sees them
};

class Reach {
 public:
  explicit Reach(ChainSets& chains) : chains_(chains) {}

  // The flows of `arriving` (packets as they enter at PREROUTING, or at OUTPUT) through the base chains of the hook, up to
  // and including filter. A packet translated by REDIRECT goes to input only.
  std::vector<Flow> flows(Hook hook, PacketSet arriving);
  // The rules of the flow's last filter chain that decide packets of `seen`, a part of what the chain sees.
  std::vector<ChainSets::Decided> deciders(const Flow& flow, PacketSet seen);
  std::vector<ChainSets::Decided> acceptors(const Flow& flow, PacketSet seen);

  // The packets, as they arrive, that belong to `seen` after the flow's translation.
  PacketSet before(PacketSet seen, const Flow& flow);
  // Those of `arrived` whose translation is certain: not picked from a range of addresses or ports.
  PacketSet exact(PacketSet arrived, const Flow& flow);
  // Those of `arrived` whose destination port the translation may leave as it is.
  PacketSet keeping_port(PacketSet arrived, const Flow& flow);
  // The packets as they look after the flow's translation.
  PacketSet after(PacketSet arrived, const Flow& flow);

  // The base chain whose accept is the last word at a hook; null where the ruleset has no such chain.
  const BaseChain* last_filter(Hook hook) const;

 private:
  // The split takes `mine` of the packets, as they arrive, with what was noted of them.
  void take(Flow& split, Flow& rest, PacketSet mine);
  void find_pieces(Flow& flow);
  // Between a set that asks where packets were sent to when they arrived and one of the packets that were sent there.
  PacketSet told_original(PacketSet arrived);
  PacketSet as_original(PacketSet seen);
  PacketSet moved(PacketSet set, Dimension dimension, const std::vector<Piece>& pieces, bool back);
  std::pair<PacketSet, PacketSet> unchanged(const Flow& flow);
  PacketSet undone(PacketSet seen, const Flow& flow);
  PacketSet translated_back(PacketSet seen, const Flow& flow);
  PacketSet pick_predicate(const Flow& flow, const char* what);

  ChainSets& chains_;
};

}  // namespace ipo
