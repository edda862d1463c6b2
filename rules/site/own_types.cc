// An undecidable test becomes one of two: for the own addresses what is known, for all others the same test as before.
#include "rules/site/own_types.h"

#include <optional>
#include <string_view>

namespace ipo {
namespace {

struct OfAddress {
  Field field;
  bool holds;  // for an own address
};

// IPv4 has a test for each type of a list; of IPv6 the whole list must hold.
std::optional<OfAddress> of_own_address(std::string_view predicate, Family family) {
  OfAddress out{Field::source, false};
  auto take = [&](std::string_view words) {
    bool there = predicate.starts_with(words);
    if (there) predicate.remove_prefix(words.size());
    return there;
  };
  if (!take("-m addrtype ")) return {};
  if (take("--dst-type "))
    out.field = Field::destination;
  else if (!take("--src-type "))
    return {};
  if (predicate.find(' ') != predicate.npos) return {};  // of one interface only
  if (family == Family::ipv4) return OfAddress{out.field, predicate == "LOCAL"};
  out.holds = predicate == "LOCAL" || predicate == "LOCAL,UNICAST" || predicate == "UNICAST,LOCAL";
  // One of the types that a route decides is enough, so a list with LOCAL and another is of any of them.
  if (!out.holds && predicate.find("LOCAL") != predicate.npos) return {};
  return out;
}

}  // namespace

void tell_own_types(Ruleset& ruleset, const IntervalSet& own) {
  if (own.empty()) return;
  const IntervalSet others = own.complement(address_max(ruleset.family));
  for (Chain& chain : ruleset.chains)
    for (Rule& rule : chain.rules)
      for (Condition& condition : rule.conditions)
        for (std::size_t i = condition.any_of.size(); i-- > 0;) {
          auto* opaque = test_as<OpaqueTest>(condition.any_of[i]);
          auto known = opaque ? of_own_address(opaque->predicate, ruleset.family) : std::nullopt;
          if (!known) continue;
          if (known->holds)
            condition.any_of.push_back(FieldTest{known->field, own});
          else
            condition.any_of[i] = AllOf{{FieldTest{known->field, others}}, {}, {*opaque}};
        }
}

}  // namespace ipo
