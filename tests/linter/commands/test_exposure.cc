// `ipo-lint exposure`, and `query` in a person's words: what reaches a host from a zone, as data, text and a process.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/program.h"

using namespace ipo::testing;
using Catch::Matchers::Contains;
using Json = nlohmann::json;

namespace {

constexpr const char* rules = R"(*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A PREROUTING -i eth0 -p udp -m udp --dport 10069 -j DNAT --to-destination 192.168.42.1:69
-A PREROUTING -s 198.51.100.0/28 -i eth0 -p udp -m udp --dport 5060 -j DNAT --to-destination 192.168.42.1
-A POSTROUTING -o eth0 -j MASQUERADE
COMMIT
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -i eth0 -d 192.168.42.1/32 -p udp -m udp --dport 69 -j ACCEPT
-A FORWARD -s 198.51.100.0/28 -i eth0 -d 192.168.42.1/32 -p udp -m udp --dport 5060 -j ACCEPT
-A FORWARD -i eth2 -d 192.168.42.1/32 -p tcp -m tcp --dport 443 -m recent --rcheck --name guests -j ACCEPT
COMMIT
)";

constexpr const char* site_file = R"([pbx]
addresses = ["192.168.42.1"]

[zones.itsp]
sources = ["198.51.100.0/28"]

[zones.guest]
interfaces = ["eth2"]
)";

struct Site {
  Folder folder;
  std::string files;
  Site() : files("'" + folder.put("fw.rules", rules) + "'") { folder.put("ipo-lint.toml", site_file); }
};

// The row of a zone in the table, or null.
Json row_of(const Json& table, const std::string& zone, const std::string& row) {
  for (const Json& r : table["rows"])
    if (r["zone"] == zone && r["row"] == row) return r;
  return nullptr;
}

}  // namespace

TEST_CASE("exposure: every zone and row has its status, extent, lines and a packet") {
  Site site;
  Ran ran = run_program("exposure --format json " + site.files);
  REQUIRE(ran.status == 0);
  CHECK(ran.err.empty());
  Json table = Json::parse(ran.out);
  CHECK(table["zones"] == Json({"internet", "itsp", "guest"}));
  CHECK(table["inferences"].size() >= 2);

  Json tftp = row_of(table, "internet", "ip-office/ingress/4");
  for (const char* key : {"row", "host", "zone", "hook", "status", "extent", "sources", "ports", "transports", "witness", "path"})
    CHECK(tftp.contains(key));
  CHECK(tftp["status"] == "open");
  CHECK(tftp["extent"] == "any");
  CHECK(tftp["host"] == "pbx");
  CHECK(tftp["hook"] == "forward");
  CHECK(tftp["ports"] == Json::parse("[[69,69]]"));
  CHECK(tftp["transports"] == Json({"udp"}));
  CHECK(tftp["lines"][0]["line"] == 4);
  CHECK(tftp["witness"]["dport"] == 10069);
  CHECK(tftp["path"].back()["action"] == "accept");

  // The provider's zone is cut out of the internet.
  CHECK(row_of(table, "internet", "ip-office/ingress/16")["status"] == "closed");
  Json sip = row_of(table, "itsp", "ip-office/ingress/16");
  CHECK(sip["status"] == "open");
  CHECK(sip["extent"] == "limited");
  CHECK(sip["sources"] == Json::parse(R"([["198.51.100.0","198.51.100.15"]])"));

  Json https = row_of(table, "guest", "ip-office/ingress/9");
  CHECK(https["status"] == "possible");
  CHECK_THAT(https["doubt"][0]["why"].get<std::string>(), Contains("-m recent"));
  Json closed = row_of(table, "guest", "ip-office/ingress/16");
  CHECK(closed["status"] == "closed");
  CHECK(closed["extent"].is_null());
  CHECK(closed["lines"][0]["line"] == 10);  // the policy
  CHECK(closed["path"].back()["action"] == "policy drop");
  CHECK(row_of(table, "guest", "voicemail-pro/ingress/1").is_null());

  Json open = Json::parse(run_program("exposure --format json --zone internet --status open,possible " + site.files).out);
  CHECK(open["rows"].size() == 1);
}

