// First the bytes at the start that name a binary format, then the root of XML, the names in JSON, and the words lines
// start with. The table of looks is in order: the first whose signs are there is it. Text that reads like sentences is
// documentation, whatever examples it quotes.
#include "parsers/foreign.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <initializer_list>
#include <utility>
#include <vector>

#include "parsers/text/letters.h"
#include "parsers/text/lines.h"
#include "parsers/text/source.h"

namespace ipo {
namespace {

using Kind = Look::Kind;
using Words = std::initializer_list<std::string_view>;

constexpr std::string_view unpack = "unpack it first";
constexpr std::string_view unencrypted = "export it without a password";

// ---- bytes ------------------------------------------------------------------------------------------------------

struct Magic {
  std::size_t at;
  std::string_view bytes;
  Look look;
};

constexpr Look office_document{"an office document"};
constexpr Look ip_office_binary{"a configuration as IP Office Manager saves it", Kind::pbx,
                                "ipo-lint reads the XML that Web Manager or the Management API exports"};
constexpr Look unknown_binary{"a binary file of an unknown kind", Kind::other,
                              "of what IP Office Manager saves, ipo-lint reads what Web Manager exports as XML"};

constexpr Magic magics[] = {
    {0, "\x88\xac\xa1\xb1", {"a MikroTik backup", Kind::firewall, "ipo-lint cannot read it; /export writes its rules as text"}},
    {0,
     "\xef\xa8\x91\x72",
     {"an encrypted MikroTik backup", Kind::firewall, "ipo-lint cannot read it; /export writes its rules as text"}},
    {0, "regf", {"a Windows registry hive, as netsh advfirewall export writes it", Kind::firewall}},
    {0, "#FGBK", {"an encrypted FortiGate backup", Kind::firewall, unencrypted}},
    {0, "Salted__", {"a file encrypted with OpenSSL", Kind::may_hold, "decrypt it first"}},
    {0, "PK\x03\x04", {"a zip archive", Kind::may_hold, unpack}},
    {0, "\x1f\x8b", {"a gzip archive", Kind::may_hold, unpack}},
    {0, "BZh", {"a bzip2 archive", Kind::may_hold, unpack}},
    {0,
     std::string_view("\xfd"
                      "7zXZ\0",
                      6),
     {"an xz archive", Kind::may_hold, unpack}},
    {0, "7z\xbc\xaf\x27\x1c", {"a 7z archive", Kind::may_hold, unpack}},
    {0, "Rar!\x1a\x07", {"a rar archive", Kind::may_hold, unpack}},
    {0, "\x28\xb5\x2f\xfd", {"a zstd archive", Kind::may_hold, unpack}},
    {0, "\x1f\x9d", {"a compressed file (.Z)", Kind::may_hold, unpack}},
    {0, std::string_view("MSCF\0\0\0\0", 8), {"a cabinet archive", Kind::may_hold, unpack}},
    {257, "ustar", {"a tar archive", Kind::may_hold, unpack}},
    {0, "%PDF-", {"a PDF document"}},
    {0, "{\\rtf", office_document},
    {0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", office_document},
    {0, "\x89PNG\r\n", {"a PNG image"}},
    {0, "\xff\xd8\xff", {"a JPEG image"}},
    {0, "GIF8", {"a GIF image"}},
    {0, "BM", {"a BMP image"}},  // text is asked for NULs too
    {0, std::string_view("\0\0\1\0", 4), {"an icon"}},
    {0, "RIFF", {"a sound or a picture"}},
    {0, "OggS", {"a sound"}},
    {0, "ID3", {"a sound"}},
    {0,
     "\x7f"
     "ELF",
     {"a program"}},
    {0, "MZ", {"a Windows program"}},
    {0, std::string_view("SQLite format 3\0", 16), {"a database"}},
    {0, "\xd4\xc3\xb2\xa1", {"a packet capture"}},
    {0, "\xa1\xb2\xc3\xd4", {"a packet capture"}},
    {0, "\x0a\x0d\x0d\x0a", {"a packet capture"}},
};

bool is_text(std::string_view text) { return text.find('\0') == text.npos; }

// "Words" as they stand in UTF-16, where each letter has a NUL beside it.
bool holds_wide(std::string_view bytes, std::string_view word) {
  std::string wide;
  for (char c : word) wide += c, wide += '\0';
  wide.pop_back();
  return bytes.find(wide) != bytes.npos;
}

// ---- text -------------------------------------------------------------------------------------------------------

bool starts(std::string_view line, Words words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view w) { return line.starts_with(w); });
}

bool is_one_of(std::string_view word, Words words) { return std::find(words.begin(), words.end(), word) != words.end(); }

constexpr std::size_t words_split = 8;  // of each line

struct HeadLine {
  std::string_view text;  // without blanks around it
  std::array<std::string_view, words_split> words;
  std::string_view word(std::size_t n) const { return n < words.size() ? words[n] : std::string_view(); }
};

HeadLine split_line(std::string_view text) {
  HeadLine line{text, {}};
  std::size_t at = 0;
  for (std::string_view& word : line.words) {
    at = text.find_first_not_of(" \t", at);
    if (at == text.npos) break;
    std::size_t end = std::min(text.find_first_of(" \t", at), text.size());
    word = text.substr(at, end - at);
    at = end;
  }
  return line;
}

struct Head {
  std::string_view text;
  std::vector<HeadLine> lines;  // that are not empty
  std::size_t statements = 0;   // lines that are no comments

