// Many sites in one run: which files belong together, and all of them judged side by side.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "linter/lint.h"

namespace ipo {

// Inputs that find different site files are different sites; named ones that find none join the only site that has one.
// `config`, if not empty, is the site file of all of them. What a named folder holds beside that, with two exports or more,
// is several sites, each the largest folder that holds one export; what is in none of these is a site for each folder that
// holds it. Everything else without a site file is one. In the order of their first inputs.
// What was left out of a folder goes to the site of its place; what looks like a configuration makes one where there is none.
std::vector<SiteInputs> group_sites(std::vector<Input> inputs, const std::string& config, std::vector<LeftOut> left_out = {});

// lint() for each, `jobs` at a time, as one report; `done` is told, by any thread, when one is finished. The report does not
// depend on `jobs`.
Report lint_sites(std::vector<SiteInputs> sites, const LintOptions& options, unsigned jobs, const std::function<void()>& done = {});

}  // namespace ipo
