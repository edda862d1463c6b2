// What the Management API answers is read as its guide has it, and what it only seems to say is not concluded.
#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <set>

#include "parsers/ipoffice/settings.h"
#include "parsers/parsers.h"
#include "rules/pbx/incomplete.h"
#include "rules/pbx/sip_ports.h"
#include "tests/program.h"

using namespace ipo;
using namespace ipo::testing;
using Catch::Matchers::Contains;

namespace {

struct Read {
  Sources sources;
  Site site;
};

Read read(const std::string& text, const std::string& dialect) {
  Read r;
  r.sources.push_back(decode_source("export", text));
  const Dialect* d = find_dialect(dialect);
  REQUIRE(d);
  d->interpret(r.sources, 0, r.site);
  return r;
}

std::string fixture(const std::string& name) { return slurp(source_dir() / "fixtures/formats" / name); }

std::vector<std::string> reasons(const Site& site, Understanding u) {
  std::vector<std::string> out;
  for (const Statement& s : site.statements)
    if (s.understanding == u) out.push_back(s.reason);
  return out;
}

std::string value(const Host& host, const char* key) {
  const Setting* s = host.setting(key);
  return s ? s->value.value : "-";
}

const std::string no_setting = "no setting known for this element";

std::string users_of(const std::string& records, const std::string& attributes = "") {
  return "<response status=\"1\"><data" + attributes + ">" + records + "</data></response>";
}

}  // namespace

TEST_CASE("every documented element of a system is a setting or ignored with a reason", "[api]") {
  Read r = read(fixture("ipoffice/systems_12.xml"), "ipoffice");
  CHECK(reasons(r.site, Understanding::not_understood).empty());
  for (const std::string& why : reasons(r.site, Understanding::ignored)) CHECK(why != no_setting);
  REQUIRE(r.site.hosts.size() == 1);
  const Host& h = r.site.hosts[0];
  const std::pair<const char*, const char*> expected[] = {{"system.name", "lighthouse"},
                                                          {"lan1.mask", "255.255.254.0"},
                                                          {"lan1.dhcp.addresses", "25"},
                                                          {"lan1.dhcp.avaya_phones_only", "true"},
                                                          {"lan1.stun.server", "stun.beacon.example"},
                                                          {"lan1.binding_refresh", "45"},
                                                          {"lan1.public_address", "198.51.100.61"},
                                                          {"lan1.public_port.tls", "5071"},
                                                          {"lan1.behind_firewall", "true"},
                                                          {"lan1.h323.gatekeeper", "true"},
                                                          {"lan1.h323.remote_port", "1721"},
                                                          {"lan1.h323.remote_signalling_port", "1300"},
                                                          {"lan1.sip.fqdn", "pbx.beacon.example"},
                                                          {"lan1.sip.tls", "true"},
                                                          {"lan1.sip.remote_tls_port", "5071"},
                                                          {"lan1.rtp.min", "43000"},
                                                          {"lan1.rtp.nat_max", "46998"},
                                                          {"lan1.rtcp.collector", "10.61.7.200"},
                                                          {"lan1.firewall_profile", "Shore"},
                                                          {"license_server.enabled", "true"},
                                                          {"license_server.address", "10.61.7.80"},
                                                          {"license_server.url", "https://webm.beacon.example"}};
  for (auto [key, expect] : expected) {
    INFO(key);
    CHECK(value(h, key) == expect);
    CHECK(h.setting(key)->evidence == Evidence::documented);
  }
  const KnownSetting* mask = find_setting("lan2.mask");
  CHECK(mask->element == "System/LANS/LAN[LAN2]/IPMask");
  CHECK(mask->source == "Management API 12.2, p. 20");
}

TEST_CASE("the challenge expires after milliseconds", "[api]") {
  Read r = read(fixture("ipoffice/systems_12.xml"), "ipoffice");
  CHECK(value(r.site.hosts[0], "lan1.sip.challenge_expiry") == "25");
  CHECK(r.site.records[0].field("lan1.sip.challenge_expiry")->value.value == "25000");
}

