#include <fmt/format.h>

#include "parsers/ipoffice/settings.h"
#include "rules/findings/check_list.h"
#include "rules/findings/setting_findings.h"

namespace ipo {
namespace {

// Documented for LAN1 only.
void run(const Judgement& judgement, Findings& findings) {
  for (const Host& host : judgement.site.hosts)
    if (const Setting* address = host.setting("lan1.address"))
      for (const SettingDefault& factory : find_setting("lan1.address")->defaults)
        if (parse_address(address->value.value) == parse_address(factory.value))
          findings.push_back(setting_finding(
              check::factory_address, Level::note, host, *address,
              fmt::format("LAN1 of {} has the address every system has from the factory, {}", name_of_host(host), factory.value)));
}

}  // namespace

const Check check::factory_address = {"factory-address",
                                      "LAN1 of the PBX has the factory's address (runs only when asked for)",
                                      Level::note,
                                      0,
                                      "very-high",
                                      {"maintainability"},
                                      run,
                                      false,
                                      {},
                                      {},
                                      true};

}  // namespace ipo
