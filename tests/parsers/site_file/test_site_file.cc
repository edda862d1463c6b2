#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <random>

#include "linter/inputs/site_files.h"
#include "linter/output/place.h"
#include "parsers/ipoffice/field_map.h"
#include "parsers/site_file/site_file.h"
#include "tests/program.h"

using namespace ipo;
using ipo::testing::Folder;
using ipo::testing::slurp;

namespace {

struct Read {
  Sources sources;
  std::vector<SiteError> errors;
  SiteFile file;

  explicit Read(const std::string& text, const std::string& path = "ipo-lint.toml") : sources{decode_source(path, text)} {
    file = read_site_file(sources, 0, errors);
    if (errors.empty()) check_site_file(file, errors);
  }
  std::string said() const {
    std::string out;
    for (const SiteError& e : errors) out += format_site_error(sources, e);
    return out;
  }
  std::string at(SourceSpan span) const { return std::string(sources[span.source].slice(span)); }
};

std::vector<std::string> texts(const Read& read, const auto& values) {
  std::vector<std::string> out;
  for (const auto& value : values) out.push_back(read.at(value.span));
  return out;
}

using Texts = std::vector<std::string>;

// The example of the product's description.
const std::string example = R"(extends  = "../reseller.toml"     # admin sources
release  = "9.1"

[[host]]
name = "ipo1"
addresses = ["192.168.42.1"]
platform = "ip500v2"
products = ["ip-office"]

[[firewall]]
files = ["edge.v4", "edge.v6"]
role = "perimeter"

[zones.internet]
interfaces = ["eth0"]
[zones.itsp]
kind = "itsp"
sources = ["198.51.100.0/28"]

[calls]
trunk = { zone = "itsp", register = true }
remote_workers = "none"

[[peer]]
name = "branch-2"
addresses = ["10.2.0.1"]
link = "scn"
over = "vpn"

[settings]
"snmp.enabled" = true

[checks]
sip-open-to-any-source = "warning"

[[ignore]]
check  = "http-exposed"
path   = "fw/*.rules"
reason = "reverse proxy, CHG-1182"
until  = 2027-03-31
)";

std::filesystem::path fixture(const char* name) { return ipo::testing::source_dir() / "fixtures/site-file" / name; }

}  // namespace

TEST_CASE("site file: the example reads without an error, every value with its place") {
  Read read(example, "site/ipo-lint.toml");
  CHECK(read.said() == "");
  const SiteFile& f = read.file;
  REQUIRE(f.extends);
  CHECK(f.extends->value == "../reseller.toml");
  CHECK(read.at(f.extends->span) == "\"../reseller.toml\"");
  REQUIRE(f.release);
  CHECK(f.release->value == "9.1");

  REQUIRE(f.hosts.size() == 1);
  CHECK(f.hosts[0].name == "ipo1");
  CHECK(f.hosts[0].platform == "ip500v2");
  CHECK(f.hosts[0].products == Texts{"ip-office"});
  CHECK(texts(read, f.hosts[0].addresses) == Texts{"\"192.168.42.1\""});
  CHECK(f.hosts[0].addresses[0].value == *parse_address("192.168.42.1"));
  CHECK(read.at(f.hosts[0].span) == "[[host]]");

  REQUIRE(f.firewalls.size() == 1);
  CHECK(f.firewalls[0].name == "site/edge.v4");
  CHECK(f.firewalls[0].folder == "site/");
  CHECK(texts(read, f.firewalls[0].files) == Texts{"\"edge.v4\"", "\"edge.v6\""});
  REQUIRE(f.firewalls[0].role);
  CHECK(f.firewalls[0].role->value == Role::perimeter);
  CHECK(read.at(f.firewalls[0].role->span) == "\"perimeter\"");
  CHECK(f.firewalls[0].hosts.empty());

  REQUIRE(f.zones.size() == 2);
  CHECK(f.zones[0].name == "internet");
  CHECK(f.zones[0].kind == "internet");
  REQUIRE(f.zones[0].interfaces.size() == 1);
  CHECK(f.zones[0].interfaces[0].value.name == "eth0");
  CHECK(f.zones[0].interfaces[0].value.incoming);
  CHECK_FALSE(f.zones[0].interfaces[0].value.prefix);
  CHECK(read.at(f.zones[0].interfaces[0].span) == "\"eth0\"");
  CHECK(f.zones[0].sources.empty());
  CHECK(read.at(f.zones[1].span) == "itsp");
  REQUIRE(f.zones[1].sources.size() == 1);
  CHECK(f.zones[1].sources[0].value.value == parse_address("198.51.100.0")->value);
  CHECK(f.zones[1].sources[0].value.mask == 0xfffffff0u);

  REQUIRE(f.trunks.size() == 1);
  CHECK(f.trunks[0].zone.value == "itsp");
  CHECK(read.at(f.trunks[0].zone.span) == "\"itsp\"");
  CHECK(f.trunks[0].registers);
  REQUIRE(f.remote_workers);
  CHECK(f.remote_workers->value == "none");

  REQUIRE(f.peers.size() == 1);
  CHECK((f.peers[0].name == "branch-2" && f.peers[0].link == "scn" && f.peers[0].over == "vpn"));
  CHECK(texts(read, f.peers[0].addresses) == Texts{"\"10.2.0.1\""});

  REQUIRE(f.settings.size() == 1);
  CHECK((f.settings[0].key == "snmp.enabled" && f.settings[0].path == "snmp.enabled" && !f.settings[0].secret));
  CHECK(f.settings[0].value.value == "true");
  CHECK(read.at(f.settings[0].value.span) == "true");
  CHECK(f.settings[0].evidence == Evidence::ours);

  REQUIRE(f.checks.size() == 1);
  CHECK(f.checks[0].check == "sip-open-to-any-source");
  CHECK(f.checks[0].level == Level::warning);
  CHECK(read.at(f.checks[0].span) == "sip-open-to-any-source");

  REQUIRE(f.ignores.size() == 1);
  CHECK(f.ignores[0].check.value == "http-exposed");
  CHECK(read.at(f.ignores[0].check.span) == "\"http-exposed\"");
  CHECK(f.ignores[0].path->value == "fw/*.rules");
  CHECK(f.ignores[0].reason.value == "reverse proxy, CHG-1182");
  CHECK(f.ignores[0].until->value == "2027-03-31");
  CHECK(read.at(f.ignores[0].until->span) == "2027-03-31");
  CHECK(f.ignores[0].folder == "site/");
}

TEST_CASE("site file: the fixture that shows every key reads without an error, with the file it extends") {
  SiteFiles files = open_site_files(fixture("complete.toml").string());
  REQUIRE(files.inputs.size() == 2);
  CHECK(files.inputs[1].path == fixture("reseller.toml").string());
  Sources sources;
  for (const Input& input : files.inputs) sources.push_back(decode_source(input.path, input.bytes));
  std::vector<SiteError> errors = files.errors;
  SiteFile f = read_site_files(sources, {0, 1}, errors);
  std::string said;
  for (const SiteError& e : errors) said += format_site_error(sources, e);
  CHECK(said == "");

  std::vector<std::string> hosts, zones, settings, levels;
  for (const Host& h : f.hosts) hosts.push_back(h.name);
  CHECK(hosts == Texts{"", "apps", "recorder"});
  CHECK(f.hosts[0].products == Texts{"ip-office"});
  for (const Zone& z : f.zones) zones.push_back(z.name + "/" + z.kind);
  CHECK(zones ==
        Texts{"internet/internet", "provider/itsp", "provider/itsp", "voice/voice", "users/users", "management/management"});
  for (const Setting& s : f.settings) settings.push_back(s.key.text() + "=" + s.value.value + (s.secret ? " secret" : ""));
  CHECK(settings == Texts{"snmp.enabled=true", "snmp.community=an-invented-word secret", "lan1.rtp.min=46750", "lan1.rtp.max=50750",
                          "services.http.level=Secure, Medium"});
  for (const CheckLevel& c : f.checks) levels.push_back(c.check + "=" + (c.level ? std::string(name_of(*c.level)) : "off"));
  CHECK(levels == Texts{"debug-port-enabled=error", "shadowed-rule=off", "sip-open-to-any-source=warning"});
  REQUIRE(f.firewalls.size() == 3);
  CHECK(f.firewalls[0].name == "edge");
  CHECK(f.firewalls[2].hosts[0].value == "apps");
  REQUIRE(f.trunks.size() == 2);
  CHECK((f.trunks[0].registers && !f.trunks[1].registers));
  CHECK(f.ignores.size() == 2);
}

