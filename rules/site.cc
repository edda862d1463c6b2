// The ladder of product.md, first rung that answers. Rules in a chain called from POSTROUTING or PREROUTING inherit the
// interface their callers require, since generators put the interface on the jump and the translation in the chain.
#include "rules/site.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace ipo {

bool is_tunnel(const std::string& name) {
  for (const char* prefix : {"docker", "veth", "virbr", "cni", "flannel", "cali", "podman", "tun", "tap", "wg", "ipsec", "vti",
                             "xfrm", "gre", "sit", "tailscale", "zt", "ham", "vpn"})
    if (name.starts_with(prefix)) return true;
  return false;
}

namespace {

// A bridge, container or VPN interface: what is behind it is no internet although it may be masqueraded.
bool is_internal_kind(const std::string& name) {
  for (const char* prefix : {"lo", "br", "vmbr", "lxc", "lxd", "vnet"})
    if (name.starts_with(prefix)) return true;
  return is_tunnel(name);
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

// The rules that call each chain, by table and name.
using Callers = std::map<std::pair<std::string_view, std::string_view>, std::vector<std::pair<const Chain*, const Rule*>>>;

Callers callers_of(const Ruleset& ruleset) {
  Callers out;
  for (const Chain& chain : ruleset.chains)
    for (const Rule& rule : chain.rules)
      if (rule.action.kind == ActionKind::jump || rule.action.kind == ActionKind::go_to)
        out[{chain.table, rule.action.chain}].push_back({&chain, &rule});
  return out;
}

// The interfaces a rule requires, its own or, if it names none, its callers'.
std::vector<InterfaceSeen> required_interfaces(const Callers& callers, const Chain& chain, const Rule& rule, bool incoming) {
  std::vector<InterfaceSeen> out;
  std::vector<std::pair<const Chain*, const Rule*>> todo = {{&chain, &rule}};
  std::set<const Chain*> asked;
  for (std::size_t next = 0; next < todo.size(); ++next) {
    auto [in, at] = todo[next];
    bool own = false;
    for (const Condition& c : at->conditions) {
      if (c.negated || c.any_of.size() != 1) continue;
      auto* test = std::get_if<InterfaceTest>(&c.any_of.front());
      if (!test || test->incoming != incoming || test->name.empty()) continue;
      own = true;
      out.push_back({*test, at->span});
    }
    if (own || !asked.insert(in).second) continue;
    if (auto it = callers.find({in->table, in->name}); it != callers.end())
      todo.insert(todo.end(), it->second.begin(), it->second.end());
  }
  return out;
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

// Hairpin masquerading makes an inside interface look like an uplink. Of several candidates one that rules let packets
// into by a private destination, or out of by a private source, is inside.
void drop_inside(Standing& standing, std::vector<Inference>& inferences) {
  if (standing.internet.size() < 2) return;
  auto inside = [&](const InterfaceTest& candidate) {
    bool found = false;
    each_rule(*standing.firewall, [&](const Ruleset& ruleset, const Chain& chain, const Rule& rule) {
      if (chain.table != "filter" || rule.action.kind == ActionKind::drop || rule.action.kind == ActionKind::reject) return;
      for (const Condition& c : rule.conditions) {
        auto* i = c.any_of.size() == 1 && !c.negated ? std::get_if<InterfaceTest>(&c.any_of.front()) : nullptr;
        if (!i || i->name != candidate.name || i->prefix != candidate.prefix) continue;
        auto with = required(rule, i->incoming ? Field::source : Field::destination, address_max(ruleset.family));
        found = found || (with && all_private(*with, ruleset.family));
      }
    });
    return found;
  };
  std::vector<InterfaceTest> left;
  for (const InterfaceTest& candidate : standing.internet)
    if (!inside(candidate)) left.push_back(candidate);
  if (left.empty() || left.size() == standing.internet.size()) return;
  std::erase_if(inferences, [&](const Inference& i) {
    return std::any_of(standing.internet.begin(), standing.internet.end(), [&](const InterfaceTest& t) {
      return !has_interface(left, t) && i.message.starts_with("internet is " + shown(t) + ":");
    });
  });
  standing.internet = left;
}

void infer_internet(Standing& standing, const SiteOptions& options, std::vector<Inference>& inferences) {
  auto take = [&](const InterfaceSeen& seen, const char* why) {
    if (has_interface(standing.internet, seen.test)) return;
    standing.internet.push_back(seen.test);
    inferences.push_back({fmt::format("internet is {}: {}", shown(seen.test), why), seen.span});
  };
  if (!options.internet.empty()) {
    for (const std::string& name : options.internet) {
      bool prefix = name.ends_with('+');
      InterfaceTest given{true, prefix ? name.substr(0, name.size() - 1) : name, prefix};
      standing.internet.push_back(given);
      bool named = false;
      each_rule(*standing.firewall, [&](const Ruleset&, const Chain&, const Rule& rule) {
        for (const Condition& c : rule.conditions)
          for (const Test& test : c.any_of)
            if (auto* i = std::get_if<InterfaceTest>(&test); i && !i->name.empty())
              named = named || i->name == given.name || (i->prefix && given.name.starts_with(i->name)) ||
                      (prefix && i->name.starts_with(given.name));
      });
      if (!named)
        inferences.push_back({fmt::format("internet is {} as given, though no rule names this interface: is it spelt right?", name),
                              standing.firewall->rulesets.empty() ? SourceSpan{} : standing.firewall->rulesets.front().span});
    }
    return;
  }
  const Firewall& firewall = *standing.firewall;
  std::map<const Ruleset*, Callers> callers;
  for (const Ruleset& ruleset : firewall.rulesets) callers.emplace(&ruleset, callers_of(ruleset));
  each_rule(firewall, [&](const Ruleset& ruleset, const Chain& chain, const Rule& rule) {
    if (chain.table != "nat" || rule.action.kind != ActionKind::translate_source) return;
    auto to = required(rule, Field::destination, address_max(ruleset.family));
    if (to && all_private(*to, ruleset.family)) return;
    for (const InterfaceSeen& i : required_interfaces(callers.at(&ruleset), chain, rule, false))
      if (!is_internal_kind(i.test.name)) take(i, "source addresses are translated on the way out of it");
  });
  drop_inside(standing, inferences);
  if (standing.internet.empty())
    each_rule(firewall, [&](const Ruleset& ruleset, const Chain& chain, const Rule& rule) {
      if (chain.table != "nat" || rule.action.kind != ActionKind::translate_destination) return;
      for (const InterfaceSeen& i : required_interfaces(callers.at(&ruleset), chain, rule, true))
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

// Whether the rule can let a new connection of tcp or udp through from a real interface.
bool lets_new_through(const Rule& rule) {
  if (rule.action.kind != ActionKind::accept && rule.action.kind != ActionKind::unknown) return false;
  if (auto states = required(rule, Field::state, 4); states && !states->contains(0)) return false;
  if (auto protocols = required(rule, Field::protocol, 255);
      protocols && !protocols->contains(proto_tcp) && !protocols->contains(proto_udp))
    return false;
  for (const Condition& c : rule.conditions)
    if (auto* i = c.any_of.size() == 1 ? std::get_if<InterfaceTest>(&c.any_of.front()) : nullptr;
        i && !c.negated && i->name == "lo")
      return false;
  return true;
}

// A chain, or one it calls, that lets something through. A list of chains to look at, not a recursion: input decides how
// deep jumps nest.
bool forwards(const Ruleset& ruleset, std::size_t chain) {
  std::map<std::pair<std::string_view, std::string_view>, std::size_t> index;
  for (std::size_t c = 0; c < ruleset.chains.size(); ++c) index.try_emplace({ruleset.chains[c].table, ruleset.chains[c].name}, c);
  std::vector<std::size_t> todo = {chain};
  std::set<std::size_t> asked = {chain};
  while (!todo.empty()) {
    const Chain& at = ruleset.chains[todo.back()];
    todo.pop_back();
    for (const Rule& rule : at.rules) {
      if (lets_new_through(rule)) return true;
      if (rule.action.kind != ActionKind::jump && rule.action.kind != ActionKind::go_to) continue;
      auto target = index.find({at.table, rule.action.chain});
      if (target != index.end() && asked.insert(target->second).second) todo.push_back(target->second);
    }
  }
  return false;
}

// The chain lists what it refuses and its policy accepts the rest: a filter for forwarding, though it accepts nothing by
// a rule. A rule that refuses everything ends such a list.
bool refuses_some(const Chain& chain) {
  if (!chain.policy || chain.policy->value == ActionKind::drop) return false;
  bool some = false;
  for (const Rule& rule : chain.rules) {
    if (rule.action.kind != ActionKind::drop && rule.action.kind != ActionKind::reject) continue;
    if (rule.conditions.empty()) return false;
    some = true;
  }
  return some;
}

Role infer_role(const Firewall& firewall) {
  for (const Ruleset& ruleset : firewall.rulesets) {
    for (const Chain& chain : ruleset.chains)
      if (chain.table == "nat" && !chain.rules.empty()) return Role::perimeter;
    for (const BaseChain& base : ruleset.base_chains) {
      if (base.hook != Hook::forward || ruleset.chains[base.chain].table != "filter") continue;
      if (forwards(ruleset, base.chain) || refuses_some(ruleset.chains[base.chain])) return Role::perimeter;
    }
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

// Rows that other machines' port forwards hit by chance: media ranges, tunnels, routing, ports that merely look alike.
bool says_nothing(const MatrixRow& row) {
  static const std::set<int> numbers = {8, 10, 11, 27, 28, 46};
  return numbers.contains(row.number);
}

// A dump without its filter table says nothing of what passes: base chains of unknown policy stand for it.
void assume_filter(Ruleset& ruleset, std::vector<Inference>& inferences) {
  if (ruleset.has_filter) return;
  SourceSpan first{ruleset.span.source, ruleset.span.begin, ruleset.span.begin};
  for (auto [hook, name] : {std::pair(Hook::input, "INPUT"), {Hook::forward, "FORWARD"}, {Hook::output, "OUTPUT"}}) {
    Chain chain;
    chain.table = "filter", chain.name = name, chain.span = first;
    chain.policy = Located<ActionKind>{ActionKind::unknown, first};
    ruleset.base_chains.push_back({hook, 0, false, ruleset.chains.size()});
    ruleset.chains.push_back(std::move(chain));
  }
  std::stable_sort(ruleset.base_chains.begin(), ruleset.base_chains.end(), [](const BaseChain& a, const BaseChain& b) {
    return std::pair(a.hook, a.priority) < std::pair(b.hook, b.priority);
  });
  ruleset.has_filter = true;
  inferences.push_back({"the dump has no filter table: what passes is not known, findings are possible", first});
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
        if (row.direction != "ingress" || row.product != "ip-office" || says_nothing(row)) continue;
        if (!row.port_set().intersects(*ports)) continue;
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
    follow_forwards(site, host);
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

bool Standing::mentions(Address address) const {
  bool found = false;
  u128 widest = address_max(address.family) >> 8;
  each_rule(*firewall, [&](const Ruleset& ruleset, const Chain&, const Rule& rule) {
    if (ruleset.family != address.family || found) return;
    found = rule.action.translation.addresses.contains(address.value);
    for (Field field : {Field::source, Field::destination})
      for (const Condition& c : rule.conditions)
        if (const FieldTest* test = field_test(c, field))
          found = found || (test->values.contains(address.value) && test->values.size() - 1 <= widest);
  });
  return found;
}

std::vector<InterfaceTest> Standing::inside(std::optional<Address> address, bool& certain,
                                            std::vector<InterfaceTest>& elsewhere) const {
  std::vector<InterfaceTest> tied, named;
  // A /8 says where an address is, a wider net does not; behind a tunnel only a /24 (/64) does.
  u128 narrowest = address ? address_max(address->family) >> 8 : 0;
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
          if (!with || !with->contains(address->value) || with->size() - 1 > narrowest) continue;
          if (is_tunnel(test->name) && with->size() - 1 > address_max(address->family) >> (address->family == Family::ipv4 ? 24 : 64))
            continue;
          // A rule that refuses says where the address is not. The narrowest net wins, as it does in routing.
          if (rule.action.kind == ActionKind::drop || rule.action.kind == ActionKind::reject) continue;
          if (with->size() - 1 < narrowest) tied.clear();
          narrowest = with->size() - 1;
          if (!has_interface(tied, out)) tied.push_back(out);
        }
  }
  certain = !tied.empty() || named.size() <= 1;
  return tied.empty() ? named : tied;
}

std::vector<Standing> survey(Site& site, const PortMatrix& matrix, const SiteOptions& options) {
  std::vector<Standing> out;
  join_families(site);
  for (Firewall& firewall : site.firewalls)
    for (Ruleset& ruleset : firewall.rulesets) assume_filter(ruleset, site.inferences);
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
