#include "rules/findings/check_list.h"
#include "rules/findings/row_check.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  report_exposed(judgement, findings, check::monitor_exposed, "System Monitor");
}

}  // namespace

const Check check::monitor_exposed = {"monitor-exposed",
                                      "the System Monitor port is reachable from the internet",
                                      Level::error,
                                      7.5,
                                      "high",
                                      {"security", "external/cwe/cwe-200"},
                                      run,
                                      false,
                                      {"ip-office/ingress/31"}};

}  // namespace ipo
