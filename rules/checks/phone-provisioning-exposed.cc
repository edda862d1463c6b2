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

}  // namespace

const Check check::phone_provisioning_exposed = {
    .id = "phone-provisioning-exposed",
    .summary = "the ports phones fetch settings and firmware from are reachable from the internet",
    .severity = Level::warning,
    .security_severity = 5.3,
    .precision = "high",
    .tags = {"security", "external/cwe/cwe-200", "external/cwe/cwe-306"},
    .rows = {"ip-office/ingress/8", "ip-office/ingress/24"},
    .service = "phone provisioning",
    .grade = grade};

}  // namespace ipo
