// Binary operations walk two nodes at once, merging their sorted edge lists, and remember results per (operation, f, g).
// Edges of a node under construction collect on one shared stack, so that recursion allocates nothing; a finished list
// is looked up in the table of all nodes and stored only if it is new.
#include "rules/engine/packet_set.h"

#include <algorithm>
#include <set>

namespace ipo {
namespace {

constexpr unsigned depth_limit = 5000;  // a path tests each predicate at most once; deeper means that many predicates

std::uint64_t mix(std::uint64_t h, std::uint64_t v) {
  h = (h ^ v) * 0xff51afd7ed558ccdu;
  return h ^ h >> 32;  // tables are indexed by the low bits, which a product never gets from higher ones
}

bool prefix_of(const std::string& prefix, const std::string& name) { return name.starts_with(prefix); }

}  // namespace

u128 dimension_max(Dimension dimension) {
  switch (dimension) {
    case Dimension::family: return 1;
    case Dimension::protocol: return 255;
    case Dimension::in:
    case Dimension::out: return 0xffffffffu;
    case Dimension::state: return 4;
    case Dimension::nat: return 3;
    case Dimension::marks: return 65535;
    case Dimension::destination:
    case Dimension::source: return ~u128{0};
    case Dimension::destination_port:
    case Dimension::source_port: return 65535;
    case Dimension::tcp_flags: return 63;
  }
  return 0;
}

Dimension dimension_of(Field field) {
  switch (field) {
    case Field::protocol: return Dimension::protocol;
    case Field::state: return Dimension::state;
    case Field::nat: return Dimension::nat;
    case Field::marks: return Dimension::marks;
    case Field::destination: return Dimension::destination;
    case Field::destination_port: return Dimension::destination_port;
    case Field::source: return Dimension::source;
    case Field::source_port: return Dimension::source_port;
    case Field::tcp_flags: return Dimension::tcp_flags;
  }
  return Dimension::protocol;
}

// ---- interfaces -------------------------------------------------------------------------------------------------

Interfaces::Interfaces(std::vector<InterfaceTest> written) {
  entries_.push_back({"", true});
  for (const InterfaceTest& test : written)
    if (!test.name.empty()) entries_.push_back({test.name, test.prefix});
  // A prefix sorts before the names it is a prefix of, and right before the exact name equal to it.
  std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
    return a.name != b.name ? a.name < b.name : a.prefix > b.prefix;
  });
  entries_.erase(std::unique(entries_.begin(), entries_.end(),
                             [](const Entry& a, const Entry& b) { return a.name == b.name && a.prefix == b.prefix; }),
                 entries_.end());
}

IntervalSet Interfaces::matching(const InterfaceTest& test) const {
  if (test.prefix && test.name.empty()) return IntervalSet::range(0, dimension_max(Dimension::in));
  IntervalSet out;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const Entry& e = entries_[i];
    if (test.prefix ? prefix_of(test.name, e.name) : !e.prefix && e.name == test.name) out.add(i + 1, i + 1);
  }
  return out;
}

// Numbers past the last entry are never given to a packet; they belong to "any other" so that negations stay simple.
IntervalSet Interfaces::all() const { return IntervalSet::range(1, entries_.size()); }

std::vector<u128> Interfaces::single() const {
  std::vector<u128> out;
  for (std::size_t i = 0; i < entries_.size(); ++i)
    if (!entries_[i].prefix) out.push_back(i + 1);
  return out;
}

std::string Interfaces::name(u128 number) const {
  if (number == 0 || number > entries_.size()) return "";
  const Entry& e = entries_[static_cast<std::size_t>(number) - 1];
  return e.prefix && !e.name.empty() ? e.name + "+" : e.name;
}

// ---- nodes ------------------------------------------------------------------------------------------------------

Space::Space(std::size_t edge_budget, std::uint64_t step_budget)
    : unique_(64, ~0u), cache_(256), edge_budget_(edge_budget), step_budget_(step_budget) {}

