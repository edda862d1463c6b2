// Everything is one merge of two sorted lists; `add` splices one interval into place.
#include "parsers/text/interval_set.h"

#include <algorithm>

namespace ipo {
namespace {
constexpr u128 u128_max = ~u128{0};
}

IntervalSet::IntervalSet(std::initializer_list<Interval> intervals) {
  for (const Interval& i : intervals) add(i.lo, i.hi);
}

void IntervalSet::add(u128 lo, u128 hi) {
  if (lo > hi) return;
  // First interval that overlaps or touches [lo, hi] from the left.
  auto first =
      std::lower_bound(intervals_.begin(), intervals_.end(), lo, [](const Interval& i, u128 v) { return v != 0 && i.hi < v - 1; });
  auto last = first;
  while (last != intervals_.end() && (hi == u128_max || last->lo <= hi + 1)) {
    lo = std::min(lo, last->lo);
    hi = std::max(hi, last->hi);
    ++last;
  }
  if (first == last) {
    intervals_.insert(first, {lo, hi});
  } else {
    *first = {lo, hi};
    intervals_.erase(first + 1, last);
  }
}

void IntervalSet::add(const IntervalSet& other) {
  constexpr std::size_t few = 8;  // for so many, all there is need not be copied
  if (other.intervals_.size() > few || &other == this) return void(*this = united(other));
  for (const Interval& i : other) add(i.lo, i.hi);
}

bool IntervalSet::contains(u128 value) const {
  auto it = std::lower_bound(intervals_.begin(), intervals_.end(), value, [](const Interval& i, u128 v) { return i.hi < v; });
  return it != intervals_.end() && it->lo <= value;
}

bool IntervalSet::intersects(const IntervalSet& other) const {
  for (auto a = begin(), b = other.begin(); a != end() && b != other.end();) {
    if (a->lo <= b->hi && b->lo <= a->hi) return true;
    if (a->hi < b->hi)
      ++a;
    else
      ++b;
  }
  return false;
}

bool IntervalSet::covers(const IntervalSet& other) const {
  auto a = begin();
  return std::all_of(other.begin(), other.end(), [&](const Interval& i) {
    while (a != end() && a->hi < i.lo) ++a;
    return a != end() && a->lo <= i.lo && i.hi <= a->hi;
  });
}

u128 IntervalSet::size() const {
  u128 n = 0;
  for (const Interval& i : intervals_) {
    u128 length = i.hi - i.lo;
    if (length == u128_max || n > u128_max - length - 1) return u128_max;
    n += length + 1;
  }
  return n;
}

IntervalSet IntervalSet::united(const IntervalSet& other) const {
  IntervalSet out;
  auto a = begin(), b = other.begin();
  while (a != end() || b != other.end()) {
    const Interval& next = b == other.end() || (a != end() && a->lo <= b->lo) ? *a++ : *b++;
    if (!out.intervals_.empty() && (out.intervals_.back().hi == u128_max || next.lo <= out.intervals_.back().hi + 1))
      out.intervals_.back().hi = std::max(out.intervals_.back().hi, next.hi);
    else
      out.intervals_.push_back(next);
  }
  return out;
}

IntervalSet IntervalSet::intersected(const IntervalSet& other) const {
  IntervalSet out;
  auto a = begin(), b = other.begin();
  while (a != end() && b != other.end()) {
    u128 lo = std::max(a->lo, b->lo), hi = std::min(a->hi, b->hi);
    if (lo <= hi) out.intervals_.push_back({lo, hi});
    (a->hi < b->hi ? a : b)++;
  }
  return out;
}

IntervalSet IntervalSet::complement(u128 max) const {
  IntervalSet out;
  u128 next = 0;
  for (const Interval& i : intervals_) {
    if (i.lo > max) break;
    if (i.lo > next) out.intervals_.push_back({next, i.lo - 1});
    if (i.hi >= max) return out;
    next = i.hi + 1;
  }
  out.intervals_.push_back({next, max});
  return out;
}

IntervalSet IntervalSet::minus(const IntervalSet& other) const { return intersected(other.complement(u128_max)); }

std::string format_ports(const IntervalSet& ports) {
  std::string out;
  for (const Interval& i : ports) {
    if (!out.empty()) out += ", ";
    out += format_number(i.lo);
    if (i.hi != i.lo) out += '-' + format_number(i.hi);
  }
  return out;
}

std::string format_addresses(const IntervalSet& addresses, Family family) {
  std::string out;
  for (const Interval& i : addresses) {
    if (!out.empty()) out += ", ";
    out += format_address({family, i.lo});
    if (i.lo == i.hi) continue;
    u128 span = i.hi - i.lo;
    if ((span & (span + 1)) == 0 && (i.lo & span) == 0) {
      int length = address_bits(family);
      for (u128 s = span; s != 0; s >>= 1) --length;
      out += '/' + std::to_string(length);
    } else {
      out += '-' + format_address({family, i.hi});
    }
  }
  return out;
}

IntervalSet addresses_of(const MaskedAddress& masked, int holes) {
  u128 all = address_max(masked.family);
  u128 free_bits = all & ~masked.mask;
  // The run of free bits at the bottom is one interval; every free bit above it doubles their number.
  u128 low = 0;
  while (((free_bits >> 1) & low) == low && (free_bits & (low << 1 | 1)) == (low << 1 | 1)) {
    low = low << 1 | 1;
    if (low == all) break;
  }
  std::vector<u128> high;
  for (int bit = 0; bit < address_bits(masked.family); ++bit)
    if (u128 b = u128{1} << bit; (free_bits & b) != 0 && (low & b) == 0) high.push_back(b);
  IntervalSet out;
  if (static_cast<int>(high.size()) > holes) return out;
  for (std::size_t pick = 0; pick < std::size_t{1} << high.size(); ++pick) {
    u128 base = masked.value;
    for (std::size_t i = 0; i < high.size(); ++i)
      if (pick >> i & 1) base |= high[i];
    out.add(base, base | low);
  }
  return out;
}

}  // namespace ipo
