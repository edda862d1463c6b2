#include "rules/findings/check_list.h"
#include "rules/findings/common_service.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  report_exposed(judgement, findings, check::ssh_exposed, "SSH", grade_common_service);
}

}  // namespace

const Check check::ssh_exposed = {"ssh-exposed",
                                  "the maintenance shell of the PBX is reachable from the internet",
                                  Level::warning,
                                  5.9,
                                  "high",
                                  {"security", "external/cwe/cwe-307"},
                                  run,
                                  false,
                                  {"ip-office/ingress/1"}};

}  // namespace ipo
