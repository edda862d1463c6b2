// A site file drafted from what was read and concluded: parts of TOML, each line with its reason as a comment.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "linter/lint.h"

namespace ipo {

// Lines that stand or fall together: a table, or a key of the top.
struct DraftPart {
  std::string text;
  std::string to_check;  // what is a guess in it, for the person to check; may be empty
  std::string left_out;  // why it is only a comment in the file; empty = it counts
};

// Where the draft will be: its folder as an absolute path, or relative to where the inputs' paths start; and the site
// file it extends, as the user would type it, or empty.
struct DraftPlace {
  std::string folder;
  std::string extends;
};

// In the order of the file. What a site file in the reading says already is not said again. Parts that would say more
// than is known are drafted as examples, left out.
std::vector<DraftPart> draft_of(const Assessment& assessment, const LintOptions& options, const DraftPlace& place);

// The file: the heading, and the parts that count; the others as comments. `inputs` are what it was inferred from, as
// seen from its folder.
std::string format_draft(const std::vector<DraftPart>& parts, const std::vector<std::string>& inputs);

// The text as a TOML string that a site file takes; nothing where there is none: control characters, not UTF-8.
std::optional<std::string> toml_string(std::string_view text);

// From a folder to a file, both absolute or both relative to the same; "../x" where it is not below.
std::string path_from(const std::string& folder, const std::string& path);

}  // namespace ipo
