// The list of settings is whole and right; values outside it are refused; mappings of one's own come into effect.
#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "linter/commands/commands.h"
#include "parsers/document/document.h"
#include "parsers/ipoffice/field_map.h"
#include "parsers/ipoffice/settings.h"
#include "parsers/text/embedded.h"
#include "tests/program.h"

using namespace ipo;
using namespace ipo::testing;
using Catch::Matchers::Contains;

namespace {

std::string refused(const char* key, const char* value) {
  const KnownSetting* s = find_setting(key);
  REQUIRE(s);
  return refusal(*s, value);
}

std::string settings(std::vector<std::string> terms, const std::string& format) {
  std::ostringstream out, err;
  run_settings({std::move(terms), format}, out, err);
  return out.str() + err.str();
}

const std::string unseen =
    "<response status=\"1\"><data><ws_object><System GUID=\"5a1f0000-0000-4000-8000-000000000001\"><Name>office</Name>"
    "<Telephony><Snmp><ReadCommunity>public</ReadCommunity></Snmp></Telephony>"
    "<Slots><Slot>1</Slot><Slot>2</Slot></Slots></System></ws_object></data></response>";

}  // namespace

TEST_CASE("the list of settings is whole", "[settings]") {
  std::set<std::string> keys;
  for (const KnownSetting& s : known_settings()) {
    INFO(s.key);
    CHECK(keys.insert(s.key).second);
    CHECK_FALSE(s.name.empty());
    CHECK((s.type != KnownSetting::Type::choice || s.choices.size() > 1));
    if (!s.element.empty()) {
      FieldMap::Match match = FieldMap::builtin().find(s.element);
      CHECK(match.key == s.key);
      CHECK(match.evidence == s.evidence);
    }
    for (const SettingDefault& d : s.defaults) {
      CHECK(refusal(s, d.value).empty());
      CHECK_FALSE(d.source.empty());
    }
  }
  // Every setting of a system that the map knows is in the list.
  const std::set<std::string> of_records = {"user",       "extension", "license",          "sipline",    "directory",
                                            "hunt_group", "phone",     "firewall_profile", "short_code", "incoming_route",
                                            "group_ids",  "line",      "provision"};
  for (const auto& [key, match] : FieldMap::builtin().keys()) {
    INFO(key);
    if (key != "system.data_source" && !of_records.contains(key.substr(0, key.find('.')))) CHECK(keys.contains(key));
  }
  // The columns are those the file explains.
  const std::set<std::string> columns = {"key",         "name", "type",    "unit",   "range",   "range_source", "ranges",
                                         "multiple_of", "span", "choices", "screen", "element", "evidence",     "defaults"};
  for (const EmbeddedText& file : field_tables()) {
    if (file.name != "settings.toml") continue;
    Sources sources{decode_source("settings.toml", file.text)};
    Document toml = read_toml(sources, 0);
    REQUIRE(toml.damages.empty());
    for (const Node& table : toml.root.child("setting")->children)
      for (const Node& member : table.children) CHECK(columns.contains(member.name));
  }
}

TEST_CASE("values are held against the list", "[settings]") {
  CHECK(refused("snmp.port", "161").empty());
  CHECK(refused("snmp.port", "").empty());
  CHECK(refused("snmp.port", "162") == "is outside 161, 1024-65535");
  CHECK(refused("snmp.port", "x") == "is no number");
  CHECK(refused("snmp.port", "70000") == "is outside 161, 1024-65535");
  CHECK(refused("lan1.rtp.min", "46752").empty());
  CHECK(refused("lan1.rtp.min", "46751") == "is no multiple of 2");
  CHECK(refused("lan2.rtp.max", "46751").empty());
  CHECK(refused("syslog.port", "65535").empty());
  CHECK(refused("syslog.port", "65536") == "is outside 0-65535");
  KnownSetting any_port;
  any_port.type = KnownSetting::Type::port;
  CHECK(refusal(any_port, "65535").empty());
  CHECK(refusal(any_port, "65536") == "is outside 0-65535");
  any_port.type = KnownSetting::Type::number;
  CHECK(refusal(any_port, "65536").empty());
  CHECK(refused("snmp.enabled", "Yes").empty());
  CHECK(refused("snmp.enabled", "perhaps") == "is neither on nor off");
  CHECK(refused("lan1.address", "10.0.0.300") == "is no IP address");
  CHECK(refused("lan2.mask", "255.255.255.0").empty());
  CHECK(refused("lan2.mask", "255.0.255.0") == "is no mask: its one bits do not come first");
  CHECK(refused("services.http.level", "secure medium").empty());
  CHECK(refused("services.http.level", "Secure Only") == "is none of its values");
  CHECK(refused("snmp.community", "anything").empty());
  CHECK(find_setting("snmp.comunity") == nullptr);

  Folder folder;
  std::string file = folder.put("config.xml", unseen);
  Ran ran = run_program("'" + file + "' --config '" + folder.put("ipo-lint.toml", "[settings]\n\"snmp.port\" = 162\n") + "'");
  CHECK(ran.status == 2);
  CHECK_THAT(
      ran.err,
      Contains("ipo-lint.toml:2:15: 'snmp.port' of [settings] is outside 161, 1024-65535; it takes a port, 161, 1024-65535"));
}

