// A match is named with its reason; what stands for something else is said by its reason alone.
#include "rules/engine/doubt.h"

namespace ipo {

std::string doubt_about(const Predicate& predicate, bool holds) {
  if (predicate.about.cause == Cause::not_loaded)
    return std::string(may_refuse) + " (" + predicate.reason + "); judged as if it were " + (holds ? "loaded" : "not loaded");
  // What stands for a rule, policy or table that is not known needs its reason only, once for all it may do.
  return predicate.about.cause == Cause::outcome ? predicate.reason : predicate.text + ": " + predicate.reason;
}

}  // namespace ipo
