// A user without an extension is of use to nobody unless he can be reached in another way: by logging in at a phone with his code,
// with a softphone, from outside, by telephone of his own. Whether he has a code is only known where codes are exported at all.
#include <algorithm>
#include <unordered_set>

#include "rules/checks/list.h"
#include "rules/incomplete.h"
#include "rules/users.h"

namespace ipo {
namespace {

// Without an extension and without a code.
bool is_orphan(const User& user, const std::unordered_set<const Record*>& without_extension) {
  bool without = std::any_of(user.records.begin(), user.records.end(),
                             [&](const Record* record) { return without_extension.contains(record); });
  const Setting* code = user.field("user.login_code");
  if (!without || !code || !code->value.value.empty()) return false;
  for (const char* key : {"user.soft_phone", "user.remote_worker", "user.one_x_telecommuter", "user.one_x_client", "user.flare", "user.mobility_features"})
    if (user.flag(key) == true) return false;
  std::string_view package = user.text("user.package");
  std::string_view twinning = user.text("user.twinning_type");
  if (!user.text("user.follow_me_number").empty() || (!twinning.empty() && twinning != "0")) return false;
  return package != "7" && user.text("user.twinned_mobile_number").empty() && user.flag("user.forward_unconditional") != true;
}

void run(const Judgement& judgement, Findings& findings) {
  const std::vector<User>& all = judgement.users;
  bool codes = std::any_of(all.begin(), all.end(), [](const User& user) { return !user.text("user.login_code").empty(); });
  if (!codes || systems_of(all) > 1 || !is_whole(judgement.site, "Extension")) return;
  const std::vector<const Record*> numbers_only = hot_desk_users(judgement.site);
  std::unordered_set<const Record*> without(numbers_only.begin(), numbers_only.end());
  // Who has not even a number, where extensions are listed.
  bool listed = std::any_of(judgement.site.records.begin(), judgement.site.records.end(), [](const Record& r) { return r.type == "Extension"; });
  for (const User& user : all)
    if (const Setting* number = user.field("user.extension"); listed && number && number->value.value.empty())
      without.insert(user.records.begin(), user.records.end());
  std::vector<const User*> orphans;
  for (const User& user : all)
    if (is_orphan(user, without)) orphans.push_back(&user);
  report_users(findings, check::orphan_user, Level::note, orphans, "user.extension",
               counted_users(orphans.size()) + " neither an extension nor a code to log in with");
  // The API's answers have neither softphones nor numbers that calls are sent on to; they are told by fields nothing else has.
  auto answer = std::find_if(orphans.begin(), orphans.end(), [](const User* user) { return user->field("user.flare") && !user->field("user.soft_phone"); });
  if (answer == orphans.end()) return;
  findings.back().certainty = Certainty::possible;
  findings.back().doubt.push_back({"this export does not say who has a softphone or a number that calls are sent on to", (*answer)->records.front()->span});
}

}  // namespace

const Check check::orphan_user = {"orphan-user", "users have no extension and no way to log in at one", Level::note, 2.0, "medium",
                                  {"security", "maintainability", "external/cwe/cwe-286"}, run};

}  // namespace ipo
