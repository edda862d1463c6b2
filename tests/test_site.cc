// What is concluded about a site, and why: one small dump per rung of each ladder.
#include <catch2/catch.hpp>

#include "linter/report.h"
#include "parsers/parsers.h"
#include "rules/site.h"
#include "tests/cases.h"
#include "tests/sarif_rules.h"

using namespace ipo;

namespace {

struct Surveyed {
  Sources sources;
  Site site;
  std::vector<Standing> standings;

  explicit Surveyed(const std::string& text, SiteOptions options = {}) {
    sources.push_back(decode_source("fw.rules", text));
    find_dialect("iptables")->interpret(sources, 0, site);
    standings = survey(site, sources, builtin_matrix(), options);
  }
  std::string internet() const {
    std::string out;
    for (const InterfaceTest& i : standings.at(0).internet) out += (out.empty() ? "" : " ") + i.name + (i.prefix ? "+" : "");
    return out;
  }
  std::string pbx() const {
    std::string out;
    for (const Host& host : site.hosts)
      for (const auto& a : host.addresses) out += (out.empty() ? "" : " ") + format_address(a.value);
    return out;
  }
  std::uint32_t line_of(const std::string& part) const {
    for (const Inference& i : site.inferences)
      if (i.message.find(part) != i.message.npos) return sources[0].position(i.span.begin).line;
    return 0;
  }
};

std::string nat(const std::string& rules) { return "*nat\n:PREROUTING ACCEPT\n:POSTROUTING ACCEPT\n" + rules + "COMMIT\n"; }
std::string filter(const std::string& rules) { return "*filter\n:INPUT DROP\n:FORWARD DROP\n:OUTPUT ACCEPT\n" + rules + "COMMIT\n"; }

}  // namespace

TEST_CASE("the internet: the first rung that answers, with its line") {
  SECTION("named by the user, whatever the rules say") {
    Surveyed s(nat("-A POSTROUTING -o eth0 -j MASQUERADE\n"), {{"eth7", "ppp+"}, {}});
    CHECK(s.internet() == "eth7 ppp+");
  }
  SECTION("masqueraded behind") {
    Surveyed s(nat("-A PREROUTING -i eth5 -p udp --dport 5060 -j DNAT --to 10.0.0.1\n-A POSTROUTING -o eth0 -j MASQUERADE\n"));
    CHECK(s.internet() == "eth0");
    CHECK(s.line_of("internet is eth0") == 5);
  }
  SECTION("two uplinks") {
    Surveyed s(nat("-A POSTROUTING -o eth0 -j MASQUERADE\n-A POSTROUTING -o wwan0 -j SNAT --to-source 198.51.100.2\n"));
    CHECK(s.internet() == "eth0 wwan0");
  }
  SECTION("the interface on the jump, the translation in the chain") {
    Surveyed s("*nat\n:POSTROUTING ACCEPT\n:eth1_masq -\n-A POSTROUTING -o eth1 -j eth1_masq\n"
               "-A eth1_masq -s 192.168.0.0/16 -j MASQUERADE\nCOMMIT\n");
    CHECK(s.internet() == "eth1");
  }
  SECTION("bridges, containers and VPNs are masqueraded too, but are no internet") {
    for (const char* name : {"docker0", "br0", "virbr0", "tun0", "wg0", "tap1", "lxcbr0"}) {
      Surveyed s(nat(std::string("-A POSTROUTING -o ") + name + " -j MASQUERADE\n"));
      INFO(name);
      CHECK(s.internet().empty());
    }
  }
  SECTION("hairpin: masquerading toward private addresses says nothing") {
    Surveyed s(nat("-A POSTROUTING -d 192.168.42.0/24 -o eth1 -j MASQUERADE\n"));
    CHECK(s.internet().empty());
  }
  SECTION("docker's own masquerading names no interface") {
    Surveyed s(nat("-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE\n"));
    CHECK(s.internet().empty());
  }
  SECTION("ports forwarded from") {
    Surveyed s(nat("-A PREROUTING -i eth3 -p udp --dport 5060 -j DNAT --to 10.0.0.1\n"));
    CHECK(s.internet() == "eth3");
  }
  SECTION("named like an uplink") {
    Surveyed s(filter("-A INPUT -i ppp0 -p tcp --dport 22 -j ACCEPT\n-A INPUT -i eth0 -j ACCEPT\n"));
    CHECK(s.internet() == "ppp0");
  }
  SECTION("never by the name eth0") {
    Surveyed s(filter("-A INPUT -i eth0 -p tcp --dport 22 -j ACCEPT\n"));
    CHECK(s.internet().empty());
    CHECK(s.line_of("not known") == 1);
  }
}

