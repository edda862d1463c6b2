// What is concluded about a site, and why: one small dump per rung of each ladder.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "linter/reports/formats.h"
#include "parsers/parsers.h"
#include "rules/exposure/exposure.h"
#include "rules/site/bridge.h"
#include "rules/site/internet.h"
#include "rules/site/site.h"
#include "rules/site/zones.h"
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
std::string filter(const std::string& rules) {
  return "*filter\n:INPUT DROP\n:FORWARD DROP\n:OUTPUT ACCEPT\n" + rules + "COMMIT\n";
}

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
    Surveyed s(
        "*nat\n:POSTROUTING ACCEPT\n:eth1_masq -\n-A POSTROUTING -o eth1 -j eth1_masq\n"
        "-A eth1_masq -s 192.168.0.0/16 -j MASQUERADE\nCOMMIT\n");
    CHECK(s.internet() == "eth1");
  }
  SECTION("bridges, containers and VPNs are masqueraded too, but are no internet") {
    for (const char* name : {"docker0", "br0", "virbr0", "tun0", "wg0", "tap1", "lxcbr0", "bat0"}) {
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
  SECTION("every name of a dial-out or WAN interface") {
    for (const char* name : {"ppp0", "wan", "wan1", "wwan0", "pppoe-wan", "dsl0"})
      CHECK(Surveyed(filter(std::string("-A FORWARD -i ") + name + " -j DROP\n-A FORWARD -i eth0 -j ACCEPT\n")).internet() == name);
  }
  SECTION("masqueraded but to private addresses: those are spared, the rest is the internet") {
    CHECK(Surveyed(nat("-A POSTROUTING ! -d 10.0.0.0/8 -o eth0 -j MASQUERADE\n")).internet() == "eth0");
  }
  SECTION("IPsec and other tunnels are no internet, masqueraded or forwarded from") {
    for (const char* name : {"ipsec0", "vti0", "gre1", "sit1", "podman0", "veth12", "tailscale0"}) {
      INFO(name);
      CHECK(Surveyed(nat(std::string("-A POSTROUTING -o ") + name + " -j MASQUERADE\n")).internet().empty());
      CHECK(Surveyed(nat(std::string("-A PREROUTING -i ") + name + " -p udp --dport 5060 -j DNAT --to 10.0.0.1\n"))
                .internet()
                .empty());
    }
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
  // What mangle lets pass is not forwarded yet.
  CHECK(Surveyed("*mangle\n:FORWARD ACCEPT\n-A FORWARD -i eth0 -j ACCEPT\nCOMMIT\n" + filter("-A INPUT -i lo -j ACCEPT\n"))
            .standings[0]
            .role == Role::host);
  auto role = [](const std::string& rules) { return Surveyed(rules).standings[0].role; };
  auto forward = [&](const std::string& rule) { return role(filter("-A FORWARD " + rule + "\n")); };
  // What is not a new connection, of tcp or udp, from another machine makes no router.
  for (const char* rule : {"-m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT", "-p icmp -j ACCEPT", "-p esp -j ACCEPT",
                           "-i lo -j ACCEPT", "-j LOG", "-i eth1 -j REJECT"})
    CHECK(forward(rule) == Role::host);
  for (const char* rule : {"-m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT", "-p tcp -j ACCEPT", "-p udp -j ACCEPT",
                           "! -i lo -j ACCEPT", "-o lan -j ACCEPT", "! -p icmp -j ACCEPT"})
    CHECK(forward(rule) == Role::perimeter);
  auto accepting = [&](const std::string& rules) {
    return role("*filter\n:INPUT DROP\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\n" + rules + "COMMIT\n");
  };
  CHECK(accepting("-A FORWARD -s 192.0.2.7/32 -j DROP\n") == Role::perimeter);
  CHECK(accepting("-A FORWARD -s 192.0.2.7/32 -j DROP\n-A FORWARD -j DROP\n") == Role::host);
  CHECK(accepting("-A FORWARD -j REJECT\n") == Role::host);
  CHECK(accepting("-A INPUT -s 192.0.2.7/32 -j DROP\n") == Role::host);
  // Ports turned to the machine itself, and what it does with its own connections.
  CHECK(role(nat("-A PREROUTING -p tcp -m tcp --dport 8081 -j REDIRECT --to-ports 80\n")) == Role::host);
  CHECK(role("*nat\n:OUTPUT ACCEPT\n-A OUTPUT -p tcp -m tcp --dport 81 -j DNAT --to-destination 10.3.0.9\nCOMMIT\n" + filter("")) ==
        Role::host);
  CHECK(role(nat("-A PREROUTING -p tcp -m tcp --dport 81 -j DNAT --to-destination 10.3.0.9\n")) == Role::perimeter);
}

TEST_CASE("roles: a machine that forwards for its own containers and virtual machines only is a host") {
  auto role = [](const std::string& translations, const std::string& forwards, const char* pbx = "192.168.42.1") {
    SiteOptions options;
    if (*pbx) options.pbx = {*parse_address(pbx)};
    return Surveyed(nat(translations) + filter(forwards), options).standings[0].role;
  };
  const std::string inner = "-A POSTROUTING -s 10.88.0.0/16 -j MASQUERADE\n", onward = "-A FORWARD -d 10.88.0.0/16 -j ACCEPT\n";
  // The machine's name for a network inside it, wherever its packets leave.
  CHECK(role(inner, "") == Role::host);
  CHECK(role(inner, onward) == Role::host);
  CHECK(role(inner + "-A PREROUTING -p tcp -m tcp --dport 8180 -j DNAT --to-destination 10.88.0.3:80\n", onward) == Role::host);
  CHECK(role(inner, "-A FORWARD -i virbr1 -j ACCEPT\n-A FORWARD -o vnet3 -j ACCEPT\n") == Role::host);
  CHECK(role("", "-A FORWARD -i virbr0 -o enp1s0 -j ACCEPT\n") == Role::host);
  CHECK(role("-A POSTROUTING -o docker0 -j MASQUERADE\n", "") == Role::host);
  CHECK(role("-A PREROUTING ! -i virbr0 -p tcp -m tcp --dport 2022 -j DNAT --to-destination 192.168.122.10\n", "") == Role::host);
  CHECK(
      role(
          ":DOCKER - [0:0]\n-A PREROUTING -j DOCKER\n-A DOCKER -p tcp -m tcp --dport 8180 -j DNAT --to-destination 172.17.0.2:80\n",
          "") == Role::host);
  // What others send is another's business: by an interface, of public addresses, of any, onward to other networks.
  CHECK(role("-A POSTROUTING -s 10.88.0.0/16 -o enp1s0 -j MASQUERADE\n", onward) == Role::perimeter);
  CHECK(role("-A POSTROUTING -s 198.51.100.0/24 -j MASQUERADE\n", "") == Role::perimeter);
  CHECK(role("-A POSTROUTING -j MASQUERADE\n", "") == Role::perimeter);
  CHECK(role(inner, "-A FORWARD -d 10.89.0.0/16 -j ACCEPT\n") == Role::perimeter);
  CHECK(role(inner, onward + "-A FORWARD -i enp2s0 -o enp1s0 -j ACCEPT\n") == Role::perimeter);
  CHECK(role(inner, "-A FORWARD ! -i enp2s0 -j ACCEPT\n") == Role::perimeter);
  CHECK(role(inner + "-A PREROUTING -p tcp -m tcp --dport 8180 -j DNAT --to-destination 192.168.9.3:80\n", onward) ==
        Role::perimeter);
  // A PBX in that network is behind the machine; which one is the PBX has to be known.
  CHECK(role(inner, onward, "10.88.0.5") == Role::perimeter);
  CHECK(role(inner, onward, "") == Role::perimeter);
  // Nothing translated and nothing forwarded is no sign of guests.
  Surveyed plain(filter("-A INPUT -p udp -m udp --dport 5060 -j ACCEPT\n"), {{}, {*parse_address("192.168.42.1")}});
  CHECK(plain.line_of("translates nothing and forwards nothing") != 0);
  CHECK(Surveyed(nat(inner) + filter(""), {{}, {*parse_address("192.168.42.1")}}).line_of("containers or virtual machines") != 0);
}

TEST_CASE("anyone is more of the public internet than an IPv4 /8, or an IPv6 /32") {
  auto anyone = [](u128 lo, u128 hi, Family family) { return is_anyone(IntervalSet::range(lo, hi), family); };
  CHECK_FALSE(anyone(0x08000000, 0x08ffffff, Family::ipv4));
  CHECK(anyone(0x08000000, 0x09000000, Family::ipv4));
  CHECK_FALSE(anyone(0x09fffff0, 0x0b000010, Family::ipv4));  // most of it is 10.0.0.0/8
  CHECK(anyone(0, 0xffffffff, Family::ipv4));
  const u128 block = u128{0x2a00} << 112, size = u128{1} << 96;
  CHECK_FALSE(anyone(block, block + size - 1, Family::ipv6));
  CHECK(anyone(block, block + size, Family::ipv6));
  CHECK_FALSE(anyone(u128{0xfd} << 120, (u128{0xfe} << 120) - 1, Family::ipv6));
}

TEST_CASE("a bridge's ports have the sides that its rules tell") {
  const SiteOptions options{{"br0"}, {*parse_address("192.168.42.1")}};
  auto ports = [](const Standing& standing) {
    return fmt::format("{}|{}", fmt::join(standing.outer_ports, " "), fmt::join(standing.inner_ports, " "));
  };
  auto bridge = [&](const std::string& rules) {
    return ports(
        Surveyed(
            filter(":inward -\n-A FORWARD -i br0 -p icmp -j ACCEPT\n-A FORWARD -i br0 -o br0 -p tcp -m tcp --dport 1 -j ACCEPT\n" +
                   rules),
            options)
            .standings[0]);
  };
  auto rule = [](const std::string& text, const char* target = "ACCEPT") { return "-A FORWARD " + text + " -j " + target + "\n"; };
  const std::string to = "-d 192.168.42.1/32 -m physdev ", from = "-s 192.168.42.1/32 -m physdev ", any = "-m physdev ";
  CHECK(bridge(rule(to + "--physdev-in p1") + rule(from + "--physdev-in p2")) == "p1|p2");
  CHECK(bridge(rule(to + "--physdev-out p2") + rule(from + "--physdev-out p1")) == "p1|p2");
  CHECK(bridge(rule(to + "--physdev-in p1 --physdev-out p2")) == "p1|p2");
  CHECK(bridge(rule("-s 198.51.100.0/28 -m physdev --physdev-in p1") + rule("-s 192.168.42.0/24 -m physdev --physdev-in p2")) ==
        "p1|p2");
  CHECK(bridge(rule(to + "--physdev-in p1") + rule(to + "--physdev-in p3") + rule(from + "--physdev-in p2")) == "p1 p3|p2");
  // The jump names the ports, the chain the address.
  CHECK(bridge(rule(any + "--physdev-in p1 --physdev-out p2", "inward") + rule(any + "--physdev-in p2") +
               "-A inward -d 192.168.42.1/32 -p tcp -j ACCEPT\n") == "p1|p2");
  CHECK(bridge(rule(any + "--physdev-in p1", "inward") + rule(any + "--physdev-in p3", "inward") + rule(from + "--physdev-in p2") +
               "-A inward -d 192.168.42.1/32 -j ACCEPT\n") == "p1 p3|p2");
  CHECK(bridge(rule(any + "--physdev-in p1", "inward") + rule("-i br0", "inward") + rule(any + "--physdev-in p3") +
               rule(from + "--physdev-in p2") + "-A inward -d 192.168.42.1/32 -j ACCEPT\n") == "|");
  // Of two the other one follows, whatever names it.
  CHECK(bridge(rule(to + "--physdev-in p1") + rule(any + "--physdev-in p2")) == "p1|p2");
  CHECK(bridge(rule(from + "--physdev-in p2") + rule(any + "--physdev-out p1")) == "p1|p2");
  CHECK(bridge(rule(to + "--physdev-in p1") + rule(any + "--physdev-in p2", "DROP")) == "p1|p2");
  CHECK(bridge(rule(to + "--physdev-in p1") + rule(any + "--physdev-in p2") + rule(any + "--physdev-in p3")) == "|");
  CHECK(bridge(rule(from + "--physdev-in p2") + rule(any + "--physdev-in p1") + rule(any + "--physdev-in p3")) == "|");
  CHECK(bridge(rule(to + "--physdev-in p1")) == "|");
  // What is refused, private sources, other hosts and other tables tell no side; nor does a rule for what the PBX sends itself.
  for (const std::string& line :
       {rule(to + "--physdev-in p1", "DROP"), rule(to + "--physdev-in p1", "REJECT"),
        rule("-s 10.7.0.0/16 -m physdev --physdev-in p1"), rule("-s 0.0.0.0/1 -m physdev --physdev-in p1"),
        rule("-d 192.168.42.9/32 -m physdev --physdev-in p1"),
        rule("-s 192.168.42.1/32 -d 192.168.42.1/32 -m physdev --physdev-in p1"),
        rule("-d 192.168.42.1/32 -m physdev ! --physdev-in p1")})
    CHECK(bridge(line + rule(any + "--physdev-in p2")) == "|");
  CHECK(ports(Surveyed("*mangle\n:FORWARD ACCEPT\n" + rule(to + "--physdev-in p1") + "COMMIT\n" +
                           filter(rule(any + "--physdev-in p1") + rule(any + "--physdev-in p2")),
                       options)
                  .standings[0]) == "|");
  // Rules that contradict each other.
  CHECK(bridge(rule(to + "--physdev-in p1") + rule(from + "--physdev-in p1") + rule(from + "--physdev-in p2")) == "|");
  CHECK(bridge(rule(to + "--physdev-in p1") + rule(from + "--physdev-in p1 --physdev-out p2")) == "|");

  const Surveyed site(filter(rule(to + "--physdev-in p1") + rule(from + "--physdev-in p2")), options);
  auto asked = [](BridgeSide side, std::string port = "") {
    return Subject{Cause::bridge_port, side, {}, {}, {}, false, std::move(port)};
  };
  auto said = [&](BridgeSide side, const char* port, bool inbound) {
    return of_bridge(site.standings[0], asked(side, port), inbound);
  };
  for (bool inbound : {true, false}) {
    CHECK(said(BridgeSide::enters, "p1", inbound) == inbound);
    CHECK(said(BridgeSide::leaves, "p2", inbound) == inbound);
    CHECK(said(BridgeSide::enters, "p2", inbound) == !inbound);
    CHECK(said(BridgeSide::leaves, "p1", inbound) == !inbound);
    for (BridgeSide side : {BridgeSide::crosses, BridgeSide::enters, BridgeSide::leaves}) CHECK(said(side, "", inbound) == true);
    CHECK_FALSE(said(BridgeSide::enters, "p7", inbound));
    CHECK_FALSE(of_bridge(site.standings[0], Subject{}, inbound));
    CHECK_FALSE(of_bridge(Standing(), asked(BridgeSide::crosses), inbound));
  }
}

TEST_CASE("the PBX: told, else where the telephony port forwards lead") {
  std::string rules =
      nat("-A PREROUTING -i eth0 -p tcp --dport 80 -j DNAT --to 192.168.1.80\n"
          "-A PREROUTING -i eth0 -p udp --dport 5060 -j DNAT --to 192.168.42.1\n");
  CHECK(Surveyed(rules, {{}, {*parse_address("10.9.8.7")}}).pbx() == "10.9.8.7");
  CHECK(Surveyed(rules).pbx() == "192.168.42.1");
  CHECK(Surveyed(rules).line_of("the PBX is 192.168.42.1") == 5);
  auto led = [](const std::string& rule) { return Surveyed(nat("-A PREROUTING -i eth0 " + rule + "\n")).pbx(); };
  // Ports that every server has, however many.
  for (int port :
       {20, 22, 25, 53, 69, 80, 110, 123, 143, 161, 389, 443, 465, 500, 514, 520, 587, 636, 993, 995, 1701, 3389, 8000, 8080, 8443})
    for (const char* protocol : {"tcp", "udp"}) {
      INFO(protocol << port);
      CHECK(led(fmt::format("-p {} --dport {} -j DNAT --to 192.168.1.9", protocol, port)).empty());
    }
  CHECK(led("-p tcp --dport 10001 -j DNAT --to 192.168.1.9:22").empty());
  // A port only a PBX has outside is none inside.
  CHECK(led("-p tcp --dport 5060 -j DNAT --to 192.168.1.9:22").empty());
  CHECK(led("-p udp --dport 10060 -j DNAT --to 192.168.1.9:5060") == "192.168.1.9");
  for (const char* port : {"udp --dport 5060:5080", "tcp --dport 1720", "tcp --dport 4097", "tcp --dport 7070", "udp --dport 50795",
                           "tcp --dport 50804:50814", "udp --dport 40750:50750"})
    CHECK(led(fmt::format("-p {} -j DNAT --to 192.168.1.9", port)) == "192.168.1.9");
  // Whole wide ranges, or all ports.
  for (const char* port : {"tcp --dport 1:65535", "udp --dport 1024:65535", "udp --dport 5000:6000", "tcp", "udp --dport 41000"})
    CHECK(led(fmt::format("-p {} -j DNAT --to 192.168.1.9", port)).empty());
  CHECK(led("-j DNAT --to 192.168.1.9").empty());
  // Two machines: both, and it is said.
  Surveyed two(
      nat("-A PREROUTING -i eth0 -p udp --dport 5060 -j DNAT --to 192.168.42.5\n"
          "-A PREROUTING -i eth0 -p tcp --dport 50804 -j DNAT --to 192.168.42.1\n"));
  CHECK(two.pbx() == "192.168.42.5 192.168.42.1");
  CHECK(two.line_of("one of several with such a forward") == 4);
  // A transport no row has on that port.
  CHECK(led("-p tcp --dport 50795 -j DNAT --to 192.168.1.9").empty());
  // How wide a range may be that was written for one service, and how narrow one for calls.
  CHECK(led("-p udp --dport 5000:5255 -j DNAT --to 192.168.1.9") == "192.168.1.9");
  CHECK(led("-p udp --dport 5000:5256 -j DNAT --to 192.168.1.9").empty());
  CHECK(led("-p udp --dport 41000:41127 -j DNAT --to 192.168.1.9") == "192.168.1.9");
  for (const char* ports : {"41000:41126", "40600:41500", "50000:51000", "56000:58000"})
    CHECK(led(fmt::format("-p udp --dport {} -j DNAT --to 192.168.1.9", ports)).empty());
  CHECK(led("-p udp -m multiport --dports 41000:41060,42000:42060,43000:43060 -j DNAT --to 192.168.1.9").empty());
  CHECK(led("-p udp --dport 5060 -j DNAT --to 192.168.1.9-192.168.1.10").empty());
  CHECK(led("-p udp --dport 5060 -j REDIRECT").empty());
  // Ports that other machines have too.
  for (const char* ports :
       {"tcp --dport 411", "tcp --dport 5443", "tcp --dport 5480", "tcp --dport 5488:5489", "tcp --dport 5807", "tcp --dport 9080",
        "udp --dport 50780", "udp --dport 56000:56100", "udp --dport 67:68", "udp --dport 123"})
    CHECK(led(fmt::format("-p {} -j DNAT --to 192.168.1.9", ports)).empty());
  CHECK(Surveyed(nat("-A POSTROUTING -o eth0 -p udp --dport 5060 -j SNAT --to-source 203.0.113.1\n")).pbx().empty());
  // One for each machine.
  CHECK(led("-p udp --dport 5060 -j DNAT --to 192.168.1.9\n-A PREROUTING -i eth1 -p tcp --dport 1720 -j DNAT --to 192.168.1.9") ==
        "192.168.1.9");
}

TEST_CASE("the PBX: a public address that was given leads where a forward takes it") {
  auto led = [](const std::string& rules) { return Surveyed(nat(rules), {{}, {*parse_address("203.0.113.9")}}).pbx(); };
  const std::string forward = "-A PREROUTING -d 203.0.113.9/32 -p udp -m udp --dport 5060 -j DNAT --to-destination ";
  CHECK(led(forward + "192.168.42.1\n") == "203.0.113.9 192.168.42.1");
  CHECK(led(forward + "192.168.42.1\n" + forward + "192.168.42.1\n") == "203.0.113.9 192.168.42.1");
  CHECK(led(forward + "192.168.42.1\n" + forward + "192.168.42.2\n") == "203.0.113.9 192.168.42.1 192.168.42.2");
  CHECK(Surveyed(nat(forward + "192.168.42.1\n"), {{}, {*parse_address("203.0.113.9")}}).line_of("192.168.42.1 is the PBX too") ==
        4);
  for (const char* rule :
       {"-A PREROUTING -d 203.0.113.8/32 -p udp -m udp --dport 5060 -j DNAT --to-destination 192.168.42.1\n",
        "-A PREROUTING -d 203.0.113.8/30 -p udp -m udp --dport 5060 -j DNAT --to-destination 192.168.42.1\n",
        "-A PREROUTING -p udp -m udp --dport 5060 -j DNAT --to-destination 192.168.42.1\n",
        "-A POSTROUTING -d 203.0.113.9/32 -p udp -m udp --dport 5060 -j SNAT --to-source 192.168.42.1\n",
        "-A PREROUTING -d 203.0.113.9/32 -p udp -m udp --dport 5060 -j DNAT --to-destination 192.168.42.1-192.168.42.2\n",
        "-A PREROUTING -d 203.0.113.9/32 -p udp -m udp --dport 5060 -j DNAT --to-destination 203.0.113.9:5070\n"})
    CHECK(led(rule) == "203.0.113.9");
  // Where it goes from there is the next machine's business.
  CHECK(led(forward +
            "192.168.42.1\n-A PREROUTING -d 192.168.42.1/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.1\n") ==
        "203.0.113.9 192.168.42.1");
}

TEST_CASE("a chain of several hooks does not say whose an address is") {
  auto owns = [](const std::string& text) {
    return !Surveyed(text, {{"eth0"}, {*parse_address("10.42.7.3")}}).standings.at(0).own.empty();
  };
  std::string routed = filter("-A FORWARD -d 10.42.7.3/32 -p udp --dport 69 -j ACCEPT\n");
  std::string chains = "*nat\n:PREROUTING ACCEPT\n:INPUT ACCEPT\n:OUTPUT ACCEPT\n:POSTROUTING ACCEPT\n:SVC -\n";
  std::string source = "-A SVC -s 10.42.7.3/32 -j RETURN\nCOMMIT\n";
  CHECK_FALSE(owns(chains + "-A PREROUTING -j SVC\n-A OUTPUT -j SVC\n" + source + routed));
  CHECK_FALSE(owns(chains + "-A OUTPUT -j SVC\n-A POSTROUTING -j SVC\n" + source + routed));
  CHECK(owns(chains + "-A OUTPUT -j SVC\n" + source + routed));
  CHECK(owns(routed.substr(0, routed.size() - 7) + "-A INPUT -d 10.42.7.3/32 -p tcp --dport 22 -j ACCEPT\nCOMMIT\n"));
  CHECK_FALSE(
      owns("*filter\n:INPUT DROP\n:FORWARD DROP\n:OUTPUT ACCEPT\n:BOTH -\n-A INPUT -j BOTH\n-A FORWARD -j BOTH\n"
           "-A BOTH -d 10.42.7.3/32 -p udp --dport 69 -j ACCEPT\nCOMMIT\n"));
}

TEST_CASE("SARIF of every fixture site keeps the rules the validator does not know") {
  for (const auto& entry : std::filesystem::directory_iterator(testing::source_dir() / "fixtures/sites"))
    for (const char* variant : {"clean", "faulty"}) {
      for (std::vector<Input>& inputs : testing::sites_below(entry.path() / variant)) {
        std::ostringstream out;
        write_sarif(out, lint(testing::site_of(std::move(inputs)), {}));
        INFO(entry.path().filename() << " " << variant);
        for (const std::string& defect : sarif_defects(out.str())) FAIL_CHECK(defect);
      }
    }
}

namespace {

// Check ids and levels of a dump's findings, in order: "tftp-exposed error; ...", "(possible)" where it is.
std::string found(const std::string& text, const std::string& options = "") {
  Report report = lint({"", {{"fw.rules", text}}, {}}, testing::of_one_direction(testing::parse_case_options(options)));
  std::string out;
  for (const Finding& f : report.findings) {
    if (f.check == "exposed-through-port-forward") continue;
    out += (out.empty() ? "" : "; ") + f.check + " " + std::string(name_of(f.level)) +
           (f.certainty == Certainty::possible ? " (possible)" : "");
  }
  return out;
}

LintOptions of_the_pbx() { return testing::of_one_direction(testing::parse_case_options("--pbx 203.0.113.10")); }

const std::string masquerade = "-A POSTROUTING -o eth0 -j MASQUERADE\n";
const std::string replies = "-A FORWARD -m state --state RELATED,ESTABLISHED -j ACCEPT\n";

}  // namespace

TEST_CASE("a host's own INPUT is judged though its FORWARD answers replies, and though the PBX's address is known") {
  std::string ufw = filter(
      "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n-A FORWARD -i lo -j ACCEPT\n"
      "-A INPUT -p udp --dport 69 -j ACCEPT\n");
  CHECK(found(ufw) == "tftp-exposed warning");
  CHECK(found(ufw, "--pbx 203.0.113.10") == "tftp-exposed warning");
  // Docker's masquerading on the PBX itself: no rule speaks of the PBX, so INPUT may be its own.
  std::string docker =
      nat("-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE\n") + filter("-A INPUT -p tcp --dport 50804 -j ACCEPT\n");
  CHECK(found(docker, "--pbx 203.0.113.10") == "unsecured-management-exposed warning");
}

TEST_CASE("a router that lists what it refuses is no host filter") {
  CHECK(found("*filter\n:INPUT DROP\n:FORWARD ACCEPT\n-A FORWARD -i eth0 -d 203.0.113.10 -p tcp --dport 22 -j DROP\nCOMMIT\n",
              "--pbx 203.0.113.10 --internet eth0") == "default-accept-policy warning");
}

TEST_CASE("rules that refuse, and wide nets behind a tunnel, do not say where the PBX is") {
  std::string forward = nat("-A PREROUTING -i eth0 -p udp --dport 69 -j DNAT --to-destination 192.168.42.1\n" + masquerade);
  std::string open = "-A FORWARD -i eth0 -o eth1 -p udp --dport 69 -j ACCEPT\n";
  CHECK(found(forward + filter(replies + "-A FORWARD -i eth2 -s 192.168.42.0/24 -j DROP\n" + open), "--pbx 192.168.42.1")
            .starts_with("tftp-exposed error"));
  CHECK(found(forward + filter(replies + "-A FORWARD -i tun0 -s 192.168.0.0/16 -j ACCEPT\n" + open), "--pbx 192.168.42.1")
            .starts_with("tftp-exposed error"));
}

TEST_CASE("hairpin masquerading does not make the LAN the internet") {
  std::string rules =
      nat("-A PREROUTING -d 198.51.100.7/32 -p udp --dport 69 -j DNAT --to-destination 192.168.42.1\n" + masquerade +
          "-A POSTROUTING -s 192.168.42.0/24 -o eth1 -j MASQUERADE\n") +
      filter(replies + "-A FORWARD -i eth1 -j ACCEPT\n-A FORWARD -i eth0 -o eth1 -d 192.168.42.1/32 -p udp --dport 69 -j ACCEPT\n");
  CHECK(Surveyed(rules).internet() == "eth0");
  CHECK(found(rules, "--pbx 192.168.42.1") == "tftp-exposed error");
  // The public address given as the PBX's: where its forward leads counts too.
  CHECK(found(rules, "--pbx 198.51.100.7").starts_with("tftp-exposed error"));
}

TEST_CASE("what was not judged is said, never silent") {
  std::string rules = nat("-A PREROUTING -i eth0 -p udp --dport 69 -j DNAT --to-destination 192.168.42.1\n" + masquerade);
  CHECK(found(rules, "--pbx 192.168.42.1").find("tftp-exposed error (possible)") != std::string::npos);
  CHECK(found(rules).find("rtp-range-blocked") == std::string::npos);
  CHECK(Surveyed(rules).line_of("no filter table") == 1);
  CHECK(Surveyed(rules, {{"eht0"}, {}}).line_of("spelt right") == 1);
}

TEST_CASE("port forwards: a limited one leaves a note, ranges prove nothing, a shift moves every port") {
  std::string open = filter("-A FORWARD -i eth0 -o eth1 -d 192.168.42.1/32 -p udp --dport 69 -j ACCEPT\n");
  CHECK(
      found(nat("-A PREROUTING -i eth0 -s 198.51.100.1/32 -p udp --dport 69 -j DNAT --to-destination 192.168.42.1\n" + masquerade) +
                open,
            "--pbx 192.168.42.1") == "undeclared-source warning; tftp-exposed note");
  std::string translated = filter("-A FORWARD -i eth0 -m conntrack --ctstate DNAT -j ACCEPT\n");
  std::string range =
      found(nat("-A PREROUTING -i eth0 -p tcp --dport 804 -j DNAT --to-destination 192.168.42.1:50804-50805\n" + masquerade) +
            translated);
  CHECK(range == "unsecured-management-exposed error (possible); secured-management-exposed warning (possible)");
  std::string kept =
      found(nat("-A PREROUTING -i eth0 -p tcp --dport 50804 -j DNAT --to-destination 192.168.42.1:50804-50805\n" + masquerade) +
            translated);
  CHECK(kept == "unsecured-management-exposed error");
  std::string shifted = found(
      nat("-A PREROUTING -i eth0 -p tcp --dport 50803 -j DNAT --to-destination 192.168.42.1:50803-50804/50802\n" + masquerade) +
          translated,
      "--pbx 192.168.42.1");
  CHECK(shifted == "unsecured-management-exposed error");
}

TEST_CASE("kernel order: raw knows no state, and a destination is another one after translation") {
  CHECK(found("*raw\n:PREROUTING ACCEPT\n-A PREROUTING -p udp --dport 69 -m conntrack --ctstate NEW -j DROP\nCOMMIT\n" +
              filter("-A INPUT -p udp --dport 69 -j ACCEPT\n")) == "tftp-exposed warning");
  CHECK(found("*raw\n:PREROUTING ACCEPT\n-A PREROUTING -p udp --dport 69 -m conntrack --ctstate INVALID -j DROP\nCOMMIT\n" +
              filter("-A INPUT -p udp --dport 69 -j ACCEPT\n"))
            .empty());
  CHECK(
      found(
          nat("-A PREROUTING -p udp --dport 69 -m addrtype --dst-type LOCAL -j DNAT --to-destination 192.168.42.1\n" + masquerade) +
              filter("-A FORWARD -m addrtype --dst-type LOCAL -j DROP\n-A FORWARD -i eth0 -m conntrack --ctstate DNAT -j ACCEPT\n"),
          "--pbx 192.168.42.1")
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
  Report report = lint({"", {{"fw.rules", input}}, {}}, testing::of_one_direction());
  REQUIRE(report.findings.size() == 1);
  CHECK(report.findings[0].path.size() == 1);
  CHECK(found("*filter\n:INPUT DROP\n:a -\n-A INPUT -j a\n-A a -p udp -j a\n-A a -p udp -j a\n-A INPUT -p udp --dport 69 -j "
              "ACCEPT\nCOMMIT\n")
            .find("any-any-accept warning (possible)") != std::string::npos);
  std::string routed = "*nat\n:POSTROUTING ACCEPT\n" + chains + calls + "-A POSTROUTING -j c0\n-A c59 -j MASQUERADE\nCOMMIT\n";
  CHECK(Surveyed(routed).internet().empty());
}

// ---- with a site file -----------------------------------------------------------------------------------------------

namespace {

std::unique_ptr<Assessment> assessed(std::vector<Input> files, const std::string& options = "") {
  auto a = assess(testing::site_of(std::move(files)), testing::parse_case_options(options));
  std::string errors;
  for (const std::string& error : a->reading.errors) errors += error;
  INFO(errors);
  REQUIRE(errors.empty());
  a->judge();
  return a;
}

std::string internet_of(const Standing& standing) {
  std::string out;
  for (const InterfaceTest& i : standing.internet) out += (out.empty() ? "" : " ") + i.name + (i.prefix ? "+" : "");
  return out;
}

// The zone of a packet by interface and source, as the first firewall sees it.
std::string zone_of(const Assessment& a, const std::string& in, const char* source) {
  const Standing& standing = a.standings[0];
  PacketSpace packets(*standing.firewall, interfaces_of_zones(standing));
  ZoneSets zones(packets, standing, Family::ipv4);
  std::vector<u128> point(dimension_count, 0);
  IntervalSet number = packets.interfaces.matching({true, in, false});
  point[static_cast<std::size_t>(Dimension::in)] = number.empty() ? 1 : number.begin()->lo;
  point[static_cast<std::size_t>(Dimension::source)] = parse_address(source)->value;
  std::string out;
  for (std::size_t z = 0; z < standing.zones.size(); ++z)
    if (packets.space.at(zones.coming(z), point) == 1) out += (out.empty() ? "" : " ") + standing.zones[z].name;
  return out;
}

const std::string router = nat(masquerade) + filter("-A FORWARD -i eth1 -o eth0 -j ACCEPT\n-A FORWARD -i eth2 -j DROP\n");

}  // namespace

TEST_CASE("the internet: --internet before what is declared before what is inferred") {
  std::string toml = "[zones.internet]\ninterfaces = [\"eth2\"]\n";
  CHECK(internet_of(assessed({{"fw.rules", router}})->standings[0]) == "eth0");
  CHECK(internet_of(assessed({{"fw.rules", router}, {"ipo-lint.toml", toml}})->standings[0]) == "eth2");
  CHECK(internet_of(assessed({{"fw.rules", router}, {"ipo-lint.toml", toml}}, "--internet eth1")->standings[0]) == "eth1");
  // Any name and any number of tables will do, the kind says it.
  CHECK(internet_of(assessed({{"fw.rules", router},
                              {"ipo-lint.toml",
                               "[[zones.wan]]\nkind = \"internet\"\ninterfaces = [\"eth2\"]\n"
                               "[[zones.wan]]\nkind = \"internet\"\ninterfaces = [\"eth0\"]\n"}})
                        ->standings[0]) == "eth2 eth0");
}

TEST_CASE("the internet: an interface that was left out of what is declared, and looks like a way there, is said") {
  const std::string rules = nat("-A POSTROUTING -o ppp0 -j MASQUERADE\n-A POSTROUTING -o ppp1 -j MASQUERADE\n-A POSTROUTING -d "
                                "192.168.42.0/24 -o eth1 -j MASQUERADE\n") +
                            filter("-A FORWARD -i eth1 -j ACCEPT\n");
  const char* said =
      "ppp1 is no way to the internet, for it is not declared as one; yet source addresses are translated on the way out of it";
  CHECK(Surveyed(rules, {{"ppp0"}, {}}).line_of(said) == 5);
  CHECK(Surveyed(rules, {{"ppp+"}, {}}).line_of("is no way to the internet") == 0);
  CHECK(Surveyed(rules, {{"ppp0", "ppp1"}, {}}).line_of("is no way to the internet") == 0);
  CHECK(Surveyed(rules, {{"ppp0"}, {}}).line_of("eth1 is no way") == 0);
  CHECK(Surveyed(rules, {}).line_of("is no way to the internet") == 0);
  std::string toml = "[zones.internet]\ninterfaces = [\"ppp0\"]\n[zones.backup]\nkind = \"guest\"\ninterfaces = [\"ppp1\"]\n";
  auto site = assessed({{"fw.rules", rules}, {"ipo-lint.toml", toml}});
  for (const Inference& i : site->reading.site.inferences)
    CHECK_THAT(i.message, !Catch::Matchers::Contains("is no way to the internet"));
}

TEST_CASE("zones: private sources on an internet interface stay the internet's") {
  auto a = assessed({{"fw.rules", router},
                     {"ipo-lint.toml",
                      "[zones.voice]\nsources = [\"192.168.0.0/16\"]\n[zones.northline]\nkind = \"itsp\"\n"
                      "sources = [\"198.51.100.0/28\"]\n"}});
  CHECK(zone_of(*a, "eth0", "192.168.5.5") == "internet");
  CHECK(zone_of(*a, "eth0", "203.0.113.9") == "internet");
  CHECK(zone_of(*a, "eth0", "198.51.100.3") == "northline");
  CHECK(zone_of(*a, "eth1", "192.168.5.5") == "voice");
  CHECK(zone_of(*a, "eth1", "203.0.113.9").empty());
}

TEST_CASE("zones: interface and source before source before interface") {
  auto a =
      assessed({{"fw.rules", router},
                {"ipo-lint.toml",
                 "[zones.management]\ninterfaces = [\"eth1\"]\nsources = [\"10.1.1.0/24\"]\n[zones.voice]\n"
                 "sources = [\"10.1.0.0/16\"]\n[zones.users]\ninterfaces = [\"eth1\"]\n[zones.guest]\ninterfaces = [\"eth2\"]\n"}});
  CHECK(zone_of(*a, "eth1", "10.1.1.7") == "management");
  CHECK(zone_of(*a, "eth1", "10.1.2.7") == "voice");
  CHECK(zone_of(*a, "eth1", "10.9.9.9") == "users");
  CHECK(zone_of(*a, "eth2", "10.1.1.7") == "voice");
  CHECK(zone_of(*a, "eth2", "10.9.9.9") == "guest");
  CHECK(zone_of(*a, "eth0", "10.1.1.7") == "internet");
}

TEST_CASE("the last rung: interfaces not known, sources are looked at, and warnings are the most") {
  std::string rules = filter(
      "-A INPUT -i lo -j ACCEPT\n-A INPUT -s 192.168.0.0/16 -p udp --dport 161 -j ACCEPT\n"
      "-A INPUT -p udp --dport 69 -j ACCEPT\n");
  auto a = assessed({{"fw.rules", rules}}, "--pbx 203.0.113.10");
  CHECK(zone_of(*a, "eth0", "203.0.113.9") == "internet");
  CHECK(zone_of(*a, "eth0", "192.168.1.1").empty());
  CHECK(zone_of(*a, "lo", "203.0.113.9").empty());
  CHECK(found(rules, "--pbx 203.0.113.10") == "tftp-exposed warning");
  CHECK(found(rules, "--pbx 203.0.113.10 --internet eth0") == "tftp-exposed error");
}

TEST_CASE("an interface of a zone is that firewall's whose rules name it") {
  std::string toml = "[zones.internet]\ninterfaces = [\"eth0\"]\n[pbx]\naddresses = [\"10.0.0.5\"]\n";
  auto a = assessed(
      {{"a.rules", router}, {"b.rules", nat("-A POSTROUTING -o eth5 -j MASQUERADE\n") + filter("")}, {"ipo-lint.toml", toml}});
  CHECK(internet_of(a->standings[0]) == "eth0");
  CHECK(internet_of(a->standings[1]) == "eth5");
  // A host's filter that names none does not have the router's.
  a = assessed({{"a.rules", router}, {"own.rules", filter("-A INPUT -p udp --dport 69 -j ACCEPT\n")}, {"ipo-lint.toml", toml}});
  CHECK(internet_of(a->standings[1]).empty());
  a = assessed({{"own.rules", filter("-A INPUT -p udp --dport 69 -j ACCEPT\n")}, {"ipo-lint.toml", toml}});
  CHECK(internet_of(a->standings[0]) == "eth0");
}

TEST_CASE("a host filter is the PBX's unless that is an appliance and another host is known") {
  std::string apps =
      "[[host]]\nname = \"apps\"\naddresses = [\"10.0.0.6\"]\nproducts = [\"voicemail-pro\"]\n"
      "[[host]]\nname = \"ipo\"\naddresses = [\"10.0.0.5\"]\nproducts = [\"ip-office\"]\nplatform = ";
  auto host_of = [&](const char* platform) {
    auto a = assessed({{"own.rules", filter("-A INPUT -j ACCEPT\n")}, {"ipo-lint.toml", apps + platform + "\n"}});
    std::string out;
    for (const auto& p : a->exposure->passages())
      if (p->inbound && p->host) out += p->host->name;
    return out;
  };
  CHECK(host_of("\"server-edition\"") == "ipo");
  CHECK(host_of("\"ip500v2\"") == "apps");
}

// ---- dumps of one machine -------------------------------------------------------------------------------------------

namespace {

std::string shape(const Assessment& a) {
  std::string out;
  for (const Firewall& f : a.reading.site.firewalls) {
    out += (out.empty() ? "" : " | ") + f.name + ":";
    for (const Ruleset& r : f.rulesets) out += r.family == Family::ipv4 ? " 4" : " 6";
  }
  return out;
}

const std::string six = "# Generated by ip6tables-save v1.8.7\n";
const std::string rest =
    "*filter\n:INPUT DROP\n:FORWARD DROP\n:OUTPUT ACCEPT\n:late -\n-A INPUT -i lo -j ACCEPT\n-A INPUT -j late\nCOMMIT\n";
const std::string joined = "[[firewall]]\nname = \"own\"\nfiles = [\"base.rules\", \"more.rules\"]\n";

}  // namespace

TEST_CASE("dumps: pairs by name, however many machines there are") {
  std::string four = filter("-A FORWARD -i eth0 -j ACCEPT\n");
  CHECK(shape(*assessed({{"core.v4", four}, {"core.v6", six + four}, {"edge.v4", four}, {"edge.v6", six + four}})) ==
        "core.v4: 4 6 | edge.v4: 4 6");
  CHECK(shape(*assessed({{"core.v4", four}, {"edge.v4", four}, {"edge.v6", six + four}})) == "core.v4: 4 | edge.v4: 4 6");
  CHECK(shape(*assessed({{"a/iptables.rules", four},
                         {"a/ip6tables.rules", six + four},
                         {"b/iptables.rules", four},
                         {"b/ip6tables.rules", six + four}})) == "a/iptables.rules: 4 6 | b/iptables.rules: 4 6");
  // The only two need no name.
  CHECK(shape(*assessed({{"old.txt", four}, {"new.txt", six + four}})) == "old.txt: 4 6");
  CHECK(shape(*assessed({{"one.txt", four}, {"two.txt", four}, {"three.txt", six + four}})) ==
        "one.txt: 4 | two.txt: 4 | three.txt: 6");
}

TEST_CASE("dumps: the name tells the family where nothing in the dump does") {
  std::string four = filter("-A FORWARD -i eth0 -j ACCEPT\n");
  auto family = [&](const std::string& name) {
    std::string out = shape(*assessed({{name, four}}));
    return out.substr(out.find(": ") + 2);
  };
  for (const char* name : {"rules.v6", "fw-ipv6.txt", "fw_ip6", "inet6/fw", "ip6tables.rules", "ip6tables2", "my-ip6tables-save",
                           "iptables6", "6/fw", "v6"}) {
    INFO(name);
    CHECK(family(name) == "6");
  }
  for (const char* name : {"rules", "rules.v4", "dev6", "v60", "ipv6x", "xip6", "v4/v6.txt/v4", "ipv6/ipv4.rules", "6/ip4.rules",
                           "v6/inet4", "v6/iptables4", "v6/4", "fw.v4.v6"}) {
    INFO(name);
    CHECK(family(name) == "4");
  }
  // Beside one whose content is plainly of IPv4.
  std::string plain = filter("-A FORWARD -s 192.0.2.0/24 -j ACCEPT\n");
  CHECK(shape(*assessed({{"before.rules", plain}, {"before6.rules", four}})) == "before.rules: 4 6");
  CHECK(shape(*assessed({{"before.rules", plain}, {"after6.rules", four}})) == "before.rules: 4 | after6.rules: 4");
  CHECK(shape(*assessed({{"before.rules", plain}, {"ipv4-before.rules", four}})) == "before.rules: 4 | ipv4-before.rules: 4");
}

TEST_CASE("interfaces: names of containers and virtual machines, and such as only begin like them") {
  for (const char* name : {"br-0123456789ab", "docker0", "veth1", "virbr0", "vnet3", "lxcbr0", "lxdbr0", "cbr0", "cni0",
                           "flannel.1", "cali1", "podman1"})
    CHECK(is_guest(name));
  for (const char* name : {"br-lan", "br-0123456789a", "br-0123456789xy", "bx-0123456789ab", "br0", "eth0", "dock", ""})
    CHECK_FALSE(is_guest(name));
}

TEST_CASE("dumps: two of one family are judged apart, and findings name the file") {
  std::string first = filter("-A INPUT -p udp --dport 69 -j ACCEPT\n"), second = filter("-A INPUT -p udp --dport 161 -j ACCEPT\n");
  Report report = lint({"", {{"a.rules", first}, {"b.rules", second}}, {}}, of_the_pbx());
  std::string lines;
  for (const Finding& f : report.findings) lines += testing::finding_line(report, f, true);
  CHECK(lines ==
        "a.rules:5: warning[tftp-exposed]: udp/69 (TFTP) is reachable from the internet\n"
        "b.rules:5: warning[snmp-exposed]: udp/161 (SNMP) is reachable from the internet\n");
}

TEST_CASE("dumps: files of one machine are loaded one after the other") {
  auto lines = [](std::vector<Input> files) {
    Report report = lint(testing::site_of(std::move(files)), of_the_pbx());
    std::string out;
    for (const std::string& error : report.errors) out += error;
    for (const Finding& f : report.findings) out += testing::finding_line(report, f, true);
    return out;
  };
  std::string appended = "*filter\n:late -\n-A late -p udp --dport 69 -j ACCEPT\nCOMMIT\n";
  CHECK(lines({{"base.rules", rest}, {"more.rules", appended}, {"ipo-lint.toml", joined}}) ==
        "more.rules:3: warning[tftp-exposed]: udp/69 (TFTP) is reachable from the internet\n");
  // A table whose policies are stated starts anew; others stay.
  std::string anew = filter("-A INPUT -p udp --dport 161 -j ACCEPT\n");
  CHECK(
      lines({{"base.rules", filter("-A INPUT -p udp --dport 69 -j ACCEPT\n")}, {"more.rules", anew}, {"ipo-lint.toml", joined}}) ==
      "more.rules:5: warning[snmp-exposed]: udp/161 (SNMP) is reachable from the internet\n");
  // In the order of the site file, not of the inputs.
  std::string turned = "[[firewall]]\nname = \"own\"\nfiles = [\"more.rules\", \"base.rules\"]\n";
  CHECK(
      lines({{"base.rules", filter("-A INPUT -p udp --dport 69 -j ACCEPT\n")}, {"more.rules", anew}, {"ipo-lint.toml", turned}}) ==
      "base.rules:5: warning[tftp-exposed]: udp/69 (TFTP) is reachable from the internet\n");
}

TEST_CASE("dumps: a rule may call a chain of an earlier file") {
  std::string base = "*filter\n:INPUT DROP\n:FORWARD DROP\n:OUTPUT ACCEPT\n:late -\n-A late -p udp --dport 69 -j ACCEPT\nCOMMIT\n";
  Report report = lint(
      testing::site_of({{"base.rules", base}, {"more.rules", "*filter\n-A INPUT -j late\nCOMMIT\n"}, {"ipo-lint.toml", joined}}),
      of_the_pbx());
  std::string lines;
  for (const Finding& f : report.findings) lines += testing::finding_line(report, f, true);
  CHECK(lines == "base.rules:6: warning[tftp-exposed]: udp/69 (TFTP) is reachable from the internet\n");
}

TEST_CASE("dumps: the pieces of ufw make one firewall") {
  std::string frame =
      "*filter\n:INPUT DROP\n:FORWARD DROP\n:OUTPUT ACCEPT\n:ufw-before-input -\n:ufw-user-input -\n:ufw-after-input -\n"
      "-A INPUT -j ufw-before-input\n-A INPUT -j ufw-user-input\n-A INPUT -j ufw-after-input\nCOMMIT\n";
  auto before = [](const std::string& rule) {
    return "*filter\n:ufw-before-input - [0:0]\n-A ufw-before-input -i lo -j ACCEPT\n"
           "-A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n" +
           rule + "COMMIT\n";
  };
  std::string user =
      "*filter\n:ufw-user-input - [0:0]\n-A ufw-user-input -p udp --dport 161 -j ACCEPT\n-A ufw-user-input -p udp --dport 69 -j "
      "ACCEPT\nCOMMIT\n";
  std::string after = "*filter\n:ufw-after-input - [0:0]\n-A ufw-after-input -p udp --dport 137 -j DROP\nCOMMIT\n";
  auto lines = [](std::vector<Input> files, const std::string& order) {
    files.push_back(
        {"ipo-lint.toml", "[pbx]\naddresses = [\"203.0.113.10\"]\n[[firewall]]\nrole = \"host\"\nfiles = [" + order + "]\n"});
    Report report = lint(testing::site_of(std::move(files)), {});
    std::string out;
    for (const std::string& error : report.errors) out += error;
    for (const Finding& f : report.findings) out += testing::finding_line(report, f, true);
    return out;
  };
  auto found_in = [](std::vector<Input> files) {
    Report report = lint(testing::site_of(std::move(files)), {});
    std::string out;
    for (const Finding& f : report.findings) out += testing::finding_line(report, f, true);
    return out;
  };
  std::string all = "\"frame.rules\", \"before.rules\", \"user.rules\", \"after.rules\"";
  std::string closes = "-A ufw-before-input -p udp --dport 161 -j DROP\n";
  // With what the kernel holds around them, ...
  CHECK(lines({{"after.rules", after}, {"before.rules", before(closes)}, {"frame.rules", frame}, {"user.rules", user}}, all) ==
        "user.rules:4: warning[tftp-exposed]: udp/69 (TFTP) is reachable from the internet\n");
  CHECK(lines({{"after.rules", after}, {"before.rules", before("")}, {"frame.rules", frame}, {"user.rules", user}}, all) ==
        "user.rules:3: warning[snmp-exposed]: udp/161 (SNMP) is reachable from the internet\n"
        "user.rules:4: warning[tftp-exposed]: udp/69 (TFTP) is reachable from the internet\n");
  // ... and without it, when what ufw adds around them is known, but not its policy.
  std::string files = lines({{"after.rules", after}, {"before.rules", before(closes)}, {"user.rules", user}},
                            "\"before.rules\", \"user.rules\", \"after.rules\"");
  CHECK(files.find("user.rules:4: warning[tftp-exposed]: udp/69") != std::string::npos);
  CHECK(files.find("udp/161 (SNMP)") == std::string::npos);
  // Undeclared, by their names: in the order of ufw, not of the inputs.
  auto of_folder = [&](const std::string& folder) {
    return found_in({{folder + "after.rules", after}, {folder + "before.rules", before(closes)}, {"etc/ufw/user.rules", user}});
  };
  CHECK(of_folder("etc/ufw/").find("udp/161 (SNMP)") == std::string::npos);
  CHECK(of_folder("etc/ufw/").find("user.rules:4: warning[tftp-exposed]: udp/69") != std::string::npos);
  CHECK(of_folder("elsewhere/").find("udp/161 (SNMP)") != std::string::npos);
}

TEST_CASE("a declared release goes before the exported one, and says that it contradicts it") {
  std::string export_of_9_1 =
      "<response status=\"1\"><data><ws_object><System GUID=\"1\"><Name>a</Name><MajorVersion>9</MajorVersion>"
      "<MinorVersion>1</MinorVersion></System></ws_object></data></response>";
  auto said = [&](const std::string& site_file) {
    std::string out;
    Report report = lint(ipo::testing::site_of({{"config.xml", export_of_9_1}, {"ipo-lint.toml", site_file}}), {});
    for (const Inference& i : report.inferences)
      if (i.message.starts_with("the release is ")) out += i.message + '\n';
    return out;
  };
  CHECK(said("release = \"9.0\"\n") == "the release is 9.0 as declared, not 9.1 as exported\n");
  CHECK(said("release = \"9.1\"\n").empty());
  CHECK(said("").empty());
}

TEST_CASE("a finding points to the other lines that matter") {
  using namespace ipo::testing;
  // Of the findings of one check: "5 what the line does", for each line named.
  auto pointed = [](const std::string& check, std::vector<Input> files, const std::string& options = "--pbx 192.168.42.1") {
    LintOptions o = parse_case_options(options);
    o.only = {check};
    Report report = lint(site_of(std::move(files)), o);
    std::string out;
    for (const Finding& f : report.findings) {
      out += out.empty() ? "" : " | ";
      for (const Note& note : f.related) {
        const Source& source = report.sources[note.span.source];
        out += (out.empty() || out.ends_with(' ') ? "" : ", ") + std::to_string(source.position(note.span.begin).line) + " " +
               note.message;
      }
    }
    return out;
  };
  const std::string led = "-A PREROUTING -i eth0 -p udp -m udp --dport 69 -j DNAT --to-destination 192.168.42.1\n",
                    out = "-A POSTROUTING -o eth0 -j MASQUERADE\n";
  const std::string accept = "-A FORWARD -i eth0 -d 192.168.42.1/32 -p udp -m udp --dport 69 -j ACCEPT\n";
  CHECK(pointed("tftp-exposed", {{"fw.rules", nat(out) + filter(accept)}}).empty());
  CHECK(pointed("tftp-exposed", {{"fw.rules", nat(led + out) + filter(accept)}}) == "11 accepted by this rule");
  CHECK(pointed("tftp-exposed", {{"fw.rules", nat(led + out) + "*filter\n:FORWARD ACCEPT\nCOMMIT\n"}}) ==
        "8 accepted by this policy");
  // A shared chain accepts, the jump is the line to change.
  CHECK(pointed("tftp-exposed",
                {{"fw.rules", nat(out) + filter(":pass -\n-A FORWARD -i eth0 -d 192.168.42.1/32 -p udp -m udp --dport 69 -j "
                                                "pass\n-A FORWARD -i eth1 -j pass\n-A pass -j ACCEPT\n")}}) ==
        "13 accepted by this rule");
  CHECK(pointed("service-off-port-open",
                {{"config.xml",
                  "<response "
                  "status=\"1\"><data><ws_object>\n<System><Name>a</Name><MajorVersion>9</MajorVersion>\n<SNMP><Enabled>false</"
                  "Enabled></SNMP>\n</System></ws_object></data></response>\n"},
                 {"fw.rules", nat(out) + filter("-A FORWARD -i eth0 -d 192.168.42.1/32 -p udp -m udp --dport 161 -j ACCEPT\n")}}) ==
        "3 switched off here");
  // The PBX is not known, and a chain opens the service by several lines.
  CHECK(pointed("tftp-exposed",
                {{"fw.rules",
                  nat(out) + filter("-A FORWARD -i eth0 -d 10.0.0.0/8 -p udp -m udp --dport 69 -j ACCEPT\n"
                                    "-A FORWARD -i eth0 -d 192.168.0.0/16 -p udp -m multiport --dports 69,161 -j ACCEPT\n")}},
                "") == "11 lets in such a service, too");
  const Input carrier{"ipo-lint.toml",
                      "[pbx]\naddresses = [\"192.168.42.1\"]\nplatform = \"ip500v2\"\n\n[zones.internet]\ninterfaces = "
                      "[\"eth0\"]\n\n[zones.carrier]\nkind = \"itsp\"\n"
                      "sources = [\"203.0.113.64/27\"]\n\n[calls]\ntrunk = { zone = \"carrier\" }\n"};
  const std::string media =
      "-A PREROUTING -s 203.0.113.64/27 -i eth0 -p udp -m udp --dport 46750:47999 -j DNAT --to-destination 192.168.42.1\n";
  // The policy is the finding's own place.
  CHECK(pointed("rtp-range-blocked", {carrier, {"fw.rules", nat(out) + filter("-A FORWARD -i eth1 -j ACCEPT\n")}}, "") == "");
  CHECK(pointed("rtp-range-blocked",
                {carrier,
                 {"fw.rules", nat(out) + filter("-A FORWARD -i eth1 -j ACCEPT\n-A FORWARD -s 203.0.113.64/27 -i eth0 -d "
                                                "192.168.42.1/32 -p udp -m udp --dport 46750:50750 -j ACCEPT\n")}},
                "") == "11 this line would accept it, if it came");
  CHECK(pointed("rtp-range-blocked",
                {carrier,
                 {"fw.rules", nat(media + out) + filter("-A FORWARD -i eth1 -j ACCEPT\n-A FORWARD -s 203.0.113.64/27 -i eth0 -d "
                                                        "192.168.42.1/32 -p udp -m udp --dport 46750:50750 -j ACCEPT\n")}},
                "") == "12 this line would accept it, if it came");
  CHECK(pointed("rtp-range-blocked",
                {carrier,
                 {"fw.rules",
                  nat(media + out) +
                      filter("-A FORWARD -i eth1 -j ACCEPT\n-A FORWARD -s 203.0.113.64/27 -i eth0 -p udp -m udp --dport "
                             "46750:47700 -j DROP\n-A FORWARD -s 203.0.113.64/27 -i eth0 -d 192.168.42.1/32 -p udp -j ACCEPT\n")}},
                "") == "13 opened by this line");
}

TEST_CASE("a finding about a service that is blocked names the rows of its direction") {
  using namespace ipo::testing;
  auto rows = [](const std::string& check, const std::string& site, const std::string& rules) {
    LintOptions o = parse_case_options("");
    o.only = {check};
    Report report = lint(site_of({{"ipo-lint.toml", site}, {"fw.rules", rules}}), o);
    std::string out;
    for (const Finding& f : report.findings) out += (out.empty() ? "" : " | ") + fmt::format("{}", fmt::join(f.rows, " "));
    return out;
  };
  const std::string site =
      "[pbx]\naddresses = [\"192.168.42.1\"]\nplatform = \"ip500v2\"\n\n[zones.internet]\ninterfaces = [\"eth0\"]\n\n";
  const std::string peer = site + "[[peer]]\nname = \"branch\"\naddresses = [\"10.2.0.1\"]\nlink = \"scn\"\nover = \"vpn\"\n";
  const std::string in = "-A FORWARD -i tun0 -o eth1 -s 10.2.0.1/32 -d 192.168.42.1/32 -p udp ",
                    out = "-A FORWARD -i eth1 -o tun0 -s 192.168.42.1/32 -d 10.2.0.1/32 -p udp ";
  const std::string lines =
      "-A FORWARD -i tun0 -o eth1 -p tcp -m tcp --dport 1720 -j ACCEPT\n-A FORWARD -i eth1 -o tun0 -p tcp -m tcp --dport 1720 -j "
      "ACCEPT\n";
  CHECK(rows("scn-link-blocked", peer, filter(lines + in + "-j ACCEPT\n")) == "ip-office/egress/20");
  CHECK(rows("scn-link-blocked", peer, filter(lines + out + "-j ACCEPT\n")) == "ip-office/ingress/32");
  CHECK(rows("scn-link-blocked", peer, filter(lines + in + "-j ACCEPT\n" + out + "-m udp --dport 50795 -j ACCEPT\n")) ==
        "ip-office/egress/18");
  CHECK(rows("scn-link-blocked", peer, filter(lines + out + "-j ACCEPT\n" + in + "-m udp --dport 50795 -j ACCEPT\n")) ==
        "ip-office/ingress/27");
  CHECK(rows("scn-link-blocked", peer, filter(lines + out + "-j ACCEPT\n" + in + "-j ACCEPT\n")).empty());
  CHECK(rows("scn-link-blocked", peer, filter(out + "-j ACCEPT\n" + in + "-j ACCEPT\n")) ==
        "ip-office/ingress/14 | ip-office/egress/20");
  const std::string carrier =
      site + "[zones.carrier]\nkind = \"itsp\"\nsources = [\"203.0.113.64/27\"]\n\n[calls]\ntrunk = { zone = \"carrier\" }\n";
  CHECK(rows("rtp-range-blocked", carrier, filter("-A FORWARD -i eth1 -o eth0 -j ACCEPT\n")) == "ip-office/ingress/27");
  CHECK(rows("rtp-range-blocked", carrier,
             filter("-A FORWARD -s 203.0.113.64/27 -i eth0 -d 192.168.42.1/32 -p udp -j ACCEPT\n-A FORWARD -i eth1 -o eth0 -p udp "
                    "-m udp --dport 5060 -j ACCEPT\n")) == "ip-office/egress/18");
}
