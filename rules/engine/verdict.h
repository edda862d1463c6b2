// What becomes of one packet, of which not everything need be known.
//
// trace() follows a packet whose every field and every undecidable match is given; here some are not. The verdict is that
// of the packet with every undecidable match false. A test on a field that is not given is such a match, named by the
// field; it is false unless the tests before it leave the field no other value. The verdict is *proven* when it is the same
// whatever the matches are and whatever the fields hold; destination and destination port are then given where they are the
// same, too.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rules/engine/chains.h"

namespace ipo {

// Absent = not known.
struct PartialPacket {
  Family family = Family::ipv4;
  std::optional<Hook> hook;            // input, forward or output
  std::optional<std::string> in, out;  // a locally made packet has no `in`, one for this machine no `out`: not looked at
  State state = State::new_;
  std::optional<std::uint8_t> protocol;
  std::optional<u128> source, destination;
  std::optional<std::uint16_t> source_port;
  std::optional<Interval> destination_port;  // ICMP: type * 256 + code, all codes of a type where that is not known
  std::uint8_t tcp_flags = tcp_syn;          // tcp only
};

// A rule, or the policy, that had a part in the packet's way. `did` is accept or drop where the action is not known, proceed where it sets marks.
struct Step {
  RuleRef at;
  ActionKind did = ActionKind::accept;
  std::optional<Marks> marks = {};  // what they are then, where a rule sets them and that is known
};

struct Verdict {
  ActionKind outcome = ActionKind::accept;  // accept, drop, reject
  Certainty certainty = Certainty::proven;
  Hook hook = Hook::input;  // as given, or the first of those the packet may take
  // As it leaves; absent = not known. Of a possible verdict a value picked from several is the lowest.
  std::optional<u128> destination;
  std::optional<std::uint16_t> destination_port;
  std::vector<Step> path;     // as Trace::path
  RuleRef decided_by;         // chain null where no chain is at the hook
  std::vector<Doubt> doubts;  // what a possible verdict depends on, by place
  // Verdicts of one ruleset with the same number, not 0, differ in destination and destination port only, and not in one that a
  // step writes.
  std::uint64_t alike = 0;
};

// "accept", "jump to SERVICES", "translate to 192.168.42.1 port 69": as in a trace. The verdict is the one it is a step of.
std::string text_of(const Step& step, const Verdict& verdict, Family family);

// The verdicts of one ruleset. One packet after another: not for several threads at once.
class Verdicts {
 public:
  // The ruleset must outlive it. `own` are addresses of the machine it runs on, `others` of other machines: as far as they are known.
  explicit Verdicts(const Ruleset& ruleset, IntervalSet own = {}, IntervalSet others = {});
  ~Verdicts();

  // A packet without a hook is tried at each it may take: `in` alone means input or forward, `out` alone output or forward,
  // both forward, none all three. Between input and forward its destination decides where that is known: REDIRECT and an
  // address of this machine lead to input, any other translation and another machine's address to forward. Valid until the next call.
  const Verdict& of(const PartialPacket& packet);

 private:
  struct Table;
  std::unique_ptr<Table> table_;
};

}  // namespace ipo
