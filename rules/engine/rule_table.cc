// Conditions are copied into a form without strings; jumps are resolved once. The index holds, per dimension and piece of
// it, the rules whose condition on that dimension can hold there; the rules that can match a packet are the intersection
// of its pieces' rows, and each is then tested exactly.
#include "rules/engine/rule_table.h"

#include <algorithm>

namespace ipo {
namespace {

constexpr int nesting_limit = 256;
constexpr std::size_t rules_worth_an_index = 12;
constexpr std::size_t index_bits = std::size_t{1} << 28;  // 32 MiB at most for all chains and dimensions

std::vector<InterfaceTest> interfaces_of(const Ruleset& ruleset) {
  std::vector<InterfaceTest> out;
  for (const Chain& chain : ruleset.chains)
    for (const Rule& rule : chain.rules)
      for (const Condition& condition : rule.conditions)
        each_test<InterfaceTest>(condition, [&](const InterfaceTest& test) { out.push_back(test); });
  return out;
}

}  // namespace

// ---- tests ------------------------------------------------------------------------------------------------------

Truth TableTest::of_many(const Interval& v) const {
  const auto& list = values->intervals();
  auto first = std::lower_bound(list.begin(), list.end(), v.lo, [](const Interval& i, u128 at) { return i.hi < at; });
  if (first == list.end() || first->lo > v.hi) return Truth::no;
  return first->lo <= v.lo && first->hi >= v.hi ? Truth::yes : Truth::maybe;
}

Truth TableTest::of_all(const PacketRange& packet) const {
  Truth least = Truth::yes;
  for (const TableTest& test : all) {
    least = std::min(least, test.of(packet));
    if (least == Truth::no) break;
  }
  return least;
}

Truth TableCondition::of(const PacketRange& packet) const {
  Truth any = Truth::no;
  for (const TableTest& test : any_of) any = std::max(any, test.of(packet));
  if (!negated) return any;
  return any == Truth::no ? Truth::yes : any == Truth::yes ? Truth::no : Truth::maybe;
}

Truth TableRule::of(const PacketRange& packet) const {
  Truth all = Truth::yes;
  for (const TableCondition& condition : conditions) {
    all = std::min(all, condition.of(packet));
    if (all == Truth::no) break;
  }
  return all;
}

// ---- the table --------------------------------------------------------------------------------------------------

RuleTable::RuleTable(const Ruleset& ruleset) : ruleset_(ruleset), interfaces_(interfaces_of(ruleset)) {
  std::unordered_map<std::string, std::size_t> index;
  for (std::size_t c = 0; c < ruleset.chains.size(); ++c) index.emplace(ruleset.chains[c].table + '\0' + ruleset.chains[c].name, c);
  std::size_t rules = 0;
  for (const Chain& chain : ruleset.chains) {
    ChainTable& table = chains_.emplace_back();
    table.chain = &chain;
    table.first = static_cast<std::uint32_t>(rules);
    if (!chain.policy || chain.policy->value == ActionKind::unknown)
      table.policy_accepts = predicate(unknown_policy(chain), chain.policy ? chain.policy->span : chain.span);
    table.rules.reserve(chain.rules.size());
    for (const Rule& rule : chain.rules) {
      TableRule& made = table.rules.emplace_back();
      made.rule = &rule;
      made.kind = rule.action.kind;
      untracks_ = untracks_ || made.kind == ActionKind::untrack;
      made.passive = made.kind == ActionKind::proceed && rule.action.remark.empty();
      if (calls(made.kind)) {
        auto it = index.find(chain.table + '\0' + rule.action.chain);
        if (it == index.end())
          made.kind = ActionKind::unknown;
        else
          made.target = static_cast<std::uint32_t>(it->second);
      }
      made.conditions.reserve(rule.conditions.size());
      for (const Condition& condition : rule.conditions) {
        made.conditions.push_back(table_condition(condition));
        made.several = made.several || condition.any_of.size() > 1;
      }
    }
    rules += chain.rules.size();
  }
  std::vector<int> height(chains_.size(), -1);
  for (const Stage& stage : ruleset.pipeline.stages) nesting(stage.chain, height, 0);
  for (ChainTable& chain : chains_) {
    for (TableRule& rule : chain.rules)
      if (rule.kind == ActionKind::unknown) {
        rule.accepts = predicate(unknown_verdict(*rule.rule, true), rule.rule->span);
        rule.drops = predicate(unknown_verdict(*rule.rule, false), rule.rule->span);
      }
    if (chain.rules.size() >= rules_worth_an_index) make_index(chain, std::max<std::size_t>(index_bits / 8 / rules, 16));
  }
}

std::uint32_t RuleTable::predicate(const OpaqueTest& test, SourceSpan place) {
  auto [it, added] =
      numbers_.try_emplace({test.predicate, test.stateful ? place : SourceSpan{}}, static_cast<std::uint32_t>(predicates_.size()));
  if (added) predicates_.push_back({test.predicate, test.reason, place, test.about});
  return it->second;
}

namespace {

void measure(TableTest& test) {
  const auto& list = test.values->intervals();
  test.lo = list.empty() ? 1 : list.front().lo;
  test.hi = list.empty() ? 0 : list.back().hi;
  test.whole = list.size() == 1;
}

}  // namespace

TableTest RuleTable::table_test(const FieldTest& test) {
  TableTest made;
  made.dimension = dimension_of(test.field);
  made.values = &test.values;
  measure(made);
  return made;
}

TableTest RuleTable::table_test(const InterfaceTest& test) {
  TableTest made;
  made.dimension = test.incoming ? Dimension::in : Dimension::out;
  auto [it, added] = interface_tests_.try_emplace({test.name, test.prefix}, nullptr);
  if (added) {
    it->second = &interface_sets_.emplace_back(interfaces_.matching(test));
    // The lowest number a prefix matches is that of its other members.
    u128 lowest = it->second->begin()->lo;
    if (test.prefix && !test.name.empty()) prefixes_.emplace(test.name, lowest);
    if (!test.prefix) exact_.emplace(test.name, lowest);
  }
  made.values = it->second;
  measure(made);
  return made;
}

TableTest RuleTable::table_test(const OpaqueTest& test, SourceSpan place) {
  TableTest made;
  made.opaque = true;
  made.predicate = predicate(test, place);
  return made;
}

TableCondition RuleTable::table_condition(const Condition& condition) {
  TableCondition out;
  out.negated = condition.negated;
  out.span = condition.span;
  for (const Test& test : condition.any_of) {
    if (auto* field = std::get_if<FieldTest>(&test)) {
      out.any_of.push_back(table_test(*field));
    } else if (auto* interface = std::get_if<InterfaceTest>(&test)) {
      out.any_of.push_back(table_test(*interface));
    } else if (auto* opaque = test_as<OpaqueTest>(test)) {
      out.any_of.push_back(table_test(*opaque, condition.span));
    } else {
      static const FieldTest every_packet{Field::protocol, IntervalSet::range(0, 255)};
      const auto& all = *test_as<AllOf>(test);
      if (all.fields.empty() && all.interfaces.empty() && all.opaque.empty()) {
        out.any_of.push_back(table_test(every_packet));
        continue;
      }
      TableTest& made = out.any_of.emplace_back();
      for (const FieldTest& t : all.fields) made.all.push_back(table_test(t));
      for (const InterfaceTest& t : all.interfaces) made.all.push_back(table_test(t));
      for (const OpaqueTest& t : all.opaque) made.all.push_back(table_test(t, condition.span));
    }
  }
  return out;
}

// Height of the jumps below a chain; -2 marks a chain being visited, a jump back to which would loop.
int RuleTable::nesting(std::size_t chain, std::vector<int>& height, int depth) {
  if (height[chain] != -1) return height[chain];
  if (depth > 2 * nesting_limit) return -2;
  height[chain] = -2;
  int below = 0;
  for (TableRule& rule : chains_[chain].rules) {
    if (!calls(rule.kind)) continue;
    int h = nesting(rule.target, height, depth + 1);
    if (h == -2 || h + 1 > nesting_limit)
      rule.kind = ActionKind::unknown;
    else
      below = std::max(below, h + 1);
  }
  return height[chain] = below;
}

void RuleTable::make_index(ChainTable& chain, std::size_t most_pieces) {
  std::size_t words = chain.words();
  for (Dimension dimension : {Dimension::destination, Dimension::source, Dimension::destination_port, Dimension::protocol,
                              Dimension::in, Dimension::out, Dimension::source_port, Dimension::state}) {
    if (dimension == Dimension::state && untracks_) continue;
    // Of each rule, the values its conditions on this dimension alone leave; a rule without such a condition is in every row.
    std::vector<std::pair<std::uint32_t, IntervalSet>> limits;
    for (std::uint32_t r = 0; r < chain.rules.size(); ++r) {
      std::optional<IntervalSet> left;
      for (const TableCondition& condition : chain.rules[r].conditions) {
        IntervalSet values;
        bool alone = true;
        for (const TableTest& test : condition.any_of) {
          alone = alone && !test.opaque && test.all.empty() && test.dimension == dimension;
          if (alone) values.add(*test.values);
        }
        if (!alone || condition.any_of.empty()) continue;
        if (condition.negated) values = values.complement(dimension_max(dimension));
        left = left ? left->intersected(values) : values;
      }
      if (left) limits.emplace_back(r, std::move(*left));
    }
    if (limits.empty()) continue;
    ChainTable::Pieces pieces{dimension, {0}, {}};
    for (const auto& [r, values] : limits)
      for (const Interval& i : values) {
        pieces.starts.push_back(i.lo);
        if (i.hi < dimension_max(dimension)) pieces.starts.push_back(i.hi + 1);
      }
    std::sort(pieces.starts.begin(), pieces.starts.end());
    pieces.starts.erase(std::unique(pieces.starts.begin(), pieces.starts.end()), pieces.starts.end());
    if (std::size_t every = (pieces.starts.size() + most_pieces - 1) / most_pieces; every > 1) {
      std::size_t kept = 0;
      for (std::size_t i = 0; i < pieces.starts.size(); i += every) pieces.starts[kept++] = pieces.starts[i];
      pieces.starts.resize(kept);
    }
    std::vector<std::uint64_t> any(words, ~std::uint64_t{0});
    for (const auto& [r, values] : limits) any[r / 64] &= ~(std::uint64_t{1} << r % 64);
    pieces.rows.reserve(pieces.starts.size() * words);
    for (std::size_t i = 0; i < pieces.starts.size(); ++i) pieces.rows.insert(pieces.rows.end(), any.begin(), any.end());
    auto piece_of = [&](u128 value) {
      return static_cast<std::size_t>(std::upper_bound(pieces.starts.begin(), pieces.starts.end(), value) - pieces.starts.begin()) -
             1;
    };
    for (const auto& [r, values] : limits)
      for (const Interval& i : values)
        for (std::size_t p = piece_of(i.lo), last = piece_of(i.hi); p <= last; ++p)
          pieces.rows[p * words + r / 64] |= std::uint64_t{1} << r % 64;
    chain.index.push_back(std::move(pieces));
  }
}

u128 RuleTable::interface_number(const std::string& name) const {
  if (name.empty()) return 0;
  if (auto it = exact_.find(name); it != exact_.end()) return it->second;
  u128 best = 1;
  for (std::size_t n = 1; n <= name.size() && !prefixes_.empty(); ++n)
    if (auto it = prefixes_.find(std::string_view(name).substr(0, n)); it != prefixes_.end()) best = it->second;
  return best;
}

}  // namespace ipo
