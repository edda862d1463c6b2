// The site as configured: PBX hosts, firewalls and zones in vendor-neutral terms, every fact with its place.
//
// Parsers write conditions (intervals, interfaces, opaque predicates); only rules/engine turns conditions into packet
// sets. So a dialect never sees a packet set and the engine never sees a dialect.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "parsers/model/finding.h"
#include "parsers/model/pipeline.h"
#include "parsers/text/boxed.h"
#include "parsers/text/interned.h"
#include "parsers/text/interval_set.h"
#include "parsers/text/source.h"

namespace ipo {

// ---- firewalls -------------------------------------------------------------------------------------------------

// The numbers a packet has. Ports are 0..65535; for ICMP `destination_port` is type * 256 + code. `nat` is conntrack's
// translation state, bit 0 = destination translated, bit 1 = source translated. `state` holds State's numbers, `marks` an
// index into Ruleset::marks. `original_destination` and `original_port` are where a new packet was sent to when it arrived, whatever
// a translation made of that (the original tuple of its connection).
enum class Field : std::uint8_t {
  protocol,
  state,
  nat,
  marks,
  destination,
  destination_port,
  source,
  source_port,
  tcp_flags,
  original_destination,
  original_port
};

struct FieldTest {
  Field field = Field::protocol;
  IntervalSet values;
};

// "eth0", or with `prefix` every interface whose name starts with it ("eth+"; the empty prefix is any interface).
struct InterfaceTest {
  bool incoming = true;
  std::string name;
  bool prefix = false;
};

// A test of bits of the packet's mark, or of its connection's: (mark & mask) == value.
struct MarkBits {
  bool connection = false;
  std::uint32_t value = 0, mask = ~0u;
};

// What a test that cannot be decided depends on.
enum class Cause : std::uint8_t {
  other,
  rate,            // how many packets or connections there are, in a time or at one time
  traffic,         // how much has passed before
  chance,          // or counting packets
  source_list,     // what senders were seen to do before
  set,             // the members of a set
  address_type,    // the addresses and routes of the machine itself
  bridge_port,     // the port of a bridge that a frame comes in or leaves by
  protection,      // whether a tunnel protects the packet
  packet_content,  // options, lengths, further headers, text
  time,            // of day, or the date
  process,         // who sends or receives on the machine itself
  mark,            // of the packet or its connection
  connection,      // what is tracked of its connection
  helper,          // the helper that tracks its connection
  route,           // or the interface's state
  sender,          // its hardware, country, operating system
  name,            // what a name stands for
  not_read,        // words or values that are not known
  not_loaded,      // whether the machine takes the rule at all
  not_shown,       // a part that the input says it does not show
  outcome          // none of a packet: stands for what a rule, policy or part that is not known does
};

enum class BridgeSide : std::uint8_t { none, enters, leaves, crosses };

// What an undecidable test asks, as far as somebody may know the answer: who knows the site, or how packets are usually sent.
struct Subject {
  Cause cause = Cause::other;
  BridgeSide side = BridgeSide::none;    // of bridge_port
  std::optional<bool> unprotected = {};  // whether a packet meets it that comes in by no tunnel
  std::optional<bool> as_sent = {};      // whether packets meet it as one sends them who wants to get through
  std::optional<Field> of_own = {};      // source, destination: what it says of the machine's own addresses is known
  bool own_holds = false;                // and it is that they meet it
  std::string name = {};                 // of the bridge port or helper; empty = any
};

// A match that cannot be decided from the configuration. Two opaque tests with the same `predicate` are the same
// predicate: stateless ones (mac, owner, policy) everywhere, stateful ones (limit, recent) only at the same place.
struct OpaqueTest {
  std::string predicate;  // canonical text, without a negation: "-m mac --mac-source 00:11:22:33:44:55"
  std::string reason;     // why it is opaque: "depends on the rate of packets"
  bool stateful = false;
  std::optional<MarkBits> mark = {};  // what it tests of the marks, if that is all; see parsers/model/marks.h
  // The set whose members decide it; empty: no set does. It is decided once the sets of the machine are known.
  std::string set = {};
  std::vector<bool> set_sides = {};  // for each part of its entries: the packet's source, else its destination
  bool set_exceptions = false;       // holds for the exceptions of the set instead (--return-nomatch)
  Subject about = {};
};

// Holds when every one of its tests does.
struct AllOf {
  std::vector<FieldTest> fields = {};
  std::vector<InterfaceTest> interfaces = {};
  std::vector<OpaqueTest> opaque = {};
};

// Nearly all are of the first two kinds, and a dump may have millions.
using Test = std::variant<FieldTest, InterfaceTest, Boxed<OpaqueTest>, Boxed<AllOf>>;

// The test if it is of that kind, else null.
template <class Kind, class AnyTest>
auto* test_as(AnyTest& test) {
  if constexpr (std::is_same_v<Kind, OpaqueTest> || std::is_same_v<Kind, AllOf>) {
    auto* box = std::get_if<Boxed<Kind>>(&test);
    return box ? &**box : nullptr;
  } else {
    return std::get_if<Kind>(&test);
  }
}

// Holds when one of `any_of` holds; negated, when none does. An empty `any_of` never holds.
struct Condition {
  std::vector<Test> any_of;
  bool negated = false;
  SourceSpan span;
};

// Calls visit for each test of one kind in a condition, also where several must hold together.
template <class Kind, class Visit>
void each_test(const Condition& condition, Visit visit) {
  for (const Test& test : condition.any_of) {
    if (auto* one = test_as<Kind>(test)) visit(*one);
    auto* all = test_as<AllOf>(test);
    if (!all) continue;
    if constexpr (std::is_same_v<Kind, FieldTest>)
      for (const FieldTest& part : all->fields) visit(part);
    else if constexpr (std::is_same_v<Kind, InterfaceTest>)
      for (const InterfaceTest& part : all->interfaces) visit(part);
    else
      for (const OpaqueTest& part : all->opaque) visit(part);
  }
}

// What a translation writes into the packet. An empty set leaves that part as it is. Where several values are given the
// kernel picks one, so what follows is only possible.
struct Translation {
  IntervalSet addresses;
  IntervalSet ports;
  bool keeps_port = true;  // a port that already lies in `ports` stays; not with --random or a shifted range
  // Shifted: where the range before translation starts. Port p becomes first + (p - base) mod 65536 mod size of `ports`
  // (nf_nat_core.c, NF_NAT_RANGE_PROTO_OFFSET).
  std::optional<std::uint16_t> port_base = {};
  // `port` shifted; only with a base.
  std::uint16_t shifted(u128 port) const;
  bool to_receiving_interface = false;  // REDIRECT: the address of the interface the packet came in by (loopback in OUTPUT)
  // NETMAP: the bits of `netmap_mask` are replaced by those of `netmap_value`, the others kept.
  std::optional<MaskedAddress> netmap;
};

// What a rule writes into the packet's mark, or its connection's: (old & ~clear) ^ bits, where bits is `value` or, where it
// copies, the other mark's bits in `value`, moved left by `shift` (right where negative).
struct MarkChange {
  bool connection = false;  // the connection's mark changes, else the packet's
  bool copies = false;
  std::uint32_t clear = ~0u, value = 0;
  int shift = 0;
  bool known = true;  // false: into what is not known
  friend auto operator<=>(const MarkChange&, const MarkChange&) = default;
};

// What a rule does to a set when a packet meets it.
struct SetChange {
  std::string set;
  bool adds = true;  // else it takes out
};

enum class ActionKind : std::uint8_t {
  accept,
  drop,
  reject,
  return_,
  jump,                   // `chain`; comes back after the rule
  go_to,                  // `chain`; its end is the end of the calling chain
  proceed,                // LOG, MARK, no target: the next rule
  translate_source,       // SNAT, MASQUERADE: ends the chain of a nat table, filter results are not changed
  translate_destination,  // DNAT, REDIRECT, NETMAP in PREROUTING or OUTPUT
  untrack,                // NOTRACK: state becomes untracked; the next rule
  unknown                 // accept, drop or proceed, nobody knows
};
inline bool calls(ActionKind kind) { return kind == ActionKind::jump || kind == ActionKind::go_to; }

struct Action {
  ActionKind kind = ActionKind::proceed;
  std::string name;   // as written: "DROP", "services"
  std::string chain;  // jump, go_to: name of a chain of the same table
  Translation translation;
  std::optional<MarkChange> mark;  // written before the packet goes on; accept and proceed only
  // The same by numbers, where the marks are followed: what each of Ruleset::marks becomes. Empty = nothing changes.
  std::vector<std::uint16_t> remark;
  SourceSpan span;  // the target's words; the rule's span where there is none
  std::vector<SetChange> set_changes = {};
  std::string_view written_before = {};  // the name, where a message cites it: "-j "
  std::string helper = {};               // the helper that connections get: "sip"
  bool logs = false;                     // and does nothing else
};

// The action as messages cite it: "-j SNAT".
std::string cited(const Action& action);

// Who writes a chain or rule. What a program writes is not the administrator's to tidy up.
enum class Author : std::uint8_t {
  administrator,  // or nobody knows
  container_engine,
  virtual_machines,
  front_end,    // a program that makes rules of simpler ones
  blocker,      // a program that shuts out who attacks
  port_mapper,  // a program that opens ports as hosts ask it to
};

// Batfish's ladder. bounded: at-least and at-most are known, `reason` says what is not.
enum class Understanding : std::uint8_t { understood, bounded, ignored, not_understood };
std::string_view name_of(Understanding understanding);  // "understood", "bounded", "ignored", "not_understood"

struct Rule {
  std::vector<Condition> conditions;  // all must hold
  Action action;
  SourceSpan span;  // the whole rule line, without the line end
  Understanding understanding = Understanding::understood;
  std::vector<std::string> reasons;  // where not understood: each once, what the understanding is owed to first
  // Of its matches, also where they decide nothing: they keep or ask a list of senders; asking them changes something, as a counter.
  bool watches_senders = false, counts = false;
  // A program's: it stands in no file, the program adds it when it loads its own.
  Author by = Author::administrator;

