#include "rules/findings/check_list.h"
#include "rules/findings/row_check.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  report_exposed(judgement, findings, check::discovery_exposed, "discovery");
}

}  // namespace

const Check check::discovery_exposed = {"discovery-exposed",
                                        "the discovery service of the PBX is reachable from the internet",
                                        Level::warning,
                                        5.3,
                                        "high",
                                        {"security", "external/cwe/cwe-200"},
                                        run,
                                        false,
                                        {"ip-office/ingress/36"}};

}  // namespace ipo
