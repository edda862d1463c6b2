// What code scanning demands of a SARIF log beyond the schema and Microsoft's validator.
#pragma once

#include <string>
#include <vector>

// One line per defect, "results[3]: …"; empty for a log that can be uploaded. Never throws: JSON that cannot be read is
// a defect.
std::vector<std::string> sarif_defects(const std::string& sarif_json);
