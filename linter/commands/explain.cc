// Prints the check's page; where the name is wrong, the nearest right one.
#include <fmt/format.h>

#include "linter/commands/commands.h"
#include "linter/page.h"
#include "linter/snippet.h"
#include "parsers/nearest.h"

namespace ipo {

std::string unknown_check(std::string_view id) {
  if (find_check(id)) return {};
  std::vector<std::string_view> ids;
  for (const Check& check : checks()) ids.push_back(check.id);
  return fmt::format("unknown check '{}'{}", printable(id), did_you_mean(id, ids));
}

int run_explain(const ExplainCommand& command, std::ostream& out, std::ostream& err) {
  const Check* check = find_check(command.check);
  if (!check) {
    err << "ipo-lint: " << unknown_check(command.check) << "\n`ipo-lint checks` lists them all.\n";
    return exit_usage;
  }
  std::string page = readable_page(page_of(*check));
  if (page.size() > 1)
    out << page;
  else
    out << "# " << check->id << "\n\n" << check->summary << ".\n";
  return exit_clean;
}

}  // namespace ipo