TEST_CASE("site file: every error says place, fact and way out") {
  struct Case {
    std::string text, said;
  };
  const std::string w = "ipo-lint.toml:";
  const std::vector<Case> cases = {
      // unknown keys and tables
      {"[[host]]\nname = \"a\"\nadresses = [\"10.0.0.1\"]\n",
       w + "3:1: unknown key 'adresses' in [[host]]; did you mean 'addresses'?\n"},
      {"[pbx]\nwhat = 1\n", w + "2:1: unknown key 'what' in [pbx]; it takes addresses and platform\n"},
      {"[[hosts]]\nname = \"a\"\n", w + "1:3: unknown key 'hosts'; did you mean 'host'?\n"},
      {"[zone.x]\n", w + "1:2: unknown table 'zone'; did you mean 'zones'?\n"},
      {"[zones.voice]\ninterface = [\"eth0\"]\n",
       w + "1:8: [zones.voice] claims every packet; give it interfaces or sources\n" + w +
           "2:1: unknown key 'interface' in [zones.voice]; did you mean 'interfaces'?\n"},
      {"quite_other_things = 1\n",
       w + "1:1: unknown key 'quite_other_things'; there are extends, release, pbx, host, firewall, zones, calls, peer, "
           "settings, field, checks and ignore\n"},
      {"[calls]\ntrunk = { zone = \"internet\", registered = true }\n",
       w + "2:30: unknown key 'registered' in 'trunk' of [calls]; did you mean 'register'?\n"},
      // types
      {"[[host]]\nname = \"a\"\naddresses = \"10.0.0.1\"\n",
       w + "3:13: 'addresses' of [[host]] is a string; it takes an array of addresses\n"},
      {"[[host]]\nname = \"a\"\naddresses = [\"10.0.0.1\", 7]\n",
       w + "3:26: 'addresses' of [[host]] holds an integer; it takes an array of addresses\n"},
      {"[[host]]\nname = \"a\"\naddresses = []\n",
       w + "3:13: 'addresses' of [[host]] is an empty array; name one or leave it out\n"},
      {"[[host]]\nname = 1\n", w + "2:8: 'name' of [[host]] is an integer; it takes a string\n"},
      {"[[host]]\nname = \" \"\n", w + "2:8: 'name' of [[host]] is empty; give a text or leave it out\n"},
      {"[[host]]\nname = \"a\\u0007\"\n", w + "2:8: 'name' of [[host]] holds a control character; write it on one line\n"},
      {"[[host]]\naddresses = [\"10.0.0.1\"]\n", w + "1:1: [[host]] has no 'name'; name it, or write [pbx] for a site of one\n"},
      {"release = 9.1\n", w + "1:11: 'release' is a float; it takes a string\n"},
      {"extends = [\"a\"]\n", w + "1:11: 'extends' is an array; it takes a string\n"},
      {"[host]\nname = \"a\"\n", w + "1:2: 'host' is a table; write [[host]], once for each\n"},
      {"host = [1]\n", w + "1:9: 'host' holds an integer; write [[host]], once for each\n"},
      {"[[pbx]]\n", w + "1:1: 'pbx' is an array; it takes one table, [pbx]\n"},
      {"calls = true\n", w + "1:9: 'calls' is a boolean; it takes one table, [calls]\n"},
      {"zones.voice = \"eth1\"\n", w + "1:15: 'voice' of [zones] is a string; it takes a table with interfaces or sources\n"},
      {"zones.voice = []\n", w + "1:15: 'voice' of [zones] is an array; it takes a table with interfaces or sources\n"},
      {"zones.voice = [2027-01-01]\n", w + "1:16: 'voice' of [zones] is a date; it takes a table with interfaces or sources\n"},
      {"[calls]\ntrunk = \"itsp\"\n",
       w + "2:9: 'trunk' of [calls] is a string; it takes a table as { zone = \"itsp\", register = true }, or an array of "
           "them\n"},
      {"[calls]\ntrunk = [\"itsp\"]\n",
       w + "2:10: 'trunk' of [calls] is a string; it takes tables as { zone = \"itsp\", register = true }\n"},
      {"[calls]\ntrunk = { zone = \"internet\", register = \"yes\" }\n",
       w + "2:41: 'register' of 'trunk' of [calls] is a string; it takes true or false\n"},
      {"[calls]\ntrunk = { register = true }\n",
       w + "2:1: 'trunk' of [calls] has no 'zone'; name the zone calls come from: zone = \"itsp\"\n"},
      // choices
      {"[pbx]\nplatform = \"ip500\"\n",
       w + "2:12: 'platform' of [pbx] is 'ip500'; it takes ip500v2, server-edition, application-server, windows or "
           "virtual\n"},
      {"[pbx]\nplatform = 500\n",
       w + "2:12: 'platform' of [pbx] is an integer; it takes ip500v2, server-edition, application-server, windows or "
           "virtual\n"},
      {"[[host]]\nname = \"a\"\nproducts = [\"ccr\", \"cms\"]\n",
       w + "3:20: 'products' of [[host]] is 'cms'; it takes ip-office, voicemail-pro, one-x-portal, contact-recorder or "
           "ccr\n"},
      {"[[firewall]]\nfiles = [\"a\"]\nrole = \"edge\"\n",
       w + "3:8: 'role' of [[firewall]] is 'edge'; it takes perimeter, transit or host\n"},
      {"[zones.a]\nkind = \"dmz\"\nsources = [\"10.0.0.1\"]\n",
       w + "2:8: 'kind' of [zones.a] is 'dmz'; it takes internet, itsp, sbc, partner, peer-site, voice, users, management "
           "or guest\n"},
      {"[calls]\nremote_workers = \"no\"\n",
       w + "2:18: 'remote_workers' of [calls] is 'no'; it takes none, vpn, sip, sip-tls, h323, webrtc or sbc\n"},
      {"[[peer]]\nname = \"b\"\naddresses = [\"10.2.0.1\"]\nlink = \"sip\"\nover = \"mpls\"\n",
       w + "4:8: 'link' of [[peer]] is 'sip'; it takes scn or scn-websocket\n" + w +
           "5:8: 'over' of [[peer]] is 'mpls'; it takes vpn, internet or lan\n"},
      {"[checks]\ntftp-exposed = \"none\"\n",
       w + "2:16: 'tftp-exposed' of [checks] is 'none'; it takes off, note, warning or error\n"},
      {"[checks]\ntftp-exposed = false\n",
       w + "2:16: 'tftp-exposed' of [checks] is a boolean; it takes off, note, warning or error\n"},
      // addresses
      {"[pbx]\naddresses = [\"192.168.42.1/24\"]\n",
       w + "2:14: 'addresses' of [pbx] holds '192.168.42.1/24', which is a prefix; write the address alone: "
           "192.168.42.1\n"},
      {"[pbx]\naddresses = [\"pbx.example\", \"0.0.0.0\"]\n",
       w + "2:14: 'addresses' of [pbx] holds 'pbx.example', which is no IP address of a host\n" + w +
           "2:29: 'addresses' of [pbx] holds '0.0.0.0', which is no IP address of a host\n"},
      {"[zones.itsp]\nsources = [\"10.0.0.1/8\", \"2001:db8::1/32\"]\n",
       w +
           "2:12: '10.0.0.1/8' has bits set behind the prefix; write 10.0.0.0/8 for the net or 10.0.0.1 for the one "
           "address\n" +
           w +
           "2:26: '2001:db8::1/32' has bits set behind the prefix; write 2001:db8::/32 for the net or 2001:db8::1 for the "
           "one address\n"},
      {"[zones.itsp]\nsources = [\"sip.example\", \"10.0.0.0/33\", \"10.0.0.0/255.0.255.0\"]\n",
       w + "2:12: 'sources' of [zones.itsp] holds 'sip.example', which is no IP address or prefix\n" + w +
           "2:27: 'sources' of [zones.itsp] holds '10.0.0.0/33', which is no IP address or prefix\n" + w +
           "2:42: 'sources' of [zones.itsp] holds '10.0.0.0/255.0.255.0', which is no IP address or prefix\n"},
      // zones
      {"[zones.internet]\ninterfaces = [\"\", \"eth 0\", \"abcdefghijklmnop\"]\n",
       w +
           "2:15: 'interfaces' of [zones.internet] holds '', which is an empty name; write \"eth0\", or \"eth+\" for all "
           "that begin so\n" +
           w +
           "2:19: 'interfaces' of [zones.internet] holds 'eth 0', which is a name with blanks; write \"eth0\", or \"eth+\" "
           "for all that begin so\n" +
           w +
           "2:28: 'interfaces' of [zones.internet] holds 'abcdefghijklmnop', which is a name of more than 15 characters; "
           "write \"eth0\", or \"eth+\" for all that begin so\n"},
      {"[zones.provider]\nsources = [\"198.51.100.1\"]\n",
       w + "1:8: [zones.provider] has no 'kind'; its name is none; kind is internet, itsp, sbc, partner, peer-site, voice, "
           "users, management or guest\n"},
      {"[zones.voice]\n", w + "1:8: [zones.voice] claims every packet; give it interfaces or sources\n"},
      {"[zones.\"\"]\n", w + "1:8: a zone's name is empty or holds a control character; write [zones.itsp]\n"},
      {"[zones.internet]\nsources = [\"0.0.0.0/0\"]\n",
       w + "2:12: 0.0.0.0/0 without interfaces leaves nothing to the zones of interfaces, sources come first; narrow it, or "
           "leave it out: the internet is what no other zone claims\n"},
      {"[[zones.p]]\nkind = \"itsp\"\nsources = [\"198.51.100.1\"]\n[[zones.p]]\nkind = \"sbc\"\nsources = "
       "[\"198.51.100.2\"]\n",
       w + "5:8: [zones.p] is sbc here and itsp before; a zone has one kind\n  " + w + "2:8: the kind is first said here\n"},
      // firewalls and peers
      {"[[firewall]]\nrole = \"host\"\n",
       w + "1:1: [[firewall]] has no 'files'; list the dumps of one machine: files = [\"edge.v4\"]\n"},
      {"[[firewall]]\nfiles = [\"fw/\"]\n",
       w + "2:10: 'files' of [[firewall]] holds 'fw/', which names a folder; write 'fw/**' for all files below it\n"},
      {"[[firewall]]\nfiles = [\"" + std::string(1001, 'a') + "\"]\n",
       w + "2:10: 'files' of [[firewall]] is longer than 1000 bytes\n"},
      {"[[firewall]]\nfiles = [\"a\"]\nrole = \"transit\"\nhost = \"x\"\n",
       w + "4:8: 'host' says on which hosts a host filter runs; leave it out, or write role = \"host\"\n  " + w +
           "3:8: the role is transit here\n"},
      {"[[firewall]]\nfiles = [\"a\"]\nhost = 3\n",
       w + "3:8: 'host' of [[firewall]] is an integer; it takes the name of a host, or an array of them\n"},
      {"[[peer]]\n", w + "1:1: [[peer]] has no 'name'; name the other system\n" + w +
                         "1:1: [[peer]] has no 'addresses'; list those of the other system\n" + w +
                         "1:1: [[peer]] has no 'link'; it takes scn or scn-websocket\n"},
      // release
      {"release = \"9\"\n", w + "1:11: 'release' is '9'; it takes a release as \"9.1\" or \"11.1.3.0.0\"\n"},
      {"release = \"9.x\"\n", w + "1:11: 'release' is '9.x'; it takes a release as \"9.1\" or \"11.1.3.0.0\"\n"},
      {"release = \"1.2.3.4.5.6\"\n", w + "1:11: 'release' is '1.2.3.4.5.6'; it takes a release as \"9.1\" or \"11.1.3.0.0\"\n"},
      {"release = \"9.\"\n", w + "1:11: 'release' is '9.'; it takes a release as \"9.1\" or \"11.1.3.0.0\"\n"},
      // settings
      {"[settings]\n\"snmp.enable\" = true\n", w + "2:1: unknown key 'snmp.enable' in [settings]; did you mean 'snmp.enabled'?\n"},
      {"[settings]\nSNMP.Enabled = true\n", w + "2:6: unknown key 'SNMP.Enabled' in [settings]; did you mean 'snmp.enabled'?\n"},
      {"[settings]\nanything.entirely.different = true\n",
       w + "2:19: unknown key 'anything.entirely.different' in [settings]; 'ipo-lint inventory' shows the keys of an "
           "export\n"},
      {"[settings]\n\"snmp.enabled\" = true\nsnmp.enabled = false\n",
       w + "3:6: 'snmp.enabled' of [settings] is set twice; keep one\n  " + w + "2:1: first set here\n"},
      {"[settings]\nsnmp.enabled = 2027-01-01\nsnmp.port = [161]\nsnmp.trap.port = {}\nsyslog.port = 5.14\n",
       w + "2:16: 'snmp.enabled' of [settings] is a date; it takes a string, an integer, true or false\n" + w +
           "3:13: 'snmp.port' of [settings] is an array; it takes a string, an integer, true or false\n" + w +
           "4:18: 'snmp.trap.port' of [settings] is a table; it takes a string, an integer, true or false\n" + w +
           "5:15: 'syslog.port' of [settings] is a float; it takes a string, an integer, true or false\n"},
      // ignores
      {"[[ignore]]\n", w + "1:1: [[ignore]] has no 'check'; name the check whose findings are to be ignored\n" + w +
                           "1:1: [[ignore]] has no 'reason'; say why, for the next reader\n"},
      {"[[ignore]]\ncheck = \"tftp-exposed\"\nreason = \" \\n\"\n",
       w + "3:10: 'reason' of [[ignore]] is empty; say why, for the next reader\n"},
      {"[[ignore]]\ncheck = \"tftp-exposed\"\nreason = 1\npath = 2\n",
       w + "3:10: 'reason' of [[ignore]] is an integer; it takes a string\n" + w +
           "4:8: 'path' of [[ignore]] is an integer; it takes a string\n"},
      {"[[ignore]]\ncheck = \"a\"\nreason = \"r\"\nuntil = \"2027-02-29\"\n",
       w + "4:9: bad date: 'until' of [[ignore]] is '2027-02-29', a day the calendar does not have; write the last day it "
           "holds, as 2027-03-31\n"},
      {"[[ignore]]\ncheck = \"a\"\nreason = \"r\"\nuntil = \"soon\"\n",
       w + "4:9: bad date: 'until' of [[ignore]] is 'soon'; write the last day it holds, as 2027-03-31\n"},
      {"[[ignore]]\ncheck = \"a\"\nreason = \"r\"\nuntil = 2027-03-31T10:00:00\n",
       w + "4:9: bad date: 'until' of [[ignore]] is '2027-03-31T10:00:00'; write the last day it holds, as 2027-03-31\n"},
      {"[[ignore]]\ncheck = \"a\"\nreason = \"r\"\nuntil = 20270331\n",
       w + "4:9: bad date: 'until' of [[ignore]] is an integer; write the last day it holds, as 2027-03-31\n"},
      // twice
      {"[[host]]\nname = \"a\"\n[[host]]\nname = \"a\"\n",
       w + "4:8: there are two [[host]] of the name 'a'; name them apart\n  " + w + "2:8: the first is here\n"},
      {"[[firewall]]\nfiles = [\"fw/a\"]\n[[firewall]]\nfiles = [\"b\", \"./fw//a\"]\n",
       w + "4:15: './fw//a' is listed twice; a dump is of one firewall\n  " + w + "2:10: listed first here\n"},
      {"[pbx]\naddresses = [\"10.0.0.1\"]\n[[host]]\nname = \"a\"\naddresses = [\"10.0.0.2\", \"10.0.0.1\"]\n",
       w + "5:26: [pbx] and host 'a' both have the address 10.0.0.1; it is the address of one\n  " + w +
           "2:14: the address of [pbx] here\n"},
      // names
      {"[zones.provider]\nkind = \"itsp\"\nsources = [\"198.51.100.1\"]\n[calls]\ntrunk = { zone = \"provder\" }\n",
       w + "5:18: there is no zone 'provder'; did you mean 'provider'?\n"},
      {"[calls]\ntrunk = { zone = \"elsewhere\" }\n", w + "2:18: there is no zone 'elsewhere'; declare it: [zones.<name>]\n"},
      {"[[host]]\nname = \"apps\"\n[[firewall]]\nfiles = [\"a\"]\nrole = \"host\"\nhost = [\"apps\", \"app\", \"portal\"]\n",
       w + "6:17: there is no host 'app'; did you mean 'apps'?\n" + w + "6:24: there is no host 'portal'; declare it: [[host]]\n"},
  };
  for (const Case& c : cases) {
    INFO(c.text);
    CHECK(Read(c.text).said() == c.said);
  }
}

