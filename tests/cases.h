// What the page and site tests share: running the linter on texts and writing findings the way goldens hold them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "linter/lint.h"
#include "tests/program.h"

namespace ipo::testing {

// The inputs below a variant of a fixture site, sorted by path: of one site, or of each folder in it one.
std::vector<std::vector<Input>> sites_below(const std::filesystem::path& variant);

std::string read_file(const std::filesystem::path& path);
// "fw.rules:7: error: message", with "error (possible)" where it is; [check] after the level where `with_check`.
std::string finding_line(const Report& report, const Finding& finding, bool with_check);
// The witness of the finding goes by the finding's line, or by one it names as related. True where there is no witness.
bool stands_on_path(const Finding& finding);
// The files of a case as a site: ipo-lint.toml is its site file.
SiteInputs site_of(std::vector<Input> files);
// The options a case may state: "--pbx A", "--internet I", "--today DATE", "--release R"; throws std::runtime_error on anything else.
LintOptions parse_case_options(const std::string& text);
// For rules written for one question, which let no answers in and all connections out: without the checks that say so.
LintOptions of_one_direction(LintOptions options = {});
// IPO_LINT_UPDATE=1: goldens are rewritten instead of compared.
bool update_goldens();

}  // namespace ipo::testing
