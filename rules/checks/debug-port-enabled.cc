#include "rules/findings/check_list.h"
#include "rules/findings/judgement.h"
#include "rules/findings/setting_findings.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  for (const Host& host : judgement.site.hosts)
    for (const char* port : {"4097", "50823"})
      if (std::string key = std::string("debug.port_") + port; host.flag(key) == true) {
        Finding f;
        f.check = "debug-port-enabled";
        f.level = Level::error;
        f.message = std::string("debug port ") + port + " of " + name_of_host(host) + " is enabled";
        f.span = host.setting(key)->value.span;
        f.rows = {port[0] == '4' ? "ip-office/ingress/15" : "ip-office/ingress/44"};
        f.identity = host.name + '\n' + key;
        findings.push_back(std::move(f));
      }
}

}  // namespace

const Check check::debug_port_enabled = {"debug-port-enabled", "a debug port of the PBX is enabled", Level::error, 8.1,
                                         "very-high",          {"security", "external/cwe/cwe-489"}, run};

}  // namespace ipo
