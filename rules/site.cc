// The ladder of product.md, first rung that answers. Rules in a chain called from POSTROUTING or PREROUTING inherit the
// interface their callers require, since generators put the interface on the jump and the translation in the chain.
#include "rules/site.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace ipo {
namespace {

constexpr int caller_depth = 8;

// A bridge, container or VPN interface: what is behind it is no internet although it may be masqueraded.
bool is_internal_kind(const std::string& name) {
  for (const char* prefix : {"lo", "br", "docker", "veth", "virbr", "vmbr", "lxc", "lxd", "cni", "flannel", "cali", "podman",
                             "tun", "tap", "wg", "ipsec", "vti", "xfrm", "gre", "sit", "tailscale", "zt", "ham", "vnet"})
    if (name.starts_with(prefix)) return true;
  return false;
}

// A tunnel or container interface: the PBX's network is behind it only where a rule says so.
bool is_tunnel(const std::string& name) {
  for (const char* prefix : {"docker", "veth", "virbr", "cni", "flannel", "cali", "podman", "tun", "tap", "wg", "ipsec", "vti",
                             "xfrm", "gre", "sit", "tailscale", "zt", "ham"})
    if (name.starts_with(prefix)) return true;
  return false;
}

bool is_dial_out_name(const std::string& name) {
  for (const char* prefix : {"ppp", "wan", "wwan", "pppoe", "dsl"})
    if (name.starts_with(prefix)) return true;
  return false;
}

bool all_private(const IntervalSet& addresses, Family family) {
  for (const Interval& i : addresses)
    if (is_public({family, i.lo}) || is_public({family, i.hi})) return false;
  return !addresses.empty();
}

const FieldTest* field_test(const Condition& c, Field field) {
  if (c.any_of.size() != 1) return nullptr;
  auto* test = std::get_if<FieldTest>(&c.any_of.front());
  return test && test->field == field ? test : nullptr;
}

// Values a rule requires of a field: the intersection of its conditions; nothing where it does not test it.
std::optional<IntervalSet> required(const Rule& rule, Field field, u128 max) {
  std::optional<IntervalSet> out;
  for (const Condition& c : rule.conditions)
    if (const FieldTest* test = field_test(c, field)) {
      IntervalSet values = c.negated ? test->values.complement(max) : test->values;
      out = out ? out->intersected(values) : values;
    }
  return out;
}

struct InterfaceSeen {
  InterfaceTest test;
  SourceSpan span;
};

// The interfaces a rule requires, its own or, if it names none, its callers'.
void required_interfaces(const Ruleset& ruleset, const Chain& chain, const Rule& rule, bool incoming, int depth,
                         std::vector<InterfaceSeen>& out) {
  bool own = false;
  for (const Condition& c : rule.conditions) {
    if (c.negated || c.any_of.size() != 1) continue;
    auto* test = std::get_if<InterfaceTest>(&c.any_of.front());
    if (!test || test->incoming != incoming || test->name.empty()) continue;
    own = true;
    out.push_back({*test, rule.span});
  }
  if (own || depth == 0) return;
  for (const Chain& caller : ruleset.chains) {
    if (caller.table != chain.table) continue;
    for (const Rule& jump : caller.rules)
      if (jump.action.chain == chain.name &&
          (jump.action.kind == ActionKind::jump || jump.action.kind == ActionKind::go_to))
        required_interfaces(ruleset, caller, jump, incoming, depth - 1, out);
  }
}

template <class Visit>
void each_rule(const Firewall& firewall, Visit visit) {
  for (const Ruleset& ruleset : firewall.rulesets)
    for (const Chain& chain : ruleset.chains)
      for (const Rule& rule : chain.rules) visit(ruleset, chain, rule);
}

bool has_interface(const std::vector<InterfaceTest>& list, const InterfaceTest& test) {
  return std::any_of(list.begin(), list.end(),
                     [&](const InterfaceTest& i) { return i.name == test.name && i.prefix == test.prefix; });
}

std::string shown(const InterfaceTest& test) { return test.prefix ? test.name + "+" : test.name; }

void infer_internet(Standing& standing, const SiteOptions& options, std::vector<Inference>& inferences) {
  auto take = [&](const InterfaceSeen& seen, const char* why) {
    if (has_interface(standing.internet, seen.test)) return;
    standing.internet.push_back(seen.test);
    inferences.push_back({fmt::format("internet is {}: {}", shown(seen.test), why), seen.span});
  };
  if (!options.internet.empty()) {
    for (const std::string& name : options.internet) {
      bool prefix = name.ends_with('+');
      standing.internet.push_back({true, prefix ? name.substr(0, name.size() - 1) : name, prefix});
    }
    return;
  }
  const Firewall& firewall = *standing.firewall;
  each_rule(firewall, [&](const Ruleset& ruleset, const Chain& chain, const Rule& rule) {
    if (chain.table != "nat" || rule.action.kind != ActionKind::translate_source) return;
    auto to = required(rule, Field::destination, address_max(ruleset.family));
    if (to && all_private(*to, ruleset.family)) return;
    std::vector<InterfaceSeen> seen;
    required_interfaces(ruleset, chain, rule, false, caller_depth, seen);
    for (const InterfaceSeen& i : seen)
      if (!is_internal_kind(i.test.name)) take(i, "source addresses are translated on the way out of it");
  });
  if (standing.internet.empty())
    each_rule(firewall, [&](const Ruleset& ruleset, const Chain& chain, const Rule& rule) {
      if (chain.table != "nat" || rule.action.kind != ActionKind::translate_destination) return;
      std::vector<InterfaceSeen> seen;
      required_interfaces(ruleset, chain, rule, true, caller_depth, seen);
      for (const InterfaceSeen& i : seen)
        if (!is_internal_kind(i.test.name)) take(i, "ports are forwarded from it");
    });
  if (standing.internet.empty())
    each_rule(firewall, [&](const Ruleset&, const Chain&, const Rule& rule) {
      for (const Condition& c : rule.conditions)
        for (const Test& test : c.any_of)
          if (auto* i = std::get_if<InterfaceTest>(&test); i && is_dial_out_name(i->name))
            take({*i, rule.span}, "its name is one of a dial-out or WAN interface");
    });
  for (InterfaceTest& i : standing.internet) i.incoming = true;
  if (standing.internet.empty())
    inferences.push_back({"which interface leads to the internet is not known: any interface with a globally routable source "
                          "counts, findings are warnings at most; name it with --internet",
                          firewall.rulesets.empty() ? SourceSpan{} : firewall.rulesets.front().span});
}

bool forwards(const Ruleset& ruleset, std::size_t chain, int depth) {
  for (const Rule& rule : ruleset.chains[chain].rules) {
    if (rule.action.kind == ActionKind::accept || rule.action.kind == ActionKind::unknown) return true;
    if ((rule.action.kind == ActionKind::jump || rule.action.kind == ActionKind::go_to) && depth > 0)
      if (auto target = ruleset.find(ruleset.chains[chain].table, rule.action.chain); target && forwards(ruleset, *target, depth - 1))
        return true;
  }
  return false;
}

Role infer_role(const Firewall& firewall) {
  for (const Ruleset& ruleset : firewall.rulesets) {
    for (const Chain& chain : ruleset.chains)
      if (chain.table == "nat" && !chain.rules.empty()) return Role::perimeter;
    for (const BaseChain& base : ruleset.base_chains)
      if (base.hook == Hook::forward && ruleset.chains[base.chain].table == "filter" && forwards(ruleset, base.chain, caller_depth))
        return Role::perimeter;
  }
  return Role::host;
}

// Ports whose row says little about the machine behind them: every web, mail or time server has them.
bool is_common_service(const MatrixRow& row) {
  static const std::set<unsigned> common = {22, 25, 37, 53, 80, 123, 143, 389, 443, 993, 8000, 8080, 8443};
  return std::all_of(row.ports.begin(), row.ports.end(), [](auto range) { return common.contains(range.first); });
}

// An IPv4 and an IPv6 dump together are one host's: what one says of interfaces and role holds for both.
void join_families(Site& site) {
  if (site.firewalls.size() != 2) return;
  auto only = [](const Firewall& f, Family family) {
    return !f.role && std::all_of(f.rulesets.begin(), f.rulesets.end(), [&](const Ruleset& r) { return r.family == family; });
  };
  std::size_t six = only(site.firewalls[0], Family::ipv6) ? 0 : 1, four = 1 - six;
  if (!only(site.firewalls[four], Family::ipv4) || !only(site.firewalls[six], Family::ipv6)) return;
  for (Ruleset& ruleset : site.firewalls[six].rulesets) site.firewalls[four].rulesets.push_back(std::move(ruleset));
  site.firewalls.erase(site.firewalls.begin() + static_cast<std::ptrdiff_t>(six));
}

struct PbxCandidate {
  Located<Address> address;
  std::string row;
  bool specific;
};

std::vector<PbxCandidate> forwarded_pbx(const Site& site, const PortMatrix& matrix) {
  std::vector<PbxCandidate> out;
  for (const Firewall& firewall : site.firewalls)
    each_rule(firewall, [&](const Ruleset& ruleset, const Chain&, const Rule& rule) {
      if (rule.action.kind != ActionKind::translate_destination) return;
      const Translation& t = rule.action.translation;
      if (t.addresses.size() != 1) return;
      auto ports = t.ports.empty() ? required(rule, Field::destination_port, 65535) : std::optional(t.ports);
      if (!ports) return;
      auto protocols = required(rule, Field::protocol, 255);
      for (const MatrixRow& row : matrix.rows) {
        if (row.direction != "ingress" || row.product != "ip-office" || !row.port_set().intersects(*ports)) continue;
        bool transport = false;
        for (std::uint8_t protocol : {proto_tcp, proto_udp})
          transport = transport || (row.has_transport(protocol) && (!protocols || protocols->contains(protocol)));
        if (!transport) continue;
        out.push_back({{{ruleset.family, t.addresses.begin()->lo}, rule.span}, row.id, !is_common_service(row)});
      }
    });
  return out;
}

void locate_pbx(Site& site, const PortMatrix& matrix, const SiteOptions& options) {
  auto pbx_host = [&]() -> Host& {
    for (Host& host : site.hosts)
      if (std::find(host.products.begin(), host.products.end(), "ip-office") != host.products.end()) return host;
    Host host;
    host.name = "pbx";
    host.products = {"ip-office"};
    return site.hosts.emplace_back(std::move(host));
  };
  if (!options.pbx.empty()) {
    Host& host = pbx_host();
    host.addresses.clear();
    for (Address address : options.pbx) host.addresses.push_back({address, host.span});
    return;
  }
  for (const Host& host : site.hosts)
    if (!host.addresses.empty()) return;
  std::vector<PbxCandidate> found = forwarded_pbx(site, matrix);
  bool specific = std::any_of(found.begin(), found.end(), [](const PbxCandidate& c) { return c.specific; });
  std::set<Address> known;
  for (const PbxCandidate& c : found) {
    if (c.specific != specific || !known.insert(c.address.value).second) continue;
    pbx_host().addresses.push_back(c.address);
    site.inferences.push_back({fmt::format("the PBX is {}: port forward to a port of {}", format_address(c.address.value), c.row),
                               c.address.span});
  }
}

}  // namespace

