// What a packet that opens something is to the rules: its connection's tuples, the type of its destination, the hook it comes
// to, and when a verdict is certain. Right answers are the kernel's; ci/kernel-check asks it for random ones.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/program.h"

using namespace ipo::testing;
using Json = nlohmann::json;

namespace {

struct Case {
  const char* rules;    // of FORWARD or INPUT, where they stand alone; or "nat rules\n--\nfilter rules"
  const char* verdict;  // "accept proven"
  const char* fields = "";
};

// To 198.51.100.4 udp/4000 by eth0, at FORWARD unless the fields say otherwise.
Json ask(const Case& c, const std::string& options = "") {
  std::string text = c.rules, nat;
  if (std::size_t cut = text.find("--\n"); cut == 0 || (cut != text.npos && text[cut - 1] == '\n'))
    nat = text.substr(0, cut), text = text.substr(cut + 3);
  Folder folder;
  std::string dump = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n" + text + "COMMIT\n";
  if (!nat.empty()) dump = "*nat\n:PREROUTING ACCEPT [0:0]\n" + nat + "COMMIT\n" + dump;
  Json packet = {{"hook", "forward"}, {"in", "eth0"},   {"src", "203.0.113.30"}, {"dst", "198.51.100.4"},
                 {"proto", "udp"},    {"sport", 31000}, {"dport", 4000}};
  packet.merge_patch(Json::parse(*c.fields ? c.fields : "{}"));
  Ran ran = run_program("query " + folder.put("fw.rules", dump) + " --packets " + folder.put("p.jsonl", packet.dump() + "\n") +
                        " " + options);
  INFO(ran.err);
  return Json::parse(ran.out);
}

void check(std::initializer_list<Case> cases, const std::string& options = "") {
  for (const Case& c : cases) {
    Json answer = ask(c, options);
    INFO(c.rules << c.fields << answer.dump());
    CHECK(answer["verdict"].get<std::string>() + " " + answer["certainty"].get<std::string>() == c.verdict);
  }
}

#define FORWARDED "-A PREROUTING -i eth0 -p udp -m udp --dport 4000 -j DNAT --to-destination 10.9.0.5:5060\n--\n"

}  // namespace

TEST_CASE("new packets: the original tuple is the packet as it arrived, the reply's is the packet as it is") {
  check({
      {FORWARDED "-A FORWARD -m conntrack --ctorigdst 198.51.100.0/24 -j ACCEPT\n", "accept proven"},
      {FORWARDED "-A FORWARD -m conntrack --ctorigdst 10.9.0.5 -j ACCEPT\n", "drop proven"},
      {FORWARDED "-A FORWARD -m conntrack --ctorigdstport 4000 -j ACCEPT\n", "accept proven"},
      {FORWARDED "-A FORWARD -m conntrack ! --ctorigdstport 5060 -j ACCEPT\n", "accept proven"},
      {FORWARDED "-A FORWARD -m conntrack --ctreplsrc 10.9.0.5 --ctreplsrcport 5060 -j ACCEPT\n", "accept proven"},
      {FORWARDED "-A FORWARD -m conntrack --ctreplsrc 198.51.100.4 -j ACCEPT\n", "drop proven"},
      {"-A FORWARD -m conntrack --ctorigsrc 203.0.113.30 --ctorigsrcport 30000:32000 -j ACCEPT\n", "accept proven"},
      {"-A FORWARD -m conntrack --ctrepldst 203.0.113.30 --ctrepldstport 31000 -j ACCEPT\n", "accept proven"},
      {"-A FORWARD -m conntrack --ctproto udp -j ACCEPT\n", "accept proven"},
      {"-A FORWARD -m conntrack ! --ctproto udp -j ACCEPT\n", "drop proven"},
      {"-A FORWARD -m conntrack --ctdir ORIGINAL -j ACCEPT\n", "accept proven"},
      {"-A FORWARD -m conntrack --ctdir REPLY -j ACCEPT\n", "drop proven"},
  });
}

TEST_CASE("new packets: other states' tuples are not known, and without a connection there are none") {
  const char *established = R"({"state":"established"})", *untracked = R"({"state":"untracked"})";
  check({
      {"-A FORWARD -m conntrack --ctorigdstport 4000 -j ACCEPT\n", "drop possible", established},
      {"-A FORWARD -m conntrack --ctdir REPLY -j ACCEPT\n", "drop possible", established},
      {"-A FORWARD -m conntrack --ctproto udp -j ACCEPT\n", "accept proven", established},
      {"-A FORWARD -m conntrack --ctproto udp -j ACCEPT\n", "drop proven", untracked},
      {"-A FORWARD -m conntrack ! --ctorigdst 192.0.2.1 -j ACCEPT\n", "drop proven", untracked},
      {"-A FORWARD -m conntrack --ctstate UNTRACKED --ctorigdst 192.0.2.1 -j ACCEPT\n", "accept proven", untracked},
      {"-A FORWARD -m conntrack --ctstate NEW,UNTRACKED --ctorigdst 192.0.2.1 -j ACCEPT\n", "drop proven"},
      {"-A FORWARD -m conntrack --ctorigdst 198.51.100.4 -j ACCEPT\n", "drop possible", R"({"dst":null})"},
      {"-A FORWARD -m conntrack --ctorigdstport 4000 -j ACCEPT\n", "drop possible", R"({"proto":"gre","dport":null,"sport":null})"},
  });
}

