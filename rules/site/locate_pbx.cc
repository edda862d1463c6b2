// Only a port forward to a port that a PBX alone has makes a host the PBX: every site forwards SSH and HTTPS to something. A forward
// of a wide range, or of all ports, says little of what listens behind it.
#include "rules/site/locate_pbx.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "rules/site/declared.h"
#include "rules/site/required.h"

namespace ipo {

const IntervalSet& common_ports() {
  static const IntervalSet ports = [] {
    IntervalSet out = IntervalSet::range(20, 25);
    out.add(67, 69);
    for (unsigned port :
         {53, 80, 110, 123, 143, 161, 389, 443, 465, 500, 514, 520, 587, 636, 993, 995, 1701, 3389, 8000, 8080, 8443})
      out.add(port, port);
    return out;
  }();
  return ports;
}

namespace {

// Rows that other machines' port forwards hit by chance: alternative web ports, virtual appliances, VNC, WebRTC, ports that
// merely look alike. Media has its own question.
bool says_nothing(const MatrixRow& row) {
  static const std::set<int> numbers = {8, 17, 18, 19, 20, 26, 27, 28, 46};
  return numbers.contains(row.number);
}

constexpr u128 widest_forward = 256;   // ports; a wider range was not written for the service that happens to lie in it
constexpr u128 narrowest_media = 128;  // ports; fewer are not a range for calls

// The row's ports among those forwarded say that a PBX is behind them.
bool speaks_of_pbx(const MatrixRow& row, const IntervalSet& forwarded) {
  IntervalSet wanted = row.port_set();
  if (row.application.starts_with("RTP")) {
    return std::any_of(forwarded.begin(), forwarded.end(), [&](const Interval& range) {
      return range.hi - range.lo + 1 >= narrowest_media && wanted.covers(IntervalSet::range(range.lo, range.hi));
    });
  }
  wanted = wanted.minus(common_ports());
  return !says_nothing(row) && std::any_of(forwarded.begin(), forwarded.end(), [&](const Interval& range) {
    return range.hi - range.lo < widest_forward && wanted.intersects(IntervalSet::range(range.lo, range.hi));
  });
}

struct PbxCandidate {
  Located<Address> address;
  std::string row;
};

// Calls are forwarded to a declared session border controller, which is no PBX.
bool is_border_controller(const Site& site, Address address) {
  return std::any_of(site.zones.begin(), site.zones.end(), [&](const Zone& zone) {
    return zone.kind == "sbc" && holds(zone, IntervalSet::of(address.value), address.family);
  });
}

// One for each machine: the first port forward that speaks for it.
std::vector<PbxCandidate> forwarded_pbx(const Site& site, const PortMatrix& matrix) {
  std::set<Address> known;
  for (const Host& other : site.hosts)
    for (const Located<Address>& address : other.addresses) known.insert(address.value);
  std::vector<PbxCandidate> out;
  for (const Firewall& firewall : site.firewalls)
    each_rule(firewall, [&](const Ruleset& ruleset, const Chain&, const Rule& rule) {
      if (rule.action.kind != ActionKind::translate_destination) return;
      const Translation& t = rule.action.translation;
      if (t.addresses.size() != 1) return;
      Address target{ruleset.family, t.addresses.begin()->lo};
      if (known.contains(target) || is_border_controller(site, target)) return;
      auto ports = t.ports.empty() ? required(rule, Field::destination_port, 65535) : std::optional(t.ports);
      if (!ports) return;
      auto protocols = required(rule, Field::protocol, 255);
      for (const MatrixRow& row : matrix.rows) {
        if (row.direction != "ingress" || row.product != "ip-office" || !speaks_of_pbx(row, *ports)) continue;
        bool transport = false;
        for (std::uint8_t protocol : {proto_tcp, proto_udp})
          transport = transport || (row.has_transport(protocol) && (!protocols || protocols->contains(protocol)));
        if (!transport) continue;
        out.push_back({{target, rule.span}, row.id});
        known.insert(target);
        return;
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
        site.inferences.push_back({fmt::format("{} is the PBX too: what is sent to {} is forwarded to it", format_address(target),
                                               format_address(a.value)),
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
  for (const PbxCandidate& c : found) {
    pbx_of(site).addresses.push_back(c.address);
    site.inferences.push_back(
        {fmt::format("the PBX is {}: port forward to a port of {}{}", format_address(c.address.value), c.row,
                     found.size() > 1 ? ", one of several with such a forward; name the right one with --pbx" : ""),
         c.address.span});
  }
}

}  // namespace ipo