TEST_CASE("a number whose meaning is not documented is shown and judges nothing", "[api]") {
  Read r = read(fixture("ipoffice/systems_12.xml"), "ipoffice");
  for (const char* key : {"lan1.nat_type", "lan1.dhcp.mode", "lan1.rip", "lan1.h323.tls", "lan1.rtp.keepalives"}) {
    INFO(key);
    CHECK(value(r.site.hosts[0], key) == "-");
    CHECK(r.site.records[0].field(key));
  }
  std::string off = fixture("ipoffice/systems_12.xml");
  off.replace(off.find("<H323SignalingOverTLS>2"), 23, "<H323SignalingOverTLS>0");
  CHECK(value(read(off, "ipoffice").site.hosts[0], "lan1.h323.tls") == "Disabled");
  off.replace(off.find("<ConnectivityType>3"), 19, "<ConnectivityType>Static Port Block");
  CHECK(value(read(off, "ipoffice").site.hosts[0], "lan1.nat_type") == "Static Port Block");
  Folder folder;
  CHECK(run_program("--only invalid-setting '" + folder.put("systems.xml", off) + "'").status == 0);
}

TEST_CASE("a LAN without an address says nothing", "[api]") {
  Read r = read(fixture("ipoffice/systems_12.xml"), "ipoffice");
  for (const Setting& s : r.site.hosts[0].settings) CHECK_FALSE(std::string_view(s.key.text()).starts_with("lan2."));
  CHECK(r.site.hosts[0].addresses.size() == 1);
}

TEST_CASE("SIP speaks what its switches say", "[api]") {
  std::string text = fixture("ipoffice/systems_12.xml");
  Read r = read(text, "ipoffice");
  const Host* h = &r.site.hosts[0];
  CHECK(speaks_only_tls(h));
  CHECK(tls_sip_ports(h) == IntervalSet::of(5068));
  CHECK(clear_sip_ports(h).empty());
  CHECK(sip_ports(h, proto_udp).empty());
  CHECK(sip_ports(h, proto_tcp) == IntervalSet::of(5068));
  text.replace(text.find("<SipTcpEnable>false"), 19, "<SipTcpEnable>true");
  text.replace(text.find("<SipTlsEnable>true"), 18, "<SipTlsEnable>false");
  r = read(text, "ipoffice");
  h = &r.site.hosts[0];
  CHECK_FALSE(speaks_only_tls(h));
  CHECK(tls_sip_ports(h).empty());
  CHECK(clear_sip_ports(h) == IntervalSet::of(5067));
  CHECK(sip_transport(*h, "lan1", "udp") == false);
  CHECK_FALSE(sip_transport(*h, "lan2", "udp"));
}

TEST_CASE("identities of the machine and buttons of phones are not printed", "[api]") {
  Folder folder;
  std::string text = run_program("inventory '" + folder.put("systems.xml", fixture("ipoffice/systems_12.xml")) + "'").out;
  CHECK(text.find("610000000061") == std::string::npos);
  CHECK(text.find("020000000061") == std::string::npos);
  CHECK_THAT(text, Contains("documented"));
  std::string user = users_of(
      "<ws_object><User GUID='a1'><Name>x</Name><DSSKeys><DSSKey Key='1'><Label>Dentist</Label><Data>07700900461</Data>"
      "</DSSKey><DSSKey Key='2'><Label>Dentist</Label><Data>07700900461</Data></DSSKey></DSSKeys></User></ws_object>");
  text = run_program("inventory --format json '" + folder.put("users.xml", user) + "'").out;
  CHECK(text.find("07700900461") == std::string::npos);
  CHECK(text.find("Dentist") == std::string::npos);
}

TEST_CASE("the template of all users is none", "[api]") {
  Folder folder;
  std::string users = users_of(
      "<ws_object><User "
      "GUID='7C0E0000000040008000000000000201'><Name>anna</Name><Extension>201</Extension><LoginCode>739205</LoginCode></User></"
      "ws_object>"
      "<ws_object><User "
      "GUID='7C0E00000000400080000000000002FF'><Name>NoUser</Name><Extension/><LoginCode/><SIPName>SIPDefault</SIPName>"
      "<AssignedPackage>8</AssignedPackage></User></ws_object>"
      "<ws_object><Extension "
      "GUID='7C0E0000000040008000000000000301'><Id>1</Id><Extension>201</Extension><TypeInfo>1</TypeInfo></Extension></ws_object>");
  CHECK(run_program("--only orphan-user --fail-on note '" + folder.put("users.xml", users) + "'").status == 0);
}

