#include "rules/findings/check_list.h"
#include "rules/findings/row_check.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  report_exposed(judgement, findings, check::backup_exposed, "backup store");
}

}  // namespace

const Check check::backup_exposed = {"backup-exposed",
                                     "the server that keeps backups of the solution is reachable from the internet",
                                     Level::warning,
                                     6.5,
                                     "high",
                                     {"security", "external/cwe/cwe-200"},
                                     run,
                                     false,
                                     {"ip-office/ingress/17"}};

}  // namespace ipo
