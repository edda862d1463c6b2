// The reports over sites made by hand: every claim of linter/reports/formats.h that a reader or a machine relies on.
#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>

#include "linter/inputs/repository.h"
#include "linter/output/json_writer.h"
#include "linter/output/page.h"
#include "linter/output/place.h"
#include "linter/output/redact.h"
#include "linter/output/snippet.h"
#include "linter/reports/fingerprint.h"
#include "linter/reports/formats.h"
#include "linter/reports/sarif_text.h"
#include "tests/sarif_rules.h"

using namespace ipo;
using Catch::Matchers::Contains;

namespace {

Report report_of(const std::string& path, const std::string& text) {
  Report report;
  report.inputs = 1;
  report.firewalls = 1;
  report.sources.push_back(Source(path, text, "UTF-8"));
  report.release = "9.1";
  return report;
}

// Of the first occurrence; the test's text must hold it.
SourceSpan span_of(const Report& report, std::string_view words) {
  std::size_t at = report.sources[0].text().find(words);
  REQUIRE(at != std::string::npos);
  return {0, static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at + words.size())};
}

Finding finding(const std::string& check, Level level, const std::string& message, SourceSpan span) {
  Finding f;
  f.check = check;
  f.level = level;
  f.message = message;
  f.span = span;
  f.identity = message;
  return f;
}

Report firewall_report() {
  Report report = report_of("fw.rules",
                            "*filter\n:INPUT DROP [0:0]\n-A INPUT -i eth0 -m recent --rcheck -j SERVICES\n"
                            "-A SERVICES -p udp --dport 69 -j ACCEPT\nCOMMIT\n");
  SourceSpan jump = span_of(report, "-A INPUT -i eth0 -m recent --rcheck -j SERVICES");
  SourceSpan accept = span_of(report, "-A SERVICES -p udp --dport 69 -j ACCEPT");
  Finding f = finding("tftp-exposed", Level::error, "udp/69 (TFTP) is reachable from the internet", accept);
  f.certainty = Certainty::possible;
  f.zone = "internet";
  f.hook = "input";
  f.rows = {"ip-office/ingress/4"};
  Packet p;
  p.in = "eth0";
  p.source = parse_address("203.0.113.9")->value;
  p.destination = parse_address("192.168.42.1")->value;
  p.source_port = 40000;
  p.destination_port = 69;
  f.witness = p;
  f.path = {{"filter/INPUT", "jump to SERVICES", jump}, {"filter/SERVICES", "accept", accept}};
  f.doubt = {{"-m recent --rcheck", span_of(report, "-m recent --rcheck")}};
  f.related = {{"jumped to by this rule", jump}};
  report.findings = {f};
  report.inferences = {{"internet is eth0: --internet", {}}, {"the PBX is the filtering host", jump}};
  return report;
}

std::string text_of(const Report& report, TextStyle style = {}) {
  std::ostringstream out;
  write_text(out, report, style);
  return out.str();
}

std::string json_of(const Report& report) {
  std::ostringstream out;
  write_json(out, report);
  return out.str();
}

std::string sarif_of(const Report& report) {
  std::ostringstream out;
  write_sarif(out, report);
  INFO(out.str().substr(0, 20000));
  CHECK(sarif_defects(out.str()) == std::vector<std::string>{});
  return out.str();
}

nlohmann::json first_result(const Report& report) { return nlohmann::json::parse(sarif_of(report))["runs"][0]["results"][0]; }

}  // namespace

TEST_CASE("JSON keeps the order of keys, repairs bytes and hides what a terminal would obey") {
  JsonWriter json;
  json.begin_object().member("b", 1).key("a").begin_array().end_array().member("n", nullptr).member("t", true);
  json.member("s", "\x1b[1m\xff\xc2\x9b\xe2\x80\xae\xe2\x80\xa6").end_object();
  CHECK(json.finish() ==
        "{\n  \"b\": 1,\n  \"a\": [],\n  \"n\": null,\n  \"t\": true,\n  \"s\": "
        "\"\\u001b[1m\xef\xbf\xbd\\u009b\\u202e\xe2\x80\xa6\"\n}\n");
  JsonWriter line(0);
  line.begin_object().texts("x", std::vector<std::string>{"1", "2"}).end_object();
  CHECK(line.finish() == "{\"x\":[\"1\",\"2\"]}\n");
}

