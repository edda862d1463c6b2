// The engine against plain interpretation: every packet of a small universe, every assignment of the predicates.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <set>

#include "parsers/model/marks.h"
#include "parsers/netfilter/stages.h"
#include "rules/engine/compare.h"
#include "rules/engine/reach.h"
#include "rules/engine/redundant.h"
#include "rules/engine/shadows.h"
#include "rules/engine/trace.h"
#include "tests/known_packet.h"
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
    const Stage& base = firewall.rulesets[0].pipeline.stages[0];
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

TEST_CASE("port forwards, marks, untracked packets: what arrives is accepted exactly when its image is") {
  unsigned followed = 0;
  for (unsigned seed = 1; seed <= 360; ++seed) {
    Firewall firewall = testing::random_firewall(seed, seed % 2 == 0);
    if (seed % 4 == 0) testing::add_shifts(firewall.rulesets[0], seed);
    if (seed > 120) testing::add_marks(firewall.rulesets[0], seed, seed % 3 == 0);
    if (seed % 5 < 2) testing::add_originals(firewall.rulesets[0], seed);
    followed += resolve_marks(firewall.rulesets[0]);
    PacketSpace packets(firewall, named());
    ChainSets chains(packets, firewall.rulesets[0]);
    Reach reach(chains);
    Space& s = packets.space;
    PacketSet fresh = s.intersect(chains.universe(), s.test(Dimension::state, IntervalSet::of(0)));
    fresh = s.intersect(fresh, s.test(Dimension::marks, IntervalSet::of(0)));
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
      // With a single value written, each assignment decides alike in both.
      if (std::any_of(packets.predicates().begin(), packets.predicates().end(),
                      [](const Predicate& q) { return q.text.find(" picks ") != std::string::npos; }))
        return;
      Valuation odd = [&](const OpaqueTest& test, SourceSpan place) {
        auto n = packets.number_of(test, place);
        return n && (seed * 2654435761u >> (*n % 32) & 1) != 0;
      };
      std::vector<bool> values;
      for (std::size_t i = 0; i < packets.predicates().size(); ++i) values.push_back((seed * 2654435761u >> (i % 32) & 1) != 0);
      int ways = 0;
      for (const Flow& f : flows) ways += static_cast<int>(s.at(f.accepted, point, values));
      REQUIRE(ways == (trace(firewall.rulesets[0], p, odd).verdict == ActionKind::accept));
    });
  }
  CHECK(followed > 200);
}

