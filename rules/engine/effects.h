// What rules change of a packet that goes on: it is left untracked, or its marks become others.
//
// An effect is a table per small field, so a set of packets behind it is looked up in front of it by substitution, and two
// effects one after the other are one.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "parsers/model/model.h"
#include "rules/engine/packet_set.h"

namespace ipo {

struct Effect {
  bool untracks = false;
  std::vector<std::uint16_t> marks;  // what each of Ruleset::marks becomes; empty = they stay
  friend auto operator<=>(const Effect&, const Effect&) = default;
};

// The effects met in one ruleset, by number; 0 changes nothing.
class Effects {
 public:
  explicit Effects(Space& space) : space_(space) { number_of({}); }

  const Effect& operator[](std::uint32_t number) const { return *effects_[number]; }
  // Of a rule's action on the packets that match it.
  std::uint32_t of(const Action& action);
  // Throws SpaceExhausted past 2047.
  std::uint32_t compose(std::uint32_t first, std::uint32_t then);
  // {p : p after the effect is in the set}, and likewise for functions.
  PacketSet before(PacketSet f, std::uint32_t effect);
  // {p after the effect : p in the set}.
  PacketSet after(PacketSet s, std::uint32_t effect);

 private:
  std::uint32_t number_of(Effect effect);

  Space& space_;
  std::map<Effect, std::uint32_t> numbers_;
  std::vector<const Effect*> effects_;  // keys of numbers_
};

}  // namespace ipo
