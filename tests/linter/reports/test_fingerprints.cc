// What findings are known by from run to run, and where their files are said to be, asked of the built program in repositories
// that are made for it.
#include <algorithm>
#include <catch2/catch.hpp>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/program.h"

using namespace ipo::testing;
namespace fs = std::filesystem;

namespace {

using Prints = std::multiset<std::string>;

// Puts the working folder back.
struct WorkingIn {
  fs::path before = fs::current_path();
  explicit WorkingIn(const fs::path& folder) { fs::current_path(folder); }
  WorkingIn(const WorkingIn&) = delete;
  ~WorkingIn() { fs::current_path(before); }
};

nlohmann::json linted(const fs::path& from, const std::string& arguments, const std::string& format = "json") {
  WorkingIn there(from);
  Ran ran = run_program(arguments + " --exit-zero --format " + format);
  INFO(arguments << "\n" << ran.err);
  REQUIRE(ran.status == 0);
  return nlohmann::json::parse(ran.out);
}

Prints prints(const fs::path& from, const std::string& arguments) {
  Prints out;
  nlohmann::json json = linted(from, arguments);
  for (const auto& f : json["findings"]) out.insert(f["check"].get<std::string>() + " " + f["fingerprint"].get<std::string>());
  return out;
}

bool holds(const Prints& all, const Prints& some) { return std::includes(all.begin(), all.end(), some.begin(), some.end()); }

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != text.npos; at += to.size()) text.replace(at, from.size(), to);
}

constexpr const char* rules =
    "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"
    "-A FORWARD -i eth0 -d 192.168.42.1/32 -p udp -m udp --dport 69 -j ACCEPT\n"
    "-A FORWARD -i eth0 -d 192.168.42.1/32 -p tcp -m multiport --dports 23,80 -j ACCEPT\nCOMMIT\n";
constexpr const char* options = " --pbx 192.168.42.1 --internet eth0";

}  // namespace

TEST_CASE(
    "laws: every fixture's fingerprints are the same from every folder, beside other sites and after edits beside the point") {
  Folder repository;
  fs::create_directory(repository.path / ".git");
  std::vector<std::string> sites;
  for (const auto& entry : fs::directory_iterator(source_dir() / "fixtures/sites")) {
    sites.push_back(entry.path().filename().string());
    fs::create_directories(repository.path / "sites");
    fs::copy(entry.path() / "faulty", repository.path / "sites" / sites.back(), fs::copy_options::recursive);
  }
  Prints all = prints(repository.path, "sites");
  for (const std::string& site : sites) {
    INFO(site);
    fs::path folder = repository.path / "sites" / site;
    Prints before = prints(repository.path, "sites/" + site);
    CHECK(prints(folder, ".") == before);
    CHECK(prints(folder, "../" + site + "/.") == before);
    CHECK(prints("/", "'" + folder.string() + "'") == before);
    CHECK(holds(all, before));

    for (const auto& file : fs::recursive_directory_iterator(folder)) {
      if (!file.is_regular_file()) continue;
      std::string text = slurp(file.path());
      if (text.find("*filter\n") == text.npos) continue;
      replace_all(text, "[0:0]", "[17:4711]");
      replace_all(text, "\n-A ", "\n# a word\n-A ");
      repository.put(fs::relative(file.path(), repository.path).string(), "# edited\n\n" + text);
    }
    CHECK(prints(repository.path, "sites/" + site) == before);
  }
}

TEST_CASE("a finding's fingerprint is its own: neighbours, words and numbers beside it do not enter") {
  Folder repository;
  fs::create_directory(repository.path / ".git");
  repository.put("a/fw.rules", rules);
  repository.put("b/fw.rules", rules);
  Prints a = prints(repository.path, std::string("a/fw.rules") + options),
         b = prints(repository.path, std::string("b/fw.rules") + options);
  REQUIRE(a.size() >= 2);
  for (const std::string& print : a) CHECK(!b.contains(print));  // the same facts of two files are two

  std::string text = rules;
  SECTION("an own comment and counters of a rule") {
    replace_all(text, "-A FORWARD", "[5:300] -A FORWARD -m comment --comment \"CHG 7: \\\"door\\\" -j\"");
    replace_all(text, " -j ACCEPT", "  -c 5 300 -j ACCEPT");
  }
  SECTION("comments and counters in their other forms") {
    replace_all(text, "-A FORWARD", "-A FORWARD --match comment --comment \"CHG 7's -j\" --set-counters 5 300");
    replace_all(text, " -j ACCEPT", " -m comment --comment=door -j ACCEPT");
  }
  SECTION("a rule before") {
    replace_all(text, "-A FORWARD -i eth0 -d 192.168.42.1/32 -p udp",
                "-A FORWARD -i wlan9 -j DROP\n-A FORWARD -i eth0 -d 192.168.42.1/32 -p udp");
  }
  repository.put("a/fw.rules", text);
  CHECK(holds(prints(repository.path, std::string("a/fw.rules") + options), a));
}

