// First rung that answers: masquerading, port forwards, names of dial-out interfaces. Rules in a chain called from
// POSTROUTING or PREROUTING inherit the interface their callers require, since generators put the interface on the jump
// and the translation in the chain.
#include "rules/site/internet.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "rules/site/required.h"

namespace ipo {

bool is_guest(const std::string& name) {
  // A container network's bridge is named by its id, "br-" and twelve hexadecimal digits.
  if (name.size() == 15 && name.starts_with("br-") && name.find_first_not_of("0123456789abcdef", 3) == name.npos) return true;
  for (const char* prefix : {"docker", "veth", "virbr", "vnet", "lxc", "lxd", "cbr", "cni", "flannel", "cali", "podman"})
    if (name.starts_with(prefix)) return true;
  return false;
}

bool is_tunnel(const std::string& name) {
  for (const char* prefix : {"tun", "tap", "wg", "ipsec", "vti", "xfrm", "gre", "sit", "tailscale", "zt", "ham", "vpn", "bat"})
    if (name.starts_with(prefix)) return true;
  return is_guest(name);
}

namespace {

// A bridge, container or VPN interface: what is behind it is no internet although it may be masqueraded.
bool is_internal_kind(const std::string& name) {
  for (const char* prefix : {"lo", "br", "vmbr"})
    if (name.starts_with(prefix)) return true;
  return is_tunnel(name);
}

bool is_dial_out_name(const std::string& name) {
  for (const char* prefix : {"ppp", "wan", "wwan", "pppoe", "dsl"})
    if (name.starts_with(prefix)) return true;
  return false;
}

using CallersOf = std::map<const Ruleset*, Callers>;

// Interfaces that ports are forwarded from.
std::vector<InterfaceTest> forwarding(const Firewall& firewall, const CallersOf& callers) {
  std::vector<InterfaceTest> out;
  each_rule(firewall, [&](const Ruleset& ruleset, const Chain& chain, const Rule& rule) {
    if (rule.action.kind != ActionKind::translate_destination) return;
    for (const InterfaceSeen& i : required_interfaces(callers.at(&ruleset), chain, rule, true)) out.push_back(i.test);
  });
  return out;
}

bool tests_interfaces_only(const Rule& rule) {
  return std::all_of(rule.conditions.begin(), rule.conditions.end(),
                     [](const Condition& c) { return c.any_of.size() == 1 && std::get_if<InterfaceTest>(&c.any_of.front()); });
}

// Hairpin masquerading makes an inside interface look like an uplink. Of several candidates one that rules let packets
// into by a private destination, or out of by a private source, is inside; so is one that everything is let in by, while ports are
// forwarded from another one only.
void drop_inside(Standing& standing, const CallersOf& callers, std::vector<Inference>& inferences) {
  if (standing.internet.size() < 2) return;
  const std::vector<InterfaceTest> forwards = forwarding(*standing.firewall, callers);
  bool some_forward = std::any_of(standing.internet.begin(), standing.internet.end(),
                                  [&](const InterfaceTest& t) { return has_interface(forwards, t); });
  auto inside = [&](const InterfaceTest& candidate) {
    bool found = false, others_forward = some_forward && !has_interface(forwards, candidate);
    each_rule(*standing.firewall, [&](const Ruleset& ruleset, const Chain& chain, const Rule& rule) {
      if (!ruleset.filters(chain) || rule.action.kind == ActionKind::drop || rule.action.kind == ActionKind::reject) return;
      for (const Condition& c : rule.conditions) {
        auto* i = c.any_of.size() == 1 && !c.negated ? std::get_if<InterfaceTest>(&c.any_of.front()) : nullptr;
        if (!i || i->name != candidate.name || i->prefix != candidate.prefix) continue;
        auto with = required(rule, i->incoming ? Field::source : Field::destination, address_max(ruleset.family));
        found = found || (with && all_private(*with, ruleset.family)) ||
                (others_forward && i->incoming && rule.action.kind == ActionKind::accept && tests_interfaces_only(rule));
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
      return !has_interface(left, t) && i.message.starts_with("internet is " + format_interface(t) + ":");
    });
  });
  standing.internet = left;
}

// A bridge, or a machine with one arm: rules let packets leave by the interface they came in by, and name no other one.
void take_only_interface(Standing& standing, std::vector<Inference>& inferences) {
  std::optional<InterfaceTest> only;
  std::optional<SourceSpan> through;
  bool others = false;
  each_rule(*standing.firewall, [&](const Ruleset&, const Chain&, const Rule& rule) {
    int sides = 0;
    for (const Condition& c : rule.conditions)
      each_test<InterfaceTest>(c, [&](const InterfaceTest& test) {
        if (test.name.empty() || test.name == "lo") return;
        if (!only) only = test;
        others = others || test.name != only->name || test.prefix || c.negated;
        sides |= test.incoming ? 1 : 2;
      });
    if (sides == 3 && !through) through = rule.span;
  });
  if (!only || !through || others || is_tunnel(only->name)) return;
  standing.internet.push_back(*only);
  inferences.push_back(
      {fmt::format("internet is {}: rules forward from this interface to itself and name no other", only->name), *through});
}

}  // namespace

void infer_internet(Standing& standing, std::vector<Inference>& inferences) {
  auto take = [&](const InterfaceSeen& seen, const char* why) {
    if (has_interface(standing.internet, seen.test)) return;
    standing.internet.push_back(seen.test);
    inferences.push_back({fmt::format("internet is {}: {}", format_interface(seen.test), why), seen.span});
  };
  const Firewall& firewall = *standing.firewall;
  CallersOf callers;
  for (const Ruleset& ruleset : firewall.rulesets) callers.emplace(&ruleset, callers_of(ruleset));
  each_rule(firewall, [&](const Ruleset& ruleset, const Chain& chain, const Rule& rule) {
    if (rule.action.kind != ActionKind::translate_source) return;
    auto to = required(rule, Field::destination, address_max(ruleset.family));
    if (to && all_private(*to, ruleset.family)) return;
    // For what a forward leads inside: so that answers come back by this machine.
    if (auto nat = required(rule, Field::nat, 1); nat && *nat == IntervalSet::of(1)) return;
    for (const InterfaceSeen& i : required_interfaces(callers.at(&ruleset), chain, rule, false))
      if (!is_internal_kind(i.test.name)) take(i, "source addresses are translated on the way out of it");
  });
  drop_inside(standing, callers, inferences);
  if (standing.internet.empty())
    each_rule(firewall, [&](const Ruleset& ruleset, const Chain& chain, const Rule& rule) {
      if (rule.action.kind != ActionKind::translate_destination) return;
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
  if (standing.internet.empty()) take_only_interface(standing, inferences);
  for (InterfaceTest& i : standing.internet) i.incoming = true;
  if (standing.internet.empty())
    inferences.push_back(
        {"which interface leads to the internet is not known: any interface with a globally routable source "
         "counts, findings are warnings at most; name it with --internet",
         firewall.rulesets.empty() ? SourceSpan{} : firewall.rulesets.front().span});
}

}  // namespace ipo
