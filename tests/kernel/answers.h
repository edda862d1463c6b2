// What ipo-lint says about packets, and whether what the kernel did contradicts it.
//
// A proven verdict must be the kernel's, with the destination it gives. Whatever is not proven must still lie inside the bound:
// what the packet sets call impossible must not happen.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "rules/engine/reach.h"
#include "rules/engine/verdict.h"
#include "tests/kernel/observers.h"

namespace ipo::kernel {

// Why a verdict is only possible.
enum class Unproven : std::uint8_t {
  no,           // it is proven
  undecidable,  // a match nobody can decide from the file, chains and policies it does not hold, what the kernel picks
  other         // anything else: a rule that was not understood, too much to follow
};

struct Answer {
  ActionKind outcome = ActionKind::accept;
  Unproven unproven = Unproven::no;
  std::optional<u128> destination;
  std::optional<std::uint16_t> destination_port;
  bool may_accept = true, may_drop = true;  // as the packet sets have it
  bool bounded = false;                     // whether they were asked
};

class Answers {
 public:
  explicit Answers(ChainSets& chains);

  // Gives the packets of this hook, which open connections, a bound; may throw SpaceExhausted, then they have none.
  void bound(Hook hook, PacketSet arriving);
  Answer of(const Packet& packet);
  // What is wrong in words, or nothing.
  std::string contradiction(const Packet& packet, const Answer& answer, const Observation& kernel);
  // The rules that had a part in the answer, as they are written, one a line.
  std::string reasoning(const Packet& packet, const Source& source);

 private:
  struct Bound {
    PacketSet possible, proven;
    std::vector<std::pair<Flow, PacketSet>> flows;  // with what each may accept
  };
  bool some_valuation(const Packet& packet, bool accepted, bool& all_tried) const;

  ChainSets& chains_;
  Verdicts verdicts_;
  std::map<Hook, Bound> bounds_;
  std::set<std::string> undecidable_;  // the doubts that say so
};

}  // namespace ipo::kernel
