// Binary operations walk two nodes at once, merging their sorted edge lists; every operation remembers its results in one
// lossy table. Edges of a node under construction collect on a shared stack, so that recursion allocates nothing; a finished
// list is looked up in the table of all nodes and stored only if it is new, in blocks that never move.
#include "rules/engine/packet_set.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <set>
#include <utility>

namespace ipo {
namespace {

constexpr unsigned depth_limit = 5000;  // a path tests each predicate at most once; deeper means that many predicates
constexpr u128 word_max = 0xffffffffu;

std::uint64_t mix(std::uint64_t h, std::uint64_t v) {
  h = (h ^ v) * 0xff51afd7ed558ccdu;
  return h ^ h >> 32;  // tables are indexed by the low bits, which a product never gets from higher ones
}

bool prefix_of(const std::string& prefix, const std::string& name) { return name.starts_with(prefix); }

}  // namespace

u128 dimension_max(Dimension dimension) {
  switch (dimension) {
    case Dimension::family:
      return 1;
    case Dimension::protocol:
      return 255;
    case Dimension::in:
    case Dimension::out:
      return 0xffffffffu;
    case Dimension::state:
      return 4;
    case Dimension::nat:
      return 3;
    case Dimension::marks:
      return 65535;
    case Dimension::destination:
    case Dimension::original_destination:
    case Dimension::source:
      return ~u128{0};
    case Dimension::destination_port:
    case Dimension::original_port:
    case Dimension::source_port:
      return 65535;
    case Dimension::tcp_flags:
      return 63;
  }
  return 0;
}

Dimension dimension_of(Field field) {
  switch (field) {
    case Field::protocol:
      return Dimension::protocol;
    case Field::state:
      return Dimension::state;
    case Field::nat:
      return Dimension::nat;
    case Field::marks:
      return Dimension::marks;
    case Field::destination:
      return Dimension::destination;
    case Field::destination_port:
      return Dimension::destination_port;
    case Field::source:
      return Dimension::source;
    case Field::source_port:
      return Dimension::source_port;
    case Field::tcp_flags:
      return Dimension::tcp_flags;
    case Field::original_destination:
      return Dimension::original_destination;
    case Field::original_port:
      return Dimension::original_port;
  }
  return Dimension::protocol;
}

// ---- interfaces -------------------------------------------------------------------------------------------------

Interfaces::Interfaces(std::vector<InterfaceTest> written) {
  entries_.push_back({"", true});
  for (const InterfaceTest& test : written)
    if (!test.name.empty()) entries_.push_back({test.name, test.prefix});
  // A prefix sorts before the names it is a prefix of, and right before the exact name equal to it.
  std::sort(entries_.begin(), entries_.end(),
            [](const Entry& a, const Entry& b) { return a.name != b.name ? a.name < b.name : a.prefix > b.prefix; });
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
    : unique_(64), cache_(256), edge_budget_(edge_budget), step_budget_(step_budget) {}

u128 Space::level_max(std::uint32_t level) const {
  return level < dimension_count ? dimension_max(static_cast<Dimension>(level)) : 1;
}

u128 Space::Node::upto(std::uint32_t i) const {
  if (!wide) return words[i];
  u128 out;
  std::memcpy(&out, words + std::size_t{i} * 4, sizeof out);
  return out;
}

namespace {

template <class Edges, class End>
void push(Edges& edges, std::size_t base, End upto, std::uint32_t child) {
  if (edges.size() > base && edges.back().child == child)
    edges.back().upto = upto;
  else
    edges.push_back({upto, child});
}

// The first interval from `at` on that ends at `value` or later; `last` has no end.
template <class End, class EndOf>
std::uint32_t seek(std::uint32_t at, std::uint32_t last, End value, const EndOf& end_of) {
  std::uint32_t stride = 1;
  while (at + stride < last && end_of(at + stride) < value) at += stride, stride *= 2;
  std::uint32_t stop = std::min(at + stride, last);
  while (at < stop) {
    std::uint32_t middle = at + (stop - at) / 2;
    if (end_of(middle) < value)
      at = middle + 1;
    else
      stop = middle;
  }
  return at;
}

}  // namespace

std::uint32_t* Space::room(std::size_t words) {
  if (words > free_words_) {
    // Small spaces stay small, large ones ask seldom.
    free_words_ = std::max(words, std::min<std::size_t>(std::size_t{1} << 20, 1024 + edge_count_));
    word_blocks_.emplace_back(free_words_);
    free_ = word_blocks_.back().data();
  }
  return free_;
}

std::uint32_t Space::make(std::uint32_t level, Edges<std::uint32_t>& edges, std::size_t base) {
  auto count = static_cast<std::uint32_t>(edges.size() - base);
  const Edge<std::uint32_t>* e = edges.data() + base;
  std::uint32_t first = e->child;
  if (count > 1) {
    std::size_t words = 2 * std::size_t{count} - 1;
    std::uint32_t *to = room(words), deepest = level;
    for (std::uint32_t i = 0; i < count; ++i) {
      if (i + 1 < count) to[i] = e[i].upto;
      to[count - 1 + i] = e[i].child;
      deepest = std::max(deepest, deepest_of(e[i].child));
    }
    first = intern(level, count, false, deepest, words);
  }
  edges.resize(base);
  return first;
}

std::uint32_t Space::make(std::uint32_t level, Edges<u128>& edges, std::size_t base) {
  auto count = static_cast<std::uint32_t>(edges.size() - base);
  const Edge<u128>* e = edges.data() + base;
  std::uint32_t result = e->child;
  if (count > 1 && e[count - 2].upto <= word_max) {
    std::size_t from = narrow_.size();
    for (std::uint32_t i = 0; i < count; ++i) narrow_.push_back({static_cast<std::uint32_t>(e[i].upto), e[i].child});
    result = make(level, narrow_, from);
  } else if (count > 1) {
    std::size_t words = 5 * std::size_t{count} - 4;
    std::uint32_t *to = room(words), deepest = level;
    for (std::uint32_t i = 0; i < count; ++i) {
      if (i + 1 < count) std::memcpy(to + 4 * std::size_t{i}, &e[i].upto, sizeof e[i].upto);
      to[4 * std::size_t{count - 1} + i] = e[i].child;
      deepest = std::max(deepest, deepest_of(e[i].child));
    }
    result = intern(level, count, true, deepest, words);
  }
  edges.resize(base);
  return result;
}

// The words of the wanted node lie at free_; they stay there if it is new.
std::uint32_t Space::intern(std::uint32_t level, std::uint32_t count, bool wide, std::uint32_t deepest, std::size_t words) {
  std::uint64_t h = mix(level, std::uint64_t{count} << 1 | wide);
  std::size_t i = 0;
  for (; i + 1 < words; i += 2) h = mix(h, std::uint64_t{free_[i]} << 32 | free_[i + 1]);
  if (i < words) h = mix(h, free_[i]);
  std::uint64_t hash = h & 0xffffffffu;
  std::size_t slot = hash & (unique_.size() - 1);
  for (; unique_[slot] != 0; slot = (slot + 1) & (unique_.size() - 1)) {
    if (unique_[slot] >> 32 != hash) continue;
    std::uint32_t id = static_cast<std::uint32_t>(unique_[slot]) - 1;
    const Node& n = node(id);
    if (n.level == level && n.count == count && n.wide == wide && std::memcmp(n.words, free_, words * sizeof *free_) == 0)
      return id;
  }
  if (edge_count_ + count > edge_budget_)
    throw SpaceExhausted("the rules need more than " + std::to_string(edge_budget_) + " intervals to describe");
  if (node_count_ == number_mask)
    throw SpaceExhausted("the rules need more than " + std::to_string(number_mask) + " nodes to describe");
  std::uint32_t number = node_count_++, place = number + first_block;
  if (std::has_single_bit(place)) node_blocks_.emplace_back(place);
  node_blocks_.back()[place - std::bit_floor(place)] = {free_, level, count & 0x7fffffffu, wide};
  std::uint32_t id =
      std::min(level, dimension_count) << (number_bits + 4) | std::min(deepest, dimension_count) << number_bits | number;
  edge_count_ += count;
  free_ += words;
  free_words_ -= words;
  unique_[slot] = hash << 32 | (id + 1);
  if (std::size_t{node_count_} * 2 > unique_.size()) grow();
  return id;
}

void Space::grow() {
  LargePages<std::uint64_t> table(unique_.size() * 2);
  for (std::uint64_t entry : unique_) {
    if (entry == 0) continue;
    std::size_t slot = (entry >> 32) & (table.size() - 1);
    while (table[slot] != 0) slot = (slot + 1) & (table.size() - 1);
    table[slot] = entry;
  }
  unique_ = std::move(table);
  if (cache_.size() * 2 >= unique_.size() || cache_.size() >= (std::size_t{1} << 20)) return;
  LargePages<CacheLine> old(unique_.size() / 2);
  std::swap(cache_, old);
  for (const CacheLine& l : old)
    if (l.op != Op::none) line(l.op, l.f, l.g) = l;
}

Space::Allowance::Allowance(Space& space, unsigned parts)
    : space_(space), edge_budget_(space.edge_budget_), step_budget_(space.step_budget_) {
  space.edge_budget_ = space.edge_count_ + (edge_budget_ - std::min(space.edge_count_, edge_budget_)) / parts;
  space.step_budget_ = space.steps_ + (step_budget_ - std::min(space.steps_, step_budget_)) / parts;
}

Space::Allowance::~Allowance() { space_.edge_budget_ = edge_budget_, space_.step_budget_ = step_budget_; }

// ---- operations on two functions --------------------------------------------------------------------------------

void Space::step(std::uint64_t count, unsigned depth) {
  if (depth > depth_limit) throw SpaceExhausted("more undecidable matches follow each other than the analysis takes");
  if ((steps_ += count) > step_budget_)
    throw SpaceExhausted("the rules need more than " + std::to_string(step_budget_) + " steps to judge");
}

// The table is lossy: a collision costs time, never correctness. A line holds both operands and the operation.
Space::CacheLine& Space::line(Op op, std::uint32_t f, std::uint32_t g) {
  return cache_[mix(std::uint64_t{f} << 32 | g, static_cast<std::uint64_t>(op)) & (cache_.size() - 1)];
}

template <Space::Op op>
inline std::uint32_t Space::apply(std::uint32_t f, std::uint32_t g, unsigned depth) {
  constexpr std::uint32_t zero = leaf_bit;
  if constexpr (op == Op::overlay) {
    if (f == g || g == zero) return f;
    if (f == zero) return g;
    if (is_leaf(f)) return f;
  } else if constexpr (op == Op::restrict) {
    if (f == zero || g == zero) return zero;
    if (is_leaf(g) || f == g) return f;
  } else {
    if (f == zero || f == g) return zero;
    if (g == zero) return f;
    if (is_leaf(g)) return zero;
  }
  return combine<op>(f, g, depth);
}

template <Space::Op op>
std::uint32_t Space::combine(std::uint32_t f, std::uint32_t g, unsigned depth) {
  {
    const CacheLine& l = line(op, f, g);
    if (l.op == op && l.f == f && l.g == g) return l.result;
  }
  std::uint32_t lf = level_of(f), lg = level_of(g), result;
  if (lf < lg) {
    step(1, depth);
    result = rebuild(node(f), [&](std::uint32_t child) { return apply<op>(child, g, depth + 1); });
  } else if (lg < lf) {
    step(1, depth);
    result = rebuild(node(g), [&](std::uint32_t child) { return apply<op>(f, child, depth + 1); });
  } else {
    const Node &a = node(f), &b = node(g);
    const std::uint32_t *left = a.children(), *right = b.children();
    const std::uint32_t i_last = a.count - 1, j_last = b.count - 1;
    auto merge = [&](auto& edges, auto from, auto to) {
      std::size_t base = edges.size();
      using End = decltype(edges[0].upto);
      for (std::uint32_t i = 0, j = 0;;) {
        step(1, depth);
        // Where one operand decides, the other's intervals are passed over, however many.
        constexpr std::uint32_t zero = leaf_bit;
        std::uint32_t child = zero;
        if (op != Op::overlay && left[i] == zero)
          j = i == i_last ? j_last : seek(j, j_last, from(i), to);
        else if (op == Op::restrict && right[j] == zero)
          i = j == j_last ? i_last : seek(i, i_last, to(j), from);
        else
          child = apply<op>(left[i], right[j], depth + 1);
        if (i == i_last && j == j_last) {
          push(edges, base, End{0}, child);
          break;
        }
        End upto;
        if (j == j_last) {
          upto = from(i), ++i;
        } else if (i == i_last) {
          upto = to(j), ++j;
        } else {
          End x = from(i), y = to(j);
          upto = std::min(x, y);
          i += x <= y;
          j += y <= x;
        }
        push(edges, base, upto, child);
      }
      return make(lf, edges, base);
    };
    if (!a.wide && !b.wide)
      result = merge(
          narrow_, [&](std::uint32_t i) { return a.words[i]; }, [&](std::uint32_t j) { return b.words[j]; });
    else
      result = merge(
          wide_, [&](std::uint32_t i) { return a.upto(i); }, [&](std::uint32_t j) { return b.upto(j); });
  }
  line(op, f, g) = {op, f, g, result};
  return result;
}

// What is remembered is the answer: node 0 or 1.
bool Space::disjoint(std::uint32_t f, std::uint32_t g, unsigned depth) {
  if (f == leaf_bit || g == leaf_bit) return true;
  if (is_leaf(f) || is_leaf(g) || f == g) return false;
  if (f > g) std::swap(f, g);
  if (const CacheLine& l = line(Op::disjoint, f, g); l.op == Op::disjoint && l.f == f && l.g == g) return l.result != 0;
  std::uint32_t lf = level_of(f), lg = level_of(g);
  bool result = true;
  if (lf != lg) {
    const Node& n = node(lf < lg ? f : g);
    const std::uint32_t* children = n.children();
    for (std::uint32_t i = 0; i < n.count && result; ++i) {
      step(1, depth);
      result = disjoint(children[i], lf < lg ? g : f, depth + 1);
    }
  } else {
    const Node &a = node(f), &b = node(g);
    const std::uint32_t *left = a.children(), *right = b.children();
    const std::uint32_t i_last = a.count - 1, j_last = b.count - 1;
    auto walk = [&](auto from, auto to) {
      for (std::uint32_t i = 0, j = 0;;) {
        step(1, depth);
        if (left[i] == leaf_bit)
          j = i == i_last ? j_last : seek(j, j_last, from(i), to);
        else if (right[j] == leaf_bit)
          i = j == j_last ? i_last : seek(i, i_last, to(j), from);
        else if (!disjoint(left[i], right[j], depth + 1))
          return false;
        if (i == i_last && j == j_last) return true;
        if (j == j_last) {
          ++i;
        } else if (i == i_last) {
          ++j;
        } else {
          auto x = from(i), y = to(j);
          i += x <= y;
          j += y <= x;
        }
      }
    };
    result = !a.wide && !b.wide ? walk([&](std::uint32_t i) { return a.words[i]; }, [&](std::uint32_t j) { return b.words[j]; })
                                : walk([&](std::uint32_t i) { return a.upto(i); }, [&](std::uint32_t j) { return b.upto(j); });
  }
  line(Op::disjoint, f, g) = {Op::disjoint, f, g, result ? 1u : 0u};
  return result;
}

template <class Each>
std::uint32_t Space::rebuild(const Node& n, const Each& each) {
  const std::uint32_t* children = n.children();
  if (n.wide) {
    std::size_t base = wide_.size();
    for (std::uint32_t i = 0; i < n.count; ++i) {
      std::uint32_t child = each(children[i]);
      push(wide_, base, i + 1 < n.count ? n.upto(i) : u128{0}, child);
    }
    return make(n.level, wide_, base);
  }
  std::size_t base = narrow_.size();
  for (std::uint32_t i = 0; i < n.count; ++i) {
    std::uint32_t child = each(children[i]);
    push(narrow_, base, i + 1 < n.count ? n.words[i] : 0u, child);
  }
  return make(n.level, narrow_, base);
}

// ---- sets -------------------------------------------------------------------------------------------------------

PacketSet Space::within(Dimension dimension, const IntervalSet& values, PacketSet inner) {
  auto level = static_cast<std::uint32_t>(dimension);
  u128 max = level_max(level), next = 0;
  std::size_t base = wide_.size();
  bool done = false;
  for (const Interval& i : values) {
    if (i.lo > max) break;
    if (i.lo > next) push(wide_, base, i.lo - 1, leaf_bit);
    u128 hi = std::min(i.hi, max);
    push(wide_, base, hi, inner.node);
    if (hi == max) {
      done = true;
      break;
    }
    next = hi + 1;
  }
  if (!done) push(wide_, base, max, leaf_bit);
  return {make(level, wide_, base)};
}

PacketSet Space::predicate(std::uint32_t number) {
  std::size_t base = narrow_.size();
  push(narrow_, base, 0u, leaf_bit);
  push(narrow_, base, 1u, leaf_bit | 1);
  return {make(dimension_count + number, narrow_, base)};
}

PacketSet Space::universe(Family family) {
  IntervalSet addresses = IntervalSet::range(0, address_max(family));
  return within(Dimension::family, IntervalSet::of(static_cast<unsigned>(family)),
                within(Dimension::destination, addresses, within(Dimension::source, addresses, constant(1))));
}

PacketSet Space::overlay(PacketSet f, PacketSet g) { return {apply<Op::overlay>(f.node, g.node, 0)}; }
PacketSet Space::restrict(PacketSet f, PacketSet s) { return {apply<Op::restrict>(f.node, s.node, 0)}; }
PacketSet Space::minus(PacketSet f, PacketSet s) { return {apply<Op::minus>(f.node, s.node, 0)}; }

// Results that depend on more than the operands are remembered under the number of the call.
std::uint32_t Space::next_call() {
  if (++calls_ == 0) std::fill(cache_.begin(), cache_.end(), CacheLine{}), ++calls_;
  return calls_;
}

std::uint32_t Space::map_leaves(Op op, std::uint32_t f, std::uint32_t call, const Map& map, unsigned depth) {
  if (is_leaf(f)) return leaf_bit | map(f & ~leaf_bit);
  if (const CacheLine& l = line(op, f, call); l.op == op && l.f == f && l.g == call) return l.result;
  const Node& n = node(f);
  step(n.count, depth);
  std::uint32_t result = rebuild(n, [&](std::uint32_t child) { return map_leaves(op, child, call, map, depth + 1); });
  line(op, f, call) = {op, f, call, result};
  return result;
}

PacketSet Space::relabel(PacketSet f, const Map& map) { return {map_leaves(Op::relabel, f.node, next_call(), map, 0)}; }

PacketSet Space::where(PacketSet f, std::uint32_t value) {
  return {map_leaves(
      Op::where, f.node, value, [value](std::uint32_t v) { return v == value ? 1u : 0u; }, 0)};
}

// Bottom up: a value's part of a node is the node with the edges to children that have a part of that value.
const std::vector<Space::Part>& Space::split(std::uint32_t f, Parts& known, unsigned depth) {
  auto [it, added] = known.try_emplace(f);
  std::vector<Part>& out = it->second;  // stays where it is
  if (!added) return out;
  if (is_leaf(f)) {
    if (f != leaf_bit) out.push_back({f & ~leaf_bit, constant(1)});
    return out;
  }
  struct PartOfChild {
    std::uint32_t value, number, child;
  };
  const Node& n = node(f);
  const std::uint32_t last = n.count - 1;
  std::vector<PartOfChild> edges;
  for (std::uint32_t i = 0; i <= last; ++i)
    for (auto [value, set] : split(n.children()[i], known, depth + 1)) edges.push_back({value, i, set.node});
  step(edges.size(), depth);
  std::sort(edges.begin(), edges.end(),
            [](const PartOfChild& a, const PartOfChild& b) { return std::pair(a.value, a.number) < std::pair(b.value, b.number); });
  auto part = [&](auto& stack, auto upto, auto edge, auto end) {
    std::size_t base = stack.size();
    std::uint32_t next = 0;
    for (; edge != end; ++edge) {
      if (edge->number > next) push(stack, base, upto(edge->number - 1), leaf_bit);
      next = edge->number + 1;
      push(stack, base, edge->number < last ? upto(edge->number) : 0, edge->child);
    }
    if (next <= last) push(stack, base, decltype(upto(0)){0}, leaf_bit);
    return make(n.level, stack, base);
  };
  for (auto at = edges.begin(); at != edges.end();) {
    auto end = std::find_if(at, edges.end(), [&](const PartOfChild& e) { return e.value != at->value; });
    std::uint32_t made = n.wide ? part(
                                      wide_, [&](std::uint32_t i) { return n.upto(i); }, at, end)
                                : part(
                                      narrow_, [&](std::uint32_t i) { return n.words[i]; }, at, end);
    out.push_back({at->value, {made}});
    at = end;
  }
  return out;
}

std::vector<Space::Part> Space::split(PacketSet f) {
  Parts known;
  return split(f.node, known, 0);
}

// Halves first: many small sets are joined before few large ones.
std::uint32_t Space::join(Op op, std::vector<std::uint32_t> sets, unsigned depth) {
  std::sort(sets.begin(), sets.end());
  sets.erase(std::unique(sets.begin(), sets.end()), sets.end());
  while (sets.size() > 1) {
    std::size_t half = (sets.size() + 1) / 2;
    for (std::size_t i = 0; i + half < sets.size(); ++i)
      sets[i] = op == Op::exists ? apply<Op::overlay>(sets[i], sets[i + half], depth)
                                 : apply<Op::restrict>(sets[i], sets[i + half], depth);
    sets.resize(half);
  }
  return sets.front();
}

PacketSet Space::unite(const std::vector<PacketSet>& sets) {
  std::vector<std::uint32_t> ids;
  for (PacketSet set : sets) ids.push_back(set.node);
  return ids.empty() ? nothing() : PacketSet{join(Op::exists, std::move(ids), 0)};
}

// Nodes above the level are rebuilt, nodes below cannot mention it. `values` is not empty.
std::uint32_t Space::quantify(Op op, std::uint32_t f, std::uint32_t level, const IntervalSet& values, std::uint32_t call,
                              unsigned depth) {
  if (level_of(f) > level || deepest_of(f) < level) return f;
  if (const CacheLine& l = line(op, f, call); l.op == op && l.f == f && l.g == call) return l.result;
  const Node& n = node(f);
  step(n.count, depth);
  std::uint32_t result;
  if (n.level == level) {
    std::vector<std::uint32_t> met;
    auto value = values.begin();
    for (std::uint32_t i = 0; i < n.count && value != values.end(); ++i) {
      if (bool last = i + 1 == n.count; last || value->lo <= n.upto(i)) {
        met.push_back(n.children()[i]);
        while (!last && value != values.end() && value->hi <= n.upto(i)) ++value;
      }
    }
    result = join(op, std::move(met), depth + 1);
  } else {
    result = rebuild(n, [&](std::uint32_t child) { return quantify(op, child, level, values, call, depth + 1); });
  }
  line(op, f, call) = {op, f, call, result};
  return result;
}

PacketSet Space::exists(PacketSet s, Dimension dimension, const IntervalSet& values) {
  if (values.empty()) return nothing();
  return {quantify(Op::exists, s.node, static_cast<std::uint32_t>(dimension), values, next_call(), 0)};
}

PacketSet Space::every(PacketSet s, Dimension dimension, const IntervalSet& values) {
  if (values.empty()) return constant(1);
  return {quantify(Op::every, s.node, static_cast<std::uint32_t>(dimension), values, next_call(), 0)};
}

PacketSet Space::exists(PacketSet s, Dimension dimension) {
  return exists(s, dimension, IntervalSet::range(0, dimension_max(dimension)));
}

std::uint32_t Space::substitute(std::uint32_t f, std::uint32_t level, const std::vector<std::uint16_t>& to, std::uint32_t call,
                                unsigned depth) {
  if (level_of(f) > level || deepest_of(f) < level) return f;
  if (const CacheLine& l = line(Op::substitute, f, call); l.op == Op::substitute && l.f == f && l.g == call) return l.result;
  const Node& n = node(f);
  step(n.count, depth);
  std::uint32_t result;
  if (n.level == level) {
    std::size_t base = narrow_.size();
    std::uint32_t last = n.count - 1, max = static_cast<std::uint32_t>(level_max(level));
    auto upto = [&](std::uint32_t i) { return i < last ? n.words[i] : max; };
    for (std::uint32_t v = 0; v < to.size(); ++v) push(narrow_, base, v, n.children()[seek(0, last, std::uint32_t{to[v]}, upto)]);
    for (std::uint32_t i = 0; i < n.count; ++i)
      if (upto(i) >= to.size()) push(narrow_, base, upto(i), n.children()[i]);
    result = make(level, narrow_, base);
  } else {
    result = rebuild(n, [&](std::uint32_t child) { return substitute(child, level, to, call, depth + 1); });
  }
  line(Op::substitute, f, call) = {Op::substitute, f, call, result};
  return result;
}

PacketSet Space::substitute(PacketSet f, Dimension dimension, const std::vector<std::uint16_t>& to) {
  return {substitute(f.node, static_cast<std::uint32_t>(dimension), to, next_call(), 0)};
}

std::uint32_t Space::move(std::uint32_t f, std::uint32_t level, Interval from, u128 to, std::uint32_t call, unsigned depth) {
  if (f == leaf_bit) return f;
  if (const CacheLine& l = line(Op::move, f, call); l.op == Op::move && l.f == f && l.g == call) return l.result;
  std::uint32_t result;
  if (level_of(f) < level) {
    const Node& n = node(f);
    step(n.count, depth);
    result = rebuild(n, [&](std::uint32_t child) { return move(child, level, from, to, call, depth + 1); });
  } else {
    u128 max = level_max(level), last = to + (from.hi - from.lo);
    std::size_t base = wide_.size();
    if (to > 0) push(wide_, base, to - 1, leaf_bit);
    if (level_of(f) > level) {
      push(wide_, base, last, f);
    } else {
      const Node& n = node(f);
      step(n.count, depth);
      for (std::uint32_t i = 0; i < n.count; ++i) {
        u128 upto = i + 1 < n.count ? n.upto(i) : max;
        if (upto < from.lo) continue;
        push(wide_, base, std::min(upto, from.hi) - from.lo + to, n.children()[i]);
        if (upto >= from.hi) break;
      }
    }
    if (last < max) push(wide_, base, max, leaf_bit);
    result = make(level, wide_, base);
  }
  line(Op::move, f, call) = {Op::move, f, call, result};
  return result;
}

PacketSet Space::move(PacketSet s, Dimension dimension, Interval from, u128 to) {
  return {move(s.node, static_cast<std::uint32_t>(dimension), from, to, next_call(), 0)};
}

// Bottom up: all predicates lie below all fields.
std::uint32_t Space::settle(Op op, std::uint32_t f, unsigned depth) {
  if (deepest_of(f) < dimension_count) return f;
  if (const CacheLine& l = line(op, f, 0); l.op == op && l.f == f) return l.result;
  const Node& n = node(f);
  step(n.count, depth);
  std::uint32_t result;
  if (n.level < dimension_count) {
    result = rebuild(n, [&](std::uint32_t child) { return settle(op, child, depth + 1); });
  } else {
    result = settle(op, n.children()[0], depth + 1);
    if (op != Op::without_predicates) {
      std::uint32_t yes = settle(op, n.children()[1], depth + 1);
      result = op == Op::possible ? apply<Op::overlay>(result, yes, depth + 1) : apply<Op::restrict>(result, yes, depth + 1);
    }
  }
  line(op, f, 0) = {op, f, 0, result};
  return result;
}

std::uint32_t Space::assume(std::uint32_t f, std::uint32_t level, unsigned value, unsigned depth) {
  if (level_of(f) > level || deepest_of(f) < level) return f;
  std::uint32_t key = level << 1 | value;
  if (const CacheLine& l = line(Op::assume, f, key); l.op == Op::assume && l.f == f && l.g == key) return l.result;
  const Node& n = node(f);
  step(n.count, depth);
  std::uint32_t result = n.level == level ? n.children()[value]
                                          : rebuild(n, [&](std::uint32_t child) { return assume(child, level, value, depth + 1); });
  line(Op::assume, f, key) = {Op::assume, f, key, result};
  return result;
}

PacketSet Space::assume(PacketSet f, std::uint32_t predicate, bool value) {
  return {assume(f.node, dimension_count + predicate, value ? 1 : 0, 0)};
}

PacketSet Space::without_predicates(PacketSet f) { return {settle(Op::without_predicates, f.node, 0)}; }
PacketSet Space::possible(PacketSet s) { return {settle(Op::possible, s.node, 0)}; }
PacketSet Space::proven(PacketSet s) { return {settle(Op::proven, s.node, 0)}; }

// ---- questions --------------------------------------------------------------------------------------------------

// `each` gets every node once, and every leaf as often as an edge leads to it; false keeps the walk from going below.
template <class Each>
void Space::visit(std::uint32_t f, const Each& each) const {
  if (++visits_ == 0) seen_.clear(), ++visits_;
  if (seen_.size() < node_count_) seen_.resize(std::max<std::size_t>(node_count_, 2 * seen_.size()));
  std::vector<std::uint32_t> todo = {f};
  while (!todo.empty()) {
    std::uint32_t id = todo.back();
    todo.pop_back();
    if (!is_leaf(id) && std::exchange(seen_[id & number_mask], visits_) == visits_) continue;
    if (!each(id) || is_leaf(id)) continue;
    const Node& n = node(id);
    todo.insert(todo.end(), n.children(), n.children() + n.count);
  }
}

IntervalSet Space::project(PacketSet s, Dimension dimension) {
  auto level = static_cast<std::uint32_t>(dimension);
  IntervalSet out;
  if (s.empty()) return out;
  bool all = false;  // something not empty does not depend on the dimension
  std::vector<Interval> found;
  visit(s.node, [&](std::uint32_t id) {
    if (all || id == leaf_bit) return false;
    if (level_of(id) > level || deepest_of(id) < level) {
      all = true;
    } else if (const Node& n = node(id); n.level < level) {
      return true;
    } else {
      u128 lo = 0;
      for (std::uint32_t i = 0; i < n.count; ++i) {
        u128 upto = i + 1 < n.count ? n.upto(i) : level_max(level);
        if (n.children()[i] != leaf_bit) found.push_back({lo, upto});
        lo = upto + 1;
      }
    }
    return false;
  });
  if (all) return IntervalSet::range(0, dimension_max(dimension));
  std::sort(found.begin(), found.end(), [](const Interval& a, const Interval& b) { return a.lo < b.lo; });
  for (const Interval& i : found) out.add(i.lo, i.hi);
  return out;
}

// Of a set without predicates, so no deeper than there are dimensions. What a node does not depend on makes no difference.
double Space::share(std::uint32_t f, std::unordered_map<std::uint32_t, double>& known) const {
  if (is_leaf(f)) return f == leaf_bit ? 0 : 1;
  if (auto found = known.find(f); found != known.end()) return found->second;
  const Node& n = node(f);
  double out = 0, all = static_cast<double>(level_max(n.level)) + 1;
  u128 lo = 0;
  for (std::uint32_t i = 0; i < n.count; ++i) {
    u128 upto = i + 1 < n.count ? n.upto(i) : level_max(n.level);
    out += (static_cast<double>(upto - lo) + 1) / all * share(n.children()[i], known);
    lo = upto + 1;
  }
  known.emplace(f, out);
  return out;
}

double Space::share(PacketSet s) {
  std::unordered_map<std::uint32_t, double> known;
  return share(possible(s).node, known);
}

std::vector<std::uint32_t> Space::predicates_of(PacketSet f) {
  std::set<std::uint32_t> found;
  visit(f.node, [&](std::uint32_t id) {
    if (deepest_of(id) < dimension_count) return false;
    if (node(id).level >= dimension_count) found.insert(node(id).level - dimension_count);
    return true;
  });
  return {found.begin(), found.end()};
}

std::vector<std::uint32_t> Space::values_of(PacketSet f) {
  std::vector<std::uint32_t> found;
  visit(f.node, [&](std::uint32_t id) {
    if (is_leaf(id) && (found.empty() || found.back() != (id & ~leaf_bit))) found.push_back(id & ~leaf_bit);
    return true;
  });
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

std::uint32_t Space::at(PacketSet f, const std::vector<u128>& packet, const std::vector<bool>& predicates) const {
  std::uint32_t id = f.node;
  while (!is_leaf(id)) {
    const Node& n = node(id);
    std::uint32_t p = n.level - dimension_count;
    u128 value = n.level < dimension_count ? packet[n.level] : p < predicates.size() && predicates[p] ? 1 : 0;
    std::uint32_t lo = 0, hi = n.count - 1;
    while (lo < hi) {
      std::uint32_t middle = lo + (hi - lo) / 2;
      if (n.upto(middle) < value)
        lo = middle + 1;
      else
        hi = middle;
    }
    id = n.children()[lo];
  }
  return id & ~leaf_bit;
}

std::vector<u128> Space::pick(PacketSet s, std::vector<std::uint32_t>* predicates) const {
  std::vector<u128> packet(dimension_count, 0);
  std::uint32_t id = s.node;
  while (!is_leaf(id)) {
    const Node& n = node(id);
    std::uint32_t i = 0;
    while (n.children()[i] == leaf_bit) ++i;
    u128 lo = i == 0 ? 0 : n.upto(i - 1) + 1;
    if (n.level < dimension_count)
      packet[n.level] = lo;
    else if (predicates && lo == 1)
      predicates->push_back(n.level - dimension_count);
    id = n.children()[i];
  }
  return packet;
}

}  // namespace ipo
