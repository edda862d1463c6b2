// Whether two rulesets treat every packet alike, and which packets they treat otherwise.
//
// Both are folded in one space, where sets of packets that are equal are the same node. Undecidable matches are variables:
// a stateless one is the same match in both wherever it stands; a stateful one (limit, recent) is the same only as the
// n-th of its text in the chain of that name.
#pragma once

#include <memory>
#include <vector>

#include "rules/engine/reach.h"

namespace ipo {

// Packets, as they arrive, that pass a hook of one ruleset but not the other's, or that both let pass to different places.
struct Difference {
  Hook hook = Hook::input;                                 // postrouting: the source they leave with differs
  enum Kind { opened, closed, redirected } kind = opened;  // seen from the first ruleset to the second
  PacketSet packets;                                       // a function of the predicates
  bool proven = false;                                     // some of them whatever the predicates are
};

class Comparison {
 public:
  // Two revisions of one machine's rules, of one family, marks resolved. They must outlive it. Throws SpaceExhausted.
  Comparison(const Ruleset& before, const Ruleset& after);

  bool equal() const { return differences_.empty(); }
  // By hook; only hooks that differ.
  const std::vector<Difference>& differences() const { return differences_; }
  PacketSpace& packets() { return *packets_; }

 private:
  // Where packets of a hook get, as a function: 0 = nowhere, else 1 + the number of a translation.
  PacketSet fate(ChainSets& chains, Hook hook);
  PacketSet leaving(ChainSets& chains);
  std::uint32_t number_of(const Translation& translation);
  void add(Hook hook, PacketSet before, PacketSet after);

  std::unique_ptr<PacketSpace> packets_;
  std::vector<Translation> translations_;
  std::vector<Difference> differences_;
};

}  // namespace ipo
