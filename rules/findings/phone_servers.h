// Where 46xxsettings.txt sends phones: what the checks of that file and of what phones need share.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "rules/findings/judgement.h"

namespace ipo {

// The LAN with the address: "lan1" of a host.
struct LanOf {
  const Host* host = nullptr;
  std::string_view lan;
};
class LansByAddress {
 public:
  explicit LansByAddress(const Site& site);
  LanOf with(const Address& address) const;  // the first one

 private:
  std::map<Address, LanOf> lans_;
};

// "10.1.1.1:5061;transport=tls" of a list of those; names are left out, for they are not looked up.
struct SipController {
  Address address;
  std::uint32_t port = 0;
  std::string transport;  // "tls", "tcp", "udp"
};
std::vector<SipController> sip_controllers(const Setting& list);
bool is_controller_list(const Setting& setting);

// What the system's settings have against a controller on it, "where SIP over TLS is off", and the setting that says so; empty where
// they agree or do not tell.
struct Objection {
  std::string why;
  const Setting* said_by = nullptr;
};
Objection against(const LanOf& at, const SipController& controller);
// The setting by which the system does not take reports on calls there; null where it takes them or does not tell.
const Setting* refuses_reports(const LanOf& at);

// A server of phones on a host of the site. Of several controllers of one line one that answers is enough.
struct PhoneServer {
  const Host* host = nullptr;
  const Setting* named_by = nullptr;  // the line with the address
  bool certain = true;                // all phones come to that line
  std::string_view purpose;           // "SIP", "files", "reports on calls", "time", "H.323"
  struct Place {
    Address address;
    std::uint8_t protocol = 0;
    IntervalSet ports;  // any of them is enough
  };
  std::vector<Place> places;
};
// What several lines name is one. What a system refuses by its own settings is left out, and so is what comes behind more than a
// hundred: no file that a system makes has so many.
std::vector<PhoneServer> phone_servers(const Site& site);

// Any server that a line names, of the site or not; a hundred at most.
struct NamedServer {
  const Setting* named_by = nullptr;
  PhoneServer::Place place;
};
std::vector<NamedServer> servers_named_to_phones(const Site& site);

}  // namespace ipo
