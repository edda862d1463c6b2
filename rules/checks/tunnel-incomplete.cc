// Of each line that names IKE, udp/500, it is asked whether anything of what follows it passes from there: IKE and ESP behind a
// translation, udp/4500, or ESP itself, protocol 50.
#include <fmt/format.h>

#include <set>

#include "rules/blocked.h"
#include "rules/checks/list.h"
#include "rules/exposure_findings.h"
#include "rules/required.h"

namespace ipo {
namespace {

constexpr std::uint8_t proto_esp = 50;

bool names_ike(const Opening& o) {
  auto names = [](const Rule* rule) {
    if (!rule) return false;
    std::optional<IntervalSet> ports = required(*rule, Field::destination_port, 65535);
    return ports && ports->contains(500);
  };
  return names(o.by.rule) || names(o.flow->translation.rule);
}

void run(const Judgement& judgement, Findings& findings) {
  std::set<std::pair<SourceSpan, std::string>> met;
  for (const Opening& o : judgement.exposure.openings()) {
    if (o.unrestricted || !names_ike(o)) continue;
    const Passage& passage = *o.passage;
    Space& s = passage.chains->space();
    auto before = [&](PacketSet packets) { return judgement.exposure.before_path(passage, packets); };
    PacketSet ike = before(packets_to(passage, proto_udp, IntervalSet::of(500)));
    PacketSet sure = s.intersect(o.proven, ike), both = s.unite(sure, s.intersect(o.possible, ike));
    if (both.empty()) continue;
    PacketSet behind = s.unite(packets_to(passage, proto_udp, IntervalSet::of(4500)),
                               s.test(Dimension::protocol, IntervalSet::of(proto_esp)));
    if (!s.disjoint(passage.possible, before(behind))) continue;
    if (!met.insert({line_to_change(o).span(), o.zone()}).second) continue;
    Finding f = finding_at(judgement, check::tunnel_incomplete.id, o, both, sure.empty() ? Certainty::possible : Certainty::proven);
    f.level = level_at(Level::warning, o);
    f.message = fmt::format("udp/500 (IKE) is let in from {}, but neither udp/4500 nor ESP: a tunnel is agreed on and carries nothing",
                            from_zone(o));
    findings.push_back(std::move(f));
  }
}

}  // namespace

const Check check::tunnel_incomplete = {"tunnel-incomplete", "IKE is let in, but nothing a tunnel would carry", Level::warning, 0,
                                        "medium", {"correctness", "external/cwe/cwe-684"}, run};

}  // namespace ipo
