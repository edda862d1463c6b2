// Every shape an export is known to come in says the same about the site; what is broken or unknown is said, not
// dropped.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>

#include "parsers/ipoffice/ipoffice.h"
#include "parsers/text/embedded.h"
#include "parsers/text/secret_names.h"
#include "tests/program.h"

namespace {

using namespace ipo;
namespace fs = std::filesystem;

const fs::path fixtures = ipo::testing::source_dir() / "fixtures";

std::string bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string fixture(const std::string& name) { return bytes_of(fixtures / "formats/ipoffice" / name); }

struct Read {
  Sources sources;
  Site site;
  int sureness = 0;
};

Read read(std::string_view bytes) {
  Read r;
  r.sources.push_back(decode_source("export.xml", bytes));
  r.sureness = recognises_ipoffice(r.sources[0]);
  interpret_ipoffice(r.sources, 0, r.site);
  return r;
}

std::string slice(const Read& r, SourceSpan span) { return std::string(r.sources[0].slice(span)); }

// The site without its places and without what was ignored.
std::string summary(const Site& site) {
  std::string out;
  auto settings = [&](const std::vector<Setting>& list) {
    for (const Setting& s : list)
      out += "  " + s.path.text() + " " + s.key.text() + "=" + s.value.value + " " + std::string(name_of(s.evidence)) +
             (s.secret ? " secret" : "") + "\n";
  };
  for (const Host& h : site.hosts) {
    out += "host " + h.name + " " + (h.release ? h.release->value.text() : "?");
    for (const auto& a : h.addresses) out += " " + format_address(a.value);
    for (const auto& p : h.products) out += " " + p;
    out += "\n";
    settings(h.settings);
  }
  for (const Record& r : site.records) {
    out += "record " + r.type + " " + r.id + "\n";
    settings(r.fields);
  }
  for (const Statement& s : site.statements)
    if (s.understanding == Understanding::not_understood || s.understanding == Understanding::bounded)
      out += std::string(name_of(s.understanding)) + " " + s.reason + "\n";
  return out;
}

std::map<std::string, int> count(const Site& site) {
  std::map<std::string, int> out;
  for (const Statement& s : site.statements) ++out[std::string(name_of(s.understanding))];
  return out;
}

bool says(const Site& site, Understanding u, const std::string& reason) {
  return std::any_of(site.statements.begin(), site.statements.end(),
                     [&](const Statement& s) { return s.understanding == u && s.reason.find(reason) != std::string::npos; });
}

// Holds for every input.
void check_sane(const Read& r) {
  std::size_t size = r.sources[0].text().size();
  auto inside = [&](SourceSpan s) { return s.begin <= s.end && s.end <= size; };
  bool ok = true;
  for (const Statement& s : r.site.statements) {
    std::string text = slice(r, s.span);
    ok = ok && inside(s.span) && text.find('\n') == text.npos;
    ok = ok && (s.understanding == Understanding::understood) == s.reason.empty();
  }
  for (const Host& h : r.site.hosts) {
    ok = ok && inside(h.span);
    std::vector<std::string> keys;
    for (const Setting& s : h.settings) keys.push_back(s.key.text());
    std::sort(keys.begin(), keys.end());
    ok = ok && std::adjacent_find(keys.begin(), keys.end()) == keys.end();
    for (const auto& a : h.addresses) ok = ok && inside(a.span);
  }
  for (const Record& record : r.site.records)
    for (const Setting& s : record.fields) ok = ok && inside(s.value.span);
  if (!ok) FAIL(r.sources[0].text());
}

const std::string system_record =
    "<System GUID=\"g1\"><Name>mill</Name><MajorVersion>9</MajorVersion><MinorVersion>1</MinorVersion>"
    "<LANS><LAN id=\"LAN1\"><IPAddress>10.1.2.3</IPAddress></LAN><LAN id=\"LAN2\"><IPAddress>10.9.9.1</IPAddress></LAN>"
    "</LANS></System>";
const std::string user_record = "<User GUID=\"g2\"><FullName>Ren\xc3\xa9 D</FullName><LoginCode>4711</LoginCode></User>";
const std::string extension_record = "<Extension GUID=\"g3\"><Extension>204</Extension><TypeInfo>3</TypeInfo></Extension>";

std::string utf16(const std::string& text, bool big) {  // text of characters below U+0800
  std::string out = big ? "\xfe\xff" : "\xff\xfe";
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned c = static_cast<unsigned char>(text[i]);
    if (c >= 0xc0) c = (c & 0x1f) << 6 | (static_cast<unsigned char>(text[++i]) & 0x3f);
    char hi = static_cast<char>(c >> 8), lo = static_cast<char>(c & 0xff);
    out += big ? hi : lo;
    out += big ? lo : hi;
  }
  return out;
}