  void worsen(Understanding to, std::string_view why);
  std::string reason() const;  // all of them, "; " between them
};

struct Chain {
  std::string table;  // chains call those of their own table; "filter", "nat" of netfilter
  std::string name;   // "INPUT"
  std::vector<Rule> rules;
  // Base chains only: accept or drop; absent where the chain is no base chain or the policy is not in the file
  // (`unknown` then, for base chains).
  std::optional<Located<ActionKind>> policy;
  SourceSpan span;  // its declaration, or where it is first used
  Author by = Author::administrator;
};

// The mark of a packet and that of its connection.
struct Marks {
  std::uint32_t packet = 0, connection = 0;
  friend auto operator<=>(const Marks&, const Marks&) = default;
};
// "mark 0x1", "mark 0x1, of the connection 0x3".
std::string format_marks(Marks marks);

// One dump of one address family.
struct Ruleset {
  Family family = Family::ipv4;
  std::vector<Chain> chains;
  // Every pair of marks a packet can have here: first no marks at all, then those with which a packet of a known connection
  // arrives, then the others. Empty where marks are not followed.
  std::vector<Marks> marks;
  Pipeline pipeline;
  SourceSpan span;  // first table header to last line

  // The last of `marks` that a packet of the state may arrive with.
  std::size_t last_arriving_mark(State state) const;
  // Index of the chain, or nothing.
  std::optional<std::size_t> find(std::string_view table, std::string_view name) const;
  // The chain is of a table with a last word on what passes.
  bool filters(const Chain& chain) const;
};

// ---- sets ------------------------------------------------------------------------------------------------------

enum class SetPart : std::uint8_t { address, network, port, any_port, interface, mac, mark, member };

struct SetEntry {
  std::array<Interval, 2> addresses{};  // of the address and network parts, in their order
  unsigned protocol = 0;                // of the port part
  Interval ports{};                     // its ports; type * 256 + code for ICMP
  std::string text;                     // interface, or the name of the member set; MAC addresses and marks are not kept
  bool prefix = false;                  // every interface whose name starts so
  bool exception = false;               // nomatch: what it covers is not in the set, unless a longer prefix says otherwise
  bool expires = false;
  friend bool operator==(const SetEntry&, const SetEntry&) = default;
};

// SetEntry::text of a port of a bridge in the place of an interface: which one is not kept.
constexpr std::string_view any_bridge_port = "physdev:";

// Addresses, ports ... under a name that rules refer to (ipset).
struct IpSet {
  std::string name;
  std::string type;              // "hash:ip,port"
  std::optional<Family> family;  // absent: of both
  std::vector<SetPart> parts;    // of each entry
  u128 mask = ~u128{0};          // every address, of the entries and of the packet, is cut down with it first
  std::vector<SetEntry> entries;
  std::string doubt;  // not empty: other members are possible, and why
  SourceSpan span;    // where it is created
};

// A statement of the input that is no rule, or any statement for the inventory: rules are listed too.
struct Statement {
  SourceSpan span;
  Understanding understanding = Understanding::understood;
  std::string reason;
};

enum class Role : std::uint8_t { perimeter, transit, host };
std::string_view name_of(Role role);

// The dumps of one machine that filters.
struct Firewall {
  std::string name;                // path of its first source
  std::vector<Ruleset> rulesets;   // at most one of each family once the dumps of a machine are joined
  std::optional<Role> role;        // declared; else inferred in rules/
  std::vector<std::string> hosts;  // declared: names of the hosts a host filter runs on; empty = not said
};

// ---- the PBX ----------------------------------------------------------------------------------------------------

enum class Evidence : std::uint8_t { confirmed, documented, screen, ours };
std::string_view name_of(Evidence evidence);

// One leaf of an export. `key` is canonical ("snmp.community", "lan1.address") or empty where no mapping knows the path.
struct Setting {
  Interned path;  // "System/LANS/LAN[LAN1]/IPAddress"
  Interned key;
  Located<std::string> value;
  Evidence evidence = Evidence::ours;
  bool secret = false;       // the value must not be printed
  bool conditional = false;  // holds only where a condition of the file does (46xxsettings: IF, GET before it)
  bool bare_number = false;  // JSON without quotes: digits that were there before its first, zeros, are lost
};

// One record of an export; fields in file order. Types, with the first part of their fields' keys: "User" and "user" (user.),
// "Extension" (extension.), "License" (license.), "SIPTrunk" and "SIPLine" (sipline.), "System", "corporate_dir" (directory.),
// "HuntGroup" (hunt_group.), "46xxsettings" (phone.); others as the export names them.
struct Record {
  std::string type;
  std::string id;  // GUID, or empty
  std::vector<Setting> fields;
  SourceSpan span;  // its start tag

