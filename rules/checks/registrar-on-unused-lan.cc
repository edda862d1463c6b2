// The extensions of an export tell which phones there are. Softphones and phones of linked systems that fall back to this one have
// no record here, so where there may be any the registrar has users.
#include <algorithm>

#include "rules/findings/check_list.h"
#include "rules/findings/setting_findings.h"
#include "rules/findings/users.h"
#include "rules/pbx/incomplete.h"

namespace ipo {
namespace {

constexpr std::string_view analogue_type = "0", h323_type = "1", sip_type = "3";  // Extension/TypeInfo; 2 and 4 are DECT

void run(const Judgement& judgement, Findings& findings) {
  const Site& site = judgement.site;
  bool known = false, sip = false, h323 = false;
  for (const Record& record : site.records) {
    const Setting* type = record.type == "Extension" ? record.field("extension.type"_key) : nullptr;
    if (!type || type->value.value.empty()) continue;
    known = true;
    sip = sip || type->value.value == sip_type;
    h323 = h323 || type->value.value == h323_type;
    // How DECT base stations of those two kinds register depends on their model; what another number means is not documented.
    if (type->value.value != analogue_type && type->value.value != h323_type && type->value.value != sip_type) sip = h323 = true;
  }
  for (const User& user : judgement.users)
    for (const char* key : {"user.soft_phone", "user.remote_worker", "user.one_x_telecommuter", "user.flare"})
      if (user.flag(key) == true) sip = h323 = true;
  auto systems =
      std::count_if(site.hosts.begin(), site.hosts.end(), [](const Host& h) { return h.setting("lan1.address") != nullptr; });
  if (!known || !site.peers.empty() || systems > 1 || !is_whole(site, "Extension") || !is_whole(site, "User")) return;
  for (const Host& host : site.hosts)
    for (const auto& [flag, used, name, kind, row] :
         {std::tuple(".sip.registrar", sip, "SIP registrar", "SIP", "ip-office/ingress/16"),
          {".h323.gatekeeper", h323, "H.323 gatekeeper", "H.323", "ip-office/ingress/12"}}) {
      if (used) continue;
      each_lan_with(host, flag, [&, name = name, kind = kind, row = row](std::string_view lan, const Setting& setting) {
        Finding f = setting_finding(check::registrar_on_unused_lan, Level::warning, host, setting,
                                    std::string("the ") + name + " is on in " + lan_name(lan) + " of " + name_of_host(host) +
                                        ", and no extension of the export uses " + kind);
        f.rows = {row};
        findings.push_back(std::move(f));
      });
    }
}

}  // namespace

const Check check::registrar_on_unused_lan = {"registrar-on-unused-lan",
                                              "phones can register where no phone does",
                                              Level::warning,
                                              5.0,
                                              "medium",
                                              {"security", "external/cwe/cwe-1188"},
                                              run};

}  // namespace ipo
