// A user without an extension is of use to nobody unless he can be reached in another way: by logging in at a phone with his code,
// with a softphone, from outside, by telephone of his own. Whether he has a code is only known where codes are exported at all.
#include <algorithm>
#include <unordered_set>

#include "rules/findings/check_list.h"
#include "rules/findings/users.h"
#include "rules/pbx/incomplete.h"

namespace ipo {
namespace {

// Without a code, and not told by anything else that he works without a phone of his own.
bool is_bound_to_a_phone(const User& user) {
  const Setting* code = user.field("user.login_code"_key);
  if (!code || !code->value.value.empty()) return false;
  for (Interned key : {"user.soft_phone"_key, "user.remote_worker"_key, "user.one_x_telecommuter"_key, "user.one_x_client"_key,
                       "user.flare"_key, "user.mobility_features"_key})
    if (user.flag(key) == true) return false;
  std::string_view package = user.text("user.package"_key);
  std::string_view twinning = user.text("user.twinning_type"_key);
  if (!user.text("user.follow_me_number"_key).empty() || (!twinning.empty() && twinning != "0")) return false;
  return package != "7" && user.text("user.twinned_mobile_number"_key).empty() &&
         user.flag("user.forward_unconditional"_key) != true;
}

void run(const Judgement& judgement, Findings& findings) {
  const std::vector<User>& all = judgement.users;
  bool codes = std::any_of(all.begin(), all.end(), [](const User& user) { return !user.text("user.login_code"_key).empty(); });
  if (!codes || systems_of(all) > 1 || !is_whole(judgement.site, "Extension")) return;
  std::vector<const User*> orphans;
  for (const User& user : all)
    if (is_bound_to_a_phone(user)) orphans.push_back(&user);
  if (orphans.empty()) return;
  const std::vector<const Record*> numbers_only = hot_desk_users(judgement.site);
  std::unordered_set<const Record*> without(numbers_only.begin(), numbers_only.end());
  // Who has not even a number, where extensions are listed.
  bool listed = std::any_of(judgement.site.records.begin(), judgement.site.records.end(),
                            [](const Record& r) { return r.type == "Extension"; });
  std::erase_if(orphans, [&](const User* user) {
    const Setting* number = user->field("user.extension"_key);
    return !(listed && number && number->value.value.empty()) &&
           std::none_of(user->records.begin(), user->records.end(), [&](const Record* record) { return without.contains(record); });
  });
  report_users(findings, check::orphan_user, Level::note, orphans, "user.extension",
               counted_users(orphans.size()) + " neither an extension nor a code to log in with");
  // The API's answers have neither softphones nor numbers that calls are sent on to; they are told by fields nothing else has.
  auto answer = std::find_if(orphans.begin(), orphans.end(),
                             [](const User* user) { return user->field("user.flare"_key) && !user->field("user.soft_phone"_key); });
  if (answer == orphans.end()) return;
  findings.back().certainty = Certainty::possible;
  findings.back().doubt.push_back(
      {"this export does not say who has a softphone or a number that calls are sent on to", (*answer)->records.front()->span});
}

}  // namespace

const Check check::orphan_user = {"orphan-user", "users have no extension and no way to log in at one",   Level::note, 2.0,
                                  "medium",      {"security", "maintainability", "external/cwe/cwe-286"}, run};

}  // namespace ipo
