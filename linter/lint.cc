// Bytes are decoded and read by the dialect their content shows, what is declared is laid over that; the site is surveyed
// and judged, every check looks at the judgement, and what is left after the ignores is put in order.
#include "linter/lint.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <tuple>

#include "linter/inputs/input_files.h"
#include "linter/output/place.h"
#include "linter/output/redact.h"
#include "parsers/foreign.h"
#include "parsers/ipoffice/field_map.h"
#include "parsers/parsers.h"
#include "rules/findings/judgement.h"
#include "rules/findings/opened_media.h"
#include "rules/findings/row_check.h"
#include "rules/findings/shadow_kind.h"
#include "rules/findings/users.h"
#include "rules/site/declared.h"

namespace ipo {
namespace {

bool blank(const std::string& text) { return text.find_first_not_of(std::string_view(" \t\r\n\f\v\0", 7)) == std::string::npos; }

// An export that holds errors in the place of records.
std::string nothing_but(std::span<const ExportError> errors) {
  constexpr std::size_t shown = 10;
  std::string out = errors.front().message();
  for (const ExportError& error : errors.subspan(1, std::min(shown, errors.size()) - 1))
    if (std::string text = error.text(); !text.empty()) out += "; " + text;
  return errors.size() > shown ? out + fmt::format(" and {} more errors", errors.size() - shown) : out;
}

// Adds what a source says to the site; gives the dialect's name, or nothing where there is a problem. `look`: of its bytes.
std::string_view read(const std::string& as, std::uint32_t source, const Look* look, Reading& reading) {
  const Source& s = reading.sources[source];
  if (blank(s.text())) {
    reading.problems.push_back({s.path(), "empty file; nothing to analyse"});
    return {};
  }
  const Dialect* dialect = as.empty() ? recognise(s) : find_dialect(as);
  if (!dialect && !look) look = text_look(s.text());
  if (!dialect && look) {
    reading.problems.push_back({s.path(), refusal(*look)});
    return {};
  }
  if (!dialect) {
    std::string names;
    for (const Dialect& d : dialects()) names += (names.empty() ? "" : ", ") + std::string(d.name);
    reading.problems.push_back({s.path(), "not recognised as any supported format; name it with --as (" + names + ")"});
    return {};
  }
  if (s.text().size() > dialect->largest) {
    reading.problems.push_back({s.path(), too_large_for(*dialect)});
    return {};
  }
  Site& site = reading.site;
  std::size_t records = site.records.size(), hosts = site.hosts.size(), errors = site.export_errors.size();
  dialect->interpret(reading.sources, source, site);
  // Records that were asked for and are not there.
  if (site.records.size() == records && site.hosts.size() == hosts && site.export_errors.size() > errors)
    reading.problems.push_back({s.path(), nothing_but(std::span(site.export_errors).subspan(errors))});
  return dialect->name;
}

void shift(SourceSpan& span, std::uint32_t by) { span.source += by; }

void print_errors(Reading& reading, const std::vector<SiteError>& errors) {
  for (const SiteError& error : errors) reading.errors.push_back(format_site_error(reading.sources, error));
}

// The site files' sources and what they say, not yet laid over the site; what is wrong with them.
std::vector<SiteError> read_declared(SiteFiles&& files, Reading& reading) {
  auto first = static_cast<std::uint32_t>(reading.sources.size());
  std::vector<std::uint32_t> nearest_first;
  for (Input& file : files.inputs) {
    nearest_first.push_back(static_cast<std::uint32_t>(reading.sources.size()));
    reading.sources.push_back(decode_source(std::move(file.path), file.bytes));
  }
  for (SiteError& error : files.errors) {
    shift(error.span, first);
    if (error.related) shift(error.related->span, first);
  }
  std::vector<SiteError> errors = std::move(files.errors);
  if (!nearest_first.empty()) reading.declared = read_site_files(reading.sources, nearest_first, errors);
  return errors;
}

// ---- the matrix that holds ----------------------------------------------------------------------------------------

const Located<Release>* exported_release(const Site& site) {
  for (const Host& host : site.hosts)
    if (host.release && !host.release->value.parts.empty()) return &*host.release;
  return nullptr;
}

// As said on the command line, which goes before the site file, declared, exported; a release without a matrix of its own is
// judged by the newest.
void choose_matrix(Assessment& a, const LintOptions& options) {
  std::optional<Located<std::string>>& said = a.reading.declared.release;
  if (!options.release.empty()) said = {options.release, SourceSpan{}};
  const Located<Release>* stated = exported_release(a.reading.site);
  if (said) {
    a.declared_release = {parse_release(said->value), said->span};
    if (stated && stated->value.parts != a.declared_release.value.parts)
      a.reading.site.inferences.push_back(
          {fmt::format("the release is {} as {}, not {} as exported", a.declared_release.value.text(),
                       options.release.empty() ? "declared" : "given", stated->value.text()),
           a.declared_release.span});
    stated = &a.declared_release;
  }
  std::string_view release;
  if (stated) release = matrix_release_for(stated->value);
  if (stated && release.empty()) a.release_without_matrix = stated;
  a.matrix = release.empty() ? &builtin_matrix() : &builtin_matrix(release);
  for (const Input& own : options.matrices) {
    auto source = static_cast<std::uint32_t>(a.reading.sources.size());
    a.reading.sources.push_back(decode_source(own.path, own.bytes));
    std::vector<Note> wrong;
    if (!a.own_matrix) a.matrix = &a.own_matrix.emplace(*a.matrix);
    lay_over(*a.own_matrix, read_matrix(a.reading.sources, source, wrong));
    std::vector<SiteError> errors;
    for (Note& note : wrong) errors.push_back({std::move(note.message), note.span, {}});
    print_errors(a.reading, errors);
  }
}

// ---- the checks ---------------------------------------------------------------------------------------------------

const CheckLevel* level_of(std::string_view check, const SiteFile& declared) {
  for (const CheckLevel& level : declared.checks)
    if (level.check == check) return &level;
  return nullptr;
}

bool in(const std::vector<std::string>& list, std::string_view check) {
  return std::find(list.begin(), list.end(), check) != list.end();
}

// What the command line says goes before what the site file says.
bool selected(std::string_view check, const LintOptions& options, const SiteFile& declared) {
  if (!options.only.empty()) return in(options.only, check) && !in(options.skip, check);
  const CheckLevel* level = level_of(check, declared);
  if (!level && find_check(check) && find_check(check)->when_asked) return false;
  return !in(options.skip, check) && (!level || level->level);
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

// Runs the selected checks that look at the findings of the others, or those that do not.
void run_checks(const Judgement& judgement, const LintOptions& options, bool about_findings, Findings& findings,
                std::vector<Note>& failures) {
  std::string unchecked, why;  // one failure for all of them: they fail for the same reason
  for (const Check& check : checks()) {
    if (check.about_findings != about_findings || !selected(check.id, options, judgement.declared)) continue;
    std::size_t before = findings.size();
    try {
      run_check(check, judgement, findings);
    } catch (const SpaceExhausted& e) {
      findings.resize(before);
      (unchecked.empty() ? unchecked : unchecked += ", ") += check.id;
      why = e.what();
    }
    const CheckLevel* level = level_of(check.id, judgement.declared);
    if (level && level->level)
      for (std::size_t f = before; f < findings.size(); ++f) findings[f].level = *level->level;
  }
  if (!unchecked.empty()) failures.push_back({"could not be checked: " + unchecked + ": " + why, SourceSpan{}});
}

// Nothing that is said of a place says a secret that stands there, whichever format is written.
void hide_secrets(Report& report) {
  Redaction redaction(report);
  for (Finding& finding : report.findings) {
    finding.message = redaction.about(finding.message, finding.span);
    redaction.hide_in(finding.path, finding.doubt);
    for (Note& note : finding.related) note.message = redaction.about(note.message, note.span);
  }
  for (Inference& inference : report.inferences)
    if (has_place(inference.span)) inference.message = redaction.about(inference.message, inference.span);
}

}  // namespace

Reading read_site(SiteInputs inputs, const std::string& as, const std::string& working_folder,
                  const std::vector<FieldEntry>& fields, bool every_leaf) {
  Reading reading;
  auto given = static_cast<std::uint32_t>(inputs.inputs.size());
  std::vector<const Look*> looks;
  for (Input& input : inputs.inputs) {
    looks.push_back(binary_look(input.bytes));
    reading.sources.push_back(take_source(std::move(input.path), std::move(input.bytes)));
  }
  std::vector<SiteError> errors = read_declared(std::move(inputs.site_files), reading);
  FieldMap own;
  if (!fields.empty() || !reading.declared.fields.empty()) {
    own.add(fields);
    own.add(reading.declared.fields);
    own.add_builtin();
    reading.site.reading.fields = &own;
  }
  reading.site.reading.every_leaf = every_leaf;
  for (std::uint32_t source = 0; source < given; ++source) reading.formats.push_back(read(as, source, looks[source], reading));
  std::vector<Problem> missing = problems_of(inputs.left_out, !reading.site.firewalls.empty());
  reading.problems.insert(reading.problems.end(), std::make_move_iterator(missing.begin()), std::make_move_iterator(missing.end()));
  reading.site.reading.fields = nullptr;
  declare(reading.site, reading.sources, reading.declared, working_folder);
  print_errors(reading, errors);
  return reading;
}

std::unique_ptr<Assessment> assess(SiteInputs inputs, const LintOptions& options) {
  auto a = std::make_unique<Assessment>();
  a->reading = read_site(std::move(inputs), options.as, options.working_folder, options.fields);
  choose_matrix(*a, options);
  if (!a->reading.errors.empty()) return a;
  a->standings = survey(a->reading.site, a->reading.sources, *a->matrix, {options.internet, options.pbx, options.from});
  return a;
}

void Assessment::judge() { exposure = std::make_unique<Exposure>(reading.site, standings, *matrix); }

std::vector<Problem> Assessment::problems() const {
  std::vector<Problem> out = reading.problems;
  if (exposure)
    for (const Note& failure : exposure->failures())
      out.push_back({reading.sources[failure.span.source].path(), "these rules could not be judged: " + failure.message});
  return out;
}

Report lint(SiteInputs inputs, const LintOptions& options) {
  std::size_t given = inputs.inputs.size();
  std::unique_ptr<Assessment> a = assess(std::move(inputs), options);
  if (a->reading.errors.empty()) a->judge();
  Report report;
  report.inputs = given;
  if (a->exposure) report.firewalls = a->reading.site.firewalls.size();
  report.release = a->matrix->release;
  report.problems = a->problems();
  report.errors = a->reading.errors;
  if (a->exposure) {
    std::vector<Note> failures;
    std::vector<Shadow> shadows;
    if (std::any_of(std::begin(speakers_of_shadows), std::end(speakers_of_shadows),
                    [&](std::string_view check) { return selected(check, options, a->reading.declared); }))
      shadows = look_for_shadows(*a->exposure, failures);
    std::vector<IgnoreUse> ignores =
        uses_of(a->reading.declared.ignores, a->reading.sources, given, options.today, options.working_folder);
    std::vector<User> users = users_of(a->reading.site);
    std::vector<OpenedMedia> media;
    try {
      media = opened_media(*a->exposure, *a->matrix);
    } catch (const SpaceExhausted& e) {
      failures.push_back({std::string("ranges opened for media could not be looked for: ") + e.what(), SourceSpan{}});
    }
    Judgement judgement{a->reading.sources,
                        a->reading.site,
                        a->reading.declared,
                        *a->matrix,
                        *a->exposure,
                        users,
                        longest_own_number(a->reading.site, users),
                        shadows,
                        media,
                        ignores,
                        a->release_without_matrix,
                        options.group};
    run_checks(judgement, options, false, report.findings, failures);
    report.ignored = take_ignored(report.findings, ignores, a->reading.sources, options.working_folder);
    for (IgnoreUse& use : ignores) use.relevant = use.relevant && selected(use.ignore->check.value, options, a->reading.declared);
    run_checks(judgement, options, true, report.findings, failures);
    for (const Note& failure : failures)
      report.problems.push_back({a->reading.sources[failure.span.source].path(), failure.message});
  }
  std::stable_sort(report.findings.begin(), report.findings.end(), [](const Finding& x, const Finding& y) {
    return std::tie(x.span, y.level, x.check, x.message) < std::tie(y.span, x.level, y.check, y.message);
  });
  report.inferences = std::move(a->reading.site.inferences);
  report.secrets = secrets_of(a->reading.site);
  report.sources = std::move(a->reading.sources);
  hide_secrets(report);
  return report;
}

}  // namespace ipo
