// A second dialect, made up to share nothing with netfilter but the model: every interface has a list for what comes in by it and
// one for what leaves by it, both have the last word, and each looks at the destination as it is or as it was sent. It is lowered
// into stages here and interpreted here, one packet at a time; what the engine says must be the same.
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <set>

#include "rules/engine/compare.h"
#include "rules/engine/reach.h"
#include "rules/engine/shadows.h"
#include "rules/engine/trace.h"
#include "rules/engine/verdict.h"
#include "rules/exposure/exposure.h"
#include "rules/exposure/path_verdict.h"
#include "tests/known_packet.h"

using namespace ipo;
using ipo::testing::point_of;
using ipo::testing::whole;

namespace {

// ---- the device -------------------------------------------------------------------------------------------------

constexpr unsigned most = 8;  // of addresses and ports; no rule tells it from those above
constexpr unsigned host_address = 5;
const std::vector<std::string> interfaces = {"outside", "inside", "dmz"};

struct Entry {
  bool permits = false;
  Interval source{0, most}, destination{0, most}, port{0, most};
  std::optional<std::uint8_t> protocol;
  std::optional<State> state;
  SourceSpan span;

  bool matches(const Packet& p, u128 to, std::uint16_t to_port) const {
    auto within = [](const Interval& i, u128 v) { return (i.lo == 0 && i.hi == most) || (i.lo <= v && v <= i.hi); };
    return within(source, p.source) && within(destination, to) && within(port, to_port) && (!protocol || *protocol == p.protocol) &&
           (!state || *state == p.state);
  }
};

struct Lists {
  std::map<std::string, std::vector<Entry>> of;  // by interface; "" is the device itself
  bool rest_permitted = false;
  SourceSpan rest;
  bool sees_sent = false;  // the destination packets were sent to, whatever was translated
};

struct Forward {
  std::string in;
  unsigned sent_to = 0, to = 0;
  std::optional<unsigned> port, to_port;
  SourceSpan span;
};

struct Device {
  Lists in, out;
  std::vector<Forward> forwards;
  unsigned translates = 0;  // 0: before both lists, 1: between them, 2: behind them
  bool replies_pass = false;
};

// ---- interpreted ------------------------------------------------------------------------------------------------

struct Judged {
  bool passes = true;
  SourceSpan by;
  Packet leaves;
  const Forward* forward = nullptr;
};

Judged interpret(const Device& device, const Packet& p) {
  Judged out;
  out.leaves = p;
  if (device.replies_pass && (p.state == State::established || p.state == State::related)) return out;
  bool by_entry = false;
  auto translate = [&] {
    for (const Forward& f : device.forwards) {
      Packet& now = out.leaves;
      if (p.state != State::new_ || out.forward || f.in != now.in || f.sent_to != now.destination) continue;
      if (f.port && *f.port != now.destination_port) continue;
      out.forward = &f;
      now.destination = f.to;
      if (f.to_port) now.destination_port = static_cast<std::uint16_t>(*f.to_port);
    }
  };
  auto ask = [&](const Lists& lists, const std::string& interface) {
    const Packet& seen = lists.sees_sent ? p : out.leaves;
    if (auto list = lists.of.find(interface); list != lists.of.end())
      for (const Entry& entry : list->second)
        if (entry.matches(p, seen.destination, seen.destination_port)) {
          out.passes = entry.permits, out.by = entry.span, by_entry = true;
          return;
        }
    out.passes = lists.rest_permitted;
    if (!out.passes || !by_entry) out.by = lists.rest;
  };
  if (device.translates == 0) translate();
  ask(device.in, p.in);
  if (out.passes && device.translates == 1) translate();
  if (out.passes) ask(device.out, p.out);
  if (out.passes && device.translates == 2) translate();
  return out;
}

// ---- lowered ----------------------------------------------------------------------------------------------------

IntervalSet values(const Interval& i) { return IntervalSet::range(i.lo, i.hi); }

Rule lowered(const Entry& entry, bool sees_sent) {
  Rule rule;
  rule.span = entry.span;
  rule.action.kind = entry.permits ? ActionKind::accept : ActionKind::drop;
  auto test = [&](Field field, const Interval& i) {
    if (i.lo != 0 || i.hi != most) rule.conditions.push_back({{FieldTest{field, values(i)}}, false, entry.span});
  };
  test(Field::source, entry.source);
  test(sees_sent ? Field::original_destination : Field::destination, entry.destination);
  test(sees_sent ? Field::original_port : Field::destination_port, entry.port);
  if (entry.protocol)
    rule.conditions.push_back({{FieldTest{Field::protocol, IntervalSet::of(*entry.protocol)}}, false, entry.span});
  if (entry.state)
    rule.conditions.push_back({{FieldTest{Field::state, IntervalSet::of(static_cast<unsigned>(*entry.state))}}, false, entry.span});
  return rule;
}

Chain lowered(const Forward* begin, const Forward* end) {
  Chain chain;
  chain.table = "forwards", chain.name = "all";
  chain.policy = Located<ActionKind>{ActionKind::accept, {0, 1, 2}};
  for (const Forward* f = begin; f != end; ++f) {
    Rule rule;
    rule.span = f->span;
    rule.conditions.push_back({{InterfaceTest{true, f->in, false}}, false, f->span});
    rule.conditions.push_back({{FieldTest{Field::destination, IntervalSet::of(f->sent_to)}}, false, f->span});
    if (f->port) rule.conditions.push_back({{FieldTest{Field::destination_port, IntervalSet::of(*f->port)}}, false, f->span});
    rule.action.kind = ActionKind::translate_destination;
    rule.action.translation.addresses = IntervalSet::of(f->to);
    if (f->to_port) rule.action.translation.ports = IntervalSet::of(*f->to_port);
    chain.rules.push_back(rule);
  }
  return chain;
}

// The lists of one side: a chain that calls the interface's.
std::size_t lower(Ruleset& ruleset, const Lists& lists, bool incoming) {
  std::string table = incoming ? "in" : "out";
  Chain all;
  all.table = table, all.name = "all", all.span = lists.rest;
  all.policy = Located<ActionKind>{lists.rest_permitted ? ActionKind::accept : ActionKind::drop, lists.rest};
  for (const auto& [interface, entries] : lists.of) {
    if (interface.empty()) continue;
    Rule call;
    call.span = entries.front().span;
    call.conditions.push_back({{InterfaceTest{incoming, interface, false}}, false, call.span});
    call.action.kind = ActionKind::jump, call.action.chain = interface;
    all.rules.push_back(call);
    Chain list;
    list.table = table, list.name = interface;
    for (const Entry& entry : entries) list.rules.push_back(lowered(entry, lists.sees_sent));
    ruleset.chains.push_back(list);
  }
  ruleset.chains.push_back(all);
  std::size_t index = ruleset.chains.size() - 1;
  return index;
}

Ruleset lower(const Device& device) {
  Ruleset ruleset;
  ruleset.pipeline.replies_pass = device.replies_pass;
  std::size_t in = lower(ruleset, device.in, true), out = lower(ruleset, device.out, false);
  // What the device gets itself has a list of its own in the place of one of an interface.
  Chain own;
  own.table = "out", own.name = "own", own.policy = ruleset.chains[out].policy;
  if (auto list = device.out.of.find(""); list != device.out.of.end())
    for (const Entry& entry : list->second) own.rules.push_back(lowered(entry, device.out.sees_sent));
  std::size_t to_itself = ruleset.chains.size();
  ruleset.chains.push_back(own);
  std::size_t forwards = ruleset.chains.size();
  ruleset.chains.push_back(lowered(device.forwards.data(), device.forwards.data() + device.forwards.size()));
  auto add = [&](Stage::Kind kind, Hook where, int order, std::size_t chain) {
    Stage stage;
    stage.kind = kind, stage.where = where, stage.order = order, stage.chain = chain;
    stage.last_word = kind == Stage::Kind::filter;
    ruleset.pipeline.add(stage);
  };
  // The order of these calls says nothing.
  for (Hook where : {Hook::forward, Hook::input, Hook::output}) {
    add(Stage::Kind::filter, where, 3, where == Hook::input ? to_itself : out);
    add(Stage::Kind::filter, where, 1, in);
    if (device.translates > 0) add(Stage::Kind::translate_destination, where, device.translates == 1 ? 2 : 4, forwards);
  }
  if (device.translates == 0) add(Stage::Kind::translate_destination, Hook::prerouting, 0, forwards);
  return ruleset;
}

// ---- at random --------------------------------------------------------------------------------------------------

struct Dice {
  std::mt19937 random;
  std::uint32_t place = 10;

