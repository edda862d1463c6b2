// A ruleset made ready for one packet after another: every test is a range of one dimension, and each chain finds the rules
// that can match a packet without looking at the others.
//
// A packet whose fields are not all known is a range per dimension, so a test is true of it, false, or neither.
#pragma once

#include <array>
#include <bit>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "rules/engine/chains.h"

namespace ipo {

// What is known of a packet: for each dimension the range its value lies in. One value = known.
struct PacketRange {
  std::array<Interval, dimension_count> values;
  Interval& operator[](Dimension d) { return values[static_cast<std::size_t>(d)]; }
  const Interval& operator[](Dimension d) const { return values[static_cast<std::size_t>(d)]; }
};

enum class Truth : std::uint8_t { no, maybe, yes };

// Whether one of `after`, written where a value of `before` stands, is another value. A translation that changes nothing does
// not count as one for ctstate DNAT (nf_nat_core.c: nf_nat_setup_info).
inline Truth changes(const Interval& before, const IntervalSet& after) {
  if (!after.intersects(IntervalSet::range(before.lo, before.hi))) return Truth::yes;
  return before.lo == before.hi && after.size() == 1 ? Truth::no : Truth::maybe;
}

// A test of a rule: of one dimension, of a predicate, or several that must all hold.
struct TableTest {
  bool opaque = false;
  Dimension dimension = Dimension::protocol;
  std::uint32_t predicate = 0;  // index into RuleTable::predicates()
  u128 lo = 0, hi = 0;          // hull of the values; lo > hi = none
  const IntervalSet* values = nullptr;
  bool whole = false;          // the values are the hull
  std::vector<TableTest> all;  // not empty: only these count

  Truth of(const PacketRange& packet) const {
    if (opaque) return Truth::maybe;
    if (!all.empty()) return of_all(packet);
    const Interval& v = packet[dimension];
    if (v.hi < lo || v.lo > hi) return Truth::no;
    if (whole) return v.lo >= lo && v.hi <= hi ? Truth::yes : Truth::maybe;
    return of_many(v);
  }

 private:
  Truth of_many(const Interval& v) const;
  Truth of_all(const PacketRange& packet) const;
};

struct TableCondition {
  std::vector<TableTest> any_of;
  bool negated = false;
  SourceSpan span;

  Truth of(const PacketRange& packet) const;
};

struct TableRule {
  std::vector<TableCondition> conditions;
  const Rule* rule = nullptr;
  ActionKind kind = ActionKind::proceed;  // jumps that loop, nest too deep or lead nowhere are unknown
  bool several = false;                   // some condition has more than one test
  std::uint32_t target = 0;               // chain of jump and go_to
  std::uint32_t accepts = 0, drops = 0;   // of an unknown action: its predicates
  bool passive = false;                   // it goes on and changes nothing

  Truth of(const PacketRange& packet) const;
};

class RuleTable {
 public:
  // The ruleset must outlive it.
  explicit RuleTable(const Ruleset& ruleset);
  RuleTable(const RuleTable&) = delete;

  struct ChainTable {
    const Chain* chain = nullptr;
    std::vector<TableRule> rules;
    std::uint32_t first = 0;           // number of its first rule among those of all chains
    std::uint32_t policy_accepts = 0;  // the predicate, where the policy is not known
    // For each indexed dimension, where values begin that the rules tell apart, and for each such piece one bit per rule
    // that can match there. Pieces may be joined to save memory: a bit says "can", never "does".
    struct Pieces {
      Dimension dimension;
      std::vector<u128> starts;
      std::vector<std::uint64_t> rows;  // words() per piece
    };
    std::vector<Pieces> index;
    std::size_t words() const { return (rules.size() + 63) / 64; }
  };

  const Ruleset& ruleset() const { return ruleset_; }
  const ChainTable& chain(std::size_t index) const { return chains_[index]; }
  std::size_t chain_count() const { return chains_.size(); }
  const std::vector<Predicate>& predicates() const { return predicates_; }
  // Some rule leaves packets untracked: then a packet's state may change under way.
  bool untracks() const { return untracks_; }
  // Likewise marks: those a packet of the state arrives with, and all it may come to have.
  Interval arriving_marks(State state) const { return {0, ruleset_.last_arriving_mark(state)}; }
  Interval all_marks() const { return {0, ruleset_.marks.empty() ? 0 : ruleset_.marks.size() - 1}; }

  // The interface as the rules know it; names they do not tell apart share a number. Interfaces::name gives them back.
  u128 interface_number(const std::string& name) const;
  // All real interfaces.
  Interval any_interface() const { return {1, interfaces_.all().begin()->hi}; }

  // Calls visit(rule number) for each rule of the chain that may match, in order, until it gives false.
  template <class Visit>
  void candidates(const ChainTable& chain, const PacketRange& packet, Visit visit) const;

 private:
  TableCondition table_condition(const Condition& condition);
  TableTest table_test(const FieldTest& test);
  TableTest table_test(const InterfaceTest& test);
  TableTest table_test(const OpaqueTest& test, SourceSpan place);
  std::uint32_t predicate(const OpaqueTest& test, SourceSpan place);
  int nesting(std::size_t chain, std::vector<int>& height, int depth);
  void make_index(ChainTable& chain, std::size_t most_pieces);

  const Ruleset& ruleset_;
  Interfaces interfaces_;
  // Interface names to numbers.
  std::unordered_map<std::string, u128> exact_;
  std::map<std::string, u128, std::less<>> prefixes_;
  std::vector<ChainTable> chains_;
  std::deque<IntervalSet> interface_sets_;
  std::map<std::pair<std::string, bool>, const IntervalSet*> interface_tests_;
  std::vector<Predicate> predicates_;
  std::map<std::pair<std::string, SourceSpan>, std::uint32_t> numbers_;
  bool untracks_ = false;
};

template <class Visit>
void RuleTable::candidates(const ChainTable& chain, const PacketRange& packet, Visit visit) const {
  if (chain.index.empty()) {
    for (std::uint32_t r = 0; r < chain.rules.size(); ++r)
      if (!visit(r)) return;
    return;
  }
  std::array<const std::uint64_t*, dimension_count> rows;
  std::size_t count = 0, words = chain.words();
  for (const ChainTable::Pieces& pieces : chain.index) {
    const Interval& v = packet[pieces.dimension];
    if (v.lo != v.hi) continue;
    auto after = std::upper_bound(pieces.starts.begin(), pieces.starts.end(), v.lo);
    rows[count++] = pieces.rows.data() + static_cast<std::size_t>(after - pieces.starts.begin() - 1) * words;
  }
  for (std::size_t w = 0; w < words; ++w) {
    std::uint64_t can = ~std::uint64_t{0};
    for (std::size_t i = 0; i < count; ++i) can &= rows[i][w];
    for (; can != 0; can &= can - 1) {
      std::size_t r = w * 64 + static_cast<std::size_t>(std::countr_zero(can));
      if (r >= chain.rules.size() || !visit(static_cast<std::uint32_t>(r))) return;
    }
  }
}

}  // namespace ipo
