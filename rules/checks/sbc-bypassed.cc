#include "rules/findings/check_list.h"
#include "rules/findings/exposure_findings.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  for (const auto& group : exposed_rows(judgement, check::sbc_bypassed)) {
    bool signalling = false, media = false;
    for (const Exposed& e : group) (e.hit.row->id == "ip-office/ingress/16" ? signalling : media) = true;
    Finding f = exposed_finding(judgement, check::sbc_bypassed, Level::error, group,
                                signalling && media ? "SIP and media"
                                : signalling        ? "SIP"
                                                    : "media");
    f.message += ", past the declared session border controller";
    findings.push_back(std::move(f));
  }
}

}  // namespace

const Check check::sbc_bypassed = {"sbc-bypassed",
                                   "calls can reach the PBX from the internet past the session border controller",
                                   Level::error,
                                   7.3,
                                   "high",
                                   {"security", "external/cwe/cwe-693", "external/cwe/cwe-923"},
                                   run};

}  // namespace ipo
