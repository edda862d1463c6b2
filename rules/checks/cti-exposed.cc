#include "rules/findings/check_list.h"
#include "rules/findings/row_check.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) { report_exposed(judgement, findings, check::cti_exposed, "CTI"); }

}  // namespace

const Check check::cti_exposed = {
    "cti-exposed",
    "a port that controls telephones is reachable from the internet",
    Level::error,
    8.2,
    "high",
    {"security", "external/cwe/cwe-306", "external/cwe/cwe-319"},
    run,
    false,
    {"ip-office/ingress/30", "ip-office/ingress/33", "ip-office/ingress/34", "ip-office/ingress/35", "ip-office/ingress/43"}};

}  // namespace ipo
