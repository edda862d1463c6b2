#include "rules/findings/check_list.h"
#include "rules/findings/row_check.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  report_exposed(judgement, findings, check::unused_port_exposed, "unused");
}

}  // namespace

const Check check::unused_port_exposed = {"unused-port-exposed",
                                          "a port the vendor calls unused is reachable from the internet",
                                          Level::note,
                                          2.3,
                                          "high",
                                          {"security", "external/cwe/cwe-923"},
                                          run,
                                          false,
                                          {"ip-office/ingress/28"}};

}  // namespace ipo
