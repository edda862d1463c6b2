// Which line of a packet's way through the chains a person changes: not an accept that other traffic shares, but the jump or
// the rule that leads to it (product.md, "One cause, one alert").
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "rules/engine/reach.h"

namespace ipo {

class LinesToChange {
 public:
  // The ruleset must outlive it.
  explicit LinesToChange(const Ruleset& ruleset);

  // Of a way that ends in a chain: the rules by which the packet went from chain to chain, and what decided at last.
  RuleRef on(const std::vector<RuleRef>& way) const;

  // Whether it can be another line than the rule itself.
  bool may_differ(RuleRef by) const;
  const std::vector<RuleRef>& callers(const Chain* chain) const { return callers_.at(chain); }

 private:
  std::map<const Chain*, std::vector<RuleRef>> callers_;  // jumps to the chain
  std::map<const Chain*, bool> shared_;                   // several ways lead to the chain
};

// The same of packet sets: the packets that come to a flow's judges, by the jumps they take. Those are looked for once, when they
// are first needed.
class WaysToChange {
 public:
  WaysToChange(const LinesToChange& lines, ChainSets& chains, const Flow& flow, PacketSet entering)
      : lines_(lines), chains_(chains), flow_(flow), entering_(entering) {}

  struct Part {
    RuleRef line;
    PacketSet packets;
  };
  // What a rule of a judge's chain, or of chains below it, decides, by the line to change. Where there are too many ways it is
  // the rule itself.
  std::vector<Part> of(const ChainSets::Decided& decided);

 private:
  std::vector<Part> of(RuleRef at, PacketSet packets);

  const LinesToChange& lines_;
  ChainSets& chains_;
  const Flow& flow_;
  PacketSet entering_;
  std::optional<std::map<RuleRef, PacketSet>> passed_;  // as they come to the judge
  std::size_t steps_ = 0;
};

}  // namespace ipo
