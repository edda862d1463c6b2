// A trunk's provider is known when a zone declares it, a SIP trunk record names it or the firewall already lets single
// public sources in to calls, signalling or media, and to nothing else (who may reach everything is an administrator); then there is no reason to let
// in everybody. Declared remote workers are one for SIP over TLS.
#include <algorithm>

#include "rules/exposure/media.h"
#include "rules/findings/check_list.h"
#include "rules/findings/exposure_findings.h"
#include "rules/findings/undeclared_sources.h"
#include "rules/pbx/own_ports.h"
#include "rules/pbx/sip_lines.h"

namespace ipo {
namespace {

// Rows of other products share ports with calls.
bool of_calls_only(const Opening& o) {
  IntervalSet ports;
  for (const RowHit& hit : o.hits)
    if (is_of_calls(hit.row->id)) ports.add(hit.ports);
  return std::all_of(o.hits.begin(), o.hits.end(), [&](const RowHit& hit) { return ports.covers(hit.ports); });
}

bool provider_known(const Judgement& judgement) {
  for (const Zone& zone : judgement.site.zones)
    if (zone.kind == "itsp") return true;
  for (const Record& record : judgement.site.records)
    if (!proxies_of(record).empty()) return true;
  for (const Opening& o : judgement.exposure.openings()) {
    bool single = std::any_of(o.hits.begin(), o.hits.end(), [&](const RowHit& hit) {
      return is_of_calls(hit.row->id) && !hit.any && !public_part(hit.sources, o.passage->ruleset->family).empty();
    });
    if (single && !o.unrestricted && of_calls_only(o)) return true;
  }
  return false;
}

// Declared, and the LAN that is reached, or the host where it is not known which, takes them as far as its settings say.
bool serves_remote_workers(const Judgement& judgement, const RowHit& hit) {
  const auto& declared = judgement.site.remote_workers;
  return declared && (declared->value == "sip" || declared->value == "sip-tls") &&
         takes_declared(judgement.site, hit.host, ".sip.remote_extension");
}

void run(const Judgement& judgement, Findings& findings) {
  bool provider = provider_known(judgement);
  for (const auto& group : exposed_rows(judgement, check::sip_open_to_any_source)) {
    // For SIP over TLS, 5061, anybody's phone may have a certificate.
    bool only_tls = true, only_remote = true, for_workers = true;
    for (const Exposed& e : group) {
      only_tls = only_tls && e.hit.ports.minus(tls_listening_ports(e.hit.host)).empty();
      only_remote = only_remote && e.hit.ports.minus(remote_only_ports(*e.hit.row, e.hit.host)).empty();
      for_workers = for_workers && serves_remote_workers(judgement, e.hit);
    }
    // No provider comes by a port of phones outside.
    bool known = provider && !only_remote;
    Level level = known && !only_tls ? Level::error : only_tls && for_workers ? Level::note : Level::warning;
    Finding f = exposed_finding(judgement, check::sip_open_to_any_source, level, group, "SIP");
    std::string from = "from " + from_zone(*group.front().opening);
    if (std::size_t at = f.message.find(from); at != f.message.npos)
      f.message.replace(at, from.size(), "from any source on " + from_zone(*group.front().opening));
    if (level == Level::note)
      f.message += ", as declared remote workers need it";
    else if (known)
      f.message += ", although the provider's addresses are known";
    findings.push_back(std::move(f));
  }
}

}  // namespace

const Check check::sip_open_to_any_source = {"sip-open-to-any-source",
                                             "SIP signalling is open to every source on the internet",
                                             Level::error,
                                             7.3,
                                             "high",
                                             {"security", "external/cwe/cwe-284"},
                                             run,
                                             false,
                                             {"ip-office/ingress/16"}};

}  // namespace ipo
