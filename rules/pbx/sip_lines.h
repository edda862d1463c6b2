// SIP lines, which the PBX has to providers and others, as their records tell of them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "parsers/model/model.h"

namespace ipo {

bool is_sip_line(const Record& record);

struct LineProxy {
  Address address;
  const Setting* said_by = nullptr;
};
// Where a line calls to: the addresses of its list of proxies, but for those with weight 0 ("198.51.100.7w3, 198.51.100.8w2"); with no
// proxy entered its provider's domain, where that is an address. Names are not looked up.
std::vector<LineProxy> proxies_of(const Record& record);

// What a line sends to them; where its record does not say it, nothing.
struct LineSends {
  std::vector<std::string> transports;  // "tcp", "udp"
  IntervalSet ports;
  bool operator==(const LineSends&) const = default;
};
LineSends sends_of(const Record& record);

}  // namespace ipo
