#include "rules/pbx/own_ports.h"

#include <algorithm>

#include "parsers/ipoffice/settings.h"
#include "rules/pbx/services.h"
#include "rules/pbx/sip_ports.h"

namespace ipo {
namespace {

constexpr std::string_view sip_row = "ip-office/ingress/16";
constexpr std::string_view h323_row = "ip-office/ingress/14";

// Of the row, as the settings name them for phones outside.
IntervalSet remote_ports(const MatrixRow& row, const Host* host, std::uint8_t protocol) {
  std::string_view service = row.id == sip_row ? "SIP" : row.id == h323_row ? "H.323" : "";
  IntervalSet out;
  if (host && !service.empty())
    for (const NamedPort& named : named_ports(*host))
      if (named.service == service && named.protocol == protocol) out.add(named.port, named.port);
  return out;
}
IntervalSet remote_ports(const MatrixRow& row, const Host* host) {
  return remote_ports(row, host, proto_tcp).united(remote_ports(row, host, proto_udp));
}

// Of one transport, without those for phones outside. What the settings leave as it is, is as printed.
IntervalSet usual_ports(const MatrixRow& row, const Host* host, std::uint8_t protocol) {
  if (row.id != sip_row || !host) return ports_of(row, host);
  IntervalSet said = sip_ports(host, protocol);
  return said == sip_ports(nullptr, protocol) ? row.port_set() : said;
}

std::vector<Waiting> waiting_at(const MatrixRow& row, const HostAt& part) {
  std::vector<Waiting> out;
  auto add = [&](IntervalSet tcp, IntervalSet udp, const Setting* off) {
    if (!tcp.empty() || !udp.empty()) out.push_back({part.host, part.addresses, std::move(tcp), std::move(udp), off});
  };
  auto state = service_state(row, part.host);
  IntervalSet tcp = listening_ports(row, part.host, proto_tcp), udp = listening_ports(row, part.host, proto_udp);
  IntervalSet used[] = {tcp, udp};
  add(std::move(tcp), std::move(udp), state && !state->on ? state->said_by : nullptr);
  if (row.id != sip_row || !part.host) return out;
  // Clear ports beside TLS alone have a check of their own.
  IntervalSet told = speaks_only_tls(part.host) ? would_be_clear_sip_ports(part.host) : IntervalSet();
  for (const SilentSip& silent : silent_sip(*part.host)) {
    bool of_udp = silent.protocol == proto_udp;
    // UDP is printed for the port of TLS, too.
    IntervalSet ports = (of_udp ? silent.ports.united(row.port_set()) : silent.ports).minus(used[of_udp]).minus(told);
    used[of_udp].add(ports);
    of_udp ? add({}, ports, silent.off) : add(ports, {}, silent.off);
  }
  return out;
}

}  // namespace

std::string OwnPort::what() const {
  return row->application.empty() || row->application == "Proprietary" ? "row " + row->id : row->application;
}

std::vector<OwnPort> own_ports(const PortMatrix& matrix, const Host& host, std::uint8_t protocol) {
  Host here;
  here.platform = host.platform;
  here.products = host.products;
  if (host.platform != "ip500v2" && host.platform != "windows") here.products.push_back("voicemail-pro");
  std::vector<OwnPort> out;
  for (const MatrixRow& row : matrix.rows) {
    if (row.direction == "egress" || row.state == "closed" || !row.has_transport(protocol) || !applies(row, here)) continue;
    // TLS is TCP's.
    IntervalSet ports = row.id == sip_row && protocol == proto_udp ? sip_ports(&host, proto_udp) : ports_of(row, &host);
    if (!ports.empty()) out.push_back({&row, std::move(ports)});
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const OwnPort& a, const OwnPort& b) { return a.ports.begin()->lo < b.ports.begin()->lo; });
  return out;
}

std::vector<NamedPort> named_ports(const Host& host) {
  std::vector<NamedPort> out;
  auto add = [&](const std::string& key, std::uint8_t protocol, std::string_view service) {
    if (auto port = host.number(key); port && *port > 0 && *port < 65536)
      out.push_back({protocol, static_cast<std::uint16_t>(*port), service, host.setting(key)});
  };
  for (std::string lan : {"lan1", "lan2"}) {
    // The port has no setting of its own, only a switch.
    if (const Setting* rtcp = host.setting(lan + ".rtcp.port_5005"); rtcp && host.flag(lan + ".rtcp.port_5005") == true)
      out.push_back({proto_udp, 5005, "RTCP", rtcp});
    if (host.flag(lan + ".h323.remote_extension") != false)
      for (const char* key : {".h323.remote_port", ".h323.remote_signalling_port"}) add(lan + key, proto_tcp, "H.323");
    if (host.flag(lan + ".sip.remote_extension") == false) continue;
    for (const char* transport : {"udp", "tcp", "tls"})
      if (sip_transport(host, lan, transport) != false)
        add(lan + ".sip.remote_" + transport + "_port", transport == std::string_view("udp") ? proto_udp : proto_tcp, "SIP");
  }
  // With an address the system sends its records there instead; without one it listens.
  const Setting *output = host.setting("smdr.output"), *address = host.setting("smdr.address");
  std::optional<Address> collector = address ? parse_address(address->value.value) : std::nullopt;
  if (!(output && says_off(*output)) && (!collector || collector->value == 0)) add("smdr.port", proto_tcp, "SMDR");
  return out;
}

IntervalSet listening_ports(const MatrixRow& row, const Host* host, std::uint8_t protocol) {
  if (!row.has_transport(protocol)) return {};
  return usual_ports(row, host, protocol).united(remote_ports(row, host, protocol));
}
IntervalSet listening_ports(const MatrixRow& row, const Host* host) {
  return listening_ports(row, host, proto_tcp).united(listening_ports(row, host, proto_udp));
}

std::vector<Waiting> waiting(const MatrixRow& row, const Host* host, const std::vector<HostAt>& parts) {
  // All of the addresses are meant, be they the host's or those of one LAN.
  if (parts.size() == 1) return waiting_at(row, {parts.front().host, parts.front().lan, {}});
  if (!is_of_lan(row)) return waiting_at(row, {host, {}, {}});
  std::vector<Waiting> out;
  for (const HostAt& part : parts)
    for (Waiting& here : waiting_at(row, part)) out.push_back(std::move(here));
  return out;
}

IntervalSet remote_only_ports(const MatrixRow& row, const Host* host) { return remote_ports(row, host).minus(ports_of(row, host)); }

IntervalSet tls_listening_ports(const Host* host) {
  IntervalSet tls = tls_sip_ports(host), clear = clear_sip_ports(host);
  for (const NamedPort& named : host ? named_ports(*host) : std::vector<NamedPort>())
    if (named.service == "SIP") (named.setting->key.text().ends_with("remote_tls_port") ? tls : clear).add(named.port, named.port);
  return tls.minus(clear);
}

}  // namespace ipo
