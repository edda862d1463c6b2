// The engine against plain interpretation: every packet of a small universe, every assignment of the predicates.
#include <catch2/catch.hpp>
#include <set>

#include "rules/engine/reach.h"
#include "rules/engine/shadows.h"
#include "rules/engine/trace.h"
#include "tests/random_rules.h"

using namespace ipo;
using ipo::testing::point_of;

namespace {

template <class Each>
void each_packet(unsigned stride, Each each) {
  unsigned n = 0;
  for (const char* in : {"eth0", "eth1", "wlan0", "ppp0"})
    for (unsigned source = 0; source < 8; ++source)
      for (unsigned destination = 0; destination < 8; ++destination)
        for (unsigned port = 0; port < 8; ++port)
          for (std::uint8_t protocol : {proto_tcp, proto_udp})
            for (unsigned state = 0; state < 2; ++state) {
              if (++n % stride != 0) continue;
              Packet p;
              p.hook = Hook::forward;
              p.in = in, p.out = "eth1";
              p.source = source, p.destination = destination;
              p.source_port = static_cast<std::uint16_t>(7 - port);
              p.destination_port = static_cast<std::uint16_t>(port);
              p.protocol = protocol;
              p.state = static_cast<State>(state);
              each(p);
            }
}

std::vector<InterfaceTest> named() { return {{true, "eth0", false}, {true, "eth1", false}, {true, "wlan0", false}}; }

}  // namespace

TEST_CASE("chains decide as plain interpretation does, whatever the predicates are") {
  for (unsigned seed = 1; seed <= 150; ++seed) {
    Firewall firewall = testing::random_firewall(seed, false);
    PacketSpace packets(firewall, named());
    ChainSets chains(packets, firewall.rulesets[0]);
    const BaseChain& base = firewall.rulesets[0].base_chains[0];
    PacketSet decision = chains.decision(base);
    auto decided = chains.decide(base, chains.universe());
    each_packet(23, [&](const Packet& p) {
      for (unsigned assignment : {0u, ~0u, seed * 2654435761u}) {
        Valuation holds = [&](const OpaqueTest& test, SourceSpan place) {
          auto n = packets.number_of(test, place);
          return n && (assignment >> (*n % 32) & 1) != 0;
        };
        std::vector<bool> values;
        for (std::size_t i = 0; i < packets.predicates().size(); ++i) values.push_back((assignment >> (i % 32) & 1) != 0);
        Trace t = trace(firewall.rulesets[0], p, holds);
        bool accepted = t.verdict == ActionKind::accept;
        INFO("seed " << seed << " " << format_packet(p) << " assignment " << assignment);
        auto point = point_of(packets.interfaces, p);
        REQUIRE(packets.space.at(decision, point, values) == (accepted ? outcome_accept : outcome_drop));
        int owners = 0;
        for (const auto& d : decided)
          if (packets.space.at(d.packets, point, values) == 1) {
            ++owners;
            REQUIRE(d.accepted == accepted);
            REQUIRE(d.by.span() == t.decided_by);
          }
        REQUIRE(owners == 1);
      }
    });
  }
}

TEST_CASE("port forwards: what arrives is accepted exactly when its image is") {
  for (unsigned seed = 1; seed <= 120; ++seed) {
    Firewall firewall = testing::random_firewall(seed, true);
    PacketSpace packets(firewall, named());
    ChainSets chains(packets, firewall.rulesets[0]);
    Reach reach(chains);
    Space& s = packets.space;
    PacketSet fresh = s.intersect(chains.universe(), s.test(Dimension::state, IntervalSet::of(0)));
    auto flows = reach.flows(Hook::forward, s.intersect(fresh, s.test(Dimension::nat, IntervalSet::of(0))));
    PacketSet proven = s.nothing(), possible = s.nothing();
    for (const Flow& f : flows) {
      proven = s.unite(proven, s.proven(f.accepted));
      possible = s.unite(possible, s.possible(f.accepted));
      // Translating and looking back loses nothing.
      REQUIRE(s.subset(f.accepted, reach.before(reach.after(f.accepted, f), f)));
    }
    each_packet(11, [&](const Packet& p) {
      if (p.state != State::new_) return;
      bool some = false, all = true;
      for (unsigned assignment = 0; assignment < 8; ++assignment) {
        unsigned spread = assignment * 0x9e3779b9u ^ (assignment == 7 ? ~0u : assignment == 0 ? 0u : seed);
        if (assignment == 0) spread = 0;
        if (assignment == 7) spread = ~0u;
        Valuation holds = [&](const OpaqueTest& test, SourceSpan place) {
          auto n = packets.number_of(test, place);
          return n && (spread >> (*n % 32) & 1) != 0;
        };
        bool accepted = trace(firewall.rulesets[0], p, holds).verdict == ActionKind::accept;
        some = some || accepted, all = all && accepted;
      }
      INFO("seed " << seed << " " << format_packet(p));
      auto point = point_of(packets.interfaces, p);
      if (some) REQUIRE(s.at(possible, point) == 1);
      if (!all) REQUIRE(s.at(proven, point) == 0);
      if (s.at(proven, point) == 1) REQUIRE(all);
    });
  }
}

