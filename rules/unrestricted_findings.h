// Lines that open the PBX without any restriction of ports: one finding that lists the rows, instead of one per check.
#pragma once

#include "rules/exposure_findings.h"

namespace ipo {

// For unrestricted openings that `mine` picks and anyone on the internet can use.
void report_unrestricted(const Judgement& judgement, Findings& findings, std::string_view check, Level level,
                         bool (*mine)(const Opening&));

}  // namespace ipo
