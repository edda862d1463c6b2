// Rows anyone reaches by a firewall's IPv6 rules and not by its IPv4 rules: what two checks share, so that they do not list them twice.
#pragma once

#include <vector>

#include "rules/findings/exposure_findings.h"

namespace ipo {

// In groups of one line.
std::vector<std::vector<Exposed>> bypassed_rows(const Judgement& judgement);
// Whether the group is told as a bypass, and not as a rule or policy that lets everything in.
bool is_told_as_bypass(const std::vector<Exposed>& group);

}  // namespace ipo
