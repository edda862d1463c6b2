// Composed tables are made again each time; the map of known effects gives equal ones one number.
#include "rules/engine/effects.h"

namespace ipo {
namespace {

constexpr std::uint16_t untracked = static_cast<std::uint16_t>(State::untracked);
const std::vector<std::uint16_t> all_untracked(5, untracked);

}  // namespace

std::uint32_t Effects::number_of(Effect effect) {
  bool same = true;
  for (std::size_t n = 0; same && n < effect.marks.size(); ++n) same = effect.marks[n] == n;
  if (same) effect.marks.clear();
  auto [it, added] = numbers_.try_emplace(std::move(effect), static_cast<std::uint32_t>(effects_.size()));
  if (added) effects_.push_back(&it->first);
  if (effects_.size() > 2047) throw SpaceExhausted("rules set marks in more than 2047 ways");
  return it->second;
}

std::uint32_t Effects::of(const Action& action) {
  if (action.kind == ActionKind::untrack) return number_of({true, {}});
  return action.remark.empty() ? 0 : number_of({false, action.remark});
}

std::uint32_t Effects::compose(std::uint32_t first, std::uint32_t then) {
  if (first == 0) return then;
  if (then == 0) return first;
  const Effect &a = *effects_[first], &b = *effects_[then];
  Effect both{a.untracks || b.untracks, a.marks.empty() ? b.marks : a.marks};
  if (!a.marks.empty() && !b.marks.empty())
    for (std::uint16_t& number : both.marks) number = b.marks[number];
  return number_of(std::move(both));
}

PacketSet Effects::before(PacketSet f, std::uint32_t effect) {
  const Effect& e = *effects_[effect];
  if (e.untracks) f = space_.substitute(f, Dimension::state, all_untracked);
  return e.marks.empty() ? f : space_.substitute(f, Dimension::marks, e.marks);
}

PacketSet Effects::after(PacketSet s, std::uint32_t effect) {
  const Effect& e = *effects_[effect];
  if (e.untracks)
    s = space_.intersect(space_.exists(s, Dimension::state), space_.test(Dimension::state, IntervalSet::of(untracked)));
  if (e.marks.empty()) return s;
  std::vector<PacketSet> out;
  for (std::size_t n = 0; n < e.marks.size(); ++n)
    out.push_back(space_.intersect(space_.exists(s, Dimension::marks, IntervalSet::of(n)),
                                   space_.test(Dimension::marks, IntervalSet::of(e.marks[n]))));
  return space_.unite(out);
}

}  // namespace ipo