u128 Space::level_max(std::uint32_t level) const {
  return level < dimension_count ? dimension_max(static_cast<Dimension>(level)) : 1;
}

void Space::push(std::size_t base, u128 upto, std::uint32_t child) {
  if (scratch_.size() > base && scratch_.back().child == child)
    scratch_.back().upto = upto;
  else
    scratch_.push_back({upto, child});
}

void Space::rehash() {
  std::vector<std::uint32_t> table(unique_.size() * 2, ~0u);
  for (std::uint32_t id : unique_) {
    if (id == ~0u) continue;
    std::size_t slot = nodes_[id].hash & (table.size() - 1);
    while (table[slot] != ~0u) slot = (slot + 1) & (table.size() - 1);
    table[slot] = id;
  }
  unique_ = std::move(table);
}

std::uint32_t Space::make(std::uint32_t level, std::size_t base) {
  std::size_t count = scratch_.size() - base;
  if (count == 1) {
    std::uint32_t child = scratch_[base].child;
    scratch_.resize(base);
    return child;
  }
  std::uint64_t h = level;
  for (std::size_t i = base; i < scratch_.size(); ++i) {
    const Edge& e = scratch_[i];
    auto low = static_cast<std::uint64_t>(e.upto), high = static_cast<std::uint64_t>(e.upto >> 64);
    h = mix(h, low ^ high * 0x9e3779b97f4a7c15u ^ std::uint64_t{e.child} << 32);
  }
  std::size_t slot = h & (unique_.size() - 1);
  for (; unique_[slot] != ~0u; slot = (slot + 1) & (unique_.size() - 1)) {
    const Node& n = nodes_[unique_[slot]];
    if (n.hash != h || n.level != level || n.count != count) continue;
    bool same = true;
    for (std::size_t i = 0; same && i < count; ++i)
      same = edges_[n.first + i].upto == scratch_[base + i].upto && edges_[n.first + i].child == scratch_[base + i].child;
    if (same) {
      scratch_.resize(base);
      return unique_[slot];
    }
  }
  if (edges_.size() + count > edge_budget_)
    throw SpaceExhausted("the rules need more than " + std::to_string(edge_budget_) + " intervals to describe");
  auto id = static_cast<std::uint32_t>(nodes_.size());
  nodes_.push_back({level, static_cast<std::uint32_t>(edges_.size()), static_cast<std::uint32_t>(count), h});
  edges_.insert(edges_.end(), scratch_.begin() + static_cast<std::ptrdiff_t>(base), scratch_.end());
  scratch_.resize(base);
  unique_[slot] = id;
  if (nodes_.size() * 2 > unique_.size()) rehash();
  if (nodes_.size() * 2 > cache_.size() && cache_.size() < (std::size_t{1} << 22)) {
    std::vector<CacheLine> wider(cache_.size() * 4);
    for (const CacheLine& line : cache_)
      if (line.key != ~std::uint64_t{0}) wider[mix(line.key, line.f) & (wider.size() - 1)] = line;
    cache_ = std::move(wider);
  }
  return id;
}

