// Plain tables, searched in order; all are short enough that order costs nothing next to reading the file.
#include "parsers/iptables/names.h"

#include <charconv>
#include <span>
#include <string>

#include "parsers/text/letters.h"

namespace ipo::iptables {
namespace {

struct Name {
  std::string_view name;
  std::uint16_t number;
};

constexpr Name protocols[] = {
    {"tcp", 6},       {"udp", 17},        {"icmp", 1},        {"all", 0},          {"ipv6-icmp", 58},
    {"icmpv6", 58},   {"icmp6", 58},      {"ip", 0},          {"hopopt", 0},       {"igmp", 2},
    {"ggp", 3},       {"ipencap", 4},     {"ip-encap", 4},    {"st", 5},           {"egp", 8},
    {"igp", 9},       {"pup", 12},        {"hmp", 20},        {"xns-idp", 22},     {"rdp", 27},
    {"iso-tp4", 29},  {"dccp", 33},       {"xtp", 36},        {"ddp", 37},         {"idpr-cmtp", 38},
    {"ipv6", 41},     {"ipv6-route", 43}, {"ipv6-frag", 44},  {"idrp", 45},        {"rsvp", 46},
    {"gre", 47},      {"esp", 50},        {"ipv6-crypt", 50}, {"ah", 51},          {"ipv6-auth", 51},
    {"skip", 57},     {"ipv6-nonxt", 59}, {"ipv6-opts", 60},  {"rspf", 73},        {"vmtp", 81},
    {"eigrp", 88},    {"ospf", 89},       {"ospfigp", 89},    {"ax.25", 93},       {"ipip", 94},
    {"etherip", 97},  {"encap", 98},      {"pim", 103},       {"ipcomp", 108},     {"vrrp", 112},
    {"l2tp", 115},    {"isis", 124},      {"sctp", 132},      {"fc", 133},         {"mobility-header", 135},
    {"ipv6-mh", 135}, {"mh", 135},        {"udplite", 136},   {"mpls-in-ip", 137}, {"manet", 138},
    {"hip", 139},     {"shim6", 140},     {"wesp", 141},      {"rohc", 142},       {"ethernet", 143}};

constexpr Name services[] = {{"ssh", 22},
                             {"http", 80},
                             {"https", 443},
                             {"domain", 53},
                             {"smtp", 25},
                             {"tcpmux", 1},
                             {"echo", 7},
                             {"discard", 9},
                             {"systat", 11},
                             {"daytime", 13},
                             {"netstat", 15},
                             {"qotd", 17},
                             {"chargen", 19},
                             {"ftp-data", 20},
                             {"ftp", 21},
                             {"telnet", 23},
                             {"mail", 25},
                             {"time", 37},
                             {"nameserver", 42},
                             {"whois", 43},
                             {"nicname", 43},
                             {"tacacs", 49},
                             {"bootps", 67},
                             {"bootpc", 68},
                             {"tftp", 69},
                             {"gopher", 70},
                             {"finger", 79},
                             {"www", 80},
                             {"www-http", 80},
                             {"kerberos", 88},
                             {"pop2", 109},
                             {"pop3", 110},
                             {"pop-3", 110},
                             {"sunrpc", 111},
                             {"portmapper", 111},
                             {"rpcbind", 111},
                             {"auth", 113},
                             {"ident", 113},
                             {"sftp", 115},
                             {"nntp", 119},
                             {"ntp", 123},
                             {"epmap", 135},
                             {"loc-srv", 135},
                             {"netbios-ns", 137},
                             {"netbios-dgm", 138},
                             {"netbios-ssn", 139},
                             {"imap", 143},
                             {"imap2", 143},
                             {"snmp", 161},
                             {"snmp-trap", 162},
                             {"snmptrap", 162},
                             {"xdmcp", 177},
                             {"bgp", 179},
                             {"irc", 194},
                             {"smux", 199},
                             {"imap3", 220},
                             {"ptp-event", 319},
                             {"ptp-general", 320},
                             {"ldap", 389},
                             {"svrloc", 427},
                             {"microsoft-ds", 445},
                             {"kpasswd", 464},
                             {"submissions", 465},
                             {"smtps", 465},
                             {"ssmtp", 465},
                             {"urd", 465},
                             {"isakmp", 500},
                             {"exec", 512},
                             {"biff", 512},
                             {"login", 513},
                             {"who", 513},
                             {"shell", 514},
                             {"syslog", 514},
                             {"printer", 515},
                             {"talk", 517},
                             {"ntalk", 518},
                             {"route", 520},
                             {"router", 520},
                             {"ripng", 521},
                             {"uucp", 540},
                             {"klogin", 543},
                             {"kshell", 544},
                             {"dhcpv6-client", 546},
                             {"dhcpv6-server", 547},
                             {"afpovertcp", 548},
                             {"rtsp", 554},
                             {"nntps", 563},
                             {"submission", 587},
                             {"asf-rmcp", 623},
                             {"ipp", 631},
                             {"ldaps", 636},
                             {"ldp", 646},
                             {"tinc", 655},
                             {"kerberos-adm", 749},
                             {"domain-s", 853},
                             {"rsync", 873},
                             {"ftps-data", 989},
                             {"ftps", 990},
                             {"telnets", 992},
                             {"imaps", 993},
                             {"ircs", 994},
                             {"pop3s", 995},
                             {"socks", 1080},
                             {"openvpn", 1194},
                             {"h323hostcallsc", 1300},
                             {"ms-sql-s", 1433},
                             {"ms-sql-m", 1434},
                             {"radius-old", 1645},
                             {"datametrics", 1645},
                             {"l2f", 1701},
                             {"l2tp", 1701},
                             {"h323gatedisc", 1718},
                             {"h323gatestat", 1719},
                             {"h323hostcall", 1720},
                             {"pptp", 1723},
                             {"radius", 1812},
                             {"radius-acct", 1813},
                             {"ssdp", 1900},
                             {"cisco-sccp", 2000},
                             {"nfs", 2049},
                             {"mgcp-gateway", 2427},
                             {"gsigatekeeper", 2119},
                             {"zabbix-agent", 10050},
                             {"zabbix-trapper", 10051},
                             {"mgcp-callagent", 2727},
                             {"icpv2", 3130},
                             {"iscsi-target", 3260},
                             {"mysql", 3306},
                             {"ms-wbt-server", 3389},
                             {"nut", 3493},
                             {"stun", 3478},
                             {"turn", 3478},
                             {"distcc", 3632},
                             {"svn", 3690},
                             {"sieve", 4190},
                             {"epmd", 4369},
                             {"ntske", 4460},
                             {"ipsec-nat-t", 4500},
                             {"iax", 4569},
                             {"munin", 4949},
                             {"rfe", 5002},
                             {"sip", 5060},
                             {"sip-tls", 5061},
                             {"sips", 5061},
                             {"xmpp-client", 5222},
                             {"jabber-client", 5222},
                             {"xmpp-server", 5269},
                             {"jabber-server", 5269},
                             {"stuns", 5349},
                             {"turns", 5349},
                             {"mdns", 5353},
                             {"postgresql", 5432},
                             {"nrpe", 5666},
                             {"amqps", 5671},
                             {"amqp", 5672},
                             {"vnc-server", 5900},
                             {"x11", 6000},
                             {"redis", 6379},
                             {"syslog-tls", 6514},
                             {"ircd", 6667},
                             {"ircs-u", 6697},
                             {"afs3-fileserver", 7000},
                             {"afs3-callback", 7001},
                             {"http-alt", 8080},
                             {"webcache", 8080},
                             {"tproxy", 8081},
                             {"puppet", 8140},
                             {"git", 9418},
                             {"webmin", 10000},
                             {"bacula-dir", 9101},
                             {"bacula-fd", 9102},
                             {"bacula-sd", 9103},
                             {"hkp", 11371},
                             {"cvspserver", 2401},
                             {"proxy", 3128},
                             {"squid", 3128}};

// `code` 256: every code of the type.
struct IcmpName {
  std::string_view name;
  std::uint16_t type, code;
};
constexpr std::uint16_t every = 256;

constexpr IcmpName icmp_v4[] = {{"echo-reply", 0, every},
                                {"pong", 0, every},
                                {"destination-unreachable", 3, every},
                                {"network-unreachable", 3, 0},
                                {"host-unreachable", 3, 1},
                                {"protocol-unreachable", 3, 2},
                                {"port-unreachable", 3, 3},
                                {"fragmentation-needed", 3, 4},
                                {"source-route-failed", 3, 5},
                                {"network-unknown", 3, 6},
                                {"host-unknown", 3, 7},
                                {"network-prohibited", 3, 9},
                                {"host-prohibited", 3, 10},
                                {"tos-network-unreachable", 3, 11},
                                {"tos-host-unreachable", 3, 12},
                                {"communication-prohibited", 3, 13},
                                {"host-precedence-violation", 3, 14},
                                {"precedence-cutoff", 3, 15},
                                {"source-quench", 4, every},
                                {"redirect", 5, every},
                                {"network-redirect", 5, 0},
                                {"host-redirect", 5, 1},
                                {"tos-network-redirect", 5, 2},
                                {"tos-host-redirect", 5, 3},
                                {"echo-request", 8, every},
                                {"ping", 8, every},
                                {"router-advertisement", 9, every},
                                {"router-solicitation", 10, every},
                                {"time-exceeded", 11, every},
                                {"ttl-exceeded", 11, every},
                                {"ttl-zero-during-transit", 11, 0},
                                {"ttl-zero-during-reassembly", 11, 1},
                                {"parameter-problem", 12, every},
                                {"ip-header-bad", 12, 0},
                                {"required-option-missing", 12, 1},
                                {"timestamp-request", 13, every},
                                {"timestamp-reply", 14, every},
                                {"address-mask-request", 17, every},
                                {"address-mask-reply", 18, every}};

constexpr IcmpName icmp_v6[] = {{"destination-unreachable", 1, every},
                                {"no-route", 1, 0},
                                {"communication-prohibited", 1, 1},
                                {"beyond-scope", 1, 2},
                                {"address-unreachable", 1, 3},
                                {"port-unreachable", 1, 4},
                                {"failed-policy", 1, 5},
                                {"reject-route", 1, 6},
                                {"packet-too-big", 2, every},
                                {"time-exceeded", 3, every},
                                {"ttl-exceeded", 3, every},
                                {"ttl-zero-during-transit", 3, 0},
                                {"ttl-zero-during-reassembly", 3, 1},
                                {"parameter-problem", 4, every},
                                {"bad-header", 4, 0},
                                {"unknown-header-type", 4, 1},
                                {"unknown-option", 4, 2},
                                {"echo-request", 128, every},
                                {"ping", 128, every},
                                {"echo-reply", 129, every},
                                {"pong", 129, every},
                                {"mld-listener-query", 130, every},
                                {"mld-listener-report", 131, every},
                                {"mld-listener-done", 132, every},
                                {"mld-listener-reduction", 132, every},
                                {"router-solicitation", 133, every},
                                {"router-advertisement", 134, every},
                                {"neighbour-solicitation", 135, every},
                                {"neighbor-solicitation", 135, every},
                                {"neighbour-advertisement", 136, every},
                                {"neighbor-advertisement", 136, every},
                                {"redirect", 137, every},
                                {"mld2-listener-report", 143, every}};

std::optional<std::uint32_t> find(std::span<const Name> names, std::string_view text) {
  for (const Name& n : names)
    if (n.name == text) return n.number;
  return {};
}

Interval interval_of(const IcmpName& n) {
  u128 base = u128{n.type} * 256;
  return n.code == every ? Interval{base, base + 255} : Interval{base + n.code, base + n.code};
}

}  // namespace

std::optional<std::uint32_t> parse_c_number(std::string_view text, std::uint32_t max) {
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X"))
    base = 16, text.remove_prefix(2);
  else if (text.size() > 1 && text.front() == '0')
    base = 8;
  std::uint32_t n = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n, base);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || n > max) return {};
  return n;
}

