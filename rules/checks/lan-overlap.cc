#include <fmt/format.h>

#include "rules/findings/check_list.h"
#include "rules/findings/setting_findings.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  for (const Host& host : judgement.site.hosts) {
    std::optional<MaskedAddress> first = network_of(host, "lan1"), second = network_of(host, "lan2");
    if (!first || !second || first->family != second->family) continue;
    u128 both = first->mask & second->mask;
    if ((first->value & both) != (second->value & both)) continue;
    const Setting &lan1 = *host.setting("lan1.address"), &lan2 = *host.setting("lan2.address");
    std::string shared = lan1.value.value == lan2.value.value ? "the address " + lan2.value.value : "a network";
    Finding f = setting_finding(check::lan_overlap, Level::warning, host, lan2,
                                fmt::format("LAN1 and LAN2 of {} have {} in common", name_of_host(host), shared));
    f.related.push_back({"LAN1", lan1.value.span});
    findings.push_back(std::move(f));
  }
}

}  // namespace

const Check check::lan_overlap = {
    "lan-overlap", "the two LANs of the PBX overlap", Level::warning, 0, "very-high", {"correctness"}, run};

}  // namespace ipo
