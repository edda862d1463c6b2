// "did you mean" for mistyped names.
#pragma once

#include <algorithm>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

namespace ipo {

// The candidate within an edit distance of a third of the word's length (at least 2), else the first that begins with
// the word, else empty; ties: the first.
template <class Names>
std::string_view nearest(std::string_view word, const Names& names) {
  std::string_view best;
  std::size_t limit = std::max<std::size_t>(2, word.size() / 3);
  std::vector<std::size_t> row;
  for (std::string_view name : names) {
    row.resize(name.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= word.size(); ++i) {
      std::size_t diagonal = row[0];
      row[0] = i;
      for (std::size_t j = 1; j <= name.size(); ++j) {
        std::size_t replaced = diagonal + (word[i - 1] == name[j - 1] ? 0 : 1);
        diagonal = row[j];
        row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
      }
    }
    if (row.back() < limit || (row.back() == limit && best.empty())) {
      best = name;
      limit = row.back();
    }
  }
  for (std::string_view name : names)
    if (best.empty() && word.size() >= 2 && name.starts_with(word)) best = name;
  return best;
}

// "; did you mean tftp-exposed?" or nothing.
template <class Names>
std::string did_you_mean(std::string_view word, const Names& names) {
  std::string_view name = nearest(word, names);
  return name.empty() ? std::string() : "; did you mean " + std::string(name) + "?";
}

}  // namespace ipo
