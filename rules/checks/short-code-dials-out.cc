// A system's short codes are everybody's. Which number a code leads to is in its two fields: N in both is whatever is dialled.
#include <fmt/format.h>

#include <algorithm>

#include "parsers/ipoffice/settings.h"
#include "parsers/text/values.h"
#include "rules/findings/check_list.h"
#include "rules/findings/setting_findings.h"
#include "rules/findings/users.h"
#include "rules/pbx/incomplete.h"
#include "rules/pbx/records.h"

namespace ipo {
namespace {

constexpr std::string_view dial = "31";  // ShortCode/Feature of every code in the documentation that dials

bool holds(const Setting* setting, char letter) { return setting && setting->value.value.find(letter) != std::string::npos; }
bool says(const Record& record, std::string_view key, bool value) {
  const Setting* s = record.field(key);
  return s && parse_flag(s->value.value) == value;
}

// Whatever follows the code is dialled on a group of lines, and no code is asked for.
bool dials_anything(const Record& code) {
  const Setting *feature = code.field("short_code.feature"_key), *group = code.field("short_code.line_group"_key);
  return feature && feature->value.value == dial && group && !group->value.value.empty() && group->value.value != "0" &&
         holds(code.field("short_code.code"_key), 'N') && holds(code.field("short_code.number"_key), 'N') &&
         says(code, "short_code.force_account_code", false) && !says(code, "short_code.force_authorization_code", true);
}

// Every user the export lists is barred from calls outside or has to give an account code.
bool all_are_barred(const Judgement& judgement) {
  const std::vector<User>& users = judgement.users;
  return !users.empty() && is_whole(judgement.site, "User") && std::all_of(users.begin(), users.end(), [](const User& user) {
    return user.flag("user.outgoing_call_bar"_key) == true || user.flag("user.force_account_code"_key) == true;
  });
}

void run(const Judgement& judgement, Findings& findings) {
  if (all_are_barred(judgement)) return;
  std::vector<const Setting*> open;
  DifferentRecords different;
  for (const Record& record : judgement.site.records)
    if (record.type == "ShortCode" && dials_anything(record) && different.add(record))
      open.push_back(record.field("short_code.code"_key));
  report_settings(findings, check::short_code_dials_out, Level::note, open,
                  open.size() == 1 ? "1 short code dials any number outside, without an account code"
                                   : fmt::format("{} short codes dial any number outside, without an account code", open.size()));
}

}  // namespace

const Check check::short_code_dials_out = {"short-code-dials-out",
                                           "whoever may dial a short code may call any number outside",
                                           Level::note,
                                           3.1,
                                           "medium",
                                           {"security", "external/cwe/cwe-862"},
                                           run};

}  // namespace ipo
