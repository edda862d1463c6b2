// Of each opening the UDP ports are taken as the host sees them; a run counts where it has at least one call's pair of ports in
// common with the range calls use, or is the whole default of some release.
#include "rules/findings/opened_media.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "rules/findings/exposure_findings.h"
#include "rules/site/required.h"

namespace ipo {
namespace {

constexpr std::string_view media_row = "ip-office/ingress/27";

const MediaDefault* stale_default(const PortMatrix& matrix, const Host* host, Interval run, const IntervalSet& used) {
  if (used == IntervalSet({run})) return nullptr;
  const MatrixRow* row = matrix.find(media_row);
  // This release's own, unless the host's settings say another.
  if (row && row->port_set() == IntervalSet({run}) && ports_of(*row, host) == row->port_set()) return nullptr;
  for (const MediaDefault& d : media_defaults())
    if (d.ports == run) return &d;
  return nullptr;
}

// The range of ports that the line names and that holds these.
Interval named_by(RuleRef line, Interval part) {
  if (!line.rule || !line.rule->action.translation.ports.empty()) return part;
  if (auto ports = required(*line.rule, Field::destination_port, 65535))
    for (const Interval& named : *ports)
      if (named.lo <= part.lo && part.hi <= named.hi) return named;
  return part;
}

IntervalSet used_range(const PortMatrix& matrix, const Host* host) {
  MediaRange range = media_range(host, parse_release(matrix.release));
  if (IntervalSet used = range.needed.united(range.perhaps).united(range.through_nat); !used.empty()) return used;
  const MatrixRow* row = matrix.find(media_row);
  return row ? row->port_set() : IntervalSet();
}

}  // namespace

const OpenedMedia* media_of(const std::vector<OpenedMedia>& all, RuleRef line, const IntervalSet& ports) {
  auto found = std::find_if(all.begin(), all.end(), [&](const OpenedMedia& m) {
    return line_to_change(*m.opening) == line && IntervalSet({m.ports}).covers(ports);
  });
  return found == all.end() ? nullptr : &*found;
}

std::vector<OpenedMedia> opened_media(const Exposure& exposure, const PortMatrix& matrix) {
  std::vector<OpenedMedia> out;
  std::set<std::tuple<SourceSpan, u128, u128>> met;
  std::map<const Host*, IntervalSet> ranges;
  for (const auto* openings : {&exposure.openings(), &exposure.openings_of_zones()})
    for (const Opening& o : *openings) {
      if ((o.unrestricted && !names_ports(o)) || !o.located() || !o.by.rule) continue;
      Space& s = o.passage->chains->space();
      PacketSet udp = s.test(Dimension::protocol, IntervalSet::of(proto_udp));
      PacketSet sure = s.intersect(o.proven, udp), both = s.unite(sure, s.intersect(o.possible, udp));
      // Media comes from any port.
      if (both.empty() || source_ports(o).size() < few_ports) continue;
      IntervalSet used;
      for (const HostAt& part : exposure.parts_met(o)) {
        auto [range, first] = ranges.try_emplace(part.host);
        if (first) range->second = used_range(matrix, part.host);
        used.add(range->second);
      }
      IntervalSet ports = s.project(exposure.at_host(*o.passage, both), Dimension::destination_port);
      for (const Interval& part : ports) {
        // A range is stale as the line says it, though a line before it took a port out of it.
        const Interval run = stale_default(matrix, o.passage->host, named_by(o.line, part), used) ? named_by(o.line, part) : part;
        IntervalSet this_run = IntervalSet::range(run.lo, run.hi), shared = this_run.intersected(used);
        const MediaDefault* stale = stale_default(matrix, o.passage->host, run, used);
        if (!stale && shared.size() < 254) continue;
        // A range of all ports is not for media.
        if ((o.unrestricted || !names_ports(o)) && run.lo < 1024) continue;
        if (!met.insert({line_to_change(o).span(), run.lo, run.hi}).second) continue;
        OpenedMedia m{&o, run, used, !sure.empty(), stale, false, {}};
        for (const MatrixRow& row : matrix.rows)
          if (row.id != media_row && row.id != "ip-office/ingress/46" && row.direction == "ingress" &&
              row.has_transport(proto_udp) && applies(row, o.passage->host) &&
              this_run.minus(used).intersects(ports_of(row, o.passage->host)))
            m.services.push_back(&row);
        out.push_back(std::move(m));
      }
    }
  for (OpenedMedia& m : out)
    m.by_forward = !m.opening->routed && std::any_of(out.begin(), out.end(), [&](const OpenedMedia& other) {
      return other.opening->routed && other.opening->passage->host == m.opening->passage->host && other.ports.lo <= m.ports.hi &&
             m.ports.lo <= other.ports.hi;
    });
  return out;
}

}  // namespace ipo
