// The tree of read_toml is read table by table: each table first refuses the keys it does not have, then takes the values it
// does, every one through a function that says what it takes. What is wrong is said at its place and left out. Nothing here
// is quadratic: the file may be hostile.
#include "parsers/site_file/site_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <span>

#include "parsers/document/document.h"
#include "parsers/ipoffice/field_map.h"
#include "parsers/ipoffice/settings.h"
#include "parsers/text/letters.h"
#include "parsers/text/nearest.h"
#include "parsers/text/secret_names.h"

namespace ipo {
namespace {

using Kind = Node::Kind;
using Names = std::span<const std::string_view>;

constexpr std::string_view platforms[] = {"ip500v2", "server-edition", "application-server", "windows", "virtual"};
constexpr std::string_view products[] = {"ip-office", "voicemail-pro", "one-x-portal", "contact-recorder", "ccr"};
constexpr std::string_view roles[] = {"perimeter", "transit", "host"};
constexpr std::string_view zone_kinds[] = {"internet", "itsp",  "sbc",        "partner", "peer-site",
                                           "voice",    "users", "management", "guest"};
constexpr std::string_view links[] = {"scn", "scn-websocket"};
constexpr std::string_view ways[] = {"vpn", "internet", "lan"};
constexpr std::string_view remote_worker_ways[] = {"none", "vpn", "sip", "sip-tls", "h323", "webrtc", "sbc"};
constexpr std::string_view levels[] = {"off", "note", "warning", "error"};

constexpr std::size_t max_interface = 15;  // characters: Linux takes no longer name
constexpr std::size_t max_release_parts = 5;

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::table:
      return "a table";
    case Kind::array:
      return "an array";
    case Kind::string:
      return "a string";
    case Kind::integer:
      return "an integer";
    case Kind::real:
      return "a float";
    case Kind::boolean:
      return "a boolean";
    case Kind::date:
      return "a date";
    default:
      return "nothing";
  }
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// The text on one line, at most 60 bytes of it.
std::string shown(std::string_view text) {
  std::size_t n = std::min<std::size_t>(text.size(), 60);
  while (n > 0 && n < text.size() && (static_cast<unsigned char>(text[n]) & 0xc0) == 0x80) --n;
  std::string out(text.substr(0, n));
  std::replace_if(out.begin(), out.end(), is_control, '?');
  return n < text.size() ? out + "..." : out;
}

std::string quoted(std::string_view text) { return "'" + shown(text) + "'"; }

// "a, b or c"
std::string listed(Names names, std::string_view last = " or ") {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) out.append(i == 0 ? "" : i + 1 < names.size() ? ", " : last).append(names[i]);
  return out;
}

// "; did you mean 'addresses'?" or nothing.
template <class Candidates>
std::string suggestion(std::string_view word, const Candidates& names) {
  std::string_view name = word.size() <= 64 ? nearest(word, names) : std::string_view();
  return name.empty() ? std::string() : fmt::format("; did you mean {}?", quoted(name));
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == text.npos; }

bool all_digits(std::string_view text) { return !text.empty() && text.find_first_not_of("0123456789") == text.npos; }

int to_number(std::string_view digits) {
  int n = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), n);
  return n;
}

// "2027-03-31" in form; whether there is such a day says is_day.
bool is_date(std::string_view text) {
  return text.size() == 10 && text[4] == '-' && text[7] == '-' && all_digits(text.substr(0, 4)) && all_digits(text.substr(5, 2)) &&
         all_digits(text.substr(8));
}

bool is_day(std::string_view date) {
  constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int year = to_number(date.substr(0, 4)), month = to_number(date.substr(5, 2)), day = to_number(date.substr(8));
  if (month < 1 || month > 12) return false;
  bool leap = month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return day >= 1 && day <= days[month - 1] + (leap ? 1 : 0);
}

std::string format(const MaskedAddress& masked) {
  int length = address_bits(masked.family);
  for (u128 rest = ~masked.mask & address_max(masked.family); rest != 0; rest >>= 1) --length;
  return fmt::format("{}/{}", format_address({masked.family, masked.value}), length);
}

bool is_prefix(const MaskedAddress& masked) {
  u128 host_bits = ~masked.mask & address_max(masked.family);
  return (host_bits & (host_bits + 1)) == 0;
}