TEST_CASE("places agree with Source::position on every offset") {
  std::string text = "caf\xc3\xa9 \xf0\x9f\x93\x9e one\r\ntwo\rthree\n\n";
  for (int i = 0; i < 2000; ++i) text += "\xf0\x9f\x93\x9e,";
  Sources sources = {Source("a", text, "UTF-8")};
  Places places(sources);
  for (std::uint32_t i = 0; i < text.size(); i += i < 40 ? 1 : 97) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) == 0x80 || text[i] == '\n') continue;
    Position expected = sources[0].position(i);
    Place place = places.at({0, i, i + 1});
    CAPTURE(i);
    CHECK(place.line == expected.line);
    CHECK(place.column == expected.column);
    CHECK(place.utf16 == expected.utf16);
  }
  CHECK(places.at({7, 0, 1}).path.empty());
  Place across = places.at({0, 0, 30});
  CHECK(across.line == 1);
  CHECK(across.end_column == 15);
}

TEST_CASE("columns are what a terminal takes, and lines are broken between words only") {
  CHECK(columns("caf\xc3\xa9") == 4);
  CHECK(columns("cafe\xcc\x81") == 4);
  CHECK(columns("\xe9\x9b\xbb\xe8\xa9\xb1 1") == 6);
  CHECK(columns("\xf0\x9f\x93\x9e") == 2);
  CHECK(broken("one two three", 7) == std::vector<std::string>{"one two", "three"});
  CHECK(broken("one two three", 7, 2) == std::vector<std::string>{"one two", "  three"});
  CHECK(broken("a averylongword b", 5) == std::vector<std::string>{"a", "averylongword", "b"});
  CHECK(broken("run `ipo-lint zones` now", 16) == std::vector<std::string>{"run", "`ipo-lint zones`", "now"});
  CHECK(broken("run `ipo-lint zones` now", 9) == std::vector<std::string>{"run", "`ipo-lint", "zones`", "now"});
  CHECK(broken("\xe9\x9b\xbb\xe8\xa9\xb1 ab", 6) == std::vector<std::string>{"\xe9\x9b\xbb\xe8\xa9\xb1", "ab"});
  CHECK(broken("", 6) == std::vector<std::string>{""});
  CHECK(broken("a ` b ` c ` d", 5) == std::vector<std::string>{"a", "` b `", "c ` d"});
  Report report;
  std::string line = "-A INPUT -m comment --comment \"";
  for (int i = 0; i < 60; ++i) line += "\xe9\x9b\xbb";
  report.sources = {Source("a", line + "\"\n", "UTF-8")};
  Redaction redaction(report);
  for (std::size_t width = 20; width < 60; ++width)
    for (std::uint32_t begin : {0u, 31u, 61u, 150u})
      CHECK(columns(snippet_of(report.sources, redaction, Places(report.sources).at({0, begin, begin + 3}), width).text) <= width);
}

TEST_CASE("the text report fits the width it is told, the gravest finding first") {
  Report report = firewall_report();
  Finding grave = report.findings[0];
  report.findings[0].level = Level::note;
  grave.span.begin += 1;
  grave.message = "udp/69 (TFTP) is reachable from the internet, which is a long message that no line of such a report can hold";
  report.findings.push_back(grave);
  std::string text = text_of(report, {false, 60, true});
  CHECK_THAT(text, Catch::StartsWith("error[tftp-exposed]: udp/69 (TFTP) is reachable from the\n    internet, which"));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) CHECK(columns(line) <= 60);
  CHECK(text_of(report).find("message that no line of such a report can hold\n") != std::string::npos);
}

TEST_CASE("several sites end with what was assumed, the same once") {
  Report report = firewall_report();
  report.sites = {{"a", 1, 0, 0}, {"b", 0, 0, 0}};
  for (int i = 0; i < 30; ++i) report.inferences.push_back({"internet is eth0: --internet", {}});
  std::string text = text_of(report);
  CHECK_THAT(text, Contains("assumed: internet is eth0: --internet\nassumed: the PBX is the filtering host (fw.rules:3)\n"));
}

