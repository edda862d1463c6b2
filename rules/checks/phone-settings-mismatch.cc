// A controller is "10.1.1.1:5061;transport=tls", several are separated by commas. Only one that is an address of a known system, with
// its port and transport, can be held against that system's settings; names are not looked up.
#include <fmt/format.h>

#include "parsers/letters.h"
#include "parsers/settings.h"
#include "rules/checks/list.h"
#include "rules/setting_findings.h"
#include "rules/sip_ports.h"

namespace ipo {
namespace {

struct Controller {
  Address address;
  std::uint32_t port = 0;
  std::string transport;
};

std::optional<Controller> parse_controller(std::string_view text) {
  std::size_t semicolon = std::min(text.find(';'), text.size());
  std::string_view place = text.substr(0, semicolon), rest = text.substr(semicolon);
  constexpr std::string_view label = ";transport=";
  std::size_t colon = place.rfind(':');
  if (colon == place.npos || !same_letters(rest.substr(0, label.size()), label)) return {};
  std::optional<Address> address = parse_address(place.substr(0, colon));
  std::optional<std::uint32_t> port = parse_number(place.substr(colon + 1));
  if (!address || !port) return {};
  return Controller{*address, *port, lower(rest.substr(label.size()))};
}

// The LAN with the address: "lan1" of a host.
struct LanOf {
  const Host* host = nullptr;
  std::string_view lan;
};
LanOf lan_with(const Site& site, const Address& address) {
  for (const Host& host : site.hosts)
    for (std::string_view lan : lans) {
      const Setting* s = host.setting(std::string(lan) + ".address");
      if (s && parse_address(s->value.value) == address) return {&host, lan};
    }
  return {};
}

// What the system's settings have against it, and the setting that says so; nothing where they agree or do not tell.
std::string against(const LanOf& at, const Controller& c, const Setting*& said_by) {
  std::string prefix = std::string(at.lan) + ".sip.", name = c.transport;
  for (char& letter : name)
    if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
  if (sip_transport(*at.host, at.lan, c.transport) == false) {
    said_by = at.host->setting(prefix + c.transport);
    if (!said_by) said_by = at.host->setting(prefix + "layer4");
    return fmt::format("where SIP over {} is off", name);
  }
  std::optional<std::uint32_t> port = at.host->number(prefix + c.transport + "_port");
  if (!port || *port == c.port || at.host->number(prefix + "remote_" + c.transport + "_port") == c.port) return {};
  said_by = at.host->setting(prefix + c.transport + "_port");
  return fmt::format("where SIP over {} has port {}", name, *port);
}

void add(Findings& findings, Finding f, const Setting& s, const Setting* said_by) {
  if (said_by) f.related.push_back({"the system's setting", said_by->value.span});
  if (s.conditional) {
    f.certainty = Certainty::possible;
    f.doubt.push_back({"only some phones reach this line", s.value.span});
  }
  findings.push_back(std::move(f));
}

void controllers(const Judgement& judgement, const Setting& list, Findings& findings) {
  const std::string& text = list.value.value;
  for (std::size_t at = 0; at <= text.size();) {
    std::size_t comma = std::min(text.find(',', at), text.size());
    std::optional<Controller> c = parse_controller(std::string_view(text).substr(at, comma - at));
    at = comma + 1;
    if (!c || (c->transport != "tls" && c->transport != "tcp" && c->transport != "udp")) continue;
    LanOf lan = lan_with(judgement.site, c->address);
    const Setting* said_by = nullptr;
    std::string why = lan.host ? against(lan, *c, said_by) : "";
    if (why.empty()) continue;
    Finding f = setting_finding(check::phone_settings_mismatch, Level::warning, *lan.host, list,
                                fmt::format("phones are told to register at {}:{} over {}, {} of {}, {}", format_address(c->address), c->port,
                                            c->transport, lan_name(lan.lan), name_of_host(*lan.host), why));
    f.rows = {"ip-office/ingress/16"};
    return add(findings, std::move(f), list, said_by);
  }
}

// A system gives phones its own range: one that starts where no LAN's does is of another time, or another system.
void media(const Judgement& judgement, const Record& phones, Findings& findings) {
  const Setting* low = phones.field("phone.rtp.min");
  std::optional<std::uint32_t> start = low ? parse_number(low->value.value) : std::nullopt;
  if (!start) return;
  const Host* system = nullptr;
  const Setting* said_by = nullptr;
  std::string range, whose;
  for (const Host& host : judgement.site.hosts)
    for (std::string_view lan : lans) {
      std::string key = std::string(lan) + ".rtp.";
      auto min = host.number(key + "min"), max = host.number(key + "max");
      if (!min || !max) continue;
      if (*min == *start || host.number(key + "nat_min") == *start) return;
      if (system) continue;
      system = &host, said_by = host.setting(key + "min");
      range = fmt::format("{}-{}", *min, *max), whose = lan_name(lan) + " of " + name_of_host(host);
    }
  if (!system) return;
  add(findings,
      setting_finding(check::phone_settings_mismatch, Level::note, *system, *low,
                      fmt::format("phones are told to use media ports from {} on, and the range of {} is {}: what is opened for the one closes the other",
                                  *start, whose, range)),
      *low, said_by);
}

void run(const Judgement& judgement, Findings& findings) {
  for (const Record& phones : judgement.site.records) {
    if (phones.type != "46xxsettings") continue;
    media(judgement, phones, findings);
    for (const Setting& s : phones.fields) {
      if (s.key == "phone.sip_controllers" || s.key == "phone.sip_controllers_2") controllers(judgement, s, findings);
      if (s.key != "phone.rtcp_monitor.address") continue;
      std::optional<Address> address = parse_address(s.value.value);
      LanOf lan = address ? lan_with(judgement.site, *address) : LanOf();
      std::string key = std::string(lan.lan) + ".rtcp.port_5005";
      if (!lan.host || lan.host->flag(key) != false) continue;
      Finding f = setting_finding(check::phone_settings_mismatch, Level::warning, *lan.host, s,
                                  fmt::format("phones send reports on their calls to {}, {} of {}, which does not take them", format_address(*address),
                                              lan_name(lan.lan), name_of_host(*lan.host)));
      add(findings, std::move(f), s, lan.host->setting(key));
    }
  }
}

}  // namespace

const Check check::phone_settings_mismatch = {"phone-settings-mismatch",
                                              "phones are sent to a port or transport the system does not have",
                                              Level::warning,
                                              0,
                                              "high",
                                              {"correctness"},
                                              run};

}  // namespace ipo