TEST_CASE("all variants of an export give the same site", "[ipoffice]") {
  const std::string three[] = {system_record, user_record, extension_record};
  std::string each, all, pretty;
  for (const std::string& r : three) each += "<ws_object>" + r + "</ws_object>", all += r;
  const std::string response = "<response status=\"1\"><data>" + each + "</data></response>";
  for (char c : response) pretty += c == '<' ? "\r\n  <" : std::string(1, c);
  for (std::size_t at; (at = pretty.find("\r\n  </")) != pretty.npos;) {  // no line ends inside leaves
    bool leaf = pretty[at - 1] != '>';
    pretty.replace(at, 6, leaf ? "</" : "\n</");
  }
  std::string latin = response;
  latin.replace(latin.find("\xc3\xa9"), 2, "\xe9");

  const std::string expected = summary(read(response).site);
  CHECK(expected.find("host mill 9.1 10.1.2.3 10.9.9.1 ip-office\n") == 0);
  CHECK(expected.find("User/LoginCode user.login_code=4711 documented secret") != expected.npos);
  CHECK(expected.find("Extension/Extension extension.number=204 documented\n") != expected.npos);
  CHECK(expected.find("not_understood") == expected.npos);
  const std::string xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  const std::string variants[] = {
      xml + response,
      pretty,
      each,
      xml + each,
      "<data>" + each + "</data>",
      "<root><data>" + each + "</data></root>",
      "<response status=\"1\"><data><ws_object>" + all + "</ws_object></data></response>",
      "<ws_object>" + all + "</ws_object>",
      all,
      "<export>" + all + "</export>",
      "<!-- saved --><ns:response xmlns:ns='urn:x' status='1'><data>" + each + "</data></ns:response>",
      "\xef\xbb\xbf" + xml + response,
      utf16("<?xml version=\"1.0\" encoding=\"UTF-16\"?>" + response, false),
      utf16("<?xml version=\"1.0\" encoding=\"UTF-16\"?>" + response, true),
      utf16(response, true).substr(2),
      "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>" + latin,
      latin,
  };
  for (const std::string& v : variants) {
    INFO(v);
    Read r = read(v);
    check_sane(r);
    CHECK(summary(r.site) == expected);
    CHECK(r.sureness >= 60);
  }
}

TEST_CASE("values are sliced exactly", "[ipoffice]") {
  Read r = read(fixture("system.xml"));
  REQUIRE(r.site.hosts.size() == 1);
  const Host& h = r.site.hosts[0];
  CHECK(h.name == "harbour-office");
  REQUIRE(h.release);
  CHECK(h.release->value.text() == "9.1.4.0.2");
  CHECK(slice(r, h.release->span) == "9");
  REQUIRE(h.addresses.size() == 1);  // LAN2 is 0.0.0.0
  CHECK(slice(r, h.addresses[0].span) == "10.20.30.1");
  CHECK(slice(r, h.span) == "<System GUID=\"5a1f0000-0000-4000-8000-000000000001\">");
  CHECK(h.number("voicemail.type") == 1);
  CHECK(h.setting("lan1.address")->path == "System/LANS/LAN[LAN1]/IPAddress");
  for (const Record& record : r.site.records)
    for (const Setting& s : record.fields)
      if (s.value.value.find('&') == std::string::npos) CHECK(slice(r, s.value.span) == s.value.value);
  CHECK(count(r.site)["not_understood"] == 0);
  CHECK(count(r.site)["understood"] == 15);
  CHECK(count(r.site)["ignored"] == 1);
  CHECK(says(r.site, Understanding::ignored, "no setting known for this element"));
  REQUIRE(r.site.records.size() == 3);
  CHECK(r.site.records[2].field("license.name")->value.value == "Office Worker & more");
}

