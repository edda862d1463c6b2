// A secret is guessed first when it is in public documents, is the user's own number, one digit repeated, or digits in a row. Only
// secrets in clear are looked at: masked and hashed ones tell nothing.
#include <fmt/format.h>

#include "parsers/model/number_set.h"
#include "rules/findings/check_list.h"
#include "rules/findings/guessable.h"
#include "rules/findings/setting_findings.h"
#include "rules/findings/users.h"

namespace ipo {
namespace {

// Who can be rung up by anyone who can register as him: remote and softphone users, and those of SIP extensions.
bool is_reachable(const User& user, const NumberSet& sip_extensions) {
  const Setting* number = user.field("user.extension"_key);
  return user.flag("user.remote_worker"_key) == true || user.flag("user.soft_phone"_key) == true ||
         (number && sip_extensions.contains(*number));
}

// SIP extensions that have a number of these users.
NumberSet sip_extensions(const Site& site, const std::vector<const User*>& users) {
  NumberSet asked, out;
  for (const User* user : users)
    if (const Setting* number = user->field("user.extension"_key)) asked.add(*number);
  if (asked.empty()) return out;
  for (const Record& record : site.records) {
    const Setting* number = record.type == "Extension" ? record.field("extension.number"_key) : nullptr;
    if (!number || !asked.contains(*number)) continue;
    if (const Setting* type = record.field("extension.type"_key); type && type->value.value == "3") out.add(*number);
  }
  return out;
}

void users(const Judgement& judgement, Findings& findings) {
  const std::vector<User>& all = judgement.users;
  for (const auto& [key, name, registers] : {std::tuple("user.login_code"_key, "login code", true),
                                             {"user.password"_key, "password", true},
                                             {"user.voicemail_code"_key, "voicemail code", false}}) {
    std::vector<const User*> weak, outside, others;
    for (const User& user : all)
      if (has_guessable(user, key)) weak.push_back(&user);
    const NumberSet sip = registers ? sip_extensions(judgement.site, weak) : NumberSet();
    for (const User* user : weak) (registers && is_reachable(*user, sip) ? outside : others).push_back(user);
    report_users_unnamed(
        judgement.sources, findings, check::default_password, Level::error, outside, key.text() + " outside",
        fmt::format("{} a {} that is guessed first", counted_users(outside.size(), "remote, SIP or softphone user"), name));
    report_users_unnamed(judgement.sources, findings, check::default_password, Level::warning, others, key.text(),
                         fmt::format("{} a {} that is guessed first", counted_users(others.size()), name));
  }
}

void run(const Judgement& judgement, Findings& findings) {
  users(judgement, findings);
  for (const Host& host : judgement.site.hosts)
    for (const auto& [key, name] : {std::pair("voip.default_extension_password", "default extension password"),
                                    {"security.system_password", "system password"},
                                    {"security.voicemail_password", "Voicemail Pro password"},
                                    {"security.monitor_password", "monitor password"}})
      if (const Setting* secret = host.setting(key); secret && is_guessable(secret->value.value, ""))
        findings.push_back(setting_finding(check::default_password, Level::warning, host, *secret,
                                           fmt::format("the {} of {} is one that is guessed first", name, name_of_host(host))));
}

}  // namespace

const Check check::default_password = {"default-password",
                                       "passwords or codes are defaults or the first guesses",
                                       Level::error,
                                       9.1,
                                       "high",
                                       {"security", "external/cwe/cwe-1392", "external/cwe/cwe-521"},
                                       run};

}  // namespace ipo
