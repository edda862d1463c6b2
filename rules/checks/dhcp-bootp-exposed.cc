#include "rules/findings/check_list.h"
#include "rules/findings/common_service.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  report_exposed(judgement, findings, check::dhcp_bootp_exposed, "DHCP and BOOTP", grade_common_service);
}

}  // namespace

const Check check::dhcp_bootp_exposed = {"dhcp-bootp-exposed",
                                         "the DHCP or BOOTP service of the PBX is reachable from the internet",
                                         Level::warning,
                                         5.3,
                                         "high",
                                         {"security", "external/cwe/cwe-284"},
                                         run,
                                         false,
                                         {"ip-office/ingress/2", "ip-office/ingress/3"}};

}  // namespace ipo
