// The stages of a way run in order. A chain splits the packets by the rule that translates them and by what its rules
// change of them; a later chain judges what became of them, so its verdict is carried back: a packet passes when its image
// passes.
#include "rules/engine/reach.h"

#include <algorithm>

namespace ipo {
namespace {

constexpr std::uint16_t invalid = static_cast<std::uint16_t>(State::invalid),
                        untracked = static_cast<std::uint16_t>(State::untracked);
constexpr std::size_t piece_limit = 256;
const std::vector<std::uint16_t> before_tracking = {invalid, invalid, invalid, invalid, untracked};

}  // namespace

PacketSet Reach::pick_predicate(const Flow& flow, const char* what) {
  const Translation& t = flow.translation.rule->action.translation;
  if (t.to_receiving_interface && what == std::string_view("the address")) {
    std::string why = "the address of the interface it came in by is not in the file";
    OpaqueTest test{why, why, true};
    test.about.cause = Cause::outcome;
    return chains_.packets().predicate(test, flow.translation.rule->span);
  }
  return chains_.packets().predicate({cited(flow.translation.rule->action) + " picks " + what,
                                      "the kernel picks one value of the range this rule translates to", true},
                                     flow.translation.rule->span);
}

// NETMAP moves every net of its size onto one net; a shift of ports moves every run of its size onto one range.
void Reach::find_pieces(Flow& flow) {
  Space& s = chains_.space();
  const Translation& t = flow.translation.rule->action.translation;
  auto cut = [](const IntervalSet& values, u128 base, u128 size, u128 range, u128 to, std::vector<Piece>& out) {
    for (const Interval& i : values)
      for (u128 lo = i.lo;;) {
        u128 off = ((lo - base) & range) % size;
        u128 last = std::min(i.hi - lo, std::min(size - 1 - off, range - ((lo - base) & range)));
        if (out.size() == piece_limit) return out.clear();
        out.push_back({{lo, lo + last}, to + off});
        if (lo + last == i.hi) break;
        lo += last + 1;
      }
  };
  PacketSet packets = flow.judges.empty() ? flow.accepted : s.unite(flow.accepted, flow.arrived);
  u128 whole = address_max(chains_.ruleset().family);
  u128 hosts = t.netmap ? whole & ~t.netmap->mask : 0;
  if (t.netmap && (hosts & (hosts + 1)) == 0 && hosts != whole)
    cut(s.project(packets, Dimension::destination).intersected(IntervalSet::range(0, whole)), 0, hosts + 1, ~u128{0},
        t.netmap->value & t.netmap->mask, flow.address_pieces);
  if (t.port_base && t.ports.size() > 1)
    cut(s.project(packets, Dimension::destination_port), *t.port_base, t.ports.size(), 65535, t.ports.begin()->lo,
        flow.port_pieces);
}

PacketSet Reach::moved(PacketSet set, Dimension dimension, const std::vector<Piece>& pieces, bool back) {
  Space& s = chains_.space();
  std::vector<PacketSet> out;
  for (const Piece& piece : pieces) {
    Interval there{piece.to, piece.to + (piece.from.hi - piece.from.lo)};
    out.push_back(back ? s.move(set, dimension, there, piece.from.lo) : s.move(set, dimension, piece.from, piece.to));
  }
  return s.unite(out);
}

// Where packets were sent to is told apart only as far as the rules do.
PacketSet Reach::told_original(PacketSet arrived) {
  Space& s = chains_.space();
  for (const ChainSets::Original& o : chains_.originals()) {
    std::vector<PacketSet> out;
    for (const IntervalSet& piece : o.pieces)
      if (PacketSet mine = s.intersect(arrived, s.test(o.now, piece)); !mine.empty())
        out.push_back(s.intersect(mine, s.test(o.then, piece)));
    arrived = s.unite(out);
  }
  return arrived;
}

PacketSet Reach::as_original(PacketSet seen) {
  Space& s = chains_.space();
  for (const ChainSets::Original& o : chains_.originals()) {
    PacketSet some = s.exists(seen, o.then);
    if (some == seen) continue;
    std::vector<PacketSet> out;
    for (const IntervalSet& piece : o.pieces)
      if (PacketSet mine = s.exists(seen, o.then, piece); !mine.empty()) out.push_back(s.intersect(mine, s.test(o.now, piece)));
    seen = s.unite(out);
  }
  return seen;
}

PacketSet Reach::before(PacketSet seen, const Flow& flow) { return as_original(translated_back(seen, flow)); }

PacketSet Reach::translated_back(PacketSet seen, const Flow& flow) {
  Space& s = chains_.space();
  seen = chains_.effects().before(seen, flow.effect);
  if (!flow.translation.rule) return seen;
  PacketSet translated = s.exists(seen, Dimension::nat, IntervalSet::of(1)),
            as_it_was = s.exists(seen, Dimension::nat, IntervalSet::of(0));
  if (translated == as_it_was) return undone(translated, flow);
  translated = undone(translated, flow), as_it_was = undone(as_it_was, flow);
  auto [same, other] = unchanged(flow);
  PacketSet open = s.minus(s.minus(s.constant(1), same), other);
  PacketSet either = s.unite(s.intersect(translated, as_it_was),
                             s.intersect(s.unite(translated, as_it_was), pick_predicate(flow, "what it has already")));
  return s.unite(s.unite(s.intersect(as_it_was, same), s.intersect(translated, other)), s.intersect(either, open));
}

// Packets, as they arrive, that the translation certainly leaves as they are, and that it certainly changes.
std::pair<PacketSet, PacketSet> Reach::unchanged(const Flow& flow) {
  Space& s = chains_.space();
  const Translation& t = flow.translation.rule->action.translation;
  PacketSet all = s.constant(1), same = all, other = s.nothing();
  auto part = [&](Dimension dimension, const IntervalSet& values, bool stays) {
    PacketSet inside = s.test(dimension, values);
    same = stays || values.size() == 1 ? s.intersect(same, inside) : s.nothing();
    other = s.unite(other, s.minus(all, inside));
  };
  auto moves = [&](Dimension dimension, const std::vector<Piece>& pieces) {
    IntervalSet stay;
    for (const Piece& piece : pieces)
      if (piece.from.lo == piece.to) stay.add(piece.from.lo, piece.from.hi);
    part(dimension, stay, true);
  };
  if (!flow.port_pieces.empty())
    moves(Dimension::destination_port, flow.port_pieces);
  else if (!t.ports.empty())
    part(Dimension::destination_port, t.ports, t.keeps_port);
  if (!flow.address_pieces.empty())
    moves(Dimension::destination, flow.address_pieces);
  else if (t.netmap)
    part(Dimension::destination, addresses_of(*t.netmap), true);
  else if (t.to_receiving_interface)
    same = s.nothing();
  else if (!t.addresses.empty())
    part(Dimension::destination, t.addresses, false);
  return {same, other};
}

// The packets that belong to `seen` once address and port are written; what tells whether that was a change is settled.
PacketSet Reach::undone(PacketSet seen, const Flow& flow) {
  Space& s = chains_.space();
  const Translation& t = flow.translation.rule->action.translation;
  // One value: replaced. Several: some of them for the upper bound, all of them for the lower.
  auto replaced = [&](PacketSet set, Dimension dimension, const IntervalSet& values, const char* what) {
    PacketSet some = s.exists(set, dimension, values);
    if (values.size() == 1) return some;
    PacketSet all = s.every(set, dimension, values);
    return s.unite(all, s.intersect(some, pick_predicate(flow, what)));
  };
  if (!flow.port_pieces.empty()) {
    seen = moved(seen, Dimension::destination_port, flow.port_pieces, true);
  } else if (!t.ports.empty()) {
    PacketSet inside = t.keeps_port ? s.test(Dimension::destination_port, t.ports) : s.nothing();
    PacketSet changed = replaced(seen, Dimension::destination_port, t.ports, "the port");
    seen = s.unite(s.intersect(seen, inside), s.minus(changed, inside));
  }
  if (!flow.address_pieces.empty())
    seen = moved(seen, Dimension::destination, flow.address_pieces, true);
  else if (t.netmap)
    seen = replaced(seen, Dimension::destination, addresses_of(*t.netmap), "the address");
  else if (t.to_receiving_interface)
    seen = replaced(seen, Dimension::destination, IntervalSet::range(0, address_max(chains_.ruleset().family)), "the address");
  else if (!t.addresses.empty())
    seen = replaced(seen, Dimension::destination, t.addresses, "the address");
  return seen;
}

PacketSet Reach::exact(PacketSet arrived, const Flow& flow) {
  if (!flow.translation.rule) return arrived;
  Space& s = chains_.space();
  const Translation& t = flow.translation.rule->action.translation;
  bool shifts = !flow.port_pieces.empty();
  if ((t.netmap && flow.address_pieces.empty()) || t.addresses.size() > 1) return s.nothing();
  if (!t.keeps_port && t.ports.size() > 1 && !shifts) return s.nothing();
  return t.ports.size() > 1 && !shifts ? s.intersect(arrived, s.test(Dimension::destination_port, t.ports)) : arrived;
}

PacketSet Reach::keeping_port(PacketSet arrived, const Flow& flow) {
  if (!flow.translation.rule) return arrived;
  Space& s = chains_.space();
  const Translation& t = flow.translation.rule->action.translation;
  IntervalSet stay = t.ports;
  if (!flow.port_pieces.empty()) {
    stay = {};
    for (const Piece& piece : flow.port_pieces)
      if (piece.from.lo == piece.to) stay.add(piece.from.lo, piece.from.hi);
  } else if (t.ports.empty()) {
    return arrived;
  }
  return s.intersect(arrived, s.test(Dimension::destination_port, stay));
}

PacketSet Reach::after(PacketSet arrived, const Flow& flow) {
  Space& s = chains_.space();
  auto assign = [&](PacketSet set, Dimension dimension, const IntervalSet& values) {
    return s.intersect(s.exists(set, dimension), s.test(dimension, values));
  };
  arrived = chains_.effects().after(told_original(arrived), flow.effect);
  if (!flow.translation.rule) return arrived;
  const Translation& t = flow.translation.rule->action.translation;
  auto [same, other] = unchanged(flow);
  PacketSet changed = assign(s.minus(arrived, same), Dimension::nat, IntervalSet::of(1));
  arrived = s.unite(s.minus(arrived, other), changed);
  if (!flow.port_pieces.empty()) {
    arrived = moved(arrived, Dimension::destination_port, flow.port_pieces, false);
  } else if (!t.ports.empty()) {
    PacketSet inside = t.keeps_port ? s.test(Dimension::destination_port, t.ports) : s.nothing();
    arrived = s.unite(s.intersect(arrived, inside), assign(s.minus(arrived, inside), Dimension::destination_port, t.ports));
  }
  if (!flow.address_pieces.empty())
    arrived = moved(arrived, Dimension::destination, flow.address_pieces, false);
  else if (t.netmap)
    arrived = assign(arrived, Dimension::destination, addresses_of(*t.netmap));
  else if (t.to_receiving_interface)
    arrived = assign(arrived, Dimension::destination, IntervalSet::range(0, address_max(chains_.ruleset().family)));
  else if (!t.addresses.empty())
    arrived = assign(arrived, Dimension::destination, t.addresses);
  return arrived;
}

void Reach::take(Flow& split, Flow& rest, PacketSet mine) {
  Space& s = chains_.space();
  split.accepted = s.intersect(rest.accepted, mine);
  rest.accepted = s.minus(rest.accepted, mine);
  if (rest.judges.empty()) return;
  split.arrived = s.intersect(rest.arrived, mine), rest.arrived = s.minus(rest.arrived, mine);
  for (Flow* flow : {&split, &rest}) flow->seen = after(flow->arrived, *flow);
}

namespace {

Flow untranslated(const Flow& flow) {
  Flow plain;
  plain.effect = flow.effect;
  return plain;
}

// By place, each rule once.
void put_in_order(Space& s, std::vector<ChainSets::Decided>& decided) {
  std::stable_sort(decided.begin(), decided.end(), [](const ChainSets::Decided& a, const ChainSets::Decided& b) {
    return std::pair(a.by.span(), a.accepted) < std::pair(b.by.span(), b.accepted);
  });
  std::vector<ChainSets::Decided> out;
  for (const ChainSets::Decided& d : decided) {
    if (d.packets.empty()) continue;
    if (!out.empty() && out.back().by == d.by && out.back().accepted == d.accepted)
      out.back().packets = s.unite(out.back().packets, d.packets);
    else
      out.push_back(d);
  }
  decided = std::move(out);
}

}  // namespace

// What one judge decides of `seen`, in terms of `seen`.
std::vector<ChainSets::Decided> Reach::decide(const Flow::Judge& judge, const Flow& flow, PacketSet seen, bool accepting) {
  Space& s = chains_.space();
  Effects& effects = chains_.effects();
  auto ask = [&](PacketSet there) {
    return accepting ? chains_.acceptors(*judge.stage, there) : chains_.decide(*judge.stage, there);
  };
  bool as_it_is = judge.translated || !flow.translation.rule;
  if (as_it_is && judge.later == 0) return ask(seen);
  Flow plain = untranslated(flow);
  PacketSet there = as_it_is ? seen : after(s.intersect(before(seen, flow), flow.arrived), plain);
  std::vector<ChainSets::Decided> out = ask(effects.after(there, judge.later));
  for (ChainSets::Decided& d : out) {
    d.packets = effects.before(d.packets, judge.later);
    if (!as_it_is) d.packets = after(s.intersect(before(d.packets, plain), flow.arrived), flow);
    d.packets = s.intersect(d.packets, seen);
  }
  return out;
}

std::vector<ChainSets::Decided> Reach::decide(const Flow& flow, PacketSet seen, bool accepting) {
  Space& s = chains_.space();
  if (flow.judges.empty() || seen.empty()) return {};
  std::vector<ChainSets::Decided> passing = decide(flow.judges.front(), flow, seen, accepting), out;
  if (flow.judges.size() == 1) return passing;
  for (std::size_t j = 1; j < flow.judges.size() && !passing.empty(); ++j) {
    PacketSet rest = s.nothing();
    for (const ChainSets::Decided& d : passing)
      if (d.accepted)
        rest = s.unite(rest, d.packets);
      else
        out.push_back(d);
    std::vector<ChainSets::Decided> next;
    for (const ChainSets::Decided& d : decide(flow.judges[j], flow, rest, accepting)) {
      PacketSet left = d.packets;
      // A policy takes the word of a rule before it.
      for (const ChainSets::Decided& earlier : passing)
        if (d.accepted && !d.by.rule && earlier.accepted && earlier.by.rule) {
          next.push_back({earlier.by, true, s.intersect(left, earlier.packets)});
          left = s.minus(left, earlier.packets);
        }
      next.push_back({d.by, d.accepted, left});
    }
    put_in_order(s, next);
    passing = std::move(next);
  }
  out.insert(out.end(), passing.begin(), passing.end());
  put_in_order(s, out);
  return out;
}

Flow Reach::of_judges(Hook way) const {
  Flow flow;
  for (const Stage& stage : chains_.ruleset().pipeline.stages)
    if (stage.last_word && stage.is_on(way)) flow.judges.push_back({&stage, 0, true});
  return flow;
}

std::vector<ChainSets::Decided> Reach::deciders(const Flow& flow, PacketSet seen) { return decide(flow, seen, false); }
std::vector<ChainSets::Decided> Reach::acceptors(const Flow& flow, PacketSet seen) { return decide(flow, seen, true); }
std::vector<ChainSets::Decided> Reach::deciders(Hook way, PacketSet seen) { return decide(of_judges(way), seen, false); }
std::vector<ChainSets::Decided> Reach::acceptors(Hook way, PacketSet seen) { return decide(of_judges(way), seen, true); }

std::vector<Flow> Reach::flows(Hook way, PacketSet arriving) {
  Space& s = chains_.space();
  const Pipeline& pipeline = chains_.ruleset().pipeline;
  Effects& effects = chains_.effects();
  std::vector<Flow> flows(1);
  Flow unasked;
  unasked.accepted = s.intersect(arriving, chains_.unasked());
  flows[0].accepted = s.minus(arriving, unasked.accepted);
  PacketSet fresh = s.test(Dimension::state, IntervalSet::of(static_cast<unsigned>(State::new_)));
  // Only the first packet of a tracked connection is translated, and by one rule only.
  auto translatable = [&](const Stage& stage, const Flow& flow) {
    return stage.kind == Stage::Kind::translate_destination && !flow.translation.rule && !effects[flow.effect].untracks;
  };
  for (const Stage& stage : pipeline.stages) {
    if (!stage.is_on(way)) continue;
    std::vector<Space::Part> decisions = chains_.decisions(stage);
    // What is not left untracked has no known state before connection tracking.
    if (!stage.tracked)
      for (auto& [value, packets] : decisions) packets = s.substitute(packets, Dimension::state, before_tracking);
    PacketSet dropped = s.nothing();
    for (auto& [value, packets] : decisions)
      if (outcome_of(value) == outcome_drop) dropped = s.unite(dropped, packets);
    if (stage.last_word)
      for (Flow& flow : flows) {
        if (flow.judges.empty()) flow.arrived = flow.accepted, flow.seen = after(flow.accepted, flow);
        flow.judges.push_back({&stage, flow.later, flow.translation.rule != nullptr});
      }
    std::vector<Flow> next;
    for (Flow& flow : flows) {
      auto arriving_as = [&](PacketSet here) { return before(effects.before(here, flow.later), flow); };
      // Where a packet may pass, whatever of it is dropped on other predicates; 0 is a packet no rule speaks of.
      flow.accepted = s.minus(flow.accepted, arriving_as(dropped));
      for (auto [value, packets] : decisions) {
        bool translated = outcome_of(value) >= first_translation;
        if (translated ? !translatable(stage, flow) : effect_of(value) == 0 || outcome_of(value) == outcome_drop) continue;
        PacketSet mine = translated ? s.intersect(packets, fresh) : packets;
        Flow split = flow;
        take(split, flow, arriving_as(mine));
        std::uint32_t& effect = split.judges.empty() ? split.effect : split.later;
        effect = effects.compose(effect, effect_of(value));
        if (translated) {
          split.translation = chains_.translations()[outcome_of(value) - first_translation];
          find_pieces(split);
          if (!split.judges.empty()) split.seen = after(split.arrived, split);
        }
        bool local = translated && split.translation.rule->action.translation.to_receiving_interface;
        bool counts = !split.accepted.empty() || !split.arrived.empty();
        if (counts && !(local && way == Hook::forward)) next.push_back(std::move(split));
      }
      // What a filter has judged stays, so that one can ask who blocked it.
      if (!flow.accepted.empty() || !flow.arrived.empty()) next.push_back(std::move(flow));
    }
    flows = std::move(next);
  }
  if (!unasked.accepted.empty()) flows.push_back(std::move(unasked));
  return flows;
}

}  // namespace ipo
