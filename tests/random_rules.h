// Random rule sets over a small universe, for comparing the engine with plain interpretation.
#pragma once

#include <random>

#include "parsers/model/model.h"
#include "parsers/netfilter/stages.h"
#include "rules/engine/packet_set.h"

namespace ipo::testing {

// Addresses 0..7, ports 0..7, protocols 6 and 17, interfaces eth0, eth1, wlan0, "eth+"; predicates p0..p2 (stateless) and
// stateful ones; user chains with jumps, gotos and returns; with `nat`, port forwards in PREROUTING.
inline Firewall random_firewall(unsigned seed, bool nat) {
  std::mt19937 random(seed);
  auto roll = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  Firewall firewall;
  Ruleset ruleset;
  std::uint32_t place = 1;
  auto span = [&] {
    place += 10;
    return SourceSpan{0, place, place + 5};
  };
  auto condition = [&](bool translating) {
    Condition c;
    c.span = span();
    c.negated = roll(4) == 0;
    unsigned lo = roll(8), hi = std::min(7u, lo + roll(3));
    switch (roll(translating ? 5 : 12)) {
      case 0:
        c.any_of.push_back(FieldTest{Field::source, IntervalSet::range(lo, hi)});
        break;
      case 1:
        c.any_of.push_back(FieldTest{Field::destination, IntervalSet::range(lo, hi)});
        break;
      case 2:
        c.any_of.push_back(FieldTest{Field::destination_port, IntervalSet::range(lo, hi)});
        break;
      case 3:
        c.any_of.push_back(FieldTest{Field::protocol, IntervalSet::of(roll(2) ? 6 : 17)});
        break;
      case 4:
        c.any_of.push_back(InterfaceTest{true, roll(2) ? "eth0" : "wlan0", false});
        break;
      case 5:
        c.any_of.push_back(InterfaceTest{true, "eth", true});
        break;
      case 6:
        c.any_of.push_back(FieldTest{Field::state, IntervalSet{{roll(2), 1 + roll(2)}}});
        break;
      case 7:
        c.any_of.push_back(OpaqueTest{"p" + std::to_string(roll(3)), "undecidable", false});
        break;
      case 8:
        c.any_of.push_back(OpaqueTest{"limit", "rate", true});
        break;
      case 9:
      case 10:  // members of a set
        for (unsigned n = 1 + roll(3); n > 0; --n) {
          unsigned from = roll(8), port = roll(8);
          c.any_of.push_back(AllOf{{{Field::source, IntervalSet::range(from, std::min(7u, from + roll(3)))},
                                    {Field::protocol, IntervalSet::of(roll(2) ? 6 : 17)},
                                    {Field::destination_port, IntervalSet::range(port, std::min(7u, port + roll(3)))}},
                                   {},
                                   {}});
        }
        break;
      default:
        c.any_of.push_back(FieldTest{Field::source_port, IntervalSet::range(lo, hi)});
        c.any_of.push_back(FieldTest{Field::destination_port, IntervalSet::range(lo, hi)});
    }
    return c;
  };
  auto rule = [&](bool translating) {
    Rule r;
    for (unsigned n = roll(4); n > 0; --n) r.conditions.push_back(condition(translating));
    r.span = span();
    return r;
  };
  if (nat) {
    Chain prerouting;
    prerouting.table = "nat", prerouting.name = "PREROUTING";
    prerouting.policy = Located<ActionKind>{ActionKind::accept, span()};
    for (unsigned n = 1 + roll(4); n > 0; --n) {
      Rule r = rule(true);
      r.action.kind = roll(5) == 0 ? ActionKind::accept : ActionKind::translate_destination;
      r.action.name = "DNAT";
      if (r.action.kind == ActionKind::translate_destination) {
        r.action.translation.addresses = IntervalSet::of(roll(8));
        if (roll(2)) r.action.translation.ports = IntervalSet::range(roll(4), 4 + roll(4));
        if (roll(2)) r.action.translation.ports = IntervalSet::of(roll(8));
      }
      prerouting.rules.push_back(r);
    }
    ruleset.pipeline.add(netfilter::stage("nat", Hook::prerouting, -100, true, 0));
    ruleset.chains.push_back(prerouting);
  }
  std::size_t base = ruleset.chains.size(), count = 1 + roll(4);
  for (std::size_t c = 0; c < count; ++c) {
    Chain chain;
    chain.table = "filter", chain.name = c == 0 ? "FORWARD" : "C" + std::to_string(c);
    chain.span = span();
    if (c == 0)
      chain.policy = Located<ActionKind>{roll(5) == 0 ? ActionKind::unknown
                                         : roll(2)    ? ActionKind::accept
                                                      : ActionKind::drop,
                                         span()};
    for (unsigned n = 1 + roll(6); n > 0; --n) {
      Rule r = rule(false);
      switch (roll(c + 1 < count ? 8 : 6)) {
        case 0:
        case 1:
          r.action.kind = ActionKind::accept;
          break;
        case 2:
          r.action.kind = ActionKind::drop;
          break;
        case 3:
          r.action.kind = ActionKind::return_;
          break;
        case 4:
          r.action.kind = ActionKind::proceed;
          break;
        case 5:
          r.action.kind = roll(3) ? ActionKind::reject : ActionKind::unknown;
          break;
        default:
          r.action.kind = roll(3) ? ActionKind::jump : ActionKind::go_to;
          r.action.chain = "C" + std::to_string(c + 1 + roll(static_cast<unsigned>(count - c - 1)));
      }
      chain.rules.push_back(r);
    }
    ruleset.chains.push_back(chain);
  }
  ruleset.pipeline.add(netfilter::stage("filter", Hook::forward, 0, false, base));
  firewall.rulesets.push_back(ruleset);
  return firewall;
}

// Lets some port forwards map nets onto a net, or shift ports.
inline void add_shifts(Ruleset& ruleset, unsigned seed) {
  std::mt19937 random(seed * 15485863);
  auto roll = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  for (Chain& chain : ruleset.chains)
    for (Rule& rule : chain.rules) {
      Translation& t = rule.action.translation;
      if (rule.action.kind != ActionKind::translate_destination) continue;
      if (roll(2)) {
        t.addresses = {};
        t.netmap = MaskedAddress{ruleset.family, 4 * roll(2), ~u128{0} >> 96 & ~u128{3}};
        rule.conditions.push_back({{FieldTest{Field::destination, IntervalSet::range(roll(3), 3 + roll(5))}}, false, rule.span});
      }
      if (roll(2)) {
        t.ports = IntervalSet::range(roll(4), 3 + roll(4));
        t.port_base = static_cast<std::uint16_t>(roll(8));
        t.keeps_port = false;
        rule.conditions.push_back({{FieldTest{Field::destination_port, IntervalSet::range(0, 7)}}, false, rule.span});
      }
    }
}

// Lets some rules ask where packets were sent to when they arrived.
inline void add_originals(Ruleset& ruleset, unsigned seed) {
  std::mt19937 random(seed * 32452843);
  auto roll = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  for (Chain& chain : ruleset.chains)
    for (Rule& rule : chain.rules)
      if (roll(3) == 0) {
        Field field = roll(2) ? Field::original_destination : Field::original_port;
        rule.conditions.push_back({{FieldTest{field, IntervalSet::range(roll(5), 4 + roll(4))}}, roll(3) == 0, rule.span});
      }
}

// Adds rules that set, save and restore marks of two bits, and tests of them, to chains of every table; a mangle table before
// the others, and with `raw` one that leaves packets untracked and asks for their state.
inline void add_marks(Ruleset& ruleset, unsigned seed, bool raw) {
  std::mt19937 random(seed * 104729);
  auto roll = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  std::uint32_t place = 20000;
  auto span = [&] {
    place += 10;
    return SourceSpan{0, place, place + 5};
  };
  auto narrow = [&] {
    Condition c;
    c.span = span();
    c.negated = roll(4) == 0;
    if (roll(4) == 0)
      c.any_of.push_back(OpaqueTest{"p" + std::to_string(roll(3)), "undecidable", false});
    else
      c.any_of.push_back(FieldTest{roll(2) ? Field::source : Field::destination_port, IntervalSet::range(roll(4), 3 + roll(5))});
    return c;
  };
  auto marked = [&](bool connection) {
    Condition c;
    c.span = span();
    c.negated = roll(3) == 0;
    c.any_of.push_back(OpaqueTest{"-m mark", "mark", false, MarkBits{connection, roll(4), roll(2) ? 3 : ~0u}});
    return c;
  };
  auto marking = [&] {
    Rule r;
    r.span = span();
    for (unsigned n = roll(3); n > 0; --n) r.conditions.push_back(roll(2) ? narrow() : marked(roll(2)));
    MarkChange change;
    change.connection = roll(2);
    change.copies = roll(3) == 0;
    change.clear = roll(4), change.value = change.copies ? 3 : roll(4);
    r.action.mark = change;
    if (roll(6) == 0) r.action.kind = ActionKind::accept;
    return r;
  };
  Chain mangle;
  mangle.table = "mangle", mangle.name = "PREROUTING";
  mangle.policy = Located<ActionKind>{ActionKind::accept, span()};
  for (unsigned n = 1 + roll(4); n > 0; --n) mangle.rules.push_back(marking());
  for (Chain& chain : ruleset.chains) {
    for (Rule& rule : chain.rules)
      if (roll(3) == 0) rule.conditions.push_back(marked(roll(2)));
    for (unsigned n = roll(3); n > 0; --n)
      chain.rules.insert(chain.rules.begin() + roll(static_cast<unsigned>(chain.rules.size()) + 1), marking());
  }
  ruleset.pipeline.add(netfilter::stage("mangle", Hook::prerouting, -150, false, ruleset.chains.size()));
  ruleset.chains.push_back(mangle);
  if (!raw) return;
  Chain first;
  first.table = "raw", first.name = "PREROUTING";
  first.policy = Located<ActionKind>{ActionKind::accept, span()};
  for (unsigned n = 1 + roll(3); n > 0; --n) {
    Rule r;
    r.span = span();
    r.conditions.push_back(narrow());
    if (roll(3) == 0) r.conditions.push_back({{FieldTest{Field::state, IntervalSet::of(3 + roll(2))}}, false, span()});
    ActionKind kinds[] = {ActionKind::untrack, ActionKind::untrack, ActionKind::drop, ActionKind::return_};
    r.action.kind = kinds[roll(4)];
    first.rules.push_back(r);
  }
  ruleset.pipeline.add(netfilter::stage("raw", Hook::prerouting, -300, false, ruleset.chains.size()));
  ruleset.chains.push_back(first);
}

}  // namespace ipo::testing
