// Where the system inhibits it, or the user is barred from it, a forward to an outside number does nothing.
#include <fmt/format.h>

#include <algorithm>

#include "rules/findings/check_list.h"
#include "rules/findings/setting_findings.h"
#include "rules/findings/users.h"
#include "rules/pbx/incomplete.h"

namespace ipo {
namespace {

constexpr const char* inhibit = "telephony.inhibit_off_switch";

void run(const Judgement& judgement, Findings& findings) {
  const auto& hosts = judgement.site.hosts;
  if (std::any_of(hosts.begin(), hosts.end(), [](const Host& h) { return h.flag(inhibit) == true; })) return;
  const std::vector<User>& all = judgement.users;
  const std::size_t own = judgement.longest_own_number;
  std::vector<const User*> forwarding;
  for (const User& user : all) {
    bool forwards = user.flag("user.forward_unconditional"_key) == true && user.flag("user.block_forwarding"_key) != true &&
                    is_external(user.text("user.forward_number"_key), own);
    // A number to be followed to has no switch of its own.
    if (forwards || is_external(user.text("user.follow_me_number"_key), own)) forwarding.push_back(&user);
  }
  std::size_t n = forwarding.size();
  report_users(findings, check::off_switch_forwarding, Level::warning, forwarding,
               n > 0 && forwarding.front()->field("user.forward_number"_key) ? "user.forward_number" : "user.follow_me_number",
               fmt::format("{} user{} all calls to a number outside, at the system's cost", n, n == 1 ? " forwards" : "s forward"));
  if (n > 0) doubt_own_numbers(judgement.site, {&findings.back(), 1});
  // The API's answers have no number that a user forwards to.
  bool said = !all.empty() && is_whole(judgement.site, "User") && std::all_of(all.begin(), all.end(), [](const User& user) {
    return user.flag("user.forward_unconditional"_key) == false || user.field("user.forward_number"_key);
  });
  for (const Host& host : hosts)
    if (n == 0 && host.flag(inhibit) == false)
      findings.push_back(setting_finding(check::off_switch_forwarding, Level::warning, host, *host.setting(inhibit),
                                         "calls of " + name_of_host(host) + " may be forwarded and transferred outside" +
                                             (said ? ", and no user of the export forwards there" : "")));
}

}  // namespace

const Check check::off_switch_forwarding = {"off-switch-forwarding",
                                            "calls are or may be forwarded to numbers outside",
                                            Level::warning,
                                            4.3,
                                            "medium",
                                            {"security", "external/cwe/cwe-284"},
                                            run};

}  // namespace ipo
