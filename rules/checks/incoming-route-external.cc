#include <fmt/format.h>

#include <algorithm>

#include "rules/findings/check_list.h"
#include "rules/findings/setting_findings.h"
#include "rules/findings/users.h"
#include "rules/pbx/incoming_routes.h"
#include "rules/pbx/incomplete.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  const std::size_t own = judgement.longest_own_number;
  std::vector<const Setting*> out = destinations(judgement.site, [&](const std::string& to) { return is_external(to, own); });
  if (out.empty()) return;
  report_settings(findings, check::incoming_route_external, Level::warning, out,
                  out.size() == 1
                      ? "1 incoming call route sends calls to a number outside, at the system's cost"
                      : fmt::format("{} incoming call routes send calls to numbers outside, at the system's cost", out.size()));
  // An international number is none of the site's own.
  if (!std::all_of(out.begin(), out.end(), [](const Setting* s) { return s->value.value.starts_with('+'); }))
    doubt_own_numbers(judgement.site, {&findings.back(), 1});
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
