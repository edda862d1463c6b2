// The exposure checks leave these rows to this one: nobody answers, so the service is not exposed, but the way stays
// open for the day it is switched on again.
#include <algorithm>
#include <set>

#include "parsers/text/letters.h"
#include "rules/findings/check_list.h"
#include "rules/findings/exposure_findings.h"

namespace ipo {
namespace {

void report(const Judgement& judgement, Findings& findings, const std::vector<Exposed>& group) {
  std::set<std::string> names;
  for (const Exposed& e : group) {
    const MatrixRow& row = *e.hit.row;
    std::string name = row.application.empty() || row.application == "Proprietary" ? row.peer : row.application;
    for (std::string_view transport : {"UDP", "TCP", "TLS"})
      if (e.hit.off->key.text().ends_with(".sip." + lower(transport))) name += " over " + std::string(transport);
    names.insert(name);
  }
  std::string what;
  for (const std::string& name : names) what += (what.empty() ? "" : ", ") + name;
  Finding f = exposed_finding(judgement, check::service_off_port_open, Level::warning, group, what);
  f.message += names.size() > 1 ? ", though the services are switched off" : ", though the service is switched off";
  for (const Exposed& e : group)
    if (SourceSpan place = e.hit.off->value.span;
        std::none_of(f.related.begin(), f.related.end(), [&](const Note& n) { return n.span == place; }))
      f.related.push_back({"switched off here", place});
  findings.push_back(std::move(f));
}

// The switch is that of phones. Calls between systems that are linked go to the same port.
bool is_for_a_link(const Judgement& judgement, const Exposed& e) {
  const std::vector<Peer>& peers = judgement.site.peers;
  return e.hit.row->id == "ip-office/ingress/14" &&
         std::any_of(peers.begin(), peers.end(), [](const Peer& peer) { return peer.link == "scn"; });
}

void run(const Judgement& judgement, Findings& findings) {
  for (const auto& group : exposed_rows(judgement, check::service_off_port_open)) report(judgement, findings, group);
  OpenToAnyone anyone(judgement.exposure);
  std::set<SourceSpan> told;
  for (auto& group : exposed_rows(judgement, check::service_off_port_open, judgement.exposure.openings_of_zones())) {
    std::erase_if(group, [&](const Exposed& e) {
      return anyone.covers(*e.opening, e.hit) || !names_ports(*e.opening) || is_for_a_link(judgement, e);
    });
    // The line is the fault, whichever zones it serves: one of them is named.
    if (!group.empty() && (told.insert(line_to_change(*group.front().opening).span()).second || !judgement.group))
      report(judgement, findings, group);
  }
}

}  // namespace

const Check check::service_off_port_open = {"service-off-port-open",
                                            "the firewall opens a port whose service the PBX has switched off",
                                            Level::warning,
                                            4.0,
                                            "medium",
                                            {"security", "external/cwe/cwe-284"},
                                            run};

}  // namespace ipo
