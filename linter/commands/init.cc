// The draft is tried on the inputs themselves. Where all of it together changes a verdict, its parts are put in one
// after the other, and each that changes one stays out.
#include "linter/commands/init.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <tuple>

#include "linter/commands/commands.h"
#include "linter/commands/site_draft.h"
#include "linter/inputs/input_files.h"
#include "linter/inputs/site_files.h"
#include "linter/output/place.h"
#include "linter/output/snippet.h"

namespace ipo {
namespace {

namespace fs = std::filesystem;

// The folder that all inputs are in, absolute where the working folder is known; nothing if that is the root.
std::optional<std::string> common_folder(const std::vector<Input>& inputs, const std::string& working_folder) {
  std::optional<fs::path> common;
  for (const Input& input : inputs) {
    if (input.path == "-") continue;
    std::string folder = input.folder.empty() ? fs::path(input.path).parent_path().generic_string() : input.folder;
    fs::path here = normal_path(working_folder, folder);
    if (!common) {
      common = here;
      continue;
    }
    fs::path shared;
    for (auto a = common->begin(), b = here.begin(); a != common->end() && b != here.end() && *a == *b; ++a, ++b) shared /= *a;
    common = shared;
  }
  if (!common) return working_folder;
  if (*common == "/" && working_folder != "/") return std::nullopt;
  return common->generic_string();
}

// A path as the user would type it.
std::string typed(const std::string& path, const std::string& working_folder) {
  if (working_folder.empty()) return path;
  std::string relative = path_from(working_folder, path);
  return relative.empty() || relative.starts_with("..") ? path : relative;
}

// ---- trying the draft ---------------------------------------------------------------------------------------------

using Verdicts = std::map<std::tuple<std::string, std::string, std::uint32_t>, std::pair<Level, Certainty>>;

// How the site file names a file.
struct Naming {
  std::string working_folder, folder;
  std::string operator()(std::string_view path) const {
    return path == "-" ? "standard input" : path_from(folder, normal_path(working_folder, path));
  }
};

// The gravest finding of each check and line, from warning up.
Verdicts verdicts_of(const Report& report, const Naming& naming) {
  Verdicts out;
  Places places(report.sources);
  for (const Finding& f : report.findings) {
    if (f.level < Level::warning) continue;
    Place at = places.at(f.span);
    std::pair verdict(f.level, f.certainty);
    auto [known, fresh] = out.try_emplace({f.check, naming(at.path), at.line}, verdict);
    auto rank = [](const auto& v) { return std::pair(v.first, v.second == Certainty::proven); };
    if (!fresh && rank(known->second) < rank(verdict)) known->second = verdict;
  }
  return out;
}

// What the draft does to verdicts that it must not, in words: one for each.
// Findings about the draft itself, such as what is known of the release it states, are none.
std::vector<std::string> changes(const Verdicts& before, const Report& report, const Naming& naming, const std::string& draft) {
  std::vector<std::string> out = report.errors;
  Verdicts after = verdicts_of(report, naming);
  auto name = [](const auto& key) { return fmt::format("{} at {}:{}", std::get<0>(key), std::get<1>(key), std::get<2>(key)); };
  for (const auto& [key, verdict] : before) {
    auto now = after.find(key);
    if (now == after.end()) {
      if (std::get<0>(key) != "undeclared-source") out.push_back("it would silence " + name(key));
    } else if (now->second.first < verdict.first) {
      out.push_back("it would lower " + name(key));
    } else if (now->second.second == Certainty::possible && verdict.second == Certainty::proven) {
      out.push_back("it would make only possible " + name(key));
    }
  }
  for (const auto& [key, verdict] : after)
    if (!before.contains(key) && std::get<1>(key) != draft) out.push_back("it would bring " + name(key));
  return out;
}

// An error of the file that was tried, without its place.
std::string in_short(const std::string& effect) {
  std::string line = effect.substr(0, effect.find('\n'));
  std::size_t place = line.find(": ");
  return line.starts_with("it would ") || place == line.npos ? line : line.substr(place + 2);
}

class Trial {
 public:
  // `inputs` with the site files the draft extends.
  Trial(const SiteInputs& inputs, const LintOptions& options, std::string target, const std::string& folder)
      : inputs_(inputs),
        options_(options),
        target_(std::move(target)),
        naming_{options.working_folder, folder},
        before_(verdicts_of(lint(inputs, options), naming_)) {
    options_.internet.clear();  // the file says it now
    options_.pbx.clear();
    options_.release.clear();
    for (const Input& input : inputs.inputs) names_.push_back(naming_(input.path));
  }

