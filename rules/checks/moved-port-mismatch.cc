// Held against the rows whose ports the settings moved: what a line that names ports opens of the standard ones, and nothing
// else of the host listens on, it opens for nobody.
#include <fmt/format.h>

#include <map>

#include "rules/blocked.h"
#include "rules/checks/list.h"
#include "rules/exposure_findings.h"
#include "rules/services.h"

namespace ipo {
namespace {

constexpr std::uint8_t transports[] = {proto_tcp, proto_udp};

struct Moved {
  const MatrixRow* row;
  IntervalSet now;   // where its settings move it to
  IntervalSet left;  // standard ports nothing of the host uses any more
};

std::vector<Moved> moved_rows(const Judgement& judgement, const Host& host) {
  IntervalSet used[2];
  auto each = [&](auto visit) {
    for (const MatrixRow& row : judgement.matrix.rows)
      if (row.direction != "egress" && applies(row, host)) visit(row);
  };
  each([&](const MatrixRow& row) {
    for (int t = 0; t < 2; ++t)
      if (row.has_transport(transports[t])) used[t].add(ports_of(row, &host));
  });
  std::vector<Moved> out;
  each([&](const MatrixRow& row) {
    // A row may have several ports, of which one is moved.
    IntervalSet now = ports_of(row, &host).minus(row.port_set()), left = row.port_set().minus(ports_of(row, &host));
    // The media range has checks of its own.
    if (row.id == "ip-office/ingress/27" || now.empty() || is_off(row, &host)) return;
    for (int t = 0; t < 2; ++t)
      if (row.has_transport(transports[t])) left = left.minus(used[t]);
    if (!left.empty()) out.push_back({&row, std::move(now), std::move(left)});
  });
  return out;
}

void run(const Judgement& judgement, Findings& findings) {
  std::map<const Host*, std::vector<Moved>> moved;
  for (const Host& host : judgement.site.hosts) moved[&host] = moved_rows(judgement, host);
  for (const auto* openings : {&judgement.exposure.openings(), &judgement.exposure.openings_of_zones()})
    for (const Opening& o : *openings) {
      const Passage& passage = *o.passage;
      if (!passage.host || !o.located() || o.unrestricted || !names_ports(o)) continue;
      Space& s = passage.chains->space();
      for (const Moved& m : moved[passage.host]) {
        PacketSet at_ports = s.nothing(), at_new = s.nothing();
        for (std::uint8_t protocol : transports)
          if (m.row->has_transport(protocol)) {
            at_ports = s.unite(at_ports, packets_to(passage, protocol, m.left));
            at_new = s.unite(at_new, packets_to(passage, protocol, m.now));
          }
        PacketSet wanted = judgement.exposure.before_path(passage, at_ports);
        PacketSet sure = s.intersect(o.proven, wanted), both = s.unite(sure, s.intersect(o.possible, wanted));
        if (both.empty()) continue;
        bool closed = s.disjoint(passage.led, judgement.exposure.before_path(passage, at_new));
        Finding f = finding_at(judgement, check::moved_port_mismatch.id, o, both,
                               sure.empty() ? Certainty::possible : Certainty::proven);
        f.level = level_at(closed ? Level::error : Level::warning, o);
        IntervalSet open = s.project(judgement.exposure.at_host(passage, both), Dimension::destination_port).intersected(m.left);
        f.message = fmt::format("{} is open from {}, but the settings move it to {}{}", format_row_ports(*m.row, open), from_zone(o),
                                format_ports(m.now), closed ? ", which is closed from there" : "");
        f.rows = {m.row->id};
        f.identity += '\n' + m.row->id;
        findings.push_back(std::move(f));
      }
    }
}

}  // namespace

const Check check::moved_port_mismatch = {"moved-port-mismatch", "the firewall opens a service's standard port though the PBX has moved it",
                                          Level::error, 0, "high", {"correctness", "external/cwe/cwe-684"}, run};

}  // namespace ipo