  explicit Head(std::string_view all) : text(all) {
    for (std::size_t at = 0; at < all.size();) {
      std::size_t end = std::min(all.find_first_of("\r\n", at), all.size());
      std::string_view line = all.substr(at, end - at);
      at = end + 1;
      std::size_t first = line.find_first_not_of(" \t\f");
      if (first == line.npos) continue;
      line = line.substr(first, line.find_last_not_of(" \t\f") - first + 1);
      lines.push_back(split_line(line));
      statements += !starts(line, {"#", "//", "!", ";", "/*", "*", "--"});
    }
  }

  bool holds(std::string_view piece) const { return text.find(piece) != text.npos; }
  // Lines that start with one of these.
  std::size_t count(Words beginnings) const {
    return static_cast<std::size_t>(
        std::count_if(lines.begin(), lines.end(), [&](const HeadLine& l) { return starts(l.text, beginnings); }));
  }
  // How many of these some line starts with.
  std::size_t kinds(Words beginnings) const {
    return static_cast<std::size_t>(
        std::count_if(beginnings.begin(), beginnings.end(), [&](std::string_view b) { return count({b}) > 0; }));
  }
  template <class Wanted>
  std::size_t count_if(Wanted wanted) const {
    return static_cast<std::size_t>(std::count_if(lines.begin(), lines.end(), wanted));
  }
};

// Sentences, links, fences: what people write for people.
bool is_prose(const Head& head) {
  std::size_t sentences = 0, marks = 0;
  for (const HeadLine& line : head.lines) {
    std::string_view t = line.text;
    if (starts(t, {"```", "~~~", "![", "> ", "====", "----"})) ++marks;
    if (starts(t, {"#", "!", "//", ";", ":", "--", "/*", "*"})) continue;
    if (t.find("](http") != t.npos) ++marks;
    if (starts(t, {"set ", "description ", "remark ", "banner "}) || t.find(" remark ") != t.npos) continue;
    std::size_t small = 0;  // the small words no statement of a configuration is full of
    for (std::string_view w : line.words)
      small += is_one_of(
          w, {"the", "The", "a",   "A",    "an",    "is",  "are",   "of", "and", "this", "This", "that", "you", "You",  "with",
              "be",  "we",  "We",  "it",   "It",    "can", "which", "or", "for", "will", "has",  "not",  "der", "die",  "das",
              "und", "ist", "ein", "eine", "nicht", "mit", "wird",  "le", "la",  "les",  "des",  "est",  "que", "para", "el"});
    if (small >= 2) ++sentences;
  }
  return sentences * 4 > head.lines.size() || (sentences > 0 && marks >= 2 && sentences * 20 > head.lines.size());
}

bool is_pf_rule(const HeadLine& line) {
  if (!is_one_of(line.word(0), {"pass", "block", "match"})) return false;
  return is_one_of(line.word(1), {"in", "out", "quick", "on", "log", "all", "drop", "return", "proto", "from", "inet", "inet6",
                                  "return-rst", "return-icmp", "to"});
}

bool is_pf(const Head& head) {
  std::size_t rules = head.count_if(is_pf_rule);
  std::size_t others = head.count({"rdr on ", "rdr pass ", "rdr-anchor ", "nat on ", "nat-anchor ", "binat on ", "scrub in",
                                   "scrub on ", "scrub all", "set skip on ", "set block-policy", "table <", "antispoof ",
                                   "anchor \"", "no nat on ", "no rdr on ", "load anchor ", "rdr proto", "nat pass on"});
  return (rules > 0 || others > 1 || others == head.statements) && (rules + others) * 10 > head.statements;
}

// The words that tell one "set ..." dialect from another.
enum class SetLines { none, juniper, screenos, palo_alto, vyos, check_point };

SetLines dialect_of(const HeadLine& line) {
  std::string_view second = line.word(1), third = line.word(2);
  if (second == "interfaces")
    return is_one_of(third, {"ethernet", "bridge", "bonding", "dummy", "loopback", "openvpn", "pppoe", "switch", "tunnel", "vti",
                             "wireguard", "wireless", "pseudo-ethernet", "vxlan", "wwan"})
               ? SetLines::vyos
               : SetLines::juniper;
  if (second == "firewall")
    return is_one_of(third, {"family", "filter", "policer", "three-color-policer", "interface-set", "service-filter"})
               ? SetLines::juniper
               : SetLines::vyos;
  if (second == "service")
    return is_one_of(third, {"ssh", "gui", "dns", "dhcp-server", "dhcp-relay", "dhcpv6-server", "nat", "ntp", "lldp", "snmp",
                             "https", "unms", "upnp2", "ubnt-discover", "mdns", "router-advert", "telnet"})
               ? SetLines::vyos
               : SetLines::palo_alto;
  if (second == "policy") return is_one_of(third, {"id", "from", "global"}) ? SetLines::screenos : SetLines::vyos;
  if (is_one_of(second, {"vrouter", "arp", "auth-server"})) return SetLines::screenos;
  if (second == "zone" && third.starts_with('"')) return SetLines::screenos;
  if (is_one_of(second, {"security", "applications", "policy-options", "routing-options", "routing-instances", "groups",
                         "apply-groups", "chassis", "version", "logical-systems", "forwarding-options", "class-of-service", "vlans",
                         "event-options", "access", "bridge-domains"}))
    return SetLines::juniper;
  if (is_one_of(second, {"deviceconfig",
                         "rulebase",
                         "network",
                         "devices",
                         "address",
                         "address-group",
                         "zone",
                         "service-group",
                         "vsys",
                         "device-group",
                         "shared",
                         "application",
                         "application-group",
                         "application-filter",
                         "mgt-config",
                         "template",
                         "template-stack",
                         "readonly",
                         "profiles",
                         "profile-group",
                         "import",
                         "tag",
                         "external-list",
                         "setting",
                         "log-settings",
                         "panorama",
                         "pre-rulebase",
                         "post-rulebase"}))
    return SetLines::palo_alto;
  if (is_one_of(second, {"nat", "nat66", "zone-policy", "port-forward", "container", "vpn", "load-balance", "load-balancing", "qos",
                         "traffic-policy", "traffic-control", "high-availability", "vrf", "pki"}))
    return SetLines::vyos;
  if (is_one_of(second, {"clienv", "installer", "expert-password-hash", "expert-password", "static-route", "net-access",
                         "core-dump", "config-lock", "kernel-routes", "max-path-splits", "inactivity-timeout"}) ||
      (second == "interface" && is_one_of(line.word(3), {"ipv4-address", "state", "link-speed", "mtu", "auto-negotiation"})))
    return SetLines::check_point;
  return SetLines::none;
}

bool is_set_line(const HeadLine& line) { return is_one_of(line.word(0), {"set", "deactivate", "activate", "delete"}); }

SetLines set_lines_of(const Head& head) {
  std::size_t lines = 0;
  std::array<std::size_t, 6> votes{};
  for (const HeadLine& line : head.lines) {
    if (!is_set_line(line)) continue;
    ++lines;
    ++votes[static_cast<std::size_t>(dialect_of(line))];
  }
  votes[0] = 0;
  if (lines * 2 <= head.statements) return SetLines::none;
  auto most = std::max_element(votes.begin(), votes.end());
  return *most == 0 ? SetLines::none : static_cast<SetLines>(most - votes.begin());
}

// "name {" at the start of a line; how many lines end with a semicolon tells whose blocks these are.
bool ends_with_semicolons(const Head& head) {
  std::size_t braces = head.count_if([](const HeadLine& l) { return l.text.ends_with('{') || l.text == "}"; });
  return head.count_if([](const HeadLine& l) { return l.text.ends_with(';') || l.text.find("; ##") != l.text.npos; }) * 2 >
         head.statements - std::min(head.statements, braces);
}

bool is_juniper_blocks(const Head& head) {
  if (!ends_with_semicolons(head)) return false;
  std::size_t blocks = head.kinds({"system {", "interfaces {", "security {", "firewall {", "policy-options {", "routing-options {",
                                   "protocols {", "applications {", "groups {", "routing-instances {", "snmp {", "policies {",
                                   "zones {", "chassis {", "vlans {", "family inet {", "term ", "from-zone ", "security-zone "});
  return blocks >= 2 || (blocks == 1 && head.count({"## Last ", "version "}) > 0);
}

bool is_palo_alto_blocks(const Head& head) {
  return head.kinds({"deviceconfig {", "rulebase {", "devices {", "mgt-config {", "vsys {", "device-group {"}) >= 2;
}

bool is_vyos_blocks(const Head& head) {
  if (head.count({"/* === vyatta-config-version", "// vyos-config-version"}) > 0) return true;
  if (ends_with_semicolons(head)) return false;
  std::size_t blocks =
      head.kinds({"firewall {", "interfaces {", "nat {", "service {", "system {", "port-forward {", "zone-policy {", "vpn {",
                  "protocols {", "container {", "ethernet ", "ipv6-name ", "traffic-policy {"});
  return blocks >= 2 || (head.count({"firewall {"}) > 0 && head.count({"default-action ", "rule ", "name "}) > 0);
}

bool is_asa(const Head& head) {
  if (head.count({"ASA Version ", "PIX Version ", "FWSM Version "}) > 0) return true;
  auto is_access_list = [](const HeadLine& l) {
    return l.word(0) == "access-list" &&
           (is_one_of(l.word(2), {"extended", "standard", "remark", "webtype"}) ||
            (l.word(2) == "line" && is_one_of(l.word(4), {"extended", "remark"}))) &&
           !l.word(3).empty();
  };
  auto is_group = [](const HeadLine& l) {
    return l.word(0) == "access-group" && (is_one_of(l.word(2), {"in", "out"}) || l.word(2) == "global");
  };
  std::size_t rules = head.count_if([&](const HeadLine& l) {
    return (is_access_list(l) && is_one_of(l.word(3), {"permit", "deny"})) || is_group(l) ||
           (is_access_list(l) && l.word(2) == "line");
  });
  std::size_t others = head.kinds({"nameif ", "security-level ", "object network ", "object service ", "same-security-traffic ",
                                   "static (", "global (", "nat (", "policy-map global_policy", "threat-detection ",
                                   "tunnel-group ", "dhcpd address ", "asdm "});
  return rules > 0 || others >= 2;
}

bool is_ios(const Head& head) {
  auto is_access_list = [](const HeadLine& l) {
    return (l.word(0) == "access-list" && is_one_of(l.word(2), {"permit", "deny", "remark"})) ||
           ((l.word(0) == "ip" || l.word(0) == "ipv6" || l.word(0) == "ipv4") && l.word(1) == "access-list" && !l.word(2).empty());
  };
  std::size_t rules = head.count_if(is_access_list);
  std::size_t others = head.kinds({"interface ",
                                   "ip nat ",
                                   "ip route ",
                                   "ip access-group ",
                                   "ip address ",
                                   "line vty",
                                   "line con",
                                   "no ip ",
                                   "service timestamps",
                                   "Building configuration",
                                   "Current configuration",
                                   "switchport",
                                   "hostname ",
                                   "enable secret",
                                   "ip domain",
                                   "ip dhcp ",
                                   "router ",
                                   "route-map ",
                                   "object-group ",
                                   "class-map ",
                                   "policy-map ",
                                   "zone security ",
                                   "zone-pair ",
                                   "aaa ",
                                   "username ",
                                   "ip inspect ",
                                   "boot-start-marker"});
  return (rules > 0 && others + rules > 1) || others >= 4 || (rules > 0 && head.statements <= rules * 4);
}

bool is_fortigate(const Head& head) {
  if (head.count({"#config-version=", "config-version="}) > 0) return true;
  return head.count({"config firewall ", "config system ", "config vpn ", "config user ", "config log", "config router ",
                     "config wireless", "config switch", "config webfilter", "config application", "config antivirus"}) > 0 &&
         head.count({"edit ", "next", "end"}) > 0 && head.count({"set ", "unset "}) > 0;
}

bool is_mikrotik(const Head& head) {
  if (head.count_if([](const HeadLine& l) { return l.text.starts_with('#') && l.text.find("by RouterOS") != l.text.npos; }) > 0)
    return true;
  bool menu = head.count({"/ip firewall", "/ipv6 firewall", "/ip/firewall", "/ipv6/firewall"}) > 0;
  return menu && (head.count({"add ", "set "}) > 0 || head.count_if([](const HeadLine& l) {
           return l.text.starts_with("/ip") && l.text.find(" add ") != l.text.npos;
         }) > 0);
}

bool is_nftables(const Head& head) {
  std::size_t signs = head.count_if([](const HeadLine& l) {
    bool adds = is_one_of(l.word(0), {"add", "create", "insert", "replace"});
    std::size_t at = adds ? 1 : 0;
    std::string_view object = l.word(at), family = l.word(at + 1);
    bool of_family = is_one_of(family, {"ip", "ip6", "inet", "arp", "bridge", "netdev"});
    if (object == "table") return of_family && (adds || l.text.ends_with('{') || l.text.ends_with('}'));
    if (adds) return of_family && is_one_of(object, {"chain", "rule", "set", "map", "element", "counter", "ct", "flowtable"});
    return l.text == "flush ruleset" ||
           (l.text.find(" hook ") != l.text.npos && l.text.find("type ") != l.text.npos &&
            l.text.find(" priority ") != l.text.npos) ||
           (l.word(0) == "#!" ? l.word(1) : l.word(0)).ends_with("/nft");
  });
  return signs > 0;
}

bool is_openwrt(const Head& head) {
  if (head.count({"firewall.@", "package firewall"}) > 0) return true;
  std::size_t sections = head.count_if([](const HeadLine& l) {
    return l.word(0) == "config" && is_one_of(l.word(1), {"defaults", "zone", "rule", "redirect", "forwarding", "'defaults'",
                                                          "'zone'", "'rule'", "'redirect'", "'forwarding'"});
  });
  return sections > 0 && head.count({"option ", "list "}) > 0;
}

bool is_iptables_listing(const Head& head) {
  bool chain = head.count_if([](const HeadLine& l) {
    return l.word(0) == "Chain" && (l.word(2) == "(policy" || (l.word(2).starts_with('(') && l.word(3).starts_with("reference")));
  }) > 0;
  return chain && head.count_if([](const HeadLine& l) {
    return is_one_of("target", {l.word(0), l.word(1), l.word(2), l.word(3)}) && l.text.find("prot") != l.text.npos;
  }) > 0;
}

bool is_ufw_status(const Head& head) {
  bool table =
      head.count_if([](const HeadLine& l) { return l.word(0) == "To" && l.word(1) == "Action" && l.word(2) == "From"; }) > 0;
  return (head.count({"Status: active", "Status: inactive"}) > 0 && (table || head.count({"Default: ", "Logging: "}) > 0)) ||
         (table && head.count({"--"}) > 0) || head.count({"Added user rules (see"}) > 0;
}

bool is_windows_rules(const Head& head) {
  if (head.count({"netsh advfirewall firewall add rule", "advfirewall firewall add rule", "New-NetFirewallRule "}) > 0) return true;
  if (head.count_if([](const HeadLine& l) {
        return l.text.starts_with("[HKEY") && l.text.find("\\FirewallPolicy\\FirewallRules") != l.text.npos;
      }) > 0)
    return true;
  // In the words of the system's language: lines of dashes under each rule's name, names and values behind a colon.
  if (head.count({"Rule Name:", "Regelname:", "Nom de la r", "Nombre de regla:", "Nome regola:"}) > 0)
    return head.count({"---------------"}) > 0 || head.count({"Direction:", "Richtung:"}) > 0;
  return head.kinds({"DisplayName  ", "DisplayGroup ", "Direction  ", "EdgeTraversalPolicy ", "PolicyStoreSource "}) >= 3;
}

bool is_sonicwall(const Head& head) {
  if (head.count({"firmware-version \"SonicOS", "SonicOS ", "# SonicOS", "! SonicOS"}) > 0) return true;
  if (head.count({"access-rule ipv4 from ", "access-rule ipv6 from ", "access-rule from ", "nat-policy ipv4 ",
                  "address-object ipv4 "}) > 0)
    return true;
  // What the web pages export: fields of a form ("a=b&c=d") in base64.
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string decoded;
  unsigned bits = 0;
  int have = 0;
  std::size_t read = 0;
  for (char c : head.text) {
    if (c == '\r' || c == '\n') continue;
    std::size_t value = letters.find(c);
    if (c == '=' || c == '&') break;  // the end, which is marked with "&&"
    if (value == letters.npos) return false;
    bits = (bits << 6 | static_cast<unsigned>(value)) & 0xffff;
    if ((have += 6) >= 8) decoded += static_cast<char>(bits >> (have -= 8) & 0xff);
    if (++read == 1024) break;
  }
  if (read < 40) return false;
  bool printable = std::all_of(decoded.begin(), decoded.end(), [](char c) { return c >= ' ' && c <= '~'; });
  std::size_t equals = decoded.find('=');
  return printable && equals != decoded.npos && equals > 0 && decoded.find('&', equals) != decoded.npos;
}

bool is_check_point(const Head& head) {
  if (head.count({"mgmt_cli add access-rule", "mgmt_cli add nat-rule"}) > 0) return true;
  bool list = !head.lines.empty() && head.lines[0].text == "(";
  return list && head.count({":rule-base", ":rules", ":netobj", ":anyobj", ":services", ":network_objects"}) > 0;
}

bool is_proxmox(const Head& head) {
  return head.count({"[RULES]", "[OPTIONS]", "[group ", "[ALIASES]", "[IPSET "}) > 0 &&
         head.count({"IN ", "OUT ", "|IN ", "|OUT ", "FORWARD ", "GROUP ", "policy_in:", "enable: "}) > 0;
}

bool is_shorewall(const Head& head) {
  return head.count({"?SECTION ", "SECTION NEW", "SECTION ESTABLISHED", "#ACTION"}) > 0 &&
         head.count({"ACCEPT", "DROP", "REJECT", "DNAT", "REDIRECT"}) > 0;
}

bool is_ipfw(const Head& head) {
  auto numbered = [](std::string_view w) { return !w.empty() && w.find_first_not_of("0123456789") == w.npos; };
  auto acts = [](std::string_view w) {
    return is_one_of(w, {"allow", "deny", "pass", "permit", "drop", "reject", "count", "check-state", "divert", "unreach", "nat"});
  };
  std::size_t rules = head.count_if([&](const HeadLine& l) {
    std::size_t at = l.word(0).ends_with("ipfw") ? 1 : 0;
    if (l.word(at) == "-q") ++at;
    if (l.word(at) == "add") return numbered(l.word(at + 1)) ? acts(l.word(at + 2)) : acts(l.word(at + 1));
    return numbered(l.word(at)) && l.word(at).size() == 5 && acts(l.word(at + 1));
  });
  return rules > 0 && rules * 10 > head.statements;
}

bool is_ipset_listing(const Head& head) {
  return head.count({"Name: "}) > 0 && head.count({"Type: hash:", "Type: bitmap:", "Type: list:"}) > 0;
}

bool is_firewalld_listing(const Head& head) {
  return head.kinds(
             {"target:", "icmp-block-inversion:", "interfaces:", "rich rules:", "masquerade:", "forward-ports:", "icmp-blocks:"}) >=
         4;
}

bool is_huawei(const Head& head) {
  return head.count({"sysname "}) > 0 && head.count({"acl ", "security-policy", "firewall zone ", "rule name ", "nat server "}) > 0;
}

// The program a line of a script calls, without its folder; "$IPT" and "${IPTABLES}" are iptables.
std::string program_of(const HeadLine& line) {
  std::size_t at = 0;
  while (
      is_one_of(line.word(at), {"sudo", "exec", "&&", "||", "if", "then", "do", "run", "RUN", "!", "-", "up", "pre-up", "post-up"}))
    ++at;
  std::string name = lower(line.word(at));
  std::erase_if(name, [](char c) { return c == '$' || c == '{' || c == '}' || c == '"' || c == '\'' || c == '(' || c == '@'; });
  name.erase(0, name.rfind('/') + 1);
  if (is_one_of(name, {"ipt", "ipt4", "ipt6", "ip6t", "ip6tables", "iptables-restore", "ip6tables-restore", "ipv6tables", "fw",
                       "iptables-legacy", "iptables-nft", "ip4tables", "iptablesbin", "iptables_bin", "ipt_cmd"}))
    return "iptables";
  return name;
}

// Whether some line calls the program and goes on with one of these.
template <class Verbs>
bool calls(const Head& head, std::string_view program, const Verbs& verbs) {
  return head.count_if([&](const HeadLine& l) {
    if (program_of(l) != program) return false;
    return std::any_of(l.words.begin() + 1, l.words.end(), [&](std::string_view w) { return starts(w, verbs); });
  }) > 0;
}

// Lines with an action and an address: rules, in whatever language.
bool has_rules(const Head& head) {
  std::size_t rules = 0;
  for (const HeadLine& line : head.lines) {
    if (line.text.find("SRC=") != line.text.npos || line.text.size() > 1000) return false;  // a log
    bool action = false, peer = false;
    std::string text = lower(line.text);
    for (std::size_t at = 0; at < text.size();) {
      std::size_t end = std::min(text.find_first_of(" \t,;|=\"'<>(){}[]", at), text.size());
      std::string_view word = std::string_view(text).substr(at, end - at);
      at = end + 1;
      action = action || is_one_of(word, {"permit", "deny", "accept", "drop", "allow", "reject", "block", "pass", "dnat"});
      peer = peer || is_one_of(word, {"any", "all", "0.0.0.0/0", "tcp", "udp"}) ||
             (std::count(word.begin(), word.end(), '.') == 3 && word.find_first_not_of("0123456789./:-") == word.npos);
    }
    rules += action && peer;
  }
  return rules >= 3 && rules * 5 >= head.statements * 2;
}

struct TextLook {
  bool (*is)(const Head& head);
  Look look;
};

constexpr std::string_view after_it_ran = "ipo-lint reads what iptables-save prints after it ran";

// The order counts: what is surer first.
constexpr TextLook text_looks[] = {
    {[](const Head& h) {
       return h.count_if([](const HeadLine& l) {
         return starts(l.text, {"iptables", "ip6tables"}) && l.text.ends_with("(you must be root)");
       }) > 0;
     },
     {"an error message of iptables", Kind::firewall, "save the rules as root"}},
    {[](const Head& h) {
       return h.statements == 0 && h.count({"# Generated by iptables", "# Generated by ip6tables", "# Generated by xtables",
                                            "# Warning: iptables", "# Warning: ip6tables"}) > 0;
     },
     {"a dump of iptables-save without a table", Kind::firewall, "iptables-nft-save and iptables-legacy-save may find one"}},
    {is_iptables_listing,
     {"what iptables -L prints", Kind::firewall, "that leaves out half of each rule; ipo-lint reads what iptables-save prints"}},
    {[](const Head& h) { return h.count_if([](const HeadLine& l) { return is_cmdlist_heading(l.text); }) > 0; },
     {"what pve-firewall compile prints", Kind::firewall, "ipo-lint reads what iptables-save prints on the host"}},
    {is_ufw_status, {"what ufw status prints", Kind::firewall, "ipo-lint reads what iptables-save prints"}},
    {is_ipset_listing, {"what ipset list prints", Kind::firewall, "ipo-lint reads what ipset save prints"}},
    {is_firewalld_listing, {"what firewall-cmd --list-all prints", Kind::firewall, "ipo-lint reads what iptables-save prints"}},
    {[](const Head& h) { return h.count({"---- BEGIN config.xml ----"}) > 0; },
     {"an encrypted pfSense or OPNsense backup", Kind::firewall, unencrypted}},
    {is_fortigate, {"a FortiGate configuration", Kind::firewall}},
    {is_mikrotik, {"a MikroTik RouterOS export", Kind::firewall}},
    {is_openwrt, {"an OpenWrt firewall configuration", Kind::firewall}},
    {is_nftables, {"an nftables ruleset", Kind::firewall}},
    {[](const Head& h) { return set_lines_of(h) == SetLines::palo_alto; },
     {"a Palo Alto configuration (set lines)", Kind::firewall}},
    {[](const Head& h) { return set_lines_of(h) == SetLines::juniper; }, {"a Juniper configuration (set lines)", Kind::firewall}},
    {[](const Head& h) { return set_lines_of(h) == SetLines::screenos; }, {"a Juniper ScreenOS configuration", Kind::firewall}},
    {[](const Head& h) { return set_lines_of(h) == SetLines::vyos; },
     {"an EdgeOS or VyOS configuration (set lines)", Kind::firewall}},
    {[](const Head& h) { return set_lines_of(h) == SetLines::check_point; }, {"a Check Point Gaia configuration", Kind::firewall}},
    {is_palo_alto_blocks, {"a Palo Alto configuration", Kind::firewall}},
    {is_vyos_blocks, {"an EdgeOS or VyOS configuration", Kind::firewall}},
    {is_juniper_blocks, {"a Juniper configuration", Kind::firewall}},
    {is_check_point, {"a Check Point configuration", Kind::firewall}},
    {is_sonicwall, {"a SonicWall configuration", Kind::firewall}},
    {is_asa, {"a Cisco ASA configuration", Kind::firewall}},
    {is_ios, {"a Cisco IOS configuration", Kind::firewall}},
    {is_huawei, {"a Huawei configuration", Kind::firewall}},
    {is_proxmox, {"a Proxmox firewall file", Kind::firewall, "ipo-lint reads what iptables-save prints on the host"}},
    {is_shorewall, {"a Shorewall file", Kind::firewall, "ipo-lint reads what iptables-save prints on the firewall"}},
    {[](const Head& h) { return h.holds("FRITZ!Box") && h.holds("CONFIGURATION EXPORT"); },
     {"a FRITZ!Box configuration", Kind::firewall}},
    {[](const Head& h) { return calls(h, "iptables", Words{"-"}); },
     {"a shell script that calls iptables", Kind::may_hold, after_it_ran}},
    {[](const Head& h) {
       return calls(h, "nft", Words{"add", "create", "insert", "flush", "replace", "-f", "'add", "\"add"});
     },
     {"a shell script that calls nft", Kind::may_hold, after_it_ran}},
    {[](const Head& h) {
       return calls(h, "ufw", Words{"allow", "deny", "default", "reject", "limit", "insert", "route", "enable"});
     },
     {"a shell script that calls ufw", Kind::may_hold, after_it_ran}},
    {[](const Head& h) { return calls(h, "firewall-cmd", Words{"--"}); },
     {"a shell script that calls firewall-cmd", Kind::may_hold, after_it_ran}},
    {[](const Head& h) {
       return calls(h, "ipset", Words{"create", "add", "restore", "-N", "-A", "-exist", "-!"});
     },
     {"a shell script that calls ipset", Kind::may_hold, "ipo-lint reads what ipset save prints after it ran"}},
    {is_windows_rules, {"Windows firewall rules", Kind::firewall}},
    {is_ipfw, {"an ipfw ruleset", Kind::firewall}},
    {is_pf, {"a pf.conf ruleset", Kind::firewall}},
    {[](const Head& h) {
       return h.text.starts_with("#!") || (!h.lines.empty() && starts(lower(h.lines[0].text), {"@echo off", "param("}));
     },
     {"a script"}},
};

// The name of the outermost element and, behind it, what is in it; empty where this is no XML.
std::string_view xml_root(std::string_view text) {
  for (;;) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    if (!text.starts_with('<')) return {};
    std::string_view end = text.starts_with("<!--") ? "-->" : text.starts_with("<?") ? "?>" : text.starts_with("<!") ? ">" : "";
    if (end.empty()) return text.substr(1);
    std::size_t at = text.find(end);
    if (at == text.npos) return {};
    text.remove_prefix(at + end.size());
  }
}

