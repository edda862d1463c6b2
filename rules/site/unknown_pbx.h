// Addresses somebody gave for a PBX that nothing else in the site knows: probably mistyped, and everything judged by them is
// beside the point.
#pragma once

#include <string>
#include <vector>

#include "rules/site/site.h"

namespace ipo {

struct KnownAddress {
  Address address;
  std::string how;  // "port forward", "rule", "export"
  SourceSpan span;
};

struct UnknownPbx {
  const Host* host = nullptr;
  bool declared = false;            // in a site file; else with --pbx
  bool neighbour = false;           // one of `known` is in the same /24 (IPv6: /64)
  std::vector<KnownAddress> known;  // never empty; port forwards first
};

// PBXs none of whose addresses a rule, a port forward, an export or a zone's sources name, alone or by a net, although others are
// named. Not where a host's own filter is all there is and never names its own address.
std::vector<UnknownPbx> unknown_pbxes(const Site& site, const std::vector<const Standing*>& standings);
// "no rule, port forward or export names 192.168.24.1, given as the PBX: is it spelt right? known here is 192.168.42.1 (port forward)".
std::string format_unknown(const UnknownPbx& unknown);
// The PBX's addresses: "192.168.24.1, 192.168.25.1".
std::string addresses_of(const UnknownPbx& unknown);

}  // namespace ipo
