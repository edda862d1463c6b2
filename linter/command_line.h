// What the user asked for, as data. The only user of CLI11 is command_line.cc.
#pragma once

#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "linter/commands/ask.h"
#include "linter/commands/commands.h"
#include "linter/commands/exposure.h"
#include "linter/commands/init.h"
#include "linter/commands/matrix.h"
#include "linter/commands/zones.h"

namespace ipo {

// Nothing to run: help, the version (status 0, for standard output), or what is wrong with the command line (status 2,
// for standard error).
struct Message {
  std::string text;
  int status = 0;
};

using Command = std::variant<Message, LintCommand, InitCommand, ZonesCommand, ExposureCommand, AskCommand, QueryCommand,
                             SettingsCommand, MatrixQuery, InventoryCommand, ExplainCommand, ChecksCommand>;

// `words` without the program's name. The first word is the verb; any other first word means lint.
Command parse_command_line(const std::vector<std::string>& words);

// --color, then NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE, then TERM, then whether the output is a terminal.
bool wants_color(ColorChoice choice, bool terminal, const std::function<const char*(const char*)>& environment);

}  // namespace ipo
