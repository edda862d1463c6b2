#include "rules/findings/check_list.h"
#include "rules/findings/row_check.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  report_exposed(judgement, findings, check::voicemail_exposed, "Voicemail Pro");
}

}  // namespace

const Check check::voicemail_exposed = {"voicemail-exposed",
                                        "a service of Voicemail Pro is reachable from the internet",
                                        Level::warning,
                                        5.9,
                                        "high",
                                        {"security", "external/cwe/cwe-284"},
                                        run,
                                        false,
                                        {"voicemail-pro/ingress/2", "voicemail-pro/ingress/3", "voicemail-pro/ingress/5",
                                         "voicemail-pro/ingress/6", "voicemail-pro/ingress/7", "voicemail-pro/ingress/8"}};

}  // namespace ipo
