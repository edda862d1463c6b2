// Rules no packet can reach any more, because earlier rules of their chain take everything they match.
#pragma once

#include <vector>

#include "rules/engine/chains.h"

namespace ipo {

struct Shadow {
  RuleRef rule;
  std::vector<RuleRef> covered_by;  // rules of the same chain that take its packets, in order; at most 5
  bool more = false;                // there are others
};

// Exact: unions, negations and called chains count, an undecidable match covers only the identical stateless one. A rule
// of a chain nothing enters, or that matches no packet at all, is not shadowed but something else.
std::vector<Shadow> find_shadows(ChainSets& chains);

// All packets a hook can see: they have no interface on the side where the machine itself stands.
PacketSet hook_packets(ChainSets& chains, Hook hook);

}  // namespace ipo
