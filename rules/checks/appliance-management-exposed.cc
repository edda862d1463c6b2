#include "rules/findings/check_list.h"
#include "rules/findings/row_check.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  report_exposed(judgement, findings, check::appliance_management_exposed, "appliance management");
}

}  // namespace

const Check check::appliance_management_exposed = {"appliance-management-exposed",
                                                   "the management of the virtual appliance is reachable from the internet",
                                                   Level::warning,
                                                   6.5,
                                                   "high",
                                                   {"security", "external/cwe/cwe-284"},
                                                   run,
                                                   false,
                                                   {"ip-office/ingress/18", "ip-office/ingress/19"}};

}  // namespace ipo
