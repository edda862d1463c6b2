// Of each passage in, the packets the host would answer with are sent the other way: established or untracked, from the ports
// that are open. Where not even the generous reading lets one of them out, what comes in by that line is never answered.
#include <fmt/format.h>

#include <map>
#include <set>

#include "rules/checks/list.h"
#include "rules/exposure_findings.h"
#include "rules/setting_findings.h"

namespace ipo {
namespace {

constexpr std::uint8_t transports[] = {proto_tcp, proto_udp};
// Who calls sends from here or from the service's own port: a line for what the PBX asks name or time servers answers nobody.
const IntervalSet callers_ports = IntervalSet::range(1024, 65535);

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

// Answers to what the host may open that may get in: by the interfaces and from the addresses it goes to.
PacketSet answered(const Passage& out, PacketSet opened) {
  ChainSets& chains = *out.chains;
  Space& s = chains.space();
  PacketSet answers = chains.universe();
  for (auto [dimension, values] : {std::pair{Dimension::in, s.project(opened, Dimension::out)}, {Dimension::out, s.project(opened, Dimension::in)},
                                   {Dimension::source, s.project(opened, Dimension::destination)}, {Dimension::destination, out.addresses},
                                   {Dimension::state, IntervalSet::range(static_cast<unsigned>(State::established), static_cast<unsigned>(State::established))}})
    answers = s.intersect(answers, s.test(dimension, values));
  PacketSet passing = s.nothing();
  for (const Flow& flow : Reach(chains).flows(Hook::forward, answers)) passing = s.unite(passing, s.possible(flow.accepted));
  return passing;
}

// The other direction: the host opens connections, and no answer at all comes back through the firewall.
void unanswered(const Judgement& judgement, Findings& findings) {
  std::set<std::pair<const ChainSets*, const Host*>> told;
  for (const auto& p : judgement.exposure.passages()) {
    const Passage& out = *p;
    bool calls = out.zone->is_internet() || out.zone->kind == "itsp";
    if (out.inbound || out.hook != Hook::forward || !out.host || out.addresses.empty() || !out.unlocated.empty() || !calls) continue;
    Space& s = out.chains->space();
    PacketSet opened = s.intersect(out.possible, s.test(Dimension::protocol, IntervalSet({{proto_tcp, proto_tcp}, {proto_udp, proto_udp}})));
    if (opened.empty() || told.contains({out.chains, out.host})) continue;
    if (!answered(out, opened).empty()) continue;
    told.insert({out.chains, out.host});
    RuleRef by = judgement.exposure.accepted_by(out, opened).by;
    if (!by.chain) continue;
    Finding f;
    f.check = check::stateless_return_missing.id;
    f.level = Level::warning;
    f.span = by.span();
    f.zone = out.zone->name;
    f.hook = name_of(out.hook);
    f.message = fmt::format("what {} sends to the {} is let out, but no answer is let in: no rule follows connections or opens the way back",
                            subject_of(*out.host), out.zone->name);
    f.identity = out.host->name + '\n' + rule_text(judgement, by);
    findings.push_back(std::move(f));
  }
}

void run(const Judgement& judgement, Findings& findings) {
  unanswered(judgement, findings);
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
        mine = s.intersect(mine, s.test(Dimension::destination_port, callers_ports.united(hit.ports)));
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
      f.level = level_of_loss(Level::warning, passage);
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