TEST_CASE("the text report shows the line, the packet, its path and the doubt") {
  CHECK(text_of(firewall_report()) ==
        "error[tftp-exposed]: udp/69 (TFTP) is reachable from the internet\n"
        " --> fw.rules:4:1\n"
        "  |\n"
        "4 | -A SERVICES -p udp --dport 69 -j ACCEPT\n"
        "  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
        "  |\n"
        "  = certainty: possible, because of -m recent --rcheck (line 3)\n"
        "  = witness: udp 203.0.113.9:40000 → 192.168.42.1:69 in eth0\n"
        "  = path: line 3  filter/INPUT     jump to SERVICES\n"
        "          line 4  filter/SERVICES  accept\n"
        "  = to close: line 4  -A SERVICES -p udp --dport 69 -j ACCEPT\n"
        "  = note: jumped to by this rule (line 3)\n"
        "          -A INPUT -i eth0 -m recent --rcheck -j SERVICES\n"
        "  = rows: ip-office/ingress/4\n"
        "  = help: ipo-lint explain tftp-exposed\n"
        "\n"
        "assumed: internet is eth0: --internet\n"
        "assumed: the PBX is the filtering host (fw.rules:3)\n"
        "port matrix: IP Office 9.1\n"
        "\n"
        "1 error in 1 file, 1 possible\n");
}

TEST_CASE("the text report counts, and says what it did not see") {
  Report report = report_of("a", "x\n");
  CHECK_THAT(text_of(report), Catch::EndsWith("no findings in 1 file\n"));
  report.problems = {{"b", "empty file; nothing to analyse"}, {"-", "cannot be read"}};
  report.findings = {finding("tftp-exposed", Level::error, "m", {0, 0, 1}), finding("shadowed-rule", Level::note, "m", {})};
  CHECK_THAT(text_of(report), Contains("not analysed: b: empty file; nothing to analyse\nnot analysed: <stdin>: cannot"));
  CHECK_THAT(text_of(report), Catch::EndsWith("1 error, 1 note in 1 file; incomplete: 2 inputs not analysed\n"));
  report.firewalls = 0;
  CHECK_THAT(text_of(report),
             Catch::EndsWith("1 error, 1 note in 1 file; no firewall was judged; incomplete: 2 inputs not analysed\n"));
  CHECK(nlohmann::json::parse(sarif_of(report))["runs"][0]["invocations"][0]["toolExecutionNotifications"]
            .back()["message"]["text"] == "No firewall was judged.");
}

TEST_CASE("colour appears only when asked for") {
  CHECK(text_of(firewall_report()).find('\x1b') == std::string::npos);
  TextStyle style;
  style.color = true;
  CHECK_THAT(text_of(firewall_report(), style), Contains("\x1b[1;31merror[tftp-exposed]\x1b[0m"));
}

TEST_CASE("a terminal sees no control characters of an input") {
  Report report = report_of("evil\x1b]0;x\x07.rules", "\t-A X --comment \"\x1b[31m\xe2\x80\xae\xc2\x9b\" -j ACCEPT\r\n");
  report.findings = {finding("not-understood", Level::warning, "bad \x1b[2J word", span_of(report, "-j ACCEPT"))};
  report.findings[0].path = {{"a\x1b", "b\n", {0, 0, 1}}};
  std::string text = text_of(report);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find('\r') == std::string::npos);
  CHECK(text.find("\xe2\x80\xae") == std::string::npos);
  CHECK_THAT(text, Contains("1 |     -A X --comment \"\\x1b[31m\\u{202e}\\u{9b}\" -j ACCEPT\n"));
  CHECK_THAT(text, Contains("  | " + std::string(44, ' ') + "^^^^^^^^^\n"));
}

