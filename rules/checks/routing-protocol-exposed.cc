#include "rules/findings/check_list.h"
#include "rules/findings/common_service.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  report_exposed(judgement, findings, check::routing_protocol_exposed, "RIP", grade_common_service);
}

}  // namespace

const Check check::routing_protocol_exposed = {"routing-protocol-exposed",
                                               "the routing protocol of the PBX is reachable from the internet",
                                               Level::warning,
                                               6.5,
                                               "high",
                                               {"security", "external/cwe/cwe-306", "external/cwe/cwe-940"},
                                               run,
                                               false,
                                               {"ip-office/ingress/10"}};

}  // namespace ipo
