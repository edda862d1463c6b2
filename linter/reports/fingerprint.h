// Names for findings that outlive edits elsewhere in the file.
#pragma once

#include <string>
#include <vector>

#include "linter/lint.h"

namespace ipo {

// fingerprint() of each finding in its file, with ":1", ":2" … for the first, second … of equal ones, as they stand in the
// file and not in the report.
std::vector<std::string> numbered_fingerprints(const Report& report);

}  // namespace ipo
