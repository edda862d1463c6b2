#include "rules/findings/check_list.h"
#include "rules/findings/setting_findings.h"
#include "rules/pbx/services.h"

namespace ipo {
namespace {

struct Service {
  std::string_view key, name, row;
};

// Not HTTP, which phones need in clear, and not Enhanced TSPI, which has no encrypted level: firewalls and other checks are there
// for those.
constexpr Service services[] = {{"services.configuration.level", "Configuration", "ip-office/ingress/37"},
                                {"services.ssi.level", "System Status", "ip-office/ingress/39"},
                                {"services.security.level", "Security Administration", "ip-office/ingress/41"},
                                {"services.web_services.level", "Web Services", ""}};

void run(const Judgement& judgement, Findings& findings) {
  for (const Host& host : judgement.site.hosts)
    for (const Service& service : services) {
      const Setting* level = host.setting(service.key);
      if (!level || level_opens_clear(level->value.value) != true) continue;
      Finding f = setting_finding(check::unsecured_service_level, Level::error, host, *level,
                                  "the service " + std::string(service.name) + " of " + name_of_host(host) +
                                      " is served unencrypted: its level is '" + level->value.value + "'");
      if (!service.row.empty()) f.rows = {std::string(service.row)};
      findings.push_back(std::move(f));
    }
}

}  // namespace

const Check check::unsecured_service_level = {"unsecured-service-level",
                                              "a management service of the PBX is served unencrypted",
                                              Level::error,
                                              7.4,
                                              "very-high",
                                              {"security", "external/cwe/cwe-319"},
                                              run};

}  // namespace ipo
