#include "rules/checks/list.h"
#include "rules/unrestricted_findings.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  report_unrestricted(judgement, findings, "default-accept-policy", Level::warning, false);
}

}  // namespace

const Check check::default_accept_policy = {"default-accept-policy",
                                            "what no rule speaks of is accepted, also from the internet",
                                            Level::warning,
                                            8.2,
                                            "high",
                                            {"security", "external/cwe/cwe-276"},
                                            run};

}  // namespace ipo
