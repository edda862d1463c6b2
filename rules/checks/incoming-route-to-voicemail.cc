#include <fmt/format.h>

#include "parsers/text/letters.h"
#include "rules/findings/check_list.h"
#include "rules/findings/setting_findings.h"
#include "rules/pbx/incoming_routes.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  std::vector<const Setting*> there =
      destinations(judgement.site, [](const std::string& to) { return lower(to).starts_with("vm:"); });
  report_settings(findings, check::incoming_route_to_voicemail, Level::note, there,
                  there.size() == 1
                      ? "1 incoming call route leads callers straight to a voicemail module"
                      : fmt::format("{} incoming call routes lead callers straight to voicemail modules", there.size()));
}

}  // namespace

const Check check::incoming_route_to_voicemail = {"incoming-route-to-voicemail",
                                                  "callers outside reach a module of the voicemail server",
                                                  Level::note,
                                                  2.6,
                                                  "medium",
                                                  {"security", "external/cwe/cwe-284"},
                                                  run};

}  // namespace ipo