TEST_CASE("users alone name their systems", "[ipoffice]") {
  Read r = read(fixture("users.xml"));
  check_sane(r);
  REQUIRE(r.site.hosts.size() == 2);
  CHECK(r.site.hosts[0].name == "harbour-office");
  CHECK(r.site.hosts[1].name == "depot");
  CHECK(format_address(r.site.hosts[1].addresses.at(0).value) == "10.20.40.1");
  CHECK(slice(r, r.site.hosts[1].addresses[0].span) == "10.20.40.1");
  const Record& zoe = r.site.records.at(0);
  CHECK(zoe.id == "5a1f0000-0000-4000-8000-000000000301");
  CHECK(zoe.field("user.login_code")->secret);
  CHECK(zoe.field("user.voicemail_code")->secret);
  CHECK_FALSE(zoe.field("user.extension")->secret);
  CHECK(zoe.field("user.forward_number")->value.value.empty());
  CHECK(says(r.site, Understanding::ignored, "no setting known"));
  CHECK(count(r.site)["not_understood"] == 0);
}

TEST_CASE("lists and templates", "[ipoffice]") {
  Read r = read(fixture("scn_user_list.xml"));
  CHECK(r.sureness == 100);
  REQUIRE(r.site.hosts.size() == 1);
  CHECK(r.site.hosts[0].release->value.text() == "8.1");
  CHECK(slice(r, r.site.hosts[0].release->span) == "8.1");
  CHECK(slice(r, r.site.hosts[0].addresses.at(0).span) == "10.20.30.1");
  REQUIRE(r.site.records.size() == 3);
  CHECK(r.site.records[0].type == "user");
  CHECK(r.site.records[0].field("user.extension")->value.value == "341");

  r = read(fixture("corporate_dir.xml"));
  CHECK(r.sureness == 100);
  CHECK(r.site.hosts.at(0).release->value.text() == "8.1");
  CHECK(r.site.records.at(0).field("directory.stale")->value.value == "true");
  CHECK(r.site.records[0].field("directory.entry.numb")->value.value == "0401234");

  r = read(fixture("sip_trunk.xml"));
  CHECK(r.sureness == 100);
  CHECK(r.site.hosts.empty());
  REQUIRE(r.site.records.size() == 1);
  const Record& trunk = r.site.records[0];
  CHECK(trunk.type == "SIPTrunk");
  CHECK(trunk.field("sipline.itsp_proxy")->value.value == "198.51.100.40");
  CHECK(trunk.field("sipline.registration_required")->evidence == Evidence::ours);
  Read inner = read("<Template xmlns='urn:SIPTrunk-schema'><SIPTrunk><ITSPProxy>a</ITSPProxy></SIPTrunk></Template>");
  CHECK(inner.site.records.at(0).field("sipline.itsp_proxy")->path == "SIPTrunk/ITSPProxy");

  r = read("<x xmlns='http://www.avaya.com/ipoffice/userlist'><data_source>elsewhere</data_source></x>");
  CHECK(r.site.hosts.empty());
  CHECK(says(r.site, Understanding::not_understood, "release and address cannot be read here"));
}