TEST_CASE("a shadowed rule is one whose removal changes nothing and that no packet meets") {
  int shadowed = 0;
  for (unsigned seed = 1; seed <= 200; ++seed) {
    Firewall firewall = testing::random_firewall(seed, false);
    PacketSpace packets(firewall, named());
    ChainSets chains(packets, firewall.rulesets[0]);
    std::set<const Rule*> shadows;
    for (const Shadow& shadow : find_shadows(chains)) {
      shadows.insert(shadow.rule.rule);
      REQUIRE_FALSE(shadow.covered_by.empty());
    }
    shadowed += static_cast<int>(shadows.size());
    PacketSet before = chains.decision(firewall.rulesets[0].base_chains[0]);
    for (std::size_t c = 0; c < firewall.rulesets[0].chains.size(); ++c)
      for (std::size_t r = 0; r < firewall.rulesets[0].chains[c].rules.size(); ++r) {
        const Rule* rule = &firewall.rulesets[0].chains[c].rules[r];
        if (!shadows.contains(rule)) continue;
        Ruleset without = firewall.rulesets[0];
        without.chains[c].rules.erase(without.chains[c].rules.begin() + static_cast<std::ptrdiff_t>(r));
        ChainSets smaller(packets, without);
        INFO("seed " << seed << " chain " << c << " rule " << r);
        Space& s = packets.space;
        // Within what FORWARD can see: a real interface on both sides.
        PacketSet seen = s.intersect(s.test(Dimension::in, packets.interfaces.all()), s.test(Dimension::out, packets.interfaces.all()));
        REQUIRE(s.restrict(smaller.decision(without.base_chains[0]), seen) == s.restrict(before, seen));
      }
  }
  CHECK(shadowed > 50);
}

TEST_CASE("jumps that loop or nest too deep are unknown, not endless") {
  Firewall firewall;
  Ruleset ruleset;
  auto chain = [&](const std::string& name, const std::string& target) {
    Chain c;
    c.table = "filter", c.name = name;
    Rule r;
    r.action.kind = ActionKind::jump, r.action.chain = target;
    c.rules.push_back(r);
    ruleset.chains.push_back(c);
  };
  SECTION("loop") {
    chain("INPUT", "A");
    chain("A", "B");
    chain("B", "A");
  }
  SECTION("depth") {
    chain("INPUT", "C0");
    for (int i = 0; i < 20000; ++i) chain("C" + std::to_string(i), "C" + std::to_string(i + 1));
    chain("C20000", "C20001");
  }
  ruleset.chains[0].policy = Located<ActionKind>{ActionKind::drop, {}};
  ruleset.base_chains.push_back({Hook::input, 0, false, 0});
  firewall.rulesets.push_back(ruleset);
  PacketSpace packets(firewall, {});
  ChainSets chains(packets, firewall.rulesets[0]);
  PacketSet decision = chains.decision(ruleset.base_chains[0]);
  CHECK_FALSE(packets.space.possible(packets.space.where(decision, outcome_accept)).empty());
  CHECK(packets.space.proven(packets.space.where(decision, outcome_accept)).empty());
}

TEST_CASE("chains called from many places cost one visit") {
  // 40 chains, each calling the next twice under different conditions: 2^40 ways through them.
  Firewall firewall;
  Ruleset ruleset;
  for (unsigned i = 0; i <= 40; ++i) {
    Chain c;
    c.table = "filter", c.name = i == 0 ? "INPUT" : "C" + std::to_string(i);
    if (i < 40)
      for (bool negated : {false, true}) {
        Rule r;
        Condition bit;
        bit.any_of.push_back(FieldTest{Field::source, IntervalSet::range(0, u128{1} << (i % 31))});
        bit.negated = negated;
        r.conditions.push_back(bit);
        r.action.kind = ActionKind::jump, r.action.chain = "C" + std::to_string(i + 1);
        c.rules.push_back(r);
      }
    ruleset.chains.push_back(c);
  }
  ruleset.chains[0].policy = Located<ActionKind>{ActionKind::drop, {}};
  ruleset.base_chains.push_back({Hook::input, 0, false, 0});
  firewall.rulesets.push_back(ruleset);
  PacketSpace packets(firewall, {});
  ChainSets chains(packets, firewall.rulesets[0]);
  int meetings = 0;
  chains.send(firewall.rulesets[0].base_chains[0], chains.universe(), [&](RuleRef, PacketSet) { ++meetings; });
  CHECK(meetings <= 81);
  CHECK(packets.space.steps() < 20000);
}
