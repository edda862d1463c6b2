#include "tests/cases.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>

namespace ipo::testing {

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string finding_line(const Report& report, const Finding& finding, bool with_check) {
  const Source& source = report.sources[finding.span.source];
  std::string line =
      source.path() + ":" + std::to_string(source.position(finding.span.begin).line) + ": " + std::string(name_of(finding.level));
  if (with_check) line += "[" + finding.check + "]";
  if (finding.certainty == Certainty::possible) line += " (possible)";
  return line + ": " + finding.message + "\n";
}

std::vector<std::vector<Input>> sites_below(const std::filesystem::path& variant) {
  std::map<std::string, std::vector<Input>> sites;  // by folder
  for (const auto& file : std::filesystem::recursive_directory_iterator(variant)) {
    if (!file.is_regular_file()) continue;
    std::filesystem::path path = file.path().lexically_relative(variant);
    sites[path.parent_path().string()].push_back({path.generic_string(), read_file(file.path())});
  }
  std::vector<std::vector<Input>> out;
  for (auto& [folder, inputs] : sites) {
    std::sort(inputs.begin(), inputs.end(), [](const Input& a, const Input& b) { return a.path < b.path; });
    out.push_back(std::move(inputs));
  }
  return out;
}

bool stands_on_path(const Finding& finding) {
  auto goes_by = [&](SourceSpan span) {
    return std::any_of(finding.path.begin(), finding.path.end(), [&](const PathStep& step) { return step.span == span; });
  };
  return !finding.witness || goes_by(finding.span) ||
         std::any_of(finding.related.begin(), finding.related.end(), [&](const auto& related) { return goes_by(related.span); });
}

SiteInputs site_of(std::vector<Input> files) {
  SiteInputs site;
  for (Input& file : files)
    (std::filesystem::path(file.path).filename() == "ipo-lint.toml" ? site.site_files.inputs : site.inputs)
        .push_back(std::move(file));
  return site;
}

LintOptions parse_case_options(const std::string& text) {
  LintOptions options;
  std::istringstream words(text);
  for (std::string word, value; words >> word;) {
    if (!(words >> value)) throw std::runtime_error("option without a value: " + word);
    if (word == "--pbx") {
      auto address = parse_address(value);
      if (!address) throw std::runtime_error("not an address: " + value);
      options.pbx.push_back(*address);
    } else if (word == "--internet") {
      options.internet.push_back(value);
    } else if (word == "--today") {
      options.today = value;
    } else if (word == "--release") {
      options.release = value;
    } else {
      throw std::runtime_error("a case knows no option " + word);
    }
  }
  return options;
}

bool update_goldens() {
  const char* value = std::getenv("IPO_LINT_UPDATE");
  return value && std::string(value) == "1";
}

LintOptions of_one_direction(LintOptions options) {
  for (const char* check : {"egress-unrestricted", "missing-conntrack", "stateless-return-missing"}) options.skip.push_back(check);
  return options;
}

}  // namespace ipo::testing
