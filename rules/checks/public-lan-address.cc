// Silent where the host's own filter is among the files, for then the exposure checks speak, and for a hosted server, which has
// nothing but public addresses. It is an error where nothing can be in front: its own firewall is switched off, or the path
// of firewalls is declared and does not lead to it.
#include <algorithm>

#include "rules/findings/check_list.h"
#include "rules/findings/setting_findings.h"
#include "rules/findings/site_filters.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  const auto& firewalls = judgement.site.firewalls;
  bool declared_path = std::any_of(firewalls.begin(), firewalls.end(), [](const Firewall& f) { return f.role.has_value(); });
  for (const Host& host : judgement.site.hosts) {
    bool own_filter = false, in_front = false;
    for (const auto& passage : judgement.exposure.passages()) {
      bool here = passage->host == &host || (passage->at->protects_itself && passage->at->runs_on(host));
      own_filter = own_filter || (here && passage->at->protects_itself);
      in_front = in_front || (here && passage->inbound);
    }
    bool hosted = is_linux(host) && host.flag("firewall.active") != false &&
                  std::all_of(host.addresses.begin(), host.addresses.end(), [](const auto& a) { return is_public(a.value); });
    if (own_filter || hosted) continue;
    for (std::string_view lan : lans) {
      const Setting* setting = host.setting(std::string(lan) + ".address");
      std::optional<Address> address = setting ? parse_address(setting->value.value) : std::nullopt;
      if (!address || !is_public(*address)) continue;
      bool bare = !in_front && (declared_path || host.flag("firewall.active") == false);
      std::string message = lan_name(lan) + " of " + name_of_host(host) + " has the public address " + format_address(*address);
      message += in_front ? "; whatever the firewall in front lets through reaches it from the internet"
                 : bare   ? "; no filter is in front of it"
                          : "; no filter in front of it is among the files";
      findings.push_back(
          setting_finding(check::public_lan_address, bare ? Level::error : Level::warning, host, *setting, std::move(message)));
    }
  }
}

}  // namespace

const Check check::public_lan_address = {"public-lan-address",
                                         "a LAN of the PBX has a public address",
                                         Level::error,
                                         7.5,
                                         "medium",
                                         {"security", "external/cwe/cwe-668"},
                                         run};

}  // namespace ipo
