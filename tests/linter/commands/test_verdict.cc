// Verdicts of packets that are only partly known, against trace() on every completion and every valuation, and against the
// packet sets.
#include <bit>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <set>

#include "linter/lint.h"
#include "parsers/model/marks.h"
#include "parsers/netfilter/stages.h"
#include "rules/engine/reach.h"
#include "rules/engine/trace.h"
#include "rules/engine/verdict.h"
#include "rules/site/site.h"
#include "tests/cases.h"
#include "tests/known_packet.h"
#include "tests/random_rules.h"

using namespace ipo;
using ipo::testing::whole;

namespace {

using Key = std::pair<std::string, SourceSpan>;

Key key_of(const OpaqueTest& test, SourceSpan place) { return {test.predicate, test.stateful ? place : SourceSpan{}}; }

// Calls run(valuation) once for every way the predicates it asks for can turn out.
// False if that would be more than `most` ways.
template <class Run>
bool each_valuation(Run run, unsigned most = ~0u) {
  std::vector<bool> prefix;
  for (unsigned ways = 0; ways < most; ++ways) {
    std::map<Key, bool> answers;
    std::vector<bool> asked;
    run([&](const OpaqueTest& test, SourceSpan place) {
      auto [it, added] = answers.try_emplace(key_of(test, place), false);
      if (added) {
        it->second = asked.size() < prefix.size() && prefix[asked.size()];
        asked.push_back(it->second);
      }
      return it->second;
    });
    prefix = asked;
    while (!prefix.empty() && prefix.back()) prefix.pop_back();
    if (prefix.empty()) return true;
    prefix.back() = true;
  }
  return false;
}

// What a caller sees; an address or port that came unknown and was not written is "-".
using Triple = std::tuple<ActionKind, std::string, std::string>;

const Rule* translation_in(const Ruleset& ruleset, const Trace& t) {
  for (const Chain& chain : ruleset.chains)
    for (const Rule& rule : chain.rules)
      for (const PathStep& step : t.path)
        if (rule.action.kind == ActionKind::translate_destination && step.span == rule.span) return &rule;
  return nullptr;
}

Triple triple_of(const Ruleset& ruleset, const Trace& t, const Packet& arrived, const PartialPacket& partial) {
  const Rule* rule = translation_in(ruleset, t);
  bool wrote_address = rule && !rule->action.translation.addresses.empty();
  bool wrote_port = rule && !rule->action.translation.ports.empty() &&
                    (rule->action.translation.port_base || !rule->action.translation.ports.contains(arrived.destination_port));
  return {t.verdict, partial.destination || wrote_address ? format_number(t.packet.destination) : "-",
          partial.destination_port || wrote_port ? std::to_string(t.packet.destination_port) : "-"};
}

// The ruleset with every translation to several values made one to the k-th of them.
Ruleset picking(Ruleset ruleset, const Packet& packet, unsigned k) {
  auto nth = [&](const IntervalSet& set, unsigned n) {
    for (const Interval& i : set) {
      u128 size = i.hi - i.lo + 1;
      if (n < size) return i.lo + n;
      n -= static_cast<unsigned>(size);
    }
    return u128{0};
  };
  for (Chain& chain : ruleset.chains)
    for (Rule& rule : chain.rules) {
      Translation& t = rule.action.translation;
      if (t.addresses.size() > 1) t.addresses = IntervalSet::of(nth(t.addresses, k % static_cast<unsigned>(t.addresses.size())));
      if (t.ports.size() > 1 && !t.port_base && !t.ports.contains(packet.destination_port))
        t.ports = IntervalSet::of(nth(t.ports, k / 4 % static_cast<unsigned>(t.ports.size())));
    }
  return ruleset;
}

std::set<Triple> all_triples(const Ruleset& ruleset, const Packet& packet, const PartialPacket& partial) {
  std::set<Triple> out;
  bool picks = false;
  for (const Chain& chain : ruleset.chains)
    for (const Rule& rule : chain.rules)
      picks = picks || rule.action.translation.addresses.size() > 1 || rule.action.translation.ports.size() > 1;
  for (unsigned k = 0; k < (picks ? 32u : 1u); ++k) {
    Ruleset one = picks ? picking(ruleset, packet, k) : ruleset;
    each_valuation([&](const Valuation& holds) {
      Trace t = trace(one, packet, holds);
      // By the rule as written: a port it keeps is one it did not write.
      out.insert(triple_of(ruleset, t, packet, partial));
    });
  }
  return out;
}

template <std::size_t part>
bool same(const std::set<Triple>& triples) {
  return std::all_of(triples.begin(), triples.end(),
                     [&](const Triple& t) { return std::get<part>(t) == std::get<part>(*triples.begin()); });
}
bool same_verdict(const std::set<Triple>& triples) { return same<0>(triples); }

Triple triple_of(const Verdict& v) {
  return {v.outcome, v.destination ? format_number(*v.destination) : "-",
          v.destination_port ? std::to_string(*v.destination_port) : "-"};
}

// Translations to several addresses, and a raw table that leaves packets untracked and asks for their state.
Ruleset random_ruleset(unsigned seed) {
  Ruleset ruleset = testing::random_firewall(seed, seed % 2 == 0).rulesets[0];
  std::mt19937 random(seed * 7919);
  auto roll = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  for (Chain& chain : ruleset.chains)
    for (Rule& rule : chain.rules)
      if (rule.action.kind == ActionKind::translate_destination && roll(4) == 0)
        rule.action.translation.addresses.add(IntervalSet::range(roll(4), 4 + roll(3)));
  if (seed % 5 == 0) testing::add_shifts(ruleset, seed);
  if (seed % 4 == 0) testing::add_marks(ruleset, seed, seed % 8 == 0);
  resolve_marks(ruleset);
  if (seed % 3 != 0) return ruleset;
  Chain raw;
  raw.table = "raw", raw.name = "PREROUTING";
  raw.policy = Located<ActionKind>{ActionKind::accept, {0, 5000, 5001}};
  std::uint32_t place = 5010;
  for (unsigned n = 1 + roll(4); n > 0; --n) {
    Rule r;
    place += 10;
    r.span = {0, place, place + 5};
    Condition c;
    c.span = {0, place + 1, place + 2};
    c.negated = roll(3) == 0;
    switch (roll(4)) {
      case 0:
        c.any_of.push_back(FieldTest{Field::state, IntervalSet::of(roll(5))});
        break;
      case 1:
        c.any_of.push_back(OpaqueTest{"p0", "undecidable", false});
        break;
      case 2:
        c.any_of.push_back(FieldTest{Field::source, IntervalSet::range(roll(4), 4 + roll(4))});
        break;
      default:
        c.any_of.push_back(FieldTest{Field::destination_port, IntervalSet::range(roll(4), 4 + roll(4))});
    }
    r.conditions.push_back(c);
    ActionKind kinds[] = {ActionKind::untrack, ActionKind::untrack, ActionKind::drop, ActionKind::return_};
    r.action.kind = kinds[roll(4)];
    raw.rules.push_back(r);
  }
  ruleset.pipeline.add(netfilter::stage("raw", Hook::prerouting, -300, false, ruleset.chains.size()));
  ruleset.chains.push_back(raw);
  // Somebody has to ask for the state that comes of it.
  for (Rule& rule : ruleset.chains[0].rules)
    if (roll(3) == 0) {
      Condition c;
      place += 10;
      c.span = {0, place, place + 1};
      c.any_of.push_back(FieldTest{Field::state, IntervalSet::of(roll(2) ? 0 : 4)});
      rule.conditions.push_back(c);
    }
  return ruleset;
}

Packet random_packet(std::mt19937& random) {
  auto roll = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  const char* interfaces[] = {"eth0", "eth1", "wlan0", "ppp0"};
  Packet p;
  p.hook = Hook::forward;
  p.in = interfaces[roll(4)], p.out = "eth1";
  p.source = roll(9), p.destination = roll(9);
  p.source_port = static_cast<std::uint16_t>(roll(9));
  p.destination_port = static_cast<std::uint16_t>(roll(9));
  p.protocol = roll(2) ? proto_tcp : proto_udp;
  p.state = roll(4) ? State::new_ : static_cast<State>(roll(5));
  return p;
}

}  // namespace

