#include "rules/exposure/media.h"
#include "rules/findings/check_list.h"
#include "rules/findings/setting_findings.h"

namespace ipo {
namespace {

// A STUN server tells the PBX its address, and a session border controller puts it in for the PBX.
void run(const Judgement& judgement, Findings& findings) {
  if (has_zone(judgement.site, "sbc")) return;
  for (const Host& host : judgement.site.hosts)
    for (std::string_view lan : lans) {
      std::string prefix(lan);
      const Setting *unset = host.setting(prefix + ".public_address"), *stun = host.setting(prefix + ".stun.server"),
                    *own = host.setting(prefix + ".address");
      if (!unset || !is_unset(*unset) || (stun && !is_unset(*stun))) continue;
      if (std::optional<Address> address = own ? parse_address(own->value.value) : std::nullopt; address && is_public(*address))
        continue;
      Nat nat = behind_nat(host, lan);
      bool remote = host.flag(prefix + ".sip.remote_extension") == true;
      bool trunk = host.flag(prefix + ".sip.trunks") == true && (nat == Nat::translated || nat == Nat::port_block);
      if ((!remote && !trunk) || nat == Nat::none) continue;
      findings.push_back(setting_finding(check::public_address_unset, Level::warning, host, *unset,
                                         lan_name(lan) + " of " + name_of_host(host) + " has " +
                                             (remote ? "remote SIP extensions" : "SIP trunks behind NAT") +
                                             " and no public address: it tells them a private one, and audio goes nowhere"));
    }
}

}  // namespace

const Check check::public_address_unset = {"public-address-unset",
                                           "the PBX does not know its public address and needs it",
                                           Level::warning,
                                           0,
                                           "medium",
                                           {"correctness"},
                                           run};

}  // namespace ipo
