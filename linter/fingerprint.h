// Names for findings that outlive edits elsewhere in the file.
#pragma once

#include <string>
#include <vector>

#include "parsers/finding.h"

namespace ipo {

// fingerprint() of each, with ":1", ":2" … for the first, second … of equal ones.
std::vector<std::string> numbered_fingerprints(const Findings& findings);

}  // namespace ipo
