// `ipo-lint query`: packets in, verdicts out, as data and as a process.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>

#include "linter/command_line.h"
#include "linter/output/packet_line.h"
#include "tests/cases.h"
#include "tests/program.h"

using namespace ipo;
using namespace ipo::testing;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using Json = nlohmann::json;

namespace {

constexpr const char* rules = R"(*nat
:PREROUTING ACCEPT [0:0]
-A PREROUTING -i eth0 -p udp -m udp --dport 5060 -j DNAT --to-destination 192.168.42.1:5061
-A PREROUTING -i eth0 -p tcp -m tcp --dport 8080 -j REDIRECT --to-ports 3128
COMMIT
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:SIP - [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m limit --limit 5/sec -j LOG
-A INPUT -i eth0 -p udp -m udp --dport 69 -m recent --rcheck --name tftp --rsource -j ACCEPT
-A INPUT -p icmp -m icmp --icmp-type 8 -j ACCEPT
-A INPUT -p tcp -m tcp --dport 3128 -j ACCEPT
-A FORWARD -m state --state RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -d 192.168.42.1/32 -j SIP
-A FORWARD -p tcp -j REJECT --reject-with tcp-reset
-A SIP -p udp -m udp --dport 5061 -j ACCEPT
COMMIT
)";

struct Query {
  Folder folder;
  std::string dump;
  Query() : dump(folder.put("fw.rules", rules)) {}