class Reader {
 public:
  Reader(const Sources& sources, std::uint32_t source, std::vector<SiteError>& errors)
      : document_(read_toml(sources, source)), errors_(errors) {
    const std::string& path = sources[source].path();
    folder_ = path.substr(0, path.rfind('/') + 1);
  }

  SiteFile read() {
    for (const Note& damage : document_.damages) error(damage.span, "this is not TOML: " + damage.message);
    const Node& root = document_.root;
    constexpr std::string_view keys[] = {"extends", "release", "pbx",      "host",  "firewall", "zones",
                                         "calls",   "peer",    "settings", "field", "checks",   "ignore"};
    refuse_unknown(root, "", keys);
    site_.extends = text(root, "extends", "");
    read_release(root);
    if (const Node* pbx = one_table(root, "pbx")) read_pbx(*pbx);
    for (const Node* host : tables(root, "host")) read_host(*host);
    for (const Node* firewall : tables(root, "firewall")) read_firewall(*firewall);
    if (const Node* zones = one_table(root, "zones")) read_zones(*zones);
    if (const Node* calls = one_table(root, "calls")) read_calls(*calls);
    for (const Node* peer : tables(root, "peer")) read_peer(*peer);
    if (const Node* settings = one_table(root, "settings")) read_settings(*settings, "");
    read_own_mappings(root);
    if (const Node* checks = one_table(root, "checks")) read_checks(*checks);
    for (const Node* ignore : tables(root, "ignore")) read_ignore(*ignore);
    std::stable_sort(found_.begin(), found_.end(), [](const SiteError& a, const SiteError& b) { return a.span < b.span; });
    std::move(found_.begin(), found_.end(), std::back_inserter(errors_));
    return std::move(site_);
  }

 private:
  // ---- errors

  void error(SourceSpan span, std::string message, std::optional<Note> related = {}) {
    if (found_.size() < max_site_errors)
      found_.push_back({std::move(message), span, std::move(related)});
    else if (found_.size() == max_site_errors)
      found_.push_back({"more is wrong than is said here; mend what is said first", span, {}});
  }

  // Past the limit nothing is worth a search for the nearest name.
  bool full() const { return found_.size() > max_site_errors; }

  // "'addresses' of [[host]]"
  static std::string of(std::string_view key, std::string_view where) {
    return where.empty() ? quoted(key) : fmt::format("{} of {}", quoted(key), where);
  }

  void wrong_type(const Node& value, std::string_view key, std::string_view where, std::string_view takes) {
    error(value.span, fmt::format("{} is {}; it takes {}", of(key, where), kind_name(value.kind), takes));
  }

  void missing(const Node& table, std::string_view key, std::string_view where, std::string_view way_out) {
    error(table.name_span, fmt::format("{} has no '{}'; {}", where, key, way_out));
  }

  void refuse_unknown(const Node& table, std::string_view where, Names keys) {
    for (const Node& member : table.children) {
      if (full() || std::find(keys.begin(), keys.end(), member.name) != keys.end()) continue;
      std::string near = suggestion(lower(member.name), keys);
      error(member.name_span,
            fmt::format(
                "unknown {} {}{}{}", member.kind == Kind::table ? "table" : "key", quoted(member.name),
                where.empty() ? std::string() : fmt::format(" in {}", where),
                near.empty() ? fmt::format("; {} {}", where.empty() ? "there are" : "it takes", listed(keys, " and ")) : near));
    }
  }

  // ---- values of any table

  // A string that is not empty and holds no control characters.
  std::optional<Located<std::string>> plain(const Node& value, std::string_view key, std::string_view where) {
    if (is_blank(value.text))
      error(value.span, fmt::format("{} is empty; give a text or leave it out", of(key, where)));
    else if (std::any_of(value.text.begin(), value.text.end(), is_control))
      error(value.span, fmt::format("{} holds a control character; write it on one line", of(key, where)));
    else
      return Located<std::string>{value.text, value.span};
    return {};
  }

  std::optional<Located<std::string>> text(const Node& table, std::string_view key, std::string_view where) {
    const Node* value = table.child(key);
    if (!value) return {};
    if (value->kind == Kind::string) return plain(*value, key, where);
    wrong_type(*value, key, where, "a string");
    return {};
  }

