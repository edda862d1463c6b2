#include "rules/findings/check_list.h"
#include "rules/findings/setting_findings.h"
#include "rules/pbx/services.h"

namespace ipo {
namespace {

// Where HTTP is not served in clear, browsers have to prove who they are.
void run(const Judgement& judgement, Findings& findings) {
  for (const Host& host : judgement.site.hosts) {
    const Setting* level = host.setting("services.http.level");
    if (host.flag("http.clients_only") != false || (level && level_opens_clear(level->value.value) == false)) continue;
    Finding f = setting_finding(check::http_clients_unrestricted, Level::warning, host, *host.setting("http.clients_only"),
                                "any HTTP client is served by " + name_of_host(host) +
                                    ", not only Avaya's: phone settings and user lists can be read with a browser");
    f.rows = {"ip-office/ingress/5"};
    findings.push_back(std::move(f));
  }
}

}  // namespace

const Check check::http_clients_unrestricted = {"http-clients-unrestricted",
                                                "the PBX serves HTTP to any client, not only to Avaya's",
                                                Level::warning,
                                                5.3,
                                                "high",
                                                {"security", "external/cwe/cwe-306"},
                                                run};

}  // namespace ipo
