// Reads the inputs, runs the pipeline, writes every report asked for, and turns the outcome into a status.
#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "linter/commands/commands.h"
#include "linter/input_files.h"
#include "linter/snippet.h"

namespace ipo {
namespace {

void write_report(std::ostream& out, const Report& report, std::string_view format, const TextStyle& style) {
  if (format == "json")
    write_json(out, report);
  else if (format == "sarif")
    write_sarif(out, report);
  else
    write_text(out, report, style);
}

}  // namespace

int exit_status(const Report& report, std::optional<Level> fail_on, bool exit_zero) {
  if (!report.complete()) return exit_incomplete;
  if (!fail_on || exit_zero) return exit_clean;
  bool any = std::any_of(report.findings.begin(), report.findings.end(),
                         [&](const Finding& f) { return f.level >= *fail_on; });
  return any ? exit_findings : exit_clean;
}

int run_lint(const LintCommand& command, std::istream& in, std::ostream& out, std::ostream& err) {
  InputFiles files = read_inputs(command.inputs, !command.options.as.empty(), in);
  Report report = lint(std::move(files.inputs), command.options);
  report.problems.insert(report.problems.begin(), files.problems.begin(), files.problems.end());

  for (const std::string& remark : files.remarks) err << "ipo-lint: " << printable(remark) << '\n';
  for (const Problem& p : report.problems)
    err << "ipo-lint: " << (p.path == "-" ? "<stdin>" : printable(p.path)) << ": " << printable(p.message) << '\n';

  bool written = true;
  for (const Output& output : command.outputs) {
    if (output.file.empty()) {
      write_report(out, report, output.format, command.style);
      continue;
    }
    std::ostringstream text;
    write_report(text, report, output.format, TextStyle{});
    std::string why = write_file(output.file, text.view());
    if (why.empty()) continue;
    err << "ipo-lint: " << printable(output.file) << ": cannot be written: " << why << '\n';
    written = false;
  }
  int status = exit_status(report, command.fail_on, command.exit_zero);
  return written ? status : std::max(status, exit_usage);
}

}  // namespace ipo
