// Lines that open the PBX without any restriction of ports: one finding that lists the rows, instead of one per check.
#pragma once

#include "rules/findings/exposure_findings.h"

namespace ipo {

// For unrestricted openings that anyone on the internet can use: by a rule, or by a policy. Rows that a more specific check
// reports at the same line are left to it.
void report_unrestricted(const Judgement& judgement, Findings& findings, std::string_view check, Level level, bool by_rule);

}  // namespace ipo
