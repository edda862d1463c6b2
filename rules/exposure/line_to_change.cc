// From the deciding rule back to the base chain: a rule that names ports says which service it is about and stays the line,
// and so does one whose chain has one way to it only, or ways of one service. Else the jump that led there is looked at in its stead; a rule that names
// addresses gives way only to a jump that names ports.
#include "rules/exposure/line_to_change.h"

#include <algorithm>
#include <set>

#include "rules/site/required.h"

namespace ipo {
namespace {

constexpr std::size_t longest_search = 1u << 18;  // of the search for the ways of one flow

bool tests(const Rule& rule, std::initializer_list<Field> fields) {
  bool found = false;
  for (const Condition& c : rule.conditions)
    each_test<FieldTest>(
        c, [&](const FieldTest& test) { found = found || std::find(fields.begin(), fields.end(), test.field) != fields.end(); });
  return found;
}

bool names_ports(RuleRef at) { return at.rule && tests(*at.rule, {Field::destination_port, Field::original_port}); }

bool names_addresses(RuleRef at) {
  return at.rule && tests(*at.rule, {Field::source, Field::destination, Field::original_destination});
}

// Of a rule and the line before it, if any.
RuleRef chosen(RuleRef at, RuleRef before) { return names_addresses(at) && !names_ports(before) ? at : before; }

// Jumps that name the same ports: what they lead to serves no other traffic.
bool are_of_one_service(const std::vector<RuleRef>& jumps) {
  auto ports = [](RuleRef at) { return required(*at.rule, Field::destination_port, 65535); };
  auto first = ports(jumps.front());
  return first && std::all_of(jumps.begin(), jumps.end(), [&](RuleRef at) { return ports(at) == first; });
}

}  // namespace

LinesToChange::LinesToChange(const Ruleset& ruleset) {
  std::map<std::pair<std::string_view, std::string_view>, const Chain*> chains;
  for (const Chain& chain : ruleset.chains) chains.try_emplace({chain.table, chain.name}, &chain);
  for (std::size_t c : called_chains(ruleset)) {
    const Chain& chain = ruleset.chains[c];
    for (const Rule& rule : chain.rules) {
      if (!calls(rule.action.kind)) continue;
      auto target = chains.find({chain.table, rule.action.chain});
      if (target != chains.end()) callers_[target->second].push_back({&chain, &rule});
    }
  }
  for (const auto& [chain, callers] : callers_) {
    std::set<const Chain*> met;
    const Chain* at = chain;
    auto known = callers_.find(at);
    while (known != callers_.end() && known->second.size() == 1 && met.insert(at).second) {
      at = known->second.front().chain;
      known = callers_.find(at);
    }
    shared_[chain] = known != callers_.end() && known->second.size() > 1 && !are_of_one_service(known->second);
  }
}

bool LinesToChange::may_differ(RuleRef by) const {
  if (names_ports(by)) return false;
  auto known = shared_.find(by.chain);
  if (known == shared_.end()) return false;
  // A bare accept of a program's own chain says nothing; the jump does.
  const std::vector<RuleRef>& jumps = callers_.at(by.chain);
  return known->second || (jumps.size() == 1 && names_ports(jumps.front()) && !names_addresses(by) && is_generated(*by.chain));
}

RuleRef LinesToChange::on(const std::vector<RuleRef>& way) const {
  RuleRef line = way.front();
  for (std::size_t i = 1; i < way.size(); ++i) line = may_differ(way[i]) ? chosen(way[i], line) : way[i];
  return line;
}

std::vector<WaysToChange::Part> WaysToChange::of(RuleRef at, PacketSet packets) {
  if (!lines_.may_differ(at)) return {{at, packets}};
  Space& s = chains_.space();
  std::map<RuleRef, PacketSet> out;
  auto add = [&](RuleRef line, PacketSet more) {
    PacketSet& sum = out.try_emplace(line, s.nothing()).first->second;
    sum = s.unite(sum, more);
  };
  for (RuleRef jump : lines_.callers(at.chain)) {
    if (packets.empty() || ++steps_ > longest_search) break;
    auto known = passed_->find(jump);
    if (known == passed_->end()) continue;
    PacketSet mine = s.intersect(known->second, packets);
    if (mine.empty()) continue;
    packets = s.minus(packets, mine);
    for (const Part& part : of(jump, mine)) add(chosen(at, part.line), part.packets);
  }
  if (!packets.empty()) add(at, packets);
  std::vector<Part> parts;
  for (const auto& [line, mine] : out) parts.push_back({line, mine});
  return parts;
}

std::vector<WaysToChange::Part> WaysToChange::of(const ChainSets::Decided& decided) {
  if (!lines_.may_differ(decided.by)) return {{decided.by, decided.packets}};
  if (!passed_) {
    passed_.emplace();
    const Ruleset& ruleset = chains_.ruleset();
    auto note = [&](RuleRef at, PacketSet matched, PacketSet came) {
      if (!at.rule) return;
      if (!calls(chains_.kind(at.chain_index(ruleset), at.rule_index()))) return;
      PacketSet& sum = passed_->try_emplace(at, chains_.space().nothing()).first->second;
      sum = chains_.space().unite(sum, chains_.space().intersect(matched, came));
    };
    for (const Flow::Judge& judge : flow_.judges) chains_.send(*judge.stage, entering_, note);
  }
  return of(decided.by, decided.packets);
}

}  // namespace ipo