TEST_CASE("from forwarding that an answer does not carry nothing is concluded", "[api]") {
  Folder folder;
  std::string user =
      "<ws_object><User GUID='7C0E0000000040008000000000000202'><Name>bert</Name><Extension>202</Extension><LoginCode/>"
      "<FlareEnabled>false</FlareEnabled><ForwardUnconditional>false</ForwardUnconditional><TwinningType>0</TwinningType></User></"
      "ws_object>";
  std::string rest =
      "<ws_object><User "
      "GUID='7C0E0000000040008000000000000201'><Name>anna</Name><Extension>201</Extension><LoginCode>739205</LoginCode>"
      "</User></ws_object><ws_object><Extension GUID='7C0E0000000040008000000000000301'><Id>1</Id><Extension>201</Extension>"
      "<TypeInfo>1</TypeInfo></Extension></ws_object>";
  auto findings = [&](const std::string& text) {
    return nlohmann::json::parse(
        run_program("--format json --only orphan-user '" + folder.put("users.xml", text) + "'").out)["findings"];
  };
  auto found = findings(users_of(user + rest));
  REQUIRE(found.size() == 1);
  CHECK(found[0]["certainty"] == "possible");
  for (auto [field, other] : {std::pair("<TwinningType>0", "<TwinningType>2"), {"<FlareEnabled>false", "<FlareEnabled>true"}}) {
    std::string reached = user;
    reached.replace(reached.find(field), std::string(field).size(), other);
    CHECK(findings(users_of(reached + rest)).empty());
  }
}

TEST_CASE("every form of an error is said with its reason", "[api]") {
  auto errors = [](const std::string& text, const char* dialect = "ipoffice") {
    return reasons(read(text, dialect).site, Understanding::not_understood);
  };
  using Texts = std::vector<std::string>;
  const std::string start = "the export is an error response";
  CHECK(
      errors("<response status='0'><data><ws_object error_node='true'><SMAError><error><error_code>461:SessionTimeout</error_code>"
             "<error_desc>10.9.0.1</error_desc><cause/><errorLocation>10.9.0.1</errorLocation></error></SMAError></ws_object></"
             "data></response>") == Texts{start + ": 461:SessionTimeout, at 10.9.0.1"});
  CHECK(errors("<response status='0'><data><ws_object error_node='true'><HUNTGROUP><error><error_code>9022</error_code>"
               "<error_desc>\"taken\"</error_desc><cause>0</cause><errorLocation>10.9.0.1</errorLocation></"
               "error><error><error_code>15</error_code>"
               "</error></HUNTGROUP></ws_object><ws_object "
               "error_node='true'><REBOOT><error><errorLocation>10.9.0.1</errorLocation></error></REBOOT>"
               "</ws_object></data></response>") ==
        Texts{start + ": HUNTGROUP 9022: \"taken\", at 10.9.0.1", start + ": HUNTGROUP 15", start + ": REBOOT, at 10.9.0.1"});
  CHECK(errors("{\"response\":{\"-status\":\"0\",\"data\":{\"ws_object\":{\"@error_node\":\"true\",\"SHORTCODE\":{\"error\":"
               "{\"error_code\":\"6\",\"error_desc\":\"none\"}}}}}}",
               "ipoffice-json") == Texts{start + ": SHORTCODE 6: none"});
  CHECK(errors("<response status='0'><data><ws_object "
               "error_node='TRUE'><USER><error><error_code>15</error_code></error></USER></ws_object></data>"
               "</response>") == Texts{start + ": USER 15"});
  CHECK(errors("<response status='0'/>") == Texts{start + ", without a reason"});
  CHECK(errors("<response status='0'><data/></response>") == Texts{start + ", without a reason"});
  // Refused, and yet with data: both are kept.
  Read r =
      read("<response status='0'><data><ws_object><User GUID='1'><Name>a</Name></User></ws_object></data></response>", "ipoffice");
  CHECK(r.site.records.size() == 1);
  CHECK(reasons(r.site, Understanding::not_understood).size() == 1);
}