  const Setting* field(std::string_view key) const;  // by canonical key; null where absent
  const Setting* field(std::same_as<Interned> auto key) const {
    auto found = std::find_if(fields.begin(), fields.end(), [&](const Setting& s) { return s.key == key; });
    return found == fields.end() ? nullptr : &*found;
  }
  // A User that is nobody's: NoUser (defaults of every user, its source numbers switch system features) or RemoteManager.
  bool is_special_user() const;
};

// major.minor.maintenance.special.feature-pack, as far as given.
struct Release {
  std::vector<unsigned> parts;
  std::string text() const;  // "9.1", "11.1.3.0.0"
};
// Of digits and dots; a part that is no number is 0.
Release parse_release(std::string_view text);

// A list of records that the Management API answered with, one `data` element: what it says of itself, and what it holds.
struct ExportList {
  std::string type;                        // of its records; empty where it holds none
  std::optional<std::uint32_t> announced;  // totalRecords: how many records the whole list has
  std::size_t present = 0;                 // records there
  SourceSpan span;                         // its start tag
  SourceSpan whole;                        // all of it: its records lie within
};

// An error that an export holds in the place of records.
struct ExportError {
  std::string reason;      // "461:SessionTimeout"; empty where it gives none
  std::string address;     // of the system it is about, or another place it names; empty where it says none
  bool of_system = false;  // in a list of records: a system that did not answer
  SourceSpan span;         // of its statement

