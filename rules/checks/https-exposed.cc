#include "rules/findings/check_list.h"
#include "rules/findings/row_check.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) { report_exposed(judgement, findings, check::https_exposed, "HTTPS"); }

}  // namespace

const Check check::https_exposed = {"https-exposed",
                                    "the HTTPS service of the PBX is reachable from the internet",
                                    Level::note,
                                    3.7,
                                    "high",
                                    {"security", "external/cwe/cwe-284"},
                                    run,
                                    false,
                                    {"ip-office/ingress/9"}};

}  // namespace ipo
