// The number of addresses decides: what the numbers of DHCPmode mean is not documented.
#include <fmt/format.h>

#include "parsers/text/letters.h"
#include "rules/findings/check_list.h"
#include "rules/findings/setting_findings.h"
#include "rules/findings/site_filters.h"
#include "rules/pbx/services.h"

namespace ipo {
namespace {

// "Client" and "Dialin" serve nobody on the network.
bool serves(const Host& host, const std::string& lan) {
  const Setting* mode = host.setting(lan + ".dhcp.mode");
  if (mode && (says_off(*mode) || same_letters(mode->value.value, "client") || same_letters(mode->value.value, "dialin")))
    return false;
  std::optional<std::uint32_t> addresses = host.number(lan + ".dhcp.addresses");
  return addresses && *addresses > 0;
}

void run(const Judgement& judgement, Findings& findings) {
  for (const Host& host : judgement.site.hosts) {
    // Behind a firewall that is given, a network with public addresses may well be an inside one.
    if (is_filtered(judgement, host)) continue;
    for (std::string_view lan : lans) {
      std::optional<MaskedAddress> network = network_of(host, lan);
      if (!network || !is_public({network->family, network->value}) || !serves(host, std::string(lan))) continue;
      const Setting& count = *host.setting(std::string(lan) + ".dhcp.addresses");
      bool phones = host.flag(std::string(lan) + ".dhcp.avaya_phones_only") == true;
      Finding f = setting_finding(
          check::dhcp_served_outside, Level::warning, host, count,
          fmt::format("{} of {} has a public address and hands out {} there{}", lan_name(lan), name_of_host(host),
                      count.value.value + (host.number(std::string(lan) + ".dhcp.addresses") == 1u ? " address" : " addresses"),
                      phones ? ", to Avaya phones only" : ""));
      f.rows = {"ip-office/ingress/2"};
      findings.push_back(std::move(f));
    }
  }
}

}  // namespace

const Check check::dhcp_served_outside = {"dhcp-served-outside",
                                          "the PBX serves DHCP on a network with public addresses",
                                          Level::warning,
                                          5.3,
                                          "medium",
                                          {"security", "external/cwe/cwe-668"},
                                          run};

}  // namespace ipo
