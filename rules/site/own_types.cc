// An undecidable test becomes one of two: for the own addresses what is known, for all others the same test as before.
#include "rules/site/own_types.h"

namespace ipo {
void tell_own_types(Ruleset& ruleset, const IntervalSet& own) {
  if (own.empty()) return;
  const IntervalSet others = own.complement(address_max(ruleset.family));
  for (Chain& chain : ruleset.chains)
    for (Rule& rule : chain.rules)
      for (Condition& condition : rule.conditions)
        for (std::size_t i = condition.any_of.size(); i-- > 0;) {
          auto* opaque = test_as<OpaqueTest>(condition.any_of[i]);
          if (!opaque || !opaque->about.of_own) continue;
          const Field field = *opaque->about.of_own;
          if (opaque->about.own_holds)
            condition.any_of.push_back(FieldTest{field, own});
          else
            condition.any_of[i] = AllOf{{FieldTest{field, others}}, {}, {*opaque}};
        }
}

}  // namespace ipo