  std::optional<Located<std::string>> one_of(const Node& value, std::string_view key, std::string_view where, Names names) {
    if (value.kind != Kind::string)
      wrong_type(value, key, where, listed(names));
    else if (std::find(names.begin(), names.end(), value.text) == names.end())
      error(value.span, fmt::format("{} is {}; it takes {}", of(key, where), quoted(value.text), listed(names)));
    else
      return Located<std::string>{value.text, value.span};
    return {};
  }

  std::optional<Located<std::string>> choice(const Node& table, std::string_view key, std::string_view where, Names names) {
    const Node* value = table.child(key);
    return value ? one_of(*value, key, where, names) : std::nullopt;
  }

  // The strings of an array; `of_what` is "addresses".
  std::vector<const Node*> strings(const Node& table, std::string_view key, std::string_view where, std::string_view of_what) {
    std::vector<const Node*> out;
    const Node* value = table.child(key);
    if (!value) return out;
    if (value->kind != Kind::array) {
      wrong_type(*value, key, where, fmt::format("an array of {}", of_what));
      return out;
    }
    if (value->children.empty()) error(value->span, fmt::format("{} is an empty array; name one or leave it out", of(key, where)));
    for (const Node& member : value->children) {
      if (member.kind == Kind::string)
        out.push_back(&member);
      else
        error(member.span, fmt::format("{} holds {}; it takes an array of {}", of(key, where), kind_name(member.kind), of_what));
    }
    return out;
  }

  std::optional<MaskedAddress> prefix(const Node& value, std::string_view key, std::string_view where) {
    std::optional<MaskedAddress> masked = parse_masked_address(value.text);
    if (!masked || !is_prefix(*masked)) {
      error(value.span, fmt::format("{} holds {}, which is no IP address or prefix", of(key, where), quoted(value.text)));
      return {};
    }
    std::string_view written = value.text;
    std::optional<Address> address = parse_address(written.substr(0, written.find('/')));
    if (address && address->value != masked->value) {
      error(value.span, fmt::format("{} has bits set behind the prefix; write {} for the net or {} for the one address",
                                    quoted(value.text), format(*masked), format_address(*address)));
      return {};
    }
    return masked;
  }

  std::optional<Address> address(const Node& value, std::string_view key, std::string_view where) {
    std::optional<Address> address = parse_address(value.text);
    if (address && address->value != 0) return address;
    std::string_view written = value.text;
    std::size_t slash = written.find('/');
    if (slash != written.npos && parse_masked_address(written))
      error(value.span, fmt::format("{} holds {}, which is a prefix; write the address alone: {}", of(key, where),
                                    quoted(value.text), written.substr(0, slash)));
    else
      error(value.span, fmt::format("{} holds {}, which is no IP address of a host", of(key, where), quoted(value.text)));
    return {};
  }

  // A file, or the glob of several.
  std::optional<Located<std::string>> glob(const Node& value, std::string_view key, std::string_view where) {
    std::optional<Located<std::string>> out = plain(value, key, where);
    if (out && out->value.size() > max_site_glob) {
      error(value.span, fmt::format("{} is longer than {} bytes", of(key, where), max_site_glob));
      return {};
    }
    if (out && out->value.ends_with('/')) {
      error(value.span, fmt::format("{} holds {}, which names a folder; write {} for all files below it", of(key, where),
                                    quoted(value.text), quoted(value.text + "**")));
      return {};
    }
    return out;
  }

  // ---- tables

  const Node* one_table(const Node& root, std::string_view name) {
    const Node* table = root.child(name);
    if (!table || table->kind == Kind::table) return table;
    wrong_type(*table, name, "", fmt::format("one table, [{}]", name));
    return nullptr;
  }

  std::vector<const Node*> tables(const Node& root, std::string_view name) {
    std::vector<const Node*> out;
    const Node* array = root.child(name);
    if (!array) return out;
    if (array->kind != Kind::array) {
      error(array->kind == Kind::table ? array->name_span : array->span,
            fmt::format("{} is {}; write [[{}]], once for each", quoted(name), kind_name(array->kind), name));
      return out;
    }
    for (const Node& member : array->children) {
      if (member.kind == Kind::table)
        out.push_back(&member);
      else
        error(member.span, fmt::format("{} holds {}; write [[{}]], once for each", quoted(name), kind_name(member.kind), name));
    }
    return out;
  }

