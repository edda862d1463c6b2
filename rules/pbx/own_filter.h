// The filter a PBX has of its own on a LAN, a firewall profile, in front of the services there. What it holds is in no answer of the
// Management API.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "parsers/model/model.h"

namespace ipo {

// Addresses of the host that are behind one, and the setting that says so.
inline std::vector<std::pair<IntervalSet, const Setting*>> behind_own_filter(const Host* host, Family family) {
  std::vector<std::pair<IntervalSet, const Setting*>> out;
  for (std::string lan : {"lan1", "lan2"}) {
    const Setting* profile = host ? host->setting(lan + ".firewall_profile") : nullptr;
    const Setting* address = host ? host->setting(lan + ".address") : nullptr;
    if (!profile || profile->value.value.empty() || !address) continue;
    if (auto own = parse_address(address->value.value)) {
      if (own->family == family) out.push_back({IntervalSet::of(own->value), profile});
    }
  }
  return out;
}

}  // namespace ipo