TEST_CASE("an error is a value beside its sentence", "[api]") {
  const std::string sma =
      "<ws_object error_node='true'><SMAError><error><error_code>461:SessionTimeout</error_code>"
      "<error_desc>10.9.0.1</error_desc></error></SMAError></ws_object>";
  Read r = read("<response status='0'><data>" + sma +
                    "<ws_object error_node='true'><USER><error><error_code>15</error_code><error_desc>none, at all"
                    "</error_desc></error></USER></ws_object></data></response>",
                "ipoffice");
  REQUIRE(r.site.export_errors.size() == 2);
  CHECK(r.site.export_errors[0].reason == "461:SessionTimeout");
  CHECK(r.site.export_errors[0].address == "10.9.0.1");
  CHECK(r.site.export_errors[0].of_system);
  CHECK(r.site.export_errors[1].reason == "USER 15: none, at all");
  CHECK(r.site.export_errors[1].address.empty());
  CHECK_FALSE(r.site.export_errors[1].of_system);
  CHECK(r.site.export_errors[1].message() == "the export is an error response: USER 15: none, at all");
  Read bare = read("<response status='0'><data/></response>", "ipoffice");
  REQUIRE(bare.site.export_errors.size() == 1);
  CHECK(bare.site.export_errors[0].message() == "the export is an error response, without a reason");
}

TEST_CASE("an answer without records is said to be one", "[api]") {
  auto said = [](const std::string& text, const char* dialect = "ipoffice") {
    Read r = read(text, dialect);
    return std::any_of(r.site.inferences.begin(), r.site.inferences.end(),
                       [](const Inference& i) { return i.message.starts_with("this answer holds no record"); });
  };
  for (const char* body : {"<data/>", "<data set='75' totalRecords='0'/>", "<data><ws_object/></data>"}) {
    INFO(body);
    CHECK(said(std::string("<response status='1'>") + body + "</response>"));
  }
  CHECK(said(R"({"response":{"@status":"1"}})", "ipoffice-json"));
  CHECK_FALSE(said("<response status='1'><data><ws_object><ModifiedEntities/></ws_object></data></response>"));
  Read error = read("<response status='0'><data/></response>", "ipoffice");
  CHECK(error.site.inferences.empty());
}

TEST_CASE("answers to changes are no records", "[api]") {
  for (const char* text :
       {"<response status='1'><data><ws_object><ModifiedEntities/></ws_object></data></response>",
        "<response status='1'><data><ws_object><reboot type='normal'/></ws_object></data></response>",
        "<response status='1'><data><ws_object><Warning><cause>a</cause></Warning></ws_object></data></response>",
        "<response status='1'><data><ws_object/></data></response>", "<response status='1'><data/></response>",
        "<response status='1'/>"}) {
    INFO(text);
    Read r = read(text, "ipoffice");
    CHECK(r.site.records.empty());
    CHECK(reasons(r.site, Understanding::not_understood).empty());
  }
}

TEST_CASE("one record or several, @ or -, JSON says the same", "[api]") {
  for (
      const char* text :
      {R"({"response":{"@status":"1","data":{"@totalRecords":"1","ws_object":{"User":{"@GUID":"AB01","Name":"a","Extension":301}}}}})",
       R"({"response":{"-status":"1","data":{"-totalRecords":1,"ws_object":[{"User":{"-GUID":"AB01","Name":"a","Extension":301}}]}}})",
       R"({"combinedresponse":{"@status":"1","data":[{"@totalRecords":"1","ws_object":[{"User":{"@GUID":"AB01","Name":"a","Extension":301}}]}]}})"}) {
    INFO(text);
    Sources sources{decode_source("export", text)};
    CHECK(recognise(sources[0]) == find_dialect("ipoffice-json"));
    Read r = read(text, "ipoffice-json");
    REQUIRE(r.site.records.size() == 1);
    CHECK(r.site.records[0].id == "AB01");
    CHECK(r.site.records[0].field("user.extension")->bare_number);
    REQUIRE(r.site.lists.size() == 1);
    CHECK(r.site.lists[0].type == "User");
    CHECK(r.site.lists[0].announced == 1u);
    CHECK(r.site.lists[0].present == 1);
    CHECK(is_whole(r.site, "User"));
  }
}

