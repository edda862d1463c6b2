#include "rules/findings/check_list.h"
#include "rules/findings/common_service.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  report_exposed(judgement, findings, check::ntp_exposed, "NTP", grade_common_service);
}

}  // namespace

const Check check::ntp_exposed = {"ntp-exposed",
                                  "the time service of the PBX is reachable from the internet",
                                  Level::warning,
                                  5.3,
                                  "high",
                                  {"security", "external/cwe/cwe-940"},
                                  run,
                                  false,
                                  {"ip-office/ingress/6"}};

}  // namespace ipo
