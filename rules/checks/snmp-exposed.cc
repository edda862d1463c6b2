#include "rules/findings/check_list.h"
#include "rules/findings/row_check.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) { report_exposed(judgement, findings, check::snmp_exposed, "SNMP"); }

}  // namespace

const Check check::snmp_exposed = {"snmp-exposed",
                                   "the SNMP agent of the PBX is reachable from the internet",
                                   Level::error,
                                   7.5,
                                   "high",
                                   {"security", "external/cwe/cwe-306"},
                                   run,
                                   false,
                                   {"ip-office/ingress/7"}};

}  // namespace ipo
