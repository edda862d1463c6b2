#include <fmt/format.h>

#include <map>

#include "rules/checks/list.h"
#include "rules/exposure_findings.h"

namespace ipo {
namespace {

// Only tcp and udp, only on a host known to be the PBX: a port no row knows says nothing about another machine.
void run(const Judgement& judgement, Findings& findings) {
  Level level = judgement.release_without_matrix ? Level::note : Level::warning;
  std::map<std::pair<SourceSpan, std::string>, std::vector<const Opening*>> groups;
  for (const Opening& o : judgement.exposure.openings()) {
    if (o.unrestricted || (o.undocumented_tcp.empty() && o.undocumented_udp.empty())) continue;
    if (!o.located()) continue;
    if (!is_anyone(o.undocumented_sources, o.passage->ruleset->family)) continue;
    groups[{line_to_change(o).span(), o.zone()}].push_back(&o);
  }
  for (const auto& [key, group] : groups) {
    IntervalSet tcp, udp;
    for (const Opening* o : group) tcp.add(o->undocumented_tcp), udp.add(o->undocumented_udp);
    const Opening& o = *group.front();
    Space& s = o.passage->chains->space();
    auto of = [&](std::uint8_t protocol, const IntervalSet& ports) {
      return s.intersect(s.test(Dimension::protocol, IntervalSet::of(protocol)), s.test(Dimension::destination_port, ports));
    };
    PacketSet wanted = judgement.exposure.before_path(*o.passage, s.unite(of(proto_tcp, o.undocumented_tcp),
                                                                          of(proto_udp, o.undocumented_udp)));
    Certainty certainty = s.disjoint(wanted, o.proven) ? Certainty::possible : Certainty::proven;
    Finding f = finding_at(judgement, "undocumented-port-exposed", o, wanted, certainty);
    f.level = level_at(level, o);
    std::string ports;
    for (const auto& [name, set] : {std::pair("tcp/", &tcp), std::pair("udp/", &udp)})
      for (const Interval& i : *set) ports += (ports.empty() ? "" : ", ") + (name + format_ports(IntervalSet::range(i.lo, i.hi)));
    bool plural = ports.find_first_of(",-") != ports.npos;
    f.message = fmt::format("{} {} reachable from {}{}, and no row of the {} port matrix knows {}", ports,
                            plural ? "are" : "is", from_zone(o), if_routed(o), judgement.matrix.release, plural ? "them" : "it");
    f.identity += '\n' + ports;
    findings.push_back(std::move(f));
  }
}

}  // namespace

const Check check::undocumented_port_exposed = {"undocumented-port-exposed",
                                                "a port the vendor's matrix does not know is reachable from the internet",
                                                Level::warning,
                                                5.3,
                                                "medium",
                                                {"security", "external/cwe/cwe-1327"},
                                                run};

}  // namespace ipo
