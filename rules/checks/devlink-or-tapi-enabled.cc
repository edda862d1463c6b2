#include <algorithm>

#include "rules/findings/check_list.h"
#include "rules/findings/setting_findings.h"

namespace ipo {
namespace {

// One-X Portal is none: it uses Enhanced TSPI.
bool is_client(const Host& host) {
  return std::any_of(host.products.begin(), host.products.end(),
                     [](const std::string& p) { return p == "contact-recorder" || p == "ccr"; });
}

void run(const Judgement& judgement, Findings& findings) {
  const auto& hosts = judgement.site.hosts;
  if (std::any_of(hosts.begin(), hosts.end(), is_client)) return;
  for (const Host& host : hosts)
    for (const auto& [key, name, row] :
         {std::tuple("devlink", "DevLink", "ip-office/ingress/31"), {"tapi", "TAPI", "ip-office/ingress/34"}}) {
      if (host.flag(key) != true) continue;
      Finding f =
          setting_finding(check::devlink_or_tapi_enabled, Level::warning, host, *host.setting(key),
                          std::string(name) + " of " + name_of_host(host) + " is active and no program that uses it is declared");
      f.rows = {row};
      findings.push_back(std::move(f));
    }
}

}  // namespace

const Check check::devlink_or_tapi_enabled = {"devlink-or-tapi-enabled",
                                              "DevLink or TAPI is active and no program is known to use it",
                                              Level::warning,
                                              5.3,
                                              "medium",
                                              {"security", "external/cwe/cwe-1188"},
                                              run};

}  // namespace ipo
