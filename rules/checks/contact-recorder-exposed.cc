#include "rules/findings/check_list.h"
#include "rules/findings/row_check.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  report_exposed(judgement, findings, check::contact_recorder_exposed, "Contact Recorder");
}

}  // namespace

const Check check::contact_recorder_exposed = {"contact-recorder-exposed",
                                               "the web pages of Contact Recorder are reachable from the internet",
                                               Level::warning,
                                               6.5,
                                               "high",
                                               {"security", "external/cwe/cwe-284", "external/cwe/cwe-319"},
                                               run,
                                               false,
                                               {"contact-recorder/ingress/2", "contact-recorder/ingress/3"}};

}  // namespace ipo