  unsigned roll(unsigned n) { return static_cast<unsigned>(random() % n); }
  SourceSpan span() {
    place += 10;
    return {0, place, place + 5};
  }
  Interval few() {
    if (roll(2)) return {0, most};
    unsigned lo = roll(most), hi = std::min(most - 1, lo + roll(4));
    return {lo, hi};
  }
  Entry entry() {
    Entry e;
    e.permits = roll(2);
    e.source = few(), e.destination = few(), e.port = few();
    if (roll(3) == 0) e.protocol = roll(2) ? proto_tcp : proto_udp;
    if (roll(5) == 0) e.state = roll(2) ? State::new_ : State::established;
    e.span = span();
    return e;
  }
  Lists lists(bool of_itself) {
    Lists out;
    out.rest_permitted = roll(3) != 0, out.rest = span(), out.sees_sent = roll(2);
    for (const std::string& interface : interfaces)
      if (roll(4) != 0)
        for (unsigned n = 1 + roll(4); n > 0; --n) out.of[interface].push_back(entry());
    if (of_itself)
      for (unsigned n = roll(3); n > 0; --n) out.of[""].push_back(entry());
    return out;
  }
  Device device() {
    Device d;
    d.in = lists(false), d.out = lists(true);
    for (unsigned n = roll(4); n > 0; --n) {
      Forward f;
      f.in = interfaces[roll(2)], f.sent_to = roll(most), f.to = roll(3) ? host_address : roll(most), f.span = span();
      if (roll(2)) f.port = roll(most);
      if (roll(2)) f.to_port = roll(most);
      d.forwards.push_back(f);
    }
    d.translates = roll(3);
    d.replies_pass = roll(4) == 0;
    return d;
  }
  Packet packet() {
    Packet p;
    p.hook = roll(3) ? Hook::forward : Hook::input;
    auto any = [&] { return roll(5) ? interfaces[roll(3)] : std::string("other"); };
    if (roll(6) == 0) p.hook = Hook::output;
    if (p.hook != Hook::output) p.in = any();
    if (p.hook != Hook::input) p.out = any();
    p.state = roll(3) ? State::new_ : State::established;
    p.protocol = roll(2) ? proto_tcp : proto_udp;
    p.source = roll(most + 1), p.destination = roll(most + 1);
    p.source_port = 1, p.destination_port = static_cast<std::uint16_t>(roll(most + 1));
    return p;
  }
};

std::vector<InterfaceTest> named() {
  std::vector<InterfaceTest> out;
  for (const std::string& name : interfaces) out.push_back({true, name, false});
  return out;
}

Firewall firewall_of(const Device& device) {
  Firewall firewall;
  firewall.name = "device";
  firewall.rulesets.push_back(lower(device));
  return firewall;
}

bool none(const OpaqueTest&, SourceSpan) { return false; }

std::string text_of(const Device& d) {
  return std::to_string(d.translates) + (d.in.sees_sent ? " in sees sent" : "") + (d.out.sees_sent ? " out sees sent" : "") +
         (d.replies_pass ? " replies pass" : "");
}

}  // namespace

