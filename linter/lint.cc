// Bytes are decoded and read by the dialect their content shows; the site that results is surveyed and judged, every check
// looks at the judgement, and the findings are put in order.
#include "linter/lint.h"

#include <algorithm>
#include <tuple>

#include "parsers/parsers.h"
#include "rules/judgement.h"

namespace ipo {
namespace {

bool blank(const std::string& text) {
  return text.find_first_not_of(std::string_view(" \t\r\n\f\v\0", 7)) == std::string::npos;
}

// Adds what a source says to the report's site; gives the dialect's name, or nothing where there is a problem.
std::string_view read(const std::string& as, std::uint32_t source, Report& report) {
  const Source& s = report.sources[source];
  if (blank(s.text())) {
    report.problems.push_back({s.path(), "empty file; nothing to analyse"});
    return {};
  }
  const Dialect* dialect = as.empty() ? recognise(s) : find_dialect(as);
  if (!dialect) {
    std::string names;
    for (const Dialect& d : dialects()) names += (names.empty() ? "" : ", ") + std::string(d.name);
    report.problems.push_back({s.path(), "not recognised as any supported format; name it with --as (" + names + ")"});
    return {};
  }
  dialect->interpret(report.sources, source, report.site);
  return dialect->name;
}

// The release of the export, when no matrix is made for it. Releases 9.1.x all have the one of 9.1.
const Located<Release>* without_matrix(const Site& site, const PortMatrix& matrix) {
  for (const Host& host : site.hosts)
    if (host.release && !host.release->value.parts.empty()) {
      std::string release = host.release->value.text();
      if (release != matrix.release && !release.starts_with(matrix.release + ".")) return &*host.release;
    }
  return nullptr;
}

bool selected(std::string_view check, const LintOptions& options) {
  auto in = [&](const std::vector<std::string>& list) { return std::find(list.begin(), list.end(), check) != list.end(); };
  return (options.only.empty() || in(options.only)) && !in(options.skip);
}

// Shadowed rules of every ruleset; where that is too much, a failure says so.
std::vector<Shadow> look_for_shadows(const Exposure& exposure, std::vector<Note>& failures) {
  std::vector<Shadow> shadows;
  for (const auto& chains : exposure.chains()) {
    try {
      std::vector<Shadow> found = find_shadows(*chains);
      shadows.insert(shadows.end(), found.begin(), found.end());
    } catch (const SpaceExhausted& e) {
      failures.push_back({std::string("shadowed rules could not be looked for: ") + e.what(), chains->ruleset().span});
    }
  }
  return shadows;
}

void run_checks(const Judgement& judgement, const LintOptions& options, Findings& findings, std::vector<Note>& failures) {
  std::string unchecked, why;  // one failure for all of them: they fail for the same reason
  for (const Check& check : checks()) {
    if (!selected(check.id, options)) continue;
    std::size_t before = findings.size();
    try {
      check.run(judgement, findings);
    } catch (const SpaceExhausted& e) {
      findings.resize(before);
      (unchecked.empty() ? unchecked : unchecked += ", ") += check.id;
      why = e.what();
    }
  }
  if (!unchecked.empty()) failures.push_back({"could not be checked: " + unchecked + ": " + why, SourceSpan{}});
}

}  // namespace

Report read_site(std::vector<Input> inputs, const std::string& as) {
  Report report;
  for (Input& input : inputs) report.sources.push_back(decode_source(std::move(input.path), input.bytes));
  for (std::uint32_t source = 0; source < report.sources.size(); ++source)
    report.formats.push_back(read(as, source, report));
  return report;
}

Report lint(std::vector<Input> inputs, const LintOptions& options) {
  Report report = read_site(std::move(inputs), options.as);
  const PortMatrix& matrix = builtin_matrix();
  report.release = matrix.release;
  std::vector<Standing> standings = survey(report.site, report.sources, matrix, {options.internet, options.pbx});
  Exposure exposure(report.site, standings, matrix);
  std::vector<Note> failures;
  std::vector<Shadow> shadows;
  if (selected("shadowed-rule", options)) shadows = look_for_shadows(exposure, failures);
  Judgement judgement{report.sources, report.site, matrix, exposure, shadows, without_matrix(report.site, matrix)};
  run_checks(judgement, options, report.findings, failures);

  for (const Note& failure : exposure.failures())
    report.problems.push_back({report.sources[failure.span.source].path(), "these rules could not be judged: " + failure.message});
  for (const Note& failure : failures)
    report.problems.push_back({report.sources[failure.span.source].path(), failure.message});
  std::stable_sort(report.findings.begin(), report.findings.end(), [](const Finding& a, const Finding& b) {
    return std::tie(a.span, b.level, a.check, a.message) < std::tie(b.span, a.level, b.check, b.message);
  });
  return report;
}

}  // namespace ipo
