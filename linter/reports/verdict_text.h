// Verdicts for people.
#pragma once

#include <ostream>

#include "linter/reports/formats.h"
#include "rules/engine/verdict.h"

namespace ipo {

// The verdict, the packet, its translation, the way it took with each rule's own words, what a possible verdict depends on,
// and the line to change.
void write_verdict(std::ostream& out, const Reading& reading, const PartialPacket& packet, const Verdict& verdict,
                   const TextStyle& style);

}  // namespace ipo