TEST_CASE("another pipeline: traces, verdicts and flows are what interpretation says") {
  unsigned passed = 0, dropped = 0, moved = 0;
  for (unsigned seed = 1; seed <= 300; ++seed) {
    Dice dice{std::mt19937(seed)};
    Device device = dice.device();
    Firewall firewall = firewall_of(device);
    const Ruleset& ruleset = firewall.rulesets[0];
    PacketSpace packets(firewall, named());
    ChainSets chains(packets, ruleset);
    Space& s = packets.space;
    Reach reach(chains);
    PacketSet arriving = chains.universe();
    for (Dimension d : {Dimension::nat, Dimension::marks}) arriving = s.intersect(arriving, s.test(d, IntervalSet::of(0)));
    std::map<Hook, std::vector<Flow>> flows;
    std::map<Hook, std::vector<std::vector<ChainSets::Decided>>> decided, accepted;
    for (Hook way : {Hook::forward, Hook::input, Hook::output}) {
      flows[way] = reach.flows(way, arriving);
      for (const Flow& flow : flows[way]) {
        decided[way].push_back(reach.deciders(flow, flow.seen));
        accepted[way].push_back(reach.acceptors(flow, flow.seen));
      }
    }
    Verdicts verdicts(ruleset);
    for (unsigned n = 0; n < 150; ++n) {
      Packet p = dice.packet();
      Judged judged = interpret(device, p);
      INFO("seed " << seed << " " << format_packet(p) << " out " << p.out << " " << name_of(p.state) << " " << text_of(device));
      (judged.passes ? passed : dropped) += 1;
      moved += judged.forward != nullptr;
      Trace t = trace(ruleset, p, none);
      REQUIRE((t.verdict == ActionKind::accept) == judged.passes);
      REQUIRE(t.decided_by == judged.by);
      REQUIRE(t.packet.destination == judged.leaves.destination);
      REQUIRE(t.packet.destination_port == judged.leaves.destination_port);
      const Verdict& v = verdicts.of(whole(p));
      REQUIRE(v.certainty == Certainty::proven);
      REQUIRE((v.outcome == ActionKind::accept) == judged.passes);
      REQUIRE(v.destination == judged.leaves.destination);
      REQUIRE(v.destination_port == judged.leaves.destination_port);
      REQUIRE((v.decided_by.chain ? v.decided_by.span() : SourceSpan{}) == judged.by);

      auto point = point_of(packets.interfaces, p);
      int ways = 0, deciders = 0, acceptors = 0;
      for (std::size_t i = 0; i < flows[p.hook].size(); ++i) {
        const Flow& flow = flows[p.hook][i];
        auto holds = [&](const ChainSets::Decided& d) {
          return s.at(s.intersect(flow.arrived, reach.before(d.packets, flow)), point) == 1;
        };
        if (s.at(flow.accepted, point) == 1) {
          ++ways;
          REQUIRE((flow.translation.rule != nullptr) == (judged.forward != nullptr));
          if (judged.forward) REQUIRE(flow.translation.span() == judged.forward->span);
        }
        for (const ChainSets::Decided& d : decided[p.hook][i])
          if (holds(d)) {
            ++deciders;
            REQUIRE(d.accepted == judged.passes);
            REQUIRE(d.by.span() == judged.by);
          }
        for (const ChainSets::Decided& d : accepted[p.hook][i])
          if (holds(d)) {
            ++acceptors;
            REQUIRE(d.by.span() == judged.by);
          }
      }
      bool unasked = device.replies_pass && p.state == State::established;
      REQUIRE(ways == judged.passes);
      REQUIRE(deciders == !unasked);
      REQUIRE(acceptors == (judged.passes && !unasked));
    }
  }
  CHECK(passed > 5000);
  CHECK(dropped > 5000);
  CHECK(moved > 400);
}