std::vector<InterfaceTest> Standing::inside(std::optional<Address> address, bool& certain,
                                            std::vector<InterfaceTest>& elsewhere) const {
  std::vector<InterfaceTest> tied, named;
  for (const Ruleset& ruleset : firewall->rulesets) {
    if (address && ruleset.family != address->family) continue;
    for (const Chain& chain : ruleset.chains)
      for (const Rule& rule : chain.rules)
        for (const Condition& c : rule.conditions) {
          if (c.any_of.size() != 1) continue;
          auto* test = std::get_if<InterfaceTest>(&c.any_of.front());
          if (!test || test->name.empty() || test->name == "lo") continue;
          InterfaceTest out{false, test->name, test->prefix};
          bool outside = has_interface(internet, out);
          std::vector<InterfaceTest>& seen = is_tunnel(test->name) ? elsewhere : named;
          if (!outside && !has_interface(seen, out)) seen.push_back(out);
          if (!address || c.negated || outside) continue;
          // "-o eth1 -d 192.168.42.0/24" and "-i eth1 -s 192.168.42.0/24" both say what is behind eth1.
          auto with = required(rule, test->incoming ? Field::source : Field::destination, address_max(address->family));
          if (with && with->contains(address->value) && with->size() <= address_max(address->family) / 256 + 1 &&
              !has_interface(tied, out))
            tied.push_back(out);
        }
  }
  certain = !tied.empty() || named.size() <= 1;
  return tied.empty() ? named : tied;
}

