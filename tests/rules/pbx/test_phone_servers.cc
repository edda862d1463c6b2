// Which servers 46xxsettings.txt sends phones to, and which of its lines are one need.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "parsers/parsers.h"
#include "rules/findings/phone_servers.h"
#include "rules/pbx/url_server.h"

using namespace ipo;

namespace {

struct Read {
  Sources sources;
  Site site;
};

Read read(const std::string& file, const std::string& voip = "") {
  Read r;
  r.sources.push_back(decode_source(
      "config.xml",
      "<response status='1'><data><ws_object><System><Name>pier</Name><LANS><LAN id='LAN1'><IPAddress>10.61.7.9</IPAddress>"
      "<VoipGatekeeper>" +
          voip +
          "</VoipGatekeeper></LAN><LAN id='LAN2'><IPAddress>10.61.8.9</IPAddress></LAN></LANS>"
          "</System></ws_object></data></response>"));
  r.sources.push_back(decode_source("46xxsettings.txt", file));
  find_dialect("ipoffice")->interpret(r.sources, 0, r.site);
  find_dialect("46xxsettings")->interpret(r.sources, 1, r.site);
  return r;
}

// "files tcp/411 10.61.7.9", "SIP tcp/5061 10.61.7.9 tcp/5061 10.61.8.9 (some phones)".
std::vector<std::string> servers(const Read& r) {
  std::vector<std::string> out;
  for (const PhoneServer& server : phone_servers(r.site)) {
    std::string text(server.purpose);
    for (const PhoneServer::Place& place : server.places)
      text += fmt::format(" {}/{} {}", place.protocol == proto_tcp ? "tcp" : "udp", format_ports(place.ports),
                          format_address(place.address));
    out.push_back(text + (server.certain ? "" : " (some phones)"));
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<std::string> servers(const std::string& file, const std::string& voip = "") { return servers(read(file, voip)); }

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a URL names a server by address, scheme and port") {
  auto said = [](const char* url) {
    std::optional<UrlServer> s = url_server(url);
    return s ? fmt::format("{} {} {}", s->scheme, format_address(s->address), s->port ? std::to_string(*s->port) : "-") : "nothing";
  };
  CHECK(said("https://10.61.7.9:411/user") == "https 10.61.7.9 411");
  CHECK(said("HTTP://10.61.7.9") == "http 10.61.7.9 -");
  CHECK(said("https://[2001:db8::9]:8443?x") == "https 2001:db8::9 8443");
  for (const char* url : {"", "10.61.7.9", "https://pbx.example:411/", "https://10.61.7.9:0/", "https://10.61.7.9:65536/",
                          "https://10.61.7.9:x/", "https://", "https://[2001:db8::9", "https://me@10.61.7.9/"}) {
    INFO(url);
    CHECK(said(url) == "nothing");
  }
}

TEST_CASE("servers of phones have the ports that their file gives them") {
  CHECK(servers("SET TLSSRVR 10.61.7.9\nSET TLSPORT 411\n") == Texts{"files tcp/411 10.61.7.9"});
  CHECK(servers("SET TLSSRVR 10.61.7.9\n") == Texts{"files tcp/443 10.61.7.9"});
  CHECK(servers("SET HTTPSRVR 10.61.7.9,10.61.8.9\nSET HTTPPORT 8411\n") ==
        Texts{"files tcp/8411 10.61.7.9", "files tcp/8411 10.61.8.9"});
  CHECK(servers("SET TLSSRVR \"\"\nSET HTTPPORT 8411\nSET TLSPORT 411\n").empty());
  CHECK(servers("SET RTCPMON 10.61.7.9\n") == Texts{"reports on calls udp/5005 10.61.7.9"});
  CHECK(servers("SET RTCPMON 10.61.7.60\nSET SNTPSRVR pool.example\nSET TLSSRVR 10.61.7.61\n").empty());  // none of the site's
  CHECK(servers("SET MCIPADD 10.61.7.9\n") == Texts{"H.323 tcp/1720 10.61.7.9", "H.323 udp/1719 10.61.7.9"});
  CHECK(servers("SET SNTPSRVR \"10.61.8.9\"\n") == Texts{"time udp/123 10.61.8.9"});
}

TEST_CASE("controllers of one line are alternatives, and lines that say the same are one") {
  const std::string two =
      "SET SIP_CONTROLLER_LIST 10.61.7.9:5061;transport=tls,10.61.8.9:5060;transport=udp,sbc.example:5061;transport=tls\n";
  CHECK(servers(two) == Texts{"SIP tcp/5061 10.61.7.9 udp/5060 10.61.8.9"});
  CHECK(servers("SET USER_STORE_URI \"https://10.61.7.9:411/user\"\nSET BRURI \"https://10.61.7.9:411/user/x\"\nSET TLSSRVR "
                "10.61.7.9\nSET TLSPORT 411\n") == Texts{"files tcp/411 10.61.7.9"});
  // Where all phones come to one of the lines, the need is certain.
  const std::string some = "IF $MODEL4 SEQ J129 GOTO OTHERS\nSET BRURI \"https://10.61.7.9:411/b\"\n# OTHERS\n";
  CHECK(servers(some) == Texts{"files tcp/411 10.61.7.9 (some phones)"});
  CHECK(servers(some + "SET TLSSRVR 10.61.7.9\nSET TLSPORT 411\n") == Texts{"files tcp/411 10.61.7.9"});
}

TEST_CASE("what a system refuses is no server of phones") {
  const std::string file = "SET SIP_CONTROLLER_LIST 10.61.7.9:5061;transport=tls\nSET RTCPMON 10.61.7.9\n";
  CHECK(servers(file).size() == 2);
  CHECK(servers(file, "<SipTlsEnable>false</SipTlsEnable>") == Texts{"reports on calls udp/5005 10.61.7.9"});
  CHECK(servers(file, "<TlsPort>5065</TlsPort><RtcpMonitorEnable>false</RtcpMonitorEnable>").empty());
  CHECK(servers(file, "<TlsPort>5065</TlsPort><RemoteTlsPort>5061</RemoteTlsPort>").size() == 2);
}

TEST_CASE("a file with very many servers is asked for some of them", "[cost]") {
  std::string file = "IF $MODEL4 SEQ J129 GOTO OTHERS\n";
  for (int port = 1; port < 20000; ++port) file += fmt::format("SET BRURI \"https://10.61.7.9:{}/b\"\n", port);
  CHECK(phone_servers(read(file + "# OTHERS\n").site).size() == 100);
}
