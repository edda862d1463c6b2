// Grouping looks at paths only, judging knows nothing of other sites: each site's report is made alone and its spans are
// moved behind the sources of those before it.
#include "linter/sites.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "linter/totals.h"

namespace ipo {
namespace {

namespace fs = std::filesystem;

std::string folder_of(const std::string& path) { return fs::path(path).parent_path().generic_string(); }

bool is_below(const std::string& folder, const std::string& above) {
  return folder == above || (folder.starts_with(above) && (above.empty() || above.ends_with('/') || folder[above.size()] == '/'));
}

// The folders that are sites by themselves, where a folder that was named holds several exports: from each folder with an
// export upward as long as no other export comes in.
std::vector<std::string> folders_of_sites(const std::vector<Input>& inputs, const std::string& named) {
  std::set<std::string> exports;
  for (const Input& input : inputs)
    if (input.folder == named && input.dialect == "ipoffice") exports.insert(folder_of(input.path));
  std::vector<std::string> out;
  if (exports.size() < 2) return out;
  for (const std::string& folder : exports) {
    std::string site = folder;
    for (std::string up = folder_of(site); is_below(up, named) && up != site; up = folder_of(up)) {
      auto inside = std::count_if(exports.begin(), exports.end(), [&](const std::string& e) { return is_below(e, up); });
      if (inside > 1) break;
      site = up;
    }
    out.push_back(site);
  }
  return out;
}

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

std::vector<SiteInputs> group_sites(std::vector<Input> inputs, const std::string& config) {
  std::vector<std::string> governing(inputs.size(), config);
  std::set<std::string> found;
  for (std::size_t i = 0; i < inputs.size() && config.empty(); ++i) {
    governing[i] = find_site_file(inputs[i].path);
    if (!governing[i].empty()) found.insert(governing[i]);
  }
  std::map<std::string, std::vector<std::string>> split;  // by folder that was named
  for (const Input& input : inputs)
    if (!input.folder.empty() && found.empty() && config.empty() && !split.contains(input.folder))
      split[input.folder] = folders_of_sites(inputs, input.folder);

  std::vector<SiteInputs> sites;
  std::map<std::pair<std::string, std::string>, std::size_t> known;  // by site file, folder
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    std::string file = governing[i], folder;
    if (file.empty() && found.size() == 1 && inputs[i].folder.empty()) file = *found.begin();
    if (file.empty())
      for (const std::string& site : split[inputs[i].folder]) {
        if (is_below(folder_of(inputs[i].path), site)) folder = site;
      }
    else
      folder = folder_of(file);
    if (file.empty() && folder.empty() && !split[inputs[i].folder].empty()) folder = inputs[i].folder;
    auto [at, fresh] = known.try_emplace({file, folder}, sites.size());
    if (fresh) {
      sites.push_back({folder.empty() ? "." : folder, {}, {}});
      if (!file.empty()) sites.back().site_files = open_site_files(file);
    }
    sites[at->second].inputs.push_back(std::move(inputs[i]));
  }
  if (sites.size() == 1) sites[0].name.clear();
  return sites;
}

Report lint_sites(std::vector<SiteInputs> sites, const LintOptions& options, unsigned jobs, const std::function<void()>& done) {
  if (sites.empty()) sites.push_back({});
  std::vector<std::string> names;
  for (const SiteInputs& site : sites) names.push_back(site.name);
  std::vector<Report> reports(sites.size());
  std::atomic<std::size_t> next = 0;
  std::exception_ptr failure;
  std::mutex failing;
  auto work = [&] {
    for (std::size_t i; (i = next++) < sites.size();) {
      try {
        reports[i] = lint(std::move(sites[i]), options);
      } catch (...) {
        std::lock_guard lock(failing);
        failure = std::current_exception();
      }
      if (done) done();
    }
  };
  std::vector<std::thread> helpers;
  for (std::size_t j = 1; j < std::min<std::size_t>(jobs, sites.size()); ++j) helpers.emplace_back(work);
  work();
  for (std::thread& helper : helpers) helper.join();
  if (failure) std::rethrow_exception(failure);
  if (reports.size() == 1) return std::move(reports[0]);

  Report all;
  std::set<std::string> releases;
  for (std::size_t i = 0; i < reports.size(); ++i) {
    Report& report = reports[i];
    Totals t = totals_of(report.findings);
    all.sites.push_back({names[i], t.errors, t.warnings, t.notes, report.problems.empty(), report.errors.empty()});
    // The same rule on two sites is two facts.
    for (Finding& f : report.findings) f.identity = names[i] + '\n' + f.identity;
    move_behind(report, static_cast<std::uint32_t>(all.sources.size()));
    if (!report.release.empty() && releases.insert(report.release).second)
      all.release += (all.release.empty() ? "" : ", ") + report.release;
    all.inputs += report.inputs;
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
