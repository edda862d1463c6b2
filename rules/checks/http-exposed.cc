#include "rules/findings/check_list.h"
#include "rules/findings/row_check.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) { report_exposed(judgement, findings, check::http_exposed, "HTTP"); }

}  // namespace

const Check check::http_exposed = {"http-exposed",
                                   "the HTTP service of the PBX is reachable from the internet",
                                   Level::error,
                                   7.5,
                                   "high",
                                   {"security", "external/cwe/cwe-306", "external/cwe/cwe-319"},
                                   run,
                                   false,
                                   {"ip-office/ingress/5"}};

}  // namespace ipo
