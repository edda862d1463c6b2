// The ports of SIP on a host, by what its settings say of transports.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "parsers/model/model.h"

namespace ipo {

// Whether a LAN ("lan1") speaks SIP over a transport ("udp", "tcp", "tls"); nothing where its settings do not say it.
std::optional<bool> sip_transport(const Host& host, std::string_view lan, std::string_view transport);

// With TLS, 5061 by default, and without, 5060. A port moved for one transport is moved for that one only; a transport that is off in
// every LAN has none.
IntervalSet tls_sip_ports(const Host* host);
IntervalSet clear_sip_ports(const Host* host);
// Those it would have without TLS, whether its transports are on or off.
IntervalSet would_be_clear_sip_ports(const Host* host);
// Of one transport: TLS is TCP's.
IntervalSet sip_ports(const Host* host, std::uint8_t protocol);
// Those of a transport that is off in every LAN: as its setting has them, and the standard one.
struct SilentSip {
  std::uint8_t protocol = 0;
  IntervalSet ports;
  const Setting* off = nullptr;
};
std::vector<SilentSip> silent_sip(const Host& host);
// The settings name TLS as the only transport of SIP, on every LAN of the host; then nothing listens on its clear ports.
bool speaks_only_tls(const Host* host);

}  // namespace ipo