TEST_CASE("settings of the screens", "[ipoffice]") {
  Read r = read(fixture("screens.xml"));
  check_sane(r);
  const Host& h = r.site.hosts.at(0);
  const std::pair<const char*, const char*> expected[] = {{"lan1.mask", "255.255.255.0"},
                                                          {"lan1.h323.gatekeeper", "true"},
                                                          {"lan1.sip.trunks", "true"},
                                                          {"lan1.sip.registrar", "true"},
                                                          {"lan1.sip.auto_create", "true"},
                                                          {"lan1.sip.remote_extension", "false"},
                                                          {"lan1.rtp.min", "46750"},
                                                          {"lan1.rtp.max", "50750"},
                                                          {"lan1.sip.tls_port", "5061"},
                                                          {"lan1.sip.layer4", "Both TCP & UDP"},
                                                          {"lan2.address", "172.16.9.1"},
                                                          {"lan1.nat_type", "Static Port Block"},
                                                          {"snmp.enabled", "true"},
                                                          {"lan1.public_address", "203.0.113.77"},
                                                          {"snmp.port", "161"},
                                                          {"services.base_port", "50804"},
                                                          {"tftp.server", "true"},
                                                          {"services.configuration.level", "Unsecure Only"},
                                                          {"devlink", "false"},
                                                          {"services.security.level", "Secure, Medium"},
                                                          {"http.port", "80"},
                                                          {"http.clients_only", "false"}};
  for (auto [key, value] : expected) {
    INFO(key);
    REQUIRE(h.setting(key));
    CHECK(h.setting(key)->value.value == value);
  }
  CHECK(h.setting("snmp.community")->secret);
  CHECK(h.setting("snmp.community")->evidence == Evidence::screen);
  CHECK(count(r.site)["ignored"] == 0);
  CHECK(count(r.site)["not_understood"] == 0);
}

TEST_CASE("what cannot be right is said", "[ipoffice]") {
  Read r = read(fixture("error.xml"));
  CHECK(r.sureness >= 80);
  CHECK(says(r.site, Understanding::not_understood, "the export is an error response: 12: Session is not valid"));
  CHECK(count(r.site)["not_understood"] == 1);
  CHECK(r.site.hosts.empty());

  r = read(
      "<System><LANS><LAN "
      "id='LAN1'><IPAddress>10.1.1.300</IPAddress></LAN></LANS><MajorVersion>x</MajorVersion></System>");
  CHECK(says(r.site, Understanding::not_understood, "this part of the release is no number"));
  CHECK(r.site.hosts.at(0).addresses.empty());

  r = read("<System GUID='1'><Name>a</Name><Name>b</Name></System>");
  CHECK(r.site.records.at(0).fields.at(1).path == "System/Name");
  CHECK(r.site.hosts.at(0).name == "a");
  CHECK(says(r.site, Understanding::not_understood,
             "system.name stands twice in one record with different values; the first counts"));
  // A list is none of it, nor what a map knows by its number.
  r = read("<User GUID='1'><Name>a</Name><Skills><Skill>x</Skill><Skill>y</Skill></Skills></User>");
  CHECK(r.site.records.at(0).fields.back().path == "User/Skills/Skill[2]");
  CHECK(count(r.site)["not_understood"] == 0);
  r = read(
      "<System "
      "GUID='1'><LAN><FirewallProfile>in</FirewallProfile></LAN><LAN><FirewallProfile>out</FirewallProfile></LAN></System>");
  CHECK(r.site.hosts.at(0).setting("lan2.firewall_profile")->value.value == "out");
  CHECK(count(r.site)["not_understood"] == 0);
  r = read("<System GUID='1'><SNMP><Community>a</Community></SNMP><snmp><Community>b</Community></snmp></System>");
  CHECK(r.site.hosts.at(0).setting("snmp.community")->value.value == "a");
  CHECK(says(r.site, Understanding::bounded, "snmp.community is given twice; the first value counts"));

  CHECK(says(read("<html><p>x</p></html>").site, Understanding::not_understood, "no record of an IP Office"));
  CHECK(count(read("<response status='1'><data/></response>").site)["not_understood"] == 0);
}