struct MarkedLook {
  std::string_view root;  // of XML
  Words also;             // one of these is in it, unless empty
  Look look;
};

constexpr Look own_rules{"firewall rules in a format of their own", Kind::firewall};

const Look* look_of_xml(std::string_view inside) {
  static const MarkedLook looks[] = {
      {"pfsense", {}, {"a pfSense configuration", Kind::firewall}},
      {"opnsense", {}, {"an OPNsense configuration", Kind::firewall}},
      {"m0n0wall", {}, {"a m0n0wall configuration", Kind::firewall}},
      {"zone",
       {"<short>", "<service ", "<port ", "<rule", "<interface ", "<source ", "<masquerade", "target=", "<forward"},
       {"a firewalld zone", Kind::firewall, "ipo-lint reads what iptables-save prints on the host"}},
      {"policy",
       {"<ingress-zone", "<egress-zone"},
       {"a firewalld policy", Kind::firewall, "ipo-lint reads what iptables-save prints on the host"}},
      {"direct",
       {"<rule", "<chain", "<passthrough"},
       {"firewalld's direct rules", Kind::firewall, "ipo-lint reads what iptables-save prints on the host"}},
      {"service", {"<short>", "<port ", "<include ", "<protocol ", "<module ", "<helper "}, {"a firewalld service"}},
      {"ipset", {"<short>", "<entry>", "type="}, {"a firewalld set of addresses"}},
      {"icmptype", {}, {"a firewalld ICMP type"}},
      {"helper", {"module="}, {"a firewalld helper"}},
      {"config",
       {"<devices", "<mgt-config", "<rulebase", "<vsys", "urldb=", "<deviceconfig"},
       {"a Palo Alto configuration", Kind::firewall}},
      {"response", {"<rulebase", "<deviceconfig", "<mgt-config"}, {"a Palo Alto configuration", Kind::firewall}},
      {"Configuration", {"<FirewallRule", "<SecurityPolicy", "APIVersion="}, {"a Sophos configuration", Kind::firewall}},
      {"profile", {"<policy-list", "<product-grade"}, {"a WatchGuard configuration", Kind::firewall}},
      {"FWObjectDatabase",
       {},
       {"a Firewall Builder file", Kind::firewall, "ipo-lint reads what iptables-save prints on the firewall"}},
      {"iptables-rules", {}, {"what iptables-xml prints", Kind::firewall, "ipo-lint reads what iptables-save prints"}},
      {"ipsets", {}, {"what ipset list -o xml prints", Kind::firewall, "ipo-lint reads what ipset save prints"}},
      {"configuration", {"junos:", "<security>", "xnm/1.1"}, {"a Juniper configuration (XML)", Kind::firewall}},
      {"rpc-reply", {"junos", "<security>"}, {"a Juniper configuration (XML)", Kind::firewall}},
      {"nmaprun", {}, {"a scan by nmap"}},
      {"html", {}, {"a web page"}},
      {"svg", {}, {"a picture"}},
  };
  std::string_view name = inside.substr(0, inside.find_first_of(" \t\r\n/>"));
  for (const MarkedLook& look : looks) {
    if (look.root != name) continue;
    if (look.also.size() == 0 ||
        std::any_of(look.also.begin(), look.also.end(), [&](std::string_view piece) { return inside.find(piece) != inside.npos; }))
      return &look.look;
  }
  auto any = [&](Words pieces) {
    return std::any_of(pieces.begin(), pieces.end(), [&](std::string_view piece) { return inside.find(piece) != inside.npos; });
  };
  bool rules = any({"<rule", "<Rule", "<policy", "<Policy"}) && any({"<action", "<Action", "action=\""}) &&
               any({"<protocol", "<proto", "<Protocol", "<service", "<Service", "proto=\"", "protocol=\""}) &&
               any({"<dst", "<dest", "<Dest", "dst=\"", "destination=\"", "dest=\""});
  return rules ? &own_rules : nullptr;
}

