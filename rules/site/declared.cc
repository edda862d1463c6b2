// Hosts are matched first, then settings go to the PBX, then dumps are joined and the interfaces the zones name are
// looked up in them.
#include "rules/site/declared.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "rules/site/join_dumps.h"
#include "rules/site/required.h"
#include "rules/site/resolve_sets.h"

namespace ipo {
namespace {

bool share_address(const Host& a, const Host& b) {
  for (const Located<Address>& x : a.addresses)
    for (const Located<Address>& y : b.addresses)
      if (x.value == y.value) return true;
  return false;
}

std::string format_all(const std::vector<Located<Address>>& addresses) {
  std::string out;
  for (const Located<Address>& a : addresses) out += (out.empty() ? "" : ", ") + format_address(a.value);
  return out;
}

// The host of an export that a declared host is, or null.
Host* counterpart(Site& site, const Host& declared, std::size_t declared_pbxes) {
  for (Host& host : site.hosts)
    if ((!declared.name.empty() && host.name == declared.name) || share_address(host, declared)) return &host;
  if (!is_pbx(declared) || declared_pbxes != 1 || std::count_if(site.hosts.begin(), site.hosts.end(), is_pbx) != 1) return nullptr;
  return &*std::find_if(site.hosts.begin(), site.hosts.end(), is_pbx);
}

void declare_hosts(Site& site, const std::vector<Host>& declared) {
  auto pbxes = static_cast<std::size_t>(std::count_if(declared.begin(), declared.end(), is_pbx));
  std::vector<Host> others;
  for (const Host& d : declared) {
    Host* host = counterpart(site, d, pbxes);
    if (!host) {
      others.push_back(d);
      if (others.back().name.empty()) others.back().name = "pbx";
      continue;
    }
    if (!d.addresses.empty()) {
      std::set<Address> said, read;
      for (const Located<Address>& a : d.addresses) said.insert(a.value);
      for (const Located<Address>& a : host->addresses) read.insert(a.value);
      if (!read.empty() && said != read)
        site.inferences.push_back({fmt::format("the addresses of '{}' are {} as declared, not {} as exported", host->name,
                                               format_all(d.addresses), format_all(host->addresses)),
                                   d.span});
      host->addresses = d.addresses;
    }
    if (!d.name.empty()) host->name = d.name;
    if (!d.platform.empty()) host->platform = d.platform;
    for (const std::string& product : d.products)
      if (std::find(host->products.begin(), host->products.end(), product) == host->products.end())
        host->products.push_back(product);
  }
  for (Host& host : others) site.hosts.push_back(std::move(host));
}

void declare_settings(Site& site, const std::vector<Setting>& settings) {
  if (settings.empty()) return;
  pbx_of(site);
  for (Host& host : site.hosts) {
    if (!is_pbx(host)) continue;
    for (const Setting& said : settings) {
      auto read = std::find_if(host.settings.begin(), host.settings.end(), [&](const Setting& s) { return s.key == said.key; });
      if (read == host.settings.end()) {
        host.settings.push_back(said);
        continue;
      }
      if (read->value.value != said.value.value) host.contradictions.push_back({said, *read});
      *read = said;
    }
  }
}

// A zone's interface may be one no rule speaks of; it may also be mistyped, so it is told.
void note_unnamed_interfaces(Site& site) {
  bool any = false;
  std::vector<Inference> unnamed;
  for (const Zone& zone : site.zones)
    for (const Located<InterfaceTest>& interface : zone.interfaces)
      if (std::none_of(site.firewalls.begin(), site.firewalls.end(),
                       [&](const Firewall& firewall) { return names_interface(firewall, interface.value, any); }))
        unnamed.push_back(
            {fmt::format("zone {} is behind {}, an interface that no rule names", zone.name, format_interface(interface.value)),
             interface.span});
  // Where the rules name none at all, there is nothing to mistype.
  if (any) site.inferences.insert(site.inferences.end(), unnamed.begin(), unnamed.end());
}

}  // namespace

bool is_pbx(const Host& host) { return std::find(host.products.begin(), host.products.end(), "ip-office") != host.products.end(); }

Host& pbx_of(Site& site) {
  for (Host& host : site.hosts)
    if (is_pbx(host)) return host;
  Host host;
  host.name = "pbx";
  host.products = {"ip-office"};
  return site.hosts.emplace_back(std::move(host));
}

void declare(Site& site, const Sources& sources, const SiteFile& file, const std::string& working_folder) {
  declare_hosts(site, file.hosts);
  declare_settings(site, file.settings);
  site.zones = file.zones;
  site.trunks = file.trunks;
  site.remote_workers = file.remote_workers;
  site.peers = file.peers;
  join_declared(site, sources, file.firewalls, working_folder);
  join_by_name(site, sources);
  resolve_sets(site, sources, file.firewalls, working_folder);
  note_unnamed_interfaces(site);
}

}  // namespace ipo
