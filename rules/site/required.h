// What the rules of a dump require of a packet, read off without packet sets: enough to conclude how a site is built.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "parsers/model/model.h"

namespace ipo {

// The condition's only test, if it tests this field.
const FieldTest* field_test(const Condition& condition, Field field);
// Values a rule requires of a field: the intersection of its conditions; nothing where it does not test it.
std::optional<IntervalSet> required(const Rule& rule, Field field, u128 max);
// Whether a rule names ports; not where it only leaves out a few.
bool is_about_ports(const Rule& rule);
// Not one public address, and not empty.
bool all_private(const IntervalSet& addresses, Family family);

struct InterfaceSeen {
  InterfaceTest test;
  SourceSpan span;
};
// The rules that call each chain, by table and name.
using Callers = std::map<std::pair<std::string_view, std::string_view>, std::vector<std::pair<const Chain*, const Rule*>>>;
Callers callers_of(const Ruleset& ruleset);
// Chains of a ruleset with those they call, by calls of calls.
std::set<std::size_t> with_called(const Ruleset& ruleset, const std::vector<std::size_t>& chains);
// Those some base chain leads to; what stands in others decides nothing.
std::set<std::size_t> called_chains(const Ruleset& ruleset);
// The chain is that of a stage there; one that it calls is not.
bool is_chain_at(const Ruleset& ruleset, const Chain& chain, Hook where);
// A chain that a program keeps: what stands in it is not the administrator's to tidy up.
inline bool is_generated(const Chain& chain) { return chain.by != Author::administrator; }
// The interfaces a rule requires, its own or, if it names none, its callers': generators put the interface on the jump
// and the translation in the chain.
std::vector<InterfaceSeen> required_interfaces(const Callers& callers, const Chain& chain, const Rule& rule, bool incoming);

// What the rules that lead to a chain ask for, each by its own words or, if it has none, by those of the rules that lead to it in turn:
// alternatives. Empty where some way in asks for nothing, or where that is more than a few rules away.
template <class Own>
auto on_every_way(const Callers& callers, const Chain& chain, Own own) -> decltype(own(std::declval<const Rule&>())) {
  constexpr std::size_t most_rules = 64;
  std::size_t rules = 0;
  decltype(own(std::declval<const Rule&>())) out;
  std::vector<const Chain*> ahead = {&chain};
  for (std::size_t next = 0; next < ahead.size(); ++next) {
    auto leading = callers.find({ahead[next]->table, ahead[next]->name});
    if (leading == callers.end() || (rules += leading->second.size()) > most_rules) return {};
    for (auto [from, rule] : leading->second) {
      auto values = own(*rule);
      out.insert(out.end(), values.begin(), values.end());
      if (values.empty() && std::find(ahead.begin(), ahead.end(), from) == ahead.end()) ahead.push_back(from);
    }
  }
  return out;
}

// Whether a rule names the interface, or a pattern that covers it, or that it covers; `any` becomes true where one names any but
// lo.
bool names_interface(const Firewall& firewall, const InterfaceTest& interface, bool& any);
// Ports of a bridge that a rule requires packets to come in or leave by.
std::vector<std::string> required_ports(const Rule& rule, bool incoming);
bool has_interface(const std::vector<InterfaceTest>& list, const InterfaceTest& test);  // of either direction
std::string format_interface(const InterfaceTest& test);                                // "eth0", "eth+"

// visit(ruleset, chain, rule) for every rule of a firewall.
template <class Visit>
void each_rule(const Firewall& firewall, Visit visit) {
  for (const Ruleset& ruleset : firewall.rulesets)
    for (const Chain& chain : ruleset.chains)
      for (const Rule& rule : chain.rules) visit(ruleset, chain, rule);
}

}  // namespace ipo