  Ran packets(const std::string& lines, const std::string& options = "") const {
    std::string file = folder.put("packets.jsonl", lines);
    return run_program("query " + dump + " --packets " + file + " " + options);
  }
  Ran packet(const std::string& words, const std::string& options = "") const {
    return run_program("query " + dump + " --packet '" + words + "' " + options);
  }
  // The answer to one line, its paths short: line numbers and actions.
  Json ask(const std::string& line) const { return Json::parse(packets(line + "\n").out); }
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

}  // namespace

TEST_CASE("query: what a machine redirects of its own goes to itself, and so where it may have been left alone before") {
  Folder folder;
  std::string dump =
      folder.put("fw.rules",
                 "*nat\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -m recent --rcheck --name seen -j RETURN\n"
                 "-A OUTPUT -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 3128\n-A PREROUTING -p tcp -m tcp --dport 80 -j "
                 "REDIRECT --to-ports 3128\nCOMMIT\n*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT DROP [0:0]\n"
                 "-A OUTPUT -d 127.0.0.1/32 -p tcp -m tcp --dport 3128 -j ACCEPT\nCOMMIT\n");
  auto ask = [&](const std::string& packet) {
    return Json::parse(run_program("query " + dump + " --packets " + folder.put("packets.jsonl", packet + "\n")).out);
  };
  Json own = ask(
      R"({"hook":"output","out":"eth0","src":"10.20.3.5","dst":"203.0.113.9","proto":"tcp","sport":40000,"dport":80,"state":"new"})");
  CHECK(own["verdict"] == "accept");
  CHECK(own["certainty"] == "possible");
  CHECK(own["dst"] == "127.0.0.1");
  CHECK(own["dport"] == 3128);
}

TEST_CASE("query: the answer to a packet as the contract has it") {
  Query q;
  Ran ran = q.packets(
      R"({"hook":"forward","in":"eth0","out":"eth1","src":"203.0.113.9","dst":"198.51.100.1","proto":"udp","sport":40000,"dport":5060,"state":"new"})");
  CHECK(ran.status == 0);
  CHECK(ran.err == "");
  std::string f = "{\"file\":\"" + q.dump + "\",\"line\":";
  CHECK(ran.out == R"({"verdict":"accept","certainty":"proven","dst":"192.168.42.1","dport":5061,"path":[)" + f +
                       R"(3,"chain":"nat/PREROUTING","action":"translate to 192.168.42.1 port 5061"},)" + f +
                       R"(17,"chain":"filter/FORWARD","action":"jump to SIP"},)" + f +
                       R"(19,"chain":"filter/SIP","action":"accept"}],"doubt":[]})" + "\n");
}

TEST_CASE("query: undecidable matches are false, and named") {
  Query q;
  Json a = q.ask(R"({"hook":"input","in":"eth0","src":"203.0.113.9","dst":"198.51.100.1","proto":17,"sport":1,"dport":69})");
  CHECK(a["verdict"] == "drop");
  CHECK(a["certainty"] == "possible");
  REQUIRE(a["doubt"].size() == 1);  // not the LOG rule's limit
  CHECK(a["doubt"][0]["line"] == 13);
  CHECK(a["doubt"][0]["file"] == q.dump);
  CHECK_THAT(a["doubt"][0]["why"].get<std::string>(), StartsWith("-m recent"));
  a = q.ask(R"({"hook":"input","in":"eth0","src":"203.0.113.9","dst":"198.51.100.1","proto":17,"sport":1,"dport":70})");
  CHECK(a["certainty"] == "proven");
  CHECK(a["path"].size() == 1);
  CHECK(a["path"][0]["action"] == "policy drop");
}

TEST_CASE("query: absent fields are unknown") {
  Query q;
  Json a = q.ask(R"({"hook":"forward"})");
  CHECK(a["verdict"] == "drop");
  CHECK(a["certainty"] == "possible");
  CHECK(a["dst"].is_null());
  CHECK(a["dport"].is_null());
  std::string all;
  for (const Json& d : a["doubt"]) all += d["why"].get<std::string>() + "\n";
  for (const char* field : {"in", "dst", "proto", "dport"}) CHECK_THAT(all, Contains(std::string(field) + " is not given"));
  CHECK_THAT(all, !Contains("src") && !Contains("out"));
  // Nothing in the rules asks for what is missing here.
  a = q.ask(R"({"hook":"forward","in":"eth1","dst":"198.51.100.1","proto":"tcp","dport":"443"})");
  CHECK(a["verdict"] == "reject");
  CHECK(a["certainty"] == "proven");
  CHECK(q.ask(R"({"hook":null,"in":"eth0","out":"eth1","dst":"198.51.100.1","src":"","proto":"tcp","dport":443})")["verdict"] ==
        "reject");
}

TEST_CASE("query: icmp, redirects, states, local packets") {
  Query q;
  Json a =
      q.ask(R"({"hook":"input","in":"eth0","src":"203.0.113.9","dst":"198.51.100.1","proto":"icmp","icmp_type":8,"icmp_code":0})");
  CHECK(a["verdict"] == "accept");
  CHECK(a["certainty"] == "proven");
  CHECK(a["dport"].is_null());
  CHECK(q.ask(R"({"hook":"input","in":"eth0","icmp_type":8})")["certainty"] == "proven");
  CHECK(q.ask(R"({"hook":"input","in":"eth0","icmp_type":0})")["verdict"] == "drop");
  a = q.ask(R"({"hook":"input","in":"eth0","src":"203.0.113.9","dst":"198.51.100.1","proto":"tcp","sport":1,"dport":8080})");
  CHECK(a["verdict"] == "accept");
  CHECK(a["certainty"] == "proven");
  CHECK(a["dst"].is_null());  // the address of eth0
  CHECK(a["dport"] == 3128);
  a = q.ask(R"({"hook":"forward","in":"eth0","out":"eth1","state":"established"})");
  CHECK(a["verdict"] == "accept");
  CHECK(a["certainty"] == "proven");
  a = q.ask(R"({"hook":"output","out":"eth0"})");
  CHECK(a["verdict"] == "accept");
  CHECK(a["certainty"] == "proven");
}

TEST_CASE("query: one line in, one line out, same order, whatever the lines are") {
  Query q;
  std::string good = R"({"hook":"input","in":"lo"})";
  std::string in = good + "\r\n\nnonsense\n" + good + "\n" + R"({"dport":70000})" + "\n" +
                   R"({"hook":"input","in":"eth9","proto":"tcp","dport":1})" + "\n" + std::string(70000, ' ') + "\n" + good;
  Ran ran = q.packets(in);
  CHECK(ran.status == 3);
  std::vector<std::string> out = lines_of(ran.out);
  REQUIRE(out.size() == 8);
  CHECK(Json::parse(out[0])["verdict"] == "accept");
  CHECK(Json::parse(out[1])["error"] == "empty line");
  CHECK(Json::parse(out[2])["error"] == "column 1: not a JSON value");
  CHECK(out[3] == out[0]);
  CHECK(Json::parse(out[4])["error"] == "column 10: 'dport' takes 0 to 65535, not \"70000\"");
  CHECK(Json::parse(out[5])["verdict"] == "drop");
  CHECK_THAT(Json::parse(out[6])["error"].get<std::string>(), StartsWith("longer than 64 KiB"));
  CHECK(out[7] == out[0]);
  CHECK(q.packets("").out == "");
  CHECK(q.packets("").status == 0);
}

TEST_CASE("query: lines at the edges of what is read at once") {
  // Lengths around the buffers' sizes, so that lines end before, at and after every edge.
  Query q;
  std::mt19937 random(1);
  std::string in;
  std::vector<bool> expected;
  for (int n = 0; n < 400; ++n) {
    std::size_t pad = random() % 5 == 0 ? 65536 - 30 + random() % 60 : random() % 3000;
    std::string line = R"({"hook":"input","in":"lo"})" + std::string(pad, ' ');
    expected.push_back(line.size() <= 65536);
    in += line + "\n";
  }
  std::vector<std::string> out = lines_of(q.packets(in).out);
  REQUIRE(out.size() == expected.size());
  for (std::size_t i = 0; i < out.size(); ++i) REQUIRE(Json::parse(out[i]).contains("verdict") == expected[i]);
}

TEST_CASE("query: packets or the site from standard input, not both") {
  Query q;
  std::string line = q.folder.put("one.jsonl", R"({"hook":"input","in":"lo"})");
  CHECK(Json::parse(run_program("query " + q.dump + " --packets - < " + line).out)["verdict"] == "accept");
  CHECK(Json::parse(run_program("query - --packets " + line + " < " + q.dump).out)["path"][0]["file"] == "-");
  CHECK(run_program("query - --packets - < " + line).status == 2);
}

TEST_CASE("query: answers come before the next question") {
  Query q;
  // The second line is written only when the first answer has been read.
  Ran ran = run_program("query --help >/dev/null; cd " + q.folder.path.string() +
                        "; mkfifo ask; (exec 3>ask; echo '{\"hook\":\"input\",\"in\":\"lo\"}' >&3; "
                        "for i in $(seq 100); do grep -q accept answers 2>/dev/null && break; sleep 0.1; done; "
                        "wc -l < answers > seen; echo '{\"hook\":\"input\",\"in\":\"eth1\",\"proto\":\"udp\"}' >&3) & "
                        "'" +
                        program_path() + "' query fw.rules --packets - < ask > answers; wait; cat seen answers");
  std::vector<std::string> out = lines_of(ran.out);
  REQUIRE(out.size() == 3);
  CHECK(out[0] == "1");
}

TEST_CASE("query: several firewalls need a name") {
  Query q;
  std::string other =
      q.folder.put("other.rules", "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n");
  Ran ran = q.packet("hook=input in=eth1 proto=udp", other);
  CHECK(ran.status == 2);
  CHECK_THAT(ran.err, Contains("several firewalls were given: name one with --firewall") && Contains(q.dump) && Contains(other));
  CHECK_THAT(q.packet("hook=input in=eth1 proto=udp", other + " --firewall " + other).out, StartsWith("accepted (proven)"));
  CHECK_THAT(q.packet("hook=input in=eth1 proto=tcp dport=1", other + " --firewall " + q.dump).out, StartsWith("dropped (proven)"));
  ran = q.packet("hook=input", other + " --firewall nowhere");
  CHECK(ran.status == 2);
  CHECK_THAT(ran.err, Contains("no firewall is named nowhere"));
}

TEST_CASE("query: families") {
  Query q;
  Ran ran = q.packets("{\"hook\":\"input\",\"src\":\"2001:db8::1\"}\n");
  CHECK(ran.status == 3);
  CHECK(Json::parse(ran.out)["error"] == "no IPv6 rules were given; add the firewall's ip6tables-save");
  std::string six = q.folder.put("six.rules",
                                 "# ip6tables-save\n*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"
                                 "-A INPUT -s 2001:db8::/64 -j ACCEPT\nCOMMIT\n");
  Json a = Json::parse(q.packets("{\"hook\":\"input\",\"src\":\"2001:db8::1\",\"dst\":\"2001:db8:1::1\"}\n", six).out);
  CHECK(a["verdict"] == "accept");
  CHECK(a["dst"] == "2001:db8:1::1");
  // Both dumps are one firewall, by whichever name.
  CHECK(q.packets("{\"hook\":\"input\",\"in\":\"lo\",\"src\":\"127.0.0.1\"}\n", six + " --firewall " + six).status == 0);
}

TEST_CASE("query: the text form") {
  Query q;
  std::string command = "cd " + q.folder.path.string() + "; '" + program_path() + "' query fw.rules --packet ";
  CHECK(run_program("--version >/dev/null; " + command +
                    "'in=eth0 out=eth1 SRC=203.0.113.9 dst=198.51.100.1 proto=UDP spt=40000 dpt=5060'")
            .out ==
        R"(accepted (proven): fw.rules:19
  = packet:     in=eth0 out=eth1 src=203.0.113.9 dst=198.51.100.1 proto=udp sport=40000 dport=5060 state=new, at forward
  = translated: to 192.168.42.1 port 5061, from 198.51.100.1
  = path:       line 3   nat/PREROUTING  translate to 192.168.42.1 port 5061  -A PREROUTING -i eth0 -p udp …
                line 17  filter/FORWARD  jump to SIP                          -A FORWARD -d 192.168.42.1/32…
                line 19  filter/SIP      accept                               -A SIP -p udp -m udp --dport …
  = to close:   line 19
)");
  CHECK(run_program("--version >/dev/null; " + command + "'hook=input in=eth0 proto=udp dport=69'").out ==
        R"(dropped (possible): fw.rules:7
  = packet:     hook=input in=eth0 proto=udp dport=69 state=new
  = path:       line 7  filter/INPUT  policy drop  :INPUT DROP [0:0]
  = depends on: -m recent --rcheck --name tftp --rsource: depends on which addresses were seen before (line 13)
  = to open:    accept it in filter/INPUT before its policy on line 7
)");
}

TEST_CASE("query: what is wrong with the question") {
  Query q;
  auto fault = [&](const std::string& words) {
    Ran ran = q.packet(words);
    CHECK(ran.status == 2);
    CHECK(ran.out == "");
    return ran.err;
  };
  CHECK(fault("in=eth0 src=300.1.1.1") ==
        "ipo-lint: --packet: column 9: 'src' takes one IPv4 or IPv6 address, not \"300.1.1.1\"\n");
  CHECK_THAT(fault("src=192.0.2.1 dst=2001:db8::1"), Contains("different families"));
  CHECK_THAT(fault("dprt=69"), Contains("did you mean dport?"));
  CHECK_THAT(fault("udp"), Contains("write it like dport=69"));
  CHECK_THAT(fault("dport=69 dport=70"), Contains("'dport' is given twice"));
  CHECK_THAT(fault("proto=sipp"), Contains("'proto' takes a name like udp"));
  CHECK_THAT(fault("proto=udp flags=SYN"), Contains("'flags' is of tcp only"));
  CHECK_THAT(fault("proto=udp icmp_type=8"), Contains("'icmp_type' is of icmp"));
  CHECK_THAT(fault("hook=prerouting"), Contains("'hook' takes input, forward or output"));
  CHECK(run_program("query " + q.dump).status == 2);
  CHECK(run_program("query --packet in=eth0").status == 2);
  CHECK(run_program("query " + q.dump + " --packet in=eth0 --packets x").status == 2);
  CHECK(run_program("query " + q.dump + " --packets " + q.folder.path.string()).status == 3);
  CHECK(run_program("query " + q.dump + " --packets " + (q.folder.path / "nowhere").string()).status == 3);
  CHECK(run_program("query " + (q.folder.path / "nowhere").string() + " --packet in=eth0").status == 3);
  Ran ran = q.packet("hook=input in=lo", (q.folder.path / "nowhere").string());
  CHECK(ran.status == 3);
  CHECK_THAT(ran.out, StartsWith("accepted"));
  std::string pbx = q.folder.put("pbx.xml", "<?xml version=\"1.0\"?><data><ws_object><System/></ws_object></data>");
  ran = run_program("query " + pbx + " --as ipoffice --packet in=eth0");
  CHECK(ran.status == 2);
  CHECK_THAT(ran.err, Contains("query needs the rules of a firewall"));
}

TEST_CASE("a line read plainly is what the general reader makes of it") {
  // Lines as programs write them, most of them damaged or unusual in one way or several; into a packet that holds another one.
  const std::vector<std::string> names = {"hook",  "in",        "out",       "src",  "dst", "proto", "sport", "dport",     "state",
                                          "flags", "icmp_type", "icmp_code", "zone", "inn", "",      "stats", "h\\u006fok"};
  const std::vector<std::string> values = {R"("input")",
                                           R"("forward")",
                                           R"("output")",
                                           R"("prerouting")",
                                           R"("")",
                                           R"("eth0")",
                                           R"("lo")",
                                           "\"\xff\xc3\"",
                                           R"("192.0.2.1")",
                                           R"("203.0.113.255")",
                                           R"("256.1.1.1")",
                                           R"("1.2.3")",
                                           R"("01.2.3.4")",
                                           R"("0001.2.3.4")",
                                           R"("1.2.3.4.")",
                                           R"(".1.2.3")",
                                           R"("1..2.3")",
                                           R"("1.2.3.4 ")",
                                           R"("2001:db8::1")",
                                           R"("::ffff:192.0.2.1")",
                                           R"("tcp")",
                                           R"("udp")",
                                           R"("UDP")",
                                           R"("icmp")",
                                           R"("all")",
                                           R"("ipv6-icmp")",
                                           R"("17")",
                                           R"("017")",
                                           "6",
                                           "1",
                                           "58",
                                           "0",
                                           "-0",
                                           "00",
                                           "007",
                                           "255",
                                           "256",
                                           "65535",
                                           "65536",
                                           "1e3",
                                           "1.5",
                                           "-1",
                                           "99999999999999999999",
                                           R"("5060")",
                                           R"("00080")",
                                           R"("-1")",
                                           R"("+1")",
                                           R"(" 1")",
                                           R"("1 ")",
                                           "null",
                                           "true",
                                           "[1]",
                                           R"({"a":1})",
                                           R"("new")",
                                           R"("established")",
                                           R"("untracked")",
                                           R"("SYN,ACK")",
                                           R"("none")",
                                           R"("e\u0074h0")",
                                           R"("a\"b")",
                                           R"("open)",
                                           "",
                                           "\"a\tb\""};
  const std::vector<std::string> blanks = {"", "", "", " ", "\t", " \r"};
  std::mt19937 random(11);
  auto roll = [&](std::size_t n) { return random() % n; };
  auto any = [&](const std::vector<std::string>& list) { return list[roll(list.size())]; };
  auto fitting = [&](const std::string& name) -> std::string {
    if (name == "hook") return values[roll(3)];
    if (name == "in" || name == "out") return values[5 + roll(2)];
    if (name == "src" || name == "dst") return values[8 + roll(2)];
    if (name == "proto") return values[20 + roll(2)];
    if (name == "state") return R"("new")";
    if (name == "flags") return R"("SYN,ACK")";
    return std::to_string(roll(256));
  };
  unsigned good = 0, bad = 0;
  PacketLine line;
  for (int n = 0; n < 100000; ++n) {
    std::string text = any(blanks) + "{";
    for (std::size_t fields = roll(9), k = 0; k < fields; ++k) {
      std::string name = roll(8) ? names[roll(9)] : any(names);
      text += std::string(k ? "," : "") + any(blanks) + '"' + name + '"' + any(blanks) + ":" + any(blanks) +
              (roll(12) ? fitting(name) : any(values)) + any(blanks);
    }
    text += std::string("}") + any(blanks);
    for (std::size_t damages = roll(3) ? 0 : 1 + roll(3); damages > 0 && !text.empty(); --damages) {
      std::size_t at = roll(text.size());
      constexpr std::string_view marks = "\"{}:,\\[]0-\0\n\xef";
      switch (roll(4)) {
        case 0:
          text.erase(at, 1);
          break;
        case 1:
          text.insert(at, 1, marks[roll(marks.size())]);
          break;
        case 2:
          text[at] = static_cast<char>(roll(256));
          break;
        default:
          text.resize(at);
      }
    }
    INFO(text);
    PacketLine general = packet_from_json(text);
    packet_from_json(text, line);
    REQUIRE(line.error == general.error);
    (general.error.empty() ? good : bad)++;
    if (!general.error.empty()) continue;
    const PartialPacket &a = line.packet, &b = general.packet;
    REQUIRE(words_of(a) == words_of(b));
    REQUIRE(a.family == b.family);
    REQUIRE(a.tcp_flags == b.tcp_flags);
    REQUIRE(a.destination_port == b.destination_port);
  }
  CHECK(good > 20000);
  CHECK(bad > 20000);
}

