// What comes beside the XML: its JSON twin, the phones' settings file, the TFTP lists.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <random>

#include "parsers/ipoffice/ipoffice.h"
#include "parsers/ipoffice/ipoffice_json.h"
#include "parsers/ipoffice/phone_settings.h"
#include "parsers/ipoffice/tftp_lists.h"
#include "parsers/parsers.h"
#include "tests/program.h"

namespace {

using namespace ipo;
namespace fs = std::filesystem;

const fs::path fixtures = ipo::testing::source_dir() / "fixtures";

struct Read {
  Sources sources;
  Site site;
  std::string dialect;
};

Read read(std::string_view bytes, std::string_view as = "") {
  Read r;
  r.sources.push_back(decode_source("input", bytes));
  const Dialect* dialect = as.empty() ? recognise(r.sources[0]) : find_dialect(as);
  if (!dialect) return r;
  r.dialect = dialect->name;
  dialect->interpret(r.sources, 0, r.site);
  return r;
}

std::string fixture(const std::string& name) { return testing::slurp(fixtures / "formats" / name); }

std::string value(const Record& record, std::string_view key) {
  const Setting* field = record.field(key);
  return field ? field->value.value : "(none)";
}

std::vector<std::string> reasons(const Read& r, Understanding u) {
  std::vector<std::string> out;
  for (const Statement& s : r.site.statements)
    if (s.understanding == u) out.push_back(std::to_string(r.sources[0].position(s.span.begin).line) + " " + s.reason);
  return out;
}
using Texts = std::vector<std::string>;

void check_sane(const Read& r) {
  std::size_t size = r.sources[0].text().size();
  auto inside = [&](SourceSpan s) { return s.begin <= s.end && s.end <= size; };
  bool ok = true;
  for (const Statement& s : r.site.statements)
    ok = ok && inside(s.span) && (s.understanding == Understanding::understood) == s.reason.empty();
  for (const Record& record : r.site.records)
    for (const Setting& s : record.fields) ok = ok && inside(s.value.span);
  for (const SourceSpan& s : r.site.secrets) ok = ok && inside(s);
  if (!ok) FAIL(r.sources[0].text());
}

// Everything an export says, without places.
std::string summary(const Site& site) {
  std::string out;
  for (const Host& h : site.hosts) {
    out += "host " + h.name + " " + (h.release ? h.release->value.text() : "?");
    for (const auto& a : h.addresses) out += " " + format_address(a.value);
    out += "\n";
  }
  for (const Record& r : site.records) {
    out += "record " + r.type + " " + r.id + "\n";
    for (const Setting& s : r.fields)
      out += "  " + s.path.text() + " " + s.key.text() + "=" + s.value.value + (s.secret ? " secret\n" : "\n");
  }
  return out;
}

// XML of a document's shape, as JSON: one element of a name is a value, several are a list.
std::string as_json(const Node& node) {
  auto quoted = [](const std::string& text) {
    std::string out = "\"";
    for (char c : text) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    return out + "\"";
  };
  if (node.children.empty() && node.attributes.empty()) return quoted(node.text);
  std::string out = "{";
  auto comma = [&] { return out.size() > 1 ? "," : ""; };
  for (const Attribute& a : node.attributes) out += comma() + quoted("@" + a.name) + ":" + quoted(a.value);
  if (!node.text.empty()) out += comma() + quoted("#text") + ":" + quoted(node.text);
  std::vector<std::string> done;
  for (const Node& c : node.children) {
    if (std::find(done.begin(), done.end(), c.name) != done.end()) continue;
    done.push_back(c.name);
    std::vector<std::string> alike;
    for (const Node& other : node.children)
      if (other.name == c.name) alike.push_back(as_json(other));
    out += comma() + quoted(c.name) + ":";
    if (alike.size() == 1) {
      out += alike[0];
    } else {
      out += "[";
      for (std::size_t i = 0; i < alike.size(); ++i) out += (i > 0 ? "," : "") + alike[i];
      out += "]";
    }
  }
  return out + "}";
}

}  // namespace

TEST_CASE("an export says the same in JSON as in XML", "[ipoffice]") {
  for (const char* name : {"system.xml", "users.xml", "screens.xml", "error.xml"}) {
    INFO(name);
    Sources sources{decode_source(name, fixture(std::string("ipoffice/") + name))};
    Document document = read_xml(sources, 0);
    Site xml;
    interpret_ipoffice(sources, 0, xml);
    Read json = read(as_json(document.root));
    CHECK(json.dialect == "ipoffice-json");
    check_sane(json);
    CHECK(summary(json.site) == summary(xml));
  }
}

