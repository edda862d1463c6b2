#include "rules/findings/check_list.h"
#include "rules/findings/row_check.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  report_exposed(judgement, findings, check::one_x_internals_exposed, "one-X Portal internals");
}

}  // namespace

const Check check::one_x_internals_exposed = {"one-x-internals-exposed",
                                              "the innards of one-X Portal are reachable from the internet",
                                              Level::error,
                                              9.1,
                                              "high",
                                              {"security", "external/cwe/cwe-306", "external/cwe/cwe-502", "external/cwe/cwe-749"},
                                              run,
                                              false,
                                              {"one-x-portal/ingress/1", "one-x-portal/ingress/6", "one-x-portal/ingress/12",
                                               "one-x-portal/ingress/13", "one-x-portal/ingress/14", "one-x-portal/ingress/15"}};

}  // namespace ipo