TEST_CASE("verdict of a known packet: trace with every predicate false, proven when no valuation changes it") {
  unsigned possible = 0, proven_drop = 0, proven_accept = 0;
  for (unsigned seed = 1; seed <= 600; ++seed) {
    Ruleset ruleset = random_ruleset(seed);
    Verdicts verdicts(ruleset);
    std::mt19937 random(seed);
    for (int n = 0; n < 25; ++n) {
      Packet p = random_packet(random);
      if (ruleset.last_arriving_mark(p.state) > 0) continue;  // what its connection was marked with nobody says
      PartialPacket partial = whole(p);
      Verdict v = verdicts.of(partial);
      Trace t = trace(ruleset, p, [](const OpaqueTest&, SourceSpan) { return false; });
      INFO("seed " << seed << " " << format_packet(p) << " state " << name_of(p.state));
      REQUIRE(v.outcome == t.verdict);
      std::set<Triple> triples = all_triples(ruleset, p, partial);
      bool one = same_verdict(triples);
      REQUIRE(v.destination == (one && !same<1>(triples) ? std::nullopt : std::optional(t.packet.destination)));
      REQUIRE(v.destination_port == (one && !same<2>(triples) ? std::nullopt : std::optional(t.packet.destination_port)));
      Verdict shown = v;  // what it writes is not told where that differs
      shown.destination = t.packet.destination, shown.destination_port = t.packet.destination_port;
      REQUIRE(v.path.size() == t.path.size());
      for (std::size_t i = 0; i < v.path.size(); ++i) {
        REQUIRE(v.path[i].at.span() == t.path[i].span);
        REQUIRE(text_of(v.path[i], shown, p.family) == t.path[i].action);
      }
      if (v.decided_by.chain) REQUIRE(v.decided_by.span() == t.decided_by);
      REQUIRE((v.certainty == Certainty::proven) == one);
      REQUIRE(v.doubts.empty() == one);
      (one ? v.outcome == ActionKind::accept ? proven_accept : proven_drop : possible)++;
    }
  }
  CHECK(possible > 1000);
  CHECK(proven_drop > 1000);
  CHECK(proven_accept > 1000);
}

