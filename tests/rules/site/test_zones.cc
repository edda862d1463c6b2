// Where interfaces and sources land, as zones prints it.
#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "linter/command_line.h"
#include "linter/commands/landing.h"
#include "linter/commands/zones.h"
#include "tests/program.h"

using namespace ipo;
using namespace ipo::testing;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

struct Shown {
  int status = -1;
  std::string out, err;
};

Shown zones(const SiteQuestion& question, const std::string& format) {
  std::istringstream in;
  std::ostringstream out, err;
  Shown shown;
  shown.status = run_zones({question, format}, in, out, err);
  shown.out = out.str(), shown.err = err.str();
  return shown;
}

// The dump alone, or with a site file.
json zones_of(const std::string& dump, const std::string& site_file = "") {
  Folder folder;
  SiteQuestion question;
  question.inputs = {folder.put("fw.rules", dump)};
  if (!site_file.empty()) folder.put("ipo-lint.toml", site_file);
  Shown shown = zones(question, "json");
  INFO(shown.err);
  CHECK(shown.status == 0);
  return json::parse(shown.out);
}

std::string text_of(const json& value) { return value.is_null() ? "-" : value.get<std::string>(); }

// "eth0 internet", in order.
std::vector<std::string> interfaces_of(const json& firewall) {
  std::vector<std::string> out;
  for (const json& i : firewall["interfaces"]) out.push_back(text_of(i["interface"]) + " " + text_of(i["zone"]));
  return out;
}

// "198.51.100.0/28 eth0 internet", with ": why" where there is one.
std::vector<std::string> sources_of(const json& firewall) {
  std::vector<std::string> out;
  for (const json& s : firewall["sources"]) {
    std::string why = s["why"];
    out.push_back(text_of(s["source"]) + " " + text_of(s["interface"]) + " " + text_of(s["zone"]) +
                  (why.empty() ? "" : ": " + why));
  }
  return out;
}

using Lines = std::vector<std::string>;

const std::string router =
    "*nat\n:POSTROUTING ACCEPT [0:0]\n-A POSTROUTING -o eth0 -j MASQUERADE\nCOMMIT\n"
    "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"
    "-A INPUT -i lo -j ACCEPT\n"
    "-A FORWARD -i wg+ -s 10.9.0.0/24 -j ACCEPT\n"
    "-A FORWARD -i eth0 -s 198.51.100.0/24 -d 192.168.42.1 -p udp --dport 5060 -j ACCEPT\n"
    "-A FORWARD -i eth1 -s 192.168.42.0/24 -j ACCEPT\n"
    "COMMIT\n";

}  // namespace

TEST_CASE("zones: interfaces with their reasons and places") {
  json all = zones_of(router);
  REQUIRE(all["firewalls"].size() == 1);
  const json& fw = all["firewalls"][0];
  CHECK(fw["role"] == "perimeter");
  CHECK(fw["families"] == json::array({"ipv4"}));
  CHECK(interfaces_of(fw) == Lines{"eth0 internet", "eth1 -", "wg+ -", "lo -", "+ -"});
  CHECK(fw["interfaces"][0]["why"] == "source addresses are translated on the way out of it");
  CHECK(fw["interfaces"][0]["line"] == 3);
  CHECK_THAT(fw["interfaces"][0]["file"].get<std::string>(), Catch::Matchers::EndsWith("/fw.rules"));
  CHECK(fw["interfaces"][1]["why"] == "no zone claims it");
  CHECK(fw["interfaces"][1]["line"] == 12);
  CHECK(fw["interfaces"][2]["why"] == "tunnel or container: not the internet");
  CHECK(fw["interfaces"][3]["why"] == "loopback");
  CHECK(fw["interfaces"][4]["line"].is_null());
  CHECK(sources_of(fw) == Lines{"10.9.0.0/24 eth0 internet: private, but can be spoofed there", "10.9.0.0/24 eth1 -",
                                "10.9.0.0/24 lo -", "10.9.0.0/24 wg+ -", "10.9.0.0/24 + -",
                                "192.168.42.0/24 eth0 internet: private, but can be spoofed there", "192.168.42.0/24 eth1 -",
                                "192.168.42.0/24 lo -", "192.168.42.0/24 wg+ -", "192.168.42.0/24 + -",
                                "198.51.100.0/24 eth0 internet", "198.51.100.0/24 eth1 -", "198.51.100.0/24 lo -",
                                "198.51.100.0/24 wg+ -", "198.51.100.0/24 + -"});
}

TEST_CASE("zones: declared zones claim, and split sources") {
  json all = zones_of(router,
                      "[zones.internet]\ninterfaces = [\"eth0\"]\n[zones.itsp]\nsources = [\"198.51.100.0/28\"]\n"
                      "[zones.users]\ninterfaces = [\"eth1\"]\n");
  const json& fw = all["firewalls"][0];
  CHECK(interfaces_of(fw) == Lines{"eth0 internet", "eth1 users", "wg+ -", "lo -", "+ -"});
  CHECK(fw["interfaces"][0]["why"] == "declared");
  CHECK_THAT(fw["interfaces"][1]["file"].get<std::string>(), Catch::Matchers::EndsWith("/ipo-lint.toml"));
  CHECK(fw["interfaces"][1]["line"] == 6);
  Lines sources = sources_of(fw);
  auto has = [&](const char* line) { return std::find(sources.begin(), sources.end(), line) != sources.end(); };
  // Public sources arrive from outside only.
  CHECK(has("198.51.100.0/28 eth0 itsp"));
  CHECK(has("198.51.100.0/28 lo -"));
  CHECK(has("198.51.100.0/24 eth0 internet: only a part of it"));
  CHECK(has("198.51.100.0/24 eth0 itsp: only a part of it"));
  CHECK(has("198.51.100.0/24 eth1 users"));
  CHECK(has("192.168.42.0/24 eth1 users"));
}

