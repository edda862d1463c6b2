// The list of checks as a table, or as JSON with their pages.
#include <fmt/format.h>

#include <algorithm>

#include "linter/commands/commands.h"
#include "linter/output/json_writer.h"

namespace ipo {

int run_checks(const ChecksCommand& command, std::ostream& out, std::ostream&) {
  if (command.format == "json") {
    JsonWriter json;
    json.begin_array();
    for (const Check& check : checks()) {
      json.begin_object().member("id", check.id).member("summary", check.summary);
      json.member("severity", name_of(check.severity)).texts("tags", check.tags);
      json.verbatim("page", page_of(check)).end_object();
    }
    out << json.end_array().finish();
    return exit_clean;
  }
  std::size_t width = 0;
  for (const Check& check : checks()) width = std::max(width, check.id.size());
  for (const Check& check : checks())
    out << fmt::format("{:<{}}  {:<7}  {}\n", check.id, width, name_of(check.severity), check.summary);
  return exit_clean;
}

}  // namespace ipo
