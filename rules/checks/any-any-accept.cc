#include "rules/findings/check_list.h"
#include "rules/findings/unrestricted_findings.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  report_unrestricted(judgement, findings, "any-any-accept", Level::error, true);
}

}  // namespace

const Check check::any_any_accept = {"any-any-accept",
                                     "a rule lets everything from the internet through to the PBX",
                                     Level::error,
                                     9.3,
                                     "high",
                                     {"security", "external/cwe/cwe-284"},
                                     run};

}  // namespace ipo