TEST_CASE("outside of repositories a copy keeps its fingerprints") {
  Folder here, there;
  here.put("fw.rules", rules);
  there.put("new/fw.rules", rules);
  CHECK(prints(here.path, std::string("fw.rules") + options) ==
        prints("/", "'" + (there.path / "new/fw.rules").string() + "'" + options));
}

TEST_CASE("equal findings are counted in the order of their paths, not of the command line") {
  Folder folder;
  folder.put("north/fw.rules", rules);
  folder.put("south/fw.rules", rules);
  auto by_file = [&](const std::string& files) {
    std::set<std::string> out;
    nlohmann::json json = linted(folder.path, files + options);
    for (const auto& f : json["findings"])
      out.insert(f["file"].get<std::string>() + " " + f["check"].get<std::string>() + " " + f["fingerprint"].get<std::string>());
    return out;
  };
  std::set<std::string> one = by_file("north/fw.rules south/fw.rules");
  CHECK(one.size() > 2);
  CHECK(one == by_file("south/fw.rules north/fw.rules"));
}

TEST_CASE("SARIF paths start at the repository's root, and what is outside is said to be") {
  Folder repository, elsewhere;
  fs::create_directory(repository.path / ".git");
  repository.put("Büro 50%#1/fw.rules", rules);
  elsewhere.put("fw.rules", rules);
  auto first = [](const nlohmann::json& log) {
    return log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"];
  };
  auto notes = [](const nlohmann::json& log) { return log["runs"][0]["invocations"][0]["toolExecutionNotifications"].dump(); };
  std::string named = "'" + (repository.path / "Büro 50%#1/fw.rules").string() + "'" + options;
  for (const fs::path& from : {repository.path, repository.path / "Büro 50%#1", elsewhere.path, fs::path("/")}) {
    nlohmann::json log = linted(from, named, "sarif");
    CHECK(first(log)["uri"] == "B%C3%BCro%2050%25%231/fw.rules");
    CHECK(first(log)["uriBaseId"] == "SRCROOT");
    CHECK(notes(log) == "[]");
    CHECK(log["runs"].size() == 1);
    CHECK(!log["runs"][0].contains("automationDetails"));
  }
  for (const std::string& arguments : {"'" + (elsewhere.path / "fw.rules").string() + "'" + options,
                                       "- <'" + (elsewhere.path / "fw.rules").string() + "'" + options}) {
    nlohmann::json log = linted(repository.path, arguments, "sarif");
    if (arguments[0] != '-') continue;
    CHECK(first(log)["uri"] == "file:///dev/stdin");
    CHECK(!first(log).contains("uriBaseId"));
  }
  fs::create_symlink(elsewhere.path / "fw.rules", repository.path / "link.rules");
  nlohmann::json log = linted(repository.path, "'Büro 50%#1/fw.rules' link.rules" + std::string(options), "sarif");
  CHECK(notes(log).find("'link.rules' is outside of the repository") != std::string::npos);
  CHECK(log["runs"][0]["artifacts"][1]["location"]["uri"] == "file://" + fs::canonical(elsewhere.path / "fw.rules").string());
}

TEST_CASE("a category is taken as it is or refused") {
  Folder repository;
  repository.put("fw.rules", rules);
  nlohmann::json log = linted(repository.path, std::string("fw.rules --category sites/berlin") + options, "sarif");
  CHECK(log["runs"][0]["automationDetails"]["id"] == "ipo-lint/sites/berlin/");
  WorkingIn there(repository.path);
  for (const char* bad : {"''", "/", "a/", "/a", "a//b", "\"$(printf 'a\\nb')\"", "\"$(printf 'a\\033b')\""})
    CHECK(run_program(std::string("fw.rules --category ") + bad).status == 2);
}
