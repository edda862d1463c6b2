#include "rules/exposure/media.h"
#include "rules/findings/check_list.h"
#include "rules/findings/setting_findings.h"

namespace ipo {
namespace {

// A static port block is forwarded whether or not anything was sent, and so needs no refreshing.
void run(const Judgement& judgement, Findings& findings) {
  for (const Host& host : judgement.site.hosts)
    for (std::string_view lan : lans) {
      std::string prefix(lan);
      if (host.number(prefix + ".binding_refresh") != 0u || host.flag(prefix + ".sip.trunks") == false) continue;
      if (behind_nat(host, lan) != Nat::translated) continue;
      findings.push_back(
          setting_finding(check::nat_binding_refresh_off, Level::warning, host, *host.setting(prefix + ".binding_refresh"),
                          lan_name(lan) + " of " + name_of_host(host) +
                              " is behind NAT and never refreshes its binding: incoming calls stop when the NAT forgets it"));
    }
}

}  // namespace

const Check check::nat_binding_refresh_off = {"nat-binding-refresh-off",
                                              "the PBX is behind NAT and does not keep its binding open",
                                              Level::warning,
                                              0,
                                              "medium",
                                              {"correctness"},
                                              run};

}  // namespace ipo
