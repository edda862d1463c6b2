// Where calls from outside are sent to.
#pragma once

#include <vector>

#include "rules/pbx/records.h"

namespace ipo {

// Destinations of incoming call routes, each route once, that `wanted(text)` takes.
template <class Wanted>
std::vector<const Setting*> destinations(const Site& site, Wanted wanted) {
  std::vector<const Setting*> out;
  DifferentRecords different;
  for (const Record& record : site.records) {
    const Setting* to = record.type == "IncomingCallRoute" ? record.field("incoming_route.destination") : nullptr;
    if (to && wanted(to->value.value) && different.add(record)) out.push_back(to);
  }
  return out;
}

}  // namespace ipo
