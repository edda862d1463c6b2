// What a run found, ready to be written in any format.
#pragma once

#include <string>
#include <vector>

#include "parsers/model/finding.h"
#include "parsers/model/model.h"
#include "parsers/text/source.h"

namespace ipo {

// Why an input could not be used: "empty file", "not recognised as any supported format".
struct Problem {
  std::string path;
  std::string message;  // one line, says the way out
};

// One site of several, for the line each gets.
struct SiteSummary {
  std::string name;
  std::size_t errors = 0, warnings = 0, notes = 0;
  std::size_t firewalls = 0;  // that were judged
  bool complete = true;
  bool configured = true;  // false: its site files are wrong, nothing was judged
};

struct Report {
  Sources sources;
  std::size_t inputs = 0;             // how many were given; the other sources are site files and matrices
  std::vector<Inference> inferences;  // what was concluded rather than read
  std::string release;                // of the port matrix used: "9.1"; of several sites "8.1, 9.1"
  Findings findings;                  // sorted by input, place, level (gravest first), check
  std::size_t firewalls = 0;          // that were judged
  std::size_t ignored = 0;            // findings that [[ignore]] entries hide
  std::vector<Problem> problems;      // not empty = the report is incomplete
  std::vector<std::string> errors;    // of site files, as they are printed
  std::vector<SourceSpan> secrets;    // values of secret settings
  std::vector<SiteSummary> sites;     // where there are several, in their order
  bool complete() const { return problems.empty() && errors.empty(); }
};

}  // namespace ipo