TEST_CASE("another pipeline: a verdict is proven exactly when nothing that is not known matters") {
  unsigned proven = 0, possible = 0;
  for (unsigned seed = 1; seed <= 200; ++seed) {
    Dice dice{std::mt19937(seed * 7919)};
    Device device = dice.device();
    Ruleset ruleset = lower(device);
    Verdicts verdicts(ruleset);
    for (unsigned n = 0; n < 60; ++n) {
      Packet p = dice.packet();
      PartialPacket question = whole(p);
      std::vector<Packet> all;
      switch (dice.roll(4)) {
        case 0:
          question.source.reset();
          for (p.source = 0; p.source <= most; ++p.source) all.push_back(p);
          break;
        case 1:
          question.destination_port.reset();
          for (unsigned port = 0; port <= most; ++port) p.destination_port = static_cast<std::uint16_t>(port), all.push_back(p);
          break;
        case 2:
          question.destination.reset();
          for (p.destination = 0; p.destination <= most; ++p.destination) all.push_back(p);
          break;
        default:
          if (p.hook == Hook::output) continue;
          question.in.reset();
          for (const char* name : {"outside", "inside", "dmz", "other"}) p.in = name, all.push_back(p);
      }
      std::set<bool> outcomes;
      for (const Packet& each : all) outcomes.insert(interpret(device, each).passes);
      const Verdict& v = verdicts.of(question);
      INFO("seed " << seed << " " << format_packet(p) << " " << text_of(device));
      // A destination that is not known and where the packet was sent to are two unknowns to a verdict, so it may be too careful.
      bool two = (device.in.sees_sent || device.out.sees_sent) && (!question.destination || !question.destination_port);
      bool sure = v.certainty == Certainty::proven;
      if (sure) REQUIRE(outcomes == std::set<bool>{v.outcome == ActionKind::accept});
      if (!two) REQUIRE(sure == (outcomes.size() == 1));
      if (outcomes.size() > 1) REQUIRE_FALSE(v.doubts.empty());
      (outcomes.size() == 1 ? proven : possible) += 1;
    }
  }
  CHECK(proven > 1000);
  CHECK(possible > 1000);
}

