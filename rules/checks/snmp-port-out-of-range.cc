#include "rules/findings/check_list.h"
#include "rules/findings/setting_findings.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  report_outside(judgement, findings, check::snmp_port_out_of_range, "snmp.enabled");
}

}  // namespace

const Check check::snmp_port_out_of_range = {"snmp-port-out-of-range",
                                             "the SNMP port is none the PBX can listen on",
                                             Level::warning,
                                             0,
                                             "very-high",
                                             {"correctness"},
                                             run,
                                             false,
                                             {},
                                             {"snmp.port"}};

}  // namespace ipo
