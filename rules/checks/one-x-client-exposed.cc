#include "rules/findings/check_list.h"
#include "rules/findings/exposure_findings.h"

namespace ipo {
namespace {

// Clients outside are what most of them are for; BOSH on 7171 is the one that does not encrypt.
Grade grade(const Judgement&, const Exposed& exposed) {
  if (exposed.hit.row->id == "one-x-portal/ingress/4") return {Level::warning, "; 7171 is not encrypted"};
  return {Level::note};
}

void run(const Judgement& judgement, Findings& findings) {
  report_exposed(judgement, findings, check::one_x_client_exposed, "one-X Portal", grade);
}

}  // namespace

const Check check::one_x_client_exposed = {"one-x-client-exposed",
                                           "the ports of one-X Portal's clients are reachable from the internet",
                                           Level::warning,
                                           4.3,
                                           "high",
                                           {"security", "external/cwe/cwe-284", "external/cwe/cwe-319"},
                                           run,
                                           false,
                                           {"one-x-portal/ingress/4", "one-x-portal/ingress/5", "one-x-portal/ingress/7",
                                            "one-x-portal/ingress/10", "one-x-portal/ingress/11", "one-x-portal/ingress/16"}};

}  // namespace ipo