TEST_CASE("verdict of a partly known packet is proven exactly when no completion and no valuation changes it") {
  unsigned possible = 0, proven = 0;
  for (unsigned seed = 1; seed <= 400; ++seed) {
    Ruleset ruleset = random_ruleset(seed);
    Verdicts verdicts(ruleset);
    std::mt19937 random(seed + 1);
    for (int n = 0; n < 4; ++n) {
      std::vector<Packet> completions = {random_packet(random)};
      PartialPacket partial = whole(completions[0]);
      auto open = [&](auto set, unsigned count) {
        std::vector<Packet> more;
        for (const Packet& p : completions)
          for (unsigned value = 0; value < count; ++value) {
            more.push_back(p);
            set(more.back(), value);
          }
        completions = std::move(more);
      };
      // Values past what the rules name are all alike: one of them stands for the rest.
      unsigned which = static_cast<unsigned>(random() % 6), other = (which + 1 + static_cast<unsigned>(random() % 5)) % 6;
      for (unsigned field : std::set{which, n % 2 ? which : other}) switch (field) {
          case 0:
            partial.source.reset(), open([](Packet& p, unsigned v) { p.source = v; }, 9);
            break;
          case 1:
            partial.destination.reset(), open([](Packet& p, unsigned v) { p.destination = v; }, 9);
            break;
          case 2:
            partial.source_port.reset(), open([](Packet& p, unsigned v) { p.source_port = static_cast<std::uint16_t>(v); }, 9);
            break;
          case 3:
            partial.destination_port.reset();
            open([](Packet& p, unsigned v) { p.destination_port = static_cast<std::uint16_t>(v); }, 9);
            break;
          case 4:
            partial.protocol.reset();
            open([](Packet& p, unsigned v) { p.protocol = std::array<std::uint8_t, 3>{6, 17, 1}[v]; }, 3);
            break;
          default:
            partial.in.reset();
            open([](Packet& p, unsigned v) { p.in = std::array{"eth0", "eth1", "wlan0", "ppp0"}[v]; }, 4);
        }
      std::set<Triple> triples;
      for (const Packet& p : completions) triples.merge(all_triples(ruleset, p, partial));
      Verdict v = verdicts.of(partial);
      INFO("seed " << seed << " packet " << n << " " << format_packet(completions[0]) << " without " << which << ", " << other);
      bool one = same_verdict(triples);
      auto [outcome, destination, port] = triple_of(v);
      if (one) {
        REQUIRE(outcome == std::get<0>(*triples.begin()));
        REQUIRE(destination == (same<1>(triples) ? std::get<1>(*triples.begin()) : "-"));
        REQUIRE(port == (same<2>(triples) ? std::get<2>(*triples.begin()) : "-"));
      } else {
        REQUIRE(triples.contains({outcome, destination, port}));
      }
      REQUIRE((v.certainty == Certainty::proven) == one);
      REQUIRE(v.doubts.empty() == one);
      (one ? proven : possible)++;
    }
  }
  CHECK(possible > 300);
  CHECK(proven > 300);
}