TEST_CASE("site file: what is no TOML is an error at its place") {
  Read read("release = \"9.1\"\n[[host]\nname = 1\n");
  REQUIRE(read.errors.size() == 1);
  CHECK(read.said().starts_with("ipo-lint.toml:2:"));
  CHECK_THAT(read.errors[0].message, Catch::StartsWith("this is not TOML: "));
  CHECK(Read("[[ignore]]\nuntil = 2027-02-30\n").said().starts_with("ipo-lint.toml:2:"));
  CHECK(Read("[checks]\na = \"off\"\na = \"off\"\n").said().starts_with("ipo-lint.toml:3:"));
}

TEST_CASE("site file: quoted and dotted setting keys are one; secrets are known") {
  for (const char* text : {"settings.snmp.community = \"x\"\n", "[settings]\nsnmp = { community = \"x\" }\n",
                           "[settings.snmp]\ncommunity = \"x\"\n", "[settings]\n\"snmp.community\" = \"x\"\n"}) {
    Read read(text);
    CHECK(read.said() == "");
    REQUIRE(read.file.settings.size() == 1);
    CHECK(read.file.settings[0].key == "snmp.community");
    CHECK(read.file.settings[0].secret);
    CHECK(read.at(read.file.settings[0].value.span) == "\"x\"");
  }
  Read numbers("[settings]\nlan2.sip.udp_port = 5_060\nfirewall_profile.telnet = \"Drop\"\n");
  CHECK(numbers.said() == "");
  CHECK(numbers.file.settings[0].value.value == "5060");
  // A secret's value is in no message.
  CHECK(Read("[settings]\nsnmp.community = [\"hush\"]\n\"snmp.comunity\" = \"hush\"\n").said().find("hush") == std::string::npos);
}

