// A table of targets with the action each amounts to; only translations have functions of their own.
#include "parsers/iptables_targets.h"

#include <algorithm>

#include "parsers/iptables_names.h"

namespace ipo::iptables {

struct TargetKind {
  std::string_view name;
  std::string_view options;  // see OptionShape
  ActionKind action;
  std::string_view reason;   // not empty: the outcome is bounded, and why
  std::string_view changes;  // see changed_matches
  void (*apply)(RuleInProgress&, const TargetUse&) = nullptr;
};

namespace {

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
  if (std::size_t slash = ports.find('/'); slash != ports.npos) {
    auto base = port_number(ports.substr(slash + 1));
    if (!base) return false;
    to.port_base = static_cast<std::uint16_t>(*base);
    to.keeps_port = false;
    ports = ports.substr(0, slash);
  }
  auto range = port_range(ports, '-');
  if (!range || range->lo > range->hi) return false;
  to.ports.add(range->lo, range->hi);
  return true;
}

void fail(RuleInProgress& rule, const TargetUse& use, std::string reason) {
  rule.not_understood(std::string(use.name) + ": " + reason);
  rule.rule.action.kind = ActionKind::unknown;
}

void translate(RuleInProgress& rule, const TargetUse& use) {
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
}

void translate_ports(RuleInProgress& rule, const TargetUse& use) {
  Action& action = rule.rule.action;
  action.translation.to_receiving_interface = action.kind == ActionKind::translate_destination;
  for (const Option& o : use.options) {
    if (o.name == "random") action.translation.keeps_port = false;
    if (o.count == 0) continue;
    if (!read_endpoint(':' + std::string(o.values[0]), Family::ipv4, action.translation))
      return fail(rule, use, '"' + std::string(o.values[0]) + "\" is no port or range of ports");
  }
}

// NETMAP maps the destination where packets come in and the source where they leave (xt_NETMAP.c). In a user chain it is left
// to TableReader::settle_netmaps.
void map_network(RuleInProgress& rule, const TargetUse& use) {
  auto to = use.options.empty() ? std::nullopt : parse_masked_address(use.options[0].values[0]);
  if (!to || to->family != rule.family) return fail(rule, use, "without a network");
  rule.rule.action.translation.netmap = *to;
  if (rule.chain == "POSTROUTING" || rule.chain == "INPUT") rule.rule.action.kind = ActionKind::translate_source;
}

void track(RuleInProgress& rule, const TargetUse& use) {
  for (const Option& o : use.options)
    if (o.name == "notrack") rule.rule.action.kind = ActionKind::untrack;
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

void set_mark(RuleInProgress& rule, const TargetUse& use) {
  MarkChange change;
  for (const Option& o : use.options)
    if (!read_mark_option(o, change)) change.known = false;
  rule.rule.action.mark = change;
}

// --save-mark copies the packet's bits into the connection's mark, --restore-mark the other way (xt_connmark.c). Without a
// connection nothing happens.
void set_connection_mark(RuleInProgress& rule, const TargetUse& use) {
  MarkChange change;
  change.connection = true;
  std::uint32_t packet_mask = ~0u, connection_mask = ~0u;
  for (const Option& o : use.options) {
    if (o.name == "save-mark" || o.name == "restore-mark") {
      change.copies = true;
      change.connection = o.name == "save-mark";
    } else if (o.name == "nfmask" || o.name == "ctmask" || o.name == "mask") {
      auto mask = parse_number(o.values[0], ~0u);
      change.known = change.known && mask;
      if (mask && o.name != "ctmask") packet_mask = *mask;
      if (mask && o.name != "nfmask") connection_mask = *mask;
    } else if (o.name == "left-shift-mark" || o.name == "right-shift-mark") {
      auto bits = parse_number(o.values[0], 31);
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

void set_unknown_mark(RuleInProgress& rule, const TargetUse&) {
  rule.rule.action.mark = MarkChange{};
  rule.rule.action.mark->known = false;
}

void set_mapped_mark(RuleInProgress& rule, const TargetUse& use) {
  for (const Option& o : use.options)
    if (o.name == "map-mark") set_unknown_mark(rule, use);
}

constexpr std::string_view mark_text = "set-xmark= set-mark= and-mark= or-mark= xor-mark=";
constexpr std::string_view connmark_text =
    "set-xmark= set-mark= and-mark= or-mark= xor-mark= save-mark restore-mark mask= nfmask= ctmask= "
    "left-shift-mark= right-shift-mark=";
using A = ActionKind;

constexpr TargetKind targets[] = {
    {"ACCEPT", "", A::accept, "", ""},
    {"DROP", "", A::drop, "", ""},
    {"RETURN", "", A::return_, "", ""},
    {"REJECT", "reject-with=", A::reject, "", ""},
    {"TARPIT", "tarpit honeypot reset", A::drop, "", ""},
    {"STEAL", "", A::drop, "", ""},
    {"MIRROR", "", A::drop, "", ""},
    {"DELUDE", "", A::drop, "", ""},
    {"CHAOS", "delude tarpit", A::drop, "", ""},

    {"QUEUE", "", A::unknown, "handed to a program", "mark", set_unknown_mark},
    {"NFQUEUE", "queue-num= queue-balance= queue-bypass queue-cpu-fanout", A::unknown, "handed to a program", "mark",
     set_unknown_mark},
    {"TPROXY", "on-port= on-ip= tproxy-mark=", A::accept, "handed to a socket of the firewall", "mark",
     set_unknown_mark},
    {"SYNPROXY", "mss= wscale= sack-perm timestamp timestamps ecn", A::unknown,
     "answered by the firewall for the server", ""},
    {"CLUSTERIP", "new hashmode= clustermac= total-nodes= local-node= hash-init=", A::unknown,
     "depends on the node's share of a cluster", ""},
    {"DNPT", "src-pfx= dst-pfx=", A::unknown, "rewrites addresses outside the nat table", ""},
    {"SNPT", "src-pfx= dst-pfx=", A::unknown, "rewrites addresses outside the nat table", ""},
    {"RAWDNAT", "to-destination=", A::unknown, "rewrites addresses outside the nat table", ""},
    {"RAWSNAT", "to-source=", A::unknown, "rewrites addresses outside the nat table", ""},

    {"LOG", "log-level= log-prefix= log-tcp-sequence log-tcp-options log-ip-options log-uid log-macdecode", A::proceed,
     "", ""},
    {"NFLOG", "nflog-group= nflog-prefix= nflog-range= nflog-size= nflog-threshold=", A::proceed, "", ""},
    {"ULOG", "ulog-nlgroup= ulog-prefix= ulog-cprange= ulog-qthreshold=", A::proceed, "", ""},
    {"LOGMARK", "log-level= log-prefix=", A::proceed, "", ""},
    {"NETFLOW", "", A::proceed, "", ""},
    {"ACCOUNT", "addr= tname=", A::proceed, "", ""},
    {"AUDIT", "type=", A::proceed, "", ""},
    {"TRACE", "", A::proceed, "", ""},
    {"LED", "led-trigger-id= led-delay= led-always-blink", A::proceed, "", ""},
    {"IDLETIMER", "timeout= label= alarm", A::proceed, "", ""},
    {"RATEEST", "rateest-name= rateest-interval= rateest-ewmalog=", A::proceed, "", ""},
    {"TEE", "gateway= oif=", A::proceed, "", ""},
    {"IMQ", "todev=", A::proceed, "", ""},
    {"FLOWOFFLOAD", "hw", A::proceed, "", ""},
    {"MARK", mark_text, A::proceed, "", "mark", set_mark},
    {"CONNMARK", connmark_text, A::proceed, "", "mark connmark", set_connection_mark},
    {"HMARK",
     "hmark-tuple= hmark-mod= hmark-offset= hmark-src-prefix= hmark-dst-prefix= hmark-sport-mask= hmark-dport-mask= "
     "hmark-spi-mask= hmark-proto-mask= hmark-rnd= hmark-sport= hmark-dport= hmark-spi= hmark-proto=",
     A::proceed, "", "mark", set_unknown_mark},
    {"IPMARK", "addr= and-mask= or-mask= shift=", A::proceed, "", "mark", set_unknown_mark},
    {"CLASSIFY", "set-class=", A::proceed, "", ""},
    {"CHECKSUM", "checksum-fill", A::proceed, "", ""},
    {"SECMARK", "selctx=", A::proceed, "", ""},
    {"CONNSECMARK", "save restore", A::proceed, "", ""},
    {"SET", "add-set== del-set== map-set== timeout= exist map-mark map-prio map-queue", A::proceed, "", "set mark",
     set_mapped_mark},
    {"TOS", "set-tos= and-tos= or-tos= xor-tos=", A::proceed, "", "tos dscp"},
    {"DSCP", "set-dscp= set-dscp-class=", A::proceed, "", "tos dscp"},
    {"ECN", "ecn-tcp-remove ecn-tcp-cwr= ecn-tcp-ece= ecn-ip-ect=", A::proceed, "", "ecn tos"},
    {"TTL", "ttl-set= ttl-inc= ttl-dec=", A::proceed, "", "ttl"},
    {"HL", "hl-set= hl-inc= hl-dec=", A::proceed, "", "hl"},
    {"TCPMSS", "set-mss= clamp-mss-to-pmtu", A::proceed, "", "tcpmss"},
    {"TCPOPTSTRIP", "strip-options=", A::proceed, "", "tcp tcpmss"},

    {"NOTRACK", "", A::untrack, "", ""},
    {"CT", "notrack helper= ctevents= expevents= zone= zone-orig= zone-reply= timeout=", A::proceed, "", "helper",
     track},

    {"DNAT", "to-destination= random persistent", A::translate_destination, "", "", translate},
    {"SNAT", "to-source= random random-fully persistent", A::translate_source, "", "", translate},
    {"SAME", "to= nodst random", A::translate_source, "", "", translate},
    {"MASQUERADE", "to-ports= random random-fully", A::translate_source, "", "", translate_ports},
    {"REDIRECT", "to-ports= random random-fully", A::translate_destination, "", "", translate_ports},
    {"NETMAP", "to=", A::translate_destination, "", "", map_network},
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

void interpret_target(const Line& line, RuleInProgress& rule) {
  Action& action = rule.rule.action;
  action.span = rule.rule.span;
  if (!line.target) return;
  const TargetUse& use = *line.target;
  action.name = use.name;
  action.span = use.span;
  if (!use.kind) {
    action.kind = use.go_to ? ActionKind::go_to : ActionKind::jump;
    action.chain = use.name;
    if (use.has_foreign_options) rule.not_understood("options of " + action.name + " are not known");
    return;
  }
  action.kind = use.kind->action;
  if (!use.kind->reason.empty()) rule.bounded(use.kind->reason);
  if (use.kind->apply) use.kind->apply(rule, use);
}

std::vector<std::string_view> target_names() {
  std::vector<std::string_view> names;
  for (const TargetKind& t : targets) names.push_back(t.name);
  return names;
}

}  // namespace ipo::iptables
