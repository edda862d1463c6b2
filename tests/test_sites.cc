// Whole sites, each with a clean and a faulty variant: fixtures/sites/<name>/{clean,faulty}/ holds the inputs,
// clean.expected and faulty.expected every finding. Where a variant holds folders, each is a site and they are judged in
// one run. A clean site has nothing at the default --fail-on; a faulty one has exactly one finding there, the planted fault.
// faulty.printed and clean.printed hold what `ipo-lint`, `zones` and `exposure` print of them.
#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <set>

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

TEST_CASE("fixture sites: the report, the zones and the exposure are printed as their goldens say") {
  struct WorkingIn {  // puts the working folder back: how wide a column is depends on the names of the files
    fs::path before = fs::current_path();
    explicit WorkingIn(const fs::path& folder) { fs::current_path(folder); }
    ~WorkingIn() { fs::current_path(before); }
  } here(source_dir());
  auto printed = [](const std::vector<std::string>& words) {
    Ran ran = run_here(words);
    CHECK(ran.err.empty());
    std::string command = "$ ipo-lint";
    for (const std::string& word : words) command += " " + word;
    return command + "\n" + ran.out + "\n";
  };
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
      auto golden = entry.path() / (std::string(variant) + ".printed");
      if (update_goldens())
        std::ofstream(golden, std::ios::binary) << out;
      else
        CHECK(out == read_file(golden));
    }
  }
}
