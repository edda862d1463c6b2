// The ports of SIP on a host, by what its settings say of transports.
#pragma once

#include "parsers/model.h"

namespace ipo {

// With TLS, 5061 by default, and without, 5060. A port moved for one transport is moved for that one only.
IntervalSet tls_sip_ports(const Host* host);
IntervalSet clear_sip_ports(const Host* host);
// Of one transport: TLS is TCP's.
IntervalSet sip_ports(const Host* host, std::uint8_t protocol);
// The settings name TLS as the only transport of SIP, on every LAN of the host; then nothing listens on its clear ports.
bool speaks_only_tls(const Host* host);

}  // namespace ipo
