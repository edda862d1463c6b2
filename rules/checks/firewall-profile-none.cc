#include <fmt/format.h>

#include "rules/findings/check_list.h"
#include "rules/findings/setting_findings.h"
#include "rules/findings/site_filters.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  for (const Host& host : judgement.site.hosts) {
    // Servers under Linux have a firewall of another kind; what is given in front is judged by its rules.
    if (is_linux(host) || is_filtered(judgement, host)) continue;
    for (std::string_view lan : lans) {
      const Setting* profile = host.setting(std::string(lan) + ".firewall_profile");
      std::optional<MaskedAddress> network = network_of(host, lan);
      if (!profile || !profile->value.value.empty() || !network || !is_public({network->family, network->value})) continue;
      Finding f =
          setting_finding(check::firewall_profile_none, Level::note, host, *profile,
                          fmt::format("{} of {} has a public address and no firewall profile", lan_name(lan), name_of_host(host)));
      if (host.platform.empty()) {
        f.certainty = Certainty::possible;
        f.doubt.push_back({"the platform is not known; a server under Linux has no profiles", profile->value.span});
      }
      findings.push_back(std::move(f));
    }
  }
}

}  // namespace

const Check check::firewall_profile_none = {"firewall-profile-none",
                                            "a LAN of the PBX with a public address has no firewall profile",
                                            Level::note,
                                            3.1,
                                            "medium",
                                            {"security", "external/cwe/cwe-284"},
                                            run};

}  // namespace ipo
