#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "rules/checks/list.h"
#include "rules/guessable.h"
#include "rules/users.h"

namespace ipo {
namespace {

// Codes that are guessed first are default-password's.
void run(const Judgement& judgement, Findings& findings) {
  const std::vector<User>& all = judgement.users;
  std::unordered_map<std::string_view, std::vector<const User*>> by_code;
  for (const User& user : all)
    if (std::string_view code = user.text("user.login_code"); is_clear_code(code) && !has_guessable(user, "user.login_code"))
      by_code[code].push_back(&user);
  std::vector<const User*> sharing;
  std::size_t codes = 0;
  for (const User& user : all)
    if (auto same = by_code.find(user.text("user.login_code")); same != by_code.end() && same->second.size() > 1) {
      codes += same->second.front() == &user;
      sharing.push_back(&user);
    }
  std::size_t before = findings.size();
  report_users_unnamed(judgement.sources, findings, check::shared_login_code, Level::warning, sharing, "user.login_code",
                       fmt::format("{} users share {}", sharing.size(), codes == 1 ? "one login code" : fmt::format("{} login codes", codes)));
  bool bare = std::any_of(sharing.begin(), sharing.end(), [](const User* user) { return user->field("user.login_code")->bare_number; });
  if (bare && findings.size() > before) {
    findings.back().certainty = Certainty::possible;
    findings.back().doubt.push_back({"JSON writes codes as numbers and drops the zeros they begin with", findings.back().span});
  }
}

}  // namespace

const Check check::shared_login_code = {"shared-login-code", "several users have one login code", Level::warning, 5.9, "high",
                                        {"security", "external/cwe/cwe-521"}, run};

}  // namespace ipo
