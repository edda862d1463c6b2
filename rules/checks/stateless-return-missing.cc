// Of each passage in, the packets the host would answer with are sent the other way: established or untracked, from the ports
// that are open. Where not even the generous reading lets one of them out, what comes in by that line is never answered.
#include <fmt/format.h>

#include <map>

#include "rules/checks/list.h"
#include "rules/exposure_findings.h"

namespace ipo {
namespace {

constexpr std::uint8_t transports[] = {proto_tcp, proto_udp};

// The way back of a passage: same firewall, host and zone.
const Passage* way_back(const Judgement& judgement, const Passage& in) {
  for (const auto& p : judgement.exposure.passages())
    if (!p->inbound && p->at == in.at && p->ruleset == in.ruleset && p->host == in.host && p->zone->name == in.zone->name &&
        (p->hook == Hook::forward) == (in.hook == Hook::forward))
      return p.get();
  return nullptr;
}

// Answers that may get out.
PacketSet let_out(const Passage& out) {
  ChainSets& chains = *out.chains;
  Space& s = chains.space();
  PacketSet answers = out.arriving;
  for (Dimension d : {Dimension::state, Dimension::tcp_flags, Dimension::source_port, Dimension::nat}) answers = s.exists(answers, d);
  IntervalSet later, ack = tcp_flags_with(tcp_ack, tcp_ack);
  for (State state : {State::established, State::untracked}) later.add(static_cast<unsigned>(state), static_cast<unsigned>(state));
  PacketSet tcp = s.test(Dimension::protocol, IntervalSet::of(proto_tcp));
  answers = s.intersect(answers, s.test(Dimension::state, later));
  answers = s.unite(s.minus(answers, tcp), s.intersect(s.intersect(answers, tcp), s.test(Dimension::tcp_flags, ack)));
  PacketSet passing = s.nothing();
  for (const Flow& flow : Reach(chains).flows(out.hook, answers)) passing = s.unite(passing, s.possible(flow.accepted));
  return passing;
}

void run(const Judgement& judgement, Findings& findings) {
  std::map<const Passage*, std::optional<PacketSet>> back;
  for (const auto* openings : {&judgement.exposure.openings(), &judgement.exposure.openings_of_zones()})
    for (const Opening& o : *openings) {
      const Passage& passage = *o.passage;
      if (!passage.host || !o.located() || o.unrestricted || o.hits.empty()) continue;
      auto [known, added] = back.try_emplace(&passage);
      if (added)
        if (const Passage* out = way_back(judgement, passage); out && !out->arriving.empty()) known->second = let_out(*out);
      if (!known->second) continue;
      Space& s = passage.chains->space();
      PacketSet wanted = s.nothing();
      std::vector<std::string> rows;
      std::vector<Exposed> hits;
      for (const RowHit& hit : o.hits) {
        PacketSet packets = judgement.exposure.row_packets(passage, hit), mine = s.nothing();
        for (std::uint8_t protocol : hit.transports)
          mine = s.unite(mine, s.intersect(s.test(Dimension::protocol, IntervalSet::of(protocol)), s.test(Dimension::source_port, hit.ports)));
        if (!s.disjoint(*known->second, mine)) continue;
        wanted = s.unite(wanted, packets);
        rows.push_back(hit.row->id);
        hits.push_back({&o, hit});
      }
      if (rows.empty()) continue;
      PacketSet sure = s.intersect(o.proven, wanted), both = s.unite(sure, s.intersect(o.possible, wanted));
      if (both.empty()) continue;
      Finding f = finding_at(judgement, check::stateless_return_missing.id, o, both,
                             sure.empty() ? Certainty::possible : Certainty::proven);
      f.level = level_at(Level::warning, o);
      f.message = fmt::format("{} is let in from {}, but no answer is let out: no rule follows connections or opens the way back",
                              format_hits(hits), from_zone(o));
      f.rows = std::move(rows);
      findings.push_back(std::move(f));
    }
}

}  // namespace

const Check check::stateless_return_missing = {"stateless-return-missing", "a port of the PBX is open in one direction only",
                                               Level::warning, 0, "high", {"correctness", "external/cwe/cwe-684"}, run};

}  // namespace ipo