TEST_CASE("another pipeline: shadowed entries are those that match and never do so first") {
  unsigned shadowed = 0;
  for (unsigned seed = 1; seed <= 60; ++seed) {
    Dice dice{std::mt19937(seed * 104729)};
    Device device = dice.device();
    Firewall firewall = firewall_of(device);
    PacketSpace packets(firewall, named());
    ChainSets chains(packets, firewall.rulesets[0]);
    std::set<SourceSpan> found, expected;
    for (const Shadow& shadow : find_shadows(chains)) found.insert(shadow.rule.span());
    for (const Forward& f : device.forwards) found.erase(f.span);
    for (const Lists* lists : {&device.in, &device.out})
      for (const auto& [interface, entries] : lists->of) {
        std::set<SourceSpan> first, matching;
        Packet p;
        for (unsigned n = 0; n < 9 * 9 * 9 * 3 * 5; ++n) {
          unsigned rest = n;
          auto next = [&](unsigned count) {
            unsigned value = rest % count;
            rest /= count;
            return value;
          };
          p.source = next(9), p.destination = next(9), p.destination_port = static_cast<std::uint16_t>(next(9));
          p.protocol = std::array<std::uint8_t, 3>{proto_tcp, proto_udp, 47}[next(3)];
          p.state = static_cast<State>(next(5));
          if (device.replies_pass && (p.state == State::established || p.state == State::related)) continue;
          bool any = false;
          for (const Entry& entry : entries)
            if (entry.matches(p, p.destination, p.destination_port)) {
              if (!any) first.insert(entry.span);
              any = true;
              matching.insert(entry.span);
            }
        }
        for (const SourceSpan& span : matching)
          if (!first.contains(span)) expected.insert(span);
      }
    INFO("seed " << seed);
    REQUIRE(found == expected);
    shadowed += static_cast<unsigned>(found.size());
  }
  CHECK(shadowed > 20);
}

TEST_CASE("another pipeline: what differs between two revisions is what interpretation treats otherwise") {
  unsigned opened = 0, closed = 0, redirected = 0, equal = 0;
  for (unsigned seed = 1; seed <= 200; ++seed) {
    Dice dice{std::mt19937(seed * 15485863)};
    Device first = dice.device(), second = first;
    second.translates = dice.roll(3);
    if (dice.roll(2)) second.in.of["outside"].push_back(dice.entry());
    if (dice.roll(2)) second.out.rest_permitted = !second.out.rest_permitted;
    if (dice.roll(2) && !second.forwards.empty()) second.forwards.pop_back();
    if (dice.roll(2) && !second.forwards.empty()) second.forwards[0].to = dice.roll(most);
    Ruleset before = lower(first), after = lower(second);
    Comparison comparison(before, after);
    equal += comparison.equal();
    Space& s = comparison.packets().space;
    auto rewritten = [](const Judged& j) {
      return j.forward ? std::optional(std::pair(j.forward->to, j.forward->to_port)) : std::nullopt;
    };
    for (unsigned n = 0; n < 300; ++n) {
      Packet p = dice.packet();
      Judged was = interpret(first, p), is = interpret(second, p);
      auto point = point_of(comparison.packets().interfaces, p);
      auto differs = [&](Difference::Kind kind) {
        bool in = false;
        for (const Difference& d : comparison.differences())
          in = in || (d.hook == p.hook && d.kind == kind && s.at(d.packets, point) == 1);
        return in;
      };
      INFO("seed " << seed << " " << format_packet(p) << " " << text_of(first) << " then " << text_of(second));
      REQUIRE(differs(Difference::opened) == (!was.passes && is.passes));
      REQUIRE(differs(Difference::closed) == (was.passes && !is.passes));
      REQUIRE(differs(Difference::redirected) == (was.passes && is.passes && rewritten(was) != rewritten(is)));
      opened += !was.passes && is.passes, closed += was.passes && !is.passes;
      redirected += was.passes && is.passes && rewritten(was) != rewritten(is);
    }
  }
  CHECK(opened > 500);
  CHECK(closed > 500);
  CHECK(redirected > 50);
  CHECK(equal > 5);
}

