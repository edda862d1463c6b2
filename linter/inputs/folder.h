// What is in a folder that was named: the files to look into, and what is left out before anybody looks.
#pragma once

#include <string>
#include <vector>

#include "linter/inputs/input.h"

namespace ipo {

// LeftOut::what of what nobody needs to be told of at once.
constexpr std::string_view hidden = "hidden";
constexpr std::string_view by_gitignore = "left out by .gitignore";

struct Folder {
  std::vector<std::string> files;  // regular ones, sorted by path
  std::vector<LeftOut> left_out;   // hidden entries, links, installed packages, what .gitignore names; whole folders as one
  std::string problem;             // why not all of it could be looked through; empty = it was
};

// Looks at names only; no symbolic link is followed. The .gitignore files that count are those in the folder and below
// it and, in a git repository, those above it. A pattern this program cannot read hides nothing.
Folder look_through(const std::string& folder);

}  // namespace ipo