TEST_CASE("codes that lost their zeros are not taken for short or guessed ones", "[api]") {
  Folder folder;
  auto checks = [&](const std::string& code) {
    std::string json =
        "{\"response\":{\"@status\":\"1\",\"data\":{\"ws_object\":[{\"System\":{\"Name\":\"pier\",\"Telephony\":{"
        "\"MinimumCodeLength\":4}}},{\"User\":{\"@GUID\":\"AB01\",\"Name\":\"anna\",\"Extension\":301,"
        "\"LoginCode\":" +
        code + "}}]}}}";
    std::string file = folder.put("users.json", json);
    std::set<std::string> out;
    const nlohmann::json report = nlohmann::json::parse(run_program("--format json '" + file + "'").out);
    for (const auto& f : report["findings"]) out.insert(f["check"]);
    return out;
  };
  CHECK(checks("0").contains("default-password"));    // 0000
  CHECK(checks("123").contains("default-password"));  // 0123
  CHECK(checks("301").contains("default-password"));  // 0301 or 301, his number 301 or 0301
  for (const char* code : {"7", "11", "74"}) CHECK_FALSE(checks(code).contains("default-password"));
  CHECK_FALSE(checks("74").contains("short-login-code"));
  CHECK(checks("\"74\"").contains("short-login-code"));
}

TEST_CASE("totalRecords that is no number is said", "[api]") {
  for (const char* total : {"x", "-1", "", "4294967296", "1.5"}) {
    INFO(total);
    Read r =
        read(users_of("<ws_object><User GUID='1'><Name>a</Name></User></ws_object>", std::string(" totalRecords='") + total + "'"),
             "ipoffice");
    CHECK(reasons(r.site, Understanding::not_understood) ==
          std::vector<std::string>{"totalRecords is '" + std::string(total) + "', which is no count of records"});
    CHECK(r.site.lists.empty());
  }
}

TEST_CASE("GUIDs are compared without hyphens, braces and case", "[api]") {
  CHECK(plain_guid("{7C0E0000-0000-4000-8000-0000000002A1}") == plain_guid("7c0e00000000400080000000000002a1"));
}

TEST_CASE("an answer that is cut anywhere is read up to there", "[api]") {
  std::string xml = fixture("ipoffice/systems_12.xml");
  const std::string json =
      R"({"response":{"@status":"1","data":{"@set":"75","@totalRecords":"2","ws_object":[{"User":{"@GUID":"AB01","Name":"anna",)"
      R"("Extension":301,"LoginCode":4711,"RemoteWorker":true,"DSSKeys":{"DSSKey":{"@Key":"1","Data":"07700900461"}}}},)"
      R"({"User":{"-GUID":"AB02","Name":"bert","Extension":302}}]}}})";
  for (const auto& [text, dialect] : {std::pair(xml, "ipoffice"), std::pair(json, "ipoffice-json")})
    for (std::size_t n = 0; n < text.size(); ++n) {
      Read r = read(text.substr(0, n), dialect);
      bool ok = true;
      auto inside = [&](SourceSpan s) { return s.begin <= s.end && s.end <= n; };
      for (const Statement& s : r.site.statements) ok = ok && inside(s.span);
      for (const Record& record : r.site.records)
        for (const Setting& s : record.fields) ok = ok && inside(s.value.span);
      for (const ExportList& list : r.site.lists) ok = ok && inside(list.span) && inside(list.whole);
      if (!ok) FAIL(text.substr(0, n));
      // A number that was cut is not the number.
      bool said = !reasons(r.site, Understanding::not_understood).empty() || n < 2 ||
                  text.substr(0, n).find_first_not_of(" \n\r\t") == std::string::npos;
      if (!said && !r.site.records.empty() && text[n - 1] != '>' && text[n - 1] != '}') FAIL(text.substr(0, n));
    }
}