TEST_CASE("roles: a host translates nothing and forwards nothing") {
  CHECK(Surveyed(filter("-A INPUT -i lo -j ACCEPT\n")).standings[0].role == Role::host);
  CHECK(Surveyed("*filter\n:INPUT DROP\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\nCOMMIT\n").standings[0].role == Role::host);
  CHECK(Surveyed(filter("-A FORWARD -i eth0 -j ACCEPT\n")).standings[0].role == Role::perimeter);
  CHECK(Surveyed(filter("-A FORWARD -i eth0 -j DROP\n")).standings[0].role == Role::host);
  CHECK(Surveyed(filter("") + nat("-A POSTROUTING -o eth0 -j MASQUERADE\n")).standings[0].role == Role::perimeter);
}

TEST_CASE("the PBX: told, else where the telephony port forwards lead") {
  std::string rules = nat("-A PREROUTING -i eth0 -p tcp --dport 80 -j DNAT --to 192.168.1.80\n"
                          "-A PREROUTING -i eth0 -p udp --dport 5060 -j DNAT --to 192.168.42.1\n");
  CHECK(Surveyed(rules, {{}, {*parse_address("10.9.8.7")}}).pbx() == "10.9.8.7");
  CHECK(Surveyed(rules).pbx() == "192.168.42.1");
  CHECK(Surveyed(rules).line_of("the PBX is 192.168.42.1") == 5);
  // Nothing but a web port: still the best there is.
  CHECK(Surveyed(nat("-A PREROUTING -i eth0 -p tcp --dport 80 -j DNAT --to 192.168.1.80\n")).pbx() == "192.168.1.80");
  CHECK(Surveyed(nat("-A PREROUTING -i eth0 -p tcp --dport 3389 -j DNAT --to 192.168.1.9\n")).pbx().empty());
  // A transport no row has on that port.
  CHECK(Surveyed(nat("-A PREROUTING -i eth0 -p tcp --dport 69 -j DNAT --to 192.168.1.9\n")).pbx().empty());
}

TEST_CASE("SARIF of every fixture site keeps the rules the validator does not know") {
  for (const auto& entry : std::filesystem::directory_iterator(testing::source_dir() / "fixtures/sites"))
    for (const char* variant : {"clean", "faulty"}) {
      std::vector<Input> inputs;
      for (const auto& file : std::filesystem::directory_iterator(entry.path() / variant))
        inputs.push_back({file.path().filename().string(), testing::read_file(file.path())});
      std::ostringstream out;
      write_sarif(out, lint(testing::site_of(inputs), {}));
      INFO(entry.path().filename() << " " << variant);
      for (const std::string& defect : sarif_defects(out.str())) FAIL_CHECK(defect);
    }
}

