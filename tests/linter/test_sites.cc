// Whole sites, each with a clean and a faulty variant: fixtures/sites/<name>/{clean,faulty}/ holds the inputs,
// clean.expected and faulty.expected every finding. Where a variant holds folders, each is a site and they are judged in
// one run. A clean site has nothing at the default --fail-on; a faulty one has exactly one finding there, the planted fault.
// faulty.printed and clean.printed hold what `ipo-lint`, `zones` and `exposure` print of them.
#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <set>
#include <sstream>

#include "linter/sites.h"
#include "tests/cases.h"
#include "tests/program.h"

using namespace ipo;
using namespace ipo::testing;

namespace fs = std::filesystem;

namespace {

Report judge(const std::vector<std::vector<Input>>& sites) {
  std::vector<SiteInputs> all;
  for (const std::vector<Input>& inputs : sites) {
    all.push_back(site_of(inputs));
    if (sites.size() > 1) all.back().name = fs::path(inputs.front().path).parent_path().generic_string();
  }
  return lint_sites(std::move(all), {}, 1, {});
}

}  // namespace

TEST_CASE("fixture sites: the clean variant is clean, the planted fault is found on its line") {
  std::set<std::string> seen;
  for (const auto& entry : fs::directory_iterator(source_dir() / "fixtures/sites")) {
    if (!entry.is_directory()) continue;
    seen.insert(entry.path().filename().string());
    for (const char* variant : {"clean", "faulty"}) {
      INFO("site " << entry.path().filename() << " " << variant);
      auto sites = sites_below(entry.path() / variant);
      REQUIRE_FALSE(sites.empty());
      Report report = judge(sites);
      for (const std::string& error : report.errors) FAIL_CHECK(error);
      CHECK(report.complete());
      std::string found;
      long failing = 0;
      for (const Finding& f : report.findings) {
        found += finding_line(report, f, true);
        failing += f.level >= Level::warning;
      }
      CHECK(failing == (variant == std::string("faulty") ? 1 : 0));
      auto golden = entry.path() / (std::string(variant) + ".expected");
      if (update_goldens())
        std::ofstream(golden, std::ios::binary) << found;
      else
        CHECK(found == read_file(golden));
    }
  }
  for (const char* topology : {"nat-router-registered-trunk", "static-port-block-trunk", "pbx-host-iptables", "perimeter-and-host",
                               "perimeter-and-sbc", "scn-over-vpn", "scn-over-websocket", "hosted-server-edition",
                               "ip500v2-with-application-server", "remote-sip-tls-workers-hairpin"})
    CHECK(seen.contains(topology));
}

TEST_CASE("the order of the inputs changes no finding") {
  for (const auto& entry : fs::directory_iterator(source_dir() / "fixtures/sites")) {
    auto sites = sites_below(entry.path() / "faulty");
    auto lines = [](const std::vector<std::vector<Input>>& in) {
      Report report = judge(in);
      std::vector<std::string> out;
      for (const Finding& f : report.findings) out.push_back(finding_line(report, f, true) + fingerprint(f));
      std::sort(out.begin(), out.end());
      return out;
    };
    auto forward = lines(sites);
    for (std::vector<Input>& inputs : sites) std::reverse(inputs.begin(), inputs.end());
    std::reverse(sites.begin(), sites.end());
    INFO("site " << entry.path().filename());
    CHECK(lines(sites) == forward);
  }
}

namespace {

// Puts the working folder back. How wide a column is depends on the names of the files, so they are given from the project's folder.
struct WorkingIn {
  fs::path before = fs::current_path();
  explicit WorkingIn(const fs::path& folder) { fs::current_path(folder); }
  WorkingIn(const WorkingIn&) = delete;
  ~WorkingIn() { fs::current_path(before); }
};

std::string printed(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += word.find(' ') == word.npos ? " " + word : " '" + word + "'";
  Ran ran = words.size() > 1 && words[words.size() - 2] == "--packet" ? run_program(line) : run_here(words);
  return "$ ipo-lint" + line + "\n" + ran.out + ran.err + "\n";
}

void compare_with_golden(const std::string& out, const fs::path& golden) {
  if (update_goldens())
    std::ofstream(golden, std::ios::binary) << out;
  else
    CHECK(out == read_file(golden));
}

}  // namespace

TEST_CASE("fixture sites: the report, the zones and the exposure are printed as their goldens say") {
  WorkingIn project(source_dir());
  for (const auto& entry : fs::directory_iterator("fixtures/sites")) {
    if (!entry.is_directory()) continue;
    for (const char* variant : {"clean", "faulty"}) {
      fs::path folder = entry.path() / variant;
      INFO("site " << entry.path().filename() << " " << variant);
      std::string out = printed({"lint", folder.string()});
      std::vector<fs::path> sites;
      for (const auto& inner : fs::directory_iterator(folder))
        if (inner.is_directory()) sites.push_back(inner.path());
      std::sort(sites.begin(), sites.end());
      if (sites.empty()) sites = {folder};
      for (const fs::path& site : sites)
        for (const char* verb : {"zones", "exposure"}) out += printed({verb, site.string()});
      compare_with_golden(out, entry.path() / (std::string(variant) + ".printed"));
    }
  }
}

// Sites that grew for years, with faults of many kinds: fixtures/printed/<name>/site/ holds the inputs, `asked` further commands, one
// a line (SITE is that folder, --packet takes the rest of the line), and `printed` what all of them print.
TEST_CASE("grown sites: what every verb prints of them is as their goldens say") {
  WorkingIn project(source_dir());
  for (const auto& entry : fs::directory_iterator("fixtures/printed")) {
    INFO("site " << entry.path().filename());
    const std::string site = (entry.path() / "site").generic_string();
    std::string out =
        printed({"lint", site}) + printed({"lint", site, "--no-group", "--only", "tftp-exposed,undeclared-source,unexpected-zone"});
    for (const char* verb : {"zones", "exposure", "inventory"}) out += printed({verb, site});
    out += printed({"init", site, "--output", "-"});
    std::istringstream asked(read_file(entry.path() / "asked"));
    for (std::string line; std::getline(asked, line);) {
      std::vector<std::string> words;
      std::istringstream in(line);
      for (std::string word; in >> word;) {
        words.push_back(word.starts_with("SITE") ? site + word.substr(4) : word);
        if (word == "--packet" && std::getline(in >> std::ws, word)) words.push_back(word);
      }
      out += printed(words);
    }
    compare_with_golden(out, entry.path() / "printed");
  }
}
