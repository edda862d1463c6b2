// Rules that could be left out and nothing would change, because rules behind them in their chain do the same.
#pragma once

#include <vector>

#include "rules/engine/chains.h"

namespace ipo {

struct Redundant {
  RuleRef rule;                     // accepts, drops or rejects
  std::vector<RuleRef> decided_by;  // rules behind it that would do the same with its packets, in order; at most 5
  bool more = false;
  // Some of its packets would first meet a rule that logs, counts, remembers or changes them.
  bool noticed = false;
};

// Rules that packets meet, and all of whose packets the rest of their chain treats the same, whatever comes after the chain. Exact
// as shadows are: drop and reject are two things, an undecidable match is only itself. Nothing is claimed of chains that change
// marks or are called by such, and of chains that translate sources, where accepting is keeping the source.
std::vector<Redundant> find_redundant(ChainSets& chains);

}  // namespace ipo
