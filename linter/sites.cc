// Grouping looks at paths only, judging knows nothing of other sites: each site's report is made alone and its spans
// are moved behind the sources of those before it.
#include "linter/sites.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "linter/inputs/parallel.h"
#include "linter/output/totals.h"

namespace ipo {
namespace {

namespace fs = std::filesystem;

std::string folder_of(const std::string& path) { return fs::path(path).parent_path().generic_string(); }

std::string without_slashes(std::string folder) {
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  return folder;
}

// A folder that was named: the folders in it that hold exports, and those that are sites by themselves: from each
// folder with an export upward as long as no other export comes in.
struct Tree {
  std::set<std::string> exports, sites;

  void split(const std::string& named) {
    std::map<std::string, std::size_t> below;  // folders with exports in each folder
    for (const std::string& folder : exports)
      for (std::string up = folder;; up = folder_of(up)) {
        ++below[up];
        if (up == named || up.empty() || up == folder_of(up)) break;
      }
    if (exports.size() < 2) return;
    for (const std::string& folder : exports) {
      std::string site = folder;
      while (site != named && below[folder_of(site)] == 1) site = folder_of(site);
      sites.insert(site);
    }
  }

  // The site a file belongs to. What is outside all of them is a site with what is in its folder. Empty: all is one
  // site.
  std::string site_of(const std::string& path, const std::string& named) const {
    if (sites.empty()) return {};
    std::string own = folder_of(path);
    for (std::string up = own;; up = folder_of(up)) {
      if (sites.contains(up)) return up;
      if (up == named || up.empty() || up == folder_of(up)) return own;
    }
  }
};

void move_behind(Report& report, std::uint32_t sources) {
  auto move = [&](SourceSpan& span) {
    if (span.end > 0 || span.source > 0) span.source += sources;
  };
  for (Finding& f : report.findings) {
    move(f.span);
    for (PathStep& step : f.path) move(step.span);
    for (Doubt& doubt : f.doubt) move(doubt.span);
    for (Note& note : f.related) move(note.span);
  }
  for (Inference& inference : report.inferences) move(inference.span);
  for (SourceSpan& secret : report.secrets) move(secret);
}

template <class T>
void append(std::vector<T>& into, std::vector<T>& more) {
  into.insert(into.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

std::vector<SiteInputs> group_sites(std::vector<Input> inputs, const std::string& config, std::vector<LeftOut> left_out) {
  std::erase_if(left_out, [](const LeftOut& one) { return one.why.empty(); });
  std::map<std::string, std::string> governing_folder;
  SiteFileOf looked_up;
  std::set<std::string> found;
  auto governing = [&](const std::string& path) -> const std::string& {
    if (!config.empty()) return config;
    auto [known, fresh] = governing_folder.try_emplace(path == "-" ? path : folder_of(path));
    if (fresh) known->second = find_site_file(path, looked_up);
    return known->second;
  };
  for (const Input& input : inputs)
    if (const std::string& file = governing(input.path); config.empty() && !file.empty()) found.insert(file);
  std::map<std::string, Tree> trees;  // by folder that was named; of what no site file governs
  for (const Input& input : inputs) {
    if (input.folder.empty() || !governing(input.path).empty()) continue;
    Tree& tree = trees[without_slashes(input.folder)];
    if (input.dialect.starts_with("ipoffice")) tree.exports.insert(folder_of(input.path));
  }
  for (auto& [named, tree] : trees) tree.split(named);

  std::vector<SiteInputs> sites;
  std::map<std::pair<std::string, std::string>, std::size_t> known;  // by site file, folder
  // The site a path belongs to; null where `makes_one` is false and there is none yet.
  auto site_of = [&](const std::string& path, const std::string& of_folder, bool makes_one) -> SiteInputs* {
    std::string file = governing(path), folder, named = without_slashes(of_folder);
    if (file.empty() && found.size() == 1 && named.empty()) file = *found.begin();
    if (!file.empty())
      folder = folder_of(file);
    else if (!named.empty())
      folder = trees[named].site_of(path, named);
    if (!makes_one && !known.contains({file, folder})) return nullptr;
    auto [at, fresh] = known.try_emplace({file, folder}, sites.size());
    if (fresh) {
      sites.push_back({folder.empty() ? "." : folder, {}, {}});
      if (!file.empty()) sites.back().site_files = open_site_files(file);
    }
    return &sites[at->second];
  };
  for (Input& input : inputs) {
    std::string path = input.path, folder = input.folder;
    site_of(path, folder, true)->inputs.push_back(std::move(input));
  }
  for (bool certain : {true, false})
    for (LeftOut& one : left_out)
      if (one.unless_firewall != certain)
        if (SiteInputs* site = site_of(one.path, one.folder, certain)) site->left_out.push_back(one);
  if (sites.size() == 1) sites[0].name.clear();
  return sites;
}

Report lint_sites(std::vector<SiteInputs> sites, const LintOptions& options, unsigned jobs, const std::function<void()>& done) {
  if (sites.empty()) sites.push_back({});
  std::vector<std::string> names;
  for (const SiteInputs& site : sites) names.push_back(site.name);
  std::vector<Report> reports(sites.size());
  parallel(jobs, sites.size(), [&](std::size_t i) {
    reports[i] = lint(std::move(sites[i]), options);
    if (done) done();
  });
  if (reports.size() == 1) return std::move(reports[0]);

  Report all;
  std::set<std::string> releases;
  for (std::size_t i = 0; i < reports.size(); ++i) {
    Report& report = reports[i];
    Totals t = totals_of(report.findings);
    all.sites.push_back(
        {names[i], t.errors, t.warnings, t.notes, report.firewalls, report.problems.empty(), report.errors.empty()});
    move_behind(report, static_cast<std::uint32_t>(all.sources.size()));
    if (!report.release.empty() && releases.insert(report.release).second)
      all.release += (all.release.empty() ? "" : ", ") + report.release;
    all.inputs += report.inputs;
    all.firewalls += report.firewalls;
    all.ignored += report.ignored;
    append(all.sources, report.sources);
    append(all.inferences, report.inferences);
    append(all.findings, report.findings);
    append(all.problems, report.problems);
    append(all.errors, report.errors);
    append(all.secrets, report.secrets);
    report = {};
  }
  return all;
}

}  // namespace ipo
