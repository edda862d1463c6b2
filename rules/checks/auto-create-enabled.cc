#include "rules/findings/check_list.h"
#include "rules/findings/setting_findings.h"

namespace ipo {
namespace {

// Where nothing registers, nothing is created.
void run(const Judgement& judgement, Findings& findings) {
  for (const Host& host : judgement.site.hosts)
    for (const auto& [flag, server, name, row] : {std::tuple(".sip.auto_create", ".sip.registrar", "SIP", "ip-office/ingress/16"),
                                                  {".h323.auto_create", ".h323.gatekeeper", "H.323", "ip-office/ingress/13"}})
      each_lan_with(host, flag,
                    [&, flag = flag, server = server, name = name, row = row](std::string_view lan, const Setting& setting) {
                      if (host.flag(std::string(lan) + server) == false) return;
                      bool no_user = host.flag(std::string(lan) + std::string(flag) + "_user") == false;
                      Finding f = setting_finding(check::auto_create_enabled, Level::error, host, setting,
                                                  lan_name(lan) + " of " + name_of_host(host) + " gives every " + name +
                                                      " phone that registers a new extension" + (no_user ? "" : " and user"));
                      f.rows = {row};
                      findings.push_back(std::move(f));
                    });
}

}  // namespace

const Check check::auto_create_enabled = {"auto-create-enabled",
                                          "extensions and users are created for whatever registers",
                                          Level::error,
                                          8.1,
                                          "very-high",
                                          {"security", "external/cwe/cwe-306"},
                                          run};

}  // namespace ipo