TEST_CASE("several systems, and what was known of them before", "[ipoffice]") {
  std::string other = system_record;
  other.replace(other.find("mill"), 4, "barn").replace(other.find("10.1.2.3"), 8, "10.1.2.4");
  Read r = read("<data><ws_object>" + system_record + other + "</ws_object></data>");
  CHECK(r.site.hosts.size() == 2);

  for (bool users_first : {false, true}) {
    std::string users = fixture("users.xml"), system = fixture("system.xml");
    Sources sources{decode_source("a", users_first ? users : system), decode_source("b", users_first ? system : users)};
    Site site;
    interpret_ipoffice(sources, 0, site);
    interpret_ipoffice(sources, 1, site);
    REQUIRE(site.hosts.size() == 2);
    CHECK(std::count_if(site.hosts.begin(), site.hosts.end(), [](const Host& h) { return h.release.has_value(); }) == 1);
  }
}

TEST_CASE("secrets are marked by name, and no statement shows one", "[ipoffice]") {
  for (const char* name : {"Password", "SIPPassword", "LoginCode", "Login_Code", "VoicemailCode", "Community", "PSK", "SharedKey",
                           "AuthCode", "AuthorizationCode", "Passcode", "PIN", "UserPin", "Secret", "PassPhrase"}) {
    INFO(name);
    std::string n = name;
    Read r = read("<ws_object><Thing GUID='1'><" + n + ">hunter2</" + n + "><P " + n + "='hunter2'>x</P><Row><Name>" + n +
                  "</Name><Value>hunter2</Value></Row><F name='" + n + "'>hunter2</F><" + n + "><v w='hunter2'>hunter2</v></" + n +
                  "></Thing></ws_object>");
    int hidden = 0;
    for (const Setting& s : r.site.records.at(0).fields) {
      if (s.value.value != "hunter2") continue;
      CHECK(s.secret);
      ++hidden;
    }
    CHECK(hidden == 6);
    for (const Statement& s : r.site.statements) CHECK((slice(r, s.span) + s.reason).find("hunter2") == std::string::npos);
  }
  for (const char* name : {"User/Name", "User/PhoneType", "System/Shipping", "Spinner", "User/OnePageView", "System/SNMP/Port"})
    CHECK_FALSE(names_secret(name));
}

TEST_CASE("only IP Office is recognised", "[ipoffice]") {
  auto sure = [](std::string_view text) { return recognises_ipoffice(decode_source("x", text)); };
  CHECK(sure("") == 0);
  CHECK(sure("*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n") == 0);
  CHECK(sure("<nmaprun scanner=\"nmap\"><host><address addr=\"10.0.0.1\"/></host></nmaprun>") == 0);
  CHECK(sure("<?xml "
             "version=\"1.0\"?><pfsense><version>21</version><system><user><name>a</name></user></system></pfsense>") == 0);
  CHECK(sure("<opnsense><OPNsense><Firewall/></OPNsense></opnsense>") == 0);
  CHECK(sure("<!DOCTYPE html><html><body>IP Office</body></html>") == 0);
  CHECK(sure("<Event><System><Provider Name='x'/><EventID>1</EventID></System></Event>") <= 5);
  CHECK(sure("<data><row>1</row></data>") <= 5);
  CHECK(sure("<System GUID='1'><Name>a</Name></System>") >= 60);
  CHECK(sure("<User><Extension>1</Extension><Name>a</Name></User>") >= 60);
  for (const auto& entry : fs::directory_iterator(fixtures / "formats/ipoffice")) {
    if (entry.path().extension() != ".xml") continue;
    INFO(entry.path());
    CHECK(sure(bytes_of(entry.path())) >= 60);
  }
}