namespace {

// Check ids and levels of a dump's findings, in order: "tftp-exposed error; ...", "(possible)" where it is.
std::string found(const std::string& text, const std::string& options = "") {
  Report report = lint({"", {{"fw.rules", text}}, {}}, testing::parse_case_options(options));
  std::string out;
  for (const Finding& f : report.findings) {
    if (f.check == "exposed-through-port-forward") continue;
    out += (out.empty() ? "" : "; ") + f.check + " " + std::string(name_of(f.level)) +
           (f.certainty == Certainty::possible ? " (possible)" : "");
  }
  return out;
}

const std::string masquerade = "-A POSTROUTING -o eth0 -j MASQUERADE\n";
const std::string replies = "-A FORWARD -m state --state RELATED,ESTABLISHED -j ACCEPT\n";

}  // namespace

TEST_CASE("a host's own INPUT is judged though its FORWARD answers replies, and though the PBX's address is known") {
  std::string ufw = filter("-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n-A FORWARD -i lo -j ACCEPT\n"
                           "-A INPUT -p udp --dport 69 -j ACCEPT\n");
  CHECK(found(ufw) == "tftp-exposed warning");
  CHECK(found(ufw, "--pbx 203.0.113.10") == "tftp-exposed warning");
  // Docker's masquerading on the PBX itself: no rule speaks of the PBX, so INPUT may be its own.
  std::string docker = nat("-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE\n") + filter("-A INPUT -p tcp --dport 50804 -j ACCEPT\n");
  CHECK(found(docker, "--pbx 203.0.113.10") == "unsecured-management-exposed warning (possible)");
}

TEST_CASE("a router that lists what it refuses is no host filter") {
  CHECK(found("*filter\n:INPUT DROP\n:FORWARD ACCEPT\n-A FORWARD -i eth0 -d 203.0.113.10 -p tcp --dport 22 -j DROP\nCOMMIT\n",
              "--pbx 203.0.113.10 --internet eth0") == "default-accept-policy warning");
}

TEST_CASE("rules that refuse, and wide nets behind a tunnel, do not say where the PBX is") {
  std::string forward = nat("-A PREROUTING -i eth0 -p udp --dport 69 -j DNAT --to-destination 192.168.42.1\n" + masquerade);
  std::string open = "-A FORWARD -i eth0 -o eth1 -p udp --dport 69 -j ACCEPT\n";
  CHECK(found(forward + filter(replies + "-A FORWARD -i eth2 -s 192.168.42.0/24 -j DROP\n" + open)).starts_with("tftp-exposed error"));
  CHECK(found(forward + filter(replies + "-A FORWARD -i tun0 -s 192.168.0.0/16 -j ACCEPT\n" + open)).starts_with("tftp-exposed error"));
}

TEST_CASE("hairpin masquerading does not make the LAN the internet") {
  std::string rules = nat("-A PREROUTING -d 198.51.100.7/32 -p udp --dport 69 -j DNAT --to-destination 192.168.42.1\n" + masquerade +
                          "-A POSTROUTING -s 192.168.42.0/24 -o eth1 -j MASQUERADE\n") +
                      filter(replies + "-A FORWARD -i eth1 -j ACCEPT\n-A FORWARD -i eth0 -o eth1 -d 192.168.42.1/32 -p udp --dport 69 -j ACCEPT\n");
  CHECK(Surveyed(rules).internet() == "eth0");
  CHECK(found(rules) == "tftp-exposed error");
  // The public address given as the PBX's: where its forward leads counts too.
  CHECK(found(rules, "--pbx 198.51.100.7").starts_with("tftp-exposed error"));
}

TEST_CASE("what was not judged is said, never silent") {
  std::string rules = nat("-A PREROUTING -i eth0 -p udp --dport 69 -j DNAT --to-destination 192.168.42.1\n" + masquerade);
  CHECK(found(rules).find("tftp-exposed error (possible)") != std::string::npos);
  CHECK(found(rules).find("rtp-range-blocked") == std::string::npos);
  CHECK(Surveyed(rules).line_of("no filter table") == 1);
  CHECK(Surveyed(rules, {{"eht0"}, {}}).line_of("spelt right") == 1);
}

