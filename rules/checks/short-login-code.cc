#include <fmt/format.h>

#include <algorithm>

#include "rules/findings/check_list.h"
#include "rules/findings/users.h"

namespace ipo {
namespace {

// The site's own minimum; where several systems have one, the least.
std::optional<std::uint32_t> minimum(const Site& site) {
  std::optional<std::uint32_t> least;
  for (const Host& host : site.hosts)
    if (auto digits = host.number("telephony.minimum_code_length"); digits && (!least || *digits < *least)) least = digits;
  return least;
}

void run(const Judgement& judgement, Findings& findings) {
  std::optional<std::uint32_t> least = minimum(judgement.site);
  if (!least) return;
  const std::vector<User>& all = judgement.users;
  std::vector<const User*> with_short;
  for (const User& user : all)
    if (const Setting* code = user.field("user.login_code"_key);
        code && !code->bare_number && is_clear_code(code->value.value) && code->value.value.size() < *least)
      with_short.push_back(&user);
  report_users_unnamed(
      judgement.sources, findings, check::short_login_code, Level::warning, with_short, "user.login_code",
      fmt::format("{} a login code shorter than the {} digits the system asks for", counted_users(with_short.size()), *least));
}

}  // namespace

const Check check::short_login_code = {"short-login-code",
                                       "login codes are shorter than the system's minimum",
                                       Level::warning,
                                       5.9,
                                       "high",
                                       {"security", "external/cwe/cwe-521"},
                                       run};

}  // namespace ipo