TEST_CASE("exposure: the text names what is open and counts the rest") {
  Site site;
  Ran ran = run_program("exposure --zone itsp " + site.files);
  CHECK(ran.status == 0);
  CHECK_THAT(ran.out, Contains("itsp to pbx (192.168.42.1), forward"));
  CHECK_THAT(ran.out, Contains("open  ip-office/ingress/16  udp/5060"));
  CHECK_THAT(ran.out, Contains("line 5"));
  CHECK_THAT(ran.out, Contains("rows closed"));
  ran = run_program("exposure --zone itps " + site.files);
  CHECK(ran.status == 2);
  CHECK(ran.out.empty());
  CHECK(ran.err == "ipo-lint: no zone 'itps'; did you mean itsp?; the zones are internet, itsp, guest\n");
  CHECK(run_program("exposure --status opened " + site.files).status == 2);
  CHECK(run_program("exposure /nowhere/at-all").status == 3);
}

TEST_CASE("exposure: of many lines that open a row the text names the first few, JSON all") {
  Folder folder;
  std::string text = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n";
  for (int n = 0; n < 9; ++n)
    text +=
        "-A FORWARD -s 198.51.100." + std::to_string(8 * n) + "/32 -i eth0 -d 192.168.42.1/32 -p udp -m udp --dport 69 -j ACCEPT\n";
  std::string arguments =
      "exposure --internet eth0 --pbx 192.168.42.1 --status open,possible '" + folder.put("fw.rules", text + "COMMIT\n") + "'";
  CHECK_THAT(run_program(arguments).out, Contains("line 5, 6, 7, 8, 9 and 4 more"));
  Json table = Json::parse(run_program(arguments + " --format json").out);
  CHECK(table["rows"][0]["lines"].size() == 9);
}

TEST_CASE("query: what is closed because nothing leads there says so") {
  Folder folder;
  std::string files = "--internet eth0 --pbx 192.168.42.7 '" +
                      folder.put("fw.rules",
                                 "*nat\n:PREROUTING ACCEPT [0:0]\n"
                                 "-A PREROUTING -i eth0 -p tcp -m tcp --dport 8022 -j DNAT --to-destination 192.168.42.9:22\n"
                                 "COMMIT\n*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n") +
                      "'";
  Ran ran = run_program("query --from internet --service 8022/tcp " + files);
  CHECK_THAT(ran.out, Catch::StartsWith("closed to pbx: no forward for 8022/tcp leads to 192.168.42.7 (from internet"));
  CHECK(ran.out.find("blocked by") == std::string::npos);
  CHECK_THAT(run_program("query --from internet --service 22/tcp " + files).out,
             Catch::StartsWith("open: 22/tcp from internet to pbx"));
}

TEST_CASE("query: what is closed says its ports, and is blamed on the firewall that stops what a forward leads") {
  Folder folder;
  folder.put("edge.rules",
             "*nat\n:PREROUTING ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n"
             "-A PREROUTING -i wan0 -p tcp -m tcp --dport 8443 -j DNAT --to-destination 192.168.42.1\n"
             "-A POSTROUTING -o wan0 -j MASQUERADE\nCOMMIT\n*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"
             "-A FORWARD -i wan0 -o lan0 -m conntrack --ctstate DNAT -j ACCEPT\nCOMMIT\n");
  folder.put("inner.rules",
             "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"
             "-A FORWARD -d 192.168.42.1/32 -i outer0 -o lan0 -p udp -m udp --dport 5060 -j ACCEPT\nCOMMIT\n");
  folder.put("ipo-lint.toml",
             "[pbx]\naddresses = [\"192.168.42.1\"]\n[[firewall]]\nfiles = [\"edge.rules\"]\nrole = \"perimeter\"\n"
             "[[firewall]]\nfiles = [\"inner.rules\"]\nrole = \"transit\"\n[zones.internet]\ninterfaces = [\"wan0\"]\n");
  std::string out = run_program("query --from internet --service 8443/tcp '" + folder.path.string() + "'").out;
  CHECK_THAT(out, Contains("ports       tcp/8443"));
  CHECK_THAT(out, Contains("translate to 192.168.42.1"));
  CHECK_THAT(out, Contains("inner.rules:3  :FORWARD DROP"));
}