TEST_CASE("a line of megabytes is shown around its span") {
  std::string line = "<a>";
  for (int i = 0; i < 200000; ++i) line += "<port n=\"1\">x</port>";
  line += "<tftp>\xf0\x9f\x93\x9eon</tftp>";
  for (int i = 0; i < 50000; ++i) line += "<b/>";
  Report report = report_of("config.xml", line);
  report.findings = {finding("tftp-exposed", Level::warning, "TFTP is on", span_of(report, "on</tftp>"))};
  std::string text = text_of(report);
  CHECK(text.size() < 1000);
  std::istringstream lines(text);
  std::string shown, carets;
  for (int i = 0; i < 4; ++i) std::getline(lines, shown);
  std::getline(lines, carets);
  CHECK(columns(shown) <= 100);
  CHECK_THAT(shown, Contains("| …") && Contains("📞on</tftp><b/>") && Catch::EndsWith("…"));
  CHECK(columns(shown.substr(0, shown.find("on</tftp>"))) == carets.find('^'));
  CHECK(carets.substr(carets.find('^')) == std::string(9, '^'));

  nlohmann::json region = first_result(report)["locations"][0]["physicalLocation"]["region"];
  CHECK(region["startColumn"] == 3 + 200000 * 20 + 6 + 2 + 1);
  nlohmann::json json = nlohmann::json::parse(json_of(report));
  CHECK(json["findings"][0]["column"] == 3 + 200000 * 20 + 6 + 4 + 1);
  // SARIF describes every check, so what counts is how little the long line adds to a short one.
  Report brief = report_of("config.xml", "<tftp>on</tftp>");
  brief.findings = {finding("tftp-exposed", Level::warning, "TFTP is on", span_of(brief, "on</tftp>"))};
  CHECK(sarif_of(report).size() < sarif_of(brief).size() + 1000);
}

TEST_CASE("the JSON report has the keys of its contract, in order") {
  nlohmann::ordered_json json = nlohmann::ordered_json::parse(json_of(firewall_report()));
  auto keys = [](const nlohmann::ordered_json& object) {
    std::string out;
    for (const auto& [key, value] : object.items()) out += key + ' ';
    return out;
  };
  CHECK(keys(json) == "version complete release inferences problems findings summary ");
  const auto& f = json["findings"][0];
  CHECK(keys(f) ==
        "check level certainty message file line column endLine endColumn zone hook rows witness path doubt related "
        "fingerprint ");
  CHECK(
      f["witness"].dump() ==
      R"({"hook":"input","in":"eth0","src":"203.0.113.9","dst":"192.168.42.1","proto":"udp","sport":40000,"dport":69,"state":"new"})");
  CHECK(f["path"][0].dump() == R"({"file":"fw.rules","line":3,"chain":"filter/INPUT","action":"jump to SERVICES"})");
  CHECK(f["doubt"][0].dump() == R"({"file":"fw.rules","line":3,"why":"-m recent --rcheck"})");
  CHECK(f["related"][0].dump() == R"({"message":"jumped to by this rule","file":"fw.rules","line":3,"column":1})");
  CHECK(json["summary"].dump() == R"({"errors":1,"warnings":0,"notes":0,"possible":1,"files":1,"ignored":0,"firewalls":1})");
  CHECK(json["inferences"][1].dump() == R"({"message":"the PBX is the filtering host","file":"fw.rules","line":3})");

  Report icmp = firewall_report();
  icmp.problems = {{"x", "empty file"}};
  icmp.findings[0].witness->protocol = proto_icmp;
  icmp.findings[0].witness->destination_port = 8 * 256;
  icmp.findings.push_back(icmp.findings[0]);
  icmp.findings[1].witness.reset();
  json = nlohmann::ordered_json::parse(json_of(icmp));
  CHECK(json["complete"] == false);
  CHECK(json["problems"][0].dump() == R"({"file":"x","message":"empty file"})");
  CHECK(json["findings"][0]["witness"]["icmp_type"] == 8);
  CHECK_FALSE(json["findings"][0]["witness"].contains("dport"));
  CHECK(json["findings"][1]["witness"].is_null());
  std::string print = fingerprint(icmp.findings[0], Repositories().lasting_name("fw.rules"));
  CHECK(json["findings"][1]["fingerprint"] == print + ":2");
}

TEST_CASE("fingerprints are the hash that is documented") {
  Finding f;
  CHECK(fingerprint(f) == "af63bd4c8601b7df");  // FNV-1a of one NUL byte
  f.check = "a";
  f.identity = "b";
  std::string ab = fingerprint(f);
  f.check = "";
  f.identity = "ab";
  CHECK(fingerprint(f) != ab);
  Report twice;
  twice.findings = {f, f};
  CHECK(numbered_fingerprints(twice) == std::vector<std::string>{fingerprint(f) + ":1", fingerprint(f) + ":2"});
}