  // `first` remembers the names of one kind of table.
  void refuse_twice(std::map<std::string, SourceSpan>& first, const Located<std::string>& name, std::string_view where) {
    auto [known, fresh] = first.try_emplace(name.value, name.span);
    if (!fresh)
      error(name.span, fmt::format("there are two {} of the name {}; name them apart", where, quoted(name.value)),
            Note{"the first is here", known->second});
  }

  void read_release(const Node& root) {
    std::optional<Located<std::string>> release = text(root, "release", "");
    if (release && !is_release(release->value))
      error(release->span, fmt::format("'release' is {}; it takes a release as \"9.1\" or \"11.1.3.0.0\"", quoted(release->value)));
    else
      site_.release = std::move(release);
  }

  void read_addresses(const Node& table, std::string_view where, Host& host) {
    for (const Node* value : strings(table, "addresses", where, "addresses"))
      if (std::optional<Address> a = address(*value, "addresses", where)) host.addresses.push_back({*a, value->span});
  }

  void read_pbx(const Node& table) {
    constexpr std::string_view keys[] = {"addresses", "platform"};
    refuse_unknown(table, "[pbx]", keys);
    Host host;
    host.products = {"ip-office"};
    host.span = table.name_span;
    read_addresses(table, "[pbx]", host);
    if (auto platform = choice(table, "platform", "[pbx]", platforms)) host.platform = platform->value;
    site_.hosts.push_back(std::move(host));
  }

  void read_host(const Node& table) {
    constexpr std::string_view where = "[[host]]", keys[] = {"name", "addresses", "platform", "products"};
    refuse_unknown(table, where, keys);
    Host host;
    host.span = table.name_span;
    if (auto name = text(table, "name", where)) {
      refuse_twice(host_names_, *name, where);
      host.name = name->value;
    } else if (!table.child("name")) {
      missing(table, "name", where, "name it, or write [pbx] for a site of one");
    }
    read_addresses(table, where, host);
    if (auto platform = choice(table, "platform", where, platforms)) host.platform = platform->value;
    for (const Node* value : strings(table, "products", where, "products"))
      if (auto product = one_of(*value, "products", where, products)) host.products.push_back(product->value);
    if (!table.child("products")) host.products = {"ip-office"};
    if (!host.name.empty()) site_.hosts.push_back(std::move(host));
  }

  void read_firewall(const Node& table) {
    constexpr std::string_view where = "[[firewall]]", keys[] = {"name", "files", "role", "host"};
    refuse_unknown(table, where, keys);
    DeclaredFirewall firewall;
    firewall.folder = folder_;
    firewall.span = table.name_span;
    for (const Node* value : strings(table, "files", where, "file names"))
      if (auto file = glob(*value, "files", where)) firewall.files.push_back(*file);
    if (!table.child("files")) missing(table, "files", where, "list the dumps of one machine: files = [\"edge.v4\"]");
    if (auto name = text(table, "name", where)) {
      refuse_twice(firewall_names_, *name, where);
      firewall.name = name->value;
    } else if (!firewall.files.empty()) {
      firewall.name = (firewall.files[0].value.starts_with('/') ? "" : folder_) + firewall.files[0].value;
    }
    if (auto role = choice(table, "role", where, roles))
      firewall.role = {static_cast<Role>(std::find(roles, std::end(roles), role->value) - roles), role->span};
    if (const Node* host = table.child("host")) {
      std::vector<const Node*> names;
      if (host->kind == Kind::string)
        names = {host};
      else if (host->kind == Kind::array)
        names = strings(table, "host", where, "names");
      else
        wrong_type(*host, "host", where, "the name of a host, or an array of them");
      for (const Node* value : names)
        if (auto name = plain(*value, "host", where)) firewall.hosts.push_back(*name);
      if (firewall.role && firewall.role->value != Role::host)
        error(host->span, "'host' says on which hosts a host filter runs; leave it out, or write role = \"host\"",
              Note{fmt::format("the role is {} here", name_of(firewall.role->value)), firewall.role->span});
    }
    if (!firewall.files.empty()) site_.firewalls.push_back(std::move(firewall));
  }

