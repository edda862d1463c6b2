// The pipeline: bytes -> document -> site -> judgement -> findings.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/model.h"
#include "rules/checks.h"

namespace ipo {

// One input as it was read; the linter itself opens no file.
struct Input {
  std::string path;   // as given; "-" for standard input
  std::string bytes;
};

struct LintOptions {
  std::vector<std::string> internet;  // --internet: interface names
  std::vector<Address> pbx;           // --pbx
  std::string as;                     // --as: dialect of every input; empty = recognise from content
  std::vector<std::string> only, skip;  // check ids
};

// Why an input could not be used: "empty file", "not recognised as any supported format".
struct Problem {
  std::string path;
  std::string message;  // one line, says the way out
};

struct Report {
  Sources sources;
  std::vector<std::string_view> formats;  // of each source: "iptables", "ipoffice"; empty where it was not read
  Site site;                      // with the inferences that were made
  std::string release;            // of the port matrix used: "9.1"
  Findings findings;              // sorted by input, place, level (gravest first), check
  std::vector<Problem> problems;  // not empty = the report is incomplete
  bool complete() const { return problems.empty(); }
};

// The first half of lint(): every input decoded and read by its dialect, nothing judged. `as` names the dialect of all of
// them; empty = recognise it from content.
Report read_site(std::vector<Input> inputs, const std::string& as);

// Never throws on any input. Unreadable inputs are the caller's: it adds them to Report::problems.
Report lint(std::vector<Input> inputs, const LintOptions& options);

// 16 lower-case hex digits: a 64-bit hash of the check and Finding::identity. Equal findings get equal fingerprints;
// reports append ":n" for the n-th equal one.
std::string fingerprint(const Finding& finding);

}  // namespace ipo
