// A table of modules; options with a meaning of their own have a small function each, the rest of a module's options is
// its opaque predicate. Conditions are sorted by place at the end, because options of one match may stand apart.
#include "parsers/iptables/matches.h"

#include <algorithm>

#include "parsers/iptables/names.h"
#include "parsers/iptables/refusal.h"
#include "parsers/text/values.h"

namespace ipo::iptables {

using Meaning = void (*)(RuleInProgress&, const Option&);

struct OptionMeaning {
  std::string_view option;
  Meaning apply;
};

struct MatchModule {
  std::string_view name;
  Cause cause;               // of what has no meaning below
  std::string_view options;  // see iptables_options.h
  std::string_view needs;    // see there
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
  unsigned protocol = 0;                                      // "-p" with it opens the module
  void (*check)(RuleInProgress&, const MatchUse&) = nullptr;  // refuses what `needs` cannot say
  void (*means)(RuleInProgress&, const MatchUse&) = nullptr;  // in the place of all of the above
};

namespace {

std::string quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

OpaqueTest opaque(std::string predicate, std::string reason, bool stateful, Cause cause) {
  OpaqueTest test{std::move(predicate), std::move(reason), stateful};
  test.about.cause = cause;
  return test;
}

void add_opaque(RuleInProgress& rule, OpaqueTest test, bool negated, SourceSpan span) {
  rule.bounded(test.reason);
  rule.add(std::move(test), negated, span);
}

// A value that cannot be read: the condition may hold or not.
void add_damaged(RuleInProgress& rule, const Option& option, std::string reason) {
  std::string predicate;
  append_option(predicate, option, false);
  rule.not_understood(reason);
  rule.add(opaque(predicate.substr(1), std::move(reason), true, Cause::not_read), option.negated, option.span);
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
  return text.size() == upper.size() && std::equal(text.begin(), text.end(), upper.begin(),
                                                   [](char a, char b) { return (a >= 'a' && a <= 'z' ? a - 'a' + 'A' : a) == b; });
}

// `text` is a beginning of `upper`, in any case.
bool begins(std::string_view upper, std::string_view text) { return !text.empty() && is_word(text, upper.substr(0, text.size())); }

// ---- the rule's own options -----------------------------------------------------------------------------------

void test_protocol(RuleInProgress& rule, const Option& o) {
  auto number = protocol_number(o.values[0]);
  if (!number) return add_damaged(rule, o, "protocol " + quoted(o.values[0]) + " is not known");
  if (*number != 0) return rule.add(FieldTest{Field::protocol, IntervalSet::of(*number)}, o.negated, o.span);
  if (o.negated) {
    rule.refuse("\"!\" before every protocol");
    rule.never(o.span);
  }
}

// xtables_ipparse_any: missing octets are zero ("10/8"), and with an empty mask the address is not even looked at.
std::optional<MaskedAddress> masked_address(std::string_view text, Family family) {
  if (auto whole = parse_network(text)) return whole;
  std::size_t slash = text.find('/');
  std::string_view mask = slash == text.npos ? "" : text.substr(slash);
  if (mask == "/0" || mask == "/0.0.0.0") return MaskedAddress{family, 0, 0};
  if (family == Family::ipv6) return {};
  std::string filled(text.substr(0, slash));
  if (filled.empty() || filled.find_first_not_of("0123456789.") != filled.npos) return {};
  for (auto dots = std::count(filled.begin(), filled.end(), '.'); dots < 3; ++dots) filled += ".0";
  return parse_network(filled + std::string(mask));
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
    bool is_name =
        !masked && !part.empty() && part.find_first_of("/:") == part.npos && part.find_first_not_of("0123456789.") != part.npos;
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
    tests.push_back(opaque((field == Field::source ? "-s " : "-d ") + std::string(part), reason, false,
                           is_name ? Cause::name : Cause::not_read));
  });
  if (parts > 1 && o.negated) rule.refuse("\"!\" with several addresses");
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
  bool wrong =
      incoming ? rule.chain == "OUTPUT" || rule.chain == "POSTROUTING" : rule.chain == "INPUT" || rule.chain == "PREROUTING";
  if (wrong) rule.refuse((incoming ? "-i in " : "-o in ") + std::string(rule.chain));
  if (!name.empty())
    rule.add(InterfaceTest{incoming, std::string(name), prefix}, o.negated, o.span);
  else if (o.negated)
    rule.never(o.span);
}
void test_in(RuleInProgress& rule, const Option& o) { test_interface(rule, o, true); }
void test_out(RuleInProgress& rule, const Option& o) { test_interface(rule, o, false); }

// Connections are tracked, so rules see packets put together again: there are no further fragments.
void test_fragment(RuleInProgress& rule, const Option& o) {
  if (rule.family == Family::ipv6) rule.refuse("ip6tables has no -f");
  if (!o.negated) rule.never(o.span);
}

// ---- ports, flags, types ---------------------------------------------------------------------------------------

