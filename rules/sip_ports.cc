// Either LAN's setting replaces the default of its transport. Transports are words in one setting: "UDP, TCP, TLS".
#include "rules/sip_ports.h"

#include <string>

#include "parsers/letters.h"

namespace ipo {
namespace {

void add_port(IntervalSet& ports, const Host* host, const char* key, unsigned standard) {
  IntervalSet said;
  for (std::string lan : {"lan1.sip.", "lan2.sip."})
    if (auto port = host ? host->number(lan + key) : std::nullopt; port && *port > 0 && *port < 65536) said.add(*port, *port);
  ports.add(said.empty() ? IntervalSet::of(standard) : said);
}

// Nothing where the setting is not given or names no transport.
std::optional<bool> names_tls_only(const Host& host, const std::string& lan) {
  const Setting* layer4 = host.setting(lan + ".sip.layer4");
  if (!layer4) return {};
  std::string text = lower(layer4->value.value);
  bool tls = text.find("tls") != text.npos, clear = text.find("udp") != text.npos || text.find("tcp") != text.npos;
  return tls || clear ? std::optional(tls && !clear) : std::nullopt;
}

}  // namespace

IntervalSet tls_sip_ports(const Host* host) {
  IntervalSet out;
  add_port(out, host, "tls_port", 5061);
  return out;
}

IntervalSet clear_sip_ports(const Host* host) {
  IntervalSet out;
  add_port(out, host, "udp_port", 5060);
  add_port(out, host, "tcp_port", 5060);
  return out.minus(tls_sip_ports(host));
}

IntervalSet sip_ports(const Host* host, std::uint8_t protocol) {
  IntervalSet out;
  add_port(out, host, protocol == proto_udp ? "udp_port" : "tcp_port", 5060);
  return protocol == proto_udp ? out : out.united(tls_sip_ports(host));
}

bool speaks_only_tls(const Host* host) {
  if (!host) return false;
  std::optional<bool> first = names_tls_only(*host, "lan1"), second = names_tls_only(*host, "lan2");
  // A second LAN of which nothing is said is not there.
  return first == true && (second ? *second : !host->setting("lan2.address"));
}

}  // namespace ipo
