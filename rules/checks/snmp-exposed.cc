#include "rules/checks/list.h"
#include "rules/exposure_findings.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  report_exposed(judgement, findings, "snmp-exposed", Level::error,
                 {"ip-office/ingress/7"}, "SNMP");
}

}  // namespace

const Check check::snmp_exposed = {"snmp-exposed", "the SNMP agent of the PBX is reachable from the internet", Level::error, 7.5, "high",
                            {"security", "external/cwe/cwe-306"}, run};

}  // namespace ipo