TEST_CASE("a verdict kept for many packets is the one each of them gets alone") {
  unsigned kept = 0, not_kept = 0;
  for (unsigned seed = 1; seed <= 200; ++seed) {
    Ruleset ruleset = random_ruleset(seed);
    std::mt19937 random(seed + 2);
    auto roll = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
    // Tests of several kinds in one condition, so that which of them is undecided depends on the packet.
    for (Chain& chain : ruleset.chains)
      for (Rule& rule : chain.rules)
        if (roll(4) == 0) {
          Condition c;
          c.span = {0, rule.span.begin + 1, rule.span.begin + 2};
          c.negated = roll(3) == 0;
          c.any_of.push_back(OpaqueTest{"several", "undecidable", false});
          c.any_of.push_back(
              FieldTest{roll(2) ? Field::source : Field::destination_port, IntervalSet::range(roll(4), 4 + roll(4))});
          rule.conditions.push_back(c);
        }
    // The interface an input packet has not is one rules ask for, too.
    for (Hook hook : {Hook::input, Hook::output}) {
      Chain chain;
      chain.table = "filter", chain.name = std::string(name_of(hook)),
      chain.policy = Located<ActionKind>{ActionKind::drop, {0, 6000, 6001}};
      chain.rules = ruleset.chains[0].rules;
      for (Rule& rule : chain.rules)
        if (rule.action.kind == ActionKind::jump || rule.action.kind == ActionKind::go_to) rule.action.kind = ActionKind::return_;
      ruleset.pipeline.add(netfilter::stage("filter", hook, 0, false, ruleset.chains.size()));
      ruleset.chains.push_back(chain);
    }
    Verdicts verdicts(ruleset);
    std::set<std::uint64_t> met;
    for (int n = 0; n < 150; ++n) {
      Packet whole_packet = random_packet(random);
      PartialPacket p = whole(whole_packet);
      if (roll(3) == 0) p.hook = std::array{Hook::input, Hook::output}[roll(2)];
      if (roll(3) == 0) switch (roll(6)) {
          case 0:
            p.source.reset();
            break;
          case 1:
            p.destination.reset();
            break;
          case 2:
            p.destination_port.reset();
            break;
          case 3:
            p.protocol = proto_icmp, p.destination_port = Interval{256 * u128{roll(2)}, 255 + 256 * u128{roll(2) + 1}};
            break;
          case 4:
            p.hook.reset(), roll(2) ? p.in.reset() : p.out.reset();
            break;
          default:
            p.in.reset(), p.source_port.reset();
        }
      Verdict many = verdicts.of(p), alone = Verdicts(ruleset).of(p);
      INFO("seed " << seed << " packet " << n << " " << format_packet(whole_packet));
      REQUIRE(many.outcome == alone.outcome);
      REQUIRE(many.certainty == alone.certainty);
      REQUIRE(many.hook == alone.hook);
      REQUIRE(many.destination == alone.destination);
      REQUIRE(many.destination_port == alone.destination_port);
      REQUIRE(many.decided_by == alone.decided_by);
      REQUIRE(many.path.size() == alone.path.size());
      for (std::size_t i = 0; i < many.path.size(); ++i) {
        REQUIRE(many.path[i].at == alone.path[i].at);
        REQUIRE(many.path[i].did == alone.path[i].did);
      }
      REQUIRE(many.doubts.size() == alone.doubts.size());
      for (std::size_t i = 0; i < many.doubts.size(); ++i) {
        REQUIRE(many.doubts[i].why == alone.doubts[i].why);
        REQUIRE(many.doubts[i].span == alone.doubts[i].span);
      }
      if (many.alike == 0)
        ++not_kept;
      else if (!met.insert(many.alike).second)
        ++kept;
    }
  }
  CHECK(kept > 3000);
  CHECK(not_kept > 1000);
}

