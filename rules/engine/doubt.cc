// A match is named with its reason; what stands for something else is said by its reason alone.
#include "rules/engine/doubt.h"

#include "parsers/iptables/refusal.h"

namespace ipo {

std::string doubt_about(const Predicate& predicate, bool holds) {
  const std::string& text = predicate.text;
  if (text == rule_is_taken)
    return std::string(may_refuse) + " (" + predicate.reason + "); judged as if it were " + (holds ? "loaded" : "not loaded");
  // What stands for a rule, policy or table that is not known needs its reason only, once for all it may do.
  bool stands_in =
      text.ends_with(" accepts") || text.ends_with(" drops") || text.ends_with(" is loaded") || text == predicate.reason;
  return stands_in ? predicate.reason : text + ": " + predicate.reason;
}

}  // namespace ipo
