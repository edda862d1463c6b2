#include "rules/pbx/host_lans.h"

#include <algorithm>
#include <string>

namespace ipo {

bool has_lan(const Host& host, std::string_view lan) {
  return host.setting(std::string(lan) + ".address") || (lan == "lan1" && !host.setting("lan2.address"));
}

Host with_lan_only(const Host& host, std::string_view lan) {
  Host out = host;
  std::string_view other = lan == "lan1" ? "lan2." : "lan1.";
  std::erase_if(out.settings, [&](const Setting& s) { return s.key.text().starts_with(other); });
  return out;
}

LansOfHosts::LansOfHosts(const std::vector<Host>& hosts) {
  for (const Host& host : hosts) {
    std::vector<Lan> found;
    for (std::string_view lan : {"lan1", "lan2"}) {
      const Setting* s = host.setting(std::string(lan) + ".address");
      std::optional<Address> address = s ? parse_address(s->value.value) : std::nullopt;
      if (address && address->value != 0 && (found.empty() || found.front().address != *address))
        found.push_back({lan, *address, {}});
    }
    if (found.size() < 2) continue;
    for (Lan& lan : found) lan.host = with_lan_only(host, lan.name);
    lans_.emplace(&host, std::move(found));
  }
}

std::vector<HostAt> LansOfHosts::parts(const Host* host, Family family, const IntervalSet& addresses) const {
  std::vector<HostAt> out;
  IntervalSet rest = addresses.empty() ? IntervalSet::range(0, address_max(family)) : addresses;
  if (auto two = lans_.find(host); two != lans_.end())
    for (const Lan& lan : two->second) {
      IntervalSet own = IntervalSet::of(lan.address.value);
      if (lan.address.family != family || !rest.intersects(own)) continue;
      out.push_back({&lan.host, lan.name, own});
      rest = rest.minus(own);
    }
  if (out.empty()) return {{host, {}, {}}};
  if (!rest.empty()) out.push_back({host, {}, std::move(rest)});
  return out;
}

}  // namespace ipo
