// All that a check of one service needs: its rows in its constant, and a word for the service.
#pragma once

#include <string>
#include <string_view>

#include "rules/findings/check.h"

namespace ipo {

struct Exposed;  // rules/findings/exposure_findings.h: a row reachable by a line

// How a check sees one row that is reachable: the level, and what made it so, for the message (", as declared remote
// workers need it").
struct Grade {
  Level level = Level::note;
  std::string because = {};
};
using GradeOf = Grade (*)(const Judgement& judgement, const Exposed& exposed);

// One finding per line and zone: "<ports> (<what>) is reachable from the internet". Its level is the highest of its rows'
// grades; the check's severity where `grade` is null.
void report_exposed(const Judgement& judgement, Findings& findings, const Check& check, std::string_view what,
                    GradeOf grade = nullptr);

}  // namespace ipo