  std::string text() const;     // "461:SessionTimeout, at 10.7.0.2"
  std::string message() const;  // "the export is an error response: " and the text
};

// The form a GUID is compared in: an export writes it with hyphens, braces and small letters or without.
std::string plain_guid(std::string_view guid);
struct GuidHash {
  std::size_t operator()(std::string_view guid) const;  // of that form
};
struct SameGuid {
  bool operator()(std::string_view a, std::string_view b) const { return plain_guid(a) == plain_guid(b); }
};

// Two inputs, or an input and [settings], give one setting of a host different values.
struct Contradiction {
  Setting holds;  // the one that is used
  Setting other;
};

struct Host {
  std::string name;
  std::string id;  // GUID of its System record, or empty
  std::vector<Located<Address>> addresses;
  std::string platform;               // "" unknown, "ip500v2", "server-edition", "application-server", "windows", "virtual"
  std::vector<std::string> products;  // "ip-office", "voicemail-pro", "one-x-portal", "contact-recorder"
  std::optional<Located<Release>> release;
  std::vector<Setting> settings;  // of the system: one per canonical key
  std::vector<Contradiction> contradictions;
  SourceSpan span;

  const Setting* setting(std::string_view key) const;  // null where absent
  // Adds a setting; where there is one of another value that one stays and the two are a contradiction.
  void add(const Setting& setting);
  std::optional<bool> flag(std::string_view key) const;  // true/false/on/off/1/0/yes/no/enabled/disabled
  std::optional<std::uint32_t> number(std::string_view key) const;
};

// ---- the site ---------------------------------------------------------------------------------------------------

// {packets: in-interface in `interfaces` (any if absent) and source in `sources` (any if absent)}. Several zones of one
// name are a union.
struct Zone {
  std::string name;  // "internet"
  std::string kind;  // "internet", "itsp", "sbc", "partner", "peer-site", "voice", "users", "management", "guest"
  std::vector<Located<InterfaceTest>> interfaces;
  std::vector<Located<MaskedAddress>> sources;
  SourceSpan span;  // its header; empty where it was inferred
};

// A way calls come from outside: the zone of the provider, and whether the PBX registers there (then no inbound media
// rule is needed, the registration keeps the way open).
struct Trunk {
  Located<std::string> zone;
  bool registers = false;
};

// Another system this PBX is linked to.
struct Peer {
  std::string name;
  std::vector<Located<MaskedAddress>> addresses;
  std::string link;  // "scn" (50795 and media), "scn-websocket" (80, 443)
  std::string over;  // "vpn", "internet", "lan"; empty = not said
  SourceSpan span;
};

// Something the program concluded rather than read: "internet is eth0: masqueraded behind it".
struct Inference {
  std::string message;
  SourceSpan span;
};

class FieldMap;

// How inputs are to be read; set before they are.
struct ReadingChoice {
  const FieldMap* fields = nullptr;  // what the elements of exports are; null = FieldMap::builtin()
  // Every leaf of an export becomes a field and a statement, for the inventory. Else only what has a key or was not
  // understood is kept: exports have hundreds of leaves a user that nothing looks at.
  bool every_leaf = true;
};

struct Site {
  ReadingChoice reading;
  std::vector<Host> hosts;
  std::vector<Record> records;
  std::vector<ExportList> lists;  // of the exports that say how many records they have
  std::vector<ExportError> export_errors;
  std::vector<Firewall> firewalls;
  std::vector<IpSet> sets;                             // of all inputs; rules/site/resolve_sets.h knows whose they are
  std::vector<Zone> zones;                             // declared ones
  std::vector<Trunk> trunks;                           // declared ones
  std::optional<Located<std::string>> remote_workers;  // "none", "vpn", "sip", "sip-tls", "h323", "webrtc", "sbc"
  std::vector<Peer> peers;
  std::vector<Inference> inferences;
  std::vector<Statement> statements;  // of all inputs, in file order
  std::vector<SourceSpan> secrets;    // values that must not be printed and belong to no Setting
};

// Users with a number that no Extension record has: they log in at any phone with their login code (hot desking). Special
// users are none. Empty where no Extension record was read: then nobody knows.
std::vector<const Record*> hot_desk_users(const Site& site);

}  // namespace ipo
