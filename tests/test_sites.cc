// Whole sites, each with a clean and a faulty variant: fixtures/sites/<name>/{clean,faulty}/ holds the inputs,
// clean.expected and faulty.expected every finding. A clean site has nothing at the default --fail-on; a faulty one has
// exactly one finding there, the planted fault.
#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>

#include "tests/cases.h"

using namespace ipo;
using namespace ipo::testing;

TEST_CASE("fixture sites: the clean variant is clean, the planted fault is found on its line") {
  int sites = 0;
  for (const auto& entry : std::filesystem::directory_iterator(source_dir() / "fixtures/sites")) {
    if (!entry.is_directory()) continue;
    ++sites;
    for (const char* variant : {"clean", "faulty"}) {
      INFO("site " << entry.path().filename() << " " << variant);
      std::vector<Input> inputs;
      for (const auto& file : std::filesystem::directory_iterator(entry.path() / variant))
        inputs.push_back({file.path().filename().string(), read_file(file.path())});
      REQUIRE_FALSE(inputs.empty());
      std::sort(inputs.begin(), inputs.end(), [](const Input& a, const Input& b) { return a.path < b.path; });
      Report report = lint(site_of(inputs), {});
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
  CHECK(sites >= 4);
}

TEST_CASE("the order of the inputs changes no finding") {
  for (const auto& entry : std::filesystem::directory_iterator(source_dir() / "fixtures/sites")) {
    std::vector<Input> inputs;
    for (const auto& file : std::filesystem::directory_iterator(entry.path() / "faulty"))
      inputs.push_back({file.path().filename().string(), read_file(file.path())});
    std::sort(inputs.begin(), inputs.end(), [](const Input& a, const Input& b) { return a.path < b.path; });
    auto lines = [](std::vector<Input> in) {
      Report report = lint(site_of(std::move(in)), {});
      std::vector<std::string> out;
      for (const Finding& f : report.findings) out.push_back(finding_line(report, f, true) + fingerprint(f));
      std::sort(out.begin(), out.end());
      return out;
    };
    auto forward = lines(inputs);
    std::reverse(inputs.begin(), inputs.end());
    INFO("site " << entry.path().filename());
    CHECK(lines(inputs) == forward);
  }
}