TEST_CASE("a rule that iptables may refuse is judged as loaded or not, and the doubt says which") {
  Folder folder;
  std::string ports = "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,69";
  auto ask = [&](const std::string& name, const std::string& first, const std::string& target) {
    std::string rules = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -p udp " + first + " -j " +
                        target + "\n" + (target == "DROP" ? "-A INPUT -p udp -m udp --dport 69 -j ACCEPT\n" : "") + "COMMIT\n";
    return run_program("query --internet eth0 --from internet --service 69/udp '" + folder.put(name, rules) + "'").out;
  };
  std::string refusal = "iptables may refuse this rule (more than 15 ports";
  CHECK_THAT(ask("a", "-m multiport --dports " + ports, "ACCEPT"), Contains(refusal + "); judged as if it were loaded (line 5)"));
  CHECK_THAT(ask("b", "-m multiport --dports 1:2," + ports, "ACCEPT"),
             Contains(refusal + ", a range counts as two); judged as if it were loaded"));
  CHECK_THAT(ask("c", "-m multiport --dports " + ports, "DROP"), Contains(refusal + "); judged as if it were not loaded (line 5)"));
  CHECK_THAT(ask("d", "! -s 198.51.100.1,198.51.100.2 --dport 69", "ACCEPT"),
             Contains("iptables may refuse this rule (\"!\" with several addresses); judged as if it were loaded"));
}

TEST_CASE("the interface that leads to the PBX is a doubt only where it decides, and finding and query agree") {
  Folder folder;
  int n = 0;
  // With the rules of nat and FORWARD, the doubts of the finding: ": LINE WORD" each.
  auto doubts = [&](const std::string& translation, const std::string& forward) {
    std::string text =
        "*nat\n:PREROUTING ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n-A PREROUTING -i ppp0 -p udp -m udp --dport 69 " + translation +
        "-j DNAT --to-destination 192.168.42.5\n-A POSTROUTING -o ppp0 -j MASQUERADE\nCOMMIT\n*filter\n:INPUT DROP [0:0]\n"
        ":FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n:inner - [0:0]\n" +
        forward + "COMMIT\n";
    std::string arguments = " --format json --pbx 192.168.42.5 '" + folder.put("fw" + std::to_string(++n) + ".rules", text) + "'";
    auto written = [](const Json& list) {
      std::string out;
      for (const Json& d : list) {
        std::string why = d["why"];
        out += " " + std::to_string(d["line"].get<int>()) + ":" +
               (why.find("which interface") == 0 ? "out" : why.substr(0, why.find_first_of(" :", 3)));
      }
      return out;
    };
    std::string told = "none";
    Json report = Json::parse(run_program("--only tftp-exposed" + arguments).out);
    for (const Json& f : report["findings"]) told = written(f["doubt"]);
    Json answer = Json::parse(run_program("query --from internet --service 69/udp" + arguments).out);
    std::string asked = written(answer["answers"][0]["doubt"]);
    CHECK(told == asked);
    return told;
  };
  const std::string two = "-A FORWARD -i eth1 -o ppp0 -j ACCEPT\n-A FORWARD -i eth2 -o ppp0 -j ACCEPT\n";  // lines 12, 13
  const std::string set = "-m set --match-set staff src ", time = "-m time --timestart 08:00:00 --timestop 18:00:00 ";
  CHECK(doubts(time, "-A FORWARD -i ppp0 -o eth1 -m conntrack --ctstate DNAT -j ACCEPT\n") == " 4:-m time");
  CHECK(doubts(set, "-A FORWARD -i ppp0 -d 192.168.42.5/32 " + set + "-j ACCEPT\n") == " 4:-m set");
  CHECK(doubts("", "-A FORWARD -p udp -m limit --limit 9/min -j DROP\n-A FORWARD -d 192.168.42.5/32 -j ACCEPT\n") ==
        " 12:-m limit");
  CHECK(doubts("", "-A FORWARD -i ppp0 -p udp -m udp --dport 69 -j NFQUEUE --queue-num 3\n") == " 12:handed");
  CHECK(doubts(set, two + "-A FORWARD -i ppp0 -j ACCEPT\n") == " 4:-m set");
  CHECK(doubts("", two + "-A FORWARD -i ppp0 -j ACCEPT\n") == "");
  // It decides.
  CHECK(doubts("", two + "-A FORWARD -i ppp0 -o eth2 -j ACCEPT\n") == " 14:out");
  CHECK(doubts(set, two + "-A FORWARD -i ppp0 -o eth2 -j ACCEPT\n") == " 4:-m set 14:out");
  CHECK(doubts("", two + "-A FORWARD -i ppp0 -o eth1 -j inner\n-A inner -p udp -m udp --dport 69 -j ACCEPT\n") == " 14:out");
  CHECK(doubts("", two + "-A FORWARD -o eth2 -j DROP\n-A FORWARD -i ppp0 -j ACCEPT\n") == " 14:out");
  CHECK(doubts("", two + "-A FORWARD -o eth1 " + set + "-j ACCEPT\n-A FORWARD -o eth2 -j ACCEPT\n") == " 14:-m set");
  CHECK(doubts("", two + "-A FORWARD -o eth1 " + set + "-j ACCEPT\n-A FORWARD -o eth2 -m set --match-set sales src -j ACCEPT\n") ==
        " 14:-m set 14:out");
}

