// The flows of a hook are put together as one function from packets to "does not pass" or "passes, translated so"; two
// rulesets are equal exactly where these functions are the same node. The same is done with the sources packets leave with.
#include "rules/engine/compare.h"

#include <algorithm>

namespace ipo {
namespace {

bool same(const Translation& a, const Translation& b) {
  auto masked = [](const std::optional<MaskedAddress>& m) {
    return m ? std::pair(m->value, m->mask) : std::pair(u128{0}, u128{0});
  };
  return a.addresses == b.addresses && a.ports == b.ports && a.keeps_port == b.keeps_port && a.port_base == b.port_base &&
         a.to_receiving_interface == b.to_receiving_interface && a.netmap.has_value() == b.netmap.has_value() &&
         masked(a.netmap) == masked(b.netmap);
}

// What may come to a hook, before it is translated or marked.
PacketSet arriving(ChainSets& chains, Hook hook) {
  Space& s = chains.space();
  IntervalSet some = chains.packets().interfaces.all(), none = IntervalSet::of(0);
  PacketSet set = s.intersect(chains.universe(), s.test(Dimension::in, hook == Hook::output ? none : some));
  set = s.intersect(set, s.test(Dimension::out, hook == Hook::input ? none : some));
  set = s.intersect(set, s.test(Dimension::nat, IntervalSet::of(0)));
  return s.intersect(set, s.test(Dimension::marks, IntervalSet::of(0)));
}

}  // namespace

std::uint32_t Comparison::number_of(const Translation& translation) {
  auto known = std::find_if(translations_.begin(), translations_.end(), [&](const Translation& t) { return same(t, translation); });
  if (known == translations_.end()) known = translations_.insert(known, translation);
  return static_cast<std::uint32_t>(known - translations_.begin()) + 1;
}

PacketSet Comparison::fate(ChainSets& chains, Hook hook) {
  Space& s = chains.space();
  PacketSet out = s.nothing();
  for (const Flow& flow : Reach(chains).flows(hook, arriving(chains, hook))) {
    std::uint32_t number = number_of(flow.translation.rule ? flow.translation.rule->action.translation : Translation{});
    out = s.overlay(out, s.restrict(s.constant(number), flow.accepted));
  }
  return out;
}

PacketSet Comparison::leaving(ChainSets& chains) {
  Space& s = chains.space();
  PacketSet out = s.nothing();
  for (const Stage& stage : chains.ruleset().pipeline.stages)
    if (stage.where == Hook::postrouting && stage.kind == Stage::Kind::translate_source)
      for (const ChainSets::Decided& d : chains.decide(stage, chains.universe())) {
        bool translates = d.by.rule && d.by.rule->action.kind == ActionKind::translate_source;
        if (translates) out = s.overlay(out, s.restrict(s.constant(1 + number_of(d.by.rule->action.translation)), d.packets));
      }
  return out;
}

void Comparison::add(Hook hook, PacketSet before, PacketSet after) {
  if (before == after) return;
  Space& s = packets_->space;
  PacketSet old_set = s.relabel(before, [](std::uint32_t v) { return v != 0 ? 1u : 0u; });
  PacketSet new_set = s.relabel(after, [](std::uint32_t v) { return v != 0 ? 1u : 0u; });
  auto note = [&](Difference::Kind kind, PacketSet packets) {
    if (!packets.empty()) differences_.push_back({hook, kind, packets, !s.proven(packets).empty()});
  };
  note(Difference::opened, s.minus(new_set, old_set));
  note(Difference::closed, s.minus(old_set, new_set));
  PacketSet both = s.intersect(old_set, new_set), alike = s.nothing();
  for (std::uint32_t v : s.values_of(before)) alike = s.unite(alike, s.intersect(s.where(before, v), s.where(after, v)));
  note(Difference::redirected, s.minus(both, alike));
}

Comparison::Comparison(const Ruleset& before, const Ruleset& after) : packets_(std::make_unique<PacketSpace>(before, after)) {
  ChainSets first(*packets_, before), second(*packets_, after);
  for (Hook hook : {Hook::input, Hook::forward, Hook::output}) {
    PacketSet old_fate = fate(first, hook);
    add(hook, old_fate, fate(second, hook));
  }
  PacketSet old_sources = leaving(first);
  add(Hook::postrouting, old_sources, leaving(second));
}

}  // namespace ipo