TEST_CASE("field map: the canonical keys are those its paths give") {
  auto keys = FieldMap::builtin().keys();
  for (const char* key : {"lan1.address", "lan2.address", "lan1.sip.udp_port", "firewall_profile.gopher", "devlink3",
                          "directory.entry.numb", "user.name"})
    CHECK(keys.contains(key));
  for (const auto& [key, match] : keys) {
    CHECK(key == match.key);
    CHECK(key.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._") == std::string::npos);
  }
  CHECK(keys.at("snmp.community").secret);
  CHECK_FALSE(keys.contains("lan.address"));
  CHECK_FALSE(keys.contains("lan12.address"));
}

TEST_CASE("site file: zones that claim the same packets need a more specific side") {
  auto zones = [](const std::string& a, const std::string& b) {
    Read read("[zones.users]\n" + a + "\n[zones.voice]\n" + b + "\n");
    std::string said = read.said();
    if (said.empty()) return said;
    REQUIRE(read.errors.size() == 1);
    REQUIRE(read.errors[0].related);
    return read.at(read.errors[0].span) + " " + read.at(read.errors[0].related->span);
  };
  CHECK(zones("interfaces = [\"eth0\"]", "interfaces = [\"eth1\", \"eth0\"]") == "\"eth0\" \"eth0\"");
  CHECK(zones("interfaces = [\"eth1\"]", "interfaces = [\"eth+\"]") == "\"eth+\" \"eth1\"");
  CHECK(zones("interfaces = [\"eth+\"]", "interfaces = [\"eth1+\"]") == "\"eth1+\" \"eth+\"");
  CHECK(zones("interfaces = [\"eth+\"]", "interfaces = [\"eth\"]") == "\"eth\" \"eth+\"");
  CHECK(zones("interfaces = [\"+\"]", "interfaces = [\"wan\"]") == "\"wan\" \"+\"");
  CHECK(zones("interfaces = [\"eth0+\"]", "interfaces = [\"eth\"]") == "");
  CHECK(zones("interfaces = [\"eth0\"]", "interfaces = [\"eth1\"]") == "");
  CHECK(zones("interfaces = [\"eth1+\"]", "interfaces = [\"eth0+\"]") == "");
  CHECK(zones("sources = [\"10.0.0.0/8\"]", "sources = [\"10.1.0.0/16\"]") == "\"10.1.0.0/16\" \"10.0.0.0/8\"");
  CHECK(zones("sources = [\"2001:db8::1\"]", "sources = [\"2001:db8::/32\"]") == "\"2001:db8::/32\" \"2001:db8::1\"");
  CHECK(zones("sources = [\"10.0.0.0/9\"]", "sources = [\"10.128.0.0/9\"]") == "");
  CHECK(zones("sources = [\"0.0.0.1\"]", "sources = [\"::1\"]") == "");
  // One side is more specific.
  CHECK(zones("interfaces = [\"eth0\"]", "sources = [\"10.0.0.0/8\"]") == "");
  CHECK(zones("interfaces = [\"eth0\"]", "interfaces = [\"eth0\"]\nsources = [\"10.0.0.0/8\"]") == "");
  CHECK(zones("sources = [\"10.0.0.0/8\"]", "interfaces = [\"eth0\"]\nsources = [\"10.0.0.0/8\"]") == "");
  // Interface and source: both have to meet.
  const std::string both = "interfaces = [\"eth0\"]\nsources = [\"10.0.0.0/8\"]";
  CHECK(zones(both, both) == "\"10.0.0.0/8\" \"10.0.0.0/8\"");
  CHECK(zones(both, "interfaces = [\"eth0\"]\nsources = [\"10.0.0.0/8\"]") != "");
  CHECK(zones(both, "interfaces = [\"eth1\"]\nsources = [\"10.0.0.0/8\"]") == "");
  CHECK(zones(both, "interfaces = [\"eth0\"]\nsources = [\"192.168.0.0/16\"]") == "");
}

TEST_CASE("site file: an overlap names both zones, what both claim, and the way out") {
  const std::string w = "ipo-lint.toml:";
  CHECK(Read("[zones.users]\nsources = [\"10.0.0.0/8\"]\n[zones.voice]\nsources = [\"10.1.0.0/16\"]\n").said() ==
        w +
            "4:12: zones 'users' and 'voice' both claim packets from 10.1.0.0/16, and neither is more specific; part their "
            "sources, or give one of them interfaces too\n  " +
            w + "2:12: claimed by zone 'users' here\n");
  CHECK(Read("[zones.internet]\ninterfaces = [\"eth+\"]\n[zones.voice]\ninterfaces = [\"eth1\"]\n").said() ==
        w +
            "4:15: zones 'internet' and 'voice' both claim packets that come in by eth1, and neither is more specific; give "
            "each interface to one zone, or one of them sources too\n  " +
            w + "2:15: claimed by zone 'internet' here\n");
  CHECK(Read("[zones.internet]\nsources = [\"198.51.100.0/24\"]\n[zones.itsp]\nsources = [\"198.51.100.7\"]\n").said() ==
        w +
            "4:12: zones 'internet' and 'itsp' both claim packets from 198.51.100.7, and neither is more specific; leave out "
            "the sources of 'internet': the internet is what no other zone claims\n  " +
            w + "2:12: claimed by zone 'internet' here\n");
  CHECK(Read("[zones.users]\ninterfaces = [\"eth1\"]\nsources = [\"10.0.0.0/8\"]\n[zones.voice]\ninterfaces = "
             "[\"eth+\"]\nsources = [\"10.1.0.0/16\"]\n")
            .said() ==
        w +
            "6:12: zones 'users' and 'voice' both claim packets from 10.1.0.0/16 that come in by eth1, and neither is more "
            "specific; part their sources or their interfaces\n  " +
            w + "3:12: claimed by zone 'users' here\n");
  CHECK(Read("[zones.internet]\n[zones.wan2]\nkind = \"internet\"\n").said() ==
        w +
            "2:8: zones 'internet' and 'wan2' both claim every packet, and neither is more specific; give one of them "
            "interfaces or sources\n  " +
            w + "1:8: claimed by zone 'internet' here\n");
  // Tables of one zone are a union; a bare internet yields to everything.
  CHECK(Read("[[zones.voice]]\nsources = [\"10.0.0.0/8\"]\n[[zones.voice]]\nsources = [\"10.1.0.0/16\"]\n").said() == "");
  CHECK(Read("[zones.internet]\n[zones.voice]\ninterfaces = [\"eth1\"]\n[zones.itsp]\nsources = [\"198.51.100.7\"]\n").said() ==
        "");
  // "Later" is later in the file, also where tables of one zone are apart.
  CHECK(Read("[[zones.voice]]\ninterfaces = [\"eth1\"]\n[zones.users]\ninterfaces = [\"eth2\"]\n[[zones.voice]]\n"
             "interfaces = [\"eth2\"]\n")
            .said()
            .starts_with(w + "6:15: zones 'users' and 'voice'"));
}

TEST_CASE("site file: the overlap of zones is that of a packet in both") {
  std::mt19937 random(7);
  auto pick = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  const Texts interfaces = {"a", "b", "ab", "a+", "b+", "ab+", "+"}, names = {"a", "b", "ab", "abc", "c"};
  const Texts sources = {"10.0.0.0/30", "10.0.0.0/31", "10.0.0.1", "10.0.0.2/31", "10.0.0.3"};
  auto table = [&](bool by_interface, bool by_source) {
    std::string out;
    if (by_interface) out += "interfaces = [\"" + interfaces[pick(7)] + "\", \"" + interfaces[pick(7)] + "\"]\n";
    if (by_source) out += "sources = [\"" + sources[pick(5)] + "\", \"" + sources[pick(5)] + "\"]\n";
    return out;
  };
  int overlaps = 0;
  for (int round = 0; round < 400; ++round) {
    bool by_interface = pick(3) != 0, by_source = !by_interface || pick(2) != 0;
    std::string text = "[zones.users]\n" + table(by_interface, by_source) + "[zones.voice]\n" + table(by_interface, by_source);
    INFO(text);
    Read read(text);
    REQUIRE(read.file.zones.size() == 2);
    auto claims = [](const Zone& zone, const std::string& name, u128 source) {
      bool in = zone.interfaces.empty(), from = zone.sources.empty();
      for (const auto& i : zone.interfaces) in = in || (i.value.prefix ? name.starts_with(i.value.name) : name == i.value.name);
      for (const auto& s : zone.sources) from = from || (source & s.value.mask) == s.value.value;
      return in && from;
    };
    bool meet = false;
    for (const std::string& name : names)
      for (unsigned last = 0; last < 4; ++last)
        meet =
            meet || (claims(read.file.zones[0], name, 0x0a000000u + last) && claims(read.file.zones[1], name, 0x0a000000u + last));
    CHECK(read.errors.size() == (meet ? 1 : 0));
    overlaps += meet;
  }
  CHECK((overlaps > 50 && overlaps < 390));
}

TEST_CASE("site file: the nearer file is laid over the one it extends") {
  Sources sources;
  std::vector<SiteError> errors;
  auto read = [&](const char* path, const char* text) {
    sources.push_back(decode_source(path, text));
    return read_site_file(sources, static_cast<std::uint32_t>(sources.size() - 1), errors);
  };
  SiteFile base = read("reseller.toml", R"(release = "9.0"
[pbx]
addresses = ["10.0.0.1"]
[[host]]
name = "apps"
addresses = ["10.0.0.2"]
[[firewall]]
files = ["edge.v4"]
[[firewall]]
name = "core"
files = ["core.v4"]
[[zones.itsp]]
sources = ["198.51.100.1"]
[[zones.itsp]]
sources = ["198.51.100.2"]
[zones.management]
sources = ["203.0.113.1"]
[calls]
trunk = { zone = "itsp" }
remote_workers = "none"
[[peer]]
name = "b"
addresses = ["10.2.0.1"]
link = "scn"
[settings]
snmp.enabled = true
snmp.port = 161
[checks]
tftp-exposed = "off"
snmp-exposed = "off"
[[ignore]]
check = "snmp-exposed"
reason = "base"
)");
  SiteFile nearer = read("site/ipo-lint.toml", R"(
[pbx]
addresses = ["10.1.0.1"]
[[firewall]]
files = ["edge.v4"]
[[firewall]]
name = "core"
files = ["new.v4"]
[zones.itsp]
sources = ["198.51.100.9"]
[calls]
trunk = { zone = "itsp", register = true }
remote_workers = "vpn"
[[peer]]
name = "b"
addresses = ["10.3.0.1"]
link = "scn-websocket"
[settings]
snmp.port = 1161
[checks]
tftp-exposed = "error"
[[ignore]]
check = "snmp-exposed"
reason = "nearer"
)");
  REQUIRE(errors.empty());
  SiteFile f = merge(base, nearer);
  check_site_file(f, errors);
  CHECK(errors.empty());
  CHECK(f.release->value == "9.0");
  CHECK(f.remote_workers->value == "vpn");
  REQUIRE(f.hosts.size() == 2);
  CHECK(f.hosts[0].name == "apps");
  CHECK(f.hosts[1].addresses[0].value == *parse_address("10.1.0.1"));
  REQUIRE(f.firewalls.size() == 3);
  CHECK(f.firewalls[0].name == "edge.v4");
  CHECK(f.firewalls[1].name == "site/edge.v4");
  CHECK(f.firewalls[2].files[0].value == "new.v4");
  REQUIRE(f.zones.size() == 2);
  CHECK(f.zones[0].name == "management");
  CHECK(f.zones[1].sources.size() == 1);
  REQUIRE(f.trunks.size() == 2);
  CHECK((!f.trunks[0].registers && f.trunks[1].registers));
  REQUIRE(f.peers.size() == 1);
  CHECK(f.peers[0].link == "scn-websocket");
  REQUIRE(f.settings.size() == 2);
  CHECK((f.settings[0].key == "snmp.enabled" && f.settings[1].value.value == "1161"));
  REQUIRE(f.checks.size() == 2);
  CHECK((f.checks[0].check == "snmp-exposed" && f.checks[1].level == Level::error));
  REQUIRE(f.ignores.size() == 2);
  CHECK((f.ignores[0].reason.value == "base" && f.ignores[0].folder.empty()));
  CHECK((f.ignores[1].reason.value == "nearer" && f.ignores[1].folder == "site/"));
}

TEST_CASE("site file: of two fields with one path the nearer file's counts") {
  Sources sources;
  std::vector<SiteError> errors;
  auto read = [&](const char* path, const char* text) {
    sources.push_back(decode_source(path, text));
    return read_site_file(sources, static_cast<std::uint32_t>(sources.size() - 1), errors);
  };
  SiteFile base = read("reseller.toml", "[[field]]\npath = 'System/Trap'\nkey = \"snmp.community\"\n");
  SiteFile nearer = read("site.toml", "[[field]]\npath = 'System/Trap'\nkey = \"snmp.port\"\n");
  SiteFile both = merge(std::move(base), std::move(nearer));
  CHECK(errors.empty());
  REQUIRE(both.fields.size() == 2);
  CHECK(both.fields[0].key == "snmp.port");
  CHECK(both.fields[1].key == "snmp.community");
}

TEST_CASE("site file: contradictions across files name both") {
  Sources sources = {decode_source("site/ipo-lint.toml", "[zones.voice]\ninterfaces = [\"eth1\"]\n"),
                     decode_source("reseller.toml", "[zones.users]\ninterfaces = [\"eth+\"]\n")};
  std::vector<SiteError> errors;
  read_site_files(sources, {0, 1}, errors);
  REQUIRE(errors.size() == 1);
  CHECK(format_site_error(sources, errors[0]) ==
        "site/ipo-lint.toml:2:15: zones 'users' and 'voice' both claim packets that come in by eth1, and neither is more "
        "specific; give each interface to one zone, or one of them sources too\n"
        "  reseller.toml:2:15: claimed by zone 'users' here\n");
}

TEST_CASE("site file: checks this program does not have are errors") {
  Sources sources = {decode_source("ipo-lint.toml",
                                   "[checks]\ntftpp-exposed = \"off\"\n[[ignore]]\ncheck = \"quite-unheard-of-thing\"\nreason "
                                   "= \"r\"\n[[ignore]]\ncheck = \"tftp-exposed\"\nreason = \"r\"\n")};
  std::vector<SiteError> errors;
  read_site_files(sources, {0}, errors);
  REQUIRE(errors.size() == 2);
  CHECK(format_site_error(sources, errors[0]) == "ipo-lint.toml:2:1: unknown check 'tftpp-exposed'; did you mean tftp-exposed?\n");
  CHECK(format_site_error(sources, errors[1]) ==
        "ipo-lint.toml:4:9: unknown check 'quite-unheard-of-thing'; 'ipo-lint checks' lists them\n");
}

TEST_CASE("site file: paths match globs") {
  struct Case {
    const char *glob, *path;
    bool matches;
  };
  for (const Case& c : std::initializer_list<Case>{{"edge.v4", "edge.v4", true},
                                                   {"edge.v4", "a/b/edge.v4", true},
                                                   {"edge.v4", "edge.v4/a", false},
                                                   {"fw/*.rules", "fw/a.rules", true},
                                                   {"fw/*.rules", "fw/b/a.rules", false},
                                                   {"fw/*.rules", "x/fw/a.rules", false},
                                                   {"*.rules", "x/y/a.rules", true},
                                                   {"fw/**", "fw/a/b", true},
                                                   {"fw/**", "fw", false},
                                                   {"**/a", "a", true},
                                                   {"**/a", "x/y/a", true},
                                                   {"**/a", "xa", false},
                                                   {"x/**/a", "x/a", true},
                                                   {"x/**/a", "x/y/z/a", true},
                                                   {"x/**/a", "xy/a", false},
                                                   {"x/**/**/a", "x/a", true},
                                                   {"fw/**.rules", "fw/a/b.rules", true},
                                                   {"a?c", "abc", true},
                                                   {"a?c", "a/c", false},
                                                   {"x/a?c", "x/a/c", false},
                                                   {"x/a?c", "x/aßc", true},
                                                   {"x/a??c", "x/aßc", false},
                                                   {"**", "a/b", true},
                                                   {"*", "a/b", true},
                                                   {"x/*", "x/", true},
                                                   {"/x/*", "/x/y", true},
                                                   {"/x/*", "x/y", false},
                                                   {"", "", true},
                                                   {"", "a", false},
                                                   {"x/ö", "x/ö", true},
                                                   {"x/ö*", "x/öl", true},
                                                   {"[ab]/c", "a/c", false},
                                                   {"A/b", "a/b", false}}) {
    INFO(c.glob << " " << c.path);
    CHECK(path_matches(c.glob, c.path) == c.matches);
  }
}

namespace {

// The obvious way: try every length of every star.
bool slow_match(std::string_view glob, std::string_view path, bool at_name) {
  if (glob.empty()) return path.empty();
  if (at_name && glob.starts_with("**/")) {
    if (slow_match(glob.substr(3), path, true)) return true;
    for (std::size_t i = 0; i < path.size(); ++i)
      if (path[i] == '/' && slow_match(glob.substr(3), path.substr(i + 1), true)) return true;
    return false;
  }
  bool folders = glob.starts_with("**");
  if (folders || glob[0] == '*') {
    std::string_view rest = glob.substr(folders ? 2 : 1);
    for (std::size_t i = 0; i <= path.size(); ++i) {
      if (slow_match(rest, path.substr(i), false)) return true;
      if (i < path.size() && path[i] == '/' && !folders) return false;
    }
    return false;
  }
  if (path.empty() || (glob[0] == '?' ? path[0] == '/' : path[0] != glob[0])) return false;
  return slow_match(glob.substr(1), path.substr(1), glob[0] == '/');
}

}  // namespace

TEST_CASE("site file: globs agree with trying everything, and hostile ones end") {
  std::mt19937 random(3);
  auto word = [&](std::string_view letters, unsigned longest) {
    std::string out;
    for (auto n = random() % (longest + 1); n > 0; --n) out += letters[random() % letters.size()];
    return out;
  };
  int matched = 0;
  for (int i = 0; i < 60000; ++i) {
    std::string glob = word("ab/**?", 8), path = word("ab/", 7);
    std::string_view tail = glob.find('/') == glob.npos ? std::string_view(path).substr(path.rfind('/') + 1) : path;
    bool expected = slow_match(glob, tail, true);
    matched += expected;
    if (path_matches(glob, path) != expected) FAIL_CHECK(glob << " against " << path << " is " << !expected);
  }
  CHECK(matched > 1000);
  std::string glob, path(4000, 'a');
  for (int i = 0; i < 300; ++i) glob += "*a**/";
  CHECK_FALSE(path_matches(glob + "b", path));
  CHECK_FALSE(path_matches("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", path));
}

TEST_CASE("site file: firewalls and ignores apply to files however both are named") {
  DeclaredFirewall firewall;
  Ignore ignore;
  auto files = [&](const char* folder, const char* glob) { firewall.folder = folder, firewall.files = {{glob, {}}}; };
  files("site/", "fw/*.v4");
  CHECK(applies_to(firewall, "site/fw/edge.v4", "/srv"));
  CHECK(applies_to(firewall, "./site//fw/edge.v4", ""));
  CHECK(applies_to(firewall, "/srv/site/fw/edge.v4", "/srv"));
  CHECK(applies_to(firewall, "../site/fw/edge.v4", "/srv/x") == false);
  CHECK_FALSE(applies_to(firewall, "other/fw/edge.v4", "/srv"));
  CHECK_FALSE(applies_to(firewall, "site/edge.v4", "/srv"));
  files("../", "site/edge.v4");
  CHECK(applies_to(firewall, "edge.v4", "/srv/site"));
  CHECK_FALSE(applies_to(firewall, "edge.v4", "/srv/other"));
  files("site/", "edge.v4");  // in that folder, not anywhere
  CHECK(applies_to(firewall, "site/edge.v4", ""));
  CHECK_FALSE(applies_to(firewall, "site/old/edge.v4", ""));
  files("site/", "../fw/**");
  CHECK(applies_to(firewall, "fw/a/b", ""));
  CHECK_FALSE(applies_to(firewall, "site/fw/a", ""));
  files("si*te/", "/srv/*.v4");
  CHECK(applies_to(firewall, "edge.v4", "/srv"));
  files("si*te/", "*.v4");
  CHECK(applies_to(firewall, "si*te/a.v4", ""));
  CHECK_FALSE(applies_to(firewall, "sixte/a.v4", ""));

  CHECK(applies_to(ignore, "anything", ""));
  ignore.folder = "site/";
  ignore.path = Located<std::string>{"*.rules", {}};
  CHECK(applies_to(ignore, "elsewhere/x.rules", "/srv"));
  ignore.path->value = "fw/*.rules";
  CHECK(applies_to(ignore, "site/fw/x.rules", "/srv"));
  CHECK_FALSE(applies_to(ignore, "fw/x.rules", "/srv"));

  CHECK(normal_path("a/b/", "../c/./d") == "a/c/d");
  CHECK(normal_path("", "../x") == "../x");
  CHECK(normal_path("../", "../x") == "../../x");
  CHECK(normal_path("a/", "/x/..//y") == "/y");
  CHECK(normal_path("/", "../..") == "/");
  CHECK(normal_path("", "") == "");
}

TEST_CASE("site file: garbage is read to its end") {
  std::mt19937 random(11);
  std::string complete = slurp(fixture("complete.toml"));
  const Texts pieces = {"[",
                        "]",
                        "[[",
                        "]]",
                        "=",
                        "\"",
                        "'''",
                        "{",
                        "}",
                        ",",
                        ".",
                        "\n",
                        "#",
                        "2027-01-01",
                        "1e9",
                        "true",
                        "zones",
                        "host",
                        "[[zones.a]]\n",
                        "sources = [\"10.0.0.0/8\"]\n",
                        "kind",
                        "\xc3\xa4",
                        "settings"};
  for (int i = 0; i < 1500; ++i) {
    std::string text = i % 2 == 0 ? complete : "";
    for (auto n = 1 + random() % 6; n > 0; --n) {
      std::size_t at = random() % (text.size() + 1), length = i % 2 == 0 ? random() % 12 : 0;
      text.replace(at, length, pieces[random() % pieces.size()]);
    }
    Read read(text);
    for (const SiteError& e : read.errors) {
      CHECK(!e.message.empty());
      CHECK((e.span.begin <= e.span.end && e.span.end <= read.sources[0].text().size()));
    }
    read.said();
  }
}

TEST_CASE("site file: hostile sizes end, and errors are counted out") {
  std::string keys, zones, same;
  for (int i = 0; i < 20000; ++i) keys += "\"snmp.enable" + std::to_string(i) + "\" = true\n";
  Read many("[settings]\n" + keys);
  CHECK(many.errors.size() == max_site_errors + 1);
  CHECK(many.errors.back().message == "more is wrong than is said here; mend what is said first");
  for (int i = 0; i < 10000; ++i)
    zones += (i ? ", " : "") + ("\"10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256) + "\"");
  CHECK_THAT(Read("[zones.voice]\nsources = [" + zones + "]\n").said(), Catch::Contains("more than 4096 tables"));
  for (int i = 0; i < 2000; ++i) same += "[zones.z" + std::to_string(i) + "]\nkind = \"voice\"\ninterfaces = [\"eth0\"]\n";
  CHECK(Read(same).errors.size() == max_site_errors + 1);
  CHECK(Read("[[host]]\nname = \"" + std::string(200000, 'x') + "\"\n" + std::string(200000, 'y') + " = 1\n").errors.size() == 1);
}

// ---- looked for and opened

namespace {

// Works in a folder until the end of the test.
struct WorkingIn {
  std::filesystem::path before = std::filesystem::current_path();
  explicit WorkingIn(const std::filesystem::path& folder) { std::filesystem::current_path(folder); }
  WorkingIn(const WorkingIn&) = delete;
  ~WorkingIn() { std::filesystem::current_path(before); }
};

// What opening and reading says.
std::string opened(const std::string& path, std::size_t* count = nullptr) {
  SiteFiles files = open_site_files(path);
  Sources sources;
  std::vector<std::uint32_t> order;
  for (const Input& input : files.inputs) {
    order.push_back(static_cast<std::uint32_t>(sources.size()));
    sources.push_back(decode_source(input.path, input.bytes));
  }
  if (count) *count = files.inputs.size();
  std::vector<SiteError> errors = files.errors;
  read_site_files(sources, order, errors);
  std::string said;
  for (const SiteError& e : errors) said += format_site_error(sources, e);
  return said;
}

}  // namespace

TEST_CASE("site file: the nearest one upward governs, up to the repository's root") {
  Folder tree;
  tree.put("ipo-lint.toml", "");
  tree.put("repo/.git/config", "");
  tree.put("repo/site/ipo-lint.toml", "");
  tree.put("repo/site/fw/old/edge.v4", "");
  tree.put("repo/other/edge.v4", "");
  tree.put("plain/a/edge.v4", "");
  tree.put("worktree/.git", "gitdir: elsewhere\n");
  tree.put("worktree/edge.v4", "");
  tree.put("odd/.git/config", "");
  tree.put("odd/x/ipo-lint.toml/file", "");  // a folder of that name
  tree.put("rooted/.git/config", "");
  tree.put("rooted/ipo-lint.toml", "");
  tree.put("rooted/deep/edge.v4", "");
  std::string root = tree.path.string();
  {
    WorkingIn here(tree.path / "repo");
    CHECK(find_site_file("site/fw/old/edge.v4") == "site/ipo-lint.toml");
    CHECK(find_site_file("./site/fw/old/../old/edge.v4") == "site/ipo-lint.toml");
    CHECK(find_site_file("site") == "site/ipo-lint.toml");
    CHECK(find_site_file("site/") == "site/ipo-lint.toml");
    CHECK(find_site_file("other/edge.v4").empty());
    CHECK(find_site_file("-").empty());
    CHECK(find_site_file("../plain/a/edge.v4") == "../ipo-lint.toml");
    CHECK(find_site_file(root + "/repo/site/fw/none.v4") == root + "/repo/site/ipo-lint.toml");
    CHECK(find_site_file(root + "/plain/a/edge.v4") == root + "/ipo-lint.toml");
  }
  {
    WorkingIn here(tree.path / "repo/site/fw/old");
    CHECK(find_site_file("edge.v4") == "../../ipo-lint.toml");
    CHECK(find_site_file("-") == "../../ipo-lint.toml");
    CHECK(find_site_file("../old/edge.v4") == "../../ipo-lint.toml");
    CHECK(find_site_file(".") == "../../ipo-lint.toml");
  }
  {
    WorkingIn here(tree.path);
    CHECK(find_site_file("edge.v4") == "ipo-lint.toml");
    CHECK(find_site_file(".") == "ipo-lint.toml");
    CHECK(find_site_file("plain/a/edge.v4") == "ipo-lint.toml");
    CHECK(find_site_file("worktree/edge.v4").empty());
    CHECK(find_site_file("odd/x/file").empty());
    CHECK(find_site_file("rooted/deep/edge.v4") == "rooted/ipo-lint.toml");
  }
}

TEST_CASE("site file: a chain of files is read, nearest first") {
  Folder tree;
  tree.put(".git/HEAD", "");
  tree.put("base.toml", "release = \"9.0\"\n");
  tree.put("mid/mid.toml", "extends = \"../base.toml\"\n");
  tree.put("mid/site/ipo-lint.toml", "extends = \"../mid.toml\"\n[pbx]\naddresses = [\"10.0.0.1\"]\n");
  WorkingIn here(tree.path / "mid");
  SiteFiles files = open_site_files("site/ipo-lint.toml");
  REQUIRE(files.inputs.size() == 3);
  CHECK(files.errors.empty());
  CHECK(files.inputs[0].path == "site/ipo-lint.toml");
  CHECK(files.inputs[1].path == "mid.toml");
  CHECK(files.inputs[2].path == "../base.toml");
  CHECK(files.inputs[2].bytes == "release = \"9.0\"\n");
  CHECK(opened("site/ipo-lint.toml") == "");
}

TEST_CASE("site file: what cannot be extended is an error at its place") {
  Folder tree;
  WorkingIn here(tree.path);
  tree.put("a.toml", "release = \"9.1\"\nextends = \"sub/b.toml\"\n");
  tree.put("sub/b.toml", "extends = \"../a.toml\"\n");
  CHECK(opened("a.toml") ==
        "sub/b.toml:1:11: sub/b.toml extends a.toml again, a cycle; leave 'extends' out in one of them\n"
        "  a.toml:2:11: a.toml extends sub/b.toml here\n");
  tree.put("self.toml", "extends = \"./self.toml\"\n");
  CHECK(opened("self.toml") == "self.toml:1:11: self.toml extends itself; leave 'extends' out\n");
  std::filesystem::create_symlink("self.toml", tree.path / "link.toml");
  tree.put("by-link.toml", "extends = \"link-back.toml\"\n");
  std::filesystem::create_symlink("by-link.toml", tree.path / "link-back.toml");
  CHECK_THAT(opened("by-link.toml"), Catch::Contains("extends itself"));

  tree.put("gone.toml", "\nextends = \"sub/none.toml\"\n");
  CHECK(opened("gone.toml") == "gone.toml:2:11: sub/none.toml cannot be read: No such file or directory\n");
  tree.put("folder.toml", "extends = \"sub\"\n");
  CHECK(opened("folder.toml") == "folder.toml:1:11: sub is a folder; name its ipo-lint.toml\n");
  tree.put("device.toml", "extends = \"/dev/zero\"\n");
  CHECK_THAT(opened("device.toml"), Catch::Contains("device.toml:1:11: /dev/zero lies outside the folder"));
  tree.put("big.toml", std::string(largest_site_file + 1, '\n'));
  tree.put("to-big.toml", "extends = \"big.toml\"\n");
  CHECK(opened("to-big.toml") == "to-big.toml:1:11: big.toml is larger than 1 MiB, which no site file is\n");
  CHECK(opened("big.toml") == "big.toml:1:1: is larger than 1 MiB, which no site file is\n");
  CHECK(opened("none.toml") == "none.toml:1:1: cannot be read: No such file or directory\n");

  for (int i = 0; i < 20; ++i) tree.put("c" + std::to_string(i) + ".toml", "extends = \"c" + std::to_string(i + 1) + ".toml\"\n");
  std::size_t count = 0;
  CHECK(opened("c0.toml", &count) == "c15.toml:1:11: more than 16 files extend one another; join some of them\n");
  CHECK(count == longest_site_chain);
  CHECK(opened("c5.toml") == "c19.toml:1:11: c20.toml cannot be read: No such file or directory\n");
}

TEST_CASE("site file: nothing outside the repository is extended, however it is spelt") {
  Folder tree;
  const std::string elsewhere = tree.put("elsewhere/other.toml", "kiwi : 4bz7\n");
  tree.put("repo/.git/HEAD", "");
  tree.put("repo/shared/base.toml", "release = \"9.0\"\n");
  tree.put("repo/shared/notes.txt", "kiwi : 4bz7\n");
  tree.put("repo2/base.toml", "release = \"9.0\"\n");
  std::filesystem::create_symlink(tree.path / "elsewhere", tree.path / "repo/out");
  std::filesystem::create_symlink(elsewhere, tree.path / "repo/shared/link.toml");
  std::filesystem::create_symlink("base.toml", tree.path / "repo/shared/inside.toml");
  REQUIRE(::mkfifo((tree.path / "repo/shared/pipe.toml").c_str(), 0600) == 0);
  WorkingIn here(tree.path);
  auto extending = [&](const std::string& name) {
    tree.put("repo/site/ipo-lint.toml", "extends = \"" + name + "\"\n");
    return opened("repo/site/ipo-lint.toml");
  };
  for (const std::string& name :
       {elsewhere, std::string("/etc/passwd"), std::string("../../elsewhere/other.toml"), std::string("../../repo2/base.toml"),
        std::string("../out/other.toml"), std::string("../shared/link.toml"), std::string("/dev/zero"),
        std::string("../../elsewhere/none.toml"), std::string("/proc/self/environ")}) {
    INFO(name);
    CHECK_THAT(extending(name),
               Catch::Contains(" lies outside the repository") && !Catch::Contains("kiwi") && !Catch::Contains("4bz7"));
  }
  CHECK_THAT(extending("../shared/notes.txt"), Catch::Contains("is no .toml file") && !Catch::Contains("4bz7"));
  CHECK_THAT(extending("../shared/pipe.toml"), Catch::Contains("is no regular file"));
  for (const char* name : {"../shared/base.toml", "../shared/inside.toml", "../site/../shared/base.toml"}) {
    INFO(name);
    CHECK(extending(name) == "");
  }
  CHECK(extending((tree.path / "repo/shared/base.toml").string()) == "");

  // Without a repository: the tree of the topmost site file.
  tree.put("plain/ipo-lint.toml", "release = \"9.0\"\n");
  tree.put("plain/a/b/ipo-lint.toml", "extends = \"../../ipo-lint.toml\"\n");
  CHECK(opened("plain/a/b/ipo-lint.toml") == "");
  tree.put("plain/a/b/ipo-lint.toml", "extends = \"../../../repo2/base.toml\"\n");
  CHECK_THAT(opened("plain/a/b/ipo-lint.toml"), Catch::Contains("lies outside the folder of the topmost site file"));

  // A site file that is a link itself.
  std::filesystem::create_directories(tree.path / "repo/linked");
  std::filesystem::create_symlink(elsewhere, tree.path / "repo/linked/ipo-lint.toml");
  CHECK_THAT(opened("repo/linked/ipo-lint.toml"), Catch::Contains("leads out of the repository") && !Catch::Contains("4bz7"));
}

TEST_CASE("site file: days and releases are taken as they are written, or refused") {
  auto taken = [](const std::string& until) {
    return Read("[[ignore]]\ncheck = \"tftp-exposed\"\nreason = \"r\"\nuntil = \"" + until + "\"\n").errors.empty();
  };
  for (const char* day : {"2027-03-31", "2028-02-29", "2000-02-29", "2027-01-01", "2027-12-31", "2027-04-30"}) CHECK(taken(day));
  for (const char* day : {"2100-02-29", "2027-02-29", "2027-00-10", "2027-13-10", "2027-04-31", "2027-03-00", "2027-3-311",
                          "2027x03-31", "2027-03x31", "20x7-03-31", "2027-0x-31", "2027-03-x1", "2027-03-3"})
    CHECK_FALSE(taken(day));
  for (const char* release : {"9.1", "11.1.3.1", "123456789.1"})
    CHECK(Read("release = \"" + std::string(release) + "\"\n").errors.empty());
  for (const char* release : {"9", "9.", ".9", "9.x", "9..1", "1234567890.1", "9.1234567890"})
    CHECK_FALSE(Read("release = \"" + std::string(release) + "\"\n").errors.empty());
}

TEST_CASE("site file: names with blanks or control characters are refused, and so is half an ignore") {
  for (const char* zone : {"[zones.\"a\\u0007b\"]", "[zones.\"a\\u007fb\"]", "[zones.\" \"]"})
    CHECK_FALSE(Read(std::string(zone) + "\ninterfaces = [\"eth0\"]\n").errors.empty());
  for (const char* name : {"", "eth 0", "eth\\t0", "eth\\u00070", "eth\\u007f0", "sixteenletterslo"})
    CHECK_FALSE(Read("[zones.internet]\ninterfaces = [\"" + std::string(name) + "\"]\n").errors.empty());
  CHECK(Read("[zones.internet]\ninterfaces = [\"fifteenletterso\"]\n").errors.empty());
  CHECK_FALSE(Read("[zones.itsp]\nsources = [\"0.0.0.0/0\"]\n").errors.empty());
  CHECK(Read("[zones.itsp]\nsources = [\"0.0.0.0/0\"]\ninterfaces = [\"eth7\"]\n").errors.empty());
  std::string ignore = "[[ignore]]\ncheck = \"tftp-exposed\"\n";
  CHECK(Read(ignore + "reason = \"r\"\npath = \"a/**\"\n").file.ignores.size() == 1);
  for (const char* half : {"path = \"a/**\"\n", "reason = \"r\"\npath = 5\nuntil = \"2027-03-31\"\n",
                           "reason = \"r\"\nuntil = \"never\"\n", "reason = \" \"\npath = \"a\"\n"})
    CHECK(Read(ignore + half).file.ignores.empty());
  std::string peer = "[[peer]]\nname = \"branch\"\nlink = \"scn\"\n";
  CHECK(Read(peer + "addresses = [\"198.51.100.9\"]\n").file.peers.size() == 1);
  CHECK(Read(peer + "addresses = []\n").file.peers.empty());
}
