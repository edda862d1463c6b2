// Damaged, foreign and contradictory exports of an IP Office. Each ends with findings or with status 3, never in silence: a
// cut at any byte is said, both places of a contradiction are named.
#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "linter/lint.h"
#include "tests/program.h"

using namespace ipo::testing;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using nlohmann::json;

namespace fs = std::filesystem;

namespace {

std::string word(const std::string& path) { return "'" + path + "' "; }

std::string system_with(const std::string& inside, const std::string& guid = "5a1f0000-0000-4000-8000-000000000001") {
  return "<System GUID=\"" + guid +
         "\"><Name>office</Name><LANS><LAN id=\"LAN1\"><IPAddress>192.168.42.1</IPAddress></LAN></LANS>" + inside + "</System>";
}

std::string export_of(const std::string& record) {
  return "<response status=\"1\"><data><ws_object>" + record + "</ws_object></data></response>";
}

json lint_files(const std::string& arguments, int status) {
  Ran ran = run_program(arguments + "--format json");
  CAPTURE(arguments, ran.err);
  CHECK(ran.status == status);
  return json::parse(ran.out, nullptr, false);
}

std::vector<json> findings_of(const json& report, const std::string& check) {
  std::vector<json> out;
  for (const json& f : report["findings"])
    if (f["check"] == check) out.push_back(f);
  return out;
}

// What a cut says: a finding that something was not understood, or that the input cannot be used at all.
bool says_so(const std::string& text) {
  ipo::Report report = ipo::lint({"", {{"export", text}}, {}}, {});
  if (!report.complete()) return true;
  return std::any_of(report.findings.begin(), report.findings.end(),
                     [](const ipo::Finding& f) { return f.check == "not-understood"; });
}

void check_cuts(const std::string& whole) {
  CHECK_FALSE(says_so(whole));
  for (std::size_t cut = 0; cut < whole.size(); ++cut)
    if (!says_so(whole.substr(0, cut)))
      FAIL("silent when cut at " << cut << ": ..." << whole.substr(0, cut).substr(cut > 60 ? cut - 60 : 0));
}

const std::string small_xml =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- saved -->\n" +
    export_of(
        system_with("<SNMP><Port>161</Port></SNMP>") +
        "<User GUID='5a1f0000-0000-4000-8000-000000000301'><Name>Zo\xc3\xab &amp; Knut</Name><Extension>341</Extension></User>");

}  // namespace

TEST_CASE("what is no export is not taken for one") {
  Folder folder;
  for (const char* text :
       {"not XML at all\n", "{\"a\":1}", "<html><body><p>About IP Office</p></body></html>",
        "<?xml version=\"1.0\"?><pfsense><version>21</version><system><user><name>a</name></user></system></pfsense>",
        "<nmaprun scanner=\"nmap\"><host><address addr=\"10.0.0.1\"/></host></nmaprun>",
        "<Event><System><Provider Name='x'/></System"}) {
    std::string file = word(folder.put("config.xml", text));
    Ran ran = run_program(file);
    CAPTURE(text, ran.out, ran.err);
    if (ran.status == 1) {  // familiar names only: read, and said to be nothing known
      CHECK_THAT(ran.out, Contains("[not-understood]"));
    } else {
      CHECK(ran.status == 3);
      CHECK_THAT(ran.err,
                 StartsWith("ipo-lint: ") && (Contains("not recognised as any supported format") || Contains("looks like a")));
    }
    json named = lint_files("--as ipoffice " + file, 1);
    CHECK_FALSE(findings_of(named, "not-understood").empty());
  }
}

TEST_CASE("an export cut at any byte says so") {
  SECTION("XML") { check_cuts(small_xml); }
  SECTION("JSON") {
    check_cuts(
        R"({"response":{"@status":"1","data":{"ws_object":[{"System":{"@GUID":"5a1f-1","Name":"office","LANS":{"LAN":)"
        R"([{"@id":"LAN1","IPAddress":"192.168.42.1"}]},"SNMP":{"Port":161}}},{"User":{"@GUID":"5a1f-2","Name":"Zo\u00eb"}}]}}})");
  }
  SECTION("user list") {
    check_cuts(
        "<userlist xmlns=\"http://www.avaya.com/ipoffice/userlist\"><data_source>IPOFFICE/8.1(69) 10.20.30.1</data_source>"
        "<list><user><name>A</name><extn>341</extn></user></list></userlist>");
  }
}

TEST_CASE("an export whose declared encoding is wrong is read as what it is") {
  Folder folder;
  auto name_of_user = [&](const std::string& text) {
    Ran ran = run_program("inventory --format json " + word(folder.put("users.xml", text)));
    CHECK(ran.status == 0);
    std::string name;
    json inventory = json::parse(ran.out);
    for (const json& s : inventory["settings"])
      if (s["key"] == "user.name") name = s["value"];
    return name;
  };
  auto users = [](const std::string& encoding, const std::string& name) {
    return "<?xml version=\"1.0\" encoding=\"" + encoding + "\"?>" + export_of("<User GUID='1'><Name>" + name + "</Name></User>");
  };
  CHECK(name_of_user(users("UTF-16", "Zo\xc3\xab")) == "Zo\xc3\xab");
  CHECK(name_of_user(users("UTF-8", "Zo\xeb")) == "Zo\xc3\xab");
  CHECK(name_of_user(users("ISO-8859-1", "Zo\xeb")) == "Zo\xc3\xab");
  CHECK(name_of_user(users("x-unheard-of", "Zo\xc3\xab")) == "Zo\xc3\xab");
  // A BOM of UTF-16 before single bytes: no tag is left.
  CHECK(run_program(word(folder.put("users.xml", "\xff\xfe" + users("UTF-8", "Zo")))).status == 3);
}

