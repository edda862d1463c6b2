// Held against the rows whose ports the settings moved: what a line that names ports opens of the standard ones, and nothing
// else of the host listens on, it opens for nobody.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "rules/blocked.h"
#include "rules/checks/list.h"
#include "rules/exposure_findings.h"
#include "rules/own_ports.h"
#include "rules/services.h"
#include "rules/sip_ports.h"

namespace ipo {
namespace {

constexpr std::uint8_t transports[] = {proto_tcp, proto_udp};

struct Moved {
  const MatrixRow* row;
  std::vector<std::uint8_t> transports;
  IntervalSet now;   // where its settings move it to
  IntervalSet left;  // standard ports nothing of the host uses any more
};

// Of a row on a host, by transport: SIP moves each of its own.
IntervalSet used_ports(const MatrixRow& row, const Host* host, std::uint8_t protocol) {
  return row.id == "ip-office/ingress/16" ? sip_ports(host, protocol) : ports_of(row, host);
}
IntervalSet standard_ports(const MatrixRow& row, std::uint8_t protocol) {
  return row.id == "ip-office/ingress/16" ? sip_ports(nullptr, protocol) : row.port_set();
}

std::vector<Moved> moved_rows(const Judgement& judgement, const Host& host) {
  std::map<std::uint8_t, IntervalSet> used;
  auto each = [&](auto visit) {
    for (const MatrixRow& row : judgement.matrix.rows)
      if (row.direction != "egress" && applies(row, host))
        for (std::uint8_t protocol : transports)
          if (row.has_transport(protocol)) visit(row, protocol);
  };
  each([&](const MatrixRow& row, std::uint8_t protocol) {
    used[protocol].add(used_ports(row, &host, protocol));
    used[protocol].add(remote_only_ports(row, &host));
  });
  std::vector<Moved> out;
  each([&](const MatrixRow& row, std::uint8_t protocol) {
    // A row may have several ports, of which one is moved. The media range has checks of its own.
    IntervalSet standard = standard_ports(row, protocol), here = used_ports(row, &host, protocol);
    IntervalSet now = here.minus(standard), left = standard.minus(used[protocol]);
    if (row.id == "ip-office/ingress/27" || now.empty() || left.empty() || is_off(row, &host)) return;
    if (!out.empty() && out.back().row == &row && out.back().now == now && out.back().left == left)
      out.back().transports.push_back(protocol);
    else
      out.push_back({&row, {protocol}, std::move(now), std::move(left)});
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
      // Beside forwards, that a private address is routed from outside is far-fetched.
      if (!o.routed && passage.translates()) continue;
      Space& s = passage.chains->space();
      for (const Moved& m : moved[passage.host]) {
        PacketSet at_ports = s.nothing(), at_new = s.nothing();
        for (std::uint8_t protocol : m.transports) {
          at_ports = s.unite(at_ports, packets_to(passage, protocol, m.left));
          at_new = s.unite(at_new, packets_to(passage, protocol, m.now));
        }
        PacketSet wanted = judgement.exposure.before_path(passage, at_ports);
        PacketSet sure = s.intersect(o.proven, wanted), both = s.unite(sure, s.intersect(o.possible, wanted));
        if (both.empty()) continue;
        bool closed = s.disjoint(led_by_others(passage), judgement.exposure.before_path(passage, at_new));
        Finding f = finding_at(judgement, check::moved_port_mismatch.id, o, both,
                               sure.empty() ? Certainty::possible : Certainty::proven);
        f.level = level_at(closed ? Level::error : Level::warning, o);
        PortsByTransport open;
        for (std::uint8_t protocol : m.transports) {
          PacketSet of = s.intersect(both, s.test(Dimension::protocol, IntervalSet::of(protocol)));
          if (IntervalSet ports = s.project(judgement.exposure.at_host(passage, of), Dimension::destination_port).intersected(m.left); !ports.empty())
            open[protocol_name(protocol)] = ports;
        }
        std::string ports = format_ports(open);
        f.message = fmt::format("{} {} open from {}, but the settings move {} to {}{}", ports, is_plural(ports) ? "are" : "is", from_zone(o),
                                is_plural(ports) ? "them" : "it", format_ports(m.now), closed ? ", which is closed from there" : "");
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
