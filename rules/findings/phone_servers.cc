// A server has its port in its line, in a URL, or in a line of its own; where no line gives one it is the port that the phones'
// guides give as the default. Several lines of one name are those of several kinds of phones: their ports are alternatives.
#include "rules/findings/phone_servers.h"

#include <fmt/format.h>

#include <algorithm>

#include "parsers/ipoffice/settings.h"
#include "parsers/text/letters.h"
#include "parsers/text/values.h"
#include "rules/findings/setting_findings.h"
#include "rules/pbx/sip_ports.h"
#include "rules/pbx/url_server.h"

namespace ipo {
namespace {

// visit(part) for each part of a list with commas.
template <class Visit>
void each_part(std::string_view text, Visit visit) {
  for (std::size_t at = 0; at <= text.size();) {
    std::size_t comma = std::min(text.find(',', at), text.size());
    visit(text.substr(at, comma - at));
    at = comma + 1;
  }
}

std::optional<SipController> parse_controller(std::string_view text) {
  std::size_t semicolon = std::min(text.find(';'), text.size());
  std::string_view place = text.substr(0, semicolon), rest = text.substr(semicolon);
  constexpr std::string_view label = ";transport=";
  std::size_t colon = place.rfind(':');
  if (colon == place.npos || !same_letters(rest.substr(0, label.size()), label)) return {};
  std::optional<Address> address = parse_address(place.substr(0, colon));
  std::optional<std::uint32_t> port = parse_number(place.substr(colon + 1));
  if (!address || !port) return {};
  return SipController{*address, *port, lower(rest.substr(label.size()))};
}

// Servers named by their address, with a port that another line gives.
struct Named {
  std::string_view key, port_key;
  std::uint8_t protocol;
  std::uint16_t port;
  std::string_view purpose;
};
constexpr Named named_servers[] = {
    {"phone.tls_server", "phone.tls_port", proto_tcp, 443, "files"},
    {"phone.http_server", "phone.http_port", proto_tcp, 80, "files"},
    {"phone.tftp_server", "", proto_udp, 69, "files"},
    {"phone.h323_gatekeepers", "", proto_udp, 1719, "H.323"},
    {"phone.h323_gatekeepers", "", proto_tcp, 1720, "H.323"},
    {"phone.rtcp_monitor.address", "phone.rtcp_monitor.port", proto_udp, 5005, "reports on calls"},
    {"phone.time_server", "", proto_udp, 123, "time"},
};
constexpr std::string_view urls[] = {"phone.file_server_url", "phone.settings_file_url", "phone.user_store_uri",
                                     "phone.backup_uri"};

constexpr std::size_t most_servers = 100;

// By the keys of the lines that give them.
std::map<std::string_view, IntervalSet> ports_said(const Record& phones) {
  std::map<std::string_view, IntervalSet> out;
  for (const Named& named : named_servers) out.try_emplace(named.port_key);
  for (const Setting& s : phones.fields)
    if (auto at = out.find(s.key.text()); at != out.end() && !at->first.empty())
      if (std::optional<std::uint32_t> port = parse_number(s.value.value); port && *port > 0 && *port < 65536)
        at->second.add(*port, *port);
  return out;
}

class Servers {
 public:
  explicit Servers(const Site& site) {
    for (const Host& host : site.hosts)
      for (const Located<Address>& address : host.addresses) hosts_[address.value].push_back(&host);
  }

  bool full() const { return all_.size() >= most_servers; }

  void add(const Setting& line, std::string_view purpose, Address address, std::uint8_t protocol, const IntervalSet& ports) {
    auto at = hosts_.find(address);
    if (at == hosts_.end()) return;
    for (const Host* host : at->second) {
      auto [server, fresh] = line_.try_emplace(host, PhoneServer{host, &line, !line.conditional, purpose, {}});
      server->second.places.push_back({address, protocol, ports});
    }
  }

  // What follows is no alternative of what came before.
  void end() {
    for (auto& [host, server] : line_) {
      std::string text = fmt::format("{} {}", fmt::ptr(host), server.purpose == "SIP");
      for (const PhoneServer::Place& place : server.places)
        text += fmt::format(" {} {} {}", format_address(place.address), place.protocol, format_ports(place.ports));
      auto [same, fresh] = known_.try_emplace(std::move(text), all_.size());
      if (fresh && !full())
        all_.push_back(std::move(server));
      else if (same->second < all_.size())
        all_[same->second].certain = all_[same->second].certain || server.certain;
    }
    line_.clear();
  }

  std::vector<PhoneServer> take() { return std::move(all_); }