TEST_CASE("what does not belong there is read for what it is", "[api]") {
  // A user within a system is no user.
  Read r = read(users_of("<ws_object><System><Name>pier</Name><User GUID='AB01'><Name>anna</Name></User></System></ws_object>"),
                "ipoffice");
  CHECK(r.site.records.size() == 1);
  // Wrong types, values out of range and unknown codes are findings or nothing, and never a crash.
  Folder folder;
  for (const char* value : {"true", "-1", "99999999999999999999", "x", "", "4294967295", "0x10", "1e3"}) {
    std::string text = fixture("ipoffice/systems_12.xml");
    for (const char* element :
         {"RtpPortMin", "TlsPort", "SipTlsEnable", "H323SignalingOverTLS", "ConnectivityType", "ChallengeExpiryTime",
          "MajorVersion", "dhcp_address_number", "LicenseServerPort", "PublicPortTls"}) {
      std::string tag = std::string("<") + element + ">";
      std::size_t at = text.find(tag) + tag.size();
      text.replace(at, text.find('<', at) - at, value);
    }
    INFO(value);
    int status = run_program("'" + folder.put("systems.xml", text) + "'").status;
    CHECK((status == 0 || status == 1));
  }
  // Two systems with one address, and a record twice.
  std::string twice = fixture("ipoffice/systems_12.xml");
  std::size_t begin = twice.find("<ws_object>"), end = twice.find("</ws_object>") + 12;
  twice.insert(end, twice.substr(begin, end - begin));
  CHECK(run_program("'" + folder.put("systems.xml", twice) + "'").status >= 0);
}

TEST_CASE("a file with nothing but an error makes the report incomplete, one with records beside it does not", "[api]") {
  Folder folder;
  const std::string error =
      "<data><ws_object error_node='true'><SMAError><error><error_code>461:SessionTimeout</error_code>"
      "<error_desc>10.11.0.2</error_desc><errorLocation>10.11.0.2</errorLocation></error></SMAError></ws_object></data>";
  auto report = [&](const std::string& name, const std::string& text, int status) {
    auto ran = run_program("--format json --fail-on error '" + folder.put(name, text) + "'");
    CHECK(ran.status == status);
    return nlohmann::json::parse(ran.out);
  };
  auto alone = report("users.xml", "<response status='0'>" + error + "</response>", 3);
  CHECK(alone["complete"] == false);
  REQUIRE(alone["problems"].size() == 1);
  CHECK(alone["problems"][0]["message"] == "the export is an error response: 461:SessionTimeout, at 10.11.0.2");
  CHECK(alone["findings"].empty());  // it is said once
  auto twice = report(
      "users.json",
      R"({"response":{"@status":"0","data":{"ws_object":{"@error_node":"true","USER":{"error":[{"error_code":"15"},{"error_code":"9020","error_desc":"taken"}]}}}}})",
      3);
  CHECK(twice["problems"][0]["message"] == "the export is an error response: USER 15; USER 9020: taken");
  CHECK(twice["findings"].empty());
  auto refused = report(
      "users.xml",
      "<response status='1'><data><ws_object><User GUID='7C0E0000000040008000000000000201'><Name>anna</Name></User></ws_object>"
      "<ws_object error_node='true'><USER><error><error_code>15</error_code></error></USER></ws_object></data></response>",
      0);
  REQUIRE(refused["findings"].size() == 1);
  CHECK(refused["findings"][0]["check"] == "not-understood");
  auto beside =
      report("users.xml",
             "<combinedresponse status='0'><data><ws_object><User GUID='7C0E0000000040008000000000000201'><Name>anna</Name>"
             "</User></ws_object></data>" +
                 error + "</combinedresponse>",
             0);
  CHECK(beside["complete"] == true);
  REQUIRE(beside["findings"].size() == 1);
  CHECK(beside["findings"][0]["check"] == "incomplete-export");
  CHECK(beside["findings"][0]["message"] ==
        "10.11.0.2 answered with an error, 461:SessionTimeout: what it holds is not in this export");
}