TEST_CASE("who decides is the same, with marks changing on the way") {
  for (unsigned seed = 1; seed <= 150; ++seed) {
    Firewall firewall = testing::random_firewall(seed, false);
    Ruleset& ruleset = firewall.rulesets[0];
    testing::add_marks(ruleset, seed, seed % 2 == 0);
    if (!resolve_marks(ruleset)) continue;
    PacketSpace packets(firewall, named());
    ChainSets chains(packets, ruleset);
    Reach reach(chains);
    Space& s = packets.space;
    PacketSet fresh = s.intersect(chains.universe(), s.test(Dimension::state, IntervalSet::of(0)));
    for (Dimension d : {Dimension::nat, Dimension::marks}) fresh = s.intersect(fresh, s.test(d, IntervalSet::of(0)));
    auto flows = reach.flows(Hook::forward, fresh);
    std::vector<std::vector<ChainSets::Decided>> decided;
    for (const Flow& f : flows) decided.push_back(reach.deciders(f, f.seen));
    each_packet(29, [&](const Packet& p) {
      if (p.state != State::new_) return;
      Valuation holds = [&](const OpaqueTest& test, SourceSpan place) {
        auto n = packets.number_of(test, place);
        return n && (seed * 2654435761u >> (*n % 32) & 1) != 0;
      };
      std::vector<bool> values;
      for (std::size_t i = 0; i < packets.predicates().size(); ++i) values.push_back((seed * 2654435761u >> (i % 32) & 1) != 0);
      Trace t = trace(ruleset, p, holds);
      INFO("seed " << seed << " " << format_packet(p));
      auto point = point_of(packets.interfaces, p);
      int deciders = 0;
      for (std::size_t i = 0; i < flows.size(); ++i)
        for (const ChainSets::Decided& d : decided[i])
          if (s.at(s.intersect(flows[i].arrived, reach.before(d.packets, flows[i])), point, values) == 1) {
            ++deciders;
            REQUIRE(d.accepted == (t.verdict == ActionKind::accept));
            REQUIRE(d.by.span() == t.decided_by);
          }
      // What an earlier table dropped never comes to the filter.
      REQUIRE(deciders <= 1);
      if (t.verdict == ActionKind::accept) REQUIRE(deciders == 1);
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
    PacketSet before = chains.decision(firewall.rulesets[0].pipeline.stages[0]);
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
        PacketSet seen =
            s.intersect(s.test(Dimension::in, packets.interfaces.all()), s.test(Dimension::out, packets.interfaces.all()));
        REQUIRE(s.restrict(smaller.decision(without.pipeline.stages[0]), seen) == s.restrict(before, seen));
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
  ruleset.pipeline.add(netfilter::stage("filter", Hook::input, 0, false, 0));
  firewall.rulesets.push_back(ruleset);
  PacketSpace packets(firewall, {});
  ChainSets chains(packets, firewall.rulesets[0]);
  PacketSet decision = chains.decision(ruleset.pipeline.stages[0]);
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
  ruleset.pipeline.add(netfilter::stage("filter", Hook::input, 0, false, 0));
  firewall.rulesets.push_back(ruleset);
  PacketSpace packets(firewall, {});
  ChainSets chains(packets, firewall.rulesets[0]);
  int meetings = 0;
  chains.send(firewall.rulesets[0].pipeline.stages[0], chains.universe(), [&](RuleRef, PacketSet, PacketSet) { ++meetings; });
  CHECK(meetings <= 81);
  CHECK(packets.space.steps() < 20000);
}

TEST_CASE("a redundant rule is one that packets meet and whose removal changes nothing, whatever the policy") {
  int redundant = 0, needed = 0;
  for (unsigned seed = 1; seed <= 500; ++seed) {
    Firewall firewall = testing::random_firewall(seed, false);
    const Ruleset& ruleset = firewall.rulesets[0];
    PacketSpace packets(firewall, named());
    ChainSets chains(packets, ruleset);
    Space& s = packets.space;
    std::set<const Rule*> found, met;
    for (const Redundant& r : find_redundant(chains)) found.insert(r.rule.rule);
    chains.send(ruleset.pipeline.stages[0], hook_packets(chains, Hook::forward),
                [&](RuleRef at, PacketSet, PacketSet) { met.insert(at.rule); });
    // With rejects told from drops.
    auto decides = [&](const Ruleset& rules, ActionKind policy) {
      Ruleset marked = rules;
      marked.chains[0].policy = Located<ActionKind>{policy, {}};
      for (Chain& chain : marked.chains)
        for (Rule& rule : chain.rules)
          if (rule.action.kind == ActionKind::reject) {
            rule.action.kind = ActionKind::translate_destination;
            rule.action.name = "REJECT";
          }
      ChainSets all(packets, marked);
      return s.restrict(s.relabel(all.decision(marked.pipeline.stages[0]),
                                  [](std::uint32_t v) { return std::min(v, std::uint32_t{first_translation}); }),
                        hook_packets(all, Hook::forward));
    };
    PacketSet before_drop = decides(ruleset, ActionKind::drop), before_accept = decides(ruleset, ActionKind::accept);
    for (std::size_t c = 0; c < ruleset.chains.size(); ++c)
      for (std::size_t r = 0; r < ruleset.chains[c].rules.size(); ++r) {
        const Rule* rule = &ruleset.chains[c].rules[r];
        ActionKind kind = rule->action.kind;
        bool ends = kind == ActionKind::accept || kind == ActionKind::drop || kind == ActionKind::reject;
        if (!ends || !met.contains(rule)) {
          REQUIRE_FALSE(found.contains(rule));
          continue;
        }
        Ruleset without = ruleset;
        without.chains[c].rules.erase(without.chains[c].rules.begin() + static_cast<std::ptrdiff_t>(r));
        INFO("seed " << seed << " chain " << c << " rule " << r);
        bool same = decides(without, ActionKind::drop) == before_drop && decides(without, ActionKind::accept) == before_accept;
        if (found.contains(rule)) REQUIRE(same);
        // In a called chain what comes after the call may do the same, too.
        if (c == 0 && same) REQUIRE(found.contains(rule));
        (same ? redundant : needed) += 1;
      }
  }
  CHECK(redundant > 50);
  CHECK(needed > 200);
}

TEST_CASE("rulesets are equal exactly when no packet is treated otherwise") {
  int equal = 0, different = 0;
  for (unsigned seed = 1; seed <= 300; ++seed) {
    Ruleset before = testing::random_firewall(seed, seed % 2 == 0).rulesets[0], after = before;
    if (seed % 3 == 0) testing::add_marks(before, seed, seed % 2 == 0), resolve_marks(before), after = before;
    std::mt19937 random(seed);
    for (Chain& chain : after.chains)
      for (Rule& rule : chain.rules) {
        rule.span.source = 1;
        for (Condition& c : rule.conditions) c.span.source = 1;
      }
    auto& rules = after.chains[random() % after.chains.size()].rules;
    if (rules.empty()) continue;
    std::size_t at = random() % rules.size();
    switch (random() % 4) {
      case 0:
        rules.erase(rules.begin() + static_cast<std::ptrdiff_t>(at));
        break;
      case 1:
        rules.insert(rules.begin() + static_cast<std::ptrdiff_t>(at), rules[at]);
        break;
      case 2:
        std::swap(rules[at], rules[rules.size() - 1 - at]);
        break;
      default:
        break;
    }
    Comparison comparison(before, after);
    Space& s = comparison.packets().space;
    INFO("seed " << seed);
    auto holds_by = [&](std::uint32_t spread) {
      return [&comparison, spread](const OpaqueTest& test, SourceSpan place) {
        auto n = comparison.packets().number_of(test, place);
        return n && (spread >> (*n % 32) & 1) != 0;
      };
    };
    auto outcome = [](const Trace& t) {
      return std::tuple(t.verdict == ActionKind::accept, t.verdict == ActionKind::accept ? t.packet.destination : 0,
                        t.verdict == ActionKind::accept ? t.packet.destination_port : 0);
    };
    bool differs = false;
    each_packet(61, [&](const Packet& p) {
      if (p.state != State::new_) return;
      for (std::uint32_t spread : {0u, ~0u, seed * 2654435761u}) {
        bool other = outcome(trace(before, p, holds_by(spread))) != outcome(trace(after, p, holds_by(spread)));
        differs = differs || other;
        if (comparison.equal()) REQUIRE_FALSE(other);
      }
    });
    (comparison.equal() ? equal : different) += 1;
    for (const Difference& d : comparison.differences()) {
      if (d.hook != Hook::forward || d.kind == Difference::redirected) continue;
      // A witness of every difference.
      std::vector<std::uint32_t> needed;
      std::vector<u128> v = s.pick(d.packets, &needed);
      auto value = [&](Dimension dimension) { return v[static_cast<std::size_t>(dimension)]; };
      Packet p;
      p.hook = Hook::forward;
      p.state = static_cast<State>(value(Dimension::state));
      if (p.state != State::new_) continue;
      p.in = comparison.packets().interfaces.name(value(Dimension::in)),
      p.out = comparison.packets().interfaces.name(value(Dimension::out));
      p.protocol = static_cast<std::uint8_t>(value(Dimension::protocol));
      p.source = value(Dimension::source), p.destination = value(Dimension::destination);
      p.source_port = static_cast<std::uint16_t>(value(Dimension::source_port));
      p.destination_port = static_cast<std::uint16_t>(value(Dimension::destination_port));
      Valuation holds = [&](const OpaqueTest& test, SourceSpan place) {
        auto n = comparison.packets().number_of(test, place);
        return n && std::find(needed.begin(), needed.end(), *n) != needed.end();
      };
      // A port or address picked from several may be another in the trace.
      if (std::any_of(needed.begin(), needed.end(), [&](std::uint32_t n) {
            return comparison.packets().predicates()[n].text.find(" picks ") != std::string::npos;
          }))
        continue;
      bool was = trace(before, p, holds).verdict == ActionKind::accept, is = trace(after, p, holds).verdict == ActionKind::accept;
      CHECK(was == (d.kind == Difference::closed));
      CHECK(is == (d.kind == Difference::opened));
    }
    if (differs) REQUIRE_FALSE(comparison.equal());
  }
  CHECK(equal > 50);
  CHECK(different > 25);
}