TEST_CASE("nesting without end is cut and said") {
  Folder folder;
  std::string xml = "<response status='1'><data><ws_object><System GUID='1'>",
              list = R"({"response":{"data":{"ws_object":{"System":)";
  for (int i = 0; i < 100'000; ++i) xml += "<a>", list += R"({"a":[)";
  for (const std::string& text : {xml, list}) {
    json report = lint_files(word(folder.put("deep", text)), 1);
    CHECK_FALSE(findings_of(report, "not-understood").empty());
  }
}

TEST_CASE("two records of one GUID are said, with both places") {
  Folder folder;
  std::string user = "<User GUID='5a1f0000-0000-4000-8000-000000000301'>\n<Name>Zo</Name>\n<Extension>341</Extension></User>\n";
  std::string other = user;
  other.replace(other.find("341"), 3, "342");
  std::string one = folder.put("one.xml", export_of("\n" + user + other)), a = folder.put("a.xml", export_of("\n" + user)),
              b = folder.put("b.xml", export_of("\n\n" + other));
  auto said = findings_of(lint_files(word(one), 1), "duplicate-record");
  REQUIRE(said.size() == 1);
  CHECK(said[0]["line"] == 5);
  CHECK(said[0]["related"][0]["line"] == 2);
  said = findings_of(lint_files(word(a) + word(b), 1), "duplicate-record");
  REQUIRE(said.size() == 1);
  CHECK(said[0]["file"] == b);
  CHECK(said[0]["line"] == 3);
  CHECK(said[0]["related"][0]["file"] == a);
  CHECK(said[0]["related"][0]["line"] == 2);
}

TEST_CASE("two sources that contradict each other are both named") {
  Folder folder;
  std::string xml =
      folder.put("site/a.xml", export_of(system_with("\n<SNMP><Port>161</Port>\n<Community>hunter2</Community></SNMP>")));
  std::string other = folder.put(
      "site/b.json",
      "{\"response\":{\"@status\":\"1\",\"data\":{\"ws_object\":{\"System\":{\n\"@GUID\":\"5a1f0000-0000-4000-8000-000000000001\","
      "\"Name\":\"office\",\n\"SNMP\":{\"Port\":\"1161\",\n\"Community\":\"hunter3\"}}}}}}");
  auto said = findings_of(lint_files(word(xml) + word(other), 1), "contradictory-setting");
  REQUIRE(said.size() == 2);
  CHECK(said[0]["file"] == other);
  CHECK(said[0]["line"] == 3);
  CHECK(said[0]["related"][0]["file"] == xml);
  CHECK(said[0]["related"][0]["line"] == 2);
  CHECK(said[0]["message"] == "snmp.port of 'office' is '1161' here and '161' elsewhere");
  CHECK(said[1]["line"] == 4);
  CHECK(said[1]["related"][0]["line"] == 3);
  Ran text = run_program(word(xml) + word(other));
  CHECK_THAT(text.out, Contains("b.json:3:") && Contains("a.xml:2)"));
  CHECK(text.out.find("hunter") == std::string::npos);

  folder.put("site/ipo-lint.toml", "[settings]\nsnmp.port = 2161\n");
  std::string declared = run_program(word(xml)).out;
  CHECK_THAT(declared, Contains("[contradictory-setting]") && Contains("a.xml:2:") && Contains("ipo-lint.toml"));
}

TEST_CASE("an attribute of 200 MB does no harm") {
  Folder folder;
  std::string path = (folder.path / "users.xml").string();
  auto write = [&](int megabytes, const char* end) {
    std::ofstream file(path, std::ios::binary);
    file << "<response status='1'><data><ws_object><User GUID='1' Note='";
    const std::string block(1 << 20, 'x');
    for (int i = 0; i < megabytes; ++i) file << block;
    file << end;
  };
  auto said = [&] { return findings_of(lint_files(word(path), 1), "not-understood"); };
  const char* end = "'><Name>Zo</Name><Extension>341</Extension></User></ws_object></data></response>";
#if !defined(__SANITIZE_ADDRESS__)  // slow there; ci/bench-exports reads such a file as well
  write(200, end);
#else
  write(2, end);
#endif
  auto whole = said();
  REQUIRE(whole.size() == 1);
  CHECK(whole[0]["message"] == "not understood: a value longer than 1 MiB is not read");
  CHECK(whole[0]["column"] == 54);
  write(2, end);
  Ran inventory = run_program("inventory " + word(path));  // what stands after it is read
  CHECK_THAT(inventory.out, Contains("settings of User 1\n") && Contains("user.extension") && Contains("341"));
  write(2, "");
  auto cut = said();
  REQUIRE(cut.size() == 2);
  CHECK(cut[1]["message"] == "not understood: the text ends inside a tag");
}
