// Of each line that names IKE, udp/500, it is asked whether anything of what follows it passes from there: IKE and ESP behind a
// translation, udp/4500, or ESP itself, protocol 50. Tunnels end at the PBX, or at the firewall itself.
#include <fmt/format.h>

#include <set>

#include "rules/engine/shadows.h"
#include "rules/findings/blocked.h"
#include "rules/findings/check_list.h"
#include "rules/findings/exposure_findings.h"
#include "rules/site/required.h"

namespace ipo {
namespace {

constexpr std::uint8_t proto_esp = 50;

bool names_ike(const Rule* rule) {
  if (!rule) return false;
  std::optional<IntervalSet> ports = required(*rule, Field::destination_port, 65535);
  return ports && ports->contains(500);
}

bool names_ike(const Opening& o) { return names_ike(o.by.rule) || names_ike(o.flow->translation.rule); }

std::string message(const std::string& from) {
  return fmt::format("udp/500 (IKE) is let in{}, but neither udp/4500 nor ESP: a tunnel is agreed on and carries nothing", from);
}

// To the firewall itself, by the interfaces IKE comes in by.
void to_itself(const Judgement& judgement, ChainSets& chains, const std::set<SourceSpan>& told, Findings& findings) {
  Reach reach(chains);
  Space& s = chains.space();
  PacketSet coming = s.intersect(hook_packets(chains, Hook::input), s.test(Dimension::state, IntervalSet::of(0)));
  auto of = [&](std::uint8_t protocol) { return s.intersect(coming, s.test(Dimension::protocol, IntervalSet::of(protocol))); };
  auto udp = [&](std::uint16_t port) {
    return s.intersect(of(proto_udp), s.test(Dimension::destination_port, IntervalSet::of(port)));
  };
  for (const ChainSets::Decided& d : reach.acceptors(Hook::input, udp(500))) {
    if (!names_ike(d.by.rule) || told.contains(d.by.span())) continue;
    PacketSet follows = s.intersect(s.unite(udp(4500), of(proto_esp)), s.test(Dimension::in, s.project(d.packets, Dimension::in)));
    if (!reach.acceptors(Hook::input, follows).empty()) continue;
    Finding f;
    f.check = check::tunnel_incomplete.id;
    f.level = Level::warning;
    f.certainty = s.proven(d.packets).empty() ? Certainty::possible : Certainty::proven;
    f.span = d.by.span();
    f.hook = name_of(Hook::input);
    f.message = message(" to the firewall itself");
    f.identity = rule_text(judgement, d.by);
    findings.push_back(std::move(f));
  }
}

void run(const Judgement& judgement, Findings& findings) {
  std::set<std::pair<SourceSpan, std::string>> met;
  std::set<SourceSpan> told;
  for (const Opening& o : judgement.exposure.openings()) {
    if (o.unrestricted || !names_ike(o)) continue;
    const Passage& passage = *o.passage;
    Space& s = passage.chains->space();
    auto before = [&](PacketSet packets) { return judgement.exposure.before_path(passage, packets); };
    PacketSet ike = before(packets_to(passage, proto_udp, IntervalSet::of(500)));
    PacketSet sure = s.intersect(o.proven, ike), both = s.unite(sure, s.intersect(o.possible, ike));
    if (both.empty()) continue;
    PacketSet behind =
        s.unite(packets_to(passage, proto_udp, IntervalSet::of(4500)), s.test(Dimension::protocol, IntervalSet::of(proto_esp)));
    if (!s.disjoint(passage.possible, before(behind))) continue;
    if (!met.insert({line_to_change(o).span(), o.zone()}).second) continue;
    Finding f = finding_at(judgement, check::tunnel_incomplete.id, o, both, sure.empty() ? Certainty::possible : Certainty::proven);
    f.level = level_of_loss(Level::warning, passage);
    f.message = message(" from " + from_zone(o));
    told.insert(o.by.span());
    findings.push_back(std::move(f));
  }
  for (const auto& chains : judgement.exposure.chains()) to_itself(judgement, *chains, told, findings);
}

}  // namespace

const Check check::tunnel_incomplete = {"tunnel-incomplete",
                                        "IKE is let in, but nothing a tunnel would carry",
                                        Level::warning,
                                        0,
                                        "medium",
                                        {"correctness", "external/cwe/cwe-684"},
                                        run};

}  // namespace ipo