TEST_CASE("JSON answers of the Management API", "[ipoffice]") {
  Read r = read(fixture("ipoffice-json/systems.json"));
  CHECK(r.dialect == "ipoffice-json");
  REQUIRE(r.site.hosts.size() == 1);
  CHECK(r.site.hosts[0].release->value.text() == "9.1.4.0.2");
  CHECK(r.sources[0].slice(r.site.hosts[0].addresses.at(0).span) == "10.20.30.1");
  CHECK(r.site.hosts[0].setting("lan1.address")->path == "System/LANS/LAN[LAN1]/IPAddress");

  r = read(fixture("ipoffice-json/users.json"));
  check_sane(r);
  REQUIRE(r.site.records.size() == 5);
  const Record& zoe = r.site.records[0];
  CHECK(zoe.id == "5a1f0000-0000-4000-8000-000000000301");
  CHECK(value(zoe, "user.full_name") == "Zo\xc3\xab Adler");
  CHECK(value(zoe, "user.package") == "4");
  CHECK(value(zoe, "user.remote_worker") == "true");
  CHECK(value(zoe, "user.voicemail_code").empty());
  CHECK(zoe.field("user.login_code")->secret);
  CHECK(r.site.hosts.at(0).name == "harbour-office");
  CHECK(r.site.records[3].type == "Extension");
  CHECK(value(r.site.records[4], "license.status") == "1");
  for (const Statement& s : r.site.statements) CHECK(r.sources[0].slice(s.span).find("830417") == std::string::npos);

  // Who logs in where: 342 has no phone of its own, NoUser is nobody.
  CHECK(r.site.records[2].is_special_user());
  CHECK_FALSE(zoe.is_special_user());
  auto hot = hot_desk_users(r.site);
  REQUIRE(hot.size() == 1);
  CHECK(value(*hot[0], "user.name") == "KBirk");

  r = read(fixture("ipoffice-json/error.json"));
  CHECK(reasons(r, Understanding::not_understood) == Texts{"1 the export is an error response: Session is not valid"});
}

TEST_CASE("other JSON is no export", "[ipoffice]") {
  for (const char* text :
       {"{}", "[]", "[1,2]", "{\"nftables\":[{\"metainfo\":{\"version\":\"1.0\"}}]}", "{\"response\":{\"data\":1}}",
        "{\"User\":{\"name\":\"x\"}}", "{\"a\":\"ws_object\"}", "{\"hook\":\"input\"}"}) {
    INFO(text);
    CHECK(recognises_ipoffice_json(decode_source("x", text)) == 0);
  }
}

TEST_CASE("JSON cut anywhere says so and keeps what came before", "[ipoffice]") {
  std::string whole = fixture("ipoffice-json/users.json");
  std::size_t end = whole.rfind('}');
  for (std::size_t cut = 1; cut < end; ++cut) {
    Read r = read(std::string_view(whole).substr(0, cut), "ipoffice-json");
    check_sane(r);
    if (reasons(r, Understanding::not_understood).empty()) FAIL("silent when cut at " << cut);
  }
  Read r = read(testing::slurp(fixtures / "malformed/truncated.json"));
  CHECK(r.dialect == "ipoffice-json");
  CHECK(value(r.site.records.at(0), "user.extension") == "201");
  CHECK(r.site.hosts.size() == 1);
}

TEST_CASE("46xxsettings: what each phone gets", "[phones]") {
  Read r = read(fixture("46xxsettings/46xxsettings.txt"));
  CHECK(r.dialect == "46xxsettings");
  check_sane(r);
  REQUIRE(r.site.records.size() == 1);
  const Record& record = r.site.records[0];
  CHECK(record.type == "46xxsettings");
  CHECK(value(record, "phone.http_server") == "10.20.30.1");
  CHECK_FALSE(record.field("phone.http_server")->conditional);
  CHECK(value(record, "phone.sip_controllers") == "10.20.30.1:5061;transport=tls");
  CHECK(record.field("phone.sip_controllers")->conditional);
  CHECK(record.field("phone.h323_gatekeepers")->conditional);
  CHECK(value(record, "phone.snmp_string") == "harbour-phones");
  CHECK(record.field("phone.snmp_string")->secret);
  CHECK(record.field("phone.craft_password")->secret);
  CHECK(value(record, "phone.snmp_addresses") == "10.20.30.99");
  CHECK(r.sources[0].slice(record.field("phone.snmp_string")->value.span) == "harbour-phones");
  CHECK(reasons(r, Understanding::not_understood).empty());
  CHECK(reasons(r, Understanding::ignored) == Texts{"21 no setting known for this name"});
}

