#include "parsers/number_set.h"

#include <algorithm>

namespace ipo {

std::string_view without_first_zeros(std::string_view number) {
  return number.substr(std::min(number.find_first_not_of('0'), number.size()));
}

void NumberSet::add(const Setting& number) {
  std::string_view text = number.value.value;
  whole_.insert(text);
  without_zeros_.insert(without_first_zeros(text));
  if (number.bare_number) bare_.insert(without_first_zeros(text));
}

bool NumberSet::contains(const Setting& number) const {
  std::string_view text = number.value.value;
  return whole_.contains(text) || (number.bare_number ? without_zeros_ : bare_).contains(without_first_zeros(text));
}

}  // namespace ipo
