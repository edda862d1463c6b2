// What a file that cannot be read looks like, and that no report is green for a firewall nobody looked at.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "linter/inputs/folder.h"
#include "linter/inputs/input_files.h"
#include "parsers/foreign.h"
#include "tests/program.h"

namespace ipo::testing {
namespace {

using Catch::Matchers::Contains;
using nlohmann::json;
namespace fs = std::filesystem;

std::string looks_like(std::string_view bytes) {
  const Look* look = foreign_look(bytes);
  return look ? std::string(look->name) : "";
}

std::string utf16(std::string_view text) {
  std::string out = "\xff\xfe";
  for (char c : text) out += c, out += '\0';
  return out;
}

const std::string pbx =
    "<response status=\"1\"><data><ws_object><System GUID=\"00000000-0000-0000-0000-00000000C0DE\"><Name>office</Name>"
    "<MajorVersion>12</MajorVersion><MinorVersion>2</MinorVersion><LANS><LAN "
    "id=\"LAN1\"><IPAddress>192.168.17.4</IPAddress></LAN></LANS>"
    "</System></ws_object></data></response>\n";
const std::string dump =
    "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"
    "-A FORWARD -m state --state RELATED,ESTABLISHED -j ACCEPT\nCOMMIT\n";
const std::string fortigate =
    "config firewall policy\n    edit 7\n        set srcintf \"wan2\"\n        set action accept\n    next\nend\n";
const std::string script = "#!/bin/sh\nIPT=/sbin/iptables\n$IPT -P FORWARD DROP\n$IPT -A FORWARD -p udp --dport 5060 -j ACCEPT\n";

const std::string compiled =
    "ipset cmdlist:\ncreate PVEFW-0-lan-v4 (fT3)\n\tcreate PVEFW-0-lan-v4 hash:net family inet hashsize 64 maxelem 64\n"
    "\tadd PVEFW-0-lan-v4 192.168.17.0/24\n\niptables cmdlist:\ncreate PVEFW-INPUT (k09)\n"
    "\t-A PVEFW-INPUT -m set --match-set PVEFW-0-lan-v4 src -p udp --dport 5060 -j ACCEPT\n\t-A PVEFW-INPUT -j DROP\n"
    "\nip6tables cmdlist:\n\nebtables cmdlist:\nno changes\n";

json lint(const std::string& arguments, int status) {
  Ran ran = run_program("--format json " + arguments);
  CAPTURE(arguments, ran.out, ran.err);
  CHECK(ran.status == status);
  return json::parse(ran.out);
}

std::string quoted(const fs::path& path) { return "'" + path.string() + "' "; }

}  // namespace

TEST_CASE("a text is taken for what it is by all of its marks, and not by some of them") {
  for (
      auto [name, text] : std::vector<std::pair<std::string, std::string>>{
          {"an EdgeOS or VyOS configuration (set lines)",
           "set interfaces ethernet eth0 address 192.0.2.8/29\nset interfaces pppoe pppoe0 mtu 1492\n"},
          {"a Juniper configuration (set lines)", "set interfaces ge-0/0/0 unit 0 family inet address 192.0.2.8/29\n"},
          {"a Juniper configuration (set lines)", "set firewall family inet filter voice term sip then accept\n"},
          {"an EdgeOS or VyOS configuration (set lines)", "set service ssh port 22\nset service dns forwarding cache-size 150\n"},
          {"a Palo Alto configuration (set lines)", "set service sip protocol udp port 5060\n"},
          {"a Juniper ScreenOS configuration", "set policy from \"Untrust\" to \"Trust\" \"Any\" \"pbx\" \"SIP\" permit\n"},
          {"an EdgeOS or VyOS configuration (set lines)", "set policy prefix-list OFFICE rule 5 action permit\n"},
          {"a Juniper ScreenOS configuration", "set vrouter \"untrust-vr\"\nset arp age 20\n"},
          {"a Palo Alto configuration (set lines)", "set zone trust network layer3 ethernet1/2\n"},
          {"a Check Point Gaia configuration", "set interface eth2 state on\n"},
          {"", "set interface eth2 colour blue\n"},
          {"", "set colour blue\nset size large\n"},
          {"a Palo Alto configuration", "deviceconfig {\n  system {\n  }\n}\nrulebase {\n  security {\n  }\n}\n"},
          {"", "deviceconfig {\n  name office\n}\n"},
          {"a Juniper configuration", "## Last changed: 2026-01-02\nsystem {\n    host-name gw;\n}\n"},
          {"a Juniper configuration",
           "system {\n    host-name gw; ## SECRET-DATA\n    root; ## SECRET-DATA\n}\nsnmp {\n    community x; ## SECRET-DATA\n}\n"},
          {"", "system {\n    host-name gw;\n}\n"},
          {"an EdgeOS or VyOS configuration", "/* === vyatta-config-version: \"zone-policy@1\" === */\n"},
          {"an EdgeOS or VyOS configuration", "interfaces {\n    ethernet eth0 {\n    }\n}\nnat {\n}\n"},
          {"", "firewall {\n    enabled true\n}\n"},
          {"a Cisco ASA configuration", "access-list out line 1 extended permit udp any host 192.0.2.8 eq 5060\n"},
          {"a Cisco ASA configuration", "access-group out global\n"},
          {"a Cisco ASA configuration", "nameif outside\nsecurity-level 0\n"},
          {"", "nameif outside\n"},
          {"", "access-list out\n"},
          {"", "access-group out beside\n"},
          {"a Cisco IOS configuration", "access-list 101 permit udp any host 192.0.2.8 eq 5060\n"},
          {"a Cisco IOS configuration", "ipv6 access-list OFFICE\n permit udp any any\n"},
          {"a Cisco IOS configuration", "ipv4 access-list OFFICE\n 10 permit udp any any\n"},
          {"a Cisco IOS configuration",
           "hostname gw\ninterface Gi0/0\n ip address 192.0.2.8 255.255.255.248\n ip nat outside\nip route 0.0.0.0 0.0.0.0 "
           "192.0.2.9\n"},
          {"", "hostname gw\n"},
          {"", "ip access-list\n"},
          {"", "access-list 101 colour blue\n"},
          {"a FortiGate configuration", "config-version=FGT60F\n"},
          {"", "config system global\n    hostname gw\n"},
          {"", "config system global\nend\n"},
          {"", "config garden\n    edit 7\n        set tree oak\n    next\nend\n"},
          {"a MikroTik RouterOS export", "/ip firewall filter\nadd chain=forward action=drop\n"},
          {"a MikroTik RouterOS export", "/ip firewall filter add chain=forward action=drop\n"},
          {"", "/ip firewall filter\nprint\n"},
          {"", "# by RouterAnything\nadd chain=forward\n"},
          {"an nftables ruleset", "insert rule ip filter input drop\n"},
          {"an nftables ruleset", "table bridge x { }\n"},
          {"an nftables ruleset", "flush ruleset\n"},
          {"an nftables ruleset", "table ip x {\n\tcounter y\n"},
          {"an nftables ruleset", "type filter hook input priority 0\n"},
          {"", "table of contents {\n}\n"},
          {"", "table ip of addresses\n"},
          {"", "add rule of thumb here\n"},
          {"", "add house ip filter input drop\n"},
          {"", "type filter hook input\n"},
          {"an OpenWrt firewall configuration", "package firewall\n"},
          {"an OpenWrt firewall configuration", "config 'redirect'\n\toption target DNAT\n"},
          {"", "config zone\n"},
          {"", "config system\n\toption hostname gw\n"},
          {"", "Chain FORWARD (policy DROP)\n"},
          {"", "Chain of command\ntarget prot\n"},
          {"what ufw status prints", "Status: inactive\nLogging: off\n"},
          {"what ufw status prints", "Added user rules (see 'ufw status' for running firewall):\nufw allow 22\n"},
          {"what ufw status prints", "To      Action  From\n--      ------  ----\n22      ALLOW   Anywhere\n"},
          {"", "Status: active\n"},
          {"", "To Action From\n"},
          {"Windows firewall rules",
           "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\FirewallRules]\n"},
          {"", "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Example]\n"},
          {"Windows firewall rules", "New-NetFirewallRule -DisplayName voice -Direction Inbound -LocalPort 5060\n"},
          {"Windows firewall rules", "Regelname:   voice\nRichtung:    Eingehend\n"},
          {"", "Rule Name: voice\n"},
          {"Windows firewall rules", "DisplayName    : voice\nDisplayGroup   : x\nDirection      : Inbound\n"},
          {"", "DisplayName    : voice\nDirection      : Inbound\n"},
          {"a SonicWall configuration", "access-rule from WAN to LAN action allow\n"},
          {"", "Y2hlY2tzdW1WZXJzaW9uPTEm\n"},
          {"", "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVpBQkNERUZHSElKS0xNTk9QUVJTVFVWV1hZWg==\n"},
          {"a Check Point configuration", "mgmt_cli add access-rule layer Network position 1 name voice\n"},
          {"", "(\n\t:colour (blue)\n)\n"},
          {"", ":rules (\n)\n"},
          {"a Proxmox firewall file", "[OPTIONS]\nenable: 1\n"},
          {"", "[RULES]\nfirst: be kind\n"},
          {"a Shorewall file", "#ACTION SOURCE DEST PROTO DPORT\nACCEPT net loc:192.168.17.4 udp 5060\n"},
          {"", "#ACTION SOURCE DEST\n"},
          {"", "ACCEPT net loc udp 5060\n"},
          {"an ipfw ruleset", "00100 allow udp from any to any 5060\n"},
          {"an ipfw ruleset", "add allow udp from any to any 5060\n"},
          {"an ipfw ruleset", "/sbin/ipfw -q add 100 deny ip from any to any\n"},
          {"", "100 allow udp from any to any\n"},
          {"", "00100 sheep in the meadow\n"},
          {"what firewall-cmd --list-all prints",
           "public (active)\n  target: default\n  icmp-block-inversion: no\n  interfaces: eth0\n  masquerade: no\n"},
          {"", "public (active)\n  target: default\n  interfaces: eth0\n"},
          {"a Huawei configuration", "sysname gw\nacl number 3000\n"},
          {"", "sysname gw\n"},
          {"", "acl number 3000\n"},
          {"", "Name: voice\nType: person\n"},
          {"", "Type: hash:ip\n"},
          {"a FRITZ!Box configuration", "**** FRITZ!Box 7590 CONFIGURATION EXPORT\n"},
          {"", "**** FRITZ!Box 7590\n"},
          {"a script", "@echo off\necho hello\n"},
          {"a script", "#!/bin/sh\necho hello\n"},
          {"a shell script that calls nft", "#!/bin/sh\nsudo nft -f /etc/rules\n"},
          {"a shell script that calls ufw", "#!/bin/sh\n/usr/sbin/ufw allow 5060/udp\n"},
          {"a shell script that calls firewall-cmd", "#!/bin/sh\nfirewall-cmd --add-port=5060/udp\n"},
          {"a shell script that calls ipset", "ipset create voice hash:ip\nipset add voice 192.0.2.8\n"},
          {"a shell script that calls iptables", "#!/bin/sh\nif ${IPTABLES} -C FORWARD -j voice; then echo; fi\n"},
          {"a shell script that calls iptables", "#!/bin/sh\n\"$IPT\" -P FORWARD DROP\n"},
          {"firewall rules in a format of their own", "permit tcp any\ndeny udp any\nallow 192.0.2.8 any\n"},
          {"", "permit tcp any\ndeny udp any\n"},
          {"", "permit tcp any SRC=192.0.2.1\ndeny udp any SRC=192.0.2.1\nallow udp any SRC=192.0.2.1\n"},
          {"", "permit me\ndeny it\nallow this\n"},
          {"firewall rules in a format of their own", "allow 192.0.2.8:5060 in\ndrop 192.0.2.0/24 out\nreject 192.0.2.1-5 in\n"},
          {"", "allow 192.0.2.x in\ndrop 192.0.2.y out\nreject 192.0.2.z in\n"},
          {"an nftables ruleset (JSON)", "{\"nftables\": [{\"add\": {}}]}"},
          {"an nftables ruleset (JSON)", "{\"nftables\": [{\"table\": {}}]}"},
          {"an nftables ruleset (JSON)", "{\"nftables\": [{\"chain\": {}}]}"},
          {"", "{\"nftables\": \"yes\"}"},
          {"", "{\"chain\": \"shop\", \"table\": 5}"},
          {"a UniFi gateway configuration (config.gateway.json)", "{\"firewall\": {\"all-ping\": \"enable\"}}"},
          {"a UniFi gateway configuration (config.gateway.json)", "{\"firewall\": {\"ip-src-route\": \"disable\"}}"},
          {"a UniFi gateway configuration (config.gateway.json)", "{\"firewall\": {\"state-policy\": {}}}"},
          {"a UniFi gateway configuration (config.gateway.json)", "{\"service\": {\"nat\": {\"rule\": {\"inside-address\": {}}}}}"},
          {"a UniFi gateway configuration (config.gateway.json)", "{\"port-forward\": {\"rule\": {\"forward-to\": {}}}}"},
          {"", "{\"service\": {\"lunch\": true}}"},
          {"", "{\"inside-address\": 5, \"forward-to\": 7}"},
          {"", "{\"firewall\": true}"},
          {"Check Point rules (JSON)", "{\"rulebase\": [{\"type\": \"access-rule\"}]}"},
          {"Check Point rules (JSON)", "[{\"type\": \"access-rule\", \"rule-number\": 1}]"},
          {"", "{\"type\": \"access-rule\"}"},
          {"AWS security groups", "{\"SecurityGroups\": [{\"IpPermissions\": []}]}"},
          {"", "{\"SecurityGroups\": []}"},
          {"", "{\"IpPermissions\": []}"},
          {"firewall rules in a format of their own",
           "{\"rules\": [{\"action\": \"allow\", \"protocol\": \"udp\", \"dst\": \"192.0.2.8\"}]}"},
          {"firewall rules in a format of their own",
           "{\"rule\": {\"policy\": \"x\", \"proto\": \"udp\", \"destination\": \"192.0.2.8\"}}"},
          {"firewall rules in a format of their own",
           "{\"policies\": [{\"access\": \"x\", \"proto\": \"udp\", \"dest_port\": 5060}]}"},
          {"firewall rules in a format of their own",
           "{\"firewallRules\": [{\"allowed\": [{\"IPProtocol\": \"udp\"}], \"sourceRanges\": [\"0.0.0.0/0\"]}]}"},
          {"firewall rules in a format of their own",
           "{\"rule\": {\"target\": \"x\", \"proto\": \"udp\", \"dst\": \"192.0.2.8\"}}"},
          {"", "{\"rules\": [{\"protocol\": \"udp\", \"dst\": \"192.0.2.8\"}]}"},
          {"", "{\"rules\": [{\"action\": \"allow\", \"dst\": \"192.0.2.8\"}]}"},
          {"", "{\"rules\": [{\"action\": \"allow\", \"protocol\": \"udp\"}]}"},
          {"", "{\"goods\": [{\"action\": \"allow\", \"protocol\": \"udp\", \"dst\": \"192.0.2.8\"}]}"},
          {"firewall rules in a format of their own",
           "<list><rule><action>pass</action><protocol>udp</protocol><dst>192.0.2.8</dst></rule></list>"},
          {"", "<list><rule><protocol>udp</protocol><dst>192.0.2.8</dst></rule></list>"},
          {"", "<list><rule><action>pass</action><dst>192.0.2.8</dst></rule></list>"},
          {"", "<list><rule><action>pass</action><protocol>udp</protocol></rule></list>"},
          {"", "<list><sheep><action>pass</action><protocol>udp</protocol><dst>192.0.2.8</dst></sheep></list>"},
          {"documentation", "# How to\nThis is the page that you read and it is not a file of a machine\n"},
          {"documentation",
           "# How to\n```\npass in on em1\n```\nThis is a page of the site.\n```\nblock in all\n```\na\nb\nc\nd\n"},
          {"a pf.conf ruleset", "pass in on em1 proto udp\n"},
          {"a pf.conf ruleset", "scrub in all\nset skip on lo0\n"},
          {"", "pass the salt\n"},
          {"a pf.conf ruleset", "block drop in quick on em1\n"},
      }) {
    INFO(text);
    CHECK(looks_like(text) == name);
  }
}

TEST_CASE("a foreign configuration is known by its look") {
  for (auto [name, text] : std::vector<std::pair<std::string, std::string>>{
           {"an nftables ruleset", "table inet fw {\n\tchain in {\n\t\ttype filter hook input priority 0; policy drop;\n\t}\n}\n"},
           {"an nftables ruleset",
            "flush ruleset\nadd table ip nat\nadd chain ip nat pre { type nat hook prerouting priority -100; }\n"},
           {"an nftables ruleset", "#!/usr/sbin/nft -f\ntable ip6 x {}\n"},
           {"an nftables ruleset (JSON)", R"({"nftables": [{"metainfo": {"version": "1.0.2"}}, {"chain": {"family": "ip"}}]})"},
           {"a pf.conf ruleset",
            "ext = \"em1\"\nset skip on lo0\nblock in log all\npass in on $ext proto udp to 192.0.2.8 port 5060\n"},
           {"a pf.conf ruleset", "rdr pass on em1 inet proto udp from any to any port 5060 -> 192.168.17.4\n"},
           {"a pfSense configuration", "<?xml version=\"1.0\"?>\n<!-- by hand -->\n<pfsense>\n<version>23.3</version></pfsense>"},
           {"an OPNsense configuration", "\xef\xbb\xbf<?xml version=\"1.0\"?><opnsense><filter/></opnsense>"},
           {"an encrypted pfSense or OPNsense backup",
            "---- BEGIN config.xml ----\nVersion: pfSense 2.7\n\nQUJD\n---- END config.xml ----\n"},
           {"an OpenWrt firewall configuration", "config zone\n\toption name 'wan'\n\tlist network 'wan6'\n"},
           {"an OpenWrt firewall configuration", "firewall.@zone[0]=zone\nfirewall.@zone[0].name='guest'\n"},
           {"a firewalld zone", "<?xml version=\"1.0\"?>\n<zone target=\"DROP\"><service name=\"sip\"/></zone>\n"},
           {"a FortiGate configuration", "#config-version=FG100E-6.4.4-FW-build1803-201209:opmode=0\nconfig vdom\n"},
           {"a FortiGate configuration", fortigate},
           {"a MikroTik RouterOS export", "# jan/02/2024 08:00:00 by RouterOS 7.13\n/interface bridge\nadd name=lan\n"},
           {"a MikroTik RouterOS export", "/ip/firewall/nat add chain=dstnat action=dst-nat to-addresses=192.168.17.4\n"},
           {"a MikroTik backup", "\x88\xac\xa1\xb1\x01\x02"},
           {"a Cisco ASA configuration", ": Saved\nASA Version 9.12(4)\nhostname gw\n"},
           {"a Cisco ASA configuration",
            "access-list out extended permit udp any object pbx eq sip\naccess-group out in interface outside\n"},
           {"a Cisco IOS configuration",
            "ip access-list extended FROM-WAN\n permit udp any host 192.0.2.8 eq 5060\n deny ip any any\n"},
           {"a Juniper configuration (set lines)",
            "set version 18.4R3\nset security zones security-zone trust interfaces ge-0/0/1.0\n"},
           {"a Juniper configuration", "system {\n    host-name gw;\n}\ninterfaces {\n    ge-0/0/0 {\n        unit 0;\n    }\n}\n"},
           {"a Juniper ScreenOS configuration",
            "set zone \"Trust\" tcp-rst\nset policy id 4 from \"Untrust\" to \"Trust\" \"Any\" \"pbx\" \"SIP\" "
            "permit\n"},
           {"a Palo Alto configuration (set lines)",
            "set rulebase security rules voice from outside\nset rulebase security rules voice action allow\n"},
           {"a Palo Alto configuration", "<config version=\"10.1.0\" urldb=\"paloaltonetworks\"><devices/></config>"},
           {"a SonicWall configuration", "Y2hlY2tzdW1WZXJzaW9uPTEmYnVpbGROdW09Ni41LjQmc2hvcnRQcm9kTmFtZT1UWiUyMDQwMCZhPTE=&&"},
           {"a SonicWall configuration", "firmware-version \"SonicOS 7.0.1\"\naccess-rule ipv4 from WAN to LAN action allow\n"},
           {"a Sophos configuration",
            "<?xml version=\"1.0\"?><Configuration APIVersion=\"1905.1\"><FirewallRule/></Configuration>"},
           {"a WatchGuard configuration", "<?xml version=\"1.0\"?><profile><policy-list/></profile>"},
           {"an EdgeOS or VyOS configuration",
            "firewall {\n    name OUT {\n        default-action drop\n        rule 5 {\n        }\n    }\n}\n"},
           {"an EdgeOS or VyOS configuration (set lines)",
            "set firewall name OUT rule 5 action accept\nset port-forward rule 1 forward-to address 192.168.17.4\n"},
           {"a UniFi gateway configuration (config.gateway.json)",
            R"({"firewall": {"name": {"WAN_IN": {"default-action": "drop"}}}})"},
           {"a Check Point configuration", "(\n\t:rule-base (\"##Standard\"\n\t\t:rule ()\n\t)\n)\n"},
           {"a Check Point Gaia configuration", "set clienv rows 24\nset interface eth1 ipv4-address 192.0.2.9 mask-length 29\n"},
           {"Windows firewall rules",
            "\r\nRule Name:       voice\r\n---------------------------\r\nEnabled:   Yes\r\nDirection:  In\r\n"},
           {"Windows firewall rules", utf16("netsh advfirewall firewall add rule name=\"voice\" dir=in action=allow\r\n")},
           {"what ufw status prints",
            "Status: active\n\nTo        Action    From\n--        ------    ----\n5060/udp  ALLOW IN  192.0.2.0/28\n"},
           {"what iptables -L prints",
            "Chain FORWARD (policy DROP)\ntarget     prot opt source   destination\nACCEPT     udp  --  anywhere "
            "anywhere\n"},
           {"what iptables -L prints",
            "root@gw:~# iptables -t nat -L -n -v --line-numbers\nChain PREROUTING (policy ACCEPT 3 packets, 180 bytes)\n"
            "num   pkts bytes target     prot opt in     out     source               destination\n"
            "1        0     0 DNAT       udp  --  eth1   *       0.0.0.0/0            192.0.2.8   udp dpt:5060 to:10.1.1.4\n"},
           {"what iptables -L prints",
            "Chain INPUT (policy DROP)\ntarget     prot opt source               destination\n\n"
            "Chain voice (1 references)\ntarget     prot opt source               destination\n"},
           {"what pve-firewall compile prints", compiled},
           {"what pve-firewall compile prints", "iptables cmdlist:\ncreate PVEFW-INPUT (Xq7)\n\t-A PVEFW-INPUT -p udp -j ACCEPT\n"},
           {"what ipset list prints", "Name: voice\nType: hash:ip\nHeader: family inet\nMembers:\n192.0.2.8\n"},
           {"an ipfw ruleset", "ipfw -q add 100 allow udp from any to any 5060\n"},
           {"a Proxmox firewall file", "[RULES]\nIN ACCEPT -p udp -dport 5060\n"},
           {"a configuration as IP Office Manager saves it",
            std::string("\1\0\0\0", 4) + utf16("NoUser").substr(2) + '\2' + utf16("RemoteManager").substr(2)},
           {"a shell script that calls iptables", script},
           {"a shell script that calls iptables", "iptables -I INPUT -p udp --dport 5060 -j ACCEPT\n"},
           {"a shell script that calls iptables", "iface eth1 inet dhcp\n  post-up iptables -A INPUT -i eth1 -j DROP\n"},
           {"a shell script that calls nft", "#!/bin/sh\nnft add rule inet fw in accept\n"},
           {"a shell script that calls firewall-cmd", "#!/bin/sh\nsudo firewall-cmd --add-port=5060/udp\n"},
           {"a zip archive", "PK\x03\x04\x14"},
           {"a gzip archive", "\x1f\x8b\x08"},
           {"a tar archive", std::string(257, '\0') + "ustar"},
           {"an error message of iptables",
            "iptables-save v1.8.9 (nf_tables): Could not fetch rule set generation id: Permission denied (you must be "
            "root)\n"},
           {"a dump of iptables-save without a table",
            "# Warning: iptables-legacy tables present, use iptables-legacy-save to see them\n"},
           {"firewall rules in a format of their own",
            R"({"rules": [{"policy": "allow", "protocol": "udp", "destPort": "5060", "destCidr": "any"}]})"},
           {"firewall rules in a format of their own",
            "<gw><rule><action>permit</action><protocol>udp</protocol><destination>pbx</destination></rule></gw>"},
           {"firewall rules in a format of their own",
            "1;permit;any;192.168.17.4;udp;5060\n2;permit;any;192.168.17.4;tcp;443\n3;deny;any;any;any;\n"},
       }) {
    CAPTURE(text);
    CHECK(looks_like(text) == name);
  }
}

TEST_CASE("what is nobody's configuration does not look like one") {
  for (std::string text : {
           "The administrator opens the web page and, in it, blocks the port that is not used.\n",
           "# Firewall\n\nThis is the rule set of the branch, and it is kept in git:\n\n```\nconfig firewall policy\n "
           "edit 1\n  set action accept\n next\nend\n```\n",
           "table {\n  border: 0;\n}\ntable thead {\n  color: red;\n}\n",
           "Nov 26 10:00:01 gw kernel: [UFW BLOCK] IN=eth0 SRC=203.0.113.4 DST=192.0.2.4 PROTO=UDP\n",
           "[general]\ncontext=default\nallow=ulaw\nallow=alaw\ndeny=0.0.0.0\n",
           "name,extension\nAnn,201\nBob,202\n",
           "[\n  {\"rules\": {\"semi\": 2}}\n]\n",
           "{\"name\": \"x\", \"scripts\": {\"test\": \"true\"}}",
           "#!/usr/bin/env python3\nimport os\n",
           "\x89PNG\r\n\x1a\n",
           "http {\n  server {\n    listen 80;\n    allow 192.0.2.0/24;\n    deny all;\n  }\n}\n",
           "",
       }) {
    CAPTURE(text);
    const Look* look = foreign_look(text);
    CHECK((!look || look->kind == Look::Kind::other));
  }
}

TEST_CASE("a refusal says what was not checked") {
  CHECK(refusal(*foreign_look(fortigate)) ==
        "looks like a FortiGate configuration, which ipo-lint cannot read yet; nothing about this firewall was checked");
  CHECK(refusal(*foreign_look(script)) ==
        "looks like a shell script that calls iptables; ipo-lint reads what iptables-save prints after it ran; nothing "
        "in it was checked");
  CHECK(refusal(*foreign_look("%PDF-1.4")) == "looks like a PDF document, which is no configuration of a firewall or an IP Office");
}

TEST_CASE("a look is taken at the start of a file only, whatever is in it") {
  std::string filler(looked_at, 'x');
  CHECK(looks_like(filler + "\n" + fortigate).empty());
  CHECK(looks_like(fortigate + filler + filler) == "a FortiGate configuration");
  for (std::string piece : {"set ", "{", "<", "<!--", "[", "\xff\xfe", "\"", "(\n", "access-list a line 1", "add ", "A=", "\n"}) {
    std::string many;
    while (many.size() < 2 * looked_at) many += piece;
    foreign_look(many);
    foreign_look(std::string_view(many).substr(0, 1));
  }
}

TEST_CASE("a folder whose only firewall cannot be read is not green") {
  Folder folder;
  folder.put("site/config.xml", pbx);
  std::string site = quoted(folder.path / "site");
  SECTION("another format") {
    folder.put("site/fw/edge.conf", fortigate);
    json report = lint(site, 3);
    CHECK(report["complete"] == false);
    CHECK(report["summary"]["firewalls"] == 0);
    REQUIRE(report["problems"].size() == 1);
    CHECK_THAT(report["problems"][0]["file"].get<std::string>(), Contains("site/fw/edge.conf"));
    CHECK(report["problems"][0]["message"] ==
          "looks like a FortiGate configuration, which ipo-lint cannot read yet; nothing about this firewall was "
          "checked");
    json sarif = json::parse(run_program("--format sarif " + site).out)["runs"][0]["invocations"][0];
    CHECK(sarif["executionSuccessful"] == false);
    CHECK_THAT(sarif.dump(), Contains("FortiGate") && Contains("No firewall was judged."));
    CHECK_THAT(run_program(site).out, Contains("no firewall was judged; incomplete: 1 input not analysed"));
    CHECK(run_program("exposure " + site).status == 3);
  }
  SECTION("a script, an archive, a link or an empty file: only where no firewall was read") {
    fs::create_symlink("elsewhere", folder.path / "site/edge.v4");
    folder.put("site/fw.sh", script);
    folder.put("site/old.gz", "\x1f\x8b\x08");
    folder.put("site/edge.rules", "");
    CHECK(lint(site, 3)["problems"].size() == 4);
    folder.put("site/real.rules", dump);
    CHECK(lint(site + "--fail-on error", 0)["complete"] == true);
  }
  SECTION("beside one that was read") {
    folder.put("site/real.rules", dump);
    folder.put("site/other.conf", fortigate);
    CHECK(lint(site, 3)["summary"]["firewalls"] == 1);
  }
  SECTION("documentation, pictures, hidden files and what is ignored do not count") {
    folder.put("site/README.md", "# Site\n\nThis is the site of the office, and it has a gateway of the provider.\n");
    folder.put("site/plan.png", "\x89PNG\r\n\x1a\n");
    folder.put("site/.old.conf", fortigate);
    folder.put("site/.gitignore", "/old/\n");
    folder.put("site/old/edge.conf", fortigate);
    folder.put("site/node_modules/x/edge.conf", fortigate);
    json report = lint(site, 0);
    CHECK(report["complete"] == true);
    CHECK(report["summary"]["firewalls"] == 0);
  }
  SECTION("a PBX alone is a normal thing to ask about") {
    CHECK(lint(quoted(folder.path / "site/config.xml"), 0)["complete"] == true);
    CHECK_THAT(run_program(site).out, Contains("no firewall was judged"));
  }
}

TEST_CASE("what tools print for people is refused by name, though lines in it are commands of iptables") {
  for (const std::string& text : {compiled, std::string("Chain INPUT (policy DROP)\ntarget     prot opt source   destination\n"
                                                        "ACCEPT     udp  --  anywhere anywhere  udp dpt:sip\n")}) {
    Folder folder;
    Ran ran = run_program(quoted(fs::path(folder.put("gw.txt", text))));
    CHECK(ran.status == 3);
    CHECK_THAT(ran.err, Contains("gw.txt") && Contains("looks like what ") &&
                            Contains("ipo-lint reads what iptables-save prints") &&
                            Contains("nothing about this firewall was checked"));
  }
}

TEST_CASE("of several sites only the one whose firewall was not read is incomplete") {
  Folder folder;
  for (std::string name : {"north", "south", "west"}) folder.put("all/" + name + "/config.xml", pbx);
  folder.put("all/north/edge.rules", dump);
  folder.put("all/south/fw/edge.conf", fortigate);
  folder.put("all/east/edge.conf", fortigate);
  folder.put("all/tools/open.sh", script);
  json report = lint(quoted(folder.path / "all"), 3);
  json sites;
  for (const json& site : report["sites"])
    sites[fs::path(site["name"].get<std::string>()).filename().string()] = {site["complete"], site["firewalls"]};
  CHECK(sites == json::parse(R"({"east":[false,0],"north":[true,1],"south":[false,0],"west":[true,0]})"));
}

TEST_CASE("many files of one look are told of in few lines") {
  Folder folder;
  for (int i = 0; i < 300; ++i) folder.put("site/" + std::to_string(i) + ".conf", fortigate);
  for (int i = 0; i < 300; ++i) folder.put("site/" + std::to_string(i) + ".txt", "x\n");
  folder.put("site/config.xml", pbx);
  std::string site = quoted(folder.path / "site");
  CHECK(lint(site, 3)["problems"].size() == 21);
  Ran inventory = run_program("inventory " + site);
  CHECK(inventory.status == 3);
  CHECK_THAT(inventory.out, Contains("a FortiGate configuration (300)") && Contains("and 280 more"));
  CHECK(std::count(inventory.out.begin(), inventory.out.end(), '\n') < 80);
  CHECK(std::count(inventory.err.begin(), inventory.err.end(), '\n') < 40);
}

TEST_CASE(".gitignore hides what git would not show") {
  Folder folder;
  fs::create_directories(folder.path / "repository/.git");
  folder.put("repository/.gitignore", "# notes\n*.bak\n/top.txt\nlogs/\na/**/deep.txt\n!keep.bak\nodd[0-9].txt\n!odd[a-c].bak\n");
  folder.put("repository/site/.gitignore", "local.*\r\n!local.rules\n\\#x\n");
  for (const char* name : {"x.bak", "keep.bak", "top.txt", "sub/top.txt", "logs/a.txt", "sub/logs/b.txt", "logs.txt",
                           "a/b/c/deep.txt", "a/deep.txt", "local.txt", "local.rules", "odd1.txt", "odda.bak"})
    folder.put(std::string("repository/site/") + name, "x");
  auto names = [&](const std::string& named) {
    std::vector<std::string> out;
    for (const std::string& file : look_through(named).files) out.push_back(file.substr(file.find("site/") + 5));
    return out;
  };
  std::vector<std::string> right = {"a/b/c/deep.txt", "a/deep.txt", "keep.bak",    "local.rules", "logs.txt",
                                    "odd1.txt",       "odda.bak",   "sub/top.txt", "top.txt"};
  CHECK(names((folder.path / "repository/site").string()) == right);
  CHECK(names((folder.path / "repository/site/").string() + "/") == right);
  CHECK(names((folder.path / "repository").string()) == right);
}

TEST_CASE("what git tracks is not hidden by .gitignore") {
  Folder folder;
  std::string repository = quoted(folder.path / "r");
  folder.put("r/edge.rules", dump);
  folder.put("r/old/north/a.rules", dump);
  folder.put("r/old/south/b.rules", dump);
  std::string git = "cd " + repository + " && git -c init.defaultBranch=main ";
  if (std::system((git + "init -q . 2>/dev/null && git add edge.rules old/north").c_str()) != 0) {
    WARN("skipped: git is not installed");
    return;
  }
  folder.put("r/.gitignore", "*.rules\nold/\n");
  auto files = [&] {
    std::vector<std::string> out;
    for (const std::string& file : look_through((folder.path / "r").string()).files)
      out.push_back(fs::path(file).filename().string());
    return out;
  };
  CHECK(files() == std::vector<std::string>{"edge.rules", "a.rules"});
  std::string index = slurp(folder.path / "r/.git/index");
  for (std::size_t cut = 0; cut < index.size(); cut += 7) {
    folder.put("r/.git/index", index.substr(0, cut));  // nothing is hidden where it cannot be told
    // The second and last name ends with the NUL at 171; what follows is of no interest.
    CHECK(files().size() == (cut < 172 ? 3 : 2));
  }
  auto changed = [&](std::size_t at, char value) {
    std::string other = index;
    other[at] = value;
    folder.put("r/.git/index", other);
    return files();
  };
  const std::vector<std::string> all = {"edge.rules", "a.rules", "b.rules"};
  CHECK(changed(7, 4) == all);  // a version that is not known
  CHECK(changed(7, 1) == all);
  CHECK(changed(0, 'X') == all);         // no index
  CHECK(changed(11, 9) == all);          // more entries than there are
  CHECK(changed(12 + 62, '\0') == all);  // an entry without a name
  CHECK(changed(11, 1) == std::vector<std::string>{"edge.rules"});
  // Git's folder may be elsewhere, and its file names it.
  folder.put("r/.git/index", index);
  fs::rename(folder.path / "r/.git", folder.path / "store");
  for (const char* text : {"gitdir: ../store\n", "gitdir: ../store\r\n", "gitdir: ../store"}) {
    folder.put("r/.git", text);
    CHECK(files() == std::vector<std::string>{"edge.rules", "a.rules"});
  }
  for (const std::string& text :
       {std::string("../store\n"), "gitdir: ../store\n" + std::string(4096, '\n'), std::string("gitdir: ../none\n")}) {
    folder.put("r/.git", text);
    CHECK(files().empty());
  }
  fs::remove(folder.path / "r/.git");
  fs::rename(folder.path / "store", folder.path / "r/.git");
  // A file that is only meant to be added makes the index one of version 3.
  folder.put("r/late.rules", dump);
  if (std::system((git + "add -f -N late.rules 2>/dev/null").c_str()) == 0)
    CHECK(files() == std::vector<std::string>{"edge.rules", "late.rules", "a.rules"});
  fs::remove(folder.path / "r/.git/index");
  CHECK(files().empty());
}

TEST_CASE("a dump with a hole in it is read, not passed over") {
  Folder folder;
  folder.put("site/edge.rules", dump + std::string(40, '\0'));
  json report = lint(quoted(folder.path / "site") + "--fail-on error", 0);
  CHECK(report["summary"]["firewalls"] == 1);
  folder.put("site/edge.rules", std::string(40, '\0') + dump);
  CHECK(run_program(quoted(folder.path / "site")).status == 3);
}

}  // namespace ipo::testing