TEST_CASE("SARIF counts UTF-16 units, links what it mentions and tells the packet's way") {
  Report report = firewall_report();
  nlohmann::json result = first_result(report);
  CHECK(result["message"]["text"] ==
        "udp/69 (TFTP) is reachable from the internet. This is possible, not proven, because of [-m recent "
        "--rcheck](1). Witness: 'udp 203.0.113.9:40000 → 192.168.42.1:69 in eth0'. See: [jumped to by this rule](2).");
  CHECK(result["codeFlows"][0]["threadFlows"][0]["locations"].size() == 2);
  CHECK(result["locations"][0]["physicalLocation"]["region"]["snippet"]["text"] == "-A SERVICES -p udp --dport 69 -j ACCEPT");

  report = report_of("dir name/fw#1 %.rules", "-A X --comment \"caf\xc3\xa9 \xf0\x9f\x93\x9e\" -j ACCEPT\r\nCOMMIT\r\n");
  report.findings = {finding("not-understood", Level::note, "[x](1) {0} \\", span_of(report, "-j ACCEPT"))};
  result = first_result(report);
  nlohmann::json place = result["locations"][0]["physicalLocation"];
  CHECK(place["artifactLocation"]["uri"] == "dir%20name/fw%231%20%25.rules");
  CHECK(place["region"]["startColumn"] == 26);
  CHECK(place["region"]["endColumn"] == 35);
  CHECK(result["message"]["text"] == "\\[x\\](1) {{0}} \\\\.");
}

TEST_CASE("SARIF without findings is a run all the same, and problems make it unsuccessful") {
  Report report = report_of("a", "x\n");
  nlohmann::json run = nlohmann::json::parse(sarif_of(report))["runs"][0];
  CHECK(run["results"] == nlohmann::json::array());
  CHECK(run["invocations"][0]["executionSuccessful"] == true);
  CHECK(run["tool"]["driver"]["rules"].size() == checks().size());
  report.sources.clear();
  report.problems = {{"b", "empty file; nothing to analyse"}};
  run = nlohmann::json::parse(sarif_of(report))["runs"][0];
  CHECK(run["invocations"][0]["executionSuccessful"] == false);
  CHECK(run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"] ==
        "'b' was not analysed: empty file; nothing to analyse.");
}

TEST_CASE("SARIF keeps the 5000 most severe results and says so") {
  Report report = report_of("a", "x\n");
  for (int i = 0; i < 5100; ++i)
    report.findings.push_back(finding("shadowed-rule", i >= 5050 ? Level::error : Level::note, std::to_string(i), {0, 0, 1}));
  nlohmann::json run = nlohmann::json::parse(sarif_of(report))["runs"][0];
  CHECK(run["results"].size() == 5000);
  CHECK(run["results"][4999]["message"]["text"] == "5099.");
  CHECK(run["results"][4949]["message"]["text"] == "4949.");
  CHECK_THAT(run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"].get<std::string>(),
             Catch::StartsWith("100 of 5100 results were left out"));
}

TEST_CASE("SARIF addresses start at the repository's root, or are whole where a file is outside") {
  CHECK(sarif_uri("a b/50%#1.rules") == "a%20b/50%25%231.rules");
  CHECK(sarif_uri("caf\xc3\xa9:x") == "caf%C3%A9%3Ax");
  CHECK(outside_uri("/etc/fw rules") == "file:///etc/fw%20rules");
  CHECK(outside_uri("") == "file:///dev/stdin");
  CHECK(path_inside("/w", "/w/site/a.rules") == "site/a.rules");
  CHECK(path_inside("/w", "/wide/a.rules").empty());
  CHECK(path_inside("/w", "").empty());
}

