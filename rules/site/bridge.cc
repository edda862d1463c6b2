// Ports are read off the matches of accepting rules and the addresses beside them.
#include "rules/site/bridge.h"

#include <algorithm>
#include <map>
#include <set>

#include "rules/site/declared.h"
#include "rules/site/internet.h"
#include "rules/site/required.h"
#include "rules/site/sides.h"

namespace ipo {
namespace {

bool has(const std::vector<std::string>& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

}  // namespace

void find_bridge_ports(Standing& standing, const Site& site) {
  std::set<std::string> ports, outer, inner;
  std::map<const Ruleset*, Callers> callers;
  for (const Ruleset& ruleset : standing.firewall->rulesets) callers.emplace(&ruleset, callers_of(ruleset));
  each_rule(*standing.firewall, [&](const Ruleset& ruleset, const Chain& chain, const Rule& rule) {
    auto by = [&](bool incoming) {
      auto own = [&](const Rule& r) { return required_ports(r, incoming); };
      std::vector<std::string> out = own(rule);
      return out.empty() ? on_every_way(callers.at(&ruleset), chain, own) : out;
    };
    std::vector<std::string> in = by(true), out = by(false);
    if (in.empty() && out.empty()) return;
    ports.insert(in.begin(), in.end());
    ports.insert(out.begin(), out.end());
    if (rule.action.kind == ActionKind::drop || rule.action.kind == ActionKind::reject || !ruleset.filters(chain)) return;
    IntervalSet own;
    for (const Host& host : site.hosts)
      if (is_pbx(host)) own.add(addresses_in(host, ruleset.family));
    auto from = required(rule, Field::source, address_max(ruleset.family)),
         to = required(rule, Field::destination, address_max(ruleset.family));
    bool enters = (to && to->intersects(own)) || (from && !from->intersects(own) && all_public(ruleset.family).covers(*from));
    bool leaves = from && from->intersects(own);
    if (enters == leaves) return;
    for (const std::string& port : in) (enters ? outer : inner).insert(port);
    for (const std::string& port : out) (enters ? inner : outer).insert(port);
  });
  // The site file may name the port itself; as an interface rules see the bridge. Where they do not say its name any will do.
  std::vector<InterfaceTest> named;
  for (const InterfaceTest& internet : standing.internet)
    if (ports.contains(internet.name) && !internet.prefix) named.push_back(internet), outer.insert(internet.name);
  if (!named.empty())
    std::erase_if(standing.internet, [&](const InterfaceTest& internet) { return has_interface(named, internet); });
  std::vector<Inference> unused;
  if (standing.internet.empty()) infer_internet(standing, unused);
  if (standing.internet.empty()) standing.internet = named;
  if (ports.size() == 2)
    for (const std::string& port : ports) {
      if (outer.contains(port) && inner.empty())
        inner = ports, inner.erase(port);
      else if (inner.contains(port) && outer.empty())
        outer = ports, outer.erase(port);
    }
  bool apart = std::none_of(outer.begin(), outer.end(), [&](const std::string& port) { return inner.contains(port); });
  if ((named.empty() && (outer.empty() || inner.empty())) || !apart) return;
  standing.outer_ports.assign(outer.begin(), outer.end());
  standing.inner_ports.assign(inner.begin(), inner.end());
}

bool is_of_bridged(const Subject& about) { return about.side == BridgeSide::crosses || about.side == BridgeSide::leaves; }

void name_by_ports(const Standing& standing, bool inbound, Packet& packet) {
  const std::vector<std::string>&enters = inbound ? standing.outer_ports : standing.inner_ports,
        &leaves = inbound ? standing.inner_ports : standing.outer_ports;
  if (packet.in != packet.out || enters.empty() || leaves.empty() || !(has(enters, packet.in) || has(leaves, packet.in))) return;
  packet.in = enters.front(), packet.out = leaves.front();
}

std::optional<bool> of_bridge(const Standing& standing, const Subject& about, bool inbound) {
  if (standing.outer_ports.empty() && standing.inner_ports.empty()) return {};
  if (about.side == BridgeSide::none) return {};
  if (about.name.empty()) return true;
  bool outer_expected = (about.side == BridgeSide::enters) == inbound;
  if (has(standing.outer_ports, about.name)) return outer_expected;
  if (has(standing.inner_ports, about.name)) return !outer_expected;
  return {};
}

}  // namespace ipo
