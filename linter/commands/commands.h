// The verbs: plain data in, text out, an exit status back. Nothing here knows argv or the terminal.
#pragma once

#include <istream>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "linter/commands/color_choice.h"
#include "linter/commands/one_site.h"
#include "linter/lint.h"
#include "linter/reports/formats.h"

namespace ipo {

// Exit statuses. Where several hold, the largest wins: an incomplete report is 3 even if it has findings.
constexpr int exit_clean = 0;       // nothing at or above --fail-on
constexpr int exit_findings = 1;    // findings, and the report is complete
constexpr int exit_usage = 2;       // wrong command line, or a report could not be written
constexpr int exit_incomplete = 3;  // an input could not be used
constexpr int exit_internal = 4;    // a defect of the program

struct Output {
  std::string format;  // "text", "json", "sarif"
  std::string file;    // empty = standard output
};

// The question here may be about several sites.
struct LintCommand : SiteQuestion {
  unsigned jobs = 0;                              // -j; 0 = one per processor, which main fills in
  std::vector<Output> outputs;                    // never empty, at most one without a file
  std::optional<Level> fail_on = Level::warning;  // absent = never
  std::optional<Level> min_severity;              // findings below it are left out
  std::string category;                           // of the SARIF log at the code host; empty = the upload says it
  bool exit_zero = false;                         // findings do not count; the other statuses stay
  ColorChoice color = ColorChoice::automatic;
  TextStyle style;        // for text on standard output; files get none
  bool progress = false;  // standard error is a terminal: show how many of several sites are done
};

struct InventoryCommand {
  std::vector<std::string> inputs;
  std::string as;               // dialect of every input; empty = recognise it
  std::string format = "text";  // "text", "json" (of one file), "counts" (four numbers a file)
  int width = TextStyle{}.width;
  std::vector<std::string> fields = {};  // --fields: files
};

// What becomes of a packet: of one given as text, or of every line of a file. Packets are described in packet_line.h.
struct QueryCommand {
  SiteQuestion site;
  std::string firewall;               // path of the one that is asked; empty = there is only one
  std::optional<std::string> packet;  // either this
  std::string packets;                // or this file, "-" for standard input
  std::string format = "text";        // "text", "jsonl"
  ColorChoice color = ColorChoice::automatic;
  TextStyle style;
};

struct SettingsCommand {
  std::vector<std::string> terms;  // all must be in the key, the name, the screen or the element, without regard to case
  std::string format = "text";     // "text", "markdown", "json"
};

struct ExplainCommand {
  std::string check;  // a check's id or a term of the reports; empty = list the terms
  bool all = false;   // all examples, not one of each kind
  TextStyle style;
};

struct ChecksCommand {
  std::string format = "text";  // "text", "json"
};

int run_lint(const LintCommand& command, std::istream& in, std::ostream& out, std::ostream& err);
int run_inventory(const InventoryCommand& command, std::istream& in, std::ostream& out, std::ostream& err);
// Statuses: exit_clean = every packet was answered; exit_incomplete = an input or a line of packets could not be used.
int run_query(const QueryCommand& command, std::istream& in, std::ostream& out, std::ostream& err);
int run_settings(const SettingsCommand& command, std::ostream& out, std::ostream& err);
int run_explain(const ExplainCommand& command, std::ostream& out, std::ostream& err);
int run_checks(const ChecksCommand& command, std::ostream& out, std::ostream& err);

// "unknown check 'tftp-expose'; did you mean tftp-exposed?", or nothing where the check exists.
std::string unknown_check(std::string_view id);
// The status of a finished report.
int exit_status(const Report& report, std::optional<Level> fail_on, bool exit_zero);

}  // namespace ipo
