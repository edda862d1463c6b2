#include "rules/site/required.h"

#include <algorithm>
#include <set>

#include "rules/site/sides.h"

namespace ipo {

const FieldTest* field_test(const Condition& c, Field field) {
  if (c.any_of.size() != 1) return nullptr;
  auto* test = std::get_if<FieldTest>(&c.any_of.front());
  return test && test->field == field ? test : nullptr;
}

namespace {

// Of tests that must hold together those of one field.
std::optional<IntervalSet> required(const std::vector<FieldTest>& all, Field field) {
  std::optional<IntervalSet> out;
  for (const FieldTest& test : all)
    if (test.field == field) out = out ? out->intersected(test.values) : test.values;
  return out;
}

// Values of the field without which none of the alternatives holds: those a set's members ask for, also with a protocol beside them.
std::optional<IntervalSet> required(const Condition& condition, Field field) {
  std::optional<IntervalSet> out;
  for (const Test& test : condition.any_of) {
    std::optional<IntervalSet> values;
    if (auto* one = test_as<FieldTest>(test); one && one->field == field) values = one->values;
    if (auto* all = test_as<AllOf>(test)) values = required(all->fields, field);
    if (!values) return {};
    if (out)
      out->add(*values);
    else
      out = std::move(values);
  }
  return out;
}

}  // namespace

std::optional<IntervalSet> required(const Rule& rule, Field field, u128 max) {
  std::optional<IntervalSet> out;
  for (const Condition& c : rule.conditions) {
    std::optional<IntervalSet> values;
    if (!c.negated)
      values = required(c, field);
    else if (const FieldTest* test = field_test(c, field))
      values = test->values.complement(max);
    if (values) out = out ? out->intersected(*values) : std::move(values);
  }
  return out;
}

bool is_about_ports(const Rule& rule) {
  constexpr u128 left_out = 512;
  if (auto ports = required(rule, Field::destination_port, 65535); ports && ports->size() > 65536 - left_out) return false;
  bool found = false;
  for (const Condition& c : rule.conditions)
    each_test<FieldTest>(c, [&](const FieldTest& test) { found = found || test.field == Field::destination_port; });
  return found;
}

bool all_private(const IntervalSet& addresses, Family family) {
  return !addresses.empty() && !addresses.intersects(all_public(family));
}

Callers callers_of(const Ruleset& ruleset) {
  Callers out;
  for (const Chain& chain : ruleset.chains)
    for (const Rule& rule : chain.rules)
      if (calls(rule.action.kind)) out[{chain.table, rule.action.chain}].push_back({&chain, &rule});
  return out;
}

// A list of chains to look at, not a recursion: input decides how deep jumps nest.
std::set<std::size_t> with_called(const Ruleset& ruleset, const std::vector<std::size_t>& chains) {
  std::map<std::pair<std::string_view, std::string_view>, std::size_t> index;
  for (std::size_t c = 0; c < ruleset.chains.size(); ++c) index.try_emplace({ruleset.chains[c].table, ruleset.chains[c].name}, c);
  std::vector<std::size_t> ahead = chains;
  std::set<std::size_t> out(chains.begin(), chains.end());
  while (!ahead.empty()) {
    const Chain& at = ruleset.chains[ahead.back()];
    ahead.pop_back();
    for (const Rule& rule : at.rules) {
      if (!calls(rule.action.kind)) continue;
      auto target = index.find({at.table, rule.action.chain});
      if (target != index.end() && out.insert(target->second).second) ahead.push_back(target->second);
    }
  }
  return out;
}

std::set<std::size_t> called_chains(const Ruleset& ruleset) {
  std::vector<std::size_t> bases;
  for (const Stage& stage : ruleset.pipeline.stages) bases.push_back(stage.chain);
  return with_called(ruleset, bases);
}

bool is_chain_at(const Ruleset& ruleset, const Chain& chain, Hook where) {
  return std::any_of(ruleset.pipeline.stages.begin(), ruleset.pipeline.stages.end(),
                     [&](const Stage& stage) { return stage.where == where && &ruleset.chains[stage.chain] == &chain; });
}

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

bool has_interface(const std::vector<InterfaceTest>& list, const InterfaceTest& test) {
  return std::any_of(list.begin(), list.end(),
                     [&](const InterfaceTest& i) { return i.name == test.name && i.prefix == test.prefix; });
}

std::string format_interface(const InterfaceTest& test) { return test.prefix ? test.name + "+" : test.name; }

std::vector<std::string> required_ports(const Rule& rule, bool incoming) {
  std::vector<std::string> out;
  for (const Condition& c : rule.conditions)
    if (!c.negated)
      each_test<OpaqueTest>(c, [&](const OpaqueTest& test) {
        if (test.about.side == (incoming ? BridgeSide::enters : BridgeSide::leaves) && !test.about.name.empty())
          out.push_back(test.about.name);
      });
  return out;
}

bool names_interface(const Firewall& firewall, const InterfaceTest& interface, bool& any) {
  bool found = false;
  each_rule(firewall, [&](const Ruleset&, const Chain&, const Rule& rule) {
    for (const Condition& c : rule.conditions) {
      each_test<OpaqueTest>(c, [&](const OpaqueTest& test) {
        found = found || (test.about.side != BridgeSide::none && test.about.name == interface.name);
      });
      each_test<InterfaceTest>(c, [&](const InterfaceTest& i) {
        if (i.name.empty()) return;
        any = any || i.name != "lo";
        found = found || i.name == interface.name || (i.prefix && interface.name.starts_with(i.name)) ||
                (interface.prefix && i.name.starts_with(interface.name));
      });
    }
  });
  return found;
}

}  // namespace ipo
