// That nobody uses it is said by [calls], or by an export of the users in which none works from outside. Where neither is given
// nobody knows.
#include <algorithm>

#include "rules/findings/check_list.h"
#include "rules/findings/setting_findings.h"
#include "rules/findings/users.h"
#include "rules/pbx/incomplete.h"

namespace ipo {
namespace {

// Why remote extensions of the protocol ("sip", "h323") are unused; empty where they are not, or nothing says it.
std::string unused(const Site& site, const std::vector<User>& users, std::string_view protocol) {
  if (site.remote_workers) {
    const std::string& by = site.remote_workers->value;
    // Behind a session border controller phones outside may well be remote extensions.
    return by.starts_with(protocol) || by == "sbc" ? "" : "[calls] declares remote_workers = \"" + by + "\"";
  }
  bool said = false;
  for (const User& user : users) {
    for (const char* key : {"user.remote_worker", "user.soft_phone", "user.one_x_telecommuter", "user.flare"})
      if (user.flag(key) == true) return {};
    said = said || user.flag("user.remote_worker"_key).has_value();
  }
  return said && is_whole(site, "User") ? "no user of the export is a remote worker" : "";
}

void run(const Judgement& judgement, Findings& findings) {
  const std::vector<User>& users = judgement.users;
  for (const Host& host : judgement.site.hosts)
    for (const auto& [flag, protocol, name, row] : {std::tuple(".sip.remote_extension", "sip", "SIP", "ip-office/ingress/16"),
                                                    {".h323.remote_extension", "h323", "H.323", "ip-office/ingress/12"}}) {
      std::string why = unused(judgement.site, users, protocol);
      if (why.empty()) continue;
      each_lan_with(host, flag, [&, name = name, row = row](std::string_view lan, const Setting& setting) {
        Finding f =
            setting_finding(check::remote_extension_enabled_unused, Level::warning, host, setting,
                            lan_name(lan) + " of " + name_of_host(host) + " takes remote " + name + " extensions, and " + why);
        f.rows = {row};
        findings.push_back(std::move(f));
      });
    }
}

}  // namespace

const Check check::remote_extension_enabled_unused = {"remote-extension-enabled-unused",
                                                      "extensions outside are admitted and nobody has one",
                                                      Level::warning,
                                                      5.3,
                                                      "medium",
                                                      {"security", "external/cwe/cwe-1188"},
                                                      run};

}  // namespace ipo
