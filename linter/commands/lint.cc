// Reads the inputs, runs the pipeline, writes every report asked for, and turns the outcome into a status.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <sstream>

#include "linter/commands/commands.h"
#include "linter/inputs/input_files.h"
#include "linter/output/snippet.h"
#include "linter/sites.h"

namespace ipo {
namespace {

void write_report(std::ostream& out, const Report& report, std::string_view format, const TextStyle& style,
                  std::string_view category) {
  if (format == "json")
    write_json(out, report);
  else if (format == "sarif")
    write_sarif(out, report, category);
  else
    write_text(out, report, style);
}

// "[#####.....] 120 of 1000 sites", over and over on one line.
class Progress {
 public:
  Progress(std::ostream& err, std::size_t all, bool shown) : err_(err), all_(all), shown_(shown && all > 1) { draw(); }
  ~Progress() {
    if (shown_) err_ << "\r\x1b[K" << std::flush;
  }
  void step() {
    std::lock_guard lock(drawing_);
    ++done_;
    draw();
  }

 private:
  void draw() {
    constexpr std::size_t width = 30;
    if (!shown_ || done_ * 200 / all_ == drawn_) return;
    drawn_ = done_ * 200 / all_;
    std::size_t full = done_ * width / all_;
    err_ << fmt::format("\r[{}{}] {} of {} sites", std::string(full, '#'), std::string(width - full, '.'), done_, all_)
         << std::flush;
  }

  std::ostream& err_;
  std::size_t all_, done_ = 0, drawn_ = ~std::size_t{0};
  bool shown_;
  std::mutex drawing_;
};

// The first output that would replace what the run reads.
const Output* overwriting(const LintCommand& command, const std::vector<SiteInputs>& sites) {
  auto reads = [&](const std::string& file) {
    auto among = [&](const auto& paths) {
      return std::any_of(paths.begin(), paths.end(), [&](const std::string& path) { return same_file(path, file); });
    };
    auto among_inputs = [&](const std::vector<Input>& inputs) {
      return std::any_of(inputs.begin(), inputs.end(), [&](const Input& input) { return same_file(input.path, file); });
    };
    return among(command.inputs) || among(command.matrices) || among(command.fields) ||
           std::any_of(sites.begin(), sites.end(),
                       [&](const SiteInputs& site) { return among_inputs(site.inputs) || among_inputs(site.site_files.inputs); });
  };
  for (const Output& output : command.outputs) {
    std::error_code error;
    bool regular = !output.file.empty() && std::filesystem::is_regular_file(output.file, error);
    if (regular && reads(output.file)) return &output;
  }
  return nullptr;
}

}  // namespace

int exit_status(const Report& report, std::optional<Level> fail_on, bool exit_zero) {
  if (!report.problems.empty()) return exit_incomplete;
  if (!report.errors.empty()) return exit_usage;
  if (!fail_on || exit_zero) return exit_clean;
  bool any = std::any_of(report.findings.begin(), report.findings.end(), [&](const Finding& f) { return f.level >= *fail_on; });
  return any ? exit_findings : exit_clean;
}

int run_lint(const LintCommand& command, std::istream& in, std::ostream& out, std::ostream& err) {
  InputFiles files = read_inputs(command.inputs, !command.options.as.empty(), in, command.jobs);
  LintOptions options = command.options;
  if (std::string why = read_matrices(command.matrices, options); !why.empty()) {
    err << "ipo-lint: " << why << '\n';
    return exit_usage;
  }
  if (std::string why = read_field_files(command.fields, options.fields); !why.empty()) {
    err << why;
    return exit_usage;
  }
  std::vector<SiteInputs> sites = group_sites(std::move(files.inputs), command.config, std::move(files.left_out));
  if (const Output* output = overwriting(command, sites)) {
    err << fmt::format("ipo-lint: --format {}={}: this file is read, so no report is written to it; name another\n", output->format,
                       printable(output->file));
    return exit_usage;
  }
  Report report;
  {
    Progress progress(err, sites.size(), command.progress);
    report = lint_sites(std::move(sites), options, command.jobs, [&] { progress.step(); });
  }
  report.problems.insert(report.problems.begin(), files.problems.begin(), files.problems.end());
  int status = exit_status(report, command.fail_on, command.exit_zero);
  if (command.min_severity) std::erase_if(report.findings, [&](const Finding& f) { return f.level < *command.min_severity; });

  for (const std::string& remark : files.remarks) err << "ipo-lint: " << printable(remark) << '\n';
  for (const std::string& error : report.errors) err << error;
  print_problems(report.problems, err);
  // A site file that is wrong and nothing else: there is no report to write.
  if (!report.errors.empty() && report.sites.empty()) return std::max(status, exit_usage);

  bool written = true;
  for (const Output& output : command.outputs) {
    if (output.file.empty()) {
      write_report(out, report, output.format, command.style, command.category);
      continue;
    }
    std::ostringstream text;
    write_report(text, report, output.format, TextStyle{}, command.category);
    std::string why = write_file(output.file, text.view());
    if (why.empty()) continue;
    err << "ipo-lint: " << printable(output.file) << ": cannot be written: " << why << '\n';
    written = false;
  }
  return written ? status : std::max(status, exit_usage);
}

}  // namespace ipo