TEST_CASE("doubts are the predicates the outcome depends on") {
  unsigned checked = 0;
  for (unsigned seed = 1; seed <= 300; ++seed) {
    Ruleset ruleset = testing::random_firewall(seed, false).rulesets[0];
    Verdicts verdicts(ruleset);
    std::mt19937 random(seed);
    for (int n = 0; n < 10; ++n) {
      Packet p = random_packet(random);
      Verdict v = verdicts.of(whole(p));
      // Every key any valuation asks for; then whether flipping it alone changes the verdict under some valuation.
      std::map<Key, std::string> keys;
      each_valuation([&](const Valuation& holds) {
        trace(ruleset, p, [&](const OpaqueTest& test, SourceSpan place) {
          bool stands_in = test.predicate.ends_with(" accepts") || test.predicate.ends_with(" drops");
          keys.emplace(key_of(test, place), stands_in ? test.reason : test.predicate + ": " + test.reason);
          return holds(test, place);
        });
      });
      if (keys.size() > 8) continue;
      std::set<std::string> expected, found;
      for (const auto& [key, why] : keys)
        for (unsigned bits = 0; bits < 1u << keys.size(); ++bits) {
          auto outcome = [&](bool flip) {
            return trace(ruleset, p,
                         [&](const OpaqueTest& test, SourceSpan place) {
                           Key asked = key_of(test, place);
                           auto index = std::distance(keys.begin(), keys.find(asked));
                           return (bits >> index & 1) != 0 ? !(flip && asked == key) : flip && asked == key;
                         })
                .verdict;
          };
          if (outcome(false) != outcome(true)) expected.insert(why);
        }
      for (const Doubt& d : v.doubts) found.insert(d.why);
      INFO("seed " << seed << " " << format_packet(p));
      REQUIRE(found == expected);
      checked += expected.empty() ? 0 : 1;
    }
  }
  CHECK(checked > 300);
}

TEST_CASE("verdicts agree with the packet sets") {
  for (unsigned seed = 1; seed <= 150; ++seed) {
    Firewall firewall = testing::random_firewall(seed, seed % 2 == 0);
    const Ruleset& ruleset = firewall.rulesets[0];
    PacketSpace packets(firewall, {{true, "eth0", false}, {true, "eth1", false}, {true, "wlan0", false}});
    ChainSets chains(packets, ruleset);
    Reach reach(chains);
    Space& s = packets.space;
    PacketSet arriving = s.intersect(chains.universe(), s.test(Dimension::state, IntervalSet::of(0)));
    PacketSet proven = s.nothing(), possible = s.nothing();
    for (const Flow& f : reach.flows(Hook::forward, s.intersect(arriving, s.test(Dimension::nat, IntervalSet::of(0))))) {
      proven = s.unite(proven, s.proven(f.accepted));
      possible = s.unite(possible, s.possible(f.accepted));
    }
    Verdicts verdicts(ruleset);
    std::mt19937 random(seed);
    for (int n = 0; n < 40; ++n) {
      Packet p = random_packet(random);
      p.state = State::new_;
      std::vector<u128> point(dimension_count, 0);
      auto set = [&](Dimension d, u128 value) { point[static_cast<std::size_t>(d)] = value; };
      auto interface = [&](const std::string& name) {
        IntervalSet exact = packets.interfaces.matching({true, name, false});
        return exact.empty() ? u128{1} : exact.begin()->lo;
      };
      set(Dimension::protocol, p.protocol);
      set(Dimension::in, interface(p.in));
      set(Dimension::out, interface(p.out));
      set(Dimension::destination, p.destination);
      set(Dimension::destination_port, p.destination_port);
      set(Dimension::source, p.source);
      set(Dimension::source_port, p.source_port);
      set(Dimension::tcp_flags, p.tcp_flags);
      Verdict v = verdicts.of(whole(p));
      INFO("seed " << seed << " " << format_packet(p));
      bool accept = v.outcome == ActionKind::accept;
      if (accept) REQUIRE(s.at(possible, point) == 1);
      if (!accept) REQUIRE(s.at(proven, point) == 0);
      if (v.certainty == Certainty::proven) {
        REQUIRE(s.at(possible, point) == (accept ? 1 : 0));
        if (seed % 2 != 0) REQUIRE(s.at(proven, point) == (accept ? 1 : 0));
      }
    }
  }
}

namespace {

Rule rule_of(ActionKind kind, std::vector<Test> tests, std::uint32_t place, bool negated = false) {
  Rule rule;
  rule.action.kind = kind;
  rule.span = {0, place, place + 5};
  for (Test& test : tests) {
    Condition c;
    c.any_of.push_back(std::move(test));
    c.negated = negated;
    c.span = {0, place + 1, place + 2};
    rule.conditions.push_back(std::move(c));
  }
  return rule;
}

Ruleset input_chain(std::vector<Rule> rules, ActionKind policy) {
  Ruleset ruleset;
  Chain chain;
  chain.table = "filter", chain.name = "INPUT";
  chain.policy = Located<ActionKind>{policy, {0, 1, 5}};
  chain.rules = std::move(rules);
  ruleset.chains.push_back(std::move(chain));
  ruleset.pipeline.add(netfilter::stage("filter", Hook::input, 0, false, 0));
  return ruleset;
}

}  // namespace

