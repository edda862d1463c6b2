// What the summaries count.
#pragma once

#include "parsers/model/finding.h"

namespace ipo {

struct Totals {
  std::size_t errors = 0, warnings = 0, notes = 0;
  std::size_t possible = 0;  // of all these
};

inline Totals totals_of(const Findings& findings) {
  Totals t;
  for (const Finding& f : findings) {
    ++(f.level == Level::error ? t.errors : f.level == Level::warning ? t.warnings : t.notes);
    if (f.certainty == Certainty::possible) ++t.possible;
  }
  return t;
}

}  // namespace ipo