// "[RULES]" starts no array.
bool is_json(std::string_view text) {
  if (!text.starts_with('[')) return text.starts_with('{');
  std::size_t next = text.find_first_not_of(" \t\r\n", 1);
  return next != text.npos && std::string_view("{[\"").find(text[next]) != std::string_view::npos;
}

// A report of ours begins with names that together nothing else has.
bool is_own_report(std::string_view text) {
  static const std::vector<std::string_view> beginnings[] = {{"\"version\":", "\"complete\":", "\"release\":"},
                                                             {"\"zones\":", "\"inferences\":", "\"message\":"},
                                                             {"\"from\":", "\"to\":", "\"service\":", "\"answers\":"},
                                                             {"\"firewalls\":", "\"role\":", "\"families\":"}};
  text = text.substr(0, 1000);
  return std::any_of(std::begin(beginnings), std::end(beginnings), [&](const std::vector<std::string_view>& names) {
    std::size_t at = 0;
    return std::all_of(names.begin(), names.end(), [&](std::string_view name) { return (at = text.find(name, at)) != text.npos; });
  });
}

const Look* look_of_json(std::string_view text) {
  static constexpr Look report{"a report of ipo-lint"};
  static constexpr Look nft{"an nftables ruleset (JSON)", Kind::firewall};
  static constexpr Look usg{"a UniFi gateway configuration (config.gateway.json)", Kind::firewall};
  static constexpr Look check_point{"Check Point rules (JSON)", Kind::firewall};
  static constexpr Look groups{"AWS security groups", Kind::firewall};
  auto has = [&](std::string_view name) { return text.find(name) != text.npos; };
  if (is_own_report(text)) return &report;
  if (has("\"nftables\"") && (has("\"metainfo\"") || has("\"table\"") || has("\"chain\"") || has("\"add\""))) return &nft;
  if (has("\"firewall\"") &&
      (has("\"default-action\"") || has("\"all-ping\"") || has("\"ip-src-route\"") || has("\"state-policy\"")))
    return &usg;
  if ((has("\"service\"") || has("\"port-forward\"")) && (has("\"inside-address\"") || has("\"forward-to\""))) return &usg;
  if (has("\"access-rule\"") && (has("\"rulebase\"") || has("\"rule-number\""))) return &check_point;
  if (has("\"SecurityGroups\"") && has("\"IpPermissions\"")) return &groups;
  bool rules = (has("ules\"") || has("\"rule\"") || has("\"policies\"") || has("\"firewall")) &&
               (has("\"action\"") || has("\"policy\"") || has("\"allow") || has("\"access\"") || has("\"target\"")) &&
               (has("rotocol\"") || has("\"proto\"")) && (has("\"dst") || has("\"dest") || has("\"sourceRanges\""));
  return rules ? &own_rules : nullptr;
}

