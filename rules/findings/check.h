// The checks: each is a constant with its page in rules/checks/<id>.md; those that look at more than whether rows are reachable have a
// function, too, in rules/checks/<id>.cc, the others are rows of rules/checks/exposed_services.cc.
//
// The list is explicit and alphabetical; nothing registers itself.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/model/finding.h"

namespace ipo {

struct Judgement;  // rules/findings/judgement.h: everything a check may look at
struct Exposed;    // rules/findings/exposure_findings.h: a row reachable by a line

// How a check sees one row that is reachable: the level, and what made it so, for the message (", as declared remote
// workers need it").
struct Grade {
  Level level = Level::note;
  std::string because = {};
};
using GradeOf = Grade (*)(const Judgement& judgement, const Exposed& exposed);

struct Check {
  std::string_view id;                 // kebab-case, the stem of its files
  std::string_view summary;            // one sentence, lower case, no full stop
  Level severity;                      // the highest its findings can have
  double security_severity;            // GitHub's scale, in the band of the level; 0 where it is not about security
  std::string_view precision;          // "very-high", "high", "medium", "low": how seldom it is wrong
  std::vector<std::string_view> tags;  // "security", "external/cwe/cwe-284"
  void (*run)(const Judgement& judgement, Findings& findings) = nullptr;  // null: the rows are asked for, see `service`
  // Looks at what became of the other checks' findings, and so runs after them.
  bool about_findings = false;
  // Exposure checks: the rows of the matrix this check speaks of; no row has two.
  std::vector<std::string_view> rows = {};
  // Settings whose range this check speaks of; for the others invalid-setting does.
  std::vector<std::string_view> settings = {};
  // Runs only where --only or [checks] names it.
  bool when_asked = false;
  // A check without `run` asks whether its rows are reachable from the internet: what they are called, and how grave each is; null is as
  // grave as the check may be.
  std::string_view service = {};
  GradeOf grade = nullptr;
};

std::span<const Check> checks();
const Check* find_check(std::string_view id);
// The check's Markdown page.
std::string_view page_of(const Check& check);

}  // namespace ipo