TEST_CASE("a packet in words says the same again") {
  std::mt19937 random(3);
  auto roll = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  for (int n = 0; n < 2000; ++n) {
    std::string words;
    auto maybe = [&](const std::string& word) {
      if (roll(2)) words += (words.empty() ? "" : " ") + word;
    };
    bool six = roll(2);
    maybe(std::string("hook=") + std::array{"input", "forward", "output"}[roll(3)]);
    maybe("in=eth" + std::to_string(roll(4)));
    maybe("out=eth" + std::to_string(roll(4)));
    maybe(std::string("src=") + (six ? "2001:db8::" : "192.0.2.") + std::to_string(1 + roll(9)));
    maybe(std::string("dst=") + (six ? "2001:db8::" : "192.0.2.") + std::to_string(1 + roll(9)));
    maybe(std::string("proto=") + std::array{"tcp", "udp", "gre", "99"}[roll(4)]);
    maybe("sport=" + std::to_string(roll(65536)));
    maybe("dport=" + std::to_string(roll(65536)));
    words += (words.empty() ? "" : " ") + std::string("state=") + std::array{"new", "established", "untracked"}[roll(3)];
    PacketLine line = packet_from_words(words);
    INFO(words);
    REQUIRE(line.error == "");
    REQUIRE(words_of(line.packet) == words);
    std::string json = "{";
    std::istringstream in(words);
    for (std::string word; in >> word;) {
      std::size_t equals = word.find('=');
      json += (json.size() > 1 ? ",\"" : "\"") + word.substr(0, equals) + "\":\"" + word.substr(equals + 1) + "\"";
    }
    REQUIRE(words_of(packet_from_json(json + "}").packet) == words);
  }
}