TEST_CASE("no report prints a secret") {
  Report report =
      report_of("config.xml",
                "<System>\n<Com>\xe2\x82\xac"
                "hunter2</Com><Tftp>1</Tftp><LoginCode>4711</LoginCode>"
                "<User Password=\"s3cr3t\" Name=\"Bob\"/>\n<SNMPCommunity type=\"x\">kiwi</SNMPCommunity>\n</System>\n");
  Setting setting;
  setting.secret = true;
  setting.value = {"hunter2", span_of(report,
                                      "\xe2\x82\xac"
                                      "hunter2")};
  report.secrets = {setting.value.span};
  report.findings = {finding("tftp-exposed", Level::warning, "TFTP is on", span_of(report, "<Tftp>1</Tftp>")),
                     finding("not-understood", Level::warning, "odd",
                             span_of(report,
                                     "\xe2\x82\xac"
                                     "hunter2")),
                     finding("not-understood", Level::note, "odd", span_of(report, "unter")),
                     finding("not-understood", Level::note, "odd", span_of(report, "kiwi"))};
  report.findings[0].related = {{"here", span_of(report, "<LoginCode>4711")}, {"there", span_of(report, "<SNMP")}};
  std::string text = text_of(report);
  for (const std::string& out : {text, json_of(report), sarif_of(report)})
    for (const char* secret : {"hunter2", "unter", "4711", "s3cr3t", "kiwi"}) {
      CAPTURE(secret);
      CHECK(out.find(secret) == std::string::npos);
    }
  CHECK_THAT(text, Contains("2 | <Com>***</Com><Tftp>1</Tftp><LoginCode>***</LoginCode><User Password=\"***\" Name=\"Bob\"/>\n"
                            "  |               ^^^^^^^^^^^^^^\n"));
  CHECK_THAT(text, Contains("  |      ^^^\n"));
}

TEST_CASE("secrets are known by the names before them") {
  auto masked = [](const std::string& line) {
    Report report = report_of("x", line);
    return Redaction(report).text({0, 0, static_cast<std::uint32_t>(line.size())});
  };
  CHECK(masked("enable secret 5 $1$mERr$hx") == "enable secret ***");
  CHECK(masked("set passwd ENC qZ8x") == "set passwd ***");
  CHECK(masked("snmp-server community kiwi RO") == "snmp-server community *** RO");
  CHECK(masked("add name=x password=abc disabled=no") == "add name=x password=*** disabled=no");
  CHECK(masked("{\"LoginCode\": \"12\", \"n\": 1}") == "{\"LoginCode\": \"***\", \"n\": 1}");
  CHECK(masked("<Password/><Name>x</Name>") == "<Password/><Name>x</Name>");
  CHECK(masked("pass in on em0 proto udp") == "pass in on em0 proto udp");
  CHECK(masked("-A INPUT -p tcp --dport 22 -j ACCEPT") == "-A INPUT -p tcp --dport 22 -j ACCEPT");
}

TEST_CASE("a large text is searched for secrets as far as it is quoted, and hides what a search of all of it hides") {
  // Values of all kinds, some so long that they reach into the next pieces of a megabyte.
  std::mt19937 random(7);
  std::string text;
  auto filler = [&](std::size_t n) {
    while (n-- > 0) text += random() % 9 == 0 ? '\n' : static_cast<char>('b' + random() % 20);
  };
  while (text.size() < (std::size_t{5} << 20)) {
    switch (random() % 6) {
      case 0:
        text += "<Password>", filler(random() % 400000), text += "</Password>";
        break;
      case 1:
        text += " pin = \"", filler(random() % 60000), text += "\" ";
        break;
      case 2:
        text += "<LoginCode kind=\"x\" secret='y'>", filler(30), text += "</LoginCode>";
        break;
      case 3:
        text += "\npsk: " + std::string(random() % 3000, 'z') + "\n";
        break;
      case 4:
        text += "<Secret zz zz>", filler(10);
        break;
      default:
        text += "<Name>", filler(random() % 200000), text += "</Name>";
    }
  }
  Report report = report_of("x", text);
  report.secrets = {{0, 100, 120}, {0, 3'000'000, 3'100'000}};
  auto size = static_cast<std::uint32_t>(text.size());
  Redaction at_once(report);
  std::string all = at_once.text({0, 0, size});
  Redaction ascending(report), descending(report);
  constexpr std::uint32_t piece = 70'001;
  std::vector<SourceSpan> pieces;
  for (std::uint32_t at = 0; at < size; at += piece) pieces.push_back({0, at, std::min(at + piece, size)});
  for (SourceSpan span : pieces) CHECK(ascending.text(span) == at_once.text(span));
  std::reverse(pieces.begin(), pieces.end());
  for (SourceSpan span : pieces) CHECK(descending.text(span) == at_once.text(span));
  CHECK(all.size() < text.size() / 2);
}

