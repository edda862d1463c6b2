// Ports no row knows, ports that rows know for other hosts than this one, and ports only products would use that may run here though
// nobody named them: all kinds are one finding of a line and zone.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "rules/findings/check_list.h"
#include "rules/findings/exposure_findings.h"
#include "rules/findings/opened_media.h"
#include "rules/findings/setting_findings.h"
#include "rules/pbx/own_ports.h"
#include "rules/site/declared.h"

namespace ipo {
namespace {

struct Ports {
  IntervalSet tcp, udp;
  bool empty() const { return tcp.empty() && udp.empty(); }
};

// Ports that rows know, but not for this host, and for whom.
struct Elsewhere {
  Ports ports;
  std::set<std::string> whom;
};

// `unsaid`: for products that may run on the host unsaid; else for other platforms, and for products that do not run there.
Elsewhere elsewhere(const PortMatrix& matrix, const Host* host, const Ports& open, bool unsaid) {
  Elsewhere out;
  for (const MatrixRow& row : matrix.rows) {
    if (row.direction == "egress" || applies(row, host)) continue;
    bool other_platform = has_product(row, host);
    if ((!other_platform && may_have_more(host)) != unsaid) continue;
    for (auto [protocol, of, to] :
         {std::tuple(proto_tcp, &open.tcp, &out.ports.tcp), std::tuple(proto_udp, &open.udp, &out.ports.udp)})
      if (IntervalSet ports = row.has_transport(protocol) ? row.port_set().intersected(*of) : IntervalSet(); !ports.empty()) {
        to->add(ports);
        if (other_platform)
          out.whom.insert(row.platforms.begin(), row.platforms.end());
        else
          out.whom.insert(row.product);
      }
  }
  return out;
}

// Ports of a line that are told with one reason.
struct Part {
  Ports ports;
  Level level;
  std::string why, rest;  // around "it", or "them"
  std::string text() const { return format_ports({{"tcp", ports.tcp}, {"udp", ports.udp}}); }
  std::string reason() const { return fmt::format("{} {}{}", why, is_plural(text()) ? "them" : "it", rest); }
};

// Of openings at one line from one zone: one finding, at the first that has ports of the gravest part.
void report(const Judgement& judgement, const std::vector<const Opening*>& group, std::vector<Part> parts, Findings& findings) {
  std::erase_if(parts, [](const Part& part) { return part.ports.empty(); });
  std::stable_sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) { return a.level > b.level; });
  if (parts.empty()) return;
  const Part& first = parts.front();
  for (const Opening* o : group) {
    Space& s = o->passage->chains->space();
    auto of = [&](std::uint8_t protocol, const IntervalSet& set) {
      return s.intersect(s.test(Dimension::protocol, IntervalSet::of(protocol)), s.test(Dimension::destination_port, set));
    };
    PacketSet wanted =
        judgement.exposure.before_path(*o->passage, s.unite(of(proto_tcp, first.ports.tcp.intersected(o->undocumented_tcp)),
                                                            of(proto_udp, first.ports.udp.intersected(o->undocumented_udp))));
    if (s.disjoint(wanted, s.unite(o->proven, o->possible))) continue;
    Certainty certainty = s.disjoint(wanted, o->proven) ? Certainty::possible : Certainty::proven;
    Finding f = finding_at(judgement, check::undocumented_port_exposed.id, *o, wanted, certainty);
    f.level = level_at(first.level, *o);
    f.message =
        fmt::format("{} {} reachable from {}{}, and {}", first.text(), is_plural(first.text()) ? "are" : "is", from_zone(*o),
                    as_port(*o, s.intersect(wanted, s.unite(o->proven, o->possible)), first.ports.tcp.united(first.ports.udp)) +
                        if_sent_from(*o) + if_routed(*o),
                    first.reason());
    for (std::size_t i = 1; i < parts.size(); ++i)
      f.message += fmt::format("; so {} {}, and {}", is_plural(parts[i].text()) ? "are" : "is", parts[i].text(), parts[i].reason());
    findings.push_back(std::move(f));
    return;
  }
}

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
    Ports open;
    for (const Opening* o : group) open.tcp.add(o->undocumented_tcp), open.udp.add(o->undocumented_udp);
    // A range that is opened for media has checks of its own.
    for (const OpenedMedia& m : judgement.opened_media)
      if (line_to_change(*m.opening).span() == key.first && (m.too_wide() || (m.stale && !m.needed.empty())))
        open.udp = open.udp.minus(IntervalSet({m.ports}));
    if (open.empty()) continue;
    const Host* host = group.front()->passage->host;
    // SMDR has a port of its own, which is in no matrix; reports on calls (RTCP) have one that it knows for TCP only.
    Ports smdr, rtcp;
    for (const NamedPort& named : host ? named_ports(*host) : std::vector<NamedPort>()) {
      if (named.service == "SMDR") smdr.tcp.add(open.tcp.intersected(IntervalSet::of(named.port)));
      if (named.service == "RTCP") rtcp.udp.add(open.udp.intersected(IntervalSet::of(named.port)));
    }
    open = {open.tcp.minus(smdr.tcp), open.udp.minus(rtcp.udp)};
    // Of the range that calls use by default, when they use another.
    Ports beside_media;
    IntervalSet used;
    for (const MatrixRow& row : judgement.matrix.rows)
      if (is_media_range(row)) {
        beside_media.udp = open.udp.intersected(row.port_set());
        for (const HostAt& part : judgement.exposure.parts_met(*group.front())) used.add(ports_of(row, part.host));
      }
    open.udp = open.udp.minus(beside_media.udp);
    Elsewhere others = elsewhere(judgement.matrix, host, open, false);
    open = {open.tcp.minus(others.ports.tcp), open.udp.minus(others.ports.udp)};
    Elsewhere unsaid = elsewhere(judgement.matrix, host, open, true);
    std::string matrix = "the " + judgement.matrix.release + " port matrix";
    // A web server in front of an application is no news there; a PBX is what the matrix says.
    Level to_others = host && !is_pbx(*host) ? Level::note : level;
    report(judgement, group,
           {{beside_media, level, "calls here use udp/" + format_ports(used) + ", not", ""},
            {smdr, Level::warning, "SMDR of " + (host ? name_of_host(*host) : std::string()) + " listens on", ""},
            {rtcp, Level::note, "phones send reports on their calls (RTCP) to", ""},
            {{open.tcp.minus(unsaid.ports.tcp), open.udp.minus(unsaid.ports.udp)}, level, "no row of " + matrix + " knows", ""},
            {others.ports, to_others, matrix + " knows", fmt::format(" for {} only", fmt::join(others.whom, ", "))},
            {unsaid.ports, Level::note,
             fmt::format("of the products not named for this host {} would use", fmt::join(unsaid.whom, ", ")), ""}},
           findings);
  }
}

}  // namespace

const Check check::undocumented_port_exposed = {"undocumented-port-exposed",
                                                "a port the vendor's matrix does not know is reachable from the internet",
                                                Level::warning,
                                                5.3,
                                                "medium",
                                                {"security", "external/cwe/cwe-923"},
                                                run};

}  // namespace ipo