TEST_CASE("a field that is not given fails every test it need not pass") {
  auto ports = [](unsigned lo, unsigned hi) { return FieldTest{Field::destination_port, IntervalSet::range(lo, hi)}; };
  PartialPacket p;
  p.hook = Hook::input;
  SECTION("and the verdict may depend on it") {
    Ruleset r = input_chain({rule_of(ActionKind::accept, {ports(69, 69)}, 10)}, ActionKind::drop);
    Verdict v = Verdicts(r).of(p);
    CHECK(v.outcome == ActionKind::drop);
    CHECK(v.certainty == Certainty::possible);
    REQUIRE(v.doubts.size() == 1);
    CHECK(v.doubts[0].why == "dport is not given");
    CHECK(v.doubts[0].span.begin == 11);
  }
  SECTION("negated, too") {
    Ruleset r = input_chain({rule_of(ActionKind::accept, {ports(69, 69)}, 10, true)}, ActionKind::drop);
    CHECK(Verdicts(r).of(p).outcome == ActionKind::accept);
  }
  SECTION("unless nothing else is left") {
    Ruleset r =
        input_chain({rule_of(ActionKind::accept, {ports(0, 1023)}, 10), rule_of(ActionKind::accept, {ports(1024, 65535)}, 20)},
                    ActionKind::drop);
    Verdict v = Verdicts(r).of(p);
    CHECK(v.outcome == ActionKind::accept);
    CHECK(v.certainty == Certainty::proven);
    CHECK(v.doubts.empty());
  }
  SECTION("one value is one value in every rule") {
    Ruleset r = input_chain({rule_of(ActionKind::drop, {ports(80, 80)}, 10), rule_of(ActionKind::accept, {ports(80, 80)}, 20)},
                            ActionKind::drop);
    Verdict v = Verdicts(r).of(p);
    CHECK(v.outcome == ActionKind::drop);
    CHECK(v.certainty == Certainty::proven);
  }
}

TEST_CASE("rules that only proceed raise no doubt") {
  Ruleset r = input_chain({rule_of(ActionKind::proceed, {OpaqueTest{"-m limit", "rate", true}}, 10)}, ActionKind::drop);
  PartialPacket p;
  p.hook = Hook::input;
  CHECK(Verdicts(r).of(p).certainty == Certainty::proven);
}

TEST_CASE("without a hook every hook the packet may take counts") {
  Ruleset r = input_chain({}, ActionKind::drop);
  Chain forward = r.chains[0];
  forward.name = "FORWARD", forward.policy = Located<ActionKind>{ActionKind::accept, {0, 50, 55}};
  r.chains.push_back(forward);
  r.pipeline.add(netfilter::stage("filter", Hook::forward, 0, false, 1));
  PartialPacket p;
  p.in = "eth0";
  Verdict v = Verdicts(r).of(p);
  CHECK(v.outcome == ActionKind::drop);
  CHECK(v.hook == Hook::input);
  CHECK(v.certainty == Certainty::possible);
  REQUIRE(v.doubts.size() == 1);
  CHECK(v.doubts[0].why == "hook is not given");
  p.out = "eth1";
  v = Verdicts(r).of(p);
  CHECK(v.hook == Hook::forward);
  CHECK(v.outcome == ActionKind::accept);
  CHECK(v.certainty == Certainty::proven);
}

TEST_CASE("verdicts are kept up to a bound, and found again past it") {
  // Every pair of source and destination has a trail of its own: one rule for each bit of them.
  constexpr unsigned bits = 15, half = 8;
  std::vector<Rule> rules;
  for (unsigned n = 0; n < bits; ++n) {
    unsigned bit = n % half;
    IntervalSet with_it;
    for (unsigned lo = 1u << bit; lo < 1u << half; lo += 2u << bit) with_it.add(IntervalSet::range(lo, lo + (1u << bit) - 1));
    rules.push_back(rule_of(ActionKind::untrack, {FieldTest{n < half ? Field::source : Field::destination, with_it}}, 10 + 10 * n));
  }
  Ruleset r = input_chain(std::move(rules), ActionKind::drop);
  Verdicts verdicts(r);
  PartialPacket p;
  p.hook = Hook::input;
  p.source = p.destination = 0;
  std::uint64_t first = verdicts.of(p).alike;
  CHECK(verdicts.of(p).alike == first);
  for (unsigned both = 0; both < 1u << bits; ++both) {
    p.source = both % (1u << half), p.destination = both >> half;
    const Verdict& v = verdicts.of(p);
    REQUIRE(v.path.size() == static_cast<std::size_t>(std::popcount(both)) + 1);
    REQUIRE(v.outcome == ActionKind::drop);
    REQUIRE(v.certainty == Certainty::proven);
  }
  p.source = p.destination = 0;
  CHECK(verdicts.of(p).alike > first);
  CHECK(verdicts.of(p).path.size() == 1);
}

