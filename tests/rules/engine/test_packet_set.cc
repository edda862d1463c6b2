// Laws of sets, and the diagram's operations against plain enumeration of a small universe.
#include <catch2/catch.hpp>
#include <random>

#include "rules/engine/packet_set.h"

using namespace ipo;

namespace {

// A random set over protocol 0..3 of 255, destination_port 0..3, source 0..3 and two predicates; plain copy beside it.
struct Sample {
  PacketSet set;
  std::vector<bool> member;  // 4*4*4*4 points
};

constexpr unsigned points = 256;

std::vector<u128> packet_of(unsigned point) {
  std::vector<u128> p(dimension_count, 0);
  p[static_cast<std::size_t>(Dimension::protocol)] = point & 3;
  p[static_cast<std::size_t>(Dimension::destination_port)] = point >> 2 & 3;
  p[static_cast<std::size_t>(Dimension::source)] = point >> 4 & 3;
  return p;
}
std::vector<bool> predicates_of(unsigned point) { return {(point >> 6 & 1) != 0, (point >> 7 & 1) != 0}; }

Sample random_sample(Space& s, std::mt19937& generator) {
  auto random = [&] { return static_cast<unsigned>(generator()); };
  Sample out{s.nothing(), std::vector<bool>(points, false)};
  for (unsigned boxes = random() % 6; boxes > 0; --boxes) {
    unsigned a = random() % 4, b = a + random() % (4 - a), c = random() % 4, d = c + random() % (4 - c);
    unsigned use_source = random() % 2, v = random() % 4, pred = random() % 3;
    PacketSet box = s.intersect(s.test(Dimension::protocol, IntervalSet::range(a, b)),
                                s.test(Dimension::destination_port, IntervalSet::range(c, d)));
    if (use_source) box = s.minus(box, s.test(Dimension::source, IntervalSet::of(v)));
    if (pred < 2) box = s.intersect(box, s.predicate(pred));
    out.set = s.unite(out.set, box);
    for (unsigned p = 0; p < points; ++p)
      if ((p & 3) >= a && (p & 3) <= b && (p >> 2 & 3) >= c && (p >> 2 & 3) <= d && (!use_source || (p >> 4 & 3) != v) &&
          (pred >= 2 || (p >> (6 + pred) & 1) != 0))
        out.member[p] = true;
  }
  return out;
}

}  // namespace

TEST_CASE("set operations agree with enumeration, and equal sets are one node") {
  std::mt19937 random(7);
  Space s;
  for (int round = 0; round < 400; ++round) {
    Sample a = random_sample(s, random), b = random_sample(s, random);
    PacketSet unite = s.unite(a.set, b.set), both = s.intersect(a.set, b.set), only = s.minus(a.set, b.set);
    PacketSet possible = s.possible(a.set), proven = s.proven(a.set), falsified = s.without_predicates(a.set);
    PacketSet some = s.exists(a.set, Dimension::destination_port, IntervalSet::range(1, 2));
    PacketSet all = s.every(a.set, Dimension::destination_port, IntervalSet::range(1, 2));
    for (unsigned p = 0; p < points; ++p) {
      auto at = [&](PacketSet set, unsigned q) { return s.at(set, packet_of(q), predicates_of(q)) == 1; };
      REQUIRE(at(a.set, p) == a.member[p]);
      REQUIRE(at(unite, p) == (a.member[p] || b.member[p]));
      REQUIRE(at(both, p) == (a.member[p] && b.member[p]));
      REQUIRE(at(only, p) == (a.member[p] && !b.member[p]));
      bool any = false, every = true;
      for (unsigned v = 0; v < 4; ++v) {
        bool in = a.member[(p & 63) | v << 6];
        any = any || in, every = every && in;
      }
      REQUIRE(at(possible, p) == any);
      REQUIRE(at(proven, p) == every);
      REQUIRE(at(falsified, p) == a.member[p & 63]);
      unsigned base = p & ~12u;
      REQUIRE(at(some, p) == (a.member[base | 4] || a.member[base | 8]));
      REQUIRE(at(all, p) == (a.member[base | 4] && a.member[base | 8]));
    }
    REQUIRE(s.unite(only, both) == a.set);
    REQUIRE(s.disjoint(only, b.set));
    REQUIRE(s.unite(a.set, b.set) == s.unite(b.set, a.set));
    REQUIRE(s.subset(proven, possible));
    REQUIRE((a.member == b.member) == (a.set == b.set));
    if (!a.set.empty()) {
      std::vector<std::uint32_t> needed;
      std::vector<u128> p = s.pick(a.set, &needed);
      std::vector<bool> assignment(2, false);
      for (std::uint32_t n : needed) assignment[n] = true;
      REQUIRE(s.at(a.set, p, assignment) == 1);
      for (Dimension d : {Dimension::protocol, Dimension::destination_port, Dimension::source}) {
        IntervalSet shown = s.project(a.set, d);
        for (unsigned v = 0; v < 4; ++v) {
          PacketSet with = s.intersect(a.set, s.test(d, IntervalSet::of(v)));
          REQUIRE(shown.contains(v) == !with.empty());
        }
      }
    }
  }
}

