// Exact sets of packets, and functions of packets, as interval decision diagrams.
//
// A node tests one dimension; its edges are adjacent intervals covering the dimension's whole range, each leading to a
// node of a later dimension or to a leaf. Equal neighbours are merged and nodes are hash-consed, so two functions are
// equal exactly when their ids are. After the packet's own dimensions come the predicates: matches nobody can decide
// from the configuration are boolean dimensions of their own, so that what holds whatever they are is *proven* and what
// holds for some of their values is *possible*.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "parsers/model/model.h"
#include "parsers/text/interval_set.h"
#include "rules/engine/large_pages.h"

namespace ipo {

// The order is the diagram's variable order. Ranges: family 0 = IPv4, 1 = IPv6; in, out: Interfaces' numbers; state:
// State; nat: bit 0 destination translated, bit 1 source translated; marks: an index into Ruleset::marks; destination_port
// holds type * 256 + code for ICMP; original_…: destination and port as they arrived.
enum class Dimension : std::uint8_t {
  family,
  protocol,
  in,
  out,
  state,
  nat,
  marks,
  destination,
  destination_port,
  source,
  source_port,
  tcp_flags,
  original_destination,
  original_port
};
constexpr std::uint32_t dimension_count = 14;
u128 dimension_max(Dimension dimension);
Dimension dimension_of(Field field);

// The interfaces a site's rules can tell apart, numbered so that every "eth+" is one interval. Number 0 is no interface
// (`in` of a locally made packet); each written prefix also stands for "another interface with that prefix".
class Interfaces {
 public:
  // Every name and prefix that will be asked for; order and repetition do not matter.
  explicit Interfaces(std::vector<InterfaceTest> written);
  // The interfaces a test matches. The empty prefix matches everything, no interface included.
  IntervalSet matching(const InterfaceTest& test) const;
  // All real interfaces: everything but "none".
  IntervalSet all() const;
  // Numbers that stand for one interface, not for all others of a prefix.
  std::vector<u128> single() const;
  // A name to show for a number: "eth0", "eth+" (another one of that prefix), "" for none and for any other.
  std::string name(u128 number) const;

 private:
  struct Entry {
    std::string name;
    bool prefix;
  };
  std::vector<Entry> entries_;  // sorted; entry i has number i + 1; the empty prefix ("any other") is first
};

// A function from packets to small numbers; a set is a function to 0 and 1. A value of its Space.
struct PacketSet {
  std::uint32_t node = 0x80000000u;  // the empty set
  friend bool operator==(PacketSet, PacketSet) = default;
  bool empty() const { return node == 0x80000000u; }
};

// Thrown when a function grows past the budget. Callers report that nothing is claimed about the input.
struct SpaceExhausted : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Owns every node; sets of different spaces must not meet.
class Space {
 public:
  // Budgets: edges stored (8 bytes each, 20 of IPv6 addresses) and elementary steps; past either, operations throw
  // SpaceExhausted.
  explicit Space(std::size_t edge_budget = std::size_t{1} << 24, std::uint64_t step_budget = std::uint64_t{1} << 28);

  PacketSet nothing() const { return {leaf_bit}; }
  PacketSet constant(std::uint32_t value) const { return {leaf_bit | value}; }
  // All well-formed packets of a family: addresses within its range, enumerations within theirs.
  PacketSet universe(Family family);
  // {p : p.dimension in values}, whatever the family.
  PacketSet test(Dimension dimension, const IntervalSet& values) { return within(dimension, values, constant(1)); }
  // The same as restrict(inner, test(dimension, values)) without making the test, where `inner` depends on later
  // dimensions only: a box is built from its last dimension up.
  PacketSet within(Dimension dimension, const IntervalSet& values, PacketSet inner);
  // {p : the predicate holds}. Predicates are numbered from 0 in the order of their first use.
  PacketSet predicate(std::uint32_t number);

  // f where f is not 0, else g: union of sets, and first-match composition of decisions.
  PacketSet overlay(PacketSet f, PacketSet g);
  PacketSet unite(PacketSet f, PacketSet g) { return overlay(f, g); }
  // Of many sets, small ones first.
  PacketSet unite(const std::vector<PacketSet>& sets);
  // f inside the set s, 0 elsewhere.
  PacketSet restrict(PacketSet f, PacketSet s);
  PacketSet intersect(PacketSet f, PacketSet s) { return restrict(f, s); }
  // f outside the set s, 0 inside.
  PacketSet minus(PacketSet f, PacketSet s);
  // Each value v replaced by map(v), which depends on nothing but v: it may be asked again.
  PacketSet relabel(PacketSet f, const std::function<std::uint32_t(std::uint32_t)>& map);
  // {p : f(p) == value}.
  PacketSet where(PacketSet f, std::uint32_t value);
  // where(f, v) for every value v but 0 that the function takes, ascending: all of them for the price of writing them down.
  using Part = std::pair<std::uint32_t, PacketSet>;
  std::vector<Part> split(PacketSet f);