TEST_CASE("the field map", "[ipoffice]") {
  const FieldMap& map = FieldMap::builtin();
  CHECK(map.size() > 150);
  CHECK(map.find("System/LANS/LAN[LAN2]/IPAddress").key == "lan2.address");
  CHECK(map.find("system/lans/lan[lan2]/ipaddress").evidence == Evidence::documented);
  CHECK(map.find("System/LANS/LAN[2]/VoIP/RTPPortMinimum").key == "lan2.rtp.min");
  CHECK(map.find("System/LAN1/SubnetMask").key == "lan1.mask");
  CHECK(map.find("FirewallProfile/CFG").key == "firewall_profile.cfg");
  CHECK(map.find("xSystem/Name").key.empty());
  CHECK(map.find("System/Name/x").key.empty());
  CHECK(map.find("").key.empty());

  auto toml = [](const std::string& text) {
    static std::vector<Sources> kept;
    kept.push_back({Source("fields.toml", text, "UTF-8")});
    return read_toml(kept.back(), 0);
  };
  FieldMap own;
  CHECK(own.find("A/B").key.empty());
  CHECK(own.add(toml("[[field]]\npath = 'A/([a-z]+)'\nkey = 'a.\\1'\nevidence = 'ours'\nsecret = true\n")).empty());
  CHECK(own.find("A/B").key == "a.b");
  CHECK(own.find("A/B").secret);
  CHECK(own.add(toml("[[field]]\npath = '('\nkey = 'a'\nevidence = 'ours'")).size() == 1);
  CHECK(own.add(toml("[[field]]\npath = 'a'\nkey = '\\1'\nevidence = 'ours'")).size() == 1);
  CHECK(own.add(toml("[[field]]\npath = 'a'\nkey = 'b'\nevidence = 'sure'")).size() == 1);
  CHECK(own.add(toml("[[field]]\nkey = 'b'")).size() == 1);
  CHECK(own.add(toml("nonsense")).size() == 1);
  CHECK(own.size() == 1);
  CHECK(own.find("A/B").key == "a.b");

  for (const EmbeddedText& table : field_tables()) {
    FieldMap fresh;
    for (const Note& note : fresh.add(toml(std::string(table.text)))) FAIL(note.message);
  }
}

TEST_CASE("mappings of the site's own come into effect", "[ipoffice]") {
  Sources tables{
      Source("fields.toml", "[[field]]\npath = 'System/FlashDriveSerial'\nkey = 'flash.serial'\nevidence = 'ours'", "UTF-8")};
  FieldMap map;
  REQUIRE(map.add(read_toml(tables, 0)).empty());
  Sources sources{decode_source("x", fixture("system.xml"))};
  Site site;
  interpret_ipoffice(sources, 0, site, map);
  REQUIRE(site.hosts.at(0).setting("flash.serial"));
  CHECK(site.hosts[0].setting("flash.serial")->value.value == "77-ab");
}

TEST_CASE("malformed exports say what is wrong and keep what is there", "[ipoffice]") {
  for (const auto& entry : fs::directory_iterator(fixtures / "malformed")) {
    if (entry.path().extension() != ".xml") continue;
    INFO(entry.path());
    std::string bytes = bytes_of(entry.path());
    Read r = read(bytes);
    check_sane(r);
    CHECK(count(r.site)["not_understood"] >= 1);
    if (bytes.find("10.1.1.1") == std::string::npos || entry.path().stem() == "deep") continue;
    REQUIRE(r.site.hosts.size() == 1);
    CHECK(r.site.hosts[0].addresses.size() == 1);
  }
}

TEST_CASE("two thousand mutations of an export", "[ipoffice]") {
  std::mt19937 random(11);
  std::vector<std::string> seeds;
  for (const auto& entry : fs::directory_iterator(fixtures / "formats/ipoffice")) seeds.push_back(bytes_of(entry.path()));
  std::sort(seeds.begin(), seeds.end());
  for (int round = 0; round < 2000; ++round) {
    std::string text = seeds[random() % seeds.size()];
    for (unsigned n = 1 + static_cast<unsigned>(random() % 8); n > 0 && !text.empty(); --n) {
      std::size_t at = random() % text.size(), length = random() % 40;
      switch (random() % 5) {
        case 0:
          text[at] = static_cast<char>(random());
          break;
        case 1:
          text.erase(at, length);
          break;
        case 2:
          text.insert(at, text.substr(random() % text.size(), length));
          break;
        case 3:
          text.insert(at, 1, "<>&\"'/\0]["[random() % 9]);
          break;
        default:
          text.resize(at);
      }
    }
    check_sane(read(text));
  }
}

}  // namespace
