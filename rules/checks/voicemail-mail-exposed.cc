#include "rules/findings/check_list.h"
#include "rules/findings/row_check.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  report_exposed(judgement, findings, check::voicemail_mail_exposed, "voicemail by mail");
}

}  // namespace

const Check check::voicemail_mail_exposed = {"voicemail-mail-exposed",
                                             "a mail service of Voicemail Pro without encryption is reachable from the internet",
                                             Level::error,
                                             7.5,
                                             "high",
                                             {"security", "external/cwe/cwe-319", "external/cwe/cwe-522"},
                                             run,
                                             false,
                                             {"voicemail-pro/ingress/1", "voicemail-pro/ingress/4", "voicemail-pro/intra/1"}};

}  // namespace ipo
