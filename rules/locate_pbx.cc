// A port forward to a port that few machines but a PBX have is better evidence than one to a web server's.
#include "rules/locate_pbx.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "rules/declared.h"
#include "rules/required.h"

namespace ipo {
namespace {

// Ports whose row says little about the machine behind them: every web, mail or time server has them.
bool is_common_service(const MatrixRow& row) {
  static const std::set<unsigned> common = {22, 25, 37, 53, 80, 123, 143, 389, 443, 993, 8000, 8080, 8443};
  return std::all_of(row.ports.begin(), row.ports.end(), [](auto range) { return common.contains(range.first); });
}

// Rows that other machines' port forwards hit by chance: media ranges, tunnels, routing, ports that merely look alike.
bool says_nothing(const MatrixRow& row) {
  static const std::set<int> numbers = {8, 10, 11, 27, 28, 46};
  return numbers.contains(row.number);
}

struct PbxCandidate {
  Located<Address> address;
  std::string row;
  bool specific;
};

std::vector<PbxCandidate> forwarded_pbx(const Site& site, const PortMatrix& matrix) {
  std::vector<PbxCandidate> out;
  for (const Firewall& firewall : site.firewalls)
    each_rule(firewall, [&](const Ruleset& ruleset, const Chain& chain, const Rule& rule) {
      if (rule.action.kind != ActionKind::translate_destination) return;
      const Translation& t = rule.action.translation;
      if (t.addresses.size() != 1) return;
      auto ports = t.ports.empty() ? required(rule, Field::destination_port, 65535) : std::optional(t.ports);
      if (!ports) return;
      auto protocols = required(rule, Field::protocol, 255);
      for (const MatrixRow& row : matrix.rows) {
        if (row.direction != "ingress" || row.product != "ip-office" || says_nothing(row)) continue;
        if (!row.port_set().intersects(*ports)) continue;
        // A container engine forwards to web servers by the dozen.
        if (is_common_service(row) && is_generated(chain.name)) continue;
        bool transport = false;
        for (std::uint8_t protocol : {proto_tcp, proto_udp})
          transport = transport || (row.has_transport(protocol) && (!protocols || protocols->contains(protocol)));
        if (!transport) continue;
        out.push_back({{{ruleset.family, t.addresses.begin()->lo}, rule.span}, row.id, !is_common_service(row)});
      }
    });
  return out;
}

// An address the user gave may be the public one a port forward takes to the PBX: then where it leads is the PBX too.
void follow_forwards(Site& site, Host& host) {
  std::vector<Located<Address>> given = host.addresses;
  for (const Firewall& firewall : site.firewalls)
    each_rule(firewall, [&](const Ruleset& ruleset, const Chain&, const Rule& rule) {
      const Translation& t = rule.action.translation;
      if (rule.action.kind != ActionKind::translate_destination || t.addresses.size() != 1) return;
      auto outer = required(rule, Field::destination, address_max(ruleset.family));
      Address target{ruleset.family, t.addresses.begin()->lo};
      for (const Located<Address>& a : host.addresses)
        if (a.value == target) return;
      for (const Located<Address>& a : given) {
        if (!outer || a.value.family != ruleset.family || *outer != IntervalSet::of(a.value.value)) continue;
        host.addresses.push_back({target, rule.span});
        site.inferences.push_back({fmt::format("{} is the PBX too: what is sent to {} is forwarded to it",
                                               format_address(target), format_address(a.value)),
                                   rule.span});
        return;
      }
    });
}

}  // namespace

void locate_pbx(Site& site, const PortMatrix& matrix, const std::vector<Address>& given) {
  if (!given.empty()) {
    Host& host = pbx_of(site);
    host.addresses.clear();
    for (Address address : given) host.addresses.push_back({address, host.span});
    follow_forwards(site, host);
    return;
  }
  for (const Host& host : site.hosts)
    if (is_pbx(host) && !host.addresses.empty()) return;
  std::vector<PbxCandidate> found = forwarded_pbx(site, matrix);
  bool specific = std::any_of(found.begin(), found.end(), [](const PbxCandidate& c) { return c.specific; });
  std::set<Address> known;
  for (const Host& other : site.hosts)
    for (const Located<Address>& address : other.addresses) known.insert(address.value);
  for (const PbxCandidate& c : found) {
    if (c.specific != specific || !known.insert(c.address.value).second) continue;
    pbx_of(site).addresses.push_back(c.address);
    site.inferences.push_back({fmt::format("the PBX is {}: port forward to a port of {}", format_address(c.address.value), c.row),
                               c.address.span});
  }
}

}  // namespace ipo