  // Sets only. {p : some / every value v of the dimension in `values` has p[dimension := v] in s}; no longer depends on
  // the dimension. For every, an empty `values` gives all packets.
  PacketSet exists(PacketSet s, Dimension dimension, const IntervalSet& values);
  PacketSet every(PacketSet s, Dimension dimension, const IntervalSet& values);
  PacketSet exists(PacketSet s, Dimension dimension);
  // The function at p[dimension := to[p.dimension]]; what `to` does not reach stays. For small dimensions.
  PacketSet substitute(PacketSet f, Dimension dimension, const std::vector<std::uint16_t>& to);
  // {p[dimension := p.dimension - from.lo + to] : p in s, p.dimension in from}.
  PacketSet move(PacketSet s, Dimension dimension, Interval from, u128 to);
  // {p : some / every assignment of the predicates has p in s}.
  PacketSet possible(PacketSet s);
  PacketSet proven(PacketSet s);
  // The set with every predicate false; as the function for decisions.
  PacketSet without_predicates(PacketSet f);
  // The function where this predicate has this value; it no longer depends on it.
  PacketSet assume(PacketSet f, std::uint32_t predicate, bool value);

  bool subset(PacketSet a, PacketSet b) { return minus(a, b).empty(); }
  // Makes no set, and ends at the first member of both.
  bool disjoint(PacketSet a, PacketSet b) { return disjoint(a.node, b.node, 0); }

  // Values of the dimension that members of the set have.
  IntervalSet project(PacketSet s, Dimension dimension);
  // The part of all packets that are members, for some values of the predicates: 0 .. 1, to compare sets by.
  double share(PacketSet s);
  // Predicates the function depends on, ascending.
  std::vector<std::uint32_t> predicates_of(PacketSet f);
  // Distinct values the function takes, ascending.
  std::vector<std::uint32_t> values_of(PacketSet f);

  // The value of the function at a point: `packet` in dimension order, `predicates` by number (missing = false).
  std::uint32_t at(PacketSet f, const std::vector<u128>& packet, const std::vector<bool>& predicates = {}) const;
  // A member in dimension order: the lowest value of each dimension in turn; the set must not be empty. `predicates`, if
  // given, receives the numbers of the predicates that must hold for it; all others are false.
  std::vector<u128> pick(PacketSet s, std::vector<std::uint32_t>* predicates = nullptr) const;

  // While it lives, the space may use up at most one part in `parts` of what its budgets had left: what a side question costs
  // is not missing to those after it.
  class Allowance {
   public:
    Allowance(Space& space, unsigned parts);
    ~Allowance();
    Allowance(const Allowance&) = delete;
    Allowance& operator=(const Allowance&) = delete;

   private:
    Space& space_;
    std::size_t edge_budget_;
    std::uint64_t step_budget_;
  };

  std::size_t node_count() const { return node_count_; }
  std::size_t edge_count() const { return edge_count_; }
  // Pairs of nodes combined and intervals merged so far: what tests of growth count.
  std::uint64_t steps() const { return steps_; }

 private:
  // An id is a leaf's value under leaf_bit, or tells what is asked of a node most often, so that asking needs no look at the
  // node: its level, the last level the function depends on (both dimension_count for any predicate), its number.
  static constexpr std::uint32_t leaf_bit = 0x80000000u, number_bits = 23, number_mask = (1u << number_bits) - 1;
  // The inclusive ends of all its intervals but the last, which ends where the dimension does; then the children. Ends are
  // one word each where all fit, else four (`wide`), so that equal functions look alike.
  struct Node {
    const std::uint32_t* words;
    std::uint32_t level, count : 31, wide : 1;
    std::uint32_t stride() const { return wide ? 4 : 1; }
    const std::uint32_t* children() const { return words + (std::size_t{count} - 1) * stride(); }
    u128 upto(std::uint32_t i) const;
  };
  template <class End>
  struct Edge {
    End upto;
    std::uint32_t child;
  };
  template <class End>
  using Edges = std::vector<Edge<End>>;
  enum class Op : std::uint32_t {
    none,
    overlay,
    restrict,
    minus,
    disjoint,
    where,
    relabel,
    exists,
    every,
    possible,
    proven,
    without_predicates,
    assume,
    substitute,
    move
  };
  struct CacheLine {
    Op op = Op::none;
    std::uint32_t f = 0, g = 0, result = 0;
  };
  using Map = std::function<std::uint32_t(std::uint32_t)>;

