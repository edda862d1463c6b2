// The checks: each is a constant and a free function in rules/checks/<id>.cc, with its page in rules/checks/<id>.md.
//
// The list is explicit and alphabetical; nothing registers itself.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "parsers/model/finding.h"

namespace ipo {

struct Judgement;  // rules/findings/judgement.h: everything a check may look at

struct Check {
  std::string_view id;                 // kebab-case, the stem of its files
  std::string_view summary;            // one sentence, lower case, no full stop
  Level severity;                      // the highest its findings can have
  double security_severity;            // GitHub's scale, in the band of the level; 0 where it is not about security
  std::string_view precision;          // "very-high", "high", "medium", "low": how seldom it is wrong
  std::vector<std::string_view> tags;  // "security", "external/cwe/cwe-284"
  void (*run)(const Judgement& judgement, Findings& findings);
  // Looks at what became of the other checks' findings, and so runs after them.
  bool about_findings = false;
  // Exposure checks: the rows of the matrix this check speaks of; no row has two.
  std::vector<std::string_view> rows = {};
  // Settings whose range this check speaks of; for the others invalid-setting does.
  std::vector<std::string_view> settings = {};
  // Runs only where --only or [checks] names it.
  bool when_asked = false;
};

std::span<const Check> checks();
const Check* find_check(std::string_view id);
// The check's Markdown page.
std::string_view page_of(const Check& check);

}  // namespace ipo