TEST_CASE("query: a declared path is walked from firewall to firewall") {
  Folder folder;
  auto nat = [](const std::string& rules) { return "*nat\n:PREROUTING ACCEPT\n:POSTROUTING ACCEPT\n" + rules + "COMMIT\n"; };
  auto filter = [](const std::string& rules) {
    return "*filter\n:INPUT DROP\n:FORWARD DROP\n:OUTPUT ACCEPT\n" + rules + "COMMIT\n";
  };
  std::string firewalls;
  auto firewall = [&](const std::string& name, const std::string& role, const std::string& host, const std::string& rules) {
    folder.put(name + ".rules", rules);
    firewalls += "[[firewall]]\nname = \"" + name + "\"\nfiles = [\"" + name + ".rules\"]\nrole = \"" + role + "\"\n" +
                 (host.empty() ? "" : "host = \"" + host + "\"\n") + "\n";
  };
  // "accept proven 2" is what becomes of it, how surely, and the steps of its way.
  auto ask = [&](const std::string& packet) {
    std::string config =
        folder.put("ipo-lint.toml",
                   "[[host]]\nname = \"ipo1\"\naddresses = [\"10.0.0.5\", \"2001:db8::5\"]\n\n[[host]]\nname = \"ipo2\"\n"
                   "addresses = [\"10.0.0.6\"]\n\n[zones.internet]\ninterfaces = [\"eth0\"]\n\n" +
                       firewalls);
    std::string lines = folder.put("packets.jsonl", packet + "\n");
    Ran ran = run_program("query " + folder.path.string() + "/*.rules --config " + config + " --packets " + lines);
    INFO(ran.err);
    Json answer = Json::parse(ran.out);
    std::string out = answer["verdict"].get<std::string>() + " " + answer["certainty"].get<std::string>() + " " +
                      std::to_string(answer["path"].size());
    for (const Json& doubt : answer["doubt"]) out += "; " + doubt["why"].get<std::string>();
    return out;
  };
  const std::string led = "-A PREROUTING -i eth0 -p udp -m udp --dport 5060 -j DNAT --to-destination 10.0.0.5\n",
                    lets = "-A FORWARD -i eth0 -p udp -j ACCEPT\n";
  const std::string sip = R"({"in":"eth0","src":"203.0.113.9","dst":"198.51.100.1","proto":"udp","sport":6000,"dport":5060})";
  const std::string other = R"({"in":"eth0","src":"192.0.2.9","dst":"198.51.100.1","proto":"udp","sport":6000,"dport":5060})";
  const std::string own = "-A INPUT -s 203.0.113.0/24 -p udp -m udp --dport 5060 -j ACCEPT\n";
  SECTION("the last one decides by what it sees") {
    firewall("edge", "perimeter", "", nat(led) + filter(lets));
    firewall("own", "host", "ipo1", filter(own));
    CHECK(ask(sip) == "accept proven 3");
    CHECK(ask(other) == "drop proven 3");
    CHECK(ask(R"({"hook":"forward","in":"eth0","src":"203.0.113.9","dst":"10.0.0.6","proto":"udp","dport":5061})") ==
          "accept proven 1");
    CHECK(ask(R"({"hook":"forward","in":"eth0","src":"203.0.113.9","dst":"10.0.0.99","proto":"udp","dport":5061})") ==
          "accept proven 1");
    CHECK(ask(R"({"hook":"forward","in":"eth0","src":"203.0.113.9","dst":"10.0.0.5","proto":"tcp","dport":5060})") ==
          "drop proven 1");
    CHECK(ask(R"({"hook":"forward","in":"eth0","src":"203.0.113.9","proto":"udp","dport":5061})")
              .starts_with("accept possible 1; whether it goes on to own"));
  }
  SECTION("one before gives it another source") {
    firewall("edge", "perimeter", "", nat(led + "-A POSTROUTING -d 10.0.0.0/8 -j MASQUERADE\n") + filter(lets));
    firewall("own", "host", "ipo1", filter(own));
    CHECK(ask(sip).starts_with("drop possible 3; "));
    CHECK(ask(other).starts_with("drop possible 3; "));
  }
  SECTION("what the filter between the two gives it, the last one sees") {
    firewall("core", "transit", "", nat("-A POSTROUTING -j MASQUERADE\n") + filter("-A FORWARD -s 203.0.113.0/24 -j ACCEPT\n"));
    firewall("edge", "perimeter", "", nat(led) + filter(lets));
    firewall("own", "host", "ipo1", filter(own));
    CHECK(ask(sip).starts_with("drop possible 4; "));
    CHECK(ask(other) == "drop proven 3");
  }
  SECTION("one of several ports is picked") {
    firewall("edge", "perimeter", "",
             nat("-A PREROUTING -i eth0 -p udp -m udp --dport 5060 -j DNAT --to-destination 10.0.0.5:5061-5064\n") + filter(lets));
    firewall("own", "host", "ipo1", filter("-A INPUT -s 203.0.113.0/24 -p udp -m udp --dport 5062 -j ACCEPT\n"));
    CHECK(ask(sip).starts_with("drop possible 3; "));
    CHECK(ask(other) == "drop proven 3");
  }
  SECTION("the dump of a family is missing") {
    firewall("edge", "perimeter", "", filter("-A FORWARD -i eth0 -p udp -j ACCEPT\n"));
    folder.put("edge6.rules",
               "# Generated by ip6tables-save\n" + filter("-A FORWARD -d 2001:db8::5/128 -i eth0 -p udp -j ACCEPT\n"));
    firewalls.replace(firewalls.find("\"edge.rules\""), 12, "\"edge.rules\", \"edge6.rules\"");
    firewall("own", "host", "ipo1", filter(own));
    CHECK(ask(R"({"hook":"forward","in":"eth0","src":"2001:db8:1::9","dst":"2001:db8::5","proto":"udp","dport":5060})") ==
          "accept possible 1; no dump of this address family was given for own");
  }
}