  // ---- zones

  void read_zones(const Node& zones) {
    for (const Node& child : zones.children) {
      if (is_blank(child.name) || std::any_of(child.name.begin(), child.name.end(), is_control)) {
        error(child.name_span, "a zone's name is empty or holds a control character; write [zones.itsp]");
      } else if (child.kind == Kind::table) {
        read_zone(child, child.name);
      } else if (child.kind == Kind::array && !child.children.empty()) {
        for (const Node& member : child.children) {
          if (member.kind == Kind::table)
            read_zone(member, child.name);
          else
            wrong_type(member, child.name, "[zones]", "a table with interfaces or sources");
        }
      } else {
        wrong_type(child, child.name, "[zones]", "a table with interfaces or sources");
      }
    }
    std::stable_sort(site_.zones.begin(), site_.zones.end(), [](const Zone& a, const Zone& b) { return a.span < b.span; });
  }

  void read_zone(const Node& table, const std::string& name) {
    constexpr std::string_view keys[] = {"kind", "interfaces", "sources"};
    const std::string where = "[zones." + shown(name) + "]";
    refuse_unknown(table, where, keys);
    Zone zone;
    zone.name = name;
    zone.span = table.name_span;
    read_zone_kind(table, where, zone);
    for (const Node* value : strings(table, "interfaces", where, "interface names"))
      if (auto test = interface(*value, where)) zone.interfaces.push_back({*test, value->span});
    for (const Node* value : strings(table, "sources", where, "addresses and prefixes"))
      if (auto source = prefix(*value, "sources", where)) zone.sources.push_back({*source, value->span});
    bool refused = false;
    for (const Located<MaskedAddress>& source : zone.sources) {
      if (source.value.mask != 0 || table.child("interfaces")) continue;
      refused = true;
      error(source.span, fmt::format("{} without interfaces leaves nothing to the zones of interfaces, sources come first; "
                                     "narrow it, or leave it out: the internet is what no other zone claims",
                                     format(source.value)));
    }
    bool claims = !zone.interfaces.empty() || !zone.sources.empty();
    if (!claims && !table.child("interfaces") && !table.child("sources") && zone.kind != "internet")
      error(zone.span, fmt::format("{} claims every packet; give it interfaces or sources", where));
    else if ((claims || zone.kind == "internet") && !refused)
      site_.zones.push_back(std::move(zone));
  }

  // `kind`, else that of an earlier table of the zone, else the zone's name.
  void read_zone_kind(const Node& table, const std::string& where, Zone& zone) {
    auto known = kinds_.find(zone.name);
    if (const Node* value = table.child("kind")) {
      std::optional<Located<std::string>> kind = one_of(*value, "kind", where, zone_kinds);
      if (!kind) return;
      zone.kind = kind->value;
      if (known == kinds_.end())
        kinds_.emplace(zone.name, *kind);
      else if (known->second.value != kind->value)
        error(kind->span, fmt::format("{} is {} here and {} before; a zone has one kind", where, kind->value, known->second.value),
              Note{"the kind is first said here", known->second.span});
    } else if (known != kinds_.end()) {
      zone.kind = known->second.value;
    } else if (std::find(std::begin(zone_kinds), std::end(zone_kinds), zone.name) != std::end(zone_kinds)) {
      zone.kind = zone.name;
      kinds_.emplace(zone.name, Located<std::string>{zone.name, zone.span});
    } else {
      missing(table, "kind", where, "its name is none; kind is " + listed(zone_kinds));
    }
  }

  std::optional<InterfaceTest> interface(const Node& value, std::string_view where) {
    const std::string& name = value.text;
    std::string_view wrong;
    if (name.empty())
      wrong = "an empty name";
    else if (name.find_first_of(" \t\r\n") != name.npos || std::any_of(name.begin(), name.end(), is_control))
      wrong = "a name with blanks";
    else if (name.size() > max_interface)
      wrong = "a name of more than 15 characters";
    if (!wrong.empty()) {
      error(value.span, fmt::format("'interfaces' of {} holds {}, which is {}; write \"eth0\", or \"eth+\" for all that begin so",
                                    where, quoted(name), wrong));
      return {};
    }
    bool open = name.ends_with('+');
    return InterfaceTest{true, name.substr(0, name.size() - (open ? 1 : 0)), open};
  }