std::uint32_t Space::apply(Op op, std::uint32_t f, std::uint32_t g, unsigned depth) {
  constexpr std::uint32_t zero = leaf_bit;
  switch (op) {
    case Op::overlay:
      if (f == g || g == zero) return f;
      if (f == zero) return g;
      if (is_leaf(f)) return f;
      break;
    case Op::restrict:
      if (f == zero || g == zero) return zero;
      if (is_leaf(g)) return f;
      if (f == g) return f;  // only sets can be equal to a set
      break;
    case Op::minus:
      if (f == zero || f == g) return f == g ? zero : f;
      if (g == zero) return f;
      if (is_leaf(g)) return zero;
      break;
  }
  if (depth > depth_limit) throw SpaceExhausted("more undecidable matches follow each other than the analysis takes");
  if (++steps_ > step_budget_)
    throw SpaceExhausted("the rules need more than " + std::to_string(step_budget_) + " steps to judge");
  // The cache is lossy: a collision costs time, never correctness. Its key holds both operands and the operation.
  std::uint64_t key = std::uint64_t{g} << 8 | static_cast<std::uint64_t>(op);
  {
    const CacheLine& line = cache_[mix(key, f) & (cache_.size() - 1)];
    if (line.key == key && line.f == f) return line.result;
  }
  std::uint32_t lf = level_of(f), lg = level_of(g), level = std::min(lf, lg);
  std::size_t base = scratch_.size();
  if (lf == lg) {
    std::uint32_t i = nodes_[f].first, j = nodes_[g].first;
    for (u128 max = level_max(level);;) {
      Edge a = edges_[i], b = edges_[j];
      u128 upto = std::min(a.upto, b.upto);
      std::uint32_t child = apply(op, a.child, b.child, depth + 1);
      push(base, upto, child);
      if (upto == max) break;
      i += a.upto == upto;
      j += b.upto == upto;
    }
  } else {
    bool left = lf < lg;
    Node n = nodes_[left ? f : g];
    for (std::uint32_t i = 0; i < n.count; ++i) {
      Edge e = edges_[n.first + i];
      std::uint32_t child = left ? apply(op, e.child, g, depth + 1) : apply(op, f, e.child, depth + 1);
      push(base, e.upto, child);
    }
  }
  std::uint32_t result = make(level, base);
  cache_[mix(key, f) & (cache_.size() - 1)] = {key, f, result};
  return result;
}

// ---- sets -------------------------------------------------------------------------------------------------------

PacketSet Space::test(Dimension dimension, const IntervalSet& values) {
  auto level = static_cast<std::uint32_t>(dimension);
  u128 max = level_max(level), next = 0;
  std::size_t base = scratch_.size();
  bool done = false;
  for (const Interval& i : values) {
    if (i.lo > max) break;
    if (i.lo > next) push(base, i.lo - 1, leaf_bit);
    u128 hi = std::min(i.hi, max);
    push(base, hi, leaf_bit | 1);
    if (hi == max) {
      done = true;
      break;
    }
    next = hi + 1;
  }
  if (!done) push(base, max, leaf_bit);
  return {make(level, base)};
}

PacketSet Space::predicate(std::uint32_t number) {
  std::size_t base = scratch_.size();
  push(base, 0, leaf_bit);
  push(base, 1, leaf_bit | 1);
  return {make(dimension_count + number, base)};
}

PacketSet Space::universe(Family family) {
  PacketSet s = test(Dimension::family, IntervalSet::of(static_cast<unsigned>(family)));
  IntervalSet addresses = IntervalSet::range(0, address_max(family));
  s = intersect(s, test(Dimension::destination, addresses));
  return intersect(s, test(Dimension::source, addresses));
}

PacketSet Space::overlay(PacketSet f, PacketSet g) { return {apply(Op::overlay, f.node, g.node, 0)}; }
PacketSet Space::restrict(PacketSet f, PacketSet s) { return {apply(Op::restrict, f.node, s.node, 0)}; }
PacketSet Space::minus(PacketSet f, PacketSet s) { return {apply(Op::minus, f.node, s.node, 0)}; }

std::uint32_t Space::map_leaves(std::uint32_t f, const std::function<std::uint32_t(std::uint32_t)>& map, Memo& memo,
                                unsigned depth) {
  if (depth > depth_limit) throw SpaceExhausted("more undecidable matches follow each other than the analysis takes");
  if (auto it = memo.find(f); it != memo.end()) return it->second;
  std::uint32_t result;
  if (is_leaf(f)) {
    result = leaf_bit | map(f & ~leaf_bit);
  } else {
    Node n = nodes_[f];
    std::size_t base = scratch_.size();
    for (std::uint32_t i = 0; i < n.count; ++i) {
      Edge e = edges_[n.first + i];
      std::uint32_t child = map_leaves(e.child, map, memo, depth + 1);
      push(base, e.upto, child);
    }
    result = make(n.level, base);
  }
  memo.emplace(f, result);
  return result;
}

