// Held against the rows whose ports the settings moved: what a line that names ports opens of the standard ones, and nothing
// else of the host listens on, it opens for nobody.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "parsers/ipoffice/settings.h"
#include "parsers/text/values.h"
#include "rules/findings/blocked.h"
#include "rules/findings/check_list.h"
#include "rules/findings/exposure_findings.h"
#include "rules/findings/setting_findings.h"
#include "rules/pbx/own_ports.h"
#include "rules/pbx/services.h"
#include "rules/pbx/sip_ports.h"

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

// Of what a LAN has a setting of, or of the rest.
std::vector<Moved> moved_rows(const Judgement& judgement, const Host& host, bool of_lan) {
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
    // What a switched off transport leaves open is told by others.
    if (row.id != "ip-office/ingress/16") return;
    for (const SilentSip& silent : silent_sip(host))
      if (silent.protocol == protocol) used[protocol].add(silent.ports);
  });
  std::vector<Moved> out;
  each([&](const MatrixRow& row, std::uint8_t protocol) {
    // A row may have several ports, of which one is moved. The media range has checks of its own.
    IntervalSet standard = standard_ports(row, protocol), here = used_ports(row, &host, protocol);
    IntervalSet now = here.minus(standard), left = standard.minus(used[protocol]);
    if (is_of_lan(row) != of_lan || row.id == "ip-office/ingress/27" || now.empty() || left.empty() || is_off(row, &host)) return;
    if (!out.empty() && out.back().row == &row && out.back().now == now && out.back().left == left)
      out.back().transports.push_back(protocol);
    else
      out.push_back({&row, {protocol}, std::move(now), std::move(left)});
  });
  return out;
}

void run(const Judgement& judgement, Findings& findings) {
  std::map<std::pair<const Host*, bool>, std::vector<Moved>> moved;
  auto of = [&](const Host& host, bool of_lan) -> const std::vector<Moved>& {
    auto [at, fresh] = moved.try_emplace({&host, of_lan});
    if (fresh) at->second = moved_rows(judgement, host, of_lan);
    return at->second;
  };
  std::set<std::pair<SourceSpan, std::string>> told;
  for (const auto* openings : {&judgement.exposure.openings(), &judgement.exposure.openings_of_zones()})
    for (const Opening& o : *openings) {
      const Passage& passage = *o.passage;
      if (!passage.host || !o.located() || o.unrestricted || !names_ports(o)) continue;
      // Beside forwards, that a private address is routed from outside is far-fetched.
      if (!o.routed && passage.translates()) continue;
      Space& s = passage.chains->space();
      auto ask = [&](const Moved& m, const HostAt& part) {
        PacketSet at_ports = s.nothing(), at_new = s.nothing();
        for (std::uint8_t protocol : m.transports) {
          at_ports = s.unite(at_ports, packets_to(passage, protocol, m.left));
          at_new = s.unite(at_new, packets_to(passage, protocol, m.now));
        }
        PacketSet there = judgement.exposure.to_part(passage, part);
        PacketSet wanted = s.intersect(there, judgement.exposure.before_path(passage, at_ports));
        PacketSet sure = s.intersect(o.proven, wanted), both = s.unite(sure, s.intersect(o.possible, wanted));
        if (both.empty()) return;
        bool closed = s.disjoint(led_by_others(passage), s.intersect(there, judgement.exposure.before_path(passage, at_new)));
        Finding f =
            finding_at(judgement, check::moved_port_mismatch.id, o, both, sure.empty() ? Certainty::possible : Certainty::proven);
        f.level = level_at(closed ? Level::error : Level::warning, o);
        PortsByTransport open;
        for (std::uint8_t protocol : m.transports) {
          PacketSet here = s.intersect(both, s.test(Dimension::protocol, IntervalSet::of(protocol)));
          if (IntervalSet ports =
                  s.project(judgement.exposure.at_host(passage, here), Dimension::destination_port).intersected(m.left);
              !ports.empty())
            open[protocol_name(protocol)] = ports;
        }
        std::string ports = format_ports(open);
        std::string whose = judgement.site.hosts.size() > 1 ? " of " + name_of_host(*passage.host) : "";
        f.message = fmt::format("{} {} open from {}, but the settings{} move {} to {}{}", ports, is_plural(ports) ? "are" : "is",
                                from_zone(o), whose, is_plural(ports) ? "them" : "it", format_ports(m.now),
                                closed ? ", which is closed from there" : "");
        for (const Setting& setting : passage.host->settings) {
          std::optional<std::uint32_t> port =
              setting.key.text().ends_with("_port") ? parse_number(setting.value.value) : std::nullopt;
          if (!port || !m.now.contains(*port)) continue;
          f.related.push_back({"moved here", setting.value.span});
          break;
        }
        f.rows = {m.row->id};
        f.identity += '\n' + m.row->id;
        // Of two LANs that moved it alike it is one.
        if (told.insert({f.span, f.zone + f.message}).second) findings.push_back(std::move(f));
      };
      for (const Moved& m : of(*passage.host, false)) ask(m, {passage.host, {}, {}});
      for (const HostAt& part : judgement.exposure.parts_of(passage))
        for (const Moved& m : of(*part.host, true)) ask(m, part);
    }
}

}  // namespace

const Check check::moved_port_mismatch = {"moved-port-mismatch",
                                          "the firewall opens a service's standard port though the PBX has moved it",
                                          Level::error,
                                          0,
                                          "high",
                                          {"correctness", "external/cwe/cwe-684"},
                                          run};

}  // namespace ipo
