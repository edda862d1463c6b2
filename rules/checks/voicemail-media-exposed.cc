#include "rules/findings/check_list.h"
#include "rules/findings/row_check.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  report_exposed(judgement, findings, check::voicemail_media_exposed, "voicemail audio");
}

}  // namespace

const Check check::voicemail_media_exposed = {"voicemail-media-exposed",
                                              "the port for voicemail audio is reachable from the internet",
                                              Level::warning,
                                              5.3,
                                              "high",
                                              {"security", "external/cwe/cwe-306"},
                                              run,
                                              false,
                                              {"ip-office/ingress/29"}};

}  // namespace ipo