PacketSet Space::relabel(PacketSet f, const std::function<std::uint32_t(std::uint32_t)>& map) {
  Memo memo;
  return {map_leaves(f.node, map, memo, 0)};
}

PacketSet Space::where(PacketSet f, std::uint32_t value) {
  return relabel(f, [value](std::uint32_t v) { return v == value ? 1u : 0u; });
}

// "Some" joins by overlay, "every" by restrict; nodes above the level are rebuilt, nodes below cannot mention it.
std::uint32_t Space::quantify(std::uint32_t f, std::uint32_t level, const IntervalSet& values, bool all, Memo& memo,
                              unsigned depth) {
  if (level_of(f) > level) return !all && values.empty() ? leaf_bit : all && values.empty() ? leaf_bit | 1 : f;
  if (depth > depth_limit) throw SpaceExhausted("more undecidable matches follow each other than the analysis takes");
  if (auto it = memo.find(f); it != memo.end()) return it->second;
  Node n = nodes_[f];
  std::uint32_t result;
  if (n.level == level) {
    result = all ? leaf_bit | 1 : leaf_bit;
    u128 lo = 0;
    for (std::uint32_t i = 0; i < n.count; ++i) {
      Edge e = edges_[n.first + i];
      if (values.intersects(IntervalSet::range(lo, e.upto)))
        result = apply(all ? Op::restrict : Op::overlay, result, e.child, depth + 1);
      lo = e.upto + 1;
    }
  } else {
    std::size_t base = scratch_.size();
    for (std::uint32_t i = 0; i < n.count; ++i) {
      Edge e = edges_[n.first + i];
      std::uint32_t child = quantify(e.child, level, values, all, memo, depth + 1);
      push(base, e.upto, child);
    }
    result = make(n.level, base);
  }
  memo.emplace(f, result);
  return result;
}

std::uint32_t Space::substitute(std::uint32_t f, std::uint32_t level, const std::vector<std::uint16_t>& to, Memo& memo) {
  if (level_of(f) > level) return f;
  if (auto it = memo.find(f); it != memo.end()) return it->second;
  Node n = nodes_[f];
  std::size_t base = scratch_.size();
  if (n.level == level) {
    auto child_at = [&](u128 value) {
      std::uint32_t i = n.first;
      while (edges_[i].upto < value) ++i;
      return edges_[i].child;
    };
    for (std::size_t v = 0; v < to.size(); ++v) push(base, v, child_at(to[v]));
    for (std::uint32_t i = 0; i < n.count; ++i)
      if (Edge e = edges_[n.first + i]; e.upto >= to.size()) push(base, e.upto, e.child);
  } else {
    for (std::uint32_t i = 0; i < n.count; ++i) {
      Edge e = edges_[n.first + i];
      std::uint32_t child = substitute(e.child, level, to, memo);
      push(base, e.upto, child);
    }
  }
  std::uint32_t result = make(n.level, base);
  memo.emplace(f, result);
  return result;
}

PacketSet Space::substitute(PacketSet f, Dimension dimension, const std::vector<std::uint16_t>& to) {
  Memo memo;
  return {substitute(f.node, static_cast<std::uint32_t>(dimension), to, memo)};
}