TEST_CASE("too much to follow is said, not claimed") {
  std::vector<Rule> rules;
  for (std::uint32_t i = 0; i < 70000; ++i)
    rules.push_back(rule_of(ActionKind::drop, {OpaqueTest{"a" + std::to_string(i % 900), "", false}}, 10 + 10 * i));
  Ruleset r = input_chain(std::move(rules), ActionKind::drop);
  PartialPacket p;
  p.hook = Hook::input;
  Verdict v = Verdicts(r).of(p);
  CHECK(v.outcome == ActionKind::drop);
  CHECK(v.certainty == Certainty::possible);
  REQUIRE(v.doubts.size() == 1);
  CHECK_THAT(v.doubts[0].why, Catch::Contains("too much"));
}

namespace {

// Values at and beside the edges of what the rules of a ruleset ask for.
struct Edges {
  std::map<Field, std::vector<u128>> values;
  std::vector<std::string> interfaces = {"xyz0"};

  explicit Edges(const Ruleset& ruleset) {
    for (const Chain& chain : ruleset.chains)
      for (const Rule& rule : chain.rules)
        for (const Condition& condition : rule.conditions)
          for (const Test& test : condition.any_of) {
            if (auto* interface = std::get_if<InterfaceTest>(&test))
              interfaces.push_back(interface->name + (interface->prefix ? "7" : ""));
            else if (auto* field = std::get_if<FieldTest>(&test))
              for (const Interval& i : field->values)
                for (u128 v : {i.lo, i.hi, i.hi + 1, i.lo - 1}) values[field->field].push_back(v);
          }
  }

  u128 pick(Field field, u128 max, std::mt19937& random) const {
    auto it = values.find(field);
    if (it == values.end() || random() % 8 == 0) return random() & max;
    return it->second[random() % it->second.size()] & max;
  }
};

}  // namespace

TEST_CASE("verdicts on real dumps are those of trace", "[corpus]") {
  const char* corpus = std::getenv("IPO_LINT_CORPUS");
  if (!corpus) {
    std::cout << "skipped: IPO_LINT_CORPUS is not set\n";
    return;
  }
  unsigned compared = 0, possible = 0, too_many = 0;
  for (const char* family : {"iptables", "ip6tables", "ufw", "iptables-testsuite"})
    for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(corpus) / family)) {
      std::string name = entry.path().filename().string();
      if (name == "SOURCES.tsv") continue;
      Reading reading = read_site({"", {{name, testing::read_file(entry.path())}}, {}}, "iptables", "");
      survey(reading.site, reading.sources, builtin_matrix(), {});
      for (const Firewall& firewall : reading.site.firewalls)
        for (const Ruleset& ruleset : firewall.rulesets) {
          Verdicts verdicts(ruleset);
          Edges edges(ruleset);
          std::mt19937 random(7);
          for (int n = 0; n < 40; ++n) {
            Packet p;
            p.family = ruleset.family;
            p.hook = std::array{Hook::input, Hook::forward, Hook::output}[random() % 3];
            if (p.hook != Hook::output) p.in = edges.interfaces[random() % edges.interfaces.size()];
            if (p.hook != Hook::input) p.out = edges.interfaces[random() % edges.interfaces.size()];
            p.source = edges.pick(Field::source, address_max(p.family), random);
            p.destination = edges.pick(Field::destination, address_max(p.family), random);
            p.protocol = std::array<std::uint8_t, 4>{6, 17, 1, 58}[random() % 4];
            p.source_port = static_cast<std::uint16_t>(edges.pick(Field::source_port, 65535, random));
            p.destination_port = static_cast<std::uint16_t>(edges.pick(Field::destination_port, 65535, random));
            if (random() % 4 == 0) p.state = static_cast<State>(random() % 5);
            if (ruleset.last_arriving_mark(p.state) > 0) continue;
            PartialPacket partial = whole(p);
            Verdict v = verdicts.of(partial);
            Trace t = trace(ruleset, p, [](const OpaqueTest&, SourceSpan) { return false; });
            INFO(name << " " << format_packet(p) << " " << name_of(p.hook) << " " << name_of(p.state));
            const Rule* translated = translation_in(ruleset, t);
            bool redirected = translated && translated->action.translation.to_receiving_interface;
            if (redirected) continue;  // trace() keeps the address it had
            REQUIRE(v.outcome == t.verdict);
            // Where what is not decided gives it different destinations and accepts each, none is named.
            if (v.certainty == Certainty::possible || v.destination) REQUIRE(v.destination == t.packet.destination);
            if (v.certainty == Certainty::possible || v.destination_port) REQUIRE(v.destination_port == t.packet.destination_port);
            REQUIRE(v.path.size() == t.path.size());
            for (std::size_t i = 0; i < v.path.size(); ++i) {
              REQUIRE(v.path[i].at.span() == t.path[i].span);
              REQUIRE(text_of(v.path[i], v, p.family) == t.path[i].action);
            }
            ++compared;
            // For a known connection nobody knows whether it is translated; picks are not trace's to make.
            if (p.state == State::established || p.state == State::related) continue;
            std::set<ActionKind> outcomes;  // where they are given different destinations but all get the same, it is proven
            bool picks = false;
            bool all = each_valuation(
                [&](const Valuation& holds) {
                  Trace one = trace(ruleset, p, holds);
                  outcomes.insert(one.verdict);
                  const Rule* by = translation_in(ruleset, one);
                  picks = picks || (by && (by->action.translation.addresses.size() > 1 || by->action.translation.ports.size() > 1 ||
                                           by->action.translation.to_receiving_interface));
                },
                256);
            if (outcomes.size() > 1 && !picks) REQUIRE(v.certainty == Certainty::possible);
            if (!all) ++too_many;
            if (!all || picks) continue;
            REQUIRE((v.certainty == Certainty::proven) == (outcomes.size() == 1));
            REQUIRE(v.doubts.empty() == (outcomes.size() == 1));
            possible += outcomes.size() > 1;
          }
        }
    }
  std::cout << "real dumps: " << compared << " packets, " << possible << " possible, " << too_many
            << " with too many valuations to compare\n";
  CHECK(compared > 2000);
}

