// A table of targets with the action each amounts to; only translations have functions of their own.
#include "parsers/iptables/targets.h"

#include <algorithm>

#include "parsers/iptables/names.h"

namespace ipo::iptables {

struct TargetKind {
  std::string_view name;
  std::string_view options;  // see iptables_options.h
  std::string_view needs;    // see there
  ActionKind action;
  std::string_view reason;   // not empty: the outcome is bounded, and why
  std::string_view changes;  // see changed_matches
  void (*apply)(RuleInProgress&, const Command&, const TargetUse&) = nullptr;
};

namespace {

// "5060", "sip", "5060-5070": names have no ranges here.
bool read_ports(std::string_view text, IntervalSet& ports) {
  if (auto one = port_number(text)) return ports.add(*one, *one), true;
  std::size_t dash = text.find('-');
  auto lo = parse_c_number(text.substr(0, dash), 65535);
  auto hi = dash == text.npos ? std::nullopt : parse_c_number(text.substr(dash + 1), 65535);
  if (!lo || !hi || *lo > *hi) return false;
  return ports.add(*lo, *hi), true;
}

// What may be written into a packet: "192.0.2.1-192.0.2.9:5060-5070/5060", "[2001:db8::1]:69", ":69".
bool read_endpoint(std::string_view text, Family family, Translation& to) {
  std::string_view addresses = text, ports;
  if (text.starts_with('[')) {
    std::size_t close = text.find(']');
    if (close == text.npos) return false;
    addresses = text.substr(1, close - 1);
    ports = text.substr(close + 1);
    if (!ports.empty() && !ports.starts_with(':')) return false;
  } else if (std::size_t colon = text.find(':'); colon != text.npos && colon == text.rfind(':')) {
    // A single colon stands before a port, with IPv6 too.
    addresses = text.substr(0, colon);
    ports = text.substr(colon);
  }
  if (!addresses.empty()) {
    std::string_view from = addresses.substr(0, addresses.find('-'));
    auto lo = parse_address(from);
    auto hi = from.size() == addresses.size() ? lo : parse_address(addresses.substr(from.size() + 1));
    if (!lo || !hi || lo->family != family || hi->family != family || hi->value < lo->value) return false;
    to.addresses.add(lo->value, hi->value);
  }
  if (ports.empty()) return !addresses.empty();
  ports.remove_prefix(1);
  // After it: where the range before translation starts; then every port is moved by the same distance.
  if (std::size_t slash = ports.find('/'); slash != ports.npos) {
    auto base = port_number(ports.substr(slash + 1));
    if (base.value_or(0) == 0) return false;
    to.port_base = static_cast<std::uint16_t>(*base);
    to.keeps_port = false;
    ports = ports.substr(0, slash);
  }
  return read_ports(ports, to.ports);
}

void fail(RuleInProgress& rule, const TargetUse& use, std::string reason) {
  rule.not_understood(std::string(use.name) + ": " + reason);
  rule.rule.action.kind = ActionKind::unknown;
}

void need_protocol_of_ports(RuleInProgress& rule, const Command& command, const TargetUse& use) {
  if (rule.rule.action.translation.ports.empty()) return;
  for (unsigned protocol : {6u, 17u, 33u, 132u, 1u})
    if (has_protocol(command, protocol)) return;
  rule.refuse("-j " + std::string(use.name) + " takes ports only for a protocol that has them");
}

void translate(RuleInProgress& rule, const Command& command, const TargetUse& use) {
  Translation& to = rule.rule.action.translation;
  bool given = false;
  for (const Option& o : use.options) {
    if (o.name == "random") to.keeps_port = false;
    if (o.count == 0 || o.name == "nodst") continue;
    given = true;
    if (!read_endpoint(o.values[0], rule.family, to))
      return fail(rule, use, '"' + std::string(o.values[0]) + "\" is no address and port");
  }
  if (!given) fail(rule, use, "without an address");
  need_protocol_of_ports(rule, command, use);
}

void translate_ports(RuleInProgress& rule, const Command& command, const TargetUse& use) {
  Action& action = rule.rule.action;
  action.translation.to_receiving_interface = action.kind == ActionKind::translate_destination;
  for (const Option& o : use.options) {
    if (o.name == "random") action.translation.keeps_port = false;
    if (o.count == 0) continue;
    if (!read_ports(o.values[0], action.translation.ports))
      return fail(rule, use, '"' + std::string(o.values[0]) + "\" is no port or range of ports");
  }
  need_protocol_of_ports(rule, command, use);
}

// NETMAP maps the destination where packets come in and the source where they leave (xt_NETMAP.c). In a user chain it is left
// to TableReader::settle_netmaps.
void map_network(RuleInProgress& rule, const Command&, const TargetUse& use) {
  auto to = use.options.empty() ? std::nullopt : parse_network(use.options[0].values[0]);
  if (!to || to->family != rule.family) return fail(rule, use, "without a network");
  rule.rule.action.translation.netmap = *to;
  if (rule.chain == "POSTROUTING" || rule.chain == "INPUT") rule.rule.action.kind = ActionKind::translate_source;
}

void track(RuleInProgress& rule, const Command&, const TargetUse& use) {
  for (const Option& o : use.options) {
    if (o.name == "notrack")
      rule.rule.action.kind = ActionKind::untrack;
    else if (o.name == "helper")
      rule.rule.action.helper = helper_name(o.values[0]);
  }
}

// --set-xmark clears the mask's bits and flips the value's; the others are short for it (xt_mark.c, libxt_MARK.c).
bool read_mark_option(const Option& o, MarkChange& change) {
  auto given = masked_number(o.values[0]);
  if (!given) return false;
  auto [value, mask] = *given;
  change.value = value;
  if (o.name == "set-xmark") change.clear = mask;
  if (o.name == "set-mark") change.clear = mask | value;
  if (o.name == "and-mark") change.clear = ~value, change.value = 0;
  if (o.name == "or-mark") change.clear = value;
  if (o.name == "xor-mark") change.clear = 0;
  return true;
}

void set_mark(RuleInProgress& rule, const Command&, const TargetUse& use) {
  MarkChange change;
  for (const Option& o : use.options)
    if (!read_mark_option(o, change)) change.known = false;
  rule.rule.action.mark = change;
}

// --save-mark copies the packet's bits into the connection's mark, --restore-mark the other way (xt_connmark.c). Without a
// connection nothing happens.
void set_connection_mark(RuleInProgress& rule, const Command&, const TargetUse& use) {
  MarkChange change;
  change.connection = true;
  std::uint32_t packet_mask = ~0u, connection_mask = ~0u;
  for (const Option& o : use.options) {
    if (o.name == "save-mark" || o.name == "restore-mark") {
      change.copies = true;
      change.connection = o.name == "save-mark";
    } else if (o.name == "nfmask" || o.name == "ctmask" || o.name == "mask") {
      auto mask = parse_c_number(o.values[0], ~0u);
      change.known = change.known && mask;
      if (mask && o.name != "ctmask") packet_mask = *mask;
      if (mask && o.name != "nfmask") connection_mask = *mask;
    } else if (o.name == "left-shift-mark" || o.name == "right-shift-mark") {
      auto bits = parse_c_number(o.values[0], 31);
      change.known = change.known && bits;
      if (bits) change.shift = o.name == "left-shift-mark" ? static_cast<int>(*bits) : -static_cast<int>(*bits);
    } else if (!read_mark_option(o, change)) {
      change.known = false;
    }
  }
  if (change.copies) {
    change.clear = change.connection ? connection_mask : packet_mask;
    change.value = change.connection ? packet_mask : connection_mask;
  } else if (change.shift != 0) {
    change.known = false;
  }
  rule.rule.action.mark = change;
  rule.add(FieldTest{Field::state, IntervalSet::range(0, 2)}, false, use.span);
}

void log(RuleInProgress& rule, const Command&, const TargetUse&) { rule.rule.action.logs = true; }

void set_unknown_mark(RuleInProgress& rule, const Command&, const TargetUse&) {
  rule.rule.action.mark = MarkChange{};
  rule.rule.action.mark->known = false;
}

void change_sets(RuleInProgress& rule, const Command& command, const TargetUse& use) {
  for (const Option& o : use.options) {
    if (o.name == "add-set" || o.name == "del-set")
      rule.rule.action.set_changes.push_back({std::string(o.values[0]), o.name == "add-set"});
    if (o.name == "map-mark") set_unknown_mark(rule, command, use);
  }
}

constexpr std::string_view mark_text = "set-xmark=u32/ set-mark=u32/ and-mark=u32 or-mark=u32 xor-mark=u32";
constexpr std::string_view mark_needs = "set-xmark|set-mark|and-mark|or-mark|xor-mark set-xmark^set-mark^and-mark^or-mark^xor-mark";
constexpr std::string_view connmark_text =
    "set-xmark=u32/ set-mark=u32/ and-mark=u32 or-mark=u32 xor-mark=u32 save-mark restore-mark mask=u32 nfmask=u32 "
    "ctmask=u32 left-shift-mark=0..32 right-shift-mark=0..32";
constexpr std::string_view connmark_needs =
    "set-xmark|set-mark|and-mark|or-mark|xor-mark|save-mark|restore-mark "
    "set-xmark^set-mark^and-mark^or-mark^xor-mark^save-mark^restore-mark mask^nfmask mask^ctmask";
using A = ActionKind;

constexpr TargetKind targets[] = {
    {"ACCEPT", "", "", A::accept, "", ""},
    {"DROP", "", "@filter|@mangle|@raw|@security", A::drop, "", ""},
    {"RETURN", "", "", A::return_, "", ""},
    {"REJECT", "reject-with=reject-type", "@filter INPUT|FORWARD|OUTPUT reject-with:tcp-reset>%tcp", A::reject, "", ""},
    {"TARPIT", "tarpit honeypot reset", "%tcp", A::drop, "", ""},
    {"STEAL", "", "", A::drop, "", ""},
    {"MIRROR", "", "", A::drop, "", ""},
    {"DELUDE", "", "%tcp", A::drop, "", ""},
    {"CHAOS", "delude tarpit", "%tcp", A::drop, "", ""},

    {"QUEUE", "", "", A::unknown, "handed to a program", "mark", set_unknown_mark},
    {"NFQUEUE", "queue-num=u16 queue-balance=balance queue-bypass queue-cpu-fanout",
     "queue-num^queue-balance queue-cpu-fanout>queue-balance", A::unknown, "handed to a program", "mark", set_unknown_mark},
    {"TPROXY", "on-port=port on-ip=address tproxy-mark=u32/", "on-port @mangle PREROUTING %tcp|%udp", A::accept,
     "handed to a socket of the firewall", "mark", set_unknown_mark},
    {"SYNPROXY", "mss=u32 wscale=u32 sack-perm timestamp|timestamps ecn", "%tcp INPUT|FORWARD", A::unknown,
     "answered by the firewall for the server", ""},
    {"CLUSTERIP", "new hashmode= clustermac=mac total-nodes=u16 local-node=u16 hash-init=u32", "#ipv4 hashmode>new clustermac>new",
     A::unknown, "depends on the node's share of a cluster", ""},
    {"DNPT", "src-pfx=translated-prefix dst-pfx=translated-prefix", "src-pfx dst-pfx #ipv6 @mangle PREROUTING|OUTPUT", A::unknown,
     "rewrites addresses outside the nat table", ""},
    {"SNPT", "src-pfx=translated-prefix dst-pfx=translated-prefix", "src-pfx dst-pfx #ipv6 @mangle INPUT|POSTROUTING", A::unknown,
     "rewrites addresses outside the nat table", ""},
    {"RAWDNAT", "to-destination=", "", A::unknown, "rewrites addresses outside the nat table", ""},
    {"RAWSNAT", "to-source=", "", A::unknown, "rewrites addresses outside the nat table", ""},

    {"LOG", "log-level=log-level log-prefix= log-tcp-sequence log-tcp-options log-ip-options log-uid log-macdecode", "", A::proceed,
     "", "", log},
    {"NFLOG", "nflog-group=u16 nflog-prefix= nflog-range=u32 nflog-size=u32 nflog-threshold=u16", "nflog-range^nflog-size",
     A::proceed, "", "", log},
    {"ULOG", "ulog-nlgroup=1..32 ulog-prefix= ulog-cprange=u64 ulog-qthreshold=1..50", "", A::proceed, "", "", log},
    {"LOGMARK", "log-level= log-prefix=", "", A::proceed, "", "", log},
    {"NETFLOW", "", "", A::proceed, "", ""},
    {"ACCOUNT", "addr= tname=", "", A::proceed, "", ""},
    {"AUDIT", "type=(accept,drop,reject)", "type", A::proceed, "", "", log},
    {"TRACE", "", "", A::proceed, "", ""},
    {"LED", "led-trigger-id= led-delay= led-always-blink", "led-trigger-id", A::proceed, "", ""},
    {"IDLETIMER", "timeout=u32 label= alarm", "timeout label", A::proceed, "", ""},
    {"RATEEST", "rateest-name= rateest-interval= rateest-ewmalog=", "rateest-name rateest-interval rateest-ewmalog", A::proceed, "",
     ""},
    {"TEE", "gateway=address oif=interface", "gateway", A::proceed, "", ""},
    {"IMQ", "todev=", "", A::proceed, "", ""},
    {"FLOWOFFLOAD", "hw", "", A::proceed, "", ""},
    {"MARK", mark_text, mark_needs, A::proceed, "", "mark", set_mark},
    {"CONNMARK", connmark_text, connmark_needs, A::proceed, "", "mark connmark", set_connection_mark},
    {"HMARK",
     "hmark-tuple= hmark-mod=1..4294967295 hmark-offset=u32 hmark-src-prefix=mask hmark-dst-prefix=mask "
     "hmark-sport-mask=u16 hmark-dport-mask=u16 hmark-spi-mask=u32 hmark-proto-mask=u16 hmark-rnd=u32 hmark-sport=u16 "
     "hmark-dport=u16 hmark-spi=u32 hmark-proto=",
     "hmark-mod hmark-rnd hmark-spi-mask^hmark-sport-mask hmark-spi-mask^hmark-dport-mask", A::proceed, "", "mark",
     set_unknown_mark},
    {"IPMARK", "addr= and-mask= or-mask= shift=", "", A::proceed, "", "mark", set_unknown_mark},
    {"CLASSIFY", "set-class=traffic-class", "set-class FORWARD|OUTPUT|POSTROUTING", A::proceed, "", ""},
    {"CHECKSUM", "checksum-fill", "checksum-fill @mangle", A::proceed, "", ""},
    {"SECMARK", "selctx=", "selctx @mangle|@security", A::proceed, "", ""},
    {"CONNSECMARK", "save restore", "save|restore save^restore @mangle|@security", A::proceed, "", ""},
    {"SET",
     "add-set=set-name=set-sides del-set=set-name=set-sides map-set=set-name=set-sides timeout=u32 exist map-mark "
     "map-prio map-queue",
     "add-set|del-set|map-set timeout>add-set exist>add-set map-set>@mangle map-mark>map-set map-prio>map-set "
     "map-queue>map-set",
     A::proceed, "", "set mark", change_sets},
    {"TOS", "set-tos=tos and-tos=u8 or-tos=u8 xor-tos=u8", "set-tos|and-tos|or-tos|xor-tos set-tos^and-tos^or-tos^xor-tos @mangle",
     A::proceed, "", "tos dscp"},
    {"DSCP", "set-dscp=0..63 set-dscp-class=dscp-class", "set-dscp|set-dscp-class set-dscp^set-dscp-class @mangle", A::proceed, "",
     "tos dscp"},
    {"ECN", "ecn-tcp-remove ecn-tcp-cwr=0..1 ecn-tcp-ece=0..1 ecn-ip-ect=0..3",
     "ecn-tcp-remove|ecn-tcp-cwr|ecn-tcp-ece|ecn-ip-ect ecn-tcp-remove^ecn-tcp-cwr ecn-tcp-remove^ecn-tcp-ece "
     "ecn-tcp-remove>%tcp ecn-tcp-cwr>%tcp ecn-tcp-ece>%tcp @mangle #ipv4",
     A::proceed, "", "ecn tos"},
    {"TTL", "ttl-set=u8 ttl-inc=1..255 ttl-dec=1..255", "ttl-set|ttl-inc|ttl-dec ttl-set^ttl-inc^ttl-dec @mangle #ipv4", A::proceed,
     "", "ttl"},
    {"HL", "hl-set=u8 hl-inc=1..255 hl-dec=1..255", "hl-set|hl-inc|hl-dec hl-set^hl-inc^hl-dec @mangle #ipv6", A::proceed, "",
     "hl"},
    {"TCPMSS", "set-mss=0..65515 clamp-mss-to-pmtu", "set-mss|clamp-mss-to-pmtu %tcp clamp-mss-to-pmtu>FORWARD|OUTPUT|POSTROUTING",
     A::proceed, "", "tcpmss"},
    {"TCPOPTSTRIP", "strip-options=strip-list", "@mangle %tcp", A::proceed, "", "tcp tcpmss"},

    {"NOTRACK", "", "@raw", A::untrack, "", ""},
    {"CT",
     "notrack helper= ctevents=(new,related,destroy,reply,assured,protoinfo,helper,mark,natseqinfo,secmark)+ expevents=(new)+ "
     "zone=zone zone-orig=zone zone-reply=zone timeout=",
     "@raw", A::proceed, "", "helper", track},

    {"DNAT", "to-destination= random persistent", "to-destination @nat PREROUTING|OUTPUT", A::translate_destination, "", "",
     translate},
    {"SNAT", "to-source= random random-fully persistent", "to-source @nat INPUT|POSTROUTING", A::translate_source, "", "",
     translate},
    {"SAME", "to*= nodst random", "to @nat INPUT|POSTROUTING", A::translate_source, "", "", translate},
    {"MASQUERADE", "to-ports= random random-fully", "@nat POSTROUTING", A::translate_source, "", "", translate_ports},
    {"REDIRECT", "to-ports= random random-fully", "@nat PREROUTING|OUTPUT", A::translate_destination, "", "", translate_ports},
    {"NETMAP", "to=", "to @nat PREROUTING|INPUT|OUTPUT|POSTROUTING", A::translate_destination, "", "", map_network},
};

const OptionTable& loaded() {
  static const OptionTable all(targets);
  return all;
}

}  // namespace

const TargetKind* find_target(std::string_view name) {
  auto it = loaded().by_name.find(name);
  return it == loaded().by_name.end() ? nullptr : &targets[it->second];
}

std::span<const OptionShape> shapes(const TargetKind& kind) {
  return loaded().shapes[static_cast<std::size_t>(&kind - std::begin(targets))];
}

std::string_view changed_matches(const TargetKind& kind) { return kind.changes; }

void interpret_target(const Command& command, RuleInProgress& rule) {
  Action& action = rule.rule.action;
  action.span = rule.rule.span;
  if (!command.target) return;
  const TargetUse& use = *command.target;
  action.name = use.name;
  action.written_before = jump_option;
  action.span = use.span;
  if (!use.kind) {
    action.kind = use.go_to ? ActionKind::go_to : ActionKind::jump;
    action.chain = use.name;
    if (use.has_foreign_options) rule.not_understood("options of " + action.name + " are not known");
    return;
  }
  action.kind = use.kind->action;
  check_options(rule, command, "-j " + action.name, use.options, use.kind->needs);
  if (!use.kind->reason.empty()) rule.bounded(use.kind->reason);
  if (use.kind->apply) use.kind->apply(rule, command, use);
  // Only the nat table has connections to translate.
  bool translates = action.kind == ActionKind::translate_destination || action.kind == ActionKind::translate_source;
  if (translates && rule.table != "nat") action.kind = ActionKind::unknown;
}

std::vector<std::string_view> target_names() {
  std::vector<std::string_view> names;
  for (const TargetKind& t : targets) names.push_back(t.name);
  return names;
}

}  // namespace ipo::iptables
