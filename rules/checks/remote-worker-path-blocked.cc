#include <fmt/format.h>

#include <map>

#include "rules/exposure/media.h"
#include "rules/findings/blocked.h"
#include "rules/findings/check_list.h"
#include "rules/findings/exposure_findings.h"
#include "rules/findings/setting_findings.h"
#include "rules/matrix/needs.h"
#include "rules/pbx/own_ports.h"
#include "rules/pbx/rows.h"
#include "rules/pbx/sip_ports.h"

namespace ipo {
namespace {

// A port of its own for phones outside is as good as the usual one: a forward may lead from the one to the other.
IntervalSet ports_for(const WorkerNeed& need, const MatrixRow& row, const Host* host) {
  IntervalSet out = need.ports == "tls"     ? tls_sip_ports(host)
                    : need.ports == "clear" ? clear_sip_ports(host).united(tls_sip_ports(host))
                                            : ports_of(row, host);
  for (const NamedPort& named : host ? named_ports(*host) : std::vector<NamedPort>()) {
    bool sip = named.service == "SIP" && row.id == "ip-office/ingress/16" &&
               (need.ports != "tls" || named.setting->key.text().ends_with("remote_tls_port"));
    bool h323 =
        named.service == "H.323" && row.id == "ip-office/ingress/14" && named.setting->key.text().ends_with("h323.remote_port");
    if (sip || h323) out.add(named.port, named.port);
  }
  return out;
}

// The LANs that take phones outside; all where none is known to.
std::vector<HostAt> parts_for(const Judgement& judgement, const Passage& passage, std::string_view flag) {
  std::vector<HostAt> all = judgement.exposure.parts_of(passage), out;
  for (const HostAt& part : all)
    if (takes_calls(part.host, flag)) out.push_back(part);
  return out.empty() ? all : out;
}

constexpr u128 fewest_of_media = 256;  // ports of a row that is a range for media

std::string_view flag_of(const WorkerNeed& need) {
  return need.kind == "h323" ? ".h323.remote_extension" : need.kind.starts_with("sip") ? ".sip.remote_extension" : "";
}

// `in_part`: also where a part of a range for media is closed.
Asked ask(const Judgement& judgement, const Ways& ways, const WorkerNeed& need, const MatrixRow& row, bool in_part) {
  const std::string_view flag = flag_of(need);
  Asked out;
  out.way = ways.front();
  for (std::string_view lan : lans)
    if (const Host* host = ways.front()->host; !flag.empty() && host->flag(std::string(lan) + std::string(flag)) == true)
      out.own = true;
  IntervalSet ports, only = IntervalSet::range(0, 65535);
  auto wanted_of = [&](const Passage& passage) {
    Space& s = passage.chains->space();
    PacketSet wanted = s.nothing();
    for (const HostAt& part : parts_for(judgement, passage, flag)) {
      IntervalSet here = ports_for(need, row, part.host).intersected(only);
      ports.add(here);
      PacketSet there = s.nothing();
      for (std::uint8_t protocol : {proto_tcp, proto_udp})
        if (row.has_transport(protocol) && (need.ports != "tls" || protocol == proto_tcp))
          there = s.unite(there, requests_to(passage, protocol, here));
      wanted =
          s.unite(wanted, s.intersect(judgement.exposure.before_path(passage, there), judgement.exposure.to_part(passage, part)));
    }
    return wanted;
  };
  std::optional<Blocked> lost = blocked(judgement, ways, wanted_of);
  // Of a range for media every part is needed.
  if (!lost && in_part && ports.size() >= fewest_of_media) {
    IntervalSet open;
    for (const Passage* passage : ways) {
      PacketSet led = passage->chains->space().intersect(led_by_others(*passage), wanted_of(*passage));
      open.add(passage->chains->space().project(judgement.exposure.at_host(*passage, led), Dimension::destination_port));
    }
    if (IntervalSet closed = ports.minus(open); !open.empty() && !closed.empty()) {
      only = closed, ports = {};
      lost = blocked(judgement, ways, wanted_of);
    }
  }
  if (!lost) {
    out.met = true;
    return out;
  }
  Finding f = blocked_finding(judgement, check::remote_worker_path_blocked.id, Level::warning, *lost);
  f.zone = lost->passage->zone->name;
  f.rows = {row.id};
  std::string transports = need.ports == "tls" ? "tcp/" + format_ports(ports) : format_row_ports(row, ports);
  f.message = fmt::format("{}, and remote workers by {} are declared",
                          lost->message(judgement, fmt::format("{} ({})", transports, row.application), false), need.kind);
  f.related.push_back({"declared here", judgement.site.remote_workers->span});
  f.identity += '\n' + f.zone + '\n' + row.id;
  out.findings.push_back(std::move(f));
  return out;
}

void run(const Judgement& judgement, Findings& findings) {
  if (!judgement.site.remote_workers) return;
  std::map<std::string, std::vector<Asked>> by_row;
  for (const Ways& ways : ways(judgement, true)) {
    const Passage& passage = *ways.front();
    if (!passage.host) continue;
    // Where nobody can sign in, that is what is told.
    bool signs_in = true;
    for (const WorkerNeed& need : worker_needs()) {
      if (need.kind != judgement.site.remote_workers->value) continue;
      if (need.zone.empty() ? !passage.zone->is_internet() : passage.zone->kind != need.zone) continue;
      for (const std::string& id : need.rows) {
        const MatrixRow* row = judgement.matrix.find(id);
        if (!row || !applies(*row, *passage.host)) continue;
        by_row[id].push_back(ask(judgement, ways, need, *row, signs_in));
        signs_in = signs_in && by_row[id].back().met;
      }
    }
  }
  for (auto& [id, all] : by_row) take_unmet(std::move(all), findings);
}

}  // namespace

const Check check::remote_worker_path_blocked = {"remote-worker-path-blocked",
                                                 "declared remote workers cannot reach a port they need",
                                                 Level::warning,
                                                 0,
                                                 "high",
                                                 {"availability"},
                                                 run};

}  // namespace ipo
