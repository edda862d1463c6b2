#include "rules/findings/check_list.h"
#include "rules/findings/row_check.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  report_exposed(judgement, findings, check::license_server_exposed, "license server");
}

}  // namespace

const Check check::license_server_exposed = {"license-server-exposed",
                                             "the WebLM license server is reachable from the internet",
                                             Level::warning,
                                             5.3,
                                             "high",
                                             {"security", "external/cwe/cwe-284"},
                                             run,
                                             false,
                                             {"ip-office/ingress/45"}};

}  // namespace ipo
