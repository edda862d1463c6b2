#include "rules/findings/check_list.h"
#include "rules/findings/row_check.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  report_exposed(judgement, findings, check::one_x_cleartext_exposed, "one-X Portal, unencrypted");
}

}  // namespace

const Check check::one_x_cleartext_exposed = {
    "one-x-cleartext-exposed",
    "a one-X Portal service without encryption is reachable from the internet",
    Level::warning,
    5.9,
    "high",
    {"security", "external/cwe/cwe-319"},
    run,
    false,
    {"one-x-portal/ingress/2", "one-x-portal/ingress/3", "one-x-portal/ingress/8", "one-x-portal/ingress/9"}};

}  // namespace ipo
