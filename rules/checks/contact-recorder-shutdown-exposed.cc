#include "rules/findings/check_list.h"
#include "rules/findings/row_check.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  report_exposed(judgement, findings, check::contact_recorder_shutdown_exposed, "shutdown listener");
}

}  // namespace

const Check check::contact_recorder_shutdown_exposed = {"contact-recorder-shutdown-exposed",
                                                        "the shutdown listener of Contact Recorder is reachable from the internet",
                                                        Level::error,
                                                        7.5,
                                                        "high",
                                                        {"security", "external/cwe/cwe-306"},
                                                        run,
                                                        false,
                                                        {"contact-recorder/ingress/1"}};

}  // namespace ipo