TEST_CASE("new packets: certain is a verdict that every reading gives") {
  const std::string maybe = "-A PREROUTING -p udp -m addrtype --dst-type LOCAL -j DNAT --to-destination 10.9.0.5:69\n--\n";
  check({
      {(maybe + "-A FORWARD -p tcp -j ACCEPT\n").c_str(), "drop proven"},
      {(maybe + "-A FORWARD -p udp -j ACCEPT\n").c_str(), "accept proven"},
      {(maybe + "-A FORWARD -d 10.9.0.5 -j ACCEPT\n").c_str(), "drop possible"},
      {"-A FORWARD -m recent --rcheck --name seen -j ACCEPT\n-A FORWARD -p udp -j ACCEPT\n", "accept proven"},
      {"-A FORWARD -m recent --rcheck --name seen -j REJECT\n", "drop possible"},
      {"-A PREROUTING -p udp -j DNAT --to-destination 10.9.0.1-10.9.0.3\n--\n-A FORWARD -d 10.9.0.0/29 -j ACCEPT\n",
       "accept proven"},
      {"-A PREROUTING -p udp -j DNAT --to-destination 10.9.0.1-10.9.0.3\n--\n-A FORWARD -d 10.9.0.1 -j ACCEPT\n",
       "accept possible"},
  });
  // Where it goes is said only if that is the same, too.
  Json picked = ask({"-A PREROUTING -p udp -j DNAT --to-destination 10.9.0.1-10.9.0.3:69\n--\n-A FORWARD -j ACCEPT\n", ""});
  CHECK(picked["dst"].is_null());
  CHECK(picked["dport"] == 69);
  CHECK(picked["doubt"].empty());
}

TEST_CASE("new packets: the destination tells the hook that is not given") {
  const char* none = R"({"hook":null})";
  check({
      {FORWARDED "-A FORWARD -d 10.9.0.5 -j ACCEPT\n", "accept proven", none},
      {FORWARDED "-A INPUT -j ACCEPT\n", "drop proven", none},
      {"-A PREROUTING -p udp -j REDIRECT --to-ports 69\n--\n-A INPUT -p udp -m udp --dport 69 -j ACCEPT\n", "accept proven", none},
      {"-A PREROUTING -p udp -j REDIRECT --to-ports 69\n--\n-A FORWARD -j ACCEPT\n", "drop proven", none},
      {"-A INPUT -j ACCEPT\n", "accept possible", none},
      {"-A PREROUTING -p udp -j DNAT --to-destination :69\n--\n-A INPUT -j ACCEPT\n", "accept possible", none},
      {"-A PREROUTING -p udp -m recent --rcheck --name seen -j DNAT --to-destination 10.9.0.5\n--\n-A FORWARD -j ACCEPT\n",
       "drop possible", none},
  });
  check({{"-A INPUT -j ACCEPT\n", "accept proven", none},
         {"-A INPUT -j ACCEPT\n", "accept possible", R"({"hook":null,"dst":"198.51.100.5"})"}},
        "--pbx 198.51.100.4");
  check({{FORWARDED "-A FORWARD -j ACCEPT\n", "accept proven", R"({"hook":null,"dst":"192.168.7.2"})"}}, "--pbx 192.168.7.2");
}

TEST_CASE("new packets: the type of an address is known where it is the machine's own, or the same on every machine") {
  const char* broadcast = "-A INPUT -m addrtype --dst-type BROADCAST -j DROP\n-A INPUT -j ACCEPT\n";
  const char* input = R"({"hook":"input"})";
  check(
      {
          {broadcast, "accept proven", input},
          {"-A INPUT -m addrtype --dst-type LOCAL -j ACCEPT\n", "accept proven", input},
          {"-A INPUT -m addrtype ! --dst-type LOCAL -j DROP\n-A INPUT -j ACCEPT\n", "accept proven", input},
          {"-A INPUT -m addrtype --dst-type UNICAST -j ACCEPT\n", "drop proven", input},
          {"-A INPUT -m addrtype --dst-type BROADCAST,MULTICAST,ANYCAST -j DROP\n-A INPUT -j ACCEPT\n", "accept proven", input},
          {broadcast, "accept possible", R"({"hook":"input","dst":"198.51.100.255"})"},
      },
      "--pbx 198.51.100.4");
  check({
      {broadcast, "accept possible", input},
      {broadcast, "drop proven", R"({"hook":"input","dst":"255.255.255.255"})"},
      {broadcast, "drop proven", R"({"hook":"input","dst":"0.0.0.0"})"},
      {broadcast, "accept possible", R"({"hook":"input","dst":"0.0.0.1"})"},
      {broadcast, "accept proven", R"({"hook":"input","dst":"239.1.2.3"})"},
      {broadcast, "accept proven", R"({"hook":"input","dst":"127.0.0.53"})"},
      {"-A INPUT -m addrtype --dst-type LOCAL -j ACCEPT\n", "accept proven", R"({"hook":"input","dst":"127.8.8.8"})"},
      {"-A INPUT -m addrtype --dst-type MULTICAST -j DROP\n-A INPUT -j ACCEPT\n", "accept proven",
       R"({"hook":"input","dst":"250.1.2.3"})"},
  });
}
