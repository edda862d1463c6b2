#include "rules/findings/check_list.h"
#include "rules/findings/judgement.h"
#include "rules/findings/setting_findings.h"
#include "rules/matrix/known_secrets.h"

namespace ipo {
namespace {

// Silent when SNMP is switched off; where the export does not say, the community is still a default waiting to be used.
void run(const Judgement& judgement, Findings& findings) {
  for (const Host& host : judgement.site.hosts) {
    const Setting* community = host.setting("snmp.community");
    if (!community || host.flag("snmp.enabled") == false) continue;
    const std::string& value = community->value.value;
    if (!value.empty() && !is_known_secret("snmp-community", value)) continue;
    Finding f;
    f.check = "snmp-default-community";
    f.level = Level::error;
    f.message = "the SNMP community of " + name_of_host(host) + " is " + (value.empty() ? "empty" : "a well-known default");
    f.span = community->value.span;
    f.rows = {"ip-office/ingress/7"};
    f.identity = host.name + "\nsnmp.community";
    findings.push_back(std::move(f));
  }
}

}  // namespace

const Check check::snmp_default_community = {"snmp-default-community",
                                             "the SNMP community is a well-known default or empty",
                                             Level::error,
                                             7.5,
                                             "very-high",
                                             {"security", "external/cwe/cwe-1392"},
                                             run};

}  // namespace ipo
