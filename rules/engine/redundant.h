// Rules that packets meet and whose removal would change nothing, because what comes after them does the same.
#pragma once

#include <vector>

#include "rules/engine/chains.h"

namespace ipo {

struct Redundant {
  RuleRef rule;
  std::vector<RuleRef> decided_by;  // rules behind it in its chain that would take its packets, in order; at most 5
  bool more = false;
  bool rest = false;  // some of its packets are taken by none of them: what comes after the chain does the same
  // Some of its packets would first meet a rule that logs, counts, remembers or changes them.
  bool noticed = false;
};

// Exact as shadows are: drop and reject are two things, an undecidable match is only itself. Nothing is claimed of chains
// that change marks, of chains that a packet may enter twice, and of chains that translate sources, where accepting is keeping
// the source. Rules that only log or count are no candidates.
std::vector<Redundant> find_redundant(ChainSets& chains);

}  // namespace ipo
