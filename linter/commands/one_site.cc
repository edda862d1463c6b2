// The files are read and grouped as for lint; more than one group is refused with the groups' names. Whatever is wrong
// is said as lint says it.
#include "linter/commands/one_site.h"

#include <fmt/format.h>

#include <algorithm>

#include "linter/commands/commands.h"
#include "linter/inputs/input_files.h"
#include "linter/output/snippet.h"
#include "linter/sites.h"
#include "parsers/document/document.h"

namespace ipo {

std::string read_matrices(const std::vector<std::string>& paths, LintOptions& options) {
  for (const std::string& path : paths) {
    Input& own = options.matrices.emplace_back();
    own.path = path;
    if (std::string why = read_file(path, own.bytes); !why.empty()) return printable(path) + ": " + why;
  }
  return {};
}

std::string read_field_files(const std::vector<std::string>& paths, std::vector<FieldEntry>& fields) {
  std::string errors;
  for (const std::string& path : paths) {
    std::string bytes;
    if (std::string why = read_file(path, bytes); !why.empty()) return "ipo-lint: " + printable(path) + ": " + why + '\n';
    if (bytes.size() > largest_site_file) return "ipo-lint: " + printable(path) + ": larger than 1 MiB\n";
    Sources sources{decode_source(path, bytes)};
    Document toml = read_toml(sources, 0);
    std::vector<Note> wrong = std::move(toml.damages);
    for (const Node& table : toml.root.children)
      if (table.name != "field") wrong.push_back({"a file of fields holds [[field]] tables and nothing else", table.name_span});
    std::vector<FieldEntry> read = read_own_fields(toml.root, wrong);
    if (wrong.empty() && read.empty()) wrong.push_back({"no [[field]] is in this file", {0, 0, 0}});
    for (const Note& note : wrong) errors += format_site_error(sources, {note.message, note.span, {}});
    fields.insert(fields.end(), std::make_move_iterator(read.begin()), std::make_move_iterator(read.end()));
  }
  return errors;
}

void print_problems(const std::vector<Problem>& problems, std::ostream& err) {
  for (const Problem& p : problems)
    err << "ipo-lint: " << (p.path == "-" ? "<stdin>" : printable(p.path)) << ": " << printable(p.message) << '\n';
}

std::optional<SiteInputs> read_one_site(SiteQuestion& question, std::istream& in, std::ostream& err, int& status) {
  InputFiles files = read_inputs(question.inputs, !question.options.as.empty(), in);
  for (const std::string& remark : files.remarks) err << "ipo-lint: " << printable(remark) << '\n';
  print_problems(files.problems, err);
  status = files.problems.empty() ? exit_clean : exit_incomplete;
  if (std::string why = read_matrices(question.matrices, question.options); !why.empty()) {
    err << "ipo-lint: " << why << '\n';
    status = exit_usage;
    return std::nullopt;
  }
  if (std::string why = read_field_files(question.fields, question.options.fields); !why.empty()) {
    err << why;
    status = exit_usage;
    return std::nullopt;
  }
  std::vector<SiteInputs> sites = group_sites(std::move(files.inputs), question.config, std::move(files.left_out));
  if (sites.empty()) return std::nullopt;
  if (sites.size() == 1) return std::move(sites.front());
  constexpr std::size_t most = 10;
  std::string names;
  for (std::size_t i = 0; i < std::min(sites.size(), most); ++i) names += (i > 0 ? ", " : "") + printable(sites[i].name);
  if (sites.size() > most) names += ", ...";
  err << fmt::format("ipo-lint: these files are {} sites: {}; ask about one at a time\n", sites.size(), names);
  status = exit_usage;
  return std::nullopt;
}

std::unique_ptr<Assessment> assess_site(SiteInputs inputs, const LintOptions& options, std::ostream& err, int& status,
                                        bool judged) {
  std::unique_ptr<Assessment> a = assess(std::move(inputs), options);
  for (const std::string& error : a->reading.errors) err << error;
  if (!a->reading.errors.empty()) {
    status = std::max(status, exit_usage);
    return nullptr;
  }
  if (judged) a->judge();
  std::vector<Problem> problems = a->problems();
  print_problems(problems, err);
  if (!problems.empty()) status = exit_incomplete;
  const auto& formats = a->reading.formats;
  bool any = std::any_of(formats.begin(), formats.end(), [](std::string_view format) { return !format.empty(); });
  return any ? std::move(a) : nullptr;
}

std::unique_ptr<Assessment> assess_one_site(const SiteQuestion& question, std::istream& in, std::ostream& err, int& status,
                                            bool judged) {
  SiteQuestion asked = question;
  std::optional<SiteInputs> inputs = read_one_site(asked, in, err, status);
  return inputs ? assess_site(std::move(*inputs), asked.options, err, status, judged) : nullptr;
}

}  // namespace ipo
