#include "rules/findings/check_list.h"
#include "rules/findings/exposure_findings.h"

namespace ipo {
namespace {

// Declared phones outside are why it is open; it stays a note. The matrix names H.323 phones only; the settings file that a system
// makes sends SIP phones there too.
Grade grade(const Judgement& judgement, const Exposed&) {
  const auto& declared = judgement.site.remote_workers;
  if (declared && declared->value == "h323") return {Level::note, ", as declared remote H.323 phones need it"};
  if (declared && (declared->value == "sip" || declared->value == "sip-tls"))
    return {Level::note, ", as declared remote SIP phones may need it"};
  return {Level::warning};
}

void run(const Judgement& judgement, Findings& findings) {
  report_exposed(judgement, findings, check::phone_provisioning_exposed, "phone provisioning", grade);
}

}  // namespace

const Check check::phone_provisioning_exposed = {
    "phone-provisioning-exposed",
    "the ports phones fetch settings and firmware from are reachable from the internet",
    Level::warning,
    5.3,
    "high",
    {"security", "external/cwe/cwe-200", "external/cwe/cwe-306"},
    run,
    false,
    {"ip-office/ingress/8", "ip-office/ingress/24"}};

}  // namespace ipo
