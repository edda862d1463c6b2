#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "rules/findings/check_list.h"
#include "rules/findings/exposure_findings.h"
#include "rules/site/join_dumps.h"

namespace ipo {
namespace {

// "udp/69", "tcp/80, tcp/443".
std::string ports_text(Space& s, PacketSet packets) {
  PortsByTransport out;
  for (std::uint8_t protocol : {proto_tcp, proto_udp})
    out[protocol_name(protocol)] =
        s.project(s.intersect(packets, s.test(Dimension::protocol, IntervalSet::of(protocol))), Dimension::destination_port);
  return format_ports(out);
}

// What a port forward turns into what, where no other finding stands on it.
void run(const Judgement& judgement, Findings& findings) {
  std::map<SourceSpan, std::vector<Exposed>> groups;
  for (const Opening& o : judgement.exposure.openings())
    if (const Rule* rule = o.flow->translation.rule; rule && !is_supposed(*rule))
      for (const RowHit& hit : o.hits)
        if (hit.any) groups[o.flow->translation.span()].push_back({&o, hit});
  std::erase_if(groups, [&](const auto& group) {
    return std::any_of(group.second.begin(), group.second.end(),
                       [&](const Exposed& e) { return is_told(judgement, *e.opening, e.hit); });
  });
  for (const auto& [span, group] : groups) {
    const Exposed& first = group.front();
    const Opening& o = *first.opening;
    Space& s = o.passage->chains->space();
    Family family = o.passage->ruleset->family;
    Finding f = finding_at(judgement, check::exposed_through_port_forward.id, o,
                           judgement.exposure.row_packets(*o.passage, first.hit), first.hit.certainty);
    f.level = Level::note;
    // All the group's packets at once, as they arrive and as they go on; a group may span passages and so spaces.
    PacketSet seen = s.nothing();
    std::set<std::string> rows;
    for (const Exposed& e : group) {
      rows.insert(e.hit.row->id);
      if (e.opening->passage == o.passage && e.opening->flow == o.flow) seen = s.unite(seen, packets_of(judgement, e));
    }
    f.rows.assign(rows.begin(), rows.end());
    PacketSet arrived = as_they_arrive(o, seen);
    IntervalSet outer = s.project(arrived, Dimension::destination);
    std::string outside = outer.size() > 256 ? "any address" : format_addresses(outer, family);
    bool here = o.passage->addresses.empty() && o.flow->translation.rule->action.translation.to_receiving_interface;
    std::string inside = here ? "this machine" : format_addresses(s.project(seen, Dimension::destination), family);
    std::string from = ports_text(s, arrived), to = ports_text(s, seen);
    f.message = fmt::format("{} of {} {} forwarded to {}{}", from, outside, is_plural(from) ? "are" : "is",
                            from == to ? "" : to + " of ", inside);
    if (!judgement.group)
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