TEST_CASE("a translation that changes nothing is none to ctstate DNAT") {
  for (bool address : {true, false})
    for (bool several : {false, true}) {
      Ruleset r =
          input_chain({rule_of(ActionKind::accept, {FieldTest{Field::nat, IntervalSet{{1, 1}, {3, 3}}}}, 10)}, ActionKind::drop);
      Rule dnat = rule_of(ActionKind::translate_destination, {}, 200);
      dnat.action.name = "DNAT";
      if (address) dnat.action.translation.addresses = several ? IntervalSet::range(5, 6) : IntervalSet::of(5);
      if (!address) dnat.action.translation.ports = IntervalSet::range(69, several ? 70 : 69);
      Chain prerouting;
      prerouting.table = "nat", prerouting.name = "PREROUTING";
      prerouting.policy = Located<ActionKind>{ActionKind::accept, {0, 150, 155}};
      prerouting.rules.push_back(dnat);
      r.chains.push_back(prerouting);
      r.pipeline.add(netfilter::stage("nat", Hook::prerouting, -100, true, 1));
      Firewall firewall;
      firewall.rulesets.push_back(r);
      const Ruleset& ruleset = firewall.rulesets[0];
      PacketSpace packets(firewall, {{true, "eth0", false}});
      ChainSets chains(packets, ruleset);
      Space& s = packets.space;
      PacketSet accepted = s.nothing();
      for (const Flow& f :
           Reach(chains).flows(Hook::input, s.intersect(chains.universe(), s.test(Dimension::nat, IntervalSet::of(0)))))
        accepted = s.unite(accepted, f.accepted);
      Verdicts verdicts(ruleset);
      for (unsigned value : {4u, 5u, 69u, 71u}) {
        Packet p;
        p.in = "eth0";
        p.destination = address ? value : 1;
        p.destination_port = static_cast<std::uint16_t>(address ? 1 : value);
        // Where several addresses may be picked, the one it has may be.
        bool same = value == (address ? 5 : 69), open = address && several && same;
        INFO((address ? "address " : "port ") << value << (several ? " of several" : ""));
        Verdict v = verdicts.of(whole(p));
        if (!open) CHECK(v.outcome == (same ? ActionKind::drop : ActionKind::accept));
        std::vector<u128> point = testing::point_of(packets.interfaces, p);
        CHECK(s.at(s.possible(accepted), point) == (same && !open ? 0u : 1u));
        CHECK(s.at(s.proven(accepted), point) == (same ? 0u : 1u));
        Trace t = trace(ruleset, p, [](const OpaqueTest&, SourceSpan) { return false; });
        CHECK(t.verdict == v.outcome);
        if (several && address) continue;         // which address it is given is not known
        CHECK(v.certainty == Certainty::proven);  // whichever port it is given
      }
    }
}