TEST_CASE("46xxsettings: a file that an IP Office wrote names its release and address", "[phones]") {
  const std::string rest = "SET TLSSRVR 10.61.7.9\nSET DSCPAUD 46\nSET COUNTRY Sverige\n";
  Read r = read("## IPOFFICE/12.1.3.0.0 build 31 10.61.7.9 AUTOGENERATED\n" + rest);
  CHECK(r.dialect == "46xxsettings");
  check_sane(r);
  REQUIRE(r.site.hosts.size() == 1);
  CHECK(r.site.hosts[0].release->value.text() == "12.1.3.0.0");
  CHECK(r.sources[0].slice(r.site.hosts[0].addresses.at(0).span) == "10.61.7.9");
  CHECK(reasons(r, Understanding::ignored) ==
        Texts{"3 marks packets for their quality, filters none", "4 language, time and looks of the phone"});
  for (const char* head :
       {"## IPOFFICE/12.1 build 31 0.0.0.0 AUTOGENERATED\n", "## IPOFFICE/12.1 AUTOGENERATED\n", "## IPOFFICE/ AUTOGENERATED\n",
        "## 10.61.7.9 AUTOGENERATED\n", "# IPOFFICE/12.1 build 31 10.61.7.9 AUTOGENERATED\n"}) {
    INFO(head);
    CHECK(read(head + rest).site.hosts.empty());
  }
  // A password that no phone comes to is as secret on the line behind.
  r = read("GOTO X\nSET PROCPSWD\n\"61616\"\n# X\nSET TLSSRVR 10.61.7.9\n");
  CHECK(std::any_of(r.site.secrets.begin(), r.site.secrets.end(), [&](SourceSpan s) { return r.sources[0].slice(s) == "61616"; }));
}

TEST_CASE("46xxsettings: jumps, quotes, comments", "[phones]") {
  auto settings = [](const std::string& text) {
    Read r = read(text, "46xxsettings");
    check_sane(r);
    std::string out;
    for (const Setting& s : r.site.records.at(0).fields)
      out += s.path.text().substr(s.path.text().find('/') + 1) + "=" + s.value.value + (s.conditional ? "?" : "") + " ";
    return out;
  };
  CHECK(settings("SET A 1\nSET A 2\n") == "A=2 ");
  CHECK(settings("SET A 1\r\nset B 2\r\n  SET C \"x y\"  # words\r\n") == "A=1 C=x y ");
  CHECK(settings("GOTO X\nSET A 1\n# X\nSET B 2\n") == "B=2 ");
  CHECK(settings("IF $M SEQ 1 GOTO X\nSET A 1\n# X words\nSET B 2\n") == "A=1? B=2 ");
  CHECK(settings("IF $M SEQ \"a b\" GOTO X\nSET A 1\nGOTO Y\n# X\nSET A 2\n# Y\nSET B 3\n") == "A=1? A=2? B=3 ");
  CHECK(settings("# X\nSET A 1\nIF $M SEQ 1 GOTO X\nSET B 2\n") == "A=1 B=2? ");  // labels are looked for below
  CHECK(settings("SET A 1\nGET other.txt\nSET A 2\n") == "A=1 A=2? ");
  CHECK(settings("SET A \"\"\nSET B\n## SET C 1\n# SET C 1\n") == "A= B= ");
  CHECK(settings("GOTO NOWHERE\nSET A 1\n").empty());
  // As an IP Office writes them: a label behind two signs, where no other has its name, and a value on a line of its own.
  CHECK(settings("GOTO X\nSET A 1\n## X\nSET B 2\n") == "B=2 ");
  CHECK(settings("GOTO X\nSET A 1\n## X\nSET B 2\n# X\nSET C 3\n") == "C=3 ");
  CHECK(settings("GOTO X\nSET A 1\n## X words\nSET B 2\n").empty());
  CHECK(settings("SET A\n\"x,y\"\nSET B 2\n") == "A=x,y B=2 ");
  CHECK(settings("SET A \"\"\nSET B\n\n\"x\"\n") == "A= B= ");
  CHECK(settings("SET A 1\nIF $M GOTO X\nSET B 2\n# X\n") == "A=1 B=2? ");
  Read r = read(testing::slurp(fixtures / "malformed/46xxsettings.txt"));
  CHECK(r.dialect == "46xxsettings");
  CHECK(reasons(r, Understanding::not_understood) == Texts{"1 a quote without its end",
                                                           "3 no such label follows; what phones do then is not known",
                                                           "5 no line of a 46xxsettings file"});
  CHECK(reasons(r, Understanding::bounded).empty());
  REQUIRE(r.site.secrets.size() == 1);  // of a line no phone comes to
  CHECK(r.sources[0].slice(r.site.secrets[0]) == "public");
}

