// A headline, the line with carets, then one "= fact" per thing known; the gravest finding first. After them what was not
// analysed, what was assumed, and the count. Everything that comes from an input passes printable() or a Snippet.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "linter/output/place.h"
#include "linter/output/redact.h"
#include "linter/output/snippet.h"
#include "linter/output/totals.h"
#include "linter/reports/formats.h"
#include "rules/findings/check.h"

namespace ipo {
namespace {

constexpr std::string_view bold = "\x1b[1m", red = "\x1b[1;31m", yellow = "\x1b[1;33m", blue = "\x1b[1;34m", cyan = "\x1b[1;36m",
                           reset = "\x1b[0m";

std::string_view color_of(Level level) { return level == Level::error ? red : level == Level::warning ? yellow : cyan; }

// The packet shown ends where it is let in, so there is a line that lets it in.
bool gets_through(const Finding& finding) {
  if (!finding.witness || finding.path.empty()) return false;
  // What calls miss is not to be closed, though a line further on would accept it.
  const Check* check = find_check(finding.check);
  if (check && std::find(check->tags.begin(), check->tags.end(), "availability") != check->tags.end()) return false;
  std::string_view did = finding.path.back().action;
  return did.starts_with("accept") || did.starts_with("policy accept") || did.starts_with("translate");
}

std::string counted(std::size_t n, std::string_view what) { return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s"); }

class TextReport {
 public:
  TextReport(std::ostream& out, const Report& report, const TextStyle& style)
      : out_(out), report_(report), style_(style), places_(report.sources), redaction_(report) {}

  void write() {
    std::map<std::string_view, std::size_t> seen;
    bool brief = false;
    std::vector<const Finding*> order;
    for (const Finding& f : report_.findings) order.push_back(&f);
    std::stable_sort(order.begin(), order.end(), [](const Finding* x, const Finding* y) { return x->level > y->level; });
    for (const Finding* each : order) {
      const Finding& f = *each;
      bool was_brief = std::exchange(brief, ++seen[f.check] > shown_in_full);
      if (was_brief && !brief) out_ << '\n';
      brief ? write_briefly(f, seen[f.check] == shown_in_full + 1) : write_finding(f);
    }
    if (brief) out_ << '\n';
    write_problems();
    write_inferences();
    write_sites();
    write_summary();
  }

 private:
  std::string painted(std::string_view color, std::string_view text) const {
    return style_.color && !color.empty() ? fmt::format("{}{}{}", color, text, reset) : std::string(text);
  }

  std::string shown_path(const Place& place) const { return place.path == "-" ? std::string("<stdin>") : printable(place.path); }

  std::string where(const Place& place) const { return fmt::format("{}:{}", shown_path(place), place.line); }

  std::string bar(std::size_t gutter, std::string_view number = "") const {
    return painted(blue, fmt::format("{:>{}} |", number, gutter));
  }

  // The lines a text takes from a column on.
  std::vector<std::string> fitted(std::string_view text, std::size_t column, std::size_t hanging) const {
    return style_.wraps ? broken(text, room(column), hanging) : std::vector<std::string>{std::string(text)};
  }

  // A text whose first words may be painted: they are `lead` columns wide.
  void write_sentence(std::string_view painted_lead, std::size_t lead, std::string_view color, std::string_view text) {
    out_ << painted_lead;
    std::string blanks(lead, ' ');  // stands for the lead while lines are broken
    std::vector<std::string> lines = fitted(blanks + std::string(text), 0, 4);
    for (std::size_t i = 0; i < lines.size(); ++i) out_ << painted(color, lines[i].substr(i == 0 ? lead : 0)) << '\n';
  }

  // "   = name: text", further lines under the text.
  void write_fact(std::size_t gutter, std::string_view name, const std::vector<std::string>& texts) {
    std::size_t column = gutter + 5 + name.size();
    bool first = true;
    for (const std::string& text : texts)
      for (const std::string& line : fitted(text, column, 2)) {
        if (std::exchange(first, false))
          out_ << std::string(gutter + 1, ' ') << painted(blue, "=") << ' ' << painted(bold, fmt::format("{}:", name)) << ' ';
        else
          out_ << std::string(column, ' ');
        out_ << line << '\n';
      }
  }

  std::size_t room(std::size_t used) const {
    auto width = static_cast<std::size_t>(std::max(style_.width, 40));
    return width > used + 20 ? width - used : 20;
  }

  void write_snippet(std::size_t gutter, const Place& place, Level level) {
    Snippet snippet = snippet_of(report_.sources, redaction_, place, room(gutter + 3));
    out_ << bar(gutter) << '\n';
    out_ << bar(gutter, std::to_string(place.line)) << ' ' << snippet.text << '\n';
    std::size_t carets = std::max<std::size_t>(snippet.mark_end - snippet.mark_begin, 1);
    out_ << bar(gutter) << std::string(snippet.mark_begin + 1, ' ') << painted(color_of(level), std::string(carets, '^')) << '\n';
  }

  // A place as seen from another: only the line within the same file.
  std::string near(const Place& place, const Place& main) const {
    return place.path == main.path ? fmt::format("line {}", place.line) : where(place);
  }

  std::vector<std::string> path_lines(const Finding& finding, const Place& main) const {
    std::vector<std::array<std::string, 3>> steps;
    std::size_t place_width = 0, chain_width = 0;
    for (const PathStep& step : finding.path) {
      steps.push_back({near(places_.at(step.span), main), printable(step.chain), printable(step.action)});
      place_width = std::max(place_width, columns(steps.back()[0]));
      chain_width = std::max(chain_width, columns(steps.back()[1]));
    }
    std::vector<std::string> lines;
    for (const auto& [place, chain, action] : steps)
      lines.push_back(place + std::string(place_width - columns(place) + 2, ' ') + chain +
                      std::string(chain_width - columns(chain) + 2, ' ') + action);
    return lines;
  }

  static constexpr std::size_t shown_doubts = 5;
  static constexpr std::size_t shown_in_full = 20;  // findings of one check

  // What has been shown in full often enough is one line.
  void write_briefly(const Finding& finding, bool first) {
    if (first) out_ << fmt::format("more {} findings, in brief; --format json has them in full\n", finding.check);
    Place place = places_.at(finding.span);
    std::string what = fmt::format("{}[{}]", name_of(finding.level), finding.check);
    write_sentence(painted(color_of(finding.level), what), columns(what), "",
                   fmt::format(" {}:{}:{}: {}{}", shown_path(place), place.line, place.column,
                               finding.certainty == Certainty::possible ? "possible: " : "", printable(finding.message)));
  }

  std::vector<std::string> doubt_lines(const Finding& finding, const Place& main) const {
    std::vector<std::string> lines;
    for (const Doubt& doubt : finding.doubt) {
      if (lines.size() == shown_doubts) {
        lines.push_back(fmt::format("and {} more", finding.doubt.size() - shown_doubts));
        break;
      }
      Place place = places_.at(doubt.span);
      lines.push_back(fmt::format("{}{}{} ({})", lines.empty() ? "possible" : "and ", because(doubt, lines.empty()),
                                  printable(doubt.why), near(place, main)));
    }
    if (lines.empty()) lines.push_back("possible");
    return lines;
  }

  // Joined with ", ", broken before the right margin.
  std::vector<std::string> wrapped(const std::vector<std::string>& words, std::size_t width) const {
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < words.size(); ++i) {
      std::string word = printable(words[i]) + (i + 1 < words.size() ? "," : "");
      if (!lines.empty() && columns(lines.back()) + 1 + columns(word) <= width)
        lines.back() += ' ' + word;
      else
        lines.push_back(std::move(word));
    }
    return lines;
  }

  static constexpr std::size_t shown_named = 30;

  void write_named(std::size_t gutter, const Finding& finding) {
    std::vector<std::string> names(finding.named.begin(), finding.named.begin() + std::min(finding.named.size(), shown_named));
    if (finding.named.size() > shown_named) names.push_back(fmt::format("and {} more", finding.named.size() - shown_named));
    write_fact(gutter, "who", wrapped(names, room(gutter + 8)));
  }

  static constexpr std::size_t shown_rows = 12;

  // "ip-office/ingress/21, 22, 37": of many rows the first; the part before the number once for rows that follow each other.
  static std::vector<std::string> short_rows(const std::vector<std::string>& rows) {
    std::vector<std::string> out;
    std::string last;
    for (const std::string& row : rows) {
      if (out.size() == shown_rows && rows.size() > shown_rows + 1) {
        out.push_back(fmt::format("and {} more", rows.size() - shown_rows));
        break;
      }
      std::string table = row.substr(0, row.rfind('/') + 1);
      out.push_back(table == last ? row.substr(table.size()) : row);
      last = table;
    }
    return out;
  }

  void write_finding(const Finding& finding) {
    Place place = places_.at(finding.span);
    std::size_t gutter = std::to_string(place.line).size();
    std::string what = fmt::format("{}[{}]", name_of(finding.level), finding.check);
    write_sentence(painted(color_of(finding.level), what), columns(what), bold, ": " + printable(finding.message));
    out_ << std::string(gutter, ' ') << painted(blue, "-->") << ' '
         << fmt::format("{}:{}:{}", shown_path(place), place.line, place.column) << '\n';
    write_snippet(gutter, place, finding.level);
    out_ << bar(gutter) << '\n';
    if (finding.certainty == Certainty::possible) write_fact(gutter, "certainty", doubt_lines(finding, place));
    if (finding.witness) write_fact(gutter, "witness", {printable(format_packet(*finding.witness))});
    write_fact(gutter, "path", path_lines(finding, place));
    if (gets_through(finding))
      write_fact(gutter, "to close", {line_to_close(near(place, place), report_.sources, redaction_, place, room(gutter + 13))});
    for (const Note& note : finding.related) {
      Place at = places_.at(note.span);
      std::vector<std::string> lines = {fmt::format("{} ({})", printable(note.message), near(at, place))};
      if (at.line != place.line || at.path != place.path) {
        std::string text = snippet_of(report_.sources, redaction_, at, room(gutter + 11)).text;
        std::size_t first = text.find_first_not_of(' ');
        if (first != text.npos) lines.push_back(text.substr(first));
      }
      write_fact(gutter, "note", lines);
    }
    write_named(gutter, finding);
    write_fact(gutter, "rows", wrapped(short_rows(finding.rows), room(gutter + 9)));
    write_fact(gutter, "help", {fmt::format("ipo-lint explain {}", finding.check)});
    out_ << '\n';
  }

  // "name: text" at the margin.
  void write_line(std::string_view color, std::string_view name, std::string_view text) {
    write_sentence(painted(color, name), columns(name), "", fmt::format(": {}", text));
  }

  void write_problems() {
    for (const Problem& p : report_.problems)
      write_line(red, "not analysed", fmt::format("{}: {}", p.path == "-" ? "<stdin>" : printable(p.path), printable(p.message)));
    if (!report_.problems.empty()) out_ << '\n';
  }

  static constexpr std::size_t shown_alike = 20;  // places where the same is assumed

  void write_inferences() {
    std::map<std::string_view, std::set<std::string>> known;  // by message: the places it was said of
    std::set<std::string_view> found;                         // what a finding says is not said again
    for (const Finding& f : report_.findings) found.insert(f.message);
    for (const Inference& inference : report_.inferences) {
      if (found.contains(inference.message)) continue;
      std::set<std::string>& places = known[inference.message];
      std::string at = has_place(inference.span) ? fmt::format(" ({})", where(places_.at(inference.span))) : "";
      if (places.insert(at).second && places.size() <= shown_alike) write_line(bold, "assumed", printable(inference.message) + at);
    }
    std::size_t more = 0;
    for (const auto& [message, places] : known) more += places.size() - std::min(places.size(), shown_alike);
    if (more > 0)
      write_line(bold, "assumed",
                 fmt::format("the same of {} more place{}; --format json has them all", more, more == 1 ? "" : "s"));
    if (!report_.release.empty()) out_ << painted(bold, "port matrix") << ": IP Office " << printable(report_.release) << '\n';
    if (!report_.release.empty() || !known.empty()) out_ << '\n';
  }

  // "1 error, 2 warnings"; empty where there is nothing.
  std::string counts(std::size_t errors, std::size_t warnings, std::size_t notes) const {
    std::string line;
    auto add = [&](std::size_t n, std::string_view what, std::string_view color) {
      if (n > 0) line += (line.empty() ? "" : ", ") + painted(color, counted(n, what));
    };
    add(errors, "error", red);
    add(warnings, "warning", yellow);
    add(notes, "note", cyan);
    return line;
  }

  // A line per site, where there are several.
  void write_sites() {
    std::size_t width = 0;
    for (const SiteSummary& site : report_.sites) width = std::max(width, columns(printable(site.name)));
    for (const SiteSummary& site : report_.sites) {
      std::string found = counts(site.errors, site.warnings, site.notes);
      if (!site.configured) found = painted(red, "not judged: its site file has errors");
      if (found.empty()) found = "no findings";
      if (site.firewalls == 0 && site.configured) found += "; no firewall was judged";
      if (!site.complete) found += "; incomplete";
      std::string name = printable(site.name);
      std::string begin = name + std::string(width - columns(name) + 2, ' ');
      write_sentence(begin, columns(begin), "", found);
    }
    if (!report_.sites.empty()) out_ << '\n';
  }

  void write_summary() {
    Totals t = totals_of(report_.findings);
    std::string line = counts(t.errors, t.warnings, t.notes);
    if (line.empty()) line = painted(bold, "no findings");
    line += " in " + counted(report_.inputs, "file");
    if (!report_.sites.empty()) line += " of " + counted(report_.sites.size(), "site");
    if (t.possible > 0) line += fmt::format(", {} possible", t.possible);
    if (report_.ignored > 0) line += fmt::format(", {} ignored", report_.ignored);
    auto wrong = static_cast<std::size_t>(
        std::count_if(report_.sites.begin(), report_.sites.end(), [](const SiteSummary& s) { return !s.configured; }));
    if (report_.firewalls == 0) line += "; no firewall was judged";
    if (wrong > 0) line += fmt::format("; {} not judged", counted(wrong, "site"));
    if (!report_.problems.empty()) {
      std::set<std::string_view> inputs;
      for (const Problem& p : report_.problems) inputs.insert(p.path);
      line += fmt::format("; incomplete: {} not analysed", counted(inputs.size(), "input"));
    }
    if (style_.color)
      out_ << line << '\n';  // colours are no columns
    else
      write_sentence("", 0, "", line);
  }

  std::ostream& out_;
  const Report& report_;
  const TextStyle& style_;
  Places places_;
  Redaction redaction_;
};

}  // namespace

void write_text(std::ostream& out, const Report& report, const TextStyle& style) { TextReport(out, report, style).write(); }

}  // namespace ipo
