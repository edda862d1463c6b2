// Either LAN's setting replaces the default of its transport. A transport has a switch; where there is none, transports are words
// in one setting: "UDP, TCP, TLS". The port of a transport that is off is filled in all the same and counts for nothing.
#include "rules/pbx/sip_ports.h"

#include <string>

#include "parsers/text/letters.h"
#include "rules/pbx/host_lans.h"

namespace ipo {
namespace {

void add_port(IntervalSet& ports, const Host* host, const std::string& transport, unsigned standard, bool also_off = false) {
  IntervalSet said;
  bool off = false, unknown = false;  // in some LAN
  for (std::string lan : {"lan1", "lan2"}) {
    std::optional<bool> on = host && !also_off ? sip_transport(*host, lan, transport) : std::nullopt;
    off = off || on == false;
    if (on == false) continue;
    auto port = host ? host->number(lan + ".sip." + transport + "_port") : std::nullopt;
    if (port && *port > 0 && *port < 65536) said.add(*port, *port);
    // A LAN of which nothing is said is not there.
    unknown = unknown || on || !host || host->setting(lan + ".address");
  }
  if (said.empty() && off && !unknown) return;
  ports.add(said.empty() ? IntervalSet::of(standard) : said);
}

// Nothing where that is not known.
std::optional<bool> tls_only(const Host& host, const std::string& lan) {
  std::optional<bool> tls = sip_transport(host, lan, "tls"), tcp = sip_transport(host, lan, "tcp"),
                      udp = sip_transport(host, lan, "udp");
  if (!tls || !tcp || !udp || !(*tls || *tcp || *udp)) return {};
  return *tls && !*tcp && !*udp;
}

}  // namespace

std::optional<bool> sip_transport(const Host& host, std::string_view lan, std::string_view transport) {
  std::string prefix = std::string(lan) + ".sip.";
  if (std::optional<bool> flag = host.flag(prefix + std::string(transport))) return flag;
  const Setting* layer4 = host.setting(prefix + "layer4");
  if (!layer4) return {};
  std::string text = lower(layer4->value.value);
  auto names = [&](std::string_view word) { return text.find(word) != text.npos; };
  if (!names("tls") && !names("tcp") && !names("udp")) return {};
  return names(transport);
}

IntervalSet tls_sip_ports(const Host* host) {
  IntervalSet out;
  add_port(out, host, "tls", 5061);
  return out;
}

IntervalSet clear_sip_ports(const Host* host) {
  IntervalSet out;
  add_port(out, host, "udp", 5060);
  add_port(out, host, "tcp", 5060);
  return out.minus(tls_sip_ports(host));
}

IntervalSet would_be_clear_sip_ports(const Host* host) {
  IntervalSet out;
  add_port(out, host, "udp", 5060, true);
  add_port(out, host, "tcp", 5060, true);
  return out.minus(tls_sip_ports(host));
}

IntervalSet sip_ports(const Host* host, std::uint8_t protocol) {
  IntervalSet out;
  add_port(out, host, protocol == proto_udp ? "udp" : "tcp", 5060);
  return protocol == proto_udp ? out : out.united(tls_sip_ports(host));
}

std::vector<SilentSip> silent_sip(const Host& host) {
  std::vector<SilentSip> out;
  for (std::string transport : {"udp", "tcp", "tls"}) {
    SilentSip silent{transport == "udp" ? proto_udp : proto_tcp, {}, nullptr};
    bool on = false;
    for (std::string lan : {"lan1", "lan2"}) {
      std::optional<bool> here = sip_transport(host, lan, transport);
      on = on || here == true || (!here && has_lan(host, lan));
      if (here != false || silent.off) continue;
      silent.off = host.setting(lan + ".sip." + transport);
      if (!silent.off) silent.off = host.setting(lan + ".sip.layer4");
    }
    if (on || !silent.off) continue;
    add_port(silent.ports, &host, transport, transport == "tls" ? 5061 : 5060, true);
    silent.ports.add(IntervalSet::of(transport == "tls" ? 5061 : 5060));
    out.push_back(std::move(silent));
  }
  return out;
}

bool speaks_only_tls(const Host* host) {
  if (!host) return false;
  bool any = false;
  for (std::string lan : {"lan1", "lan2"}) {
    std::optional<bool> only = tls_only(*host, lan);
    if (only == false || (!only && has_lan(*host, lan))) return false;
    any = any || only;
  }
  return any;
}

}  // namespace ipo
