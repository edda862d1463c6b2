#include <fmt/format.h>

#include <map>
#include <set>

#include "rules/checks/list.h"
#include "rules/exposure_findings.h"

namespace ipo {
namespace {

// The note beside the exposure: what the port forward turns into what.
void run(const Judgement& judgement, Findings& findings) {
  std::map<SourceSpan, std::vector<Exposed>> groups;
  for (const Opening& o : judgement.exposure.openings())
    if (o.flow->translation.rule)
      for (const RowHit& hit : o.hits)
        if (hit.any) groups[o.flow->translation.span()].push_back({&o, &hit});
  for (const auto& [span, group] : groups) {
    const Exposed& first = group.front();
    const Opening& o = *first.opening;
    Space& s = o.passage->chains->space();
    Family family = o.passage->ruleset->family;
    PacketSet wanted = s.intersect(judgement.exposure.row_packets(*o.passage, *first.hit->row),
                                   s.test(Dimension::destination_port, first.hit->ports));
    Finding f = finding_at(judgement, "exposed-through-port-forward", o, wanted, first.hit->certainty);
    f.level = Level::note;
    Reach reach(*o.passage->chains);
    PacketSet seen = s.unite(o.proven, o.possible);
    PacketSet arrived = s.intersect(s.possible(o.flow->accepted), reach.before(s.intersect(seen, wanted), *o.flow));
    std::set<std::string> rows;
    for (const Exposed& e : group) rows.insert(e.hit->row->id);
    f.rows.assign(rows.begin(), rows.end());
    IntervalSet outer = s.project(arrived, Dimension::destination);
    std::string outside = outer.size() > 256 ? "any address" : format_addresses(outer, family);
    f.message = fmt::format("port {} of {} is forwarded to port {} of {}",
                            format_ports(s.project(arrived, Dimension::destination_port)), outside,
                            format_ports(first.hit->ports),
                            format_addresses(s.project(s.intersect(seen, wanted), Dimension::destination), family));
    for (const std::string& row : f.rows) f.identity += '\n' + row;
    findings.push_back(std::move(f));
  }
}

}  // namespace

const Check check::exposed_through_port_forward = {"exposed-through-port-forward",
                                                   "a port forward leads from the internet to a service of the PBX",
                                                   Level::note,
                                                   3.1,
                                                   "very-high",
                                                   {"security", "external/cwe/cwe-284"},
                                                   run};

}  // namespace ipo
