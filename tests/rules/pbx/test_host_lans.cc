#include <catch2/catch.hpp>

#include "rules/pbx/host_lans.h"
#include "rules/pbx/own_ports.h"

using namespace ipo;

namespace {

Host host_of(std::initializer_list<std::pair<const char*, const char*>> settings) {
  Host host;
  host.products = {"ip-office"};
  for (auto [key, value] : settings) {
    Setting s;
    s.key = key;
    s.value.value = value;
    host.settings.push_back(s);
  }
  return host;
}

IntervalSet at(const char* address) { return IntervalSet::of(parse_address(address)->value); }

}  // namespace

TEST_CASE("a host is told apart by its LANs", "[lans]") {
  std::vector<Host> hosts = {host_of({{"lan1.address", "192.0.2.1"},
                                      {"lan1.sip.tls", "false"},
                                      {"lan2.address", "192.0.2.65"},
                                      {"lan2.sip.tls", "true"},
                                      {"snmp.enabled", "true"}}),
                             host_of({{"lan1.address", "192.0.2.1"}, {"lan2.sip.tls", "true"}}),
                             host_of({{"lan1.address", "192.0.2.1"}, {"lan2.address", "192.0.2.1"}})};
  LansOfHosts lans(hosts);
  std::vector<HostAt> parts = lans.parts(&hosts[0], Family::ipv4, at("192.0.2.1").united(at("192.0.2.65")));
  REQUIRE(parts.size() == 2);
  CHECK(parts[0].lan == "lan1");
  CHECK(parts[0].addresses == at("192.0.2.1"));
  CHECK(parts[0].host->flag("lan1.sip.tls") == false);
  CHECK(parts[0].host->setting("lan2.sip.tls") == nullptr);
  CHECK(parts[0].host->flag("snmp.enabled") == true);
  CHECK(parts[1].lan == "lan2");
  CHECK(parts[1].host->setting("lan1.sip.tls") == nullptr);

  // Addresses of neither are of both.
  parts = lans.parts(&hosts[0], Family::ipv4, at("192.0.2.65").united(at("198.51.100.9")));
  REQUIRE(parts.size() == 2);
  CHECK(parts[1].host == &hosts[0]);
  CHECK(parts[1].addresses == at("198.51.100.9"));
  CHECK(lans.parts(&hosts[0], Family::ipv4, {}).size() == 3);
  CHECK(lans.parts(&hosts[0], Family::ipv4, at("198.51.100.9")).size() == 1);
  CHECK(lans.parts(&hosts[0], Family::ipv6, {}).front().host == &hosts[0]);
  CHECK(lans.parts(nullptr, Family::ipv4, {}).front().host == nullptr);

  for (const Host* one : {&hosts[1], &hosts[2]}) {
    parts = lans.parts(one, Family::ipv4, at("192.0.2.1"));
    REQUIRE(parts.size() == 1);
    CHECK(parts.front().host == one);
  }
}

TEST_CASE("a LAN is there where its address is, LAN1 unless only LAN2's is", "[lans]") {
  CHECK(has_lan(host_of({}), "lan1"));
  CHECK_FALSE(has_lan(host_of({}), "lan2"));
  CHECK_FALSE(has_lan(host_of({{"lan2.address", "192.0.2.65"}}), "lan1"));
  CHECK(has_lan(host_of({{"lan1.address", "192.0.2.1"}, {"lan2.address", "192.0.2.65"}}), "lan1"));
}
