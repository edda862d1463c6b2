#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/findings/check_list.h"
#include "rules/findings/guessable.h"
#include "rules/findings/users.h"

namespace ipo {
namespace {

// Codes that are guessed first are default-password's.
void run(const Judgement& judgement, Findings& findings) {
  const std::vector<User>& all = judgement.users;
  std::vector<std::pair<std::string_view, const User*>> by_code;
  by_code.reserve(all.size());
  for (const User& user : all)
    if (std::string_view code = user.text("user.login_code"_key); is_clear_code(code)) by_code.emplace_back(code, &user);
  std::sort(by_code.begin(), by_code.end());
  std::vector<const User*> sharing;
  std::size_t codes = 0;
  for (auto of = by_code.begin(), next = of; of != by_code.end(); of = next) {
    next = std::find_if(of, by_code.end(), [&](const auto& other) { return other.first != of->first; });
    auto guessed = next - of < 2
                       ? 0
                       : std::count_if(of, next, [](const auto& one) { return has_guessable(*one.second, "user.login_code"_key); });
    if (next - of - guessed < 2) continue;
    ++codes;
    for (auto one = of; one != next; ++one) sharing.push_back(one->second);
  }
  std::sort(sharing.begin(), sharing.end());  // as the export has them
  std::size_t before = findings.size();
  report_users_unnamed(
      judgement.sources, findings, check::shared_login_code, Level::warning, sharing, "user.login_code",
      fmt::format("{} users share {}", sharing.size(), codes == 1 ? "one login code" : fmt::format("{} login codes", codes)));
  bool bare =
      std::any_of(sharing.begin(), sharing.end(), [](const User* user) { return user->field("user.login_code"_key)->bare_number; });
  if (bare && findings.size() > before) {
    findings.back().certainty = Certainty::possible;
    findings.back().doubt.push_back({"JSON writes codes as numbers and drops the zeros they begin with", findings.back().span});
  }
}

}  // namespace

const Check check::shared_login_code = {"shared-login-code",
                                        "several users have one login code",
                                        Level::warning,
                                        5.9,
                                        "high",
                                        {"security", "external/cwe/cwe-521"},
                                        run};

}  // namespace ipo