  // ---- calls, peers

  void read_calls(const Node& table) {
    constexpr std::string_view where = "[calls]", keys[] = {"trunk", "remote_workers"};
    refuse_unknown(table, where, keys);
    if (const Node* trunk = table.child("trunk")) {
      if (trunk->kind == Kind::table) {
        read_trunk(*trunk);
      } else if (trunk->kind == Kind::array) {
        for (const Node& member : trunk->children) {
          if (member.kind == Kind::table)
            read_trunk(member);
          else
            wrong_type(member, "trunk", where, "tables as { zone = \"itsp\", register = true }");
        }
      } else {
        wrong_type(*trunk, "trunk", where, "a table as { zone = \"itsp\", register = true }, or an array of them");
      }
    }
    site_.remote_workers = choice(table, "remote_workers", where, remote_worker_ways);
  }

  void read_trunk(const Node& table) {
    constexpr std::string_view where = "'trunk' of [calls]", keys[] = {"zone", "register"};
    refuse_unknown(table, where, keys);
    Trunk trunk;
    if (const Node* value = table.child("register")) {
      if (value->kind == Kind::boolean)
        trunk.registers = value->text == "true";
      else
        wrong_type(*value, "register", where, "true or false");
    }
    if (auto zone = text(table, "zone", where)) {
      trunk.zone = *zone;
      site_.trunks.push_back(std::move(trunk));
    } else if (!table.child("zone")) {
      missing(table, "zone", where, "name the zone calls come from: zone = \"itsp\"");
    }
  }

  void read_peer(const Node& table) {
    constexpr std::string_view where = "[[peer]]", keys[] = {"name", "addresses", "link", "over"};
    refuse_unknown(table, where, keys);
    Peer peer;
    peer.span = table.name_span;
    if (auto name = text(table, "name", where)) {
      refuse_twice(peer_names_, *name, where);
      peer.name = name->value;
    } else if (!table.child("name")) {
      missing(table, "name", where, "name the other system");
    }
    for (const Node* value : strings(table, "addresses", where, "addresses and prefixes"))
      if (auto masked = prefix(*value, "addresses", where)) peer.addresses.push_back({*masked, value->span});
    if (!table.child("addresses")) missing(table, "addresses", where, "list those of the other system");
    if (auto link = choice(table, "link", where, links))
      peer.link = link->value;
    else if (!table.child("link"))
      missing(table, "link", where, "it takes " + listed(links));
    if (auto over = choice(table, "over", where, ways)) peer.over = over->value;
    if (!peer.name.empty() && !peer.addresses.empty() && !peer.link.empty()) site_.peers.push_back(std::move(peer));
  }

  // ---- settings

  // snmp.enabled = true and "snmp.enabled" = true are the same key.
  void read_settings(const Node& table, const std::string& before) {
    for (const Node& child : table.children) {
      std::string key = before + child.name;
      if (child.kind == Kind::table && !child.children.empty())
        read_settings(child, key + ".");
      else
        read_setting(child, std::move(key));
    }
  }

  void read_setting(const Node& value, std::string key) {
    static const auto known_keys = FieldMap::builtin().keys();
    auto known = known_keys.find(key);
    if (known == known_keys.end()) {
      if (full()) return;
      std::vector<std::string_view> names;
      for (const auto& [name, match] : known_keys) names.push_back(name);
      std::string near = suggestion(lower(key), names);
      error(value.name_span, fmt::format("unknown key {} in [settings]{}", quoted(key),
                                         near.empty() ? "; 'ipo-lint inventory' shows the keys of an export" : near));
    } else if (value.kind != Kind::string && value.kind != Kind::integer && value.kind != Kind::boolean) {
      wrong_type(value, key, "[settings]", "a string, an integer, true or false");
    } else if (auto [first, fresh] = setting_keys_.try_emplace(key, value.name_span); !fresh) {
      error(value.name_span, fmt::format("{} is set twice; keep one", of(key, "[settings]")),
            Note{"first set here", first->second});
    } else if (const KnownSetting* setting = find_setting(key); setting && !refusal(*setting, value.text).empty()) {
      error(value.span,
            fmt::format("{} {}; it takes {}", of(key, "[settings]"), refusal(*setting, value.text), describe_values(*setting)));
    } else {
      bool secret = known->second.secret || names_secret(key);
      site_.settings.push_back({key, key, {value.text, value.span}, Evidence::ours, secret});
    }
  }

