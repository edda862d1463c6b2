// What the checks of a system's settings share: which release a host has, which LANs, and how a finding about a setting is made.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/findings/check.h"
#include "rules/findings/judgement.h"

namespace ipo {

constexpr std::array<std::string_view, 2> lans = {"lan1", "lan2"};
std::string lan_name(std::string_view lan);  // "LAN1"

// As declared, else as exported; nothing where neither says it.
std::optional<Release> stated_release(const Judgement& judgement, const Host& host);

// "harbour"; "the PBX" where it has no name.
std::string name_of_host(const Host& host);
// The same at the start of a sentence: "harbour", its addresses where it has no name.
std::string subject_of(const Host& host);

// At the setting's value. What it is about is the host and the setting, or `about` in the place of the setting's key.
Finding setting_finding(const Check& check, Level level, const Host& host, const Setting& setting, std::string message,
                        std::string_view about = {});

// One finding for settings that say the same of several records, at the first of them; their values are told only where
// Finding::named is printed. `message` has the count. Nothing where there are none.
void report_settings(Findings& findings, const Check& check, Level level, const std::vector<const Setting*>& settings,
                     std::string message);

// Visits the LANs of the host whose flag is on: visit(lan, setting).
template <class Visit>
void each_lan_with(const Host& host, std::string_view flag, Visit visit) {
  for (std::string_view lan : lans)
    if (std::string key = std::string(lan) + std::string(flag); host.flag(key) == true) visit(lan, *host.setting(key));
}

// The network of a LAN ("lan1"), of which only the address is known where no mask is given; nothing where it has no address.
std::optional<MaskedAddress> network_of(const Host& host, std::string_view lan);

// An address that stands for none: nothing entered, or all zeros.
bool is_unset(const Setting& address);

// The setting is a number the release does not take, or no release where it is not known; the range that is taken.
const IntervalSet* outside_range(const Setting& setting, const std::optional<Release>& release);
// Findings for the settings of `check.settings` that are outside their ranges, of hosts whose flag `in_use` is not off.
void report_outside(const Judgement& judgement, Findings& findings, const Check& check, std::string_view in_use = {});

}  // namespace ipo