// Reads "22", "1024:", "sip,5061,10000:20000"; only multiport takes lists. A name that is not in the table and a number
// that is none stay opaque. iptables refuses a range that runs backwards except for udp, where it holds for no port (1.8.10
// and later refuse it there too).
void test_ports(RuleInProgress& rule, const Option& o, std::initializer_list<Field> fields, char separator,
                bool backwards = false) {
  IntervalSet known;
  std::vector<Test> tests;
  std::size_t slots = 0;
  bool ranges = false;
  each(o.values[0], separator, [&](std::string_view part) {
    auto range = port_range(part, ':');
    bool is_range = part.find(':') != part.npos;
    slots += is_range ? 2 : 1;
    ranges = ranges || is_range;
    if (range && (range->lo <= range->hi || backwards)) return known.add(range->lo, range->hi);
    bool name = !range && part.find(',') == part.npos && part.find_first_not_of("0123456789:-") != part.npos;
    std::string reason =
        name ? "service " + quoted(part) + " is not in the table of services" : quoted(part) + " is no port or range of ports";
    if (name)
      rule.bounded(reason);
    else
      rule.not_understood(reason);
    tests.push_back(
        opaque("--" + std::string(o.name) + ' ' + std::string(part), reason, false, name ? Cause::name : Cause::not_read));
  });
  if (slots > 15) rule.refuse(ranges ? "more than 15 ports, a range counts as two" : "more than 15 ports");
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
  constexpr std::pair<std::string_view, unsigned> names[] = {{"FIN", tcp_fin}, {"SYN", tcp_syn}, {"RST", tcp_rst}, {"PSH", tcp_psh},
                                                             {"ACK", tcp_ack}, {"URG", tcp_urg}, {"ALL", 63},      {"NONE", 0}};
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

void test_flags(RuleInProgress& rule, const Option& o) {
  auto mask = tcp_flags(o.values[0]), expected = tcp_flags(o.values[1]);
  if (!mask || !expected) return add_damaged(rule, o, "tcp flags are not known");
  rule.add(FieldTest{Field::tcp_flags, tcp_flags_with(*mask, *expected)}, o.negated, o.span);
}
void test_syn(RuleInProgress& rule, const Option& o) {
  rule.add(FieldTest{Field::tcp_flags, tcp_flags_with(tcp_fin | tcp_syn | tcp_rst | tcp_ack, tcp_syn)}, o.negated, o.span);
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

void with_ports(RuleInProgress& r, const Option& o) {
  r.add(FieldTest{Field::protocol, IntervalSet({{proto_tcp, proto_tcp}, {proto_udp, proto_udp}})}, false, o.span);
}
// Of the rule itself: it names ports and not whose.
void test_bare_sport(RuleInProgress& r, const Option& o) { with_ports(r, o), test_sport(r, o); }
void test_bare_dport(RuleInProgress& r, const Option& o) { with_ports(r, o), test_dport(r, o); }

constexpr OptionMeaning own_options[] = {
    {"protocol", test_protocol}, {"source", test_source},      {"destination", test_destination}, {"in-interface", test_in},
    {"out-interface", test_out}, {"fragments", test_fragment}, {"sport", test_bare_sport},        {"dport", test_bare_dport}};

// ---- connection tracking ----------------------------------------------------------------------------------------

// A name may be shortened; the first that begins so is meant.
void test_states(RuleInProgress& rule, const Option& o, bool with_nat) {
  constexpr std::pair<std::string_view, unsigned> states[] = {
      {"INVALID", 3}, {"NEW", 0}, {"ESTABLISHED", 1}, {"RELATED", 2}, {"UNTRACKED", 4}};
  IntervalSet state, nat;
  bool good = true;
  each(o.values[0], ',', [&](std::string_view part) {
    for (auto [name, number] : states)
      if (begins(name, part)) return state.add(number, number);
    if (with_nat && begins("SNAT", part)) return nat.add(2, 3);
    if (with_nat && begins("DNAT", part)) return nat.add(IntervalSet{{1, 1}, {3, 3}});
    good = false;
  });
  if (!good) return add_damaged(rule, o, "connection state " + quoted(o.values[0]) + " is not known");
  std::vector<Test> tests;
  if (!state.empty()) tests.push_back(FieldTest{Field::state, std::move(state)});
  if (!nat.empty()) tests.push_back(FieldTest{Field::nat, std::move(nat)});
  rule.add(std::move(tests), o.negated, o.span);
}
void test_state(RuleInProgress& rule, const Option& o) { test_states(rule, o, false); }
void test_ctstate(RuleInProgress& rule, const Option& o) { test_states(rule, o, true); }

constexpr std::string_view tracking_entry = "depends on the connection's tracking entry";

// What an option of -m conntrack says of a packet in terms of the packet itself. The original tuple of a new connection is the
// packet as it arrived, the reply's is the packet as it is now turned round (sources are translated after all filters). ICMP
// has no ports: its tuples hold identifier, type and code (nf_conntrack_proto_icmp.c).
struct OfTuple {
  enum Kind { address, port, protocol, direction } kind;
  Field field;
};
std::optional<OfTuple> of_tuple(std::string_view option) {
  constexpr std::pair<std::string_view, OfTuple> all[] = {{"ctproto", {OfTuple::protocol, Field::protocol}},
                                                          {"ctorigsrc", {OfTuple::address, Field::source}},
                                                          {"ctorigdst", {OfTuple::address, Field::original_destination}},
                                                          {"ctreplsrc", {OfTuple::address, Field::destination}},
                                                          {"ctrepldst", {OfTuple::address, Field::source}},
                                                          {"ctorigsrcport", {OfTuple::port, Field::source_port}},
                                                          {"ctorigdstport", {OfTuple::port, Field::original_port}},
                                                          {"ctreplsrcport", {OfTuple::port, Field::destination_port}},
                                                          {"ctrepldstport", {OfTuple::port, Field::source_port}},
                                                          {"ctdir", {OfTuple::direction, Field::state}}};
  for (const auto& [name, tuple] : all)
    if (name == option) return tuple;
  return {};
}

IntervalSet state_numbers(State first, State last) {
  return IntervalSet::range(static_cast<unsigned>(first), static_cast<unsigned>(last));
}

// Exact for a new connection, opaque for others. Without a tracking entry only --ctstate of a match is looked at, and if there is
// none the match does not hold, negated or not (xt_conntrack.c: conntrack_mt).
void test_tuple(RuleInProgress& rule, const Option& o, OfTuple tuple, bool with_state) {
  const IntervalSet fresh = state_numbers(State::new_, State::new_), known = state_numbers(State::established, State::related),
                    untracked = state_numbers(State::invalid, State::untracked);
  const IntervalSet with_ports = {{6, 6}, {17, 17}, {33, 33}, {132, 132}, {136, 136}};
  IntervalSet values;
  const bool negated = o.negated;
  std::string text = "-m conntrack";
  append_option(text, o, false);
  const OpaqueTest opaque_entry = opaque(text, std::string(tracking_entry), false, Cause::connection);
  switch (tuple.kind) {
    case OfTuple::address: {
      auto masked = masked_address(o.values[0], rule.family);
      if (!masked || masked->family != rule.family) return add_opaque(rule, opaque_entry, negated, o.span);
      values = addresses_of(*masked);
      if (values.empty()) return add_opaque(rule, opaque_entry, negated, o.span);
      break;
    }
    case OfTuple::port: {
      auto range = port_range(o.values[0], ':');
      if (!range || range->lo > range->hi) return add_opaque(rule, opaque_entry, negated, o.span);
      values = IntervalSet::range(range->lo, range->hi);
      break;
    }
    case OfTuple::protocol: {
      auto number = protocol_number(o.values[0]);
      if (!number || *number == 0) return test_protocol(rule, o);
      values = IntervalSet::of(*number);
      break;
    }
    case OfTuple::direction:
      break;
  }
  rule.bounded(tracking_entry);
  std::vector<Test> tests;
  auto when = [&](const IntervalSet& states, std::vector<FieldTest> fields, bool open) {
    fields.insert(fields.begin(), FieldTest{Field::state, states});
    AllOf all{std::move(fields), {}, {}};
    if (open) all.opaque.push_back(opaque_entry);
    tests.push_back(std::move(all));
  };
  IntervalSet here = fresh;  // where `values` tell
  if (tuple.kind == OfTuple::protocol)
    here.add(static_cast<unsigned>(State::established), static_cast<unsigned>(State::established));
  if (tuple.kind == OfTuple::direction) {
    if (begins("ORIGINAL", o.values[0])) when(here, {}, false);  // as a new connection's packets are
  } else if (tuple.kind == OfTuple::port) {
    when(here, {{Field::protocol, with_ports}, {tuple.field, values}}, false);
    when(here, {{Field::protocol, with_ports.complement(255)}}, true);
  } else {
    when(here, {{tuple.field, values}}, false);
  }
  // What an ICMP error is about has a protocol of its own.
  when(tuple.kind == OfTuple::protocol ? state_numbers(State::related, State::related) : known, {}, true);
  if (with_state && !negated) tests.push_back(FieldTest{Field::state, untracked});
  if (!with_state && negated) rule.add(FieldTest{Field::state, state_numbers(State::new_, State::related)}, false, o.span);
  rule.add(std::move(tests), negated, o.span);
}

// ---- addresses --------------------------------------------------------------------------------------------------

void test_range(RuleInProgress& rule, const Option& o, Field field) {
  std::string_view text = o.values[0];
  std::size_t dash = text.find('-');
  auto from = parse_address(text.substr(0, dash));
  auto to = dash == text.npos ? from : parse_address(text.substr(dash + 1));
  if (!from || !to || from->family != rule.family || to->family != rule.family)
    return add_damaged(rule, o, quoted(text) + " is no range of addresses");
  // iptables warns that a range that runs backwards never matches, and loads it.
  if (to->value < from->value) {
    if (!o.negated) rule.never(o.span);
    return;
  }
  rule.add(FieldTest{field, IntervalSet::range(from->value, to->value)}, o.negated, o.span);
}
void test_source_range(RuleInProgress& rule, const Option& o) { test_range(rule, o, Field::source); }
void test_destination_range(RuleInProgress& rule, const Option& o) { test_range(rule, o, Field::destination); }

// Whether an address of the machine's own is of a type, or of every type of a list as in IPv6. Nothing for a list with LOCAL and
// one that a route decides.
std::optional<bool> of_own_addresses(std::string_view types, Family family) {
  if (types == "LOCAL") return true;
  if (family == Family::ipv4) return false;
  if (types == "LOCAL,UNICAST" || types == "UNICAST,LOCAL") return true;
  return types.find("LOCAL") == types.npos ? std::optional(false) : std::nullopt;
}

// Types that no host's address has; it may stand first of a list.
bool is_of_no_host(std::string_view types) { return types.starts_with("BROADCAST") || types.starts_with("MULTICAST"); }

// What inet_addr_type answers whatever the addresses and routes of a machine are: 224.0.0.0/4 is MULTICAST, 0.0.0.0 and
// 255.255.255.255 are BROADCAST, and 127.0.0.0/8 but for its ends is LOCAL. (The rest of 0.0.0.0/8 is BROADCAST before Linux 5.3
// only.) IPv6 demands every type of a list, and asks the address itself what is MULTICAST or UNICAST (xt_addrtype.c).
void test_type(RuleInProgress& rule, const Option& o, Field field) {
  constexpr std::string_view names[] = {"UNSPEC",    "UNICAST",     "LOCAL",    "BROADCAST", "ANYCAST", "MULTICAST",
                                        "BLACKHOLE", "UNREACHABLE", "PROHIBIT", "THROW",     "NAT",     "XRESOLVE"};
  std::vector<std::string_view> types;  // others make the rule refused
  each(o.values[0], ',', [&](std::string_view part) {
    auto it = std::find_if(std::begin(names), std::end(names), [&](std::string_view name) { return begins(name, part); });
    if (it != std::end(names)) types.push_back(*it);
  });
  bool four = rule.family == Family::ipv4;
  IntervalSet multicast =
      four ? IntervalSet::range(0xe0000000u, 0xefffffffu) : IntervalSet::range(u128{0xff} << 120, address_max(Family::ipv6));
  const IntervalSet broadcast{{0, 0}, {0xffffffffu, 0xffffffffu}}, loopback{{0x7f000001u, 0x7ffffffeu}};
  auto of_type = [&](const std::string& type) {
    std::string reason =
        type == "LOCAL" ? "depends on the firewall's own addresses" : "depends on the firewall's addresses and routes";
    rule.bounded(reason);
    // Outside filter it may be asked before and after a translation, so of two addresses.
    bool of_two = field == Field::destination && rule.table != "filter";
    OpaqueTest test = opaque("-m addrtype --" + std::string(o.name) + ' ' + type, reason, of_two, Cause::address_type);
    if (auto holds = of_own_addresses(type, rule.family)) test.about.of_own = field, test.about.own_holds = *holds;
    if (field == Field::source && is_of_no_host(type)) test.about.as_sent = false;
    return test;
  };
  std::vector<Test> tests;
  IntervalSet known, other;  // by the address alone: of a type of the list, of no type of it
  if (four) {
    auto has = [&](std::string_view type) { return std::find(types.begin(), types.end(), type) != types.end(); };
    for (std::string_view type : types)
      if (type != "MULTICAST") tests.push_back(of_type(std::string(type)));
    (has("MULTICAST") ? known : other).add(multicast);
    (has("BROADCAST") ? known : other).add(broadcast);
    (has("LOCAL") ? known : other).add(loopback);
  } else if (types.size() == 1 && types[0] == "MULTICAST") {
    known = multicast;
  } else if (types.size() == 1 && types[0] == "UNICAST") {
    known = IntervalSet::range(1, (u128{0xff} << 120) - 1);
  } else {
    std::string list;
    for (std::string_view type : types) list += (list.empty() ? "" : ",") + std::string(type);
    tests.push_back(of_type(list));
  }
  if (!known.empty()) tests.insert(tests.begin(), FieldTest{field, known});
  bool decided_alone = std::all_of(tests.begin(), tests.end(), [](const Test& t) { return std::holds_alternative<FieldTest>(t); });
  rule.add(std::move(tests), o.negated, o.span);
  if (!o.negated && !decided_alone && !other.empty()) rule.add(FieldTest{field, std::move(other)}, true, o.span);
}
void test_source_type(RuleInProgress& rule, const Option& o) { test_type(rule, o, Field::source); }
void test_destination_type(RuleInProgress& rule, const Option& o) { test_type(rule, o, Field::destination); }

// Six bytes in hexadecimal (ether_aton).
bool is_mac_address(std::string_view text) {
  int bytes = 0;
  bool all = true;
  each(text, ':', [&](std::string_view byte) {
    ++bytes;
    all = all && (byte.size() == 1 || byte.size() == 2) && byte.find_first_not_of("0123456789abcdef") == byte.npos;
  });
  return all && bytes == 6;
}

void test_mac(RuleInProgress& rule, const Option& o) {
  std::string address(o.values[0]);
  for (char& c : address)
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
  // Two that were blacked out look alike and need not be.
  add_opaque(
      rule,
      opaque("-m mac --mac-source " + address, "depends on the sender's MAC address", !is_mac_address(address), Cause::sender),
      o.negated, o.span);
}

// ---- marks ------------------------------------------------------------------------------------------------------

// What the mark is depends on rules that set it, which only the whole ruleset shows: parsers/model/marks.h.
void test_mark(RuleInProgress& rule, const Option& o, std::string_view module, bool connection) {
  auto bits = masked_number(o.values[0]);
  if (!bits) return add_damaged(rule, o, "mark " + quoted(o.values[0]) + " is no number");
  std::string reason = connection ? "depends on the connection's mark" : "depends on the packet's mark";
  rule.bounded(reason);
  OpaqueTest test = opaque("-m " + std::string(module) + " --mark " + std::string(o.values[0]), reason, false, Cause::mark);
  test.mark = MarkBits{connection, bits->value, bits->mask};
  rule.add(std::move(test), o.negated, o.span);
}
void test_packet_mark(RuleInProgress& rule, const Option& o) { test_mark(rule, o, "mark", false); }
// Without a connection it never holds, negated or not (xt_connmark.c: connmark_mt).
void test_connection_mark(RuleInProgress& rule, const Option& o) {
  rule.add(FieldTest{Field::state, IntervalSet::range(0, 2)}, false, o.span);
  test_mark(rule, o, "connmark", true);
}

constexpr OptionMeaning port_options[] = {{"sport", test_sport}, {"dport", test_dport}};
constexpr OptionMeaning udp_options[] = {{"sport", test_udp_sport}, {"dport", test_udp_dport}};
constexpr OptionMeaning tcp_options[] = {
    {"sport", test_sport}, {"dport", test_dport}, {"tcp-flags", test_flags}, {"syn", test_syn}};
constexpr OptionMeaning multiport_options[] = {{"sports", test_sports}, {"dports", test_dports}, {"ports", test_either_port}};
constexpr OptionMeaning icmp_options[] = {{"icmp-type", test_icmp}};
constexpr OptionMeaning icmp6_options[] = {{"icmpv6-type", test_icmp6}};
constexpr OptionMeaning state_options[] = {{"state", test_state}};
constexpr OptionMeaning iprange_options[] = {{"src-range", test_source_range}, {"dst-range", test_destination_range}};
constexpr OptionMeaning addrtype_options[] = {{"src-type", test_source_type}, {"dst-type", test_destination_type}};
constexpr OptionMeaning mac_options[] = {{"mac-source", test_mac}};

constexpr OptionMeaning mark_options[] = {{"mark", test_packet_mark}};
constexpr OptionMeaning connmark_options[] = {{"mark", test_connection_mark}};

constexpr std::string_view multiport_text = "!sports|!source-ports= !dports|!destination-ports= !ports=";
constexpr std::string_view multiport_needs = "sports|dports|ports sports^dports^ports %tcp|%udp|%udplite|%sctp|%dccp";
constexpr std::string_view icmp6_needs = "icmpv6-type %ipv6-icmp #ipv6";

// ---- what more is refused than a need can say -----------------------------------------------------------------------

const Option* find_option(const MatchUse& use, std::string_view name) {
  auto it = std::find_if(use.options.begin(), use.options.end(), [&](const Option& o) { return o.name == name; });
  return it == use.options.end() ? nullptr : &*it;
}

void check_statistic(RuleInProgress& rule, const MatchUse& use) {
  const Option *every = find_option(use, "every"), *packet = find_option(use, "packet");
  if (!every || !packet) return;
  auto n = parse_c_number(every->values[0], ~0u), at = parse_c_number(packet->values[0], ~0u);
  if (n && at && *at >= *n) rule.refuse("-m statistic takes --packet only below --every");
}

void check_owner(RuleInProgress& rule, const MatchUse& use) {
  const Option *groups = find_option(use, "suppl-groups"), *group = find_option(use, "gid-owner");
  if (groups && (!group || group > groups)) rule.refuse("-m owner takes --suppl-groups only after --gid-owner");
}

// Frames that are not bridged have no port to leave by yet where the machine sends them (xt_physdev.c).
void check_physdev(RuleInProgress& rule, const MatchUse& use) {
  const Option* bridged = find_option(use, "physdev-is-bridged");
  if ((find_option(use, "physdev-out") || find_option(use, "physdev-is-out")) && (!bridged || bridged->negated))
    rule.limit_hooks(31u & ~(1u << static_cast<unsigned>(Hook::output)), "-m physdev takes no port to leave by in OUTPUT");
}

// Elements stand between --next; with --strict none may be empty, and only tunnels have ends (xt_policy.c).
void check_policy(RuleInProgress& rule, const MatchUse& use) {
  const Option *strict = find_option(use, "strict"), *pol = find_option(use, "pol");
  int given = 0, elements = 1;
  bool tunnel = false, ends = false;
  std::vector<std::string_view> names;
  auto close = [&] {
    if (strict && given == 0) rule.refuse("-m policy takes no empty element with --strict");
    if (ends && !tunnel) rule.refuse("-m policy takes the ends of a tunnel only with --mode tunnel");
    given = 0, tunnel = ends = false;
    names.clear();
  };
  for (const Option& o : use.options) {
    if (o.name == "next") {
      close();
      if (++elements > 4) rule.refuse("-m policy takes four elements at most");
    } else if (o.name != "dir" && o.name != "pol" && o.name != "strict") {
      if (std::find(names.begin(), names.end(), o.name) != names.end())
        rule.refuse("-m policy takes --" + std::string(o.name) + " once in an element");
      names.push_back(o.name);
      ++given;
      tunnel = tunnel || (o.name == "mode" && o.count > 0 && o.values[0] == "tunnel");
      ends = ends || o.name.starts_with("tunnel-");
    }
  }
  if (strict && pol && pol->count > 0 && pol->values[0] == "none") rule.refuse("-m policy takes no --strict with --pol none");
  close();
}

// ---- sets ---------------------------------------------------------------------------------------------------------

// Which set and which sides of the packet; its counters are not given with it. What updates counters decides nothing.
void test_set(RuleInProgress& rule, const MatchUse& use) {
  const Option* match = find_option(use, "match-set");
  if (!match) return;
  std::string predicate = "-m set --match-set " + std::string(match->values[0]) + ' ' + std::string(match->values[1]);
  OpaqueTest test = opaque("", std::string(set_not_given), false, Cause::set);
  bool counters = false;
  for (const Option& o : use.options) {
    bool counts = o.name.starts_with("packets-") || o.name.starts_with("bytes-");
    if (counts || o.name == "return-nomatch") append_option(predicate, o, true);
    counters = counters || counts;
    test.set_exceptions = test.set_exceptions || o.name == "return-nomatch";
  }
  test.predicate = std::move(predicate);
  if (counters) {
    test.reason = "depends on the counters of an ipset";
  } else {
    test.set = match->values[0];
    each(match->values[1], ',', [&](std::string_view side) { test.set_sides.push_back(side.starts_with("src")); });
  }
  rule.bounded(test.reason);
  rule.add(std::move(test), match->negated, use.span);
}

// ---- connections ----------------------------------------------------------------------------------------------------

void test_conntrack(RuleInProgress& rule, const MatchUse& use) {
  bool with_state = find_option(use, "ctstate") != nullptr;
  for (const Option& o : use.options) {
    if (o.name == "ctstate") {
      test_ctstate(rule, o);
    } else if (auto tuple = of_tuple(o.name)) {
      test_tuple(rule, o, *tuple, with_state);
    } else {
      std::string predicate = "-m conntrack";
      append_option(predicate, o, false);
      add_opaque(rule, opaque(std::move(predicate), std::string(tracking_entry), false, Cause::connection), o.negated, o.span);
    }
  }
}

// ---- the modules ------------------------------------------------------------------------------------------------

constexpr bool stateful = true, bare = true;
using M = MatchModule;

constexpr MatchModule modules[] = {
    {"tcp", Cause::packet_content, "!sport|!source-port= !dport|!destination-port= !tcp-flags== !syn !tcp-option=1..255",
     "%tcp syn^tcp-flags", "depends on the packet's TCP options", M::split, false, false, tcp_options, 6},
    {"udp", Cause::other, "!sport|!source-port= !dport|!destination-port=", "%udp", "", M::split, false, false, udp_options, 17},
    {"udplite", Cause::other, "!sport|!source-port= !dport|!destination-port=", "%udplite", "", M::split, false, false, udp_options,
     136},
    {"sctp", Cause::packet_content, "!sport|!source-port= !dport|!destination-port= !chunk-types=(any,all,only)=", "%sctp",
     "depends on the packet's SCTP chunks", M::split, false, false, port_options, 132},
    {"dccp", Cause::packet_content,
     "!sport|!source-port= !dport|!destination-port= "
     "!dccp-types=(REQUEST,RESPONSE,DATA,ACK,DATAACK,CLOSEREQ,CLOSE,RESET,SYNC,SYNCACK,INVALID)+~ "
     "!dccp-option=1..255",
     "%dccp", "depends on the packet's DCCP header", M::split, false, false, port_options, 33},
    {"multiport", Cause::other, multiport_text, multiport_needs, "", M::split, false, false, multiport_options},
    {"mport", Cause::other, multiport_text, multiport_needs, "", M::split, false, false, multiport_options},
    {"icmp", Cause::other, "!icmp-type=", "icmp-type %icmp #ipv4", "", M::split, false, false, icmp_options, 1},
    {"icmp6", Cause::other, "!icmpv6-type=", icmp6_needs, "", M::split, false, false, icmp6_options, 58},
    {"icmpv6", Cause::other, "!icmpv6-type=", icmp6_needs, "", M::split, false, false, icmp6_options, 58},
    {"ipv6-icmp", Cause::other, "!icmpv6-type=", icmp6_needs, "", M::split, false, false, icmp6_options, 58},
    {"state", Cause::connection, "!state=", "state", "", M::split, false, false, state_options},
    {"conntrack",
     Cause::connection,
     "!ctstate= !ctproto=some-protocol !ctorigsrc=network !ctorigdst=network !ctreplsrc=network !ctrepldst=network "
     "!ctorigsrcport=ports !ctorigdstport=ports !ctreplsrcport=ports !ctrepldstport=ports "
     "!ctstatus=(NONE,EXPECTED,SEEN_REPLY,ASSURED,CONFIRMED)+~ !ctexpire=u32: ctdir=(ORIGINAL,REPLY)~",
     "ctstate|ctproto|ctorigsrc|ctorigdst|ctreplsrc|ctrepldst|ctorigsrcport|ctorigdstport|ctreplsrcport|ctrepldstport|"
     "ctstatus|ctexpire|ctdir",
     tracking_entry,
     M::split,
     false,
     false,
     {},
     0,
     nullptr,
     test_conntrack},
    {"iprange", Cause::other, "!src-range= !dst-range=", "src-range|dst-range", "", M::split, false, false, iprange_options},
    {"addrtype", Cause::address_type, "!src-type=address-types !dst-type=address-types limit-iface-in limit-iface-out",
     "src-type|dst-type limit-iface-in^limit-iface-out limit-iface-in>PREROUTING|INPUT|FORWARD "
     "limit-iface-out>FORWARD|OUTPUT|POSTROUTING",
     "depends on the firewall's addresses and routes", M::whole, false, false, addrtype_options},
    {"mac", Cause::sender, "!mac-source=mac", "mac-source PREROUTING|INPUT|FORWARD", "", M::split, false, false, mac_options},
    {"comment", Cause::other, "comment=", "comment", "", M::empty},
    {"standard", Cause::other, "", "", "", M::empty},

    {"limit", Cause::rate, "limit=rate limit-burst=0..10000", "", "depends on the rate of packets", M::inverted, stateful, bare},
    {"hashlimit", Cause::rate,
     "!hashlimit-upto|!hashlimit=hash-rate !hashlimit-above=hash-rate hashlimit-burst=hash-burst "
     "hashlimit-mode=(srcip,srcport,dstip,dstport)+ hashlimit-srcmask=prefix-length hashlimit-dstmask=prefix-length "
     "hashlimit-name= hashlimit-htable-size=u32 hashlimit-htable-max=u32 hashlimit-htable-expire=u32 "
     "hashlimit-htable-gcinterval=u32 hashlimit-rate-match hashlimit-rate-interval=",
     "hashlimit-upto|hashlimit-above hashlimit-upto^hashlimit-above hashlimit-name", "depends on the rate of packets", M::inverted,
     stateful, bare},
    {"dstlimit", Cause::rate,
     "!dstlimit= dstlimit-mode= dstlimit-name= dstlimit-burst= dstlimit-htable-size= dstlimit-htable-max= "
     "dstlimit-htable-gcinterval= dstlimit-htable-expire=",
     "", "depends on the rate of packets", M::inverted, stateful, bare},
    {"fuzzy", Cause::rate, "!lower-limit= !upper-limit=", "", "depends on the rate of packets", M::inverted, stateful, bare},
    {"rateest", Cause::traffic,
     "rateest-delta !rateest-lt !rateest-gt !rateest-eq rateest= rateest1= rateest2= rateest-bps=? rateest-pps=? "
     "rateest-bps1=? rateest-bps2=? rateest-pps1=? rateest-pps2=?",
     "rateest|rateest1|rateest2 rateest-lt|rateest-gt|rateest-eq rateest-lt^rateest-gt^rateest-eq",
     "depends on the rate of packets", M::inverted, stateful, bare},
    {"recent", Cause::source_list,
     "name= !set rsource rdest mask=address !rcheck !update !remove seconds=1..4294967295 hitcount=u16 rttl reap",
     "set|rcheck|update|remove set^rcheck^update^remove rttl^set rttl^remove reap>seconds",
     "depends on which addresses were seen before", M::inverted, stateful, bare},
    {"connlimit", Cause::rate, "!connlimit-upto=u32 !connlimit-above=u32 connlimit-mask=mask connlimit-saddr connlimit-daddr",
     "connlimit-upto|connlimit-above connlimit-upto^connlimit-above connlimit-saddr^connlimit-daddr",
     "depends on the number of open connections", M::inverted, stateful, bare},
    {"quota", Cause::traffic, "!quota=u64", "quota", "depends on how many bytes have passed", M::inverted, stateful, bare},
    {"quota2", Cause::traffic, "!quota=u64 name= grow no-change packets", "", "depends on how many bytes have passed", M::inverted,
     stateful, bare},
    {"nfacct", Cause::traffic, "nfacct-name=", "nfacct-name", "depends on an accounting object that is not given", M::inverted,
     stateful, bare},
    {"connbytes", Cause::traffic, "!connbytes=u64: connbytes-dir=(original,reply,both) connbytes-mode=(packets,bytes,avgpkt)",
     "connbytes connbytes-dir connbytes-mode", "depends on how much the connection has transferred", M::inverted, stateful, bare},
    {"statistic",
     Cause::chance,
     "mode=(random,nth) !probability=fraction !every=1..4294967295 packet=u32",
     "mode mode:random>probability mode:nth>every every>packet packet>every probability^every probability^packet",
     "depends on chance or on counting packets",
     M::inverted,
     stateful,
     bare,
     {},
     0,
     check_statistic},
    {"random", Cause::chance, "!average=", "", "depends on chance", M::inverted, stateful, bare},
    {"nth", Cause::chance, "!every= counter= start= packet=", "", "depends on counting packets", M::inverted, stateful, bare},
    {"psd", Cause::source_list, "psd-weight-threshold= psd-delay-threshold= psd-lo-ports-weight= psd-hi-ports-weight=", "",
     "depends on whether the sender scans ports", M::inverted, stateful, bare},
    {"lscan", Cause::source_list, "!stealth !synscan !cnscan !grscan !mirai", "", "depends on whether the sender scans ports",
     M::whole, stateful, bare},
    {"pknock", Cause::source_list, "knockports= time= t= name= opensecret= closesecret= strict checkip chkip autoclose=", "",
     "depends on port knocking", M::inverted, stateful, bare},
    {"condition", Cause::other, "!condition=", "condition", "depends on a switch that is set at run time", M::inverted, stateful,
     bare},

    {"time", Cause::time,
     "datestart=date datestop=date timestart=time timestop=time !monthdays=month-days !weekdays=week-days "
     "!days=week-days contiguous kerneltz utc localtz",
     "utc^localtz utc^kerneltz", "depends on the time of day or the date"},
    {"set",
     Cause::set,
     "!match-set|!set=set-name=set-sides return-nomatch* !update-counters* !update-subcounters* !packets-eq=u64 "
     "packets-lt=u64 packets-gt=u64 !bytes-eq=u64 bytes-lt=u64 bytes-gt=u64",
     "match-set packets-eq^packets-lt^packets-gt bytes-eq^bytes-lt^bytes-gt",
     set_not_given,
     M::whole,
     false,
     false,
     {},
     0,
     nullptr,
     test_set},
    {"mark", Cause::mark, "!mark=u32/", "mark", "", M::split, false, false, mark_options},
    {"connmark", Cause::mark, "!mark=u32/", "mark", "", M::split, false, false, connmark_options},
    {"connlabel", Cause::connection, "!label=label set", "label", "depends on the connection's label", M::inverted, stateful},
    {"helper", Cause::helper, "!helper=", "helper", "depends on the helper that tracks the connection", M::inverted},
    {"policy",
     Cause::protection,
     "dir=(in,out) pol=(none,ipsec) strict !reqid*=u32 !spi*=u32 !proto*=ipsec-protocol !mode*=(tunnel,transport) "
     "!tunnel-src*=network !tunnel-dst*=network next*",
     "dir next>strict dir:in>PREROUTING|INPUT|FORWARD dir:out>FORWARD|OUTPUT|POSTROUTING",
     "depends on whether IPsec protects the packet",
     M::whole,
     false,
     false,
     {},
     0,
     check_policy},
    {"owner",
     Cause::process,
     "!uid-owner= !gid-owner= suppl-groups !socket-exists !pid-owner=u32 !sid-owner=u32 !cmd-owner=",
     "uid-owner|gid-owner|socket-exists|pid-owner|sid-owner|cmd-owner OUTPUT|POSTROUTING",
     "depends on the process that sent the packet",
     M::whole,
     false,
     false,
     {},
     0,
     check_owner},
    {"socket", Cause::process, "transparent nowildcard restore-skmark", "PREROUTING|INPUT",
     "depends on the sockets open on the firewall", M::whole, stateful, bare},
    {"cgroup", Cause::process, "!cgroup=u32 !path=", "cgroup|path cgroup^path INPUT|OUTPUT|POSTROUTING",
     "depends on the process the packet belongs to", M::inverted},
    {"cpu", Cause::chance, "!cpu=u32", "cpu", "depends on the processor that handles the packet", M::inverted, stateful},
    {"cluster", Cause::chance,
     "cluster-total-nodes=1..32 !cluster-local-node=1..32 !cluster-local-nodemask=u32 cluster-hash-seed=u32",
     "cluster-total-nodes cluster-hash-seed cluster-local-node|cluster-local-nodemask "
     "cluster-local-node^cluster-local-nodemask",
     "depends on the node's share of a cluster", M::inverted},
    {"devgroup", Cause::route,
     "!src-group= !dst-group=", "src-group|dst-group src-group>PREROUTING|INPUT|FORWARD dst-group>FORWARD|OUTPUT|POSTROUTING",
     "depends on the interface's group", M::split},
    {"physdev",
     Cause::bridge_port,
     "!physdev-in=some-interface !physdev-out=some-interface !physdev-is-in !physdev-is-out !physdev-is-bridged",
     "physdev-in|physdev-out|physdev-is-in|physdev-is-out|physdev-is-bridged",
     "depends on the port of a bridge",
     M::split,
     false,
     false,
     {},
     0,
     check_physdev},
    {"pkttype", Cause::packet_content, "!pkt-type=(unicast,broadcast,multicast,otherhost,bcast,mcast,host)~", "pkt-type",
     "depends on how the frame was addressed", M::inverted},
    {"rpfilter", Cause::route, "loose validmark accept-local invert", "PREROUTING @raw|@mangle",
     "depends on the route back to the sender", M::inverted, false, bare},
    {"realm", Cause::route, "!realm=", "realm #ipv4 INPUT|FORWARD|OUTPUT|POSTROUTING", "depends on the route's realm", M::inverted},
    {"ipvs", Cause::route,
     "!ipvs !vproto=protocol !vaddr=network !vport=port vdir=(ORIGINAL,REPLY)~ !vmethod=(GATE,IPIP,MASQ)~ "
     "!vportctl=port",
     "ipvs|vproto|vaddr|vport|vdir|vmethod|vportctl", "depends on the load balancer", M::whole, stateful, bare},
    {"geoip", Cause::sender, "!src-cc|!source-country= !dst-cc|!destination-country=", "src-cc|dst-cc",
     "depends on the country of an address", M::split},
    {"asn", Cause::sender, "!src-asn|!source-number= !dst-asn|!destination-number=", "", "depends on the network of an address",
     M::split},
    {"iface", Cause::route,
     "iface= dev-in dev-out !up !down !broadcast !loopback !pointopoint !pointtopoint !running !noarp !arp !promisc "
     "!multicast !dynamic !lower-up !dormant",
     "", "depends on the state of an interface"},

    {"string", Cause::packet_content, "algo=(bm,kmp,fsm) from=u16 to=u16 !string=pattern !hex-string=hex-pattern icase",
     "algo string|hex-string string^hex-string", "depends on the packet's contents", M::inverted},
    {"u32", Cause::packet_content, "!u32=", "u32", "depends on the packet's bytes", M::inverted},
    {"bpf", Cause::packet_content, "bytecode= object-pinned=", "bytecode|object-pinned", "depends on a BPF program", M::inverted},
    {"layer7", Cause::packet_content, "!l7proto= l7dir= l7pkts=", "", "depends on the packet's contents", M::inverted, stateful,
     bare},
    {"ipp2p", Cause::packet_content,
     "edk dc kazaa gnu bit apple winmx soul ares mute waste xdcc ipp2p edk-data dc-data kazaa-data gnu-data debug", "",
     "depends on the packet's contents", M::inverted, false, bare},
    {"osf", Cause::sender, "!genre= ttl=0..2 log=0..2", "genre %tcp PREROUTING|INPUT|FORWARD",
     "depends on the sender's operating system", M::inverted},
    {"length", Cause::packet_content, "!length=u16:", "length", "depends on the packet's length", M::inverted},
    {"length2", Cause::packet_content, "!length= layer3 layer4 layer5 layer7", "", "depends on the packet's length", M::inverted},
    {"tcpmss", Cause::packet_content, "!mss=u16:", "mss %tcp", "depends on the packet's TCP options", M::inverted},
    {"ttl", Cause::packet_content, "!ttl-eq|ttl=u8 ttl-gt=u8 ttl-lt=u8", "ttl-eq|ttl-gt|ttl-lt ttl-eq^ttl-gt^ttl-lt #ipv4",
     "depends on the packet's time to live", M::inverted},
    {"hl", Cause::packet_content, "!hl-eq|hl=u8 hl-gt=u8 hl-lt=u8", "hl-eq|hl-gt|hl-lt hl-eq^hl-gt^hl-lt #ipv6",
     "depends on the packet's hop limit", M::inverted},
    {"tos", Cause::packet_content, "!tos=tos", "tos", "depends on the packet's type of service", M::inverted},
    {"dscp", Cause::packet_content, "!dscp=0..63 !dscp-class=dscp-class", "dscp|dscp-class dscp^dscp-class",
     "depends on the packet's DSCP", M::inverted},
    {"ecn", Cause::packet_content, "!ecn-tcp-cwr !ecn-tcp-ece !ecn-ip-ect=0..3",
     "ecn-tcp-cwr|ecn-tcp-ece|ecn-ip-ect ecn-tcp-cwr>%tcp ecn-tcp-ece>%tcp", "depends on the packet's congestion bits", M::split},
    {"ipv4options", Cause::packet_content, "flags= any !ssrr !lsrr !no-srr !rr !ts !ra !any-opt", "#ipv4",
     "depends on the packet's IP options"},
    {"unclean", Cause::packet_content, "", "", "depends on the packet's well-formedness", M::whole, false, bare},
    {"ah",
     Cause::packet_content,
     "!ahspi=u32: !ahlen=u32 ahres",
     "#ipv4>%ah",
     "depends on the packet's IPsec header",
     M::split,
     false,
     false,
     {},
     51},
    {"esp", Cause::packet_content, "!espspi=u32:", "%esp", "depends on the packet's IPsec header", M::split, false, false, {}, 50},
    {"ipcomp",
     Cause::packet_content,
     "!ipcompspi=u32: compres",
     "%ipcomp",
     "depends on the packet's IPsec header",
     M::split,
     false,
     false,
     {},
     108},

    {"frag", Cause::packet_content, "!fragid=u32: !fraglen=u32 fragres fragfirst fragmore fraglast", "fragmore^fraglast #ipv6",
     "depends on an IPv6 fragment header", M::whole, false, bare},
    {"hbh", Cause::packet_content, "!hbh-len=u32 hbh-opts= hbh-not-strict", "#ipv6", "depends on an IPv6 hop-by-hop header",
     M::whole, false, bare},
    {"dst", Cause::packet_content, "!dst-len=u32 dst-opts= dst-not-strict", "#ipv6", "depends on an IPv6 destination header",
     M::whole, false, bare},
    {"rt", Cause::packet_content, "!rt-type=u32 !rt-segsleft=u32: !rt-len=u32 rt-0-res rt-0-addrs= rt-0-not-strict", "#ipv6",
     "depends on an IPv6 routing header", M::whole, false, bare},
    {"srh", Cause::packet_content,
     "!srh-next-hdr=u8 !srh-hdr-len-eq=u8 !srh-hdr-len-gt=u8 !srh-hdr-len-lt=u8 !srh-segs-left-eq=u8 "
     "!srh-segs-left-gt=u8 !srh-segs-left-lt=u8 !srh-last-entry-eq=u8 !srh-last-entry-gt=u8 !srh-last-entry-lt=u8 "
     "!srh-tag=u16 !srh-psid=network !srh-nsid=network !srh-lsid=network",
     "#ipv6", "depends on an IPv6 segment routing header", M::whole, false, bare},
    {"ipv6header", Cause::packet_content, "!header=ipv6-headers soft", "header #ipv6", "depends on the packet's IPv6 headers",
     M::inverted, false, bare},
    {"mh",
     Cause::packet_content,
     "!mh-type=mobility-type",
     "%mobility-header #ipv6",
     "depends on the packet's mobility header",
     M::split,
     false,
     false,
     {},
     135},
    {"eui64", Cause::sender, "", "#ipv6 PREROUTING|INPUT|FORWARD", "depends on the sender's MAC address", M::whole, false, bare},
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
  return use.module->name == "recent" && has(use, "set") && !has(use, "rcheck") && !has(use, "update") && !has(use, "remove");
}

// Whether a packet meets the match, sent by someone who wants to get through: from a host's address, without the option, the text
// or the further header that the match looks for, neither short nor nearly dead, with an ordinary segment size. Nothing where the
// sender has no say.
std::optional<bool> as_sent(std::string_view module, std::span<const Option* const> options) {
  if (options.empty()) return {};
  const Option& first = *options.front();
  const std::string_view value = first.count > 0 ? first.values[0] : std::string_view();
  if (module == "string" || module == "rt" || module == "frag" || module == "hbh" || module == "dst") return false;
  if (module == "addrtype")
    return first.name == "src-type" && !first.negated && is_of_no_host(value) ? std::optional(false) : std::nullopt;
  if (options.size() != 1 || value.empty()) return {};
  if (module == "tcp" && first.name == "tcp-option") return false;
  if (module == "tcpmss" && first.name == "mss") {
    constexpr unsigned ordinary = 1460;  // of Ethernet
    std::size_t colon = value.find(':');
    auto lo = parse_number(value.substr(0, colon)), hi = colon == value.npos ? lo : parse_number(value.substr(colon + 1));
    return lo && hi && *lo <= ordinary && ordinary <= *hi;
  }
  // Below which a packet is caught: a sender's 255 has lost a few dozen on its way, and any network takes 576 bytes.
  std::optional<std::uint64_t> below;
  std::uint64_t most = 128;
  if ((module == "ttl" && first.name == "ttl-lt") || (module == "hl" && first.name == "hl-lt")) below = parse_number(value);
  if (module == "length" && first.name == "length" && (value.starts_with("0:") || value.starts_with(':')))
    below = parse_number(value.substr(value.find(':') + 1)), most = 512;
  return below && *below <= most ? std::optional(false) : std::nullopt;
}

// What the options of one predicate ask, where somebody may know it.
void tell_subject(Subject& about, const MatchModule& m, std::span<const Option* const> options) {
  about.as_sent = as_sent(m.name, options);
  std::string_view pol, direction;
  for (const Option* o : options) {
    const std::string_view value = o->count > 0 ? o->values[0] : std::string_view();
    if (m.cause == Cause::bridge_port) {
      const bool any = o->name == "physdev-is-bridged" || o->name == "physdev-is-in" || o->name == "physdev-is-out";
      if (!any && value.empty()) continue;
      about.side = o->name == "physdev-is-bridged" ? BridgeSide::crosses
                   : o->name.ends_with("-in")      ? BridgeSide::enters
                                                   : BridgeSide::leaves;
      if (!any) about.name = value;
    }
    if (m.cause == Cause::helper) about.name = helper_name(value);
    if (o->name == "dir") direction = value;
    if (o->name == "pol" && pol != "none") pol = value;
  }
  // A packet that IPsec protected is its tunnel's.
  if (m.cause == Cause::protection && direction == "in" && (pol == "none" || pol == "ipsec")) about.unprotected = pol == "none";
}

void add_predicate(RuleInProgress& rule, const MatchUse& use, std::span<const Option* const> options, SourceSpan span) {
  const MatchModule& m = *use.module;
  auto negations = std::count_if(options.begin(), options.end(), [](const Option* o) { return o->negated; });
  bool outside = negations == 1 && (m.kind == M::inverted || options.size() == 1);
  std::string predicate = "-m " + std::string(m.name);
  for (const Option* o : options) append_option(predicate, *o, !outside);
  OpaqueTest test = opaque(std::move(predicate), std::string(m.reason), m.stateful, m.cause);
  tell_subject(test.about, m, options);
  add_opaque(rule, std::move(test), outside, span);
}

void interpret_match(RuleInProgress& rule, const MatchUse& use) {
  if (!use.module) {
    std::string reason = "match module " + std::string(use.name) + " is not known";
    add_opaque(rule,
               opaque("-m " + std::string(use.name) + (use.text.empty() ? "" : " " + use.text), reason, true, Cause::not_read),
               false, use.span);
    return;
  }
  const MatchModule& m = *use.module;
  if (m.kind == M::empty) return;
  if (m.name == "recent") rule.rule.watches_senders = true;
  if (m.cause == Cause::rate || m.name == "recent" || m.name == "quota" || m.name == "statistic" || m.name == "nfacct" ||
      m.name == "set")
    rule.rule.counts = true;
  if (m.means) return m.means(rule, use);
  if (only_remembers(use)) {
    if (std::any_of(use.options.begin(), use.options.end(), [](const Option& o) { return o.negated; })) rule.never(use.span);
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

void interpret_matches(const Command& command, RuleInProgress& rule) {
  check_options(rule, command, "iptables", command.options, "");
  for (const Option& o : command.options) meaning_of(own_options, o.name)(rule, o);
  for (const MatchUse& use : command.matches) {
    if (use.module) {
      const MatchModule& m = *use.module;
      check_options(rule, command, "-m " + std::string(m.name), use.options, m.needs);
      if (m.check) m.check(rule, use);
      // What was meant; in IPv6 AH is a header before another.
      if (m.protocol && !has_protocol(command, m.protocol) && !(rule.family == Family::ipv6 && m.protocol == 51))
        rule.add(FieldTest{Field::protocol, IntervalSet::of(m.protocol)}, false, use.span);
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
