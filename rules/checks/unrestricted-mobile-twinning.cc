#include "rules/findings/check_list.h"
#include "rules/findings/users.h"
#include "rules/pbx/incomplete.h"

namespace ipo {
namespace {

// A mobile that is twinned dials as the user does. The type says whether the number is in use: 2 is mobile twinning.
bool is_twinned(const User& user) {
  std::string_view type = user.text("user.twinning_type"_key);
  return type.empty() ? user.flag("user.mobility_features"_key) != false : type == "2";
}

// Both restrictions must be said to be off: what the export does not give is not known.
void run(const Judgement& judgement, Findings& findings) {
  const std::vector<User>& all = judgement.users;
  const std::size_t own = judgement.longest_own_number;
  std::vector<const User*> twinned;
  for (const User& user : all)
    if (is_twinned(user) && is_external(user.text("user.twinned_mobile_number"_key), own) &&
        user.flag("user.outgoing_call_bar"_key) == false && user.flag("user.force_account_code"_key) == false)
      twinned.push_back(&user);
  report_users(findings, check::unrestricted_mobile_twinning, Level::warning, twinned, "user.twinned_mobile_number",
               counted_users(twinned.size()) + " a twinned mobile that may call anywhere, without a bar or an account code");
  if (!twinned.empty()) doubt_own_numbers(judgement.site, {&findings.back(), 1});
}

}  // namespace

const Check check::unrestricted_mobile_twinning = {"unrestricted-mobile-twinning",
                                                   "twinned mobiles may call anywhere at the system's cost",
                                                   Level::warning,
                                                   4.3,
                                                   "medium",
                                                   {"security", "external/cwe/cwe-284"},
                                                   run};

}  // namespace ipo
