// What the inputs do not say outright: which side is the internet, what role a firewall plays, where the PBX is, which
// firewall stands behind which.
//
// Every conclusion is recorded as an Inference with the line it rests on (product.md, "Inferring the internet zone",
// "Roles", "The PBX").
#pragma once

#include <string>
#include <vector>

#include "parsers/model/model.h"
#include "rules/matrix/port_matrix.h"

namespace ipo {

struct SiteOptions {
  std::vector<std::string> internet;  // interface names; empty = as declared, else infer
  std::vector<Address> pbx;           // empty = as declared or exported, else infer
  // Addresses somebody asks about: a zone of their own, named as they are written, if they are inside and no declared zone has them.
  std::optional<MaskedAddress> from = {};
};

// A zone as a firewall sees it.
struct ZoneAt {
  std::string name;  // "internet", "itsp"; "network" where only a host's own filter is known
  std::string kind;
  std::vector<const Zone*> tables;  // what was declared; empty for an inferred internet
  bool is_internet() const { return kind == "internet"; }
};

// A firewall as it stands in the site.
struct Standing {
  const Firewall* firewall = nullptr;
  Role role = Role::perimeter;
  // Interfaces the internet is behind; empty = not known, then every interface but loopback, tunnels and containers,
  // and only globally routable sources count.
  std::vector<InterfaceTest> internet;
  // The internet first, then every declared zone.
  std::vector<ZoneAt> zones;
  // The PBX is this machine (host role), so INPUT protects it; else FORWARD does.
  bool protects_itself = false;
  // Addresses of the PBX that are this machine's, although it forwards: INPUT protects them.
  std::vector<Address> own;
  // The only filter given is the host's own and the PBX has private addresses: "network" rather than "internet".
  bool network_only = false;
  // Indices of the standings a packet passes next on its way in, outermost first; host filters last. Only where the roles
  // are declared.
  std::vector<std::size_t> then;
  // Packets of the internet come in here first, not through another firewall of the path.
  bool outermost = true;
  // Interfaces of zones that no rule of this firewall names, but another one's does.
  std::vector<InterfaceTest> of_others;
  // Interfaces of zones that rules of this firewall name and no other one's.
  std::vector<InterfaceTest> only_here;
  // Ports of a bridge towards the internet and towards the PBX, as far as rules tell them apart (rules/site/bridge.h).
  std::vector<std::string> outer_ports, inner_ports;

  // A rule names the address or a net of at most a /8 around it.
  bool mentions(Address address) const;
  // A rule names the interface, or a pattern that covers it or that it covers.
  bool names(const InterfaceTest& interface) const;
  // The same, or no firewall's rules name it: then it is one of this machine that no rule speaks of.
  bool knows(const InterfaceTest& interface) const;
  // A host filter that runs on this host, as declared or concluded.
  bool runs_on(const Host& host) const;
};

// What is known of the addresses of the machine the firewall runs on; and of those of other machines.
IntervalSet own_addresses(const Standing& standing, const Site& site, Family family);
IntervalSet other_addresses(const Standing& standing, const Site& site, Family family);

// One of the zone's sources holds all of them.
bool holds(const Zone& zone, const IntervalSet& addresses, Family family);

// Names of declared zones that have them among their sources.
std::vector<std::string> holders(const Site& site, const MaskedAddress& addresses);

// Those of a family.
IntervalSet addresses_in(const Host& host, Family family);

// Names of the zones of every firewall, in the order they are met.
std::vector<std::string> zone_names(const std::vector<Standing>& standings);

// Joins the IPv4 and the IPv6 dump of one firewall and adds hosts that were concluded, and the inferences, to `site`; the
// pointers in the result stay valid as long as site.firewalls and site.zones are not changed.
std::vector<Standing> survey(Site& site, const Sources& sources, const PortMatrix& matrix, const SiteOptions& options);

}  // namespace ipo