TEST_CASE("zones: a private zone claims nothing on an internet interface") {
  json all = zones_of(router, "[zones.users]\nsources = [\"192.168.42.0/24\"]\n");
  Lines sources = sources_of(all["firewalls"][0]);
  auto has = [&](const char* line) { return std::find(sources.begin(), sources.end(), line) != sources.end(); };
  CHECK(has("192.168.42.0/24 eth0 internet: private, but can be spoofed there"));
  CHECK(has("192.168.42.0/24 eth1 users"));
  // A rule ties the network to eth1, so it is behind no other interface.
  CHECK(has("192.168.42.0/24 + -"));
}

TEST_CASE("zones: an unknown internet is said to be everywhere, for routable sources") {
  json all = zones_of(
      "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"
      "-A INPUT -i eth5 -s 10.0.0.0/8 -j ACCEPT\n-A INPUT -i docker0 -s 198.51.100.7 -j ACCEPT\n-A INPUT -s 0.0.0.0/0 "
      "-j DROP\nCOMMIT\n");
  const json& fw = all["firewalls"][0];
  CHECK(fw["role"] == "host");
  CHECK(interfaces_of(fw) == Lines{"eth5 internet", "docker0 -", "lo -", "+ internet"});
  CHECK(fw["interfaces"][0]["why"] == "not known which leads there: globally routable sources only");
  CHECK(sources_of(fw) == Lines{"10.0.0.0/8 - -", "198.51.100.7 eth5 internet", "198.51.100.7 + internet", "198.51.100.7 docker0 -",
                                "198.51.100.7 lo -"});
}

TEST_CASE("zones: the path says where a firewall stands") {
  Folder folder;
  SiteQuestion question;
  std::string host =
      "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -i eth0 -p udp --dport 69 -j "
      "ACCEPT\nCOMMIT\n";
  question.inputs = {folder.put("edge.rules", router), folder.put("pbx.rules", host)};
  CHECK_THAT(zones(question, "text").out, Contains("judged by itself: no roles are declared"));
  folder.put("ipo-lint.toml",
             "[pbx]\naddresses = [\"192.168.42.1\"]\n[[firewall]]\nname = \"edge\"\nfiles = [\"edge.rules\"]\nrole = "
             "\"perimeter\"\n"
             "[[firewall]]\nname = \"own\"\nfiles = [\"pbx.rules\"]\nrole = \"host\"\n");
  Shown shown = zones(question, "text");
  CHECK(shown.status == 0);
  CHECK_THAT(shown.out, Contains("edge: perimeter firewall, IPv4\n  its role is declared\n  stands before own\n"));
  CHECK_THAT(shown.out, Contains("own: host firewall, IPv4\n  its role is declared\n  stands behind edge\n"));
}

TEST_CASE("zones: text is short, json complete") {
  std::string dump = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n";
  for (int i = 1; i <= 100; ++i) dump += "-A INPUT -s 198.51.100." + std::to_string(2 * i) + " -p udp --dport 5060 -j ACCEPT\n";
  dump += "COMMIT\n";
  Folder folder;
  SiteQuestion question;
  question.inputs = {folder.put("fw.rules", dump)};
  Shown shown = zones(question, "text");
  CHECK_THAT(shown.out, Contains("198.51.100.40 ") && !Contains("198.51.100.42 ") &&
                            Contains("and 80 more sources; --format json lists them\n"));
  std::set<std::string> sources;
  json all = zones_of(dump);
  for (const json& s : all["firewalls"][0]["sources"]) sources.insert(s["source"].get<std::string>());
  CHECK(sources.size() == 100);
  CHECK(zones(question, "text").out == shown.out);
}

TEST_CASE("zones: no firewall, several sites, wrong words") {
  Folder folder;
  SiteQuestion question;
  question.inputs = {folder.put(
      "config.xml", "<response status=\"1\"><data><ws_object><System><Name>a</Name></System></ws_object></data></response>")};
  Shown shown = zones(question, "text");
  CHECK(shown.status == 0);
  CHECK_THAT(shown.out, Contains("no firewall among the inputs"));
  question.inputs = {folder.put("a/fw.rules", router), folder.put("b/fw.rules", router)};
  folder.put("a/ipo-lint.toml", "");
  folder.put("b/ipo-lint.toml", "");
  CHECK(zones(question, "text").status == 2);
  CHECK(std::get<Message>(parse_command_line({"zones"})).status == 2);
  CHECK(std::get<Message>(parse_command_line({"zones", "x", "--format", "sarif"})).status == 2);
  CHECK(std::get<ZonesCommand>(parse_command_line({"zones", "x", "--format", "json", "ipo-lint.toml"})).site.config ==
        "ipo-lint.toml");
  InitCommand init = std::get<InitCommand>(parse_command_line({"init", "x", "--force", "-o", "-", "--pbx", "192.0.2.1"}));
  CHECK(init.force);
  CHECK(init.output == "-");
  CHECK(init.site.options.pbx.size() == 1);
  CHECK(std::get<Message>(parse_command_line({"init"})).status == 2);
}
