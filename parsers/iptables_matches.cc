// A table of modules; options with a meaning of their own have a small function each, the rest of a module's options is
// its opaque predicate. Conditions are sorted by place at the end, because options of one match may stand apart.
#include "parsers/iptables_matches.h"

#include <algorithm>

#include "parsers/iptables_names.h"

namespace ipo::iptables {

using Meaning = void (*)(RuleInProgress&, const Option&);

struct OptionMeaning {
  std::string_view option;
  Meaning apply;
};

struct MatchModule {
  std::string_view name;
  std::string_view options;  // see OptionShape
  std::string_view reason;   // why what has no meaning below is opaque
  enum Kind : std::uint8_t {
    whole,     // one predicate of all options; a "!" stands for its own option only
    inverted,  // the same, but a "!" anywhere turns the whole match around
    split,     // options are independent conditions
    empty      // no options, no condition
  } kind = whole;
  bool stateful = false;
  bool bare = false;  // decides something even without options
  std::span<const OptionMeaning> meanings = {};
  unsigned protocol = 0;  // the kernel takes the module only with this protocol
};

namespace {

std::string quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

void add_opaque(RuleInProgress& rule, std::string predicate, std::string reason, bool stateful, bool negated,
                SourceSpan span) {
  rule.bounded(reason);
  rule.add(OpaqueTest{std::move(predicate), std::move(reason), stateful}, negated, span);
}

// A value that cannot be read: the condition may hold or not.
void add_damaged(RuleInProgress& rule, const Option& option, std::string reason) {
  std::string predicate;
  append_option(predicate, option, false);
  rule.not_understood(reason);
  rule.add(OpaqueTest{predicate.substr(1), std::move(reason), true}, option.negated, option.span);
}

// Calls `take` for each part of a list; an empty part is taken too.
template <class Take>
void each(std::string_view list, char separator, Take take) {
  while (true) {
    std::size_t end = list.find(separator);
    take(list.substr(0, end));
    if (end == list.npos) return;
    list.remove_prefix(end + 1);
  }
}

bool is_word(std::string_view text, std::string_view upper) {
  return text.size() == upper.size() && std::equal(text.begin(), text.end(), upper.begin(), [](char a, char b) {
           return (a >= 'a' && a <= 'z' ? a - 'a' + 'A' : a) == b;
         });
}

// ---- the rule's own options -----------------------------------------------------------------------------------

void test_protocol(RuleInProgress& rule, const Option& o) {
  auto number = protocol_number(o.values[0]);
  if (!number) return add_damaged(rule, o, "protocol " + quoted(o.values[0]) + " is not known");
  if (*number != 0)
    rule.add(FieldTest{Field::protocol, IntervalSet::of(*number)}, o.negated, o.span);
  else if (o.negated)
    rule.never(o.span);
}

// xtables_ipparse_any: missing octets are zero ("10/8"), and with an empty mask the address is not even looked at.
std::optional<MaskedAddress> masked_address(std::string_view text, Family family) {
  if (auto whole = parse_masked_address(text)) return whole;
  std::size_t slash = text.find('/');
  std::string_view mask = slash == text.npos ? "" : text.substr(slash);
  if (mask == "/0" || mask == "/0.0.0.0") return MaskedAddress{family, 0, 0};
  if (family == Family::ipv6) return {};
  std::string filled(text.substr(0, slash));
  if (filled.empty() || filled.find_first_not_of("0123456789.") != filled.npos) return {};
  for (auto dots = std::count(filled.begin(), filled.end(), '.'); dots < 3; ++dots) filled += ".0";
  return parse_masked_address(filled + std::string(mask));
}

void test_address(RuleInProgress& rule, const Option& o, Field field) {
  IntervalSet known;
  std::vector<Test> tests;
  std::string damage;
  std::size_t parts = 0;
  each(o.values[0], ',', [&](std::string_view part) {
    ++parts;
    auto masked = masked_address(part, rule.family);
    IntervalSet members = masked && masked->family == rule.family ? addresses_of(*masked) : IntervalSet();
    if (!members.empty()) return known.add(members);
    std::string reason;
    bool is_mask = masked && masked->family == rule.family;
    bool is_name = !masked && !part.empty() && part.find_first_of("/:") == part.npos &&
                   part.find_first_not_of("0123456789.") != part.npos;
    if (masked && masked->family != rule.family)
      reason = "address " + quoted(part) + " is of the other family";
    else if (is_mask)
      reason = "mask of " + quoted(part) + " has too many holes";
    else if (is_name)
      reason = "name " + quoted(part) + " is not resolved";
    else
      reason = quoted(part) + " is no address";
    if (is_mask || is_name)
      rule.bounded(reason);
    else
      rule.not_understood(reason);
    tests.push_back(OpaqueTest{(field == Field::source ? "-s " : "-d ") + std::string(part), reason, false});
  });
  if (parts > 1 && o.negated) rule.bounded("iptables refuses \"!\" with several addresses");
  if (known == IntervalSet::range(0, address_max(rule.family))) {
    if (o.negated) rule.never(o.span);
    return;
  }
  if (!known.empty()) tests.insert(tests.begin(), FieldTest{field, std::move(known)});
  rule.add(std::move(tests), o.negated, o.span);
}
void test_source(RuleInProgress& rule, const Option& o) { test_address(rule, o, Field::source); }
void test_destination(RuleInProgress& rule, const Option& o) { test_address(rule, o, Field::destination); }

void test_interface(RuleInProgress& rule, const Option& o, bool incoming) {
  std::string_view name = o.values[0];
  bool prefix = name.ends_with('+');
  if (prefix) name.remove_suffix(1);
  if (!name.empty())
    rule.add(InterfaceTest{incoming, std::string(name), prefix}, o.negated, o.span);
  else if (o.negated)
    rule.never(o.span);
}
void test_in(RuleInProgress& rule, const Option& o) { test_interface(rule, o, true); }
void test_out(RuleInProgress& rule, const Option& o) { test_interface(rule, o, false); }

// Connections are tracked, so rules see packets put together again: there are no further fragments.
void test_fragment(RuleInProgress& rule, const Option& o) {
  if (!o.negated) rule.never(o.span);
}

constexpr OptionMeaning own_options[] = {{"protocol", test_protocol},       {"source", test_source},
                                         {"destination", test_destination}, {"in-interface", test_in},
                                         {"out-interface", test_out},       {"fragments", test_fragment}};

// ---- ports, flags, types ---------------------------------------------------------------------------------------

// Reads "22", "1024:", "sip,5061,10000:20000"; only multiport takes lists. A name that is not in the table and a number
// that is none stay opaque. iptables refuses a range that runs backwards except for udp, where it holds for no port.
void test_ports(RuleInProgress& rule, const Option& o, std::initializer_list<Field> fields, char separator,
                bool backwards = false) {
  IntervalSet known;
  std::vector<Test> tests;
  std::size_t slots = 0;
  each(o.values[0], separator, [&](std::string_view part) {
    auto range = port_range(part, ':');
    slots += part.find(':') == part.npos ? 1 : 2;
    if (range && (range->lo <= range->hi || backwards)) return known.add(range->lo, range->hi);
    bool name = !range && part.find(',') == part.npos && part.find_first_not_of("0123456789:-") != part.npos;
    std::string reason = name ? "service " + quoted(part) + " is not in the table of services"
                              : quoted(part) + " is no port or range of ports";
    if (name)
      rule.bounded(reason);
    else
      rule.not_understood(reason);
    tests.push_back(OpaqueTest{"--" + std::string(o.name) + ' ' + std::string(part), reason, false});
  });
  if (slots > 15) rule.bounded("iptables takes at most 15 ports, a range counts as two");
  if (!known.empty())
    for (Field field : fields) tests.insert(tests.begin(), FieldTest{field, known});
  rule.add(std::move(tests), o.negated, o.span);
}
constexpr char one = '\0', several = ',';
void test_sport(RuleInProgress& r, const Option& o) { test_ports(r, o, {Field::source_port}, one); }
void test_dport(RuleInProgress& r, const Option& o) { test_ports(r, o, {Field::destination_port}, one); }
void test_udp_sport(RuleInProgress& r, const Option& o) { test_ports(r, o, {Field::source_port}, one, true); }
void test_udp_dport(RuleInProgress& r, const Option& o) { test_ports(r, o, {Field::destination_port}, one, true); }
void test_sports(RuleInProgress& r, const Option& o) { test_ports(r, o, {Field::source_port}, several); }
void test_dports(RuleInProgress& r, const Option& o) { test_ports(r, o, {Field::destination_port}, several); }
void test_either_port(RuleInProgress& r, const Option& o) {
  test_ports(r, o, {Field::destination_port, Field::source_port}, several);
}

std::optional<unsigned> tcp_flags(std::string_view list) {
  constexpr std::pair<std::string_view, unsigned> names[] = {{"FIN", tcp_fin}, {"SYN", tcp_syn}, {"RST", tcp_rst},
                                                             {"PSH", tcp_psh}, {"ACK", tcp_ack}, {"URG", tcp_urg},
                                                             {"ALL", 63},      {"NONE", 0}};
  unsigned bits = 0;
  bool good = true;
  each(list, ',', [&](std::string_view part) {
    auto it = std::find_if(std::begin(names), std::end(names), [&](auto& n) { return is_word(part, n.first); });
    if (it == std::end(names))
      good = false;
    else
      bits |= it->second;
  });
  return good ? std::optional(bits) : std::nullopt;
}

void add_flags(RuleInProgress& rule, const Option& o, unsigned mask, unsigned expected) {
  IntervalSet values;
  for (unsigned v = 0; v < 64; ++v)
    if ((v & mask) == expected) values.add(v, v);
  rule.add(FieldTest{Field::tcp_flags, std::move(values)}, o.negated, o.span);
}
void test_flags(RuleInProgress& rule, const Option& o) {
  auto mask = tcp_flags(o.values[0]), expected = tcp_flags(o.values[1]);
  if (!mask || !expected) return add_damaged(rule, o, "tcp flags are not known");
  add_flags(rule, o, *mask, *expected);
}
void test_syn(RuleInProgress& rule, const Option& o) {
  add_flags(rule, o, tcp_fin | tcp_syn | tcp_rst | tcp_ack, tcp_syn);
}

void add_icmp(RuleInProgress& rule, const Option& o, Family family) {
  auto types = icmp_types(family, o.values[0]);
  if (!types) return add_damaged(rule, o, "icmp type " + quoted(o.values[0]) + " is not known");
  if (types->lo != 0 || types->hi != 65535)
    rule.add(FieldTest{Field::destination_port, IntervalSet::range(types->lo, types->hi)}, o.negated, o.span);
  else if (o.negated)
    rule.never(o.span);
}
void test_icmp(RuleInProgress& rule, const Option& o) { add_icmp(rule, o, Family::ipv4); }
void test_icmp6(RuleInProgress& rule, const Option& o) { add_icmp(rule, o, Family::ipv6); }

// ---- connection tracking ----------------------------------------------------------------------------------------

void test_state(RuleInProgress& rule, const Option& o) {
  constexpr std::pair<std::string_view, unsigned> states[] = {
      {"NEW", 0}, {"ESTABLISHED", 1}, {"RELATED", 2}, {"INVALID", 3}, {"UNTRACKED", 4}};
  IntervalSet state, nat;
  bool good = true;
  each(o.values[0], ',', [&](std::string_view part) {
    for (auto [name, number] : states)
      if (is_word(part, name)) return state.add(number, number);
    if (is_word(part, "DNAT")) return nat.add(IntervalSet{{1, 1}, {3, 3}});
    if (is_word(part, "SNAT")) return nat.add(2, 3);
    good = false;
  });
  if (!good) return add_damaged(rule, o, "connection state " + quoted(o.values[0]) + " is not known");
  std::vector<Test> tests;
  if (!state.empty()) tests.push_back(FieldTest{Field::state, std::move(state)});
  if (!nat.empty()) tests.push_back(FieldTest{Field::nat, std::move(nat)});
  rule.add(std::move(tests), o.negated, o.span);
}

// ---- addresses --------------------------------------------------------------------------------------------------

void test_range(RuleInProgress& rule, const Option& o, Field field) {
  std::string_view text = o.values[0];
  std::size_t dash = text.find('-');
  auto from = parse_address(text.substr(0, dash));
  auto to = dash == text.npos ? from : parse_address(text.substr(dash + 1));
  if (!from || !to || from->family != rule.family || to->family != rule.family || to->value < from->value)
    return add_damaged(rule, o, quoted(text) + " is no range of addresses");
  rule.add(FieldTest{field, IntervalSet::range(from->value, to->value)}, o.negated, o.span);
}
void test_source_range(RuleInProgress& rule, const Option& o) { test_range(rule, o, Field::source); }
void test_destination_range(RuleInProgress& rule, const Option& o) { test_range(rule, o, Field::destination); }

void test_type(RuleInProgress& rule, const Option& o, Field field) {
  std::vector<Test> tests;
  each(o.values[0], ',', [&](std::string_view part) {
    if (is_word(part, "MULTICAST")) {
      u128 first = rule.family == Family::ipv4 ? u128{0xe0000000u} : u128{0xff} << 120;
      u128 last = rule.family == Family::ipv4 ? u128{0xefffffffu} : address_max(Family::ipv6);
      tests.push_back(FieldTest{field, IntervalSet::range(first, last)});
      return;
    }
    std::string reason = is_word(part, "LOCAL") ? "depends on the firewall's own addresses"
                                                : "depends on the firewall's addresses and routes";
    std::string type(part);
    for (char& c : type)
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    rule.bounded(reason);
    tests.push_back(OpaqueTest{"-m addrtype --" + std::string(o.name) + ' ' + type, reason, false});
  });
  rule.add(std::move(tests), o.negated, o.span);
}
void test_source_type(RuleInProgress& rule, const Option& o) { test_type(rule, o, Field::source); }
void test_destination_type(RuleInProgress& rule, const Option& o) { test_type(rule, o, Field::destination); }

void test_mac(RuleInProgress& rule, const Option& o) {
  std::string address(o.values[0]);
  for (char& c : address)
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
  add_opaque(rule, "-m mac --mac-source " + address, "depends on the sender's MAC address", false, o.negated, o.span);
}

// ---- marks ------------------------------------------------------------------------------------------------------

// What the mark is depends on rules that set it, which only the whole ruleset shows: parsers/marks.h.
void test_mark(RuleInProgress& rule, const Option& o, std::string_view module, bool connection) {
  auto bits = masked_number(o.values[0]);
  if (!bits) return add_damaged(rule, o, "mark " + quoted(o.values[0]) + " is no number");
  std::string reason = connection ? "depends on the connection's mark" : "depends on the packet's mark";
  rule.bounded(reason);
  rule.add(OpaqueTest{"-m " + std::string(module) + " --mark " + std::string(o.values[0]), reason, false,
                      MarkBits{connection, bits->value, bits->mask}},
           o.negated, o.span);
}
void test_packet_mark(RuleInProgress& rule, const Option& o) { test_mark(rule, o, "mark", false); }
// Without a connection it never holds, negated or not (xt_connmark.c: connmark_mt).
void test_connection_mark(RuleInProgress& rule, const Option& o) {
  rule.add(FieldTest{Field::state, IntervalSet::range(0, 2)}, false, o.span);
  test_mark(rule, o, "connmark", true);
}

// ---- the modules ------------------------------------------------------------------------------------------------

constexpr OptionMeaning port_options[] = {{"sport", test_sport}, {"dport", test_dport}};
constexpr OptionMeaning udp_options[] = {{"sport", test_udp_sport}, {"dport", test_udp_dport}};
constexpr OptionMeaning tcp_options[] = {
    {"sport", test_sport}, {"dport", test_dport}, {"tcp-flags", test_flags}, {"syn", test_syn}};
constexpr OptionMeaning multiport_options[] = {
    {"sports", test_sports}, {"dports", test_dports}, {"ports", test_either_port}};
constexpr OptionMeaning icmp_options[] = {{"icmp-type", test_icmp}};
constexpr OptionMeaning icmp6_options[] = {{"icmpv6-type", test_icmp6}};
constexpr OptionMeaning state_options[] = {{"state", test_state}};
constexpr OptionMeaning conntrack_options[] = {{"ctstate", test_state}, {"ctproto", test_protocol}};
constexpr OptionMeaning iprange_options[] = {{"src-range", test_source_range}, {"dst-range", test_destination_range}};
constexpr OptionMeaning addrtype_options[] = {{"src-type", test_source_type}, {"dst-type", test_destination_type}};
constexpr OptionMeaning mac_options[] = {{"mac-source", test_mac}};

constexpr OptionMeaning mark_options[] = {{"mark", test_packet_mark}};
constexpr OptionMeaning connmark_options[] = {{"mark", test_connection_mark}};

constexpr std::string_view ports_text = "sport|source-port= dport|destination-port=";
constexpr std::string_view multiport_text = "sports|source-ports= dports|destination-ports= ports=";
constexpr bool stateful = true, bare = true;
using M = MatchModule;

constexpr MatchModule modules[] = {
    {"tcp", "sport|source-port= dport|destination-port= tcp-flags== syn tcp-option=",
     "depends on the packet's TCP options", M::split, false, false, tcp_options, 6},
    {"udp", ports_text, "", M::split, false, false, udp_options, 17},
    {"udplite", ports_text, "", M::split, false, false, port_options, 136},
    {"sctp", "sport|source-port= dport|destination-port= chunk-types==", "depends on the packet's SCTP chunks",
     M::split, false, false, port_options, 132},
    {"dccp", "sport|source-port= dport|destination-port= dccp-types= dccp-option=",
     "depends on the packet's DCCP header", M::split, false, false, port_options, 33},
    {"multiport", multiport_text, "", M::split, false, false, multiport_options},
    {"mport", multiport_text, "", M::split, false, false, multiport_options},
    {"icmp", "icmp-type=", "", M::split, false, false, icmp_options, 1},
    {"icmp6", "icmpv6-type=", "", M::split, false, false, icmp6_options, 58},
    {"icmpv6", "icmpv6-type=", "", M::split, false, false, icmp6_options, 58},
    {"ipv6-icmp", "icmpv6-type=", "", M::split, false, false, icmp6_options, 58},
    {"state", "state=", "", M::split, false, false, state_options},
    {"conntrack",
     "ctstate= ctproto= ctorigsrc= ctorigdst= ctreplsrc= ctrepldst= ctorigsrcport= ctorigdstport= ctreplsrcport= "
     "ctrepldstport= ctstatus= ctexpire= ctdir=",
     "depends on the connection's tracking entry", M::split, false, false, conntrack_options},
    {"iprange", "src-range= dst-range=", "", M::split, false, false, iprange_options},
    {"addrtype", "src-type= dst-type= limit-iface-in limit-iface-out", "depends on the firewall's addresses and routes",
     M::whole, false, false, addrtype_options},
    {"mac", "mac-source=", "", M::split, false, false, mac_options},
    {"comment", "comment=", "", M::empty},
    {"standard", "", "", M::empty},

    {"limit", "limit= limit-burst=", "depends on the rate of packets", M::inverted, stateful, bare},
    {"hashlimit",
     "hashlimit-upto= hashlimit-above= hashlimit= hashlimit-burst= hashlimit-mode= hashlimit-srcmask= "
     "hashlimit-dstmask= "
     "hashlimit-name= hashlimit-htable-size= hashlimit-htable-max= hashlimit-htable-expire= "
     "hashlimit-htable-gcinterval= "
     "hashlimit-rate-match hashlimit-rate-interval=",
     "depends on the rate of packets", M::inverted, stateful, bare},
    {"dstlimit",
     "dstlimit= dstlimit-mode= dstlimit-name= dstlimit-burst= dstlimit-htable-size= dstlimit-htable-max= "
     "dstlimit-htable-gcinterval= dstlimit-htable-expire=",
     "depends on the rate of packets", M::inverted, stateful, bare},
    {"fuzzy", "lower-limit= upper-limit=", "depends on the rate of packets", M::inverted, stateful, bare},
    {"rateest",
     "rateest-delta rateest-lt rateest-gt rateest-eq rateest= rateest1= rateest2= rateest-bps=? rateest-pps=? "
     "rateest-bps1=? rateest-bps2=? rateest-pps1=? rateest-pps2=?",
     "depends on the rate of packets", M::inverted, stateful, bare},
    {"recent", "name= set rsource rdest mask= rcheck update remove seconds= reap hitcount= rttl reap",
     "depends on which addresses were seen before", M::inverted, stateful, bare},
    {"connlimit", "connlimit-upto= connlimit-above= connlimit-mask= connlimit-saddr connlimit-daddr",
     "depends on the number of open connections", M::inverted, stateful, bare},
    {"quota", "quota=", "depends on how many bytes have passed", M::inverted, stateful, bare},
    {"quota2", "quota= name= grow no-change packets", "depends on how many bytes have passed", M::inverted, stateful,
     bare},
    {"nfacct", "nfacct-name=", "depends on an accounting object that is not given", M::inverted, stateful, bare},
    {"connbytes", "connbytes= connbytes-dir= connbytes-mode=", "depends on how much the connection has transferred",
     M::inverted, stateful, bare},
    {"statistic", "mode= probability= every= packet=", "depends on chance or on counting packets", M::inverted,
     stateful, bare},
    {"random", "average=", "depends on chance", M::inverted, stateful, bare},
    {"nth", "every= counter= start= packet=", "depends on counting packets", M::inverted, stateful, bare},
    {"psd", "psd-weight-threshold= psd-delay-threshold= psd-lo-ports-weight= psd-hi-ports-weight=",
     "depends on whether the sender scans ports", M::inverted, stateful, bare},
    {"lscan", "stealth synscan cnscan grscan mirai", "depends on whether the sender scans ports", M::whole, stateful,
     bare},
    {"pknock", "knockports= time= t= name= opensecret= closesecret= strict checkip chkip autoclose=",
     "depends on port knocking", M::inverted, stateful, bare},
    {"condition", "condition=", "depends on a switch that is set at run time", M::inverted, stateful, bare},

    {"time", "datestart= datestop= timestart= timestop= monthdays= weekdays= days= contiguous kerneltz utc localtz",
     "depends on the time of day or the date"},
    {"set",
     "match-set|set== return-nomatch update-counters update-subcounters packets-eq= packets-lt= packets-gt= bytes-eq= "
     "bytes-lt= bytes-gt=",
     "depends on an ipset that is not given"},
    {"mark", "mark=", "", M::split, false, false, mark_options},
    {"connmark", "mark=", "", M::split, false, false, connmark_options},
    {"connlabel", "label= set", "depends on the connection's label", M::inverted, stateful},
    {"helper", "helper=", "depends on the helper that tracks the connection", M::inverted},
    {"policy", "dir= pol= strict reqid= spi= proto= mode= tunnel-src= tunnel-dst= next",
     "depends on whether IPsec protects the packet"},
    {"owner", "uid-owner= gid-owner= suppl-groups socket-exists pid-owner= sid-owner= cmd-owner=",
     "depends on the process that sent the packet"},
    {"socket", "transparent nowildcard restore-skmark", "depends on the sockets open on the firewall", M::whole,
     stateful, bare},
    {"cgroup", "cgroup= path=", "depends on the process the packet belongs to", M::inverted},
    {"cpu", "cpu=", "depends on the processor that handles the packet", M::inverted, stateful},
    {"cluster", "cluster-total-nodes= cluster-local-node= cluster-local-nodemask= cluster-hash-seed=",
     "depends on the node's share of a cluster", M::inverted},
    {"devgroup", "src-group= dst-group=", "depends on the interface's group", M::split},
    {"physdev", "physdev-in= physdev-out= physdev-is-in physdev-is-out physdev-is-bridged",
     "depends on the port of a bridge", M::split},
    {"pkttype", "pkt-type=", "depends on how the frame was addressed", M::inverted},
    {"rpfilter", "loose validmark accept-local invert", "depends on the route back to the sender", M::inverted, false,
     bare},
    {"realm", "realm=", "depends on the route's realm", M::inverted},
    {"ipvs", "ipvs vproto= vaddr= vport= vdir= vmethod= vportctl=", "depends on the load balancer", M::whole, stateful,
     bare},
    {"geoip", "src-cc|source-country= dst-cc|destination-country=", "depends on the country of an address", M::split},
    {"asn", "src-asn|source-number= dst-asn|destination-number=", "depends on the network of an address", M::split},
    {"iface",
     "iface= dev-in dev-out up down broadcast loopback pointopoint pointtopoint running noarp arp promisc multicast "
     "dynamic lower-up dormant",
     "depends on the state of an interface"},

    {"string", "algo= from= to= string= hex-string= icase", "depends on the packet's contents", M::inverted},
    {"u32", "u32=", "depends on the packet's bytes", M::inverted},
    {"bpf", "bytecode= object-pinned=", "depends on a BPF program", M::inverted},
    {"layer7", "l7proto= l7dir= l7pkts=", "depends on the packet's contents", M::inverted, stateful, bare},
    {"ipp2p",
     "edk dc kazaa gnu bit apple winmx soul ares mute waste xdcc ipp2p edk-data dc-data kazaa-data gnu-data debug",
     "depends on the packet's contents", M::inverted, false, bare},
    {"osf", "genre= ttl= log=", "depends on the sender's operating system", M::inverted},
    {"length", "length=", "depends on the packet's length", M::inverted},
    {"length2", "length= layer3 layer4 layer5 layer7", "depends on the packet's length", M::inverted},
    {"tcpmss", "mss=", "depends on the packet's TCP options", M::inverted},
    {"ttl", "ttl-eq|ttl= ttl-gt= ttl-lt=", "depends on the packet's time to live", M::inverted},
    {"hl", "hl-eq|hl= hl-gt= hl-lt=", "depends on the packet's hop limit", M::inverted},
    {"tos", "tos=", "depends on the packet's type of service", M::inverted},
    {"dscp", "dscp= dscp-class=", "depends on the packet's DSCP", M::inverted},
    {"ecn", "ecn-tcp-cwr ecn-tcp-ece ecn-ip-ect=", "depends on the packet's congestion bits", M::split},
    {"ipv4options", "flags= any ssrr lsrr no-srr rr ts ra any-opt", "depends on the packet's IP options"},
    {"unclean", "", "depends on the packet's well-formedness", M::whole, false, bare},
    {"ah", "ahspi= ahlen= ahres", "depends on the packet's IPsec header", M::split, false, false, {}, 51},
    {"esp", "espspi=", "depends on the packet's IPsec header", M::split, false, false, {}, 50},
    {"ipcomp", "ipcompspi= compres", "depends on the packet's IPsec header", M::split, false, false, {}, 108},

    {"frag", "fragid= fraglen= fragres fragfirst fragmore fraglast", "depends on an IPv6 fragment header", M::whole,
     false, bare},
    {"hbh", "hbh-len= hbh-opts= hbh-not-strict", "depends on an IPv6 hop-by-hop header", M::whole, false, bare},
    {"dst", "dst-len= dst-opts= dst-not-strict", "depends on an IPv6 destination header", M::whole, false, bare},
    {"rt", "rt-type= rt-segsleft= rt-len= rt-0-res rt-0-addrs= rt-0-not-strict", "depends on an IPv6 routing header",
     M::whole, false, bare},
    {"srh",
     "srh-next-hdr= srh-hdr-len-eq= srh-hdr-len-gt= srh-hdr-len-lt= srh-segs-left-eq= srh-segs-left-gt= "
     "srh-segs-left-lt= srh-last-entry-eq= srh-last-entry-gt= srh-last-entry-lt= srh-tag= srh-psid= srh-nsid= "
     "srh-lsid=",
     "depends on an IPv6 segment routing header", M::whole, false, bare},
    {"ipv6header", "header= soft", "depends on the packet's IPv6 headers", M::inverted, false, bare},
    {"mh", "mh-type=", "depends on the packet's mobility header", M::split, false, false, {}, 135},
    {"eui64", "", "depends on the sender's MAC address", M::whole, false, bare},
};

const OptionTable& loaded() {
  static const OptionTable all(modules);
  return all;
}

Meaning meaning_of(std::span<const OptionMeaning> meanings, std::string_view option) {
  for (const OptionMeaning& m : meanings)
    if (m.option == option) return m.apply;
  return nullptr;
}

bool has(const MatchUse& use, std::string_view option) {
  return std::any_of(use.options.begin(), use.options.end(), [&](const Option& o) { return o.name == option; });
}

// "--set" adds the sender to the list and holds for every packet (xt_recent.c: recent_mt).
bool only_remembers(const MatchUse& use) {
  return use.module->name == "recent" && has(use, "set") && !has(use, "rcheck") && !has(use, "update") &&
         !has(use, "remove");
}

void add_predicate(RuleInProgress& rule, const MatchUse& use, std::span<const Option* const> options, SourceSpan span) {
  const MatchModule& m = *use.module;
  auto negations = std::count_if(options.begin(), options.end(), [](const Option* o) { return o->negated; });
  bool outside = negations == 1 && (m.kind == M::inverted || options.size() == 1);
  std::string predicate = "-m " + std::string(m.name);
  for (const Option* o : options) append_option(predicate, *o, !outside);
  add_opaque(rule, std::move(predicate), std::string(m.reason), m.stateful, outside, span);
}

void interpret_match(RuleInProgress& rule, const MatchUse& use) {
  if (!use.module) {
    std::string reason = "match module " + std::string(use.name) + " is not known";
    add_opaque(rule, "-m " + std::string(use.name) + (use.text.empty() ? "" : " " + use.text), reason, true, false,
               use.span);
    return;
  }
  const MatchModule& m = *use.module;
  if (m.kind == M::empty) return;
  if (only_remembers(use)) {
    if (std::any_of(use.options.begin(), use.options.end(), [](const Option& o) { return o.negated; }))
      rule.never(use.span);
    return;
  }
  bool interface_limited = has(use, "limit-iface-in") || has(use, "limit-iface-out");
  std::vector<const Option*> opaque;
  for (const Option& o : use.options) {
    if (Meaning apply = interface_limited ? nullptr : meaning_of(m.meanings, o.name))
      apply(rule, o);
    else if (m.kind == M::split)
      add_predicate(rule, use, std::array{&o}, o.span);
    else
      opaque.push_back(&o);
  }
  if (!opaque.empty() || (m.bare && use.options.empty())) add_predicate(rule, use, opaque, use.span);
}

bool has_protocol(const Line& line, unsigned protocol) {
  return std::any_of(line.options.begin(), line.options.end(), [&](const Option& o) {
    return o.name == "protocol" && !o.negated && protocol_number(o.values[0]) == protocol;
  });
}

}  // namespace

const MatchModule* find_module(std::string_view name) {
  auto it = loaded().by_name.find(name);
  return it == loaded().by_name.end() ? nullptr : &modules[it->second];
}

std::string_view name_of(const MatchModule& module) { return module.name; }

std::span<const OptionShape> shapes(const MatchModule& module) {
  return loaded().shapes[static_cast<std::size_t>(&module - std::begin(modules))];
}

const MatchModule* module_of_protocol(std::string_view protocol) {
  auto number = protocol_number(protocol);
  if (!number || *number == 0) return nullptr;
  auto it = std::find_if(std::begin(modules), std::end(modules), [&](auto& m) { return m.protocol == *number; });
  return it == std::end(modules) ? nullptr : &*it;
}

void interpret_matches(const Line& line, RuleInProgress& rule) {
  for (const Option& o : line.options) meaning_of(own_options, o.name)(rule, o);
  for (const MatchUse& use : line.matches) {
    if (use.module && use.module->protocol && !has_protocol(line, use.module->protocol)) {
      rule.add(FieldTest{Field::protocol, IntervalSet::of(use.module->protocol)}, false, use.span);
      rule.bounded("iptables takes -m " + std::string(use.module->name) + " only with its protocol");
    }
    interpret_match(rule, use);
  }
  std::stable_sort(rule.rule.conditions.begin(), rule.rule.conditions.end(),
                   [](const Condition& a, const Condition& b) { return a.span.begin < b.span.begin; });
}

std::vector<std::string_view> module_names() {
  std::vector<std::string_view> names;
  for (const MatchModule& m : modules) names.push_back(m.name);
  return names;
}

}  // namespace ipo::iptables
