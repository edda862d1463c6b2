#include "rules/findings/check_list.h"
#include "rules/findings/exposure_findings.h"

namespace ipo {
namespace {

// The gateway of WebRTC answers on 7070 too.
Grade grade(const Judgement& judgement, const Exposed& exposed) {
  const auto& declared = judgement.site.remote_workers;
  if (declared && declared->value == "webrtc" && exposed.hit.row->id == "ip-office/ingress/21")
    return {Level::warning, ", as declared WebRTC users need it"};
  return {Level::error};
}

}  // namespace

const Check check::web_management_exposed = {.id = "web-management-exposed",
                                             .summary = "web management is reachable from the internet",
                                             .severity = Level::error,
                                             .security_severity = 9.8,
                                             .precision = "high",
                                             .tags = {"security", "external/cwe/cwe-749"},
                                             .rows = {"ip-office/ingress/21", "ip-office/ingress/22", "ip-office/ingress/23",
                                                      "ip-office/ingress/25", "ip-office/ingress/26"},
                                             .service = "web management",
                                             .grade = grade};

}  // namespace ipo
