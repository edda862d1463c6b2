// The pipeline: bytes -> document -> site -> judgement -> findings.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "linter/inputs/input.h"
#include "linter/inputs/site_files.h"
#include "linter/output/report.h"
#include "parsers/model/model.h"
#include "rules/exposure/exposure.h"
#include "rules/findings/check.h"

namespace ipo {

// The files of one site.
struct SiteInputs {
  std::string name;  // its folder, where a run has several sites; else empty
  std::vector<Input> inputs;
  SiteFiles site_files;
  std::vector<LeftOut> left_out = {};  // of its folders, where `why` says that something may be missing
};

struct LintOptions {
  std::vector<std::string> internet;  // --internet: interface names
  std::vector<Address> pbx;           // --pbx
  std::optional<MaskedAddress> from;  // query --from: see SiteOptions
  std::string as;                     // --as: dialect of every input; empty = recognise from content
  std::string release;             // --release: as in a site file, and before it; empty = declared, else exported, else the newest
  std::vector<Input> matrices;     // --matrix: rows laid over the release's
  std::vector<FieldEntry> fields;  // --fields: before those of the site file and those built in
  std::vector<std::string> only, skip;  // check ids
  bool group = true;                    // --no-group: one finding per row
  std::string working_folder;           // where relative paths start; empty = they are compared as they are
  std::string today;                    // "2026-11-22", for ignores that end; empty = none has ended
};

// ---- reading ----------------------------------------------------------------------------------------------------

// What one site's files say; nothing is judged yet.
struct Reading {
  Sources sources;                        // the inputs, then the site files, then own matrices
  std::vector<std::string_view> formats;  // of each input: "iptables", "ipoffice"; empty where it was not read
  Site site;
  SiteFile declared;
  std::vector<Problem> problems;
  std::vector<std::string> errors;  // of the site files, as they are printed; not empty = nothing can be judged
};

// `as` names the dialect of all inputs; empty = recognise it from content. `every_leaf`: see ReadingChoice. Never throws on
// any input.
Reading read_site(SiteInputs inputs, const std::string& as, const std::string& working_folder,
                  const std::vector<FieldEntry>& fields = {}, bool every_leaf = false);

// ---- judging ----------------------------------------------------------------------------------------------------

// A site with its packets sent through its firewalls: what the checks and every question of a person look at.
struct Assessment {
  Reading reading;
  const PortMatrix* matrix = nullptr;    // of the release that holds here, with own rows
  std::optional<PortMatrix> own_matrix;  // it, where there are own rows
  Located<Release> declared_release;
  const Located<Release>* release_without_matrix = nullptr;  // as given, declared or exported; the newest matrix is used then
  std::vector<Standing> standings;
  std::unique_ptr<Exposure> exposure;  // once judged

  void judge();                           // sends the packets; only where reading.errors is empty
  std::vector<Problem> problems() const;  // of the reading, and firewalls that were too complex
};

// Reads and surveys; nothing is judged yet. The result refers to itself and so stays where it is.
std::unique_ptr<Assessment> assess(SiteInputs inputs, const LintOptions& options);

// ---- the report -------------------------------------------------------------------------------------------------

// Never throws on any input. Unreadable inputs are the caller's: it adds them to Report::problems.
Report lint(SiteInputs inputs, const LintOptions& options);
// 16 lower-case hex digits: a 64-bit hash of the check, Finding::identity and the file's lasting name (linter/inputs/repository.h).
// Equal findings get equal fingerprints; reports append ":n" for the n-th equal one.
std::string fingerprint(const Finding& finding, std::string_view file = {});

}  // namespace ipo
