// An entry is about the file of a finding's place; the first one that matches hides it.
#include "rules/findings/ignores.h"

#include <algorithm>

namespace ipo {
std::vector<IgnoreUse> uses_of(const std::vector<Ignore>& ignores, const Sources& sources, std::size_t inputs,
                               const std::string& today, const std::string& working_folder) {
  std::vector<IgnoreUse> out;
  for (const Ignore& ignore : ignores) {
    // ISO dates compare as texts.
    IgnoreUse use{&ignore, ignore.until && !today.empty() && ignore.until->value < today, false, 0};
    for (std::size_t s = 0; s < inputs; ++s) use.relevant = use.relevant || applies_to(ignore, sources[s].path(), working_folder);
    out.push_back(use);
  }
  return out;
}

std::size_t take_ignored(Findings& findings, std::vector<IgnoreUse>& ignores, const Sources& sources,
                         const std::string& working_folder) {
  std::size_t before = findings.size();
  std::erase_if(findings, [&](const Finding& f) {
    for (IgnoreUse& use : ignores)
      if (!use.expired && use.ignore->check.value == f.check &&
          applies_to(*use.ignore, sources[f.span.source].path(), working_folder)) {
        ++use.hidden;
        return true;
      }
    return false;
  });
  return before - findings.size();
}

}  // namespace ipo
