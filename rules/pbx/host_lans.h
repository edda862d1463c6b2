// LAN1 and LAN2 of a host: each has an address, switches, ports and a media range of its own.
#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "parsers/model/model.h"

namespace ipo {

// A host as whoever sends to some of its addresses meets it.
struct HostAt {
  const Host* host = nullptr;  // with the settings of its own LAN only; null: which host is not known
  std::string_view lan;        // "lan1"; empty where the addresses may be of both
  IntervalSet addresses;       // empty: any
};

// A LAN of which nothing is said is not there; LAN1 is, unless LAN2's is the only address.
bool has_lan(const Host& host, std::string_view lan);
// The host without the settings of its other LAN.
Host with_lan_only(const Host& host, std::string_view lan);

// Every host of a site by LAN. The hosts must outlive it.
class LansOfHosts {
 public:
  explicit LansOfHosts(const std::vector<Host>& hosts);
  // The parts that the addresses (empty: any) belong to; the host as a whole where the address of only one LAN is known.
  std::vector<HostAt> parts(const Host* host, Family family, const IntervalSet& addresses) const;

 private:
  struct Lan {
    std::string_view name;
    Address address;
    Host host;
  };
  std::map<const Host*, std::vector<Lan>> lans_;  // of those with two
};

}  // namespace ipo