std::uint32_t Space::move(std::uint32_t f, std::uint32_t level, Interval from, u128 to, Memo& memo) {
  if (f == leaf_bit) return f;
  if (auto it = memo.find(f); it != memo.end()) return it->second;
  std::size_t base = scratch_.size();
  if (level_of(f) >= level) {
    u128 max = level_max(level), last = to + (from.hi - from.lo);
    if (to > 0) push(base, to - 1, leaf_bit);
    if (level_of(f) > level) {
      push(base, last, f);
    } else {
      Node n = nodes_[f];
      for (std::uint32_t i = 0; i < n.count; ++i) {
        Edge e = edges_[n.first + i];
        if (e.upto < from.lo) continue;
        push(base, std::min(e.upto, from.hi) - from.lo + to, e.child);
        if (e.upto >= from.hi) break;
      }
    }
    if (last < max) push(base, max, leaf_bit);
  } else {
    Node n = nodes_[f];
    for (std::uint32_t i = 0; i < n.count; ++i) {
      Edge e = edges_[n.first + i];
      std::uint32_t child = move(e.child, level, from, to, memo);
      push(base, e.upto, child);
    }
  }
  std::uint32_t result = make(std::min(level, level_of(f)), base);
  memo.emplace(f, result);
  return result;
}

PacketSet Space::move(PacketSet s, Dimension dimension, Interval from, u128 to) {
  Memo memo;
  return {move(s.node, static_cast<std::uint32_t>(dimension), from, to, memo)};
}

PacketSet Space::exists(PacketSet s, Dimension dimension, const IntervalSet& values) {
  Memo memo;
  return {quantify(s.node, static_cast<std::uint32_t>(dimension), values, false, memo, 0)};
}

PacketSet Space::every(PacketSet s, Dimension dimension, const IntervalSet& values) {
  Memo memo;
  return {quantify(s.node, static_cast<std::uint32_t>(dimension), values, true, memo, 0)};
}

PacketSet Space::exists(PacketSet s, Dimension dimension) {
  return exists(s, dimension, IntervalSet::range(0, dimension_max(dimension)));
}

// how: 0 every predicate false, 1 some assignment, 2 every assignment. Bottom up: all predicates lie below all fields.
std::uint32_t Space::settle(std::uint32_t f, int how, Memo& memo, unsigned depth) {
  if (is_leaf(f)) return f;
  if (depth > depth_limit) throw SpaceExhausted("more undecidable matches follow each other than the analysis takes");
  if (auto it = memo.find(f); it != memo.end()) return it->second;
  Node n = nodes_[f];
  std::uint32_t result;
  if (n.level >= dimension_count) {
    std::uint32_t no = settle(edges_[n.first].child, how, memo, depth + 1);
    if (how == 0) {
      result = no;
    } else {
      std::uint32_t yes = settle(edges_[n.first + 1].child, how, memo, depth + 1);
      result = apply(how == 1 ? Op::overlay : Op::restrict, no, yes, depth + 1);
    }
  } else {
    std::size_t base = scratch_.size();
    for (std::uint32_t i = 0; i < n.count; ++i) {
      Edge e = edges_[n.first + i];
      std::uint32_t child = settle(e.child, how, memo, depth + 1);
      push(base, e.upto, child);
    }
    result = make(n.level, base);
  }
  memo.emplace(f, result);
  return result;
}

std::uint32_t Space::assume(std::uint32_t f, std::uint32_t level, unsigned value, Memo& memo, unsigned depth) {
  if (level_of(f) > level) return f;
  if (depth > depth_limit) throw SpaceExhausted("more undecidable matches follow each other than the analysis takes");
  if (auto it = memo.find(f); it != memo.end()) return it->second;
  Node n = nodes_[f];
  std::uint32_t result;
  if (n.level == level) {
    result = edges_[n.first + value].child;
  } else {
    std::size_t base = scratch_.size();
    for (std::uint32_t i = 0; i < n.count; ++i) {
      Edge e = edges_[n.first + i];
      std::uint32_t child = assume(e.child, level, value, memo, depth + 1);
      push(base, e.upto, child);
    }
    result = make(n.level, base);
  }
  memo.emplace(f, result);
  return result;
}

PacketSet Space::assume(PacketSet f, std::uint32_t predicate, bool value) {
  Memo memo;
  return {assume(f.node, dimension_count + predicate, value ? 1 : 0, memo, 0)};
}

