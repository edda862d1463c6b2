#include "rules/exposure/media.h"
#include "rules/findings/check_list.h"
#include "rules/findings/exposure_findings.h"
#include "rules/pbx/services.h"

namespace ipo {
namespace {

// An error needs evidence: the gatekeeper is on and nothing says that phones outside use it. Where it is off the line
// is service-off-port-open's.
Grade grade(const Judgement& judgement, const Exposed& exposed) {
  const auto& declared = judgement.site.remote_workers;
  if (declared && declared->value == "h323" && takes_declared(judgement.site, exposed.hit.host, ".h323.remote_extension"))
    return {Level::note, ", as declared remote H.323 phones need it"};
  const Host* host = exposed.hit.host;
  bool remote = host && (host->flag("lan1.h323.remote_extension") == true || host->flag("lan2.h323.remote_extension") == true);
  if (!remote && is_on(*exposed.hit.row, host))
    return {Level::error, "; the gatekeeper is on and no H.323 phone outside is declared"};
  return {Level::warning};
}

}  // namespace

const Check check::h323_exposed = {.id = "h323-exposed",
                                   .summary = "H.323 signalling is reachable from the internet",
                                   .severity = Level::error,
                                   .security_severity = 7.3,
                                   .precision = "high",
                                   .tags = {"security", "external/cwe/cwe-284", "external/cwe/cwe-307"},
                                   .rows = {"ip-office/ingress/12", "ip-office/ingress/13", "ip-office/ingress/14"},
                                   .service = "H.323",
                                   .grade = grade};

}  // namespace ipo
