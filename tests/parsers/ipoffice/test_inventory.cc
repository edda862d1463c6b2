// What `inventory` says of an input, in its three formats.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

#include "linter/commands/commands.h"

using namespace ipo;
using Catch::Matchers::Contains;
using Json = nlohmann::ordered_json;

namespace {

std::string inventory_of(const std::string& text, const std::string& format, int status = 0) {
  std::istringstream in(text);
  std::ostringstream out, err;
  CHECK(run_inventory({{"-"}, "", format, 80}, in, out, err) == status);
  return out.str();
}

const std::string dump =
    "# a comment\n"
    "*filter\n"
    ":INPUT DROP [0:0]\n"
    ":FORWARD DROP [0:0]\n"
    "-A INPUT -p udp --dport 69 -j ACCEPT\n"
    "-A INPUT -m limit --limit 3/min -j ACCEPT\n"
    "  -A INPUT -p udp --frobnicate 7 --password hunter2 -j DROP\n"
    "-A INPUT -m mac --mac-source 00:1B:4F:AA:BB:CC -j ACCEPT\n"
    "COMMIT\n";

const std::string system_export =
    "<response status=\"1\"><data><ws_object><System GUID=\"g-1\"><Name>office</Name><Unheard>x</Unheard>"
    "<SNMP><Community>hunter2</Community></SNMP></System></ws_object></data></response>";

}  // namespace

TEST_CASE("inventory counts every statement once") {
  CHECK(inventory_of(dump, "counts") == "1 2 0 1\n");
  Json json = Json::parse(inventory_of(dump, "json"));
  std::string keys;
  for (const auto& [key, value] : json.items()) keys += key + ' ';
  CHECK(keys == "file format statements items settings ");
  CHECK(json["file"] == "-");
  CHECK(json["format"] == "iptables");
  CHECK(json["statements"].dump() == R"({"understood":1,"bounded":2,"ignored":0,"not_understood":1})");
  REQUIRE(json["items"].size() == 4);
  CHECK(json["items"][0].dump() ==
        R"({"line":5,"column":1,"status":"understood","reason":"","text":"-A INPUT -p udp --dport 69 -j ACCEPT"})");
  CHECK(json["items"][1]["status"] == "bounded");
  CHECK(json["items"][1]["reason"] == "depends on the rate of packets");
  CHECK(json["items"][2]["line"] == 7);
  CHECK(json["items"][2]["column"] == 3);
  CHECK(json["items"][2]["status"] == "not_understood");
  CHECK(json["settings"].empty());
}

TEST_CASE("inventory shows the lines that were not understood, by reason") {
  std::string text = inventory_of(dump, "text");
  CHECK_THAT(text, Catch::StartsWith("<stdin>: iptables-save, 4 statements: 1 understood, 2 bounded, 0 ignored, 1 not "
                                     "understood\n"));
  CHECK_THAT(text, Contains("\n  depends on the rate of packets (1)\n    6 | -A INPUT -m limit --limit 3/min -j ACCEPT\n"));
  CHECK_THAT(text, Contains("    7 | -A INPUT -p udp --frobnicate 7 --password ***"));
  std::string many = "*filter\n:INPUT DROP [0:0]\n";
  for (int i = 0; i < 20; ++i) many += "-A INPUT -m limit -j ACCEPT\n";
  text = inventory_of(many + "COMMIT\n", "text");
  CHECK_THAT(text, Contains("(20)") && Contains("and 15 more"));
}

TEST_CASE("inventory lists the settings of an export, without its secrets") {
  Json json = Json::parse(inventory_of(system_export, "json"));
  CHECK(json["format"] == "ipoffice");
  Json settings = json["settings"];
  REQUIRE(settings.size() == 4);
  std::string keys;
  for (const auto& [key, value] : settings[1].items()) keys += key + ' ';
  CHECK(keys == "path key value evidence line column ");
  CHECK(settings[1]["path"] == "System/Name");
  CHECK(settings[1]["value"] == "office");
  CHECK(settings[2]["key"].is_null());
  CHECK(settings[3]["value"] == "***");
  for (const char* format : {"json", "text"}) CHECK(inventory_of(system_export, format).find("hunter2") == std::string::npos);
  CHECK(inventory_of(dump, "json").find("hunter2") == std::string::npos);
  CHECK_THAT(inventory_of(system_export, "text"), Contains("settings of System g-1\n") && Contains("system.name") &&
                                                      Contains("1 value under 1 path is no setting that is known"));
}

TEST_CASE("inventory tells what a value in other units, or a code, says") {
  const std::string systems =
      "<response status='1'><data><ws_object><System><Name>office</Name><LANS><LAN "
      "id='LAN1'><IPAddress>10.9.0.1</IPAddress><DHCPmode>4</DHCPmode>"
      "<VoipGatekeeper><ChallengeExpiryTime>25000</ChallengeExpiryTime><H323SignalingOverTLS>0</"
      "H323SignalingOverTLS><TlsPort>5061</TlsPort>"
      "</VoipGatekeeper></LAN></LANS></System></ws_object></data></response>";
  Json settings = Json::parse(inventory_of(systems, "json"))["settings"];
  auto means = [&](const std::string& key) {
    for (const Json& s : settings)
      if (s["key"] == key) return s.contains("means") ? s["means"].dump() : "-";
    return std::string("no such key");
  };
  CHECK(means("lan1.sip.challenge_expiry") == "\"25\"");
  CHECK(means("lan1.h323.tls") == "\"Disabled\"");
  CHECK(means("lan1.dhcp.mode") == "null");
  CHECK(means("lan1.sip.tls_port") == "-");
  std::string text = inventory_of(systems, "text");
  CHECK_THAT(text, Contains(" 25000 = 25 seconds\n"));
  CHECK_THAT(text, Contains(" 0 = Disabled\n"));
  CHECK_THAT(text, Contains(" 4 (what that means is not documented)\n"));
}

TEST_CASE("inventory shows who made a file for phones") {
  const std::string file = "## IPOFFICE/12.1.3.0.0 build 31 10.61.7.9 AUTOGENERATED\nSET TLSPORT 411\n";
  std::string text = inventory_of(file, "text");
  CHECK_THAT(text, Contains("phone.made_by.release"));
  CHECK_THAT(text, Contains("12.1.3.0.0\n"));
  CHECK_THAT(text, Contains("phone.made_by.address"));
  CHECK(inventory_of(file, "counts") == "1 0 0 0\n");  // the line is a comment all the same
}

TEST_CASE("inventory of what cannot be used prints nothing") {
  for (const char* format : {"text", "json", "counts"}) {
    CHECK(inventory_of("", format, 3).empty());
    CHECK(inventory_of("neither this nor that\n", format, 3).empty());
  }
}
