#include "rules/findings/check_list.h"
#include "rules/findings/row_check.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  report_exposed(judgement, findings, check::debug_port_exposed, "debug");
}

}  // namespace

const Check check::debug_port_exposed = {"debug-port-exposed",
                                         "a debug port of the PBX is reachable from the internet",
                                         Level::error,
                                         9.1,
                                         "high",
                                         {"security", "external/cwe/cwe-489"},
                                         run,
                                         false,
                                         {"ip-office/ingress/15", "ip-office/ingress/44"}};

}  // namespace ipo
