// What a check finds: by its function, or by asking whether its rows are reachable.
#pragma once

#include <string>
#include <string_view>

#include "rules/findings/check.h"

namespace ipo {

// One finding per line and zone: "<ports> (<what>) is reachable from the internet". Its level is the highest of its rows'
// grades; the check's severity where `grade` is null.
void report_exposed(const Judgement& judgement, Findings& findings, const Check& check, std::string_view what,
                    GradeOf grade = nullptr);

void run_check(const Check& check, const Judgement& judgement, Findings& findings);

}  // namespace ipo