std::optional<MaskedNumber> masked_number(std::string_view text) {
  std::size_t slash = text.find('/');
  auto value = parse_c_number(text.substr(0, slash), ~0u);
  auto mask = slash == text.npos ? std::optional(~0u) : parse_c_number(text.substr(slash + 1), ~0u);
  if (!value || !mask) return {};
  return MaskedNumber{*value, *mask};
}

std::optional<std::uint32_t> protocol_number(std::string_view text) {
  if (auto n = parse_c_number(text, 255)) return n;
  return find(protocols, lower(text));
}

std::optional<std::uint32_t> port_number(std::string_view text) {
  if (auto n = parse_c_number(text, 65535)) return n;
  return find(services, text);
}

std::optional<Interval> port_range(std::string_view text, char separator) {
  if (auto single = port_number(text)) return Interval{*single, *single};
  std::size_t at = text.find(separator);
  if (at == text.npos) return {};
  std::string_view from = text.substr(0, at), to = text.substr(at + 1);
  auto lo = from.empty() ? std::optional<std::uint32_t>(0) : port_number(from);
  auto hi = to.empty() ? std::optional<std::uint32_t>(65535) : port_number(to);
  if (!lo || !hi) return {};
  return Interval{*lo, *hi};
}

std::optional<Interval> icmp_types(Family family, std::string_view text) {
  std::size_t slash = text.find('/');
  if (auto type = parse_c_number(text.substr(0, slash), 255)) {
    if (family == Family::ipv4 && *type == 255) return Interval{0, 65535};
    u128 base = u128{*type} * 256;
    if (slash == text.npos) return Interval{base, base + 255};
    std::string_view codes = text.substr(slash + 1);
    std::size_t colon = codes.find(':');
    auto lo = parse_c_number(codes.substr(0, colon), 255);
    auto hi = colon == codes.npos ? lo : parse_c_number(codes.substr(colon + 1), 255);
    if (!lo || !hi) return {};
    return Interval{base + *lo, base + *hi};
  }
  std::string name = lower(text);
  if (name.empty()) return {};
  if (family == Family::ipv4 && name == "any") return Interval{0, 65535};
  auto names = family == Family::ipv4 ? std::span<const IcmpName>(icmp_v4) : std::span<const IcmpName>(icmp_v6);
  const IcmpName* begun = nullptr;
  for (const IcmpName& n : names) {
    if (n.name == name) return interval_of(n);
    if (n.name.starts_with(name)) {
      if (begun) return {};
      begun = &n;
    }
  }
  return begun ? std::optional(interval_of(*begun)) : std::nullopt;
}

std::string_view helper_name(std::string_view text) {
  const std::size_t dash = text.rfind('-');
  const bool port = dash != text.npos && dash + 1 < text.size() && text.find_first_not_of("0123456789", dash + 1) == text.npos;
  return port ? text.substr(0, dash) : text;
}

}  // namespace ipo::iptables
