#include "parsers/model/number_set.h"

#include <algorithm>

namespace ipo {

std::string_view without_first_zeros(std::string_view number) {
  return number.substr(std::min(number.find_first_not_of('0'), number.size()));
}

bool same_number(const Setting& a, const Setting& b) {
  const std::string &x = a.value.value, &y = b.value.value;
  return x == y || ((a.bare_number || b.bare_number) && without_first_zeros(x) == without_first_zeros(y));
}

void NumberSet::add(const Setting& number) {
  std::string_view text = number.value.value;
  Alike& alike = by_digits_.try_emplace(without_first_zeros(text), Alike{text}).first->second;
  alike.bare = alike.bare || number.bare_number;
  if (alike.first == text) return;
  alike.several = true;
  others_.insert(text);
}

bool NumberSet::contains(const Setting& number) const {
  std::string_view text = number.value.value;
  auto found = by_digits_.find(without_first_zeros(text));
  if (found == by_digits_.end()) return false;
  const Alike& alike = found->second;
  return number.bare_number || alike.bare || alike.first == text || (alike.several && others_.contains(text));
}

}  // namespace ipo
