// `ipo-lint init`: writes a site file of what can be inferred, each line with its reason.
//
// The file changes no verdict for the worse: linting with it gives every finding of warning or above that linting
// without it gives, but for sources that have a zone now, and no new one. Before it is written that is tried; what
// would break it stays in the file as a comment that says what it would do.
#pragma once

#include <istream>
#include <ostream>
#include <string>

#include "linter/commands/one_site.h"

namespace ipo {

struct InitCommand {
  SiteQuestion site;   // what its options say is written too
  std::string output;  // "-" = standard output; empty = ipo-lint.toml in the folder all inputs have in common
  bool force = false;  // replace a file that is there
};

// exit_clean: written; what to check is said on `err`. exit_usage: the file is there already, cannot be written, or the
// inputs are no site; exit_incomplete: written, though some input could not be used.
int run_init(const InitCommand& command, std::istream& in, std::ostream& out, std::ostream& err);

}  // namespace ipo
