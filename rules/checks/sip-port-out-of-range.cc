#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "rules/findings/check_list.h"
#include "rules/findings/setting_findings.h"
#include "rules/pbx/sip_ports.h"

namespace ipo {
namespace {

// Nothing said leaves none out.
bool speaks(const Host& host, std::string_view lan, std::string_view transport) {
  return sip_transport(host, lan, transport) != false;
}

// UDP and TCP share their port from the start; TLS has one of its own.
void run(const Judgement& judgement, Findings& findings) {
  const Check& check = check::sip_port_out_of_range;
  const std::size_t first = findings.size();
  report_outside(judgement, findings, check);
  // The port of a transport that is off is filled in all the same.
  std::set<SourceSpan> of_off;
  for (const Host& host : judgement.site.hosts)
    for (std::string_view lan : lans)
      for (const char* transport : {"udp", "tcp", "tls"})
        if (const Setting* port = host.setting(fmt::format("{}.sip.{}_port", lan, transport));
            port && !speaks(host, lan, transport))
          of_off.insert(port->value.span);
  findings.erase(std::remove_if(findings.begin() + static_cast<std::ptrdiff_t>(first), findings.end(),
                                [&](const Finding& f) { return of_off.contains(f.span); }),
                 findings.end());
  for (const Host& host : judgement.site.hosts)
    for (std::string_view lan : lans) {
      std::string tls = std::string(lan) + ".sip.tls_port";
      std::optional<std::uint32_t> port = host.number(tls);
      if (!port || !speaks(host, lan, "tls")) continue;
      for (const auto& [transport, name] : {std::pair("tcp", "TCP"), {"udp", "UDP"}}) {
        const std::string key = fmt::format("{}.sip.{}_port", lan, transport);
        if (host.number(key) != port || !speaks(host, lan, transport)) continue;
        Finding f = setting_finding(
            check, Level::warning, host, *host.setting(tls),
            fmt::format("SIP of {} of {} has one port, {}, for TLS and {}", lan_name(lan), name_of_host(host), *port, name),
            tls + " shared");
        f.related.push_back({fmt::format("the port of {}", name), host.setting(key)->value.span});
        findings.push_back(std::move(f));
        break;
      }
    }
  for (Finding& f : findings)
    if (f.check == check.id) f.rows = {"ip-office/ingress/16"};
}

}  // namespace

const Check check::sip_port_out_of_range = {
    "sip-port-out-of-range",
    "a SIP port is out of range, or two transports have one",
    Level::warning,
    0,
    "high",
    {"correctness"},
    run,
    false,
    {},
    {"lan1.sip.udp_port", "lan1.sip.tcp_port", "lan1.sip.tls_port", "lan2.sip.udp_port", "lan2.sip.tcp_port", "lan2.sip.tls_port"}};

}  // namespace ipo
