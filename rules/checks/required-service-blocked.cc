// A service is needed where an extension record or the service's own setting shows that it is used, and a zone is declared whose
// devices use it. It is blocked where none of these zones reaches any of the need's rows. A server that 46xxsettings.txt names is needed
// by phones, wherever they stand; what one line keeps from one system is one finding, and what is told as a service is not told again.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "rules/findings/blocked.h"
#include "rules/findings/check_list.h"
#include "rules/findings/exposure_findings.h"
#include "rules/findings/phone_servers.h"
#include "rules/matrix/needs.h"
#include "rules/pbx/rows.h"
#include "rules/pbx/services.h"

namespace ipo {
namespace {

bool used(const Judgement& judgement, const ServiceNeed& need, const MatrixRow& row, const Host& host) {
  if (need.extension.empty()) return is_on(row, &host);
  return !is_off(row, &host) && std::any_of(judgement.site.records.begin(), judgement.site.records.end(), [&](const Record& r) {
    const Setting* type = r.type == "Extension" ? r.field("extension.type"_key) : nullptr;
    return type && type->value.value == need.extension;
  });
}

// Of zones that are alternatives the first that cannot be left: nothing where one leads what is wanted, or none sees it.
template <class Asked, class Wanted>
std::optional<Blocked> lost_from(const Judgement& judgement, const std::vector<Ways>& zones, Asked asked, Wanted wanted) {
  std::optional<Blocked> out;
  for (const Ways& way : zones) {
    if (!asked(*way.front())) continue;
    std::optional<Blocked> here = blocked(judgement, way, wanted);
    if (!here) return {};
    if (!out) out = std::move(here);
  }
  return out;
}

Finding found(const Judgement& judgement, const Blocked& lost, std::vector<std::string> rows, std::string message) {
  Finding f = blocked_finding(judgement, check::required_service_blocked.id, Level::warning, lost);
  f.zone = lost.passage->zone->name;
  f.rows = std::move(rows);
  std::sort(f.rows.begin(), f.rows.end());
  f.message = std::move(message);
  return f;
}

// ---- what settings and records show

// Rows that are told as blocked.
std::set<std::string> services(const Judgement& judgement, const Host& host, const std::vector<Ways>& zones, Findings& findings) {
  std::set<std::string> told;
  for (const ServiceNeed& need : service_needs()) {
    std::vector<const MatrixRow*> rows;
    for (const std::string& id : need.rows)
      if (const MatrixRow* row = judgement.matrix.find(id); row && applies(*row, host) && used(judgement, need, *row, host))
        rows.push_back(row);
    if (rows.empty()) continue;
    std::optional<Blocked> lost = lost_from(
        judgement, zones,
        [&](const Passage& p) { return std::find(need.kinds.begin(), need.kinds.end(), p.zone->kind) != need.kinds.end(); },
        [&](const Passage& passage) {
          PacketSet wanted = passage.chains->space().nothing();
          for (const MatrixRow* row : rows) wanted = passage.chains->space().unite(wanted, requests_of(judgement, passage, *row));
          return wanted;
        });
    if (!lost) continue;
    std::string what;
    std::vector<std::string> ids;
    for (const MatrixRow* row : rows) {
      what += (what.empty() ? "" : ", ") + format_row_ports(*row, ports_of(*row, &host));
      ids.push_back(row->id);
      told.insert(row->id);
    }
    const std::string& zone = lost->passage->zone->name;
    Finding f =
        found(judgement, *lost, std::move(ids),
              fmt::format("{} {} blocked from the zone {}, where {} stand", what, rows.size() == 1 ? "is" : "are", zone, need.who));
    if (lost->elsewhere) f.message += ": " + lost->led_elsewhere(rows.size() == 1 ? "it" : "them");
    f.identity += '\n' + f.zone + '\n' + f.rows.front();
    findings.push_back(std::move(f));
  }
  return told;
}

// ---- where 46xxsettings.txt sends phones

// The row of the matrix that such a server is; null where none has the port.
const MatrixRow* row_of(const Judgement& judgement, const PhoneServer& server, const PhoneServer::Place& place) {
  auto fits = [&](const MatrixRow& row) {
    return applies(row, *server.host) && row.has_transport(place.protocol) && ports_of(row, server.host).intersects(place.ports);
  };
  if (server.purpose == "SIP") return judgement.matrix.find("ip-office/ingress/16");
  // Printed for the system itself and for TCP: phones send them as well, as RTCP by UDP.
  if (server.purpose == "reports on calls") return judgement.matrix.find("ip-office/intra/4");
  for (const MatrixRow& row : judgement.matrix.rows)
    if (row.product == "ip-office" && row.direction == "ingress" && !is_media_range(row) && fits(row)) return &row;
  return nullptr;
}

struct LostServers {
  Finding finding;
  std::string addresses;
  std::vector<std::string> pieces;  // "tcp/411 (files)"
  std::optional<std::string> elsewhere;
  bool certain = false;
  SourceSpan first;  // line that sends phones there
};

constexpr std::size_t shown = 8;  // servers of one finding

void phones(const Judgement& judgement, const Host& host, const std::vector<Ways>& zones, const std::vector<PhoneServer>& servers,
            const std::set<std::string>& told, Findings& findings) {
  std::map<std::pair<SourceSpan, std::string>, LostServers> by_line;
  for (const PhoneServer& server : servers) {
    if (server.host != &host) continue;
    std::vector<std::string> rows;
    PortsByTransport ports;
    std::map<Family, IntervalSet> addresses;
    bool off = false, known = false;
    for (const PhoneServer::Place& place : server.places) {
      const MatrixRow* row = row_of(judgement, server, place);
      off = off || (row && is_off(*row, &host));
      known = known || (row && told.contains(row->id));
      if (row && std::find(rows.begin(), rows.end(), row->id) == rows.end()) rows.push_back(row->id);
      ports[place.protocol == proto_tcp ? "tcp" : "udp"].add(place.ports);
      addresses[place.address.family].add(place.address.value, place.address.value);
    }
    if (off || known) continue;
    std::optional<Blocked> lost = lost_from(
        judgement, zones, [&](const Passage& p) { return p.zone->kind == "voice" && addresses.contains(p.ruleset->family); },
        [&](const Passage& passage) {
          Space& s = passage.chains->space();
          PacketSet wanted = s.nothing();
          for (const PhoneServer::Place& place : server.places)
            if (place.address.family == passage.ruleset->family)
              wanted = s.unite(wanted, s.intersect(requests_to(passage, place.protocol, place.ports),
                                                   s.test(Dimension::destination, IntervalSet::of(place.address.value))));
          return judgement.exposure.before_path(passage, wanted);
        });
    if (!lost) continue;
    std::string to;
    for (const auto& [family, some] : addresses) to += (to.empty() ? "" : " and ") + format_addresses(some, family);
    Finding f = found(judgement, *lost, {}, "");
    auto [at, fresh] = by_line.try_emplace({f.span, f.zone + '\n' + to});
    LostServers& group = at->second;
    if (fresh) group.finding = std::move(f), group.addresses = to, group.first = server.named_by->value.span;
    std::string piece = fmt::format("{} ({})", format_ports(ports), server.purpose);
    if (lost->elsewhere && !group.elsewhere) group.elsewhere = lost->led_elsewhere(piece);
    group.pieces.push_back(std::move(piece));
    group.finding.rows.insert(group.finding.rows.end(), rows.begin(), rows.end());
    if (group.pieces.size() <= shown)
      group.finding.related.push_back({"phones are sent there by this line", server.named_by->value.span});
    group.certain = group.certain || server.certain;
  }
  for (auto& [key, group] : by_line) {
    Finding& f = group.finding;
    std::sort(f.rows.begin(), f.rows.end());
    f.rows.erase(std::unique(f.rows.begin(), f.rows.end()), f.rows.end());
    std::string what;
    for (std::size_t i = 0; i < std::min(shown, group.pieces.size()); ++i) what += (i == 0 ? "" : ", ") + group.pieces[i];
    if (group.pieces.size() > shown) what += fmt::format(" and {} more", group.pieces.size() - shown);
    f.message = fmt::format("phones are told to use {} of {}, which {} blocked from the zone {}", what, group.addresses,
                            group.pieces.size() == 1 ? "is" : "are", f.zone);
    if (group.elsewhere) f.message += ": " + *group.elsewhere;
    if (!group.certain) {
      f.certainty = Certainty::possible;
      f.doubt.push_back({"only some phones come to the lines that send them there", group.first});
    }
    f.identity += "\n46xxsettings\n" + f.zone + '\n' + group.addresses;
    findings.push_back(std::move(f));
  }
}

void run(const Judgement& judgement, Findings& findings) {
  // By host, and by firewall where one stands behind another; zones are alternatives here.
  std::map<std::pair<const Host*, const Standing*>, std::vector<Ways>> sides;
  for (Ways& way : ways(judgement, true)) {
    const Passage& p = *way.front();
    if (p.host && !p.zone->is_internet()) sides[{p.host, p.at->role == Role::perimeter ? nullptr : p.at}].push_back(std::move(way));
  }
  const std::vector<PhoneServer> servers = phone_servers(judgement.site);
  for (const auto& [key, zones] : sides)
    phones(judgement, *key.first, zones, servers, services(judgement, *key.first, zones, findings), findings);
}

}  // namespace

const Check check::required_service_blocked = {"required-service-blocked",
                                               "a service that is used is closed from the zone that needs it",
                                               Level::warning,
                                               0,
                                               "medium",
                                               {"availability"},
                                               run};

}  // namespace ipo