TEST_CASE("query: a person's question has a verdict, a packet and the line that closes it") {
  Site site;
  Ran ran = run_program("query --from internet --to 192.168.42.1 --service 69/udp " + site.files);
  CHECK(ran.status == 0);
  CHECK_THAT(ran.out, Catch::StartsWith("open: 69/udp from internet to pbx"));
  CHECK_THAT(ran.out, Contains("to close    line 4"));
  CHECK_THAT(ran.out, Contains("translate to 192.168.42.1 port 69"));

  // The same by row and by word, of the other zone, of an address.
  for (const char* words :
       {"--from itsp --service T1.16", "--from itsp --service ip-office/ingress/16", "--from itsp --service sip",
        "--from 198.51.100.3 --service 5060", "--from 198.51.100.0/28 --service 5060-5061/udp"}) {
    INFO(words);
    Json answer = Json::parse(run_program("query --format json " + site.files + " " + words).out);
    REQUIRE(answer["answers"].size() >= 1);
    CHECK(answer["answers"][0]["status"] == "open");
    CHECK(answer["answers"][0]["zone"] == "itsp");
    CHECK(answer["answers"][0]["lines"][0]["line"] == 5);
  }
  Json closed = Json::parse(run_program("query --format json --from internet --service 5060 --to pbx " + site.files).out);
  CHECK(closed["answers"][0]["status"] == "closed");
  CHECK(closed["answers"][0]["lines"][0]["line"] == 10);
  CHECK(closed["answers"][0]["sources"].empty());
  CHECK_THAT(run_program("query --from guest --service https " + site.files).out, Contains("possible: https from guest"));
}

TEST_CASE("a doubt names each cause once, with its own reason") {
  Folder folder;
  auto doubts = [&](const std::string& name, const std::string& rules) {
    Json answers = Json::parse(
        run_program(
            "query --internet eth0 --from internet --service 69/udp --format json '" +
            folder.put(name, "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n" + rules + "COMMIT\n") + "'")
            .out);
    std::vector<std::string> out;
    for (const Json& doubt : answers["answers"][0]["doubt"]) out.push_back(doubt["why"]);
    return out;
  };
  CHECK(doubts("a", "-A INPUT -m limit --limit 3/min -j elsewhere\n") ==
        std::vector<std::string>{"target elsewhere is neither known nor a chain of this table",
                                 "-m limit --limit 3/min: depends on the rate of packets"});
  // Of a table that may not be loaded it is said why, not that it is.
  std::vector<std::string> stopped = doubts("b", "-A INPUT -p udp --dport 69 -j ACCEPT\n-A INPUT -i\n");
  REQUIRE(!stopped.empty());
  for (const std::string& why : stopped) CHECK(why.find("is loaded") == std::string::npos);
  CHECK_THAT(stopped.front(), Contains("iptables-restore stops at line 6"));
}