 private:
  std::map<Address, std::vector<const Host*>> hosts_;
  std::map<const Host*, PhoneServer> line_;
  std::map<std::string, std::size_t> known_;
  std::vector<PhoneServer> all_;
};

}  // namespace

LansByAddress::LansByAddress(const Site& site) {
  for (const Host& host : site.hosts)
    for (std::string_view lan : lans)
      if (const Setting* s = host.setting(std::string(lan) + ".address"))
        if (std::optional<Address> address = parse_address(s->value.value)) lans_.try_emplace(*address, LanOf{&host, lan});
}

LanOf LansByAddress::with(const Address& address) const {
  auto at = lans_.find(address);
  return at == lans_.end() ? LanOf() : at->second;
}

bool is_controller_list(const Setting& setting) {
  return setting.key == "phone.sip_controllers" || setting.key == "phone.sip_controllers_2";
}

std::vector<SipController> sip_controllers(const Setting& list) {
  std::vector<SipController> out;
  each_part(list.value.value, [&](std::string_view part) {
    std::optional<SipController> c = parse_controller(part);
    if (c && (c->transport == "tls" || c->transport == "tcp" || c->transport == "udp")) out.push_back(std::move(*c));
  });
  return out;
}

Objection against(const LanOf& at, const SipController& c) {
  if (!at.host) return {};
  std::string prefix = std::string(at.lan) + ".sip.", name = c.transport;
  for (char& letter : name)
    if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
  if (sip_transport(*at.host, at.lan, c.transport) == false) {
    const Setting* said_by = at.host->setting(prefix + c.transport);
    return {fmt::format("where SIP over {} is off", name), said_by ? said_by : at.host->setting(prefix + "layer4")};
  }
  std::optional<std::uint32_t> port = at.host->number(prefix + c.transport + "_port");
  if (!port || *port == c.port || at.host->number(prefix + "remote_" + c.transport + "_port") == c.port) return {};
  return {fmt::format("where SIP over {} has port {}", name, *port), at.host->setting(prefix + c.transport + "_port")};
}

const Setting* refuses_reports(const LanOf& at) {
  std::string key = std::string(at.lan) + ".rtcp.port_5005";
  return at.host && at.host->flag(key) == false ? at.host->setting(key) : nullptr;
}

namespace {

// add(line, purpose, address, protocol, ports) for each; end() where what follows is no alternative of what came before.
template <class Add, class End>
void each_named(const Site& site, Add add, End end) {
  const LansByAddress lan_of(site);
  for (const Record& phones : site.records) {
    if (phones.type != "46xxsettings") continue;
    const std::map<std::string_view, IntervalSet> said = ports_said(phones);
    for (const Setting& line : phones.fields) {
      if (is_controller_list(line))
        for (const SipController& c : sip_controllers(line))
          if (c.port > 0 && c.port < 65536 && against(lan_of.with(c.address), c).why.empty())
            add(line, "SIP", c.address, c.transport == "udp" ? proto_udp : proto_tcp, IntervalSet::of(c.port));
      end();
      for (const Named& named : named_servers) {
        if (line.key != named.key) continue;
        each_part(line.value.value, [&](std::string_view part) {
          std::optional<Address> address = parse_address(part);
          if (!address || (named.purpose == "reports on calls" && refuses_reports(lan_of.with(*address)))) return;
          const IntervalSet& ports = said.at(named.port_key);
          add(line, named.purpose, *address, named.protocol, ports.empty() ? IntervalSet::of(named.port) : ports);
          end();
        });
      }
      if (std::find(std::begin(urls), std::end(urls), line.key.text()) == std::end(urls)) continue;
      std::optional<UrlServer> url = url_server(line.value.value);
      if (!url || (url->scheme != "http" && url->scheme != "https")) continue;
      add(line, "files", url->address, proto_tcp, IntervalSet::of(url->port.value_or(url->scheme == "https" ? 443 : 80)));
      end();
    }
  }
}

}  // namespace

std::vector<PhoneServer> phone_servers(const Site& site) {
  Servers servers(site);
  each_named(
      site,
      [&](const Setting& line, std::string_view purpose, Address address, std::uint8_t protocol, const IntervalSet& ports) {
        if (!servers.full()) servers.add(line, purpose, address, protocol, ports);
      },
      [&] { servers.end(); });
  return servers.take();
}

std::vector<NamedServer> servers_named_to_phones(const Site& site) {
  std::vector<NamedServer> out;
  each_named(
      site,
      [&](const Setting& line, std::string_view, Address address, std::uint8_t protocol, const IntervalSet& ports) {
        if (out.size() < most_servers) out.push_back({&line, {address, protocol, ports}});
      },
      [] {});
  return out;
}

}  // namespace ipo