TEST_CASE("overlay is first match") {
  Space s;
  PacketSet low = s.test(Dimension::destination_port, IntervalSet::range(0, 10));
  PacketSet f = s.restrict(s.constant(7), low);
  PacketSet g = s.overlay(f, s.constant(3));
  std::vector<u128> p(dimension_count, 0);
  CHECK(s.at(g, p) == 7);
  p[static_cast<std::size_t>(Dimension::destination_port)] = 11;
  CHECK(s.at(g, p) == 3);
  CHECK(s.values_of(g) == std::vector<std::uint32_t>{3, 7});
  CHECK(s.where(g, 7) == low);
  CHECK(s.relabel(g, [](std::uint32_t v) { return v == 7 ? 1u : 0u; }) == low);
}

TEST_CASE("interfaces: a prefix is every interface that starts with it") {
  Interfaces i({{true, "eth", true}, {true, "eth0", false}, {true, "eth1", false}, {true, "wlan0", false}, {true, "e", true}});
  auto number = [&](const char* name) { return i.matching({true, name, false}).begin()->lo; };
  IntervalSet eth = i.matching({true, "eth", true});
  CHECK(eth.intervals().size() == 1);
  CHECK(eth.contains(number("eth0")));
  CHECK(eth.contains(number("eth1")));
  CHECK_FALSE(eth.contains(number("wlan0")));
  CHECK(i.matching({true, "e", true}).covers(eth));
  CHECK(i.matching({true, "", true}).contains(0));
  CHECK_FALSE(i.all().contains(0));
  CHECK(i.all().covers(eth));
  CHECK(i.matching({true, "ppp0", false}).empty());
  CHECK(i.name(number("eth0")) == "eth0");
  CHECK(i.name(0).empty());
}

TEST_CASE("a function past its budget is refused, not computed wrongly") {
  Space s(64);
  auto build = [&] {
    PacketSet all = s.nothing();
    for (unsigned n = 0; n < 1000; ++n)
      all = s.unite(all, s.intersect(s.test(Dimension::source, IntervalSet::of(2 * n)),
                                     s.test(Dimension::destination_port, IntervalSet::of(3 * n))));
  };
  CHECK_THROWS_AS(build(), SpaceExhausted);
}

TEST_CASE("a side question takes no more than its allowance of the budget") {
  auto sets = [](Space& s, unsigned from, unsigned count) {
    for (unsigned n = from; n < from + count; ++n) s.test(Dimension::source, IntervalSet::of(2 * n + 1));
  };
  Space s(1000);
  sets(s, 0, 100);
  std::size_t before = s.edge_count(), least = 0;
  {
    Space::Allowance allowance(s, 4);
    CHECK_THROWS_AS(sets(s, 100, 1000), SpaceExhausted);
    least = s.edge_count();
    CHECK(least <= before + (1000 - before) / 4);
    CHECK(least + 3 > before + (1000 - before) / 4);
  }
  sets(s, 2000, 50);
  CHECK(s.edge_count() > before + (1000 - before) / 4);
  CHECK_THROWS_AS(sets(s, 4000, 1000), SpaceExhausted);
  CHECK(s.edge_count() <= 1000);
}
