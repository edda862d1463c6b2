// What the inputs do not say outright: which side is the internet, what role a firewall plays, where the PBX is.
//
// Every conclusion is recorded as an Inference with the line it rests on (product.md, "Inferring the internet zone",
// "Roles", "The PBX").
#pragma once

#include <string>
#include <vector>

#include "parsers/model.h"
#include "rules/matrix/port_matrix.h"

namespace ipo {

struct SiteOptions {
  std::vector<std::string> internet;  // interface names; empty = infer
  std::vector<Address> pbx;           // empty = from the export, else infer
};

// A tunnel or container interface, by its name: the PBX's network is behind it only where a rule says so, and what comes
// from it is not the internet.
bool is_tunnel(const std::string& interface);

// A firewall as it stands in the site.
struct Standing {
  const Firewall* firewall = nullptr;
  Role role = Role::perimeter;
  // Interfaces the internet is behind; empty = not known, then every interface but loopback, tunnels and containers,
  // and only globally routable sources count.
  std::vector<InterfaceTest> internet;
  // The PBX is this machine (host role), so INPUT protects it; else FORWARD does.
  bool protects_itself = false;
  // The only filter given is the host's own and the PBX has private addresses: "network" rather than "internet".
  bool network_only = false;
  // A rule names the address or a net of at most a /8 around it.
  bool mentions(Address address) const;
  std::string zone() const { return network_only ? "network" : "internet"; }
  // Interfaces that may lead to an inside address, if it is known: those the rules tie to it; else every named inside
  // interface, but no tunnels and containers, which are added to `elsewhere`. `certain` tells which.
  std::vector<InterfaceTest> inside(std::optional<Address> address, bool& certain,
                                    std::vector<InterfaceTest>& elsewhere) const;
};

// Joins the IPv4 and the IPv6 dump of one firewall and adds hosts that were concluded, and the inferences, to `site`; the
// pointers in the result stay valid as long as site.firewalls is not changed.
std::vector<Standing> survey(Site& site, const PortMatrix& matrix, const SiteOptions& options);

}  // namespace ipo
