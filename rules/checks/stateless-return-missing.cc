// Of each passage in, the packets the host would answer with are sent the other way: established or untracked, from the ports
// that are open. Where not even the generous reading lets one of them out, what comes in by that line is never answered.
#include <fmt/format.h>

#include <map>
#include <set>

#include "rules/findings/blocked.h"
#include "rules/findings/check_list.h"
#include "rules/findings/exposure_findings.h"
#include "rules/findings/setting_findings.h"
#include "rules/pbx/own_ports.h"
#include "rules/pbx/rows.h"
#include "rules/site/required.h"

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

// Answers that may get out. What came in untracked left no connection behind: its answer is new to the machine, and invalid where it is
// TCP's, which begins with a SYN.
PacketSet let_out(const Passage& out, bool untracked) {
  ChainSets& chains = *out.chains;
  Space& s = chains.space();
  PacketSet answers = out.arriving;
  for (Dimension d : {Dimension::state, Dimension::tcp_flags, Dimension::source_port, Dimension::nat})
    answers = s.exists(answers, d);
  auto of_states = [&](std::initializer_list<State> states) {
    IntervalSet numbers;
    for (State state : states) numbers.add(static_cast<unsigned>(state), static_cast<unsigned>(state));
    return s.test(Dimension::state, numbers);
  };
  PacketSet tcp = s.test(Dimension::protocol, IntervalSet::of(proto_tcp)),
            ack = s.test(Dimension::tcp_flags, tcp_flags_with(tcp_ack, tcp_ack));
  PacketSet of_tcp = untracked ? of_states({State::invalid}) : of_states({State::established, State::untracked});
  PacketSet of_others = untracked ? of_states({State::new_}) : of_tcp;
  answers =
      s.unite(s.intersect(s.minus(answers, tcp), of_others), s.intersect(s.intersect(answers, tcp), s.intersect(ack, of_tcp)));
  PacketSet passing = s.nothing();
  for (const Flow& flow : Reach(chains).flows(out.hook, answers)) passing = s.unite(passing, s.possible(flow.accepted));
  return passing;
}

// Answers to what the host may open that may get in: by the interfaces and from the addresses it goes to.
PacketSet answered(const Passage& out, PacketSet opened) {
  ChainSets& chains = *out.chains;
  Space& s = chains.space();
  PacketSet answers = chains.universe();
  for (auto [dimension, values] : {std::pair{Dimension::in, s.project(opened, Dimension::out)},
                                   {Dimension::out, s.project(opened, Dimension::in)},
                                   {Dimension::source, s.project(opened, Dimension::destination)},
                                   {Dimension::destination, out.addresses},
                                   {Dimension::state, IntervalSet::range(static_cast<unsigned>(State::established),
                                                                         static_cast<unsigned>(State::established))}})
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
    if (out.inbound || out.hook != Hook::forward || !out.host || out.addresses.empty() || !out.unlocated.empty() || !calls)
      continue;
    Space& s = out.chains->space();
    PacketSet opened =
        s.intersect(out.possible, s.test(Dimension::protocol, IntervalSet({{proto_tcp, proto_tcp}, {proto_udp, proto_udp}})));
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
    f.message = fmt::format(
        "what {} sends to the {} is let out, but no answer is let in: no rule follows connections or opens the way back",
        subject_of(*out.host), out.zone->name);
    f.identity = out.host->name + '\n' + rule_text(judgement, by);
    findings.push_back(std::move(f));
  }
}

// Rows of what a line lets in whose answers are not among those let out.
PortsByTransport unanswered_ports(const Judgement& judgement, const Host& host, Space& s, PacketSet let_in, PacketSet answers,
                                  std::set<std::string>& rows) {
  PortsByTransport out;
  for (std::uint8_t protocol : transports) {
    PacketSet of = s.intersect(let_in, s.test(Dimension::protocol, IntervalSet::of(protocol)));
    if (of.empty()) continue;
    IntervalSet open = s.project(of, Dimension::destination_port);
    PacketSet back = s.intersect(s.intersect(answers, s.test(Dimension::protocol, IntervalSet::of(protocol))),
                                 s.test(Dimension::destination, s.project(of, Dimension::source)));
    for (const MatrixRow& row : judgement.matrix.rows) {
      if (row.direction == "egress" || !applies(row, host)) continue;
      IntervalSet ports = listening_ports(row, &host, protocol).intersected(open);
      if (ports.empty()) continue;
      PacketSet its =
          s.intersect(s.test(Dimension::source_port, ports), s.test(Dimension::destination_port, callers_ports.united(ports)));
      if (!s.disjoint(back, its)) continue;
      out[protocol_name(protocol)].add(ports);
      rows.insert(row.id);
    }
  }
  return out;
}