TEST_CASE("another pipeline: lists that see what was sent may as well stand before the translation") {
  for (unsigned seed = 1; seed <= 100; ++seed) {
    Dice dice{std::mt19937(seed * 32452843)};
    Device first = dice.device();
    first.in.sees_sent = first.out.sees_sent = true, first.translates = 0;
    Device second = first;
    second.in.sees_sent = second.out.sees_sent = false, second.translates = 2;
    Ruleset before = lower(first), after = lower(second);
    INFO("seed " << seed);
    REQUIRE(Comparison(before, after).equal());
  }
}

TEST_CASE("another pipeline: what reaches a host, and by which line, is what interpretation says") {
  PortMatrix matrix;
  unsigned reached = 0, kept_out = 0, by_forward = 0;
  for (unsigned seed = 1; seed <= 150; ++seed) {
    Dice dice{std::mt19937(seed * 49979687)};
    Device device = dice.device();
    Site site;
    site.firewalls.push_back(firewall_of(device));
    site.firewalls[0].role = Role::perimeter;
    Host pbx;
    pbx.name = "pbx", pbx.products = {"ip-office"};
    pbx.addresses.push_back({{Family::ipv4, host_address}, {}});
    site.hosts.push_back(pbx);
    std::vector<Standing> standings = survey(site, {}, matrix, {{"outside"}, {}});
    Exposure exposure(site, standings, matrix);
    REQUIRE(exposure.failures().empty());
    PathVerdicts query(site, standings, 0, Family::ipv4);
    for (const auto& passage : exposure.passages()) {
      if (!passage->inbound || !passage->zone->is_internet() || passage->hook != Hook::forward) continue;
      Space& s = passage->chains->space();
      PacketSet accepted = s.nothing();
      for (const Flow& flow : passage->flows) accepted = s.unite(accepted, flow.accepted);
      for (unsigned n = 0; n < 150; ++n) {
        Packet p = dice.packet();
        p.hook = Hook::forward, p.state = State::new_, p.in = "outside", p.out = interfaces[1 + dice.roll(2)];
        auto point = point_of(passage->chains->packets().interfaces, p);
        if (s.at(passage->arriving, point) == 0) continue;
        Judged judged = interpret(device, p);
        bool reaches = judged.passes && judged.leaves.destination == host_address;
        INFO("seed " << seed << " " << format_packet(p) << " out " << p.out << " " << text_of(device));
        REQUIRE(s.at(s.possible(accepted), point) == reaches);
        const Verdict& said = *query.of(whole(p)).back();
        REQUIRE((said.outcome == ActionKind::accept) == judged.passes);
        REQUIRE((said.decided_by.chain ? said.decided_by.span() : SourceSpan{}) == judged.by);
        (reaches ? reached : kept_out) += 1;
        if (!reaches) continue;
        by_forward += judged.forward != nullptr;
        auto image = point_of(passage->chains->packets().interfaces, judged.leaves, trace(*passage->ruleset, p, none).translated);
        image[static_cast<std::size_t>(Dimension::original_destination)] = p.destination;
        image[static_cast<std::size_t>(Dimension::original_port)] = p.destination_port;
        bool found = false;
        for (const Opening& o : exposure.openings())
          if (o.passage == passage.get() && o.by.span() == judged.by)
            found = found || s.at(o.proven, image) == 1 || s.at(o.possible, image) == 1;
        REQUIRE(found);
      }
    }
  }
  CHECK(reached > 300);
  CHECK(kept_out > 1000);
  CHECK(by_forward > 50);
}
