// The site files (ipo-lint.toml): the only place where they are looked for and opened.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "linter/inputs/input.h"
#include "parsers/site_file/site_file.h"

namespace ipo {

constexpr std::string_view site_file_name = "ipo-lint.toml";
constexpr std::size_t largest_site_file = std::size_t{1} << 20;  // bytes
constexpr std::size_t longest_site_chain = 16;                   // files, the nearest one included

// The site file that governs an input: the nearest ipo-lint.toml upward from its folder (from the input itself where that is
// a folder, from the working directory for "-"), stopping at a repository's root: a folder with .git, looked in last. Paths
// come out in the form the user would type: "site/ipo-lint.toml", "../ipo-lint.toml". Empty = none.
std::string find_site_file(const std::string& input_path);
// The same where many are asked for: each folder is looked in once. `known` has what is found from a folder upward.
using SiteFileOf = std::map<std::string, std::string>;
std::string find_site_file(const std::string& input_path, SiteFileOf& known);

// A site file and those it extends, as they were read.
struct SiteFiles {
  std::vector<Input> inputs;      // nearest first; one that could not be read is not among them, but for the nearest: empty
  std::vector<SiteError> errors;  // unreadable files, a cycle, a chain too long; SourceSpan::source indexes `inputs`
};
SiteFiles open_site_files(const std::string& path);

// Reads, merges and checks files that are among the sources. Ids of checks that this program does not have are errors.
// Contradictions of the whole are looked for only where every file reads well: half of it would contradict itself.
SiteFile read_site_files(const Sources& sources, const std::vector<std::uint32_t>& nearest_first, std::vector<SiteError>& errors);

// "ipo-lint.toml:12:3: message\n  other.toml:4:1: related message\n"
std::string format_site_error(const Sources& sources, const SiteError& error);

}  // namespace ipo