TEST_CASE("only settings files are taken for some", "[phones]") {
  auto sure = [](std::string_view text) { return recognises_phone_settings(decode_source("x", text)); };
  CHECK(sure("") == 0);
  CHECK(sure("set interfaces ethernet eth0 address dhcp\nset firewall name WAN default-action drop\n") == 0);
  CHECK(sure("*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n") == 0);
  CHECK(sure("SET NAMES utf8;\nSELECT 1;\nDROP TABLE x;\n") == 0);
  CHECK(sure("## only comments\n") == 0);
  CHECK(sure("SET HTTPSRVR 10.1.1.1\n") == 90);
}

TEST_CASE("TFTP lists are told apart by their shape", "[nasystem]") {
  Read r = read(fixture("nasystem/who_is"));
  CHECK(r.dialect == "nasystem");
  REQUIRE(r.site.hosts.size() == 1);
  CHECK(r.site.hosts[0].name == "harbour-office");
  CHECK(r.site.hosts[0].platform == "ip500v2");
  CHECK(r.site.hosts[0].release->value.text() == "9.1.4.0");
  CHECK(r.sources[0].slice(r.site.hosts[0].release->span) == "9.1.4.0");

  r = read(fixture("nasystem/user_list8"));
  CHECK(r.dialect == "nasystem");
  REQUIRE(r.site.records.size() == 3);
  CHECK(value(r.site.records[0], "user.full_name") == "Zo\xc3\xab Adler");
  CHECK(value(r.site.records[1], "user.full_name") == "Birk, Knut");
  CHECK(value(r.site.records[0], "user.extension") == "341");
  CHECK(r.site.records[2].is_special_user());

  r = read(fixture("nasystem/user_info3"));
  CHECK(value(r.site.records.at(0), "user.forward_number") == "0301555");
  CHECK(value(r.site.records[0], "user.twinned_mobile_number") == "0170555");
  r = read(fixture("nasystem/hunt_list"));
  CHECK(value(r.site.records.at(1), "hunt_group.mode") == "2");
  r = read(fixture("nasystem/dir_list"));
  CHECK(r.dialect == "nasystem");
  CHECK(value(r.site.records.at(0), "directory.entry.name") == "Harbour master");
  CHECK(r.site.records[0].fields.at(2).value.value == "M\xc3\xbcller GmbH");

  r = read(testing::slurp(fixtures / "malformed/hunt_list"));
  CHECK(r.dialect.empty());
  r = read(testing::slurp(fixtures / "malformed/hunt_list"), "nasystem");
  CHECK(reasons(r, Understanding::not_understood) == Texts{"2 does not fit the other lines of the list"});
  CHECK(r.site.records.size() == 2);
  CHECK(reasons(read("a,b,c\n", "nasystem"), Understanding::not_understood) == Texts{"1 a list whose columns are not known"});
  CHECK(read("a,b,c\n").dialect.empty());
  CHECK(read("order,action,zone\n1,accept,wan\n").dialect.empty());
}

TEST_CASE("two thousand mutations of what comes beside the XML") {
  std::mt19937 random(7);
  std::vector<std::string> seeds;
  for (const char* folder : {"ipoffice-json", "46xxsettings", "nasystem"})
    for (const auto& entry : fs::directory_iterator(fixtures / "formats" / folder)) seeds.push_back(testing::slurp(entry.path()));
  std::sort(seeds.begin(), seeds.end());
  for (int round = 0; round < 2000; ++round) {
    std::string text = seeds[random() % seeds.size()];
    for (unsigned n = 1 + static_cast<unsigned>(random() % 8); n > 0 && !text.empty(); --n) {
      std::size_t at = random() % text.size(), length = random() % 40;
      switch (random() % 4) {
        case 0:
          text[at] = static_cast<char>(random());
          break;
        case 1:
          text.erase(at, length);
          break;
        case 2:
          text.insert(at, text.substr(random() % text.size(), length));
          break;
        default:
          text.insert(at, 1, "{}[],:\"\\\n#\0"[random() % 11]);
      }
    }
    for (const char* dialect : {"ipoffice-json", "46xxsettings", "nasystem"}) check_sane(read(text, dialect));
    recognise(decode_source("x", text));
  }
}
