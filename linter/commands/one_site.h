// What every command about one site starts with: its files read, made sure to be one site's, and assessed.
#pragma once

#include <istream>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "linter/lint.h"

namespace ipo {

// What a command about a site is given.
struct SiteQuestion {
  std::vector<std::string> inputs;    // files, folders, "-"
  std::string config;                 // --config; empty = look for ipo-lint.toml upward from each input
  std::vector<std::string> matrices;  // --matrix: files
  std::vector<std::string> fields;    // --fields: files
  LintOptions options = {};
};

// Reads the inputs, makes sure they are one site, and assesses it. Null: `status` says with which exit status to end, and
// everything there was to say is on `err`. Where some inputs could not be used the others are assessed all the same and the
// status is exit_incomplete; else it is exit_clean. What is given has an exposure.
// Without `judged` it has none.
std::unique_ptr<Assessment> assess_one_site(const SiteQuestion& question, std::istream& in, std::ostream& err, int& status,
                                            bool judged = true);

// The two halves of it, for a command that wants a word in between. The options of `question` get the matrices that were
// read; no inputs: as a null Assessment.
std::optional<SiteInputs> read_one_site(SiteQuestion& question, std::istream& in, std::ostream& err, int& status);
std::unique_ptr<Assessment> assess_site(SiteInputs inputs, const LintOptions& options, std::ostream& err, int& status,
                                        bool judged = true);

// Reads the files of --matrix into the options; gives what is wrong, or nothing.
std::string read_matrices(const std::vector<std::string>& paths, LintOptions& options);

// Reads the files of --fields; gives what is wrong, as it is printed, or nothing.
std::string read_field_files(const std::vector<std::string>& paths, std::vector<FieldEntry>& fields);

// Says what could not be used, one line each.
void print_problems(const std::vector<Problem>& problems, std::ostream& err);

}  // namespace ipo
