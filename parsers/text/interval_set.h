// Sorted, never-touching closed intervals of unsigned numbers: ports, protocols, addresses.
//
// The form is canonical, so two sets are equal exactly when their interval lists are.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "parsers/text/address.h"

namespace ipo {

struct Interval {
  u128 lo = 0;
  u128 hi = 0;  // inclusive
  friend bool operator==(const Interval&, const Interval&) = default;
};

class IntervalSet {
 public:
  IntervalSet() = default;
  IntervalSet(std::initializer_list<Interval> intervals);
  static IntervalSet of(u128 value) { return {{value, value}}; }
  static IntervalSet range(u128 lo, u128 hi) { return {{lo, hi}}; }

  // Adds [lo, hi]; lo > hi adds nothing.
  void add(u128 lo, u128 hi);
  void add(const IntervalSet& other);

  bool empty() const { return intervals_.empty(); }
  bool contains(u128 value) const;
  bool intersects(const IntervalSet& other) const;
  bool covers(const IntervalSet& other) const;
  // Number of members, saturating at 2^128 - 1.
  u128 size() const;

  IntervalSet united(const IntervalSet& other) const;
  IntervalSet intersected(const IntervalSet& other) const;
  IntervalSet minus(const IntervalSet& other) const;
  // [0, max] without this set.
  IntervalSet complement(u128 max) const;

  const std::vector<Interval>& intervals() const { return intervals_; }
  auto begin() const { return intervals_.begin(); }
  auto end() const { return intervals_.end(); }
  friend bool operator==(const IntervalSet&, const IntervalSet&) = default;

 private:
  std::vector<Interval> intervals_;
};

// "69", "5060-5061", "80, 443".
std::string format_ports(const IntervalSet& ports);
// Single addresses, "a/len" where an interval is one prefix, "a-b" otherwise.
std::string format_addresses(const IntervalSet& addresses, Family family);
// The members of a masked address; a mask with more than `holes` zero bits left of its lowest one bit is refused
// (empty result), because it would need 2^holes intervals.
IntervalSet addresses_of(const MaskedAddress& masked, int holes = 12);

}  // namespace ipo