TEST_CASE("an export contradicted by the site file is one finding with both places", "[settings]") {
  Folder folder;
  std::string file = folder.put(
      "config.xml",
      "<response status=\"1\"><data><ws_object><System GUID=\"5a1f0000-0000-4000-8000-000000000001\"><Name>office</Name>\n"
      "<SNMP><Port>161</Port></SNMP></System></ws_object></data></response>");
  std::string config = folder.put("ipo-lint.toml", "[settings]\n\"snmp.port\" = 1161\n");
  nlohmann::json report = nlohmann::json::parse(run_program("--format json '" + file + "' --config '" + config + "'").out);
  std::size_t found = 0;
  for (const auto& finding : report["findings"]) {
    if (finding["check"] != "contradictory-setting") continue;
    ++found;
    CHECK(finding["line"] == 2);
    CHECK(finding["message"] == "snmp.port of 'office' is '161' here and '1161' elsewhere");
    REQUIRE(finding["related"].size() == 1);
    CHECK(finding["related"][0]["file"] == config);
    CHECK(finding["related"][0]["line"] == 2);
  }
  CHECK(found == 1);
}

TEST_CASE("the reference is made of the list", "[settings]") {
  CHECK_THAT(settings({"snmp", "PORT"}, "text"),
             Contains("snmp.port       SNMP Port: a port, 161, 1024-65535\n") && Contains("snmp.trap.port"));
  CHECK(settings({"no-such-word"}, "text") == "ipo-lint: no setting matches; `ipo-lint settings` lists them all\n");
  std::string page = settings({}, "markdown");
  auto list = nlohmann::json::parse(settings({}, "json"));
  CHECK(list.size() == known_settings().size());
  for (const KnownSetting& s : known_settings()) CHECK_THAT(page, Contains("| `" + s.key + "` |"));
  CHECK(list[0]["key"] == known_settings()[0].key);
}

TEST_CASE("an export nobody has seen is mapped by pasting", "[settings]") {
  Folder folder;
  std::string file = "'" + folder.put("config.xml", unseen) + "'";
  std::string text = run_program("inventory " + file).out;
  CHECK_THAT(text, Contains("3 values under 2 paths"));
  CHECK_THAT(text, Contains("[[field]]\n    path = 'System/Telephony/Snmp/ReadCommunity'\n    key  = \"\"\n"));
  CHECK_THAT(text, Contains("2 times") && Contains("path = 'System/Slots/Slot\\[[0-9]+\\]'"));
  CHECK(text.find("public") == std::string::npos);

  std::string own = "[[field]]\npath = 'System/Telephony/Snmp/ReadCommunity'\nkey  = \"snmp.community\"\n";
  std::string fields = "'" + folder.put("own.toml", own) + "'";
  CHECK_THAT(run_program("inventory --fields " + fields + " " + file).out,
             Contains("snmp.community") && Contains("2 values under 1 path"));
  CHECK_THAT(run_program("--fields " + fields + " " + file).out, Contains("snmp-default-community"));
  folder.put("ipo-lint.toml", own);
  CHECK_THAT(run_program(file).out, Contains("snmp-default-community"));
  CHECK_THAT(run_program("inventory " + file).out, Contains("2 values under 1 path"));

  for (const auto& [wrong, message] : std::vector<std::pair<std::string, std::string>>{
           {"[[field]]\npath = 'A'\nkey = 'snmp.comunity'\n",
            "own.toml:1:1: no setting is called 'snmp.comunity'; did you mean 'snmp.community'?"},
           {"\n[[field]]\npath = '('\nkey = 'snmp.port'\n", "own.toml:2:1: the path is no pattern"},
           {"[[field]]\npath = 'A'\nkey = ''\n", "own.toml:1:1: a field needs a path and a key"},
           {"[[field]]\npath = 'A'\nkey = 'snmp.port'\nsecrets = true\n",
            "a field has path, key or ignore, evidence, secret, source, divide and words, nothing else"},
           {"[fields]\n", "own.toml:1:2: a file of fields holds [[field]] tables and nothing else"},
           {"", "no [[field]] is in this file"},
           {"[[field]\n", "own.toml:1:"}}) {
    CAPTURE(wrong);
    folder.put("own.toml", wrong);
    for (const char* verb : {"lint", "inventory"}) {
      Ran ran = run_program(std::string(verb) + " --fields " + fields + " " + file);
      CHECK(ran.status == 2);
      CHECK_THAT(ran.err, Contains(message));
      CHECK(ran.out.empty());
    }
  }
}
