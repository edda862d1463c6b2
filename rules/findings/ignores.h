// Findings a person has accepted: the [[ignore]] entries of the site file at work.
#pragma once

#include <string>
#include <vector>

#include "parsers/model/finding.h"
#include "parsers/site_file/site_file.h"

namespace ipo {

struct IgnoreUse {
  const Ignore* ignore = nullptr;
  bool expired = false;    // its last day has passed: it hides nothing any more
  bool relevant = false;   // its check runs and a file it speaks of was given
  std::size_t hidden = 0;  // findings it hid in this run
};

// One per entry, in their order. The first `inputs` sources are the inputs; `today` is "2026-11-22", or empty: then none has
// expired. Relative paths start at `working_folder`.
std::vector<IgnoreUse> uses_of(const std::vector<Ignore>& ignores, const Sources& sources, std::size_t inputs,
                               const std::string& today, const std::string& working_folder);

// Removes the findings an entry that holds hides, counts them there, and gives how many there were.
std::size_t take_ignored(Findings& findings, std::vector<IgnoreUse>& ignores, const Sources& sources,
                         const std::string& working_folder);

}  // namespace ipo
