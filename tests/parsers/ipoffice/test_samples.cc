// Exports as they are found: the samples IPO_LINT_SAMPLES names, each with what it must say, and a users export as Web Manager
// saves it: one line, more than 330 elements a user.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "parsers/parsers.h"
#include "tests/program.h"

using namespace ipo;

namespace {

namespace fs = std::filesystem;

struct Read {
  std::string dialect;  // empty where none knows it
  Site site;
};

Read read(const std::string& bytes) {
  Read r;
  Sources sources{decode_source("sample", bytes)};
  if (const Dialect* dialect = recognise(sources[0])) {
    r.dialect = dialect->name;
    dialect->interpret(sources, 0, r.site);
  }
  return r;
}

std::size_t count(const Site& site, Understanding u) {
  return static_cast<std::size_t>(
      std::count_if(site.statements.begin(), site.statements.end(), [&](const Statement& s) { return s.understanding == u; }));
}

std::map<std::string, int> types(const Site& site) {
  std::map<std::string, int> out;
  for (const Record& r : site.records) ++out[r.type];
  return out;
}

std::size_t mapped(const Record& record) {
  return static_cast<std::size_t>(
      std::count_if(record.fields.begin(), record.fields.end(), [](const Setting& s) { return !s.key.empty(); }));
}

// Name, release and addresses of each host, with its settings by key.
std::string hosts(const Site& site) {
  std::string out;
  for (const Host& h : site.hosts) {
    out += h.name + " " + (h.release ? h.release->value.text() : "?");
    for (const auto& a : h.addresses) out += " " + format_address(a.value);
    std::set<std::string> settings;
    for (const Setting& s : h.settings) settings.insert(s.key.text() + "=" + s.value.value);
    for (const std::string& s : settings) out += "\n  " + s;
    out += "\n";
  }
  return out;
}

}  // namespace

TEST_CASE("every sample says what it holds") {
  const char* folder = std::getenv("IPO_LINT_SAMPLES");
  if (!folder) {
    std::puts("skipped: IPO_LINT_SAMPLES is not set");
    return;
  }
  std::map<std::string, Read> samples;  // by the name up to its first '.'
  for (const auto& entry : fs::directory_iterator(fs::path(folder) / "ipoffice")) {
    std::string name = entry.path().filename().string();
    if (name != "SOURCES.md") samples[name.substr(0, name.find('.'))] = read(testing::slurp(entry.path()));
  }
  std::set<std::string> checked;
  auto sample = [&](const std::string& name) -> const Read& {
    checked.insert(name);
    REQUIRE(samples.contains(name));
    return samples[name];
  };

  const Read& users = sample("R1_webmanager_users_export");
  CHECK(users.dialect == "ipoffice");
  CHECK(types(users.site) == std::map<std::string, int>{{"User", 2}});
  CHECK(users.site.records[1].is_special_user());
  CHECK(mapped(users.site.records[0]) >= 20);
  CHECK(users.site.records[0].field("user.login_code")->secret);
  CHECK(users.site.hosts.size() == 1);

  const Read &xml = sample("R2_sdk_systems"), &json = samples["R3_sdk_systems"];
  checked.insert("R3_sdk_systems");
  CHECK(xml.dialect == "ipoffice");
  CHECK(json.dialect == "ipoffice-json");
  REQUIRE(xml.site.hosts.size() == 1);
  CHECK(xml.site.hosts[0].addresses.size() == 2);
  CHECK(xml.site.hosts[0].release->value.parts.size() == 5);
  CHECK(hosts(xml.site) == hosts(json.site));
  CHECK(types(xml.site) == types(json.site));

  const Read& error = sample("R4_sdk_error");
  CHECK(error.dialect == "ipoffice-json");
  CHECK(count(error.site, Understanding::not_understood) == 1);

  const Read& put = sample("R5_sdk_put_user");
  CHECK(types(put.site) == std::map<std::string, int>{{"User", 1}});

  const Read& list = sample("R6_scn_user_list");
  CHECK(types(list.site) == std::map<std::string, int>{{"user", 1}, {"userlist", 1}});
  REQUIRE(list.site.hosts.size() == 1);
  CHECK(list.site.hosts[0].release);

  const Read& directory = sample("R7_corporate_dir");
  CHECK(types(directory.site) == std::map<std::string, int>{{"corporate_dir", 1}});
  CHECK(directory.site.records[0].field("directory.entry.numb"));
  CHECK(directory.site.hosts.size() == 1);

  CHECK(sample("R8_nasystem_tftp_endpoints").dialect.empty());  // names of lists, none itself

  const Read& trunk = sample("RECALLED_siptrunk_template");
  CHECK(types(trunk.site) == std::map<std::string, int>{{"SIPTrunk", 1}});
  CHECK(trunk.site.records[0].field("sipline.itsp_proxy"));

  for (const auto& [name, read] : samples) {
    INFO(name);
    CHECK(checked.contains(name));
    if (name != "R4_sdk_error") CHECK(count(read.site, Understanding::not_understood) == 0);
  }
}

