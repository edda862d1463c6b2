#include <fmt/format.h>

#include <map>
#include <set>

#include "rules/checks/list.h"
#include "rules/exposure_findings.h"

namespace ipo {
namespace {

constexpr std::size_t shown_limit = 8;

bool is_plural(const std::string& ports) { return ports.find_first_of(",-") != ports.npos; }

// "udp/69", "tcp/80, tcp/443".
std::string ports_text(Space& s, PacketSet packets) {
  std::string out;
  std::size_t count = 0;
  for (std::uint8_t protocol : {proto_tcp, proto_udp}) {
    PacketSet of = s.intersect(packets, s.test(Dimension::protocol, IntervalSet::of(protocol)));
    for (const Interval& i : s.project(of, Dimension::destination_port))
      if (++count <= shown_limit)
        out += (out.empty() ? "" : ", ") + protocol_name(protocol) + "/" + format_ports(IntervalSet::range(i.lo, i.hi));
  }
  if (count > shown_limit) out += fmt::format(" and {} more", count - shown_limit);
  return out;
}

// The note beside the exposure: what the port forward turns into what.
void run(const Judgement& judgement, Findings& findings) {
  std::map<SourceSpan, std::vector<Exposed>> groups;
  for (const Opening& o : judgement.exposure.openings())
    if (o.flow->translation.rule)
      for (const RowHit& hit : o.hits)
        if (hit.any) groups[o.flow->translation.span()].push_back({&o, hit});
  for (const auto& [span, group] : groups) {
    const Exposed& first = group.front();
    const Opening& o = *first.opening;
    Space& s = o.passage->chains->space();
    Family family = o.passage->ruleset->family;
    auto packets_of = [&](const Exposed& e) {
      return judgement.exposure.row_packets(*e.opening->passage, e.hit);
    };
    Finding f = finding_at(judgement, "exposed-through-port-forward", o, packets_of(first), first.hit.certainty);
    f.level = Level::note;
    // All the group's packets at once, as they arrive and as they go on; a group may span passages and so spaces.
    PacketSet wanted = s.nothing(), seen = s.nothing();
    std::set<std::string> rows;
    for (const Exposed& e : group) {
      rows.insert(e.hit.row->id);
      if (e.opening->passage != o.passage || e.opening->flow != o.flow) continue;
      wanted = s.unite(wanted, packets_of(e));
      seen = s.unite(seen, s.unite(e.opening->proven, e.opening->possible));
    }
    f.rows.assign(rows.begin(), rows.end());
    seen = s.intersect(seen, wanted);
    PacketSet arrived = s.intersect(s.possible(o.flow->accepted), Reach(*o.passage->chains).before(seen, *o.flow));
    IntervalSet outer = s.project(arrived, Dimension::destination);
    std::string outside = outer.size() > 256 ? "any address" : format_addresses(outer, family);
    std::string inside = format_addresses(s.project(seen, Dimension::destination), family);
    std::string from = ports_text(s, arrived), to = ports_text(s, seen);
    f.message = fmt::format("{} of {} {} forwarded to {}{}", from, outside, is_plural(from) ? "are" : "is",
                            from == to ? "" : to + " of ", inside);
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
