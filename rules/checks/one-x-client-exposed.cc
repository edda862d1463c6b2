#include "rules/findings/check_list.h"
#include "rules/findings/exposure_findings.h"

namespace ipo {
namespace {

// Clients outside are what most of them are for; BOSH on 7171 is the one that does not encrypt.
Grade grade(const Judgement&, const Exposed& exposed) {
  if (exposed.hit.row->id == "one-x-portal/ingress/4") return {Level::warning, "; 7171 is not encrypted"};
  return {Level::note};
}

}  // namespace

const Check check::one_x_client_exposed = {
    .id = "one-x-client-exposed",
    .summary = "the ports of one-X Portal's clients are reachable from the internet",
    .severity = Level::warning,
    .security_severity = 4.3,
    .precision = "high",
    .tags = {"security", "external/cwe/cwe-284", "external/cwe/cwe-319"},
    .rows = {"one-x-portal/ingress/4", "one-x-portal/ingress/5", "one-x-portal/ingress/7", "one-x-portal/ingress/10",
             "one-x-portal/ingress/11", "one-x-portal/ingress/16"},
    .service = "one-X Portal",
    .grade = grade};

}  // namespace ipo