TEST_CASE("of every answer of the Management API each element is known") {
  const char* folder = std::getenv("IPO_LINT_SAMPLES");
  if (!folder) {
    std::puts("skipped: IPO_LINT_SAMPLES is not set");
    return;
  }
  std::map<std::string, Read> samples;  // by the name up to its first '_'
  for (const auto& entry : fs::directory_iterator(fs::path(folder) / "management-api")) {
    std::string name = entry.path().filename().string();
    if (name != "SOURCES.md") samples[name.substr(0, name.find('_'))] = read(testing::slurp(entry.path()));
  }
  REQUIRE(samples.size() >= 15);
  for (const auto& [name, read] : samples) {
    INFO(name);
    CHECK_FALSE(read.dialect.empty());
    for (const Statement& s : read.site.statements) {
      CHECK(s.reason.find("no setting known") == std::string::npos);
      if (s.understanding == Understanding::not_understood) CHECK(s.reason.starts_with("the export is an error response: "));
    }
    bool error = name.starts_with("D10");
    CHECK((count(read.site, Understanding::not_understood) > 0) == error);
  }
  CHECK(hosts(samples["D1"].site) == hosts(samples["D2"].site));
  CHECK(types(samples["D1"].site) == types(samples["D2"].site));
  REQUIRE(samples["D12"].site.lists.size() == 1);
  CHECK(samples["D12"].site.lists[0].present == 4);
  CHECK(samples["D12"].site.lists[0].announced == 210u);
  REQUIRE(samples["D11"].site.hosts.size() == 1);
  CHECK(samples["D11"].site.hosts[0].release->value.parts.size() == 5);
}

TEST_CASE("a user of 330 elements in one line: every leaf has its place") {
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><response status=\"1\"><data><ws_object><User GUID=\"5a1f-1\">";
  std::vector<std::size_t> columns;
  auto leaf = [&](const std::string& name, const std::string& value) {
    text += "<" + name + ">";
    columns.push_back(text.size() + 1);
    text += value + "</" + name + ">";
  };
  leaf("FullName", "Zo\xc3\xab Adler");
  leaf("Extension", "341");
  leaf("LoginCode", "640183");
  for (int i = 4; i <= 332; ++i) leaf("Button" + std::to_string(i) + "Setting", std::to_string(i));
  text += "</User></ws_object></data></response>";
  testing::Folder folder;
  testing::Ran ran = testing::run_program("inventory --format json '" + folder.put("users.xml", text) + "'");
  REQUIRE(ran.status == 0);
  nlohmann::json inventory = nlohmann::json::parse(ran.out);
  const nlohmann::json& settings = inventory["settings"];
  REQUIRE(settings.size() == columns.size() + 1);  // the GUID comes first
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const nlohmann::json& s = settings[i + 1];
    INFO(s.dump());
    CHECK(s["line"] == 1);
    CHECK(s["column"] == columns[i]);
    CHECK(s.contains("path"));
    CHECK(s["evidence"].is_string());
  }
  CHECK(settings[1]["key"] == "user.full_name");
  CHECK(settings[1]["evidence"] == "documented");
  CHECK(settings[3]["value"] == "***");
  CHECK(settings[332]["key"].is_null());
  CHECK(inventory["statements"]["understood"] == 3);
  CHECK(inventory["statements"]["ignored"] == 329);
}