  static bool is_leaf(std::uint32_t id) { return (id & leaf_bit) != 0; }
  const Node& node(std::uint32_t id) const {
    std::uint32_t place = (id & number_mask) + first_block, block = std::bit_width(place) - std::bit_width(first_block);
    return node_blocks_[block][place - (first_block << block)];
  }
  std::uint32_t level_of(std::uint32_t id) const {
    std::uint32_t level = is_leaf(id) ? ~0u : id >> (number_bits + 4);
    return level == dimension_count ? node(id).level : level;
  }
  // At least that; any level may follow the first predicate's.
  static std::uint32_t deepest_of(std::uint32_t id) {
    std::uint32_t deepest = is_leaf(id) ? 0 : id >> number_bits & 15;
    return deepest == dimension_count ? ~0u : deepest;
  }
  u128 level_max(std::uint32_t level) const;
  // Makes or finds the node whose edges are edges[base..]; removes them.
  std::uint32_t make(std::uint32_t level, Edges<std::uint32_t>& edges, std::size_t base);
  std::uint32_t make(std::uint32_t level, Edges<u128>& edges, std::size_t base);
  std::uint32_t intern(std::uint32_t level, std::uint32_t count, bool wide, std::uint32_t deepest, std::size_t words);
  std::uint32_t* room(std::size_t words);

  void step(std::uint64_t count, unsigned depth);
  CacheLine& line(Op op, std::uint32_t f, std::uint32_t g);
  template <Op op>
  std::uint32_t apply(std::uint32_t f, std::uint32_t g, unsigned depth);
  template <Op op>
  std::uint32_t combine(std::uint32_t f, std::uint32_t g, unsigned depth);
  // The node with each child c replaced by each(c).
  template <class Each>
  std::uint32_t rebuild(const Node& n, const Each& each);
  std::uint32_t join(Op op, std::vector<std::uint32_t> sets, unsigned depth);
  std::uint32_t map_leaves(Op op, std::uint32_t f, std::uint32_t call, const Map& map, unsigned depth);
  std::uint32_t quantify(Op op, std::uint32_t f, std::uint32_t level, const IntervalSet& values, std::uint32_t call,
                         unsigned depth);
  std::uint32_t substitute(std::uint32_t f, std::uint32_t level, const std::vector<std::uint16_t>& to, std::uint32_t call,
                           unsigned depth);
  std::uint32_t move(std::uint32_t f, std::uint32_t level, Interval from, u128 to, std::uint32_t call, unsigned depth);
  std::uint32_t settle(Op op, std::uint32_t f, unsigned depth);
  bool disjoint(std::uint32_t f, std::uint32_t g, unsigned depth);
  double share(std::uint32_t f, std::unordered_map<std::uint32_t, double>& known) const;
  using Parts = std::unordered_map<std::uint32_t, std::vector<Part>>;  // of every node met
  const std::vector<Part>& split(std::uint32_t f, Parts& known, unsigned depth);
  std::uint32_t assume(std::uint32_t f, std::uint32_t level, unsigned value, unsigned depth);
  // Every node of f once, f first, that `each` returns true for the parent of.
  template <class Each>
  void visit(std::uint32_t f, const Each& each) const;
  std::uint32_t next_call();
  void grow();

  static constexpr std::uint32_t first_block = 1024;  // nodes in the first block; each next has twice as many
  std::vector<LargePages<Node>> node_blocks_;
  std::uint32_t node_count_ = 0;
  std::vector<LargePages<std::uint32_t>> word_blocks_;
  std::uint32_t* free_ = nullptr;  // the unused rest of the last block
  std::size_t free_words_ = 0;
  std::size_t edge_count_ = 0;
  LargePages<std::uint64_t> unique_;  // open addressing: hash and 1 + id of every node; 0 = free
  LargePages<CacheLine> cache_;       // direct-mapped, grows with the nodes
  Edges<std::uint32_t> narrow_;       // edges of nodes under construction
  Edges<u128> wide_;
  std::uint32_t calls_ = 0;                  // of operations whose results hold for one call only
  mutable std::vector<std::uint32_t> seen_;  // by node: the last visit that met it
  mutable std::uint32_t visits_ = 0;
  std::size_t edge_budget_;
  std::uint64_t step_budget_;
  std::uint64_t steps_ = 0;
};

}  // namespace ipo
