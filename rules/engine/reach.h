// Which packets a firewall lets through on a way, after which translation: its stages composed.
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
  // A stage with a last word that the flow has come to, and how it is seen there.
  struct Judge {
    const Stage* stage = nullptr;
    std::uint32_t later = 0;  // as below
    bool translated = false;  // the translation was before it
  };
  std::vector<Judge> judges;  // in order
  std::uint32_t effect = 0;   // of ChainSets::effects(), as the first judge sees it
  std::uint32_t later = 0;    // what that judge and the stages after it add
  PacketSet accepted;         // as they arrive; a function of the predicates
  PacketSet proven;           // as `seen`: accepted whatever is undecidable (filled in by Exposure)
  PacketSet arrived;          // as they arrive, those the judges get, had none before them dropped any
  PacketSet seen;             // the same after the translation
};

class Reach {
 public:
  explicit Reach(ChainSets& chains) : chains_(chains) {}

  // The flows of `arriving` (packets as they come to the machine, or are made by it) through the stages of the way input, forward or
  // output. A packet translated by REDIRECT goes to input only.
  std::vector<Flow> flows(Hook way, PacketSet arriving);
  // The rules of the flow's judges that decide packets of `seen`, a part of Flow::seen: who drops them, or of several that let them
  // pass who has the last word. Sorted by place.
  std::vector<ChainSets::Decided> deciders(const Flow& flow, PacketSet seen);
  std::vector<ChainSets::Decided> acceptors(const Flow& flow, PacketSet seen);
  // The same of packets as they come to the judges of a way, whatever becomes of them before and between.
  std::vector<ChainSets::Decided> deciders(Hook way, PacketSet seen);
  std::vector<ChainSets::Decided> acceptors(Hook way, PacketSet seen);

  // The packets, as they arrive, that belong to `seen` after the flow's translation.
  PacketSet before(PacketSet seen, const Flow& flow);
  // Those of `arrived` whose translation is certain: not picked from a range of addresses or ports.
  PacketSet exact(PacketSet arrived, const Flow& flow);
  // Those of `arrived` whose destination port the translation may leave as it is.
  PacketSet keeping_port(PacketSet arrived, const Flow& flow);
  // The packets as they look after the flow's translation.
  PacketSet after(PacketSet arrived, const Flow& flow);

 private:
  std::vector<ChainSets::Decided> decide(const Flow& flow, PacketSet seen, bool accepting);
  std::vector<ChainSets::Decided> decide(const Flow::Judge& judge, const Flow& flow, PacketSet seen, bool accepting);
  Flow of_judges(Hook way) const;
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