PacketSet Space::without_predicates(PacketSet f) {
  Memo memo;
  return {settle(f.node, 0, memo, 0)};
}
PacketSet Space::possible(PacketSet s) {
  Memo memo;
  return {settle(s.node, 1, memo, 0)};
}
PacketSet Space::proven(PacketSet s) {
  Memo memo;
  return {settle(s.node, 2, memo, 0)};
}

// ---- questions --------------------------------------------------------------------------------------------------

void Space::visit(std::uint32_t f, const std::function<void(std::uint32_t)>& each) const {
  std::unordered_map<std::uint32_t, bool> seen;
  std::vector<std::uint32_t> todo = {f};
  seen[f] = true;
  while (!todo.empty()) {
    std::uint32_t id = todo.back();
    todo.pop_back();
    each(id);
    if (is_leaf(id)) continue;
    const Node& n = nodes_[id];
    for (std::uint32_t i = 0; i < n.count; ++i)
      if (seen.emplace(edges_[n.first + i].child, true).second) todo.push_back(edges_[n.first + i].child);
  }
}

IntervalSet Space::project(PacketSet s, Dimension dimension) {
  auto level = static_cast<std::uint32_t>(dimension);
  IntervalSet out, everything = IntervalSet::range(0, dimension_max(dimension));
  if (s.empty()) return out;
  // An edge that jumps over the level to something not empty allows every value.
  bool skips = level_of(s.node) > level;
  visit(s.node, [&](std::uint32_t id) {
    if (is_leaf(id) || nodes_[id].level > level) return;
    const Node& n = nodes_[id];
    u128 lo = 0;
    for (std::uint32_t i = 0; i < n.count; ++i) {
      const Edge& e = edges_[n.first + i];
      if (e.child != leaf_bit) {
        if (n.level == level)
          out.add(lo, e.upto);
        else if (level_of(e.child) > level)
          skips = true;
      }
      lo = e.upto + 1;
    }
  });
  return skips ? everything : out;
}

std::vector<std::uint32_t> Space::predicates_of(PacketSet f) {
  std::set<std::uint32_t> found;
  visit(f.node, [&](std::uint32_t id) {
    if (!is_leaf(id) && nodes_[id].level >= dimension_count) found.insert(nodes_[id].level - dimension_count);
  });
  return {found.begin(), found.end()};
}

std::vector<std::uint32_t> Space::values_of(PacketSet f) {
  std::set<std::uint32_t> found;
  visit(f.node, [&](std::uint32_t id) {
    if (is_leaf(id)) found.insert(id & ~leaf_bit);
  });
  return {found.begin(), found.end()};
}

std::uint32_t Space::at(PacketSet f, const std::vector<u128>& packet, const std::vector<bool>& predicates) const {
  std::uint32_t id = f.node;
  while (!is_leaf(id)) {
    const Node& n = nodes_[id];
    std::uint32_t p = n.level - dimension_count;
    u128 value = n.level < dimension_count ? packet[n.level] : p < predicates.size() && predicates[p] ? 1 : 0;
    auto begin = edges_.begin() + n.first;
    id = std::lower_bound(begin, begin + n.count, value, [](const Edge& e, u128 v) { return e.upto < v; })->child;
  }
  return id & ~leaf_bit;
}

std::vector<u128> Space::pick(PacketSet s, std::vector<std::uint32_t>* predicates) const {
  std::vector<u128> packet(dimension_count, 0);
  std::uint32_t id = s.node;
  while (!is_leaf(id)) {
    const Node& n = nodes_[id];
    u128 lo = 0;
    for (std::uint32_t i = 0; i < n.count; ++i) {
      const Edge& e = edges_[n.first + i];
      if (e.child != leaf_bit) {
        if (n.level < dimension_count)
          packet[n.level] = lo;
        else if (predicates && lo == 1)
          predicates->push_back(n.level - dimension_count);
        id = e.child;
        break;
      }
      lo = e.upto + 1;
    }
  }
  return packet;
}

}  // namespace ipo
