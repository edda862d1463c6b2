// The chains are gone through as all worlds of verdict.h go, without asking which: a rule that may match is noted, and only
// one that must match ends the way. A state or mark that may change under way counts as not known, as it does in worlds.cc. Between
// packets of which the same is known, the number of a rule says which of its tests are certain, unless a condition of it has
// several tests; then they are noted, too. A translation is followed where all worlds come to it and it writes the same for all
// packets: a number says that as well.
#include "rules/engine/trail.h"

#include "rules/engine/worlds.h"

namespace ipo {
namespace {

constexpr std::size_t longest = 256;           // words
constexpr std::uint32_t hook_mark = 1u << 31;  // no number of a rule has it

}  // namespace

bool Trail::add(const PacketRange& packet, Hook hook, State state) {
  packet_ = packet;
  usable_ = certain_ = true;
  local_ = hook == Hook::output;
  std::uint32_t open = 0;
  for (std::size_t d = 0; d < dimension_count; ++d) open |= std::uint32_t{packet.values[d].lo != packet.values[d].hi} << d;
  static_assert(dimension_count <= 16);
  words_.push_back(hook_mark | open << 8 | static_cast<std::uint32_t>(state) << 4 | static_cast<std::uint32_t>(hook));
  // The only field of which a part can be known: the type of an ICMP packet.
  if (const Interval& port = packet[Dimension::destination_port]; port.lo != port.hi)
    words_.push_back(static_cast<std::uint32_t>(port.lo) << 16 | static_cast<std::uint32_t>(port.hi));

  const Pipeline& pipeline = table_.ruleset().pipeline;
  for (const Stage& stage : pipeline.stages) {
    if (!stage.is_on(hook) || !stage.meets(state) || pipeline.passes_unasked(state)) continue;
    auto seen = static_cast<unsigned>(stage.shown(state));
    packet_[Dimension::marks] = table_.all_marks();
    packet_[Dimension::state] = table_.untracks() ? Interval{0, 4} : Interval{seen, seen};
    ++turn_;
    passes_ = false;
    if (!walk(stage.chain)) {
      const Chain& chain = table_.ruleset().chains[stage.chain];
      ActionKind policy = chain.policy ? chain.policy->value : ActionKind::unknown;
      passes_ = passes_ || policy != ActionKind::drop;
      certain_ = certain_ && policy != ActionKind::unknown;
    }
    if (!usable_) return false;
    if (!passes_) return true;
  }
  return true;
}

// Whether what it writes is the same for all packets; then it is written.
bool Trail::translate(const Translation& t) {
  Interval& address = packet_[Dimension::destination];
  Interval& port = packet_[Dimension::destination_port];
  if (t.netmap || t.addresses.size() > 1 || t.ports.size() > 1 || (t.keeps_port && port.lo != port.hi)) return false;
  bool here = t.addresses.empty() && t.to_receiving_interface;
  Truth change = Truth::no;
  auto write = [&](Interval& value, const Interval& now) {
    change = std::max(change, changes(value, IntervalSet::range(now.lo, now.hi)));
    value = now;
  };
  Family family = table_.ruleset().family;
  if (here)
    write(address, local_ ? Interval{loopback(family), loopback(family)} : Interval{0, address_max(family)});
  else if (!t.addresses.empty())
    write(address, *t.addresses.begin());
  writes_address_ = writes_address_ || here || !t.addresses.empty();
  if (!t.ports.empty()) write(port, *t.ports.begin());
  writes_port_ = writes_port_ || !t.ports.empty();
  if (change == Truth::yes) packet_[Dimension::nat] = {packet_[Dimension::nat].lo | 1, packet_[Dimension::nat].lo | 1};
  return change != Truth::maybe;  // ctstate DNAT then depends on what was written over
}

// Whether no packet comes back from the chain undecided.
bool Trail::walk(std::size_t index) {
  const RuleTable::ChainTable& chain = table_.chain(index);
  bool ended = false, back = false;
  table_.candidates(chain, packet_, [&](std::uint32_t r) {
    const TableRule& rule = chain.rules[r];
    if (rule.passive) return true;
    Truth truth = rule.of(packet_);
    if (truth == Truth::no) return true;
    words_.push_back(chain.first + r);
    if (rule.several)
      for (const TableCondition& condition : rule.conditions)
        for (const TableTest& test : condition.any_of) words_.push_back(static_cast<std::uint32_t>(test.of(packet_)));
    certain_ = certain_ && truth == Truth::yes && rule.kind != ActionKind::unknown && rule.kind != ActionKind::untrack &&
               rule.rule->action.remark.empty();
    bool ends = false;  // the way of those that match
    switch (rule.kind) {
      case ActionKind::accept:
      case ActionKind::translate_source:
        passes_ = ends = true;
        break;
      case ActionKind::drop:
      case ActionKind::reject:
        ends = true;
        break;
      case ActionKind::return_:
        back = ends = true;
        break;
      case ActionKind::unknown:
        passes_ = true;
        break;
      case ActionKind::jump:
        ends = ends_in(rule.target);
        break;
      case ActionKind::go_to:
        back = !ends_in(rule.target) || back;
        ends = true;
        break;
      case ActionKind::translate_destination:
        passes_ = ends = usable_ = certain_ && translate(rule.rule->action.translation);
        break;
      case ActionKind::untrack:
      case ActionKind::proceed:
        break;
    }
    usable_ = usable_ && words_.size() <= longest;
    ended = ends && truth == Truth::yes;
    return usable_ && !ended;
  });
  return ended && !back;
}

// A chain that was gone through in this turn would add the same again.
bool Trail::ends_in(std::size_t chain) {
  if (walked_[chain].when != turn_) walked_[chain] = {turn_, walk(chain)};
  return walked_[chain].ended;
}

}  // namespace ipo