  std::string text(const std::vector<DraftPart>& parts) const { return format_draft(parts, names_); }

  void settle(std::vector<DraftPart>& parts) const {
    std::size_t still = effects(parts).size();
    if (still == 0) return;
    std::vector<DraftPart*> waiting;
    for (DraftPart& part : parts)
      if (part.left_out.empty()) {
        part.left_out = "?";
        waiting.push_back(&part);
      }
    still = effects(parts).size();
    for (DraftPart* part : waiting) {
      part->left_out.clear();
      std::vector<std::string> effect = effects(parts);
      if (effect.size() <= still) {
        still = effect.size();
        continue;
      }
      part->left_out = "left out: " + in_short(effect.front());
    }
  }

 private:
  std::vector<std::string> effects(const std::vector<DraftPart>& parts) const {
    SiteInputs with = inputs_;
    with.site_files.inputs.insert(with.site_files.inputs.begin(), Input{target_, text(parts)});
    return changes(before_, lint(std::move(with), options_), naming_, naming_(target_));
  }

  const SiteInputs& inputs_;
  LintOptions options_;
  std::string target_;
  Naming naming_;
  Verdicts before_;
  std::vector<std::string> names_;
};

}  // namespace

int run_init(const InitCommand& command, std::istream& in, std::ostream& out, std::ostream& err) {
  auto refuse = [&](const std::string& why) {
    err << "ipo-lint: " << why << '\n';
    return exit_usage;
  };
  SiteQuestion question = command.site;
  int status = exit_clean;
  std::optional<SiteInputs> inputs = read_one_site(question, in, err, status);
  if (!inputs) return status;
  const std::string& working_folder = question.options.working_folder;

  std::optional<std::string> folder = common_folder(inputs->inputs, working_folder);
  bool printed = command.output == "-";
  std::string target = command.output;
  if (target.empty() || printed) {
    if (!folder) return refuse("the inputs have no folder in common; say with --output where the site file is to be");
    target = typed((fs::path(*folder) / site_file_name).generic_string(), working_folder);
  }
  std::error_code error;
  if (!printed && !command.force && fs::exists(fs::symlink_status(target, error)))
    return refuse(printable(target) + " is there already; --force replaces it, --output - prints what would be written");

  if (!printed)
    for (const Input& input : inputs->inputs)
      if (same_file(input.path, target))
        return refuse(printable(target) + " is one of the inputs; name another file with --output");

  // A file that is to be replaced has no say; any other that speaks for the inputs is extended.
  DraftPlace place;
  place.folder = normal_path(working_folder, fs::path(target).parent_path().generic_string());
  if (!inputs->site_files.inputs.empty()) {
    const std::string& governing = inputs->site_files.inputs.front().path;
    if (same_file(governing, target))
      inputs->site_files = {};
    else
      place.extends = path_from(place.folder, normal_path(working_folder, governing));
  }

  std::unique_ptr<Assessment> a = assess_site(*inputs, question.options, err, status);
  if (!a) return status;

  std::vector<DraftPart> parts = draft_of(*a, question.options, place);
  Trial trial(*inputs, question.options, target, place.folder);
  trial.settle(parts);
  std::string text = trial.text(parts);
  if (printed) {
    out << text;
  } else {
    if (std::string why = write_file(target, text); !why.empty())
      return refuse(fmt::format("{}: cannot be written: {}", printable(target), why));
    err << "ipo-lint: wrote " << printable(target) << '\n';
    for (const Input& input : inputs->inputs)
      if (std::string found = find_site_file(input.path); !same_file(found, target)) {
        err << fmt::format("ipo-lint: {} does not find it by itself; give it with --config\n",
                           input.path == "-" ? "standard input" : printable(input.path));
        break;
      }
  }
  for (const DraftPart& part : parts)
    if (part.left_out.empty() && !part.to_check.empty()) err << "  check " << printable(part.to_check) << '\n';
  return status;
}

}  // namespace ipo
