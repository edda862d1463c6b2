// Unions of boxes, one for each interface or rule.
#include "rules/exposure/crossing.h"

#include <algorithm>

#include "parsers/ipoffice/settings.h"

namespace ipo {

PacketSet opening_packets(ChainSets& chains) {
  Space& s = chains.space();
  IntervalSet lone_syn = tcp_flags_with(tcp_fin | tcp_syn | tcp_rst | tcp_ack, tcp_syn);
  PacketSet tcp = s.test(Dimension::protocol, IntervalSet::of(proto_tcp));
  PacketSet opening = s.intersect(chains.universe(), s.test(Dimension::state, IntervalSet::of(0)));
  opening = s.intersect(opening, s.test(Dimension::nat, IntervalSet::of(0)));
  if (!chains.ruleset().marks.empty()) opening = s.intersect(opening, s.test(Dimension::marks, IntervalSet::of(0)));
  return s.unite(s.minus(opening, tcp), s.intersect(s.intersect(opening, tcp), s.test(Dimension::tcp_flags, lone_syn)));
}

PacketSet hairpins(PacketSpace& packets) {
  Space& s = packets.space;
  PacketSet out = s.nothing();
  for (u128 i : packets.interfaces.single())
    out = s.unite(out, s.intersect(s.test(Dimension::in, IntervalSet::of(i)), s.test(Dimension::out, IntervalSet::of(i))));
  return out;
}

std::vector<NewSource> new_sources(ChainSets& chains) {
  Space& s = chains.space();
  const PacketSet tracked =
      s.minus(s.constant(1), s.test(Dimension::state, IntervalSet::of(static_cast<unsigned>(State::untracked))));
  std::vector<NewSource> out;
  NewSource any{s.nothing(), {}, {}};
  for (const Stage& stage : chains.ruleset().pipeline.stages) {
    if (stage.where != Hook::postrouting || stage.kind != Stage::Kind::translate_source) continue;
    for (const ChainSets::Decided& d : chains.decide(stage, chains.universe())) {
      ActionKind kind = d.by.rule ? d.by.rule->action.kind : ActionKind::accept;
      if (kind != ActionKind::translate_source && kind != ActionKind::unknown) continue;
      PacketSet packets = s.intersect(s.possible(d.packets), tracked);
      const bool decided = s.predicates_of(d.packets).empty();
      if (decided && kind == ActionKind::translate_source && !d.by.rule->action.translation.addresses.empty())
        out.push_back({packets, d.by.rule->action.translation.addresses, d.by.span()});
      else
        any.packets = s.unite(any.packets, packets), any.place = d.by.span();
    }
  }
  for (NewSource& one : out) one.packets = s.minus(one.packets, any.packets);
  out.push_back(std::move(any));
  std::erase_if(out, [](const NewSource& one) { return one.packets.empty(); });
  return out;
}

}  // namespace ipo