TEST_CASE("query: an address inside that no zone has is asked for as a zone of its own") {
  Folder folder;
  std::string rules = folder.put("fw.rules",
                                 "*nat\n:PREROUTING ACCEPT\n:POSTROUTING ACCEPT\n"
                                 "-A PREROUTING -i eth0 -p udp --dport 5060 -j DNAT --to-destination 192.168.42.1\nCOMMIT\n"
                                 "*filter\n:INPUT DROP\n:FORWARD DROP\n:OUTPUT ACCEPT\n"
                                 "-A FORWARD -i eth0 -d 192.168.42.1 -p udp --dport 5060 -j ACCEPT\n"
                                 "-A FORWARD -i eth2 -s 10.20.0.0/24 -d 192.168.42.1 -p udp --dport 161 -j ACCEPT\n"
                                 "-A FORWARD -i eth3 -d 192.168.42.1 -p tcp --dport 443 -j ACCEPT\nCOMMIT\n");
  std::string toml = folder.put("ipo-lint.toml",
                                "[pbx]\naddresses = [\"192.168.42.1\"]\n[zones.internet]\ninterfaces = [\"eth0\"]\n"
                                "[zones.guest]\ninterfaces = [\"eth3\"]\nsources = [\"10.30.0.0/16\"]\n"
                                "[zones.admin]\nkind = \"management\"\ninterfaces = [\"wg0\"]\n");
  auto ask = [&](const std::string& from, const std::string& service) {
    return Json::parse(run_program("query --format json '" + rules + "' --from " + from + " --service " + service).out)["answers"];
  };
  for (const char* from : {"10.20.0.5", "10.20.0.0/25"}) {
    INFO(from);
    Json answers = ask(from, "161/udp");
    REQUIRE(answers.size() == 1);
    CHECK(answers[0]["zone"] == from);
    CHECK(answers[0]["status"] == "open");
    CHECK(answers[0]["lines"][0]["line"] == 11);
    CHECK(ask(from, "5060/udp")[0]["status"] == "closed");  // the internet's forward is not for it
  }
  CHECK(ask("10.20.1.5", "161/udp")[0]["status"] == "closed");
  // No rule says where it is: it may be behind an interface of a zone that does not say who is there.
  Json anywhere = ask("10.99.0.5", "161/udp");
  REQUIRE(anywhere.size() == 2);
  CHECK(anywhere[0]["zone"] == "10.99.0.5");
  CHECK(anywhere[1]["zone"] == "admin");
  // A zone that has it is asked, and no other.
  Json guest = ask("10.30.7.7", "443/tcp");
  REQUIRE(guest.size() == 1);
  CHECK(guest[0]["zone"] == "guest");
  CHECK(guest[0]["status"] == "open");
  // One that is public comes from the internet, whoever it is.
  Json outside = ask("203.0.113.9", "5060/udp");
  REQUIRE(outside.size() == 1);
  CHECK(outside[0]["zone"] == "internet");
  // In the PBX's own network the firewall is not asked.
  Ran own = run_program("query '" + rules + "' --from 192.168.42.9 --service 161/udp");
  CHECK_THAT(own.out, Contains("pbx is on the same side of it: packets between the two need not come by here"));
  CHECK(ask("192.168.42.9", "161/udp")[0]["beside"] == true);
  CHECK(ask("10.20.0.5", "161/udp")[0]["beside"] == false);
}

TEST_CASE("query: words that mean nothing are said with what would") {
  Site site;
  auto complaint = [&](const std::string& words) {
    Ran ran = run_program("query " + site.files + " " + words);
    CHECK(ran.status == 2);
    CHECK(ran.out.empty());
    return ran.err;
  };
  CHECK_THAT(complaint("--from internett --service sip"), Contains("did you mean internet?"));
  CHECK_THAT(complaint("--from internet --service flurb"), Contains("no row of the port matrix is 'flurb'"));
  CHECK_THAT(complaint("--from internet --service 70000/udp"), Contains("70000/udp"));
  CHECK_THAT(complaint("--from internet --service 9-5"), Contains("9-5"));
  CHECK_THAT(complaint("--from internet --service sip --to nobody"), Contains("the hosts are pbx"));
  CHECK_THAT(complaint("--from internet --service sip --to 10.9.9.9"), Contains("--pbx 10.9.9.9"));
  CHECK_THAT(complaint("--from internet"), Contains("--service"));
  CHECK_THAT(complaint("--from internet --service sip --packet proto=udp"), Contains("not two of them"));
}

TEST_CASE("query: an address is asked for as itself, not as its whole zone") {
  Folder folder;
  std::string files = "'" +
                      folder.put("fw.rules",
                                 "*nat\n:PREROUTING ACCEPT\n:POSTROUTING ACCEPT\n"
                                 "-A PREROUTING -i eth0 -p udp --dport 69 -j DNAT --to-destination 192.168.42.1\n"
                                 "-A POSTROUTING -o eth0 -j MASQUERADE\nCOMMIT\n"
                                 "*filter\n:INPUT DROP\n:FORWARD DROP\n:OUTPUT ACCEPT\n"
                                 "-A FORWARD -i eth0 -s 198.51.100.7 -d 192.168.42.1 -p udp --dport 69 -j ACCEPT\nCOMMIT\n") +
                      "'";
  auto status = [&](const std::string& from) {
    Json answer =
        Json::parse(run_program("query --format json --pbx 192.168.42.1 " + files + " --service 69/udp --from " + from).out);
    return answer["answers"][0]["status"].get<std::string>();
  };
  CHECK(status("internet") == "open");
  CHECK(status("198.51.100.7") == "open");
  CHECK(status("198.51.100.0/24") == "open");
  CHECK(status("198.51.100.8") == "closed");
  CHECK(status("203.0.113.0/24") == "closed");
}
