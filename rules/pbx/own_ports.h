// The ports a PBX host itself listens on, for checks of settings that must stay clear of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rules/pbx/host_lans.h"
#include "rules/pbx/rows.h"

namespace ipo {

struct OwnPort {
  const MatrixRow* row = nullptr;
  IntervalSet ports;         // as configured, else the row's
  std::string what() const;  // "SysMonitor"; the row's id where it has no name of its own
};

// Of one transport, by the rows that apply to the host and are not closed. Voicemail Pro is part of a Linux server, and where the
// platform is not known it may be there.
std::vector<OwnPort> own_ports(const PortMatrix& matrix, const Host& host, std::uint8_t protocol);

// A port that no row knows and that a setting of the host names all the same.
struct NamedPort {
  std::uint8_t protocol = 0;
  std::uint16_t port = 0;
  std::string_view service;  // "SMDR", "H.323", "SIP", "RTCP"
  const Setting* setting = nullptr;
};
// Of remote extensions, where they are not switched off, of SMDR, where the host waits for whoever collects its records, and of
// phones' reports on their calls, where it takes them.
std::vector<NamedPort> named_ports(const Host& host);
// The ports a row's service waits on with a transport: those of the row, and beside them those of its own for phones outside.
IntervalSet listening_ports(const MatrixRow& row, const Host* host, std::uint8_t protocol);
IntervalSet listening_ports(const MatrixRow& row, const Host* host);  // with any

// Where a row's service waits on a host, or would if it were on.
struct Waiting {
  const Host* host = nullptr;  // as it is at these addresses
  IntervalSet addresses;       // empty: any
  IntervalSet tcp, udp;
  const Setting* off = nullptr;  // switches the service, or this transport of it, off

  const IntervalSet& ports(std::uint8_t protocol) const { return protocol == proto_udp ? udp : tcp; }
};
// `parts` of the host: as a whole for what no LAN has a setting of.
std::vector<Waiting> waiting(const MatrixRow& row, const Host* host, const std::vector<HostAt>& parts);
// The ports a host uses for phones outside and for nobody else.
IntervalSet remote_only_ports(const MatrixRow& row, const Host* host);
// The same for SIP over TLS alone: those whose every caller comes with TLS, in the house or outside.
IntervalSet tls_listening_ports(const Host* host);

}  // namespace ipo
