#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "rules/findings/check_list.h"
#include "rules/findings/exposure_findings.h"
#include "rules/findings/phone_servers.h"
#include "rules/findings/setting_findings.h"
#include "rules/findings/wrong_transport.h"
#include "rules/pbx/own_ports.h"

namespace ipo {
namespace {

// The matrix has reports on calls (RTCP to port 5005) for TCP, yet phones send them by UDP; what phones are told to use is used.
bool phones_use(const std::vector<PhoneServer>& servers, const Host* host, const WrongTransport& wrong) {
  if (!host) return false;
  for (const NamedPort& named : named_ports(*host))
    if (named.protocol == wrong.transport && named.port == wrong.port) return true;
  return std::any_of(servers.begin(), servers.end(), [&](const PhoneServer& server) {
    return server.host == host && std::any_of(server.places.begin(), server.places.end(), [&](const PhoneServer::Place& place) {
             return place.protocol == wrong.transport && place.ports.contains(wrong.port);
           });
  });
}

void run(const Judgement& judgement, Findings& findings) {
  const std::vector<PhoneServer> servers = phone_servers(judgement.site);
  std::set<std::pair<SourceSpan, std::string>> said;
  for (const auto* openings : {&judgement.exposure.openings(), &judgement.exposure.openings_of_zones()})
    for (const Opening& o : *openings) {
      if (!o.located()) continue;
      auto wrong = wrong_transport(judgement.exposure, judgement.matrix, o);
      if (!wrong || phones_use(servers, o.passage->host, *wrong) || !said.insert({line_to_change(o).span(), o.zone()}).second)
        continue;
      Space& s = o.passage->chains->space();
      PacketSet all = s.unite(o.proven, o.possible);
      Finding f =
          finding_at(judgement, "wrong-transport-allowed", o, all, o.proven.empty() ? Certainty::possible : Certainty::proven);
      f.level = Level::note;
      const MatrixRow& row = *wrong->row;
      bool tcp = wrong->transport == proto_tcp;
      f.rows = {row.id};
      bool named = !row.application.empty() && row.application != "Proprietary";
      f.message = fmt::format("{}/{} is let through from {}, and only {}/{}{} is in the {} matrix", tcp ? "tcp" : "udp",
                              wrong->port, from_zone(o), tcp ? "udp" : "tcp", wrong->port,
                              named ? " (" + row.application + ")" : "", judgement.matrix.release);
      f.identity += '\n' + row.id;
      findings.push_back(std::move(f));
    }
}

}  // namespace

const Check check::wrong_transport_allowed = {"wrong-transport-allowed",
                                              "a rule opens a port of the matrix for a transport nothing uses there",
                                              Level::note,
                                              2.0,
                                              "high",
                                              {"security", "external/cwe/cwe-1220"},
                                              run};

}  // namespace ipo