TEST_CASE("paragraphs and lists of a page are filled, all else stays") {
  CHECK(filled("- one two three\n  four\n* five six\nseven\n", 12) == "- one two\n  three four\n* five six\n  seven\n");
  CHECK(filled("   - a bb ccc\n", 9) == "   - a bb\n     ccc\n");
  CHECK(filled("    - a bb ccc dd\n", 9) == "    - a bb ccc dd\n");  // four blanks make it code
  CHECK(filled("words\n    more of\nthem\n", 40) == "words more of them\n");
  CHECK(filled("one\n\ntwo\n# three\nfour\n| a | b |\n> five six\nseven\n", 5) ==
        "one\n\ntwo\n# three\nfour\n| a | b |\n> five six\nseven\n");
  CHECK(filled("a\nb\n```\nc\nd\n```\ne\nf\n", 40) == "a b\n```\nc\nd\n```\ne f\n");
  // A fence ends with one of its own sort, as long or longer.
  CHECK(filled("````\n```\na\n~~~~\nb\n`````\nc\nd\n", 40) == "````\n```\na\n~~~~\nb\n`````\nc d\n");
  CHECK(filled("-a\nb\n", 40) == "-a b\n");
}

TEST_CASE("pages are read without what only tests need") {
  std::string page =
      "# Title\n\nFirst `words`\nof **it** with [a link](https://x.y). More\n\n- list\n\n## Flagged\n\n### One\n\n"
      "```iptables\n# not a title\n\n\n-A X\n```\n\n```findings\nerror 1:1\n```\n\n## Allowed\n";
  CHECK(first_paragraph(page, 1024) == "First words of it with a link. More.");
  CHECK(first_paragraph(page, 20) == "First words of it.");
  CHECK(prose_of(page) == "First `words`\nof **it** with [a link](https://x.y). More\n\n- list\n");
  CHECK(readable_page(page).find("findings") == std::string::npos);
  CHECK_THAT(readable_page(page), Contains("# not a title\n\n\n-A X\n```\n\n## Allowed\n"));
  CHECK(first_paragraph("", 10).empty());
  CHECK(first_paragraph("# Title\n\n| a |\n\n## Part\n\nWords.\n\nMore.\n", 10) == "Words.");
  // The limit counts characters, with the full stop.
  CHECK(first_paragraph("# T\n\näöü ßßß x\n", 10) == "äöü ßßß x.");
  CHECK(first_paragraph("# T\n\näöü ßßß x\n", 9) == "äöü ßßß.");
  CHECK(first_paragraph("# T\n\näöü ßßß x\n", 6) == "äöü.");
  CHECK(first_paragraph("# T\n\näöüß\n", 3) == "äö.");
  CHECK(first_paragraph("# T\n\nOne. Two three four\n", 16) == "One.");
  CHECK(pascal_case("sip-open-to-any-source") == "SipOpenToAnySource");
}

