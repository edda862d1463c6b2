// One packet on its way through the rules, rule after rule, as a person would follow it with a finger.
//
// It shares no code with the packet sets, so each is the other's oracle.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "parsers/model/model.h"

namespace ipo {

// Whether an opaque predicate tested at a place holds for the packet.
using Valuation = std::function<bool(const OpaqueTest& test, SourceSpan place)>;

struct Trace {
  ActionKind verdict = ActionKind::accept;  // accept, drop or reject
  Packet packet;                            // as it leaves: after translation
  std::vector<PathStep> path;        // every rule that matched and had a part in it, then the policy; no chain that came back
  std::vector<SourceSpan> returned;  // RETURN rules by which it came back from a chain that did not decide
  SourceSpan decided_by;
  std::optional<SourceSpan> out_asked;  // the last rule of the path that asks by which interface it leaves
  bool translated = false;              // its destination is another one, as ctstate DNAT sees it
};

// Sends a packet through the base chains of its hook (PREROUTING first for input and forward) up to and including
// filter. Interfaces compare by name; "eth+" as a packet's interface is one that only the pattern eth+ matches.
Trace trace(const Ruleset& ruleset, const Packet& packet, const Valuation& holds);

class RuleTable;

// Sends one packet after another through the same rules. After a few it makes a table of them, so that a packet meets only rules
// that can match it: a report has a packet for each finding, and there may be as many findings as rules.
class Tracer {
 public:
  // The ruleset must outlive it.
  explicit Tracer(const Ruleset& ruleset);
  ~Tracer();
  Trace of(const Packet& packet, const Valuation& holds);
  std::size_t looked_at() const { return looked_at_; }  // rules, for all packets

 private:
  const Ruleset& ruleset_;
  std::unique_ptr<RuleTable> table_;
  std::size_t asked_ = 0, looked_at_ = 0;
};

// What is known of a packet beside its own bytes: bits of Field::nat, number of its Field::marks, where it was sent to when it
// arrived.
struct Tracked {
  unsigned nat = 0, marks = 0;
  u128 original_destination = 0;
  std::uint16_t original_port = 0;
};

// Whether the packet satisfies one condition.
bool matches(const Condition& condition, const Packet& packet, Tracked tracked, const Valuation& holds);

}  // namespace ipo