std::vector<Standing> survey(Site& site, const PortMatrix& matrix, const SiteOptions& options) {
  std::vector<Standing> out;
  join_families(site);
  locate_pbx(site, matrix, options);
  bool perimeter = false;
  for (const Firewall& firewall : site.firewalls) {
    Standing standing;
    standing.firewall = &firewall;
    standing.role = firewall.role ? *firewall.role : infer_role(firewall);
    SourceSpan place = firewall.rulesets.empty() ? SourceSpan{} : firewall.rulesets.front().span;
    if (!firewall.role)
      site.inferences.push_back({standing.role == Role::host
                                     ? "this is a host's own filter: it translates nothing and forwards nothing"
                                     : "this is a perimeter firewall: it translates or forwards",
                                 place});
    infer_internet(standing, options, site.inferences);
    standing.protects_itself = standing.role == Role::host;
    perimeter = perimeter || standing.role != Role::host;
    out.push_back(std::move(standing));
  }
  bool located = false, all_inside = true;
  for (const Host& host : site.hosts)
    for (const Located<Address>& address : host.addresses) {
      located = true;
      all_inside = all_inside && !is_public(address.value);
    }
  for (Standing& standing : out) {
    if (standing.role != Role::host || perimeter || !located || !all_inside) continue;
    standing.network_only = true;
    site.inferences.push_back({"no perimeter firewall was given and the PBX has private addresses: what is reachable is said "
                               "of the network around it, one level lower",
                               standing.firewall->rulesets.empty() ? SourceSpan{} : standing.firewall->rulesets.front().span});
  }
  if (!located && perimeter)
    site.inferences.push_back({"the address of the PBX is not known: every destination is judged, findings are possible and "
                               "warnings at most; pass --pbx ADDRESS",
                               SourceSpan{}});
  return out;
}

}  // namespace ipo
