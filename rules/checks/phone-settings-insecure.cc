// Settings phones read from a 46xxsettings.txt. One that only some phones reach holds for some, and so is possible.
#include <fmt/format.h>

#include "parsers/text/letters.h"
#include "rules/findings/check_list.h"
#include "rules/findings/setting_findings.h"
#include "rules/matrix/known_secrets.h"
#include "rules/pbx/sip_ports.h"

namespace ipo {
namespace {

// The site has SIP over TLS: all of its phones, or those outside.
bool wants_tls(const Site& site) {
  if (site.remote_workers && site.remote_workers->value == "sip-tls") return true;
  for (const Host& host : site.hosts)
    if (speaks_only_tls(&host)) return true;
  return false;
}

std::string insecure(const Site& site, const Record& phones, const Setting& s) {
  const std::string& value = s.value.value;
  auto has = [&](std::string_view key) {
    const Setting* other = phones.field(key);
    return other && !other->value.value.empty();
  };
  if (s.key == "phone.config_server_secure_mode" && value == "0")
    return "phones fetch their settings unencrypted: secure mode is 0";
  if (s.key == "phone.http_server" && !value.empty() && !has("phone.tls_server") &&
      !phones.field("phone.config_server_secure_mode"))
    return "phones fetch their settings by HTTP only: no server for HTTPS is set";
  if ((s.key == "phone.sip_controllers" || s.key == "phone.sip_controllers_2") && wants_tls(site)) {
    std::string list = lower(value);
    if (list.find("transport=udp") != list.npos || list.find("transport=tcp") != list.npos)
      return "phones are told to signal in clear where the site has SIP over TLS";
  }
  if (s.key == "phone.snmp_string" && is_known_secret("snmp-community", value))
    return "the phones' SNMP community is a well-known default";
  if ((s.key == "phone.craft_password" || s.key == "phone.admin_password" || s.key == "phone.web_admin_password") &&
      is_known_secret("phone-password", value))
    return "the phones' administration password is the documented default";
  return {};
}

void run(const Judgement& judgement, Findings& findings) {
  for (const Record& phones : judgement.site.records) {
    if (phones.type != "46xxsettings") continue;
    for (const Setting& setting : phones.fields) {
      std::string what = insecure(judgement.site, phones, setting);
      if (what.empty()) continue;
      Finding f;
      f.check = check::phone_settings_insecure.id;
      f.level = Level::warning;
      f.message = std::move(what);
      f.span = setting.value.span;
      f.identity = setting.key.text();
      if (setting.conditional) {
        f.certainty = Certainty::possible;
        f.doubt.push_back({"only some phones reach this line", setting.value.span});
      }
      findings.push_back(std::move(f));
    }
  }
}

}  // namespace

const Check check::phone_settings_insecure = {"phone-settings-insecure",
                                              "the settings file of the phones makes them insecure",
                                              Level::warning,
                                              5.3,
                                              "high",
                                              {"security", "external/cwe/cwe-319", "external/cwe/cwe-1392"},
                                              run};

}  // namespace ipo
