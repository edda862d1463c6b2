#include <fmt/format.h>

#include <set>

#include "parsers/letters.h"
#include "rules/checks/list.h"
#include "rules/judgement.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  std::vector<const Setting*> there;
  std::set<std::string> met;
  for (const Record& record : judgement.site.records) {
    const Setting* to = record.type == "IncomingCallRoute" ? record.field("incoming_route.destination") : nullptr;
    if (to && lower(to->value.value).starts_with("vm:") && (record.id.empty() || met.insert(plain_guid(record.id)).second)) there.push_back(to);
  }
  if (there.empty()) return;
  Finding f;
  f.check = check::incoming_route_to_voicemail.id;
  f.level = Level::note;
  f.message = there.size() == 1 ? "1 incoming call route leads callers straight to a voicemail module"
                                : fmt::format("{} incoming call routes lead callers straight to voicemail modules", there.size());
  f.span = there.front()->value.span;
  f.identity = "incoming_route.destination";
  for (const Setting* to : there) f.named.push_back(to->value.value);
  findings.push_back(std::move(f));
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