const Look* look_of_text(std::string_view text) {
  static constexpr Look documentation{"documentation"};
  std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == text.npos) return nullptr;
  if (text[first] == '<')
    if (std::string_view root = xml_root(text); !root.empty()) return look_of_xml(root);
  if (is_json(text.substr(first))) return look_of_json(text);
  Head head(text);
  if (is_prose(head)) return &documentation;
  for (const TextLook& look : text_looks)
    if (look.is(head)) return &look.look;
  return has_rules(head) ? &own_rules : nullptr;
}

}  // namespace

const Look* binary_look(std::string_view bytes) {
  for (const Magic& m : magics) {
    if (bytes.size() < m.at + m.bytes.size() || bytes.substr(m.at, m.bytes.size()) != m.bytes) continue;
    bool letters = std::all_of(m.bytes.begin(), m.bytes.end(), [](char c) { return c >= ' ' && c <= '~'; });
    if (letters && m.bytes.size() < 4 && is_text(bytes)) continue;  // a text may start with "BM"
    if (m.look.name == "a zip archive" && (bytes.substr(0, 4096).find("[Content_Types].xml") != bytes.npos ||
                                           bytes.substr(0, 256).find("application/vnd.oasis") != bytes.npos))
      return &office_document;
    return &m.look;
  }
  return nullptr;
}

const Look* text_look(std::string_view text) {
  text = text.substr(0, looked_at);
  if (is_text(text)) return look_of_text(text);
  // Its name, or the two users every IP Office has from the factory.
  auto has = [&](std::string_view word) { return text.find(word) != text.npos || holds_wide(text, word); };
  if (has("IP Office") || has("IPOFFICE") || (has("NoUser") && has("RemoteManager"))) return &ip_office_binary;
  return &unknown_binary;
}

const Look* foreign_look(std::string_view bytes) {
  bytes = bytes.substr(0, looked_at);
  if (const Look* look = binary_look(bytes)) return look;
  return text_look(decode_source("", bytes).text());
}

std::string refusal(const Look& look) {
  std::string text = "looks like " + std::string(look.name);
  if (!look.way_out.empty())
    text += "; " + std::string(look.way_out);
  else
    text +=
        look.kind == Kind::other ? ", which is no configuration of a firewall or an IP Office" : ", which ipo-lint cannot read yet";
  if (look.kind == Kind::other) return text;
  std::string_view what = look.kind == Kind::pbx ? "about this PBX" : look.kind == Kind::firewall ? "about this firewall" : "in it";
  return text + "; nothing " + std::string(what) + " was checked";
}

}  // namespace ipo