std::vector<MaskedAddress> inside_networks() {
  std::vector<MaskedAddress> out;
  for (const char* net : {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"}) out.push_back(*parse_masked_address(net));
  return out;
}

// All of them were left untracked.
bool are_untracked(Space& s, PacketSet packets) {
  return s.project(packets, Dimension::state) == IntervalSet::of(static_cast<unsigned>(State::untracked));
}

std::string_view no_answer(bool untracked) {
  return untracked ? "but no answer is let out: it is not tracked, so no rule for established connections takes it"
                   : "but no answer is let out: no rule follows connections or opens the way back";
}

// Lines that let in callers of no zone, whose answers do not leave.
void callers_inside(const Judgement& judgement, const Host& host, const Passage& in, const Passage& out, std::set<SourceSpan>& told,
                    Findings& findings) {
  Space& s = in.chains->space();
  const PacketSet answers[2] = {let_out(out, false), let_out(out, true)};
  PacketSet of_zones = s.nothing();
  for (const Zone& zone : judgement.site.zones)
    for (const Located<MaskedAddress>& source : zone.sources)
      if (source.value.family == in.ruleset->family)
        of_zones = s.unite(of_zones, s.test(Dimension::source, addresses_of(source.value)));
  Reach reach(*in.chains);
  for (const Flow& flow : in.flows) {
    std::vector<ChainSets::Decided> acceptors =
        reach.acceptors(flow, s.intersect(flow.seen, reach.after(s.possible(flow.accepted), flow)));
    in.settle(acceptors);
    for (const ChainSets::Decided& d : acceptors) {
      PacketSet packets = s.minus(s.possible(d.packets), of_zones);
      if (!d.by.rule || !is_about_ports(*d.by.rule) || packets.empty() || told.contains(d.by.span())) continue;
      std::set<std::string> rows;
      PortsByTransport ports = unanswered_ports(judgement, host, s, packets, answers[are_untracked(s, packets)], rows);
      if (ports.empty()) continue;
      told.insert(d.by.span());
      Exposure::Witness witness = judgement.exposure.witness(in, flow, packets, d.by);
      std::string text = format_ports(ports);
      Finding f;
      f.check = check::stateless_return_missing.id;
      f.level = Level::warning;
      f.span = d.by.span();
      f.hook = name_of(in.hook);
      f.witness = witness.packet;
      f.path = std::move(witness.path);
      f.message = fmt::format("{} {} let in from {}, {}", text, is_plural(text) ? "are" : "is",
                              format_addresses(s.project(packets, Dimension::source), in.ruleset->family),
                              no_answer(are_untracked(s, packets)));
      f.rows.assign(rows.begin(), rows.end());
      f.identity = rule_text(judgement, d.by);
      findings.push_back(std::move(f));
    }
  }
}

// Callers inside, whom no zone has: a host's own filter names them by their networks.
void callers_inside(const Judgement& judgement, Findings& findings) {
  std::set<SourceSpan> told;
  for (const Finding& f : findings)
    if (f.check == check::stateless_return_missing.id) told.insert(f.span);
  for (const Host& host : judgement.site.hosts) {
    const std::vector<WaysTo> back = ways_to(judgement, host, false, inside_networks());
    for (const WaysTo& ways : ways_to(judgement, host, true, inside_networks()))
      for (const Passage& in : ways.passages)
        for (const WaysTo& other : back)
          for (const Passage& out : other.passages)
            if (in.hook == Hook::input && out.hook == Hook::output && out.ruleset == in.ruleset && !out.arriving.empty())
              callers_inside(judgement, host, in, out, told, findings);
  }
}

void run(const Judgement& judgement, Findings& findings) {
  unanswered(judgement, findings);
  std::map<std::pair<const Passage*, bool>, std::optional<PacketSet>> back;
  for (const auto* openings : {&judgement.exposure.openings(), &judgement.exposure.openings_of_zones()})
    for (const Opening& o : *openings) {
      const Passage& passage = *o.passage;
      if (!passage.host || !o.located() || o.unrestricted || o.hits.empty()) continue;
      Space& s = passage.chains->space();
      const bool untracked = are_untracked(s, s.unite(o.proven, o.possible));
      auto [known, added] = back.try_emplace({&passage, untracked});
      if (added)
        if (const Passage* out = way_back(judgement, passage); out && !out->arriving.empty())
          known->second = let_out(*out, untracked);
      if (!known->second) continue;
      PacketSet wanted = s.nothing();
      std::vector<std::string> rows;
      std::vector<Exposed> hits;
      for (const RowHit& hit : o.hits) {
        PacketSet packets = judgement.exposure.row_packets(passage, hit), mine = s.nothing();
        for (std::uint8_t protocol : hit.transports)
          mine = s.unite(
              mine, s.intersect(s.test(Dimension::protocol, IntervalSet::of(protocol)), s.test(Dimension::source_port, hit.ports)));
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
      std::string text = format_hits(hits);
      f.message = fmt::format("{} {} let in from {}, {}", text, is_plural(text) ? "are" : "is", from_zone(o), no_answer(untracked));
      f.rows = std::move(rows);
      findings.push_back(std::move(f));
    }
  callers_inside(judgement, findings);
}

}  // namespace

const Check check::stateless_return_missing = {"stateless-return-missing",
                                               "a port of the PBX is open in one direction only",
                                               Level::warning,
                                               0,
                                               "high",
                                               {"correctness", "availability", "external/cwe/cwe-684"},
                                               run};

}  // namespace ipo