  // [[field]]
  void read_own_mappings(const Node& root) {
    if (!root.child("field")) return;
    std::vector<Note> wrong;
    site_.fields = read_own_fields(root, wrong);
    for (Note& note : wrong) error(note.span, "[[field]]: " + std::move(note.message));
  }

  // ---- checks

  void read_checks(const Node& table) {
    for (const Node& child : table.children) {
      std::optional<Located<std::string>> level = one_of(child, child.name, "[checks]", levels);
      if (!level) continue;
      auto at = std::find(std::begin(levels), std::end(levels), level->value) - std::begin(levels);
      site_.checks.push_back({child.name, at == 0 ? std::nullopt : std::optional(static_cast<Level>(at - 1)), child.name_span});
    }
  }

  void read_ignore(const Node& table) {
    constexpr std::string_view where = "[[ignore]]", keys[] = {"check", "path", "reason", "until"};
    refuse_unknown(table, where, keys);
    Ignore ignore;
    ignore.folder = folder_;
    ignore.span = table.name_span;
    bool usable = true;
    if (auto check = text(table, "check", where))
      ignore.check = *check;
    else
      usable = false;
    if (!table.child("check")) missing(table, "check", where, "name the check whose findings are to be ignored");
    if (const Node* path = table.child("path")) {
      if (path->kind != Kind::string)
        wrong_type(*path, "path", where, "a string");
      else
        ignore.path = glob(*path, "path", where);
      usable = usable && ignore.path;  // without it the ignore would reach further than meant
    }
    if (const Node* reason = table.child("reason"); !reason) {
      missing(table, "reason", where, "say why, for the next reader");
      usable = false;
    } else if (reason->kind != Kind::string) {
      wrong_type(*reason, "reason", where, "a string");
      usable = false;
    } else if (is_blank(reason->text)) {
      error(reason->span, "'reason' of [[ignore]] is empty; say why, for the next reader");
      usable = false;
    } else {
      ignore.reason = {reason->text, reason->span};
    }
    if (const Node* until = table.child("until")) {
      ignore.until = day(*until, where);
      usable = usable && ignore.until;
    }
    if (usable) site_.ignores.push_back(std::move(ignore));
  }

  std::optional<Located<std::string>> day(const Node& value, std::string_view where) {
    bool dated = (value.kind == Kind::date || value.kind == Kind::string) && is_date(value.text);
    if (dated && is_day(value.text)) return Located<std::string>{value.text, value.span};
    std::string what =
        value.kind == Kind::string || value.kind == Kind::date ? quoted(value.text) : std::string(kind_name(value.kind));
    error(value.span, fmt::format("bad date: 'until' of {} is {}{}; write the last day it holds, as 2027-03-31", where, what,
                                  dated ? ", a day the calendar does not have" : ""));
    return {};
  }

  Document document_;
  std::vector<SiteError>& errors_;
  std::vector<SiteError> found_;
  std::string folder_;
  SiteFile site_;
  std::map<std::string, SourceSpan> host_names_, firewall_names_, peer_names_, setting_keys_;
  std::map<std::string, Located<std::string>> kinds_;  // of zones, by name
};

}  // namespace

SiteFile read_site_file(const Sources& sources, std::uint32_t source, std::vector<SiteError>& errors) {
  return Reader(sources, source, errors).read();
}

bool is_release(std::string_view text) {
  for (std::size_t parts = 1; parts <= max_release_parts; ++parts) {
    std::size_t dot = text.find('.');
    std::string_view part = text.substr(0, dot);
    if (!all_digits(part) || part.size() > 9) return false;
    if (dot == text.npos) return parts > 1;
    text.remove_prefix(dot + 1);
  }
  return false;
}

}  // namespace ipo
