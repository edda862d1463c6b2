// Telephone numbers of a site, to be asked whether one is among them. JSON writes some of them without quotes, and then the zeros
// they began with are lost: such a number is each that differs from it in those alone.
#pragma once

#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "parsers/model/model.h"

namespace ipo {

class NumberSet {
 public:
  void add(const Setting& number);
  bool contains(const Setting& number) const;
  bool empty() const { return by_digits_.empty(); }
  void reserve(std::size_t numbers) { by_digits_.reserve(numbers); }

 private:
  struct Alike {
    std::string_view first;  // as it stands
    bool bare = false;       // one of them lost its zeros
    bool several = false;    // others, written otherwise, are in others_
  };
  std::unordered_map<std::string_view, Alike> by_digits_;  // without first zeros
  std::unordered_set<std::string_view> others_;            // as they stand
};

// Whether both may be one number: they stand alike, or but for the zeros that JSON dropped from one.
bool same_number(const Setting& a, const Setting& b);
// Without the zeros it begins with.
std::string_view without_first_zeros(std::string_view number);

}  // namespace ipo
