// The pairs are found by applying every change to every pair until no new one appears. A packet of a known connection
// starts with whatever mark that connection was left with.
#include "parsers/model/marks.h"

#include <algorithm>
#include <map>
#include <set>

namespace ipo {
namespace {

constexpr std::size_t pair_limit = 256;

template <class Visit>
void each_rule(Ruleset& ruleset, Visit visit) {
  for (Chain& chain : ruleset.chains)
    for (Rule& rule : chain.rules) visit(rule);
}

std::uint32_t shifted(std::uint32_t bits, int by) { return by >= 0 ? bits << by : bits >> -by; }

Marks changed(Marks marks, const MarkChange& change) {
  std::uint32_t& target = change.connection ? marks.connection : marks.packet;
  std::uint32_t other = change.connection ? marks.packet : marks.connection;
  std::uint32_t bits = change.copies ? shifted(other & change.value, change.shift) : change.value;
  target = (target & ~change.clear) ^ bits;
  return marks;
}

bool holds(const MarkBits& test, Marks marks) {
  return ((test.connection ? marks.connection : marks.packet) & test.mask) == test.value;
}

struct Pairs {
  std::vector<Marks> all;
  std::map<Marks, std::uint16_t> numbers;

  void add(Marks marks) {
    if (numbers.try_emplace(marks, static_cast<std::uint16_t>(all.size())).second) all.push_back(marks);
  }
};

}  // namespace

bool resolve_marks(Ruleset& ruleset) {
  std::set<MarkChange> changes;
  bool known = true;
  each_rule(ruleset, [&](const Rule& rule) {
    if (rule.action.mark) changes.insert(*rule.action.mark), known = known && rule.action.mark->known;
  });
  if (changes.empty() || !known) return false;
  Pairs pairs;
  pairs.add({});
  for (std::size_t at = 0; at < pairs.all.size(); ++at) {
    pairs.add({0, pairs.all[at].connection});
    for (const MarkChange& change : changes) pairs.add(changed(pairs.all[at], change));
    if (pairs.all.size() > pair_limit) return false;
  }
  std::stable_partition(pairs.all.begin(), pairs.all.end(), [](Marks marks) { return marks.packet == 0; });
  for (std::size_t n = 0; n < pairs.all.size(); ++n) pairs.numbers[pairs.all[n]] = static_cast<std::uint16_t>(n);
  ruleset.marks = pairs.all;
  each_rule(ruleset, [&](Rule& rule) {
    for (Condition& condition : rule.conditions)
      for (Test& test : condition.any_of) {
        auto* opaque = test_as<OpaqueTest>(test);
        if (!opaque || !opaque->mark) continue;
        IntervalSet where;
        for (std::size_t n = 0; n < pairs.all.size(); ++n)
          if (holds(*opaque->mark, pairs.all[n])) where.add(n, n);
        if (!where.empty() && where.size() < pairs.all.size()) test = FieldTest{Field::marks, std::move(where)};
      }
    if (!rule.action.mark) return;
    for (Marks marks : pairs.all) rule.action.remark.push_back(pairs.numbers.at(changed(marks, *rule.action.mark)));
  });
  return true;
}

}  // namespace ipo
