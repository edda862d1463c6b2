#include "rules/findings/check_list.h"
#include "rules/findings/row_check.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  report_exposed(judgement, findings, check::unsecured_management_exposed, "unsecured management");
}

}  // namespace

const Check check::unsecured_management_exposed = {"unsecured-management-exposed",
                                                   "an unencrypted management service is reachable from the internet",
                                                   Level::error,
                                                   8.6,
                                                   "high",
                                                   {"security", "external/cwe/cwe-319"},
                                                   run,
                                                   false,
                                                   {"ip-office/ingress/37", "ip-office/ingress/39", "ip-office/ingress/41"}};

}  // namespace ipo