TEST_CASE("port forwards: a limited one leaves a note, ranges prove nothing, a shift moves every port") {
  std::string open = filter("-A FORWARD -i eth0 -o eth1 -d 192.168.42.1/32 -p udp --dport 69 -j ACCEPT\n");
  CHECK(found(nat("-A PREROUTING -i eth0 -s 198.51.100.1/32 -p udp --dport 69 -j DNAT --to-destination 192.168.42.1\n" + masquerade) + open) ==
        "undeclared-source warning; tftp-exposed note");
  std::string translated = filter("-A FORWARD -i eth0 -m conntrack --ctstate DNAT -j ACCEPT\n");
  std::string range = found(nat("-A PREROUTING -i eth0 -p tcp --dport 804 -j DNAT --to-destination 192.168.42.1:50804-50805\n" + masquerade) + translated);
  CHECK(range == "unsecured-management-exposed error (possible)");
  std::string kept = found(nat("-A PREROUTING -i eth0 -p tcp --dport 50804 -j DNAT --to-destination 192.168.42.1:50804-50805\n" + masquerade) + translated);
  CHECK(kept == "unsecured-management-exposed error");
  std::string shifted = found(nat("-A PREROUTING -i eth0 -p tcp --dport 50803 -j DNAT --to-destination 192.168.42.1:50803-50804/50802\n" + masquerade) +
                              translated, "--pbx 192.168.42.1");
  CHECK(shifted.find("unsecured-management-exposed error (possible)") != std::string::npos);
}

TEST_CASE("kernel order: raw knows no state, and a destination is another one after translation") {
  CHECK(found("*raw\n:PREROUTING ACCEPT\n-A PREROUTING -p udp --dport 69 -m conntrack --ctstate NEW -j DROP\nCOMMIT\n" +
              filter("-A INPUT -p udp --dport 69 -j ACCEPT\n")) == "tftp-exposed warning");
  CHECK(found("*raw\n:PREROUTING ACCEPT\n-A PREROUTING -p udp --dport 69 -m conntrack --ctstate INVALID -j DROP\nCOMMIT\n" +
              filter("-A INPUT -p udp --dport 69 -j ACCEPT\n")).empty());
  CHECK(found(nat("-A PREROUTING -p udp --dport 69 -m addrtype --dst-type LOCAL -j DNAT --to-destination 192.168.42.1\n" + masquerade) +
              filter("-A FORWARD -m addrtype --dst-type LOCAL -j DROP\n-A FORWARD -i eth0 -m conntrack --ctstate DNAT -j ACCEPT\n"))
            .starts_with("tftp-exposed error (possible)"));
}

TEST_CASE("jumps upon jumps cost their chains, not their ways") {
  std::string chains, calls;
  for (int i = 0; i < 60; ++i) {
    chains += ":c" + std::to_string(i) + " -\n";
    if (i < 59)
      for (int n = 0; n < 3; ++n) calls += "-A c" + std::to_string(i) + " -j c" + std::to_string(i + 1) + "\n";
  }
  std::string input = filter(chains + calls + "-A INPUT -j c0\n-A FORWARD -j c0\n-A INPUT -p udp --dport 69 -j ACCEPT\n");
  Report report = lint({"", {{"fw.rules", input}}, {}}, {});
  REQUIRE(report.findings.size() == 1);
  CHECK(report.findings[0].path.size() == 1);
  CHECK(found("*filter\n:INPUT DROP\n:a -\n-A INPUT -j a\n-A a -p udp -j a\n-A a -p udp -j a\n-A INPUT -p udp --dport 69 -j ACCEPT\nCOMMIT\n")
            .find("any-any-accept warning (possible)") != std::string::npos);
  std::string routed = "*nat\n:POSTROUTING ACCEPT\n" + chains + calls + "-A POSTROUTING -j c0\n-A c59 -j MASQUERADE\nCOMMIT\n";
  CHECK(Surveyed(routed).internet().empty());
}
