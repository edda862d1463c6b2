// The check pages are the checks' test suites: every case of every page is run, and the laws that tie list, files and
// pages together are proven. IPO_LINT_UPDATE=1 rewrites the findings blocks, but never turns an Allowed case into a
// flagged one or back.
#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <set>

#include "parsers/text/embedded.h"
#include "tests/cases.h"

using namespace ipo;
using namespace ipo::testing;

namespace {

struct Case {
  bool flagged = false;
  std::string title;
  std::vector<Input> inputs;
  std::string options;
  std::string findings;
  std::size_t findings_begin = 0, findings_end = 0;  // the block's body in the page; equal where there is none
};

struct Page {
  std::string title;
  std::set<std::string> sections;
  std::vector<Case> cases;
};

// Headings "## Flagged" and "## Allowed" hold cases, one per "### title"; a fence's info string is "LANGUAGE FILE" for an
// input, "options" or "findings".
Page parse_page(const std::string& text) {
  Page page;
  std::string section;
  std::size_t at = 0;
  auto next_line = [&](std::string& line) {
    if (at >= text.size()) return false;
    std::size_t end = std::min(text.find('\n', at), text.size());
    line = text.substr(at, end - at);
    at = end + 1;
    return true;
  };
  for (std::string line; next_line(line);) {
    if (line.starts_with("# ")) page.title = line.substr(2);
    if (line.starts_with("## ")) page.sections.insert(section = line.substr(3));
    bool cases = section == "Flagged" || section == "Allowed";
    if (line.starts_with("### ") && cases) {
      page.cases.emplace_back();
      page.cases.back().flagged = section == "Flagged";
      page.cases.back().title = line.substr(4);
    }
    if (!line.starts_with("```")) continue;
    std::string info = line.substr(3), body;
    std::size_t begin = at, end = at;
    for (std::string inner; next_line(inner) && inner != "```"; end = at) body += inner + "\n";
    if (!cases || page.cases.empty()) continue;
    Case& c = page.cases.back();
    if (info == "findings") {
      c.findings = body, c.findings_begin = begin, c.findings_end = end;
    } else if (info == "options") {
      c.options = body;
    } else {
      std::size_t space = info.find(' ');
      REQUIRE(space != info.npos);
      c.inputs.push_back({info.substr(space + 1), body});
    }
  }
  return page;
}

}  // namespace

TEST_CASE("every case of every check page gives exactly its findings") {
  for (const Check& check : checks()) {
    auto path = source_dir() / "rules/checks" / (std::string(check.id) + ".md");
    std::string text = read_file(path);
    Page page = parse_page(text);
    INFO("page " << check.id);
    CHECK(page.title == check.id);
    for (const char* section : {"Why", "What to do", "Flagged", "Allowed"}) {
      INFO("section " << section);
      CHECK(page.sections.contains(section));
    }
    CHECK(std::any_of(page.cases.begin(), page.cases.end(), [](const Case& c) { return c.flagged; }));
    CHECK(std::any_of(page.cases.begin(), page.cases.end(), [](const Case& c) { return !c.flagged; }));
    std::string updated = text;
    for (auto c = page.cases.rbegin(); c != page.cases.rend(); ++c) {
      INFO("case '" << c->title << "'");
      CHECK_FALSE(c->inputs.empty());
      LintOptions options = parse_case_options(c->options);
      if (!check.about_findings) options.only = {std::string(check.id)};
      Report report = lint(site_of(c->inputs), options);
      CHECK(report.complete());
      std::string found;
      for (const Finding& f : report.findings) {
        if (check.about_findings && f.check != check.id) continue;
        CHECK(f.check == check.id);
        CHECK(f.level <= check.severity);
        CHECK(stands_on_path(f));
        // What is said of packets stands on a rule, a policy or a chain, not on the name of a table.
        if (!f.zone.empty()) CHECK_FALSE(report.sources[f.span.source].text().substr(f.span.begin).starts_with('*'));
        found += finding_line(report, f, false);
      }
      CHECK(found.empty() == !c->flagged);
      if (update_goldens() && found.empty() != c->flagged && c->findings_begin != 0)
        updated.replace(c->findings_begin, c->findings_end - c->findings_begin, found);
      else
        CHECK(found == c->findings);
    }
    if (updated != text) std::ofstream(path, std::ios::binary) << updated;
  }
}

TEST_CASE("list, files and pages of the checks agree") {
  std::vector<std::string> listed;
  for (const Check& check : checks()) {
    listed.emplace_back(check.id);
    INFO("check " << check.id);
    CHECK_FALSE(page_of(check).empty());
    CHECK_FALSE(check.summary.empty());
    CHECK(check.summary.size() <= 200);
    CHECK_FALSE(check.summary.ends_with('.'));
    // Code scanning shows a security alert by this number and no other by it: its band says what the level says.
    bool security = std::find(check.tags.begin(), check.tags.end(), "security") != check.tags.end();
    double low = check.severity == Level::error ? 7.0 : check.severity == Level::warning ? 4.0 : 0.1;
    double high = check.severity == Level::error ? 10.0 : check.severity == Level::warning ? 6.9 : 3.9;
    CHECK(check.security_severity >= (security ? low : 0));
    CHECK(check.security_severity <= (security ? high : 0));
    CHECK(check.tags.size() <= 20);
    CHECK(find_check(check.id) == &check);
  }
  CHECK(std::is_sorted(listed.begin(), listed.end()));
  std::set<std::string> files, pages;
  for (const auto& entry : std::filesystem::directory_iterator(source_dir() / "rules/checks")) {
    if (entry.path().extension() == ".cc") files.insert(entry.path().stem().string());
    if (entry.path().extension() == ".md") pages.insert(entry.path().stem().string());
  }
  // A check without code of its own is a row of exposed_services.cc.
  CHECK(files.erase("exposed_services") == 1);
  for (const Check& check : checks()) {
    CAPTURE(check.id);
    CHECK((check.run != nullptr || check.grade != nullptr || files.contains(std::string(check.id)) || !check.service.empty()));
    CHECK((check.run != nullptr) == check.service.empty());
    if (check.run) CHECK(files.contains(std::string(check.id)));
  }
  CHECK(pages == std::set<std::string>(listed.begin(), listed.end()));
  CHECK(std::includes(pages.begin(), pages.end(), files.begin(), files.end()));
}
