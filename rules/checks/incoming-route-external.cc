#include <fmt/format.h>

#include <set>

#include "rules/checks/list.h"
#include "rules/incomplete.h"
#include "rules/users.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  const std::size_t own = longest_own_number(judgement.site, judgement.users);
  std::vector<const Setting*> out;
  std::set<std::string> met;
  for (const Record& record : judgement.site.records) {
    const Setting* to = record.type == "IncomingCallRoute" ? record.field("incoming_route.destination") : nullptr;
    if (to && is_external(to->value.value, own) && (record.id.empty() || met.insert(plain_guid(record.id)).second)) out.push_back(to);
  }
  if (out.empty()) return;
  Finding f;
  f.check = check::incoming_route_external.id;
  f.level = Level::warning;
  f.message = out.size() == 1 ? "1 incoming call route sends calls to a number outside, at the system's cost"
                              : fmt::format("{} incoming call routes send calls to numbers outside, at the system's cost", out.size());
  f.span = out.front()->value.span;
  f.identity = "incoming_route.destination";
  for (const Setting* to : out) f.named.push_back(to->value.value);
  doubt_own_numbers(judgement.site, f);
  findings.push_back(std::move(f));
}

}  // namespace

const Check check::incoming_route_external = {"incoming-route-external",
                                              "calls from outside are sent to a number outside",
                                              Level::warning,
                                              4.3,
                                              "medium",
                                              {"security", "external/cwe/cwe-284"},
                                              run};

}  // namespace ipo
