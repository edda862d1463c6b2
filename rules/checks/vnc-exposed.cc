#include "rules/findings/check_list.h"
#include "rules/findings/row_check.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) { report_exposed(judgement, findings, check::vnc_exposed, "VNC"); }

}  // namespace

const Check check::vnc_exposed = {"vnc-exposed",
                                  "the VNC service of the PBX is reachable from the internet",
                                  Level::error,
                                  8.1,
                                  "high",
                                  {"security", "external/cwe/cwe-307", "external/cwe/cwe-319"},
                                  run,
                                  false,
                                  {"ip-office/ingress/20"}};

}  // namespace ipo