TEST_CASE("each rule for SARIF logs notices its defect") {
  using nlohmann::json;
  const json good = json::parse(sarif_of(firewall_report()));
  auto defects_after = [&](const std::function<void(json&)>& damage) {
    json log = good;
    damage(log);
    return sarif_defects(log.dump());
  };
  auto result = [](json& log) -> json& { return log["runs"][0]["results"][0]; };
  auto rule = [](json& log) -> json& { return log["runs"][0]["tool"]["driver"]["rules"][0]; };
  auto place = [&](json& log) -> json& { return result(log)["locations"][0]["physicalLocation"]; };
  const std::vector<std::pair<std::string, std::function<void(json&)>>> damages = {
      {"not exactly one run", [](json& l) { l["runs"].push_back(l["runs"][0]); }},
      {"unexpected $schema", [](json& l) { l.erase("$schema"); }},
      {"no results", [](json& l) { l["runs"][0].erase("results"); }},
      {"0.1 .. 10.0", [&](json& l) { rule(l)["properties"]["security-severity"] = "high"; }},
      {"0.1 .. 10.0", [&](json& l) { rule(l)["properties"]["security-severity"] = "10.1"; }},
      {"0.1 .. 10.0", [&](json& l) { rule(l)["properties"]["security-severity"] = 5.0; }},
      {"more than 20 tags", [&](json& l) { rule(l)["properties"]["tags"] = std::vector<std::string>(21, "x"); }},
      {"unknown precision", [&](json& l) { rule(l)["properties"].erase("precision"); }},
      {"longer than 1024", [&](json& l) { rule(l)["fullDescription"]["text"] = std::string(1024, 'x') + "."; }},
      {"full stop", [&](json& l) { rule(l)["shortDescription"]["text"] = "x"; }},
      {"no help text", [&](json& l) { rule(l)["help"]["text"] = ""; }},
      {"name no rule",
       [&](json& l) {
         result(l)["ruleIndex"] = 0;
         rule(l)["id"] = "other";
         result(l)["ruleId"] = "x";
       }},
      {"name no rule", [&](json& l) { result(l)["ruleIndex"] = 100000; }},
      {"no fingerprint", [&](json& l) { result(l).erase("partialFingerprints"); }},
      {"not unique", [](json& l) { l["runs"][0]["results"].push_back(l["runs"][0]["results"][0]); }},
      {"suppressed",
       [&](json& l) {
         result(l)["suppressions"] = json::array({{{"kind", "external"}}});
       }},
      {"absent", [&](json& l) { result(l)["baselineState"] = "absent"; }},
      {"kind fail", [&](json& l) { result(l)["kind"] = "pass"; }},
      {"no startColumn", [&](json& l) { place(l)["region"].erase("startColumn"); }},
      {"no startLine", [&](json& l) { place(l)["region"]["startLine"] = 0; }},
      {"not on one line", [&](json& l) { place(l)["region"]["endLine"] = 9; }},
      {"clean relative", [&](json& l) { place(l)["artifactLocation"]["uri"] = "/etc/x"; }},
      {"clean relative", [&](json& l) { place(l)["artifactLocation"]["uri"] = "file:///etc/x"; }},
      {"no uri", [&](json& l) { place(l)["artifactLocation"].erase("uri"); }},
      {"not exactly one location", [&](json& l) { result(l)["locations"] = json::array(); }},
      {"message is empty", [&](json& l) { result(l)["message"]["text"] = ""; }},
      {"not linked", [&](json& l) { result(l)["message"]["text"] = "no links."; }},
      {"successful", [](json& l) { l["runs"][0].erase("invocations"); }},
      {"UTF-16", [](json& l) { l["runs"][0].erase("columnKind"); }},
      {"no category", [](json& l) { l["runs"][0]["automationDetails"]["id"] = "x"; }},
  };
  for (const auto& [expected, damage] : damages) {
    CAPTURE(expected);
    std::string all;
    for (const std::string& d : defects_after(damage)) all += d + '\n';
    CHECK_THAT(all, Contains(expected));
  }
  CHECK(sarif_defects(good.dump().substr(0, 500)) == std::vector<std::string>{"log: no JSON"});
  CHECK_FALSE(sarif_defects("[]").empty());
  CHECK_FALSE(sarif_defects("{\"runs\":[3]}").empty());
}

TEST_CASE("text: what a finding says is not assumed again") {
  Report report = report_of("a", "x\n");
  report.inferences = {{"nothing names the PBX", span_of(report, "x")}, {"internet is eth0", span_of(report, "x")}};
  CHECK_THAT(text_of(report), Contains("assumed: nothing names the PBX (a:1)\nassumed: internet is eth0 (a:1)\n"));
  report.findings.push_back(finding("pbx-address-unmentioned", Level::note, "nothing names the PBX", span_of(report, "x")));
  std::string text = text_of(report);
  CHECK_THAT(text,
             Contains("note[pbx-address-unmentioned]: nothing names the PBX\n") && Contains("assumed: internet is eth0 (a:1)\n"));
  CHECK_THAT(text, !Contains("assumed: nothing"));
}

TEST_CASE("text: after twenty findings of a check the others are a line each") {
  Report report = report_of("a", "x\n");
  for (int i = 0; i < 23; ++i)
    report.findings.push_back(finding("shadowed-rule", Level::warning, "m" + std::to_string(i), span_of(report, "x")));
  report.findings.push_back(finding("tftp-exposed", Level::error, "other", span_of(report, "x")));
  std::string text = text_of(report);
  auto count = [&](const std::string& part) {
    std::size_t n = 0;
    for (std::size_t at = 0; (at = text.find(part, at)) != text.npos; ++at) ++n;
    return n;
  };
  CHECK(count("warning[shadowed-rule]: m") == 20);
  CHECK(count("warning[shadowed-rule] a:1:1: m2") == 3);
  CHECK(count("in brief") == 1);
  CHECK(count("error[tftp-exposed]: other") == 1);
}
