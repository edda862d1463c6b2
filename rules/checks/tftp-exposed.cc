#include "rules/findings/check_list.h"
#include "rules/findings/row_check.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) { report_exposed(judgement, findings, check::tftp_exposed, "TFTP"); }

}  // namespace

const Check check::tftp_exposed = {"tftp-exposed",
                                   "the TFTP service is reachable from the internet",
                                   Level::error,
                                   7.5,
                                   "high",
                                   {"security", "external/cwe/cwe-306", "external/cwe/cwe-319"},
                                   run,
                                   false,
                                   {"ip-office/ingress/4"}};

}  // namespace ipo
