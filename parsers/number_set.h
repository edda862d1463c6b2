// Telephone numbers of a site, to be asked whether one is among them. JSON writes some of them without quotes, and then the zeros
// they began with are lost: such a number is each that differs from it in those alone.
#pragma once

#include <string_view>
#include <unordered_set>

#include "parsers/model.h"

namespace ipo {

class NumberSet {
 public:
  void add(const Setting& number);
  bool contains(const Setting& number) const;
  bool empty() const { return whole_.empty(); }

 private:
  std::unordered_set<std::string_view> whole_, without_zeros_, bare_;  // as they stand; without first zeros: all, those that lost them
};

// Without the zeros it begins with.
std::string_view without_first_zeros(std::string_view number);

}  // namespace ipo
