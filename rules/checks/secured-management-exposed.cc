#include "rules/findings/check_list.h"
#include "rules/findings/row_check.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  report_exposed(judgement, findings, check::secured_management_exposed, "encrypted management");
}

}  // namespace

const Check check::secured_management_exposed = {"secured-management-exposed",
                                                 "an encrypted management service is reachable from the internet",
                                                 Level::warning,
                                                 5.9,
                                                 "high",
                                                 {"security", "external/cwe/cwe-284", "external/cwe/cwe-307"},
                                                 run,
                                                 false,
                                                 {"ip-office/ingress/38", "ip-office/ingress/40", "ip-office/ingress/42"}};

}  // namespace ipo
