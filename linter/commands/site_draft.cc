// Each part is a table of lines and reasons. A role places a firewall on the path of all packets, and an interface of
// the internet is one on every firewall that has it: both are only written where the site was judged that way already.
#include "linter/commands/site_draft.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "linter/output/place.h"
#include "linter/output/snippet.h"
#include "rules/findings/undeclared_sources.h"
#include "rules/site/internet.h"
#include "rules/site/required.h"

namespace ipo {
namespace {

constexpr std::size_t widest_code = 60;      // columns; the reason of a longer line stands above it
constexpr std::size_t most_zones = 40;       // drafted for sources
constexpr std::size_t most_prefixes = 64;    // of one zone
constexpr std::size_t most_lines_named = 3;  // of a dump, in a reason

struct Item {
  std::string code, reason;
};

class Table {
 public:
  explicit Table(const std::string& header = "") {
    if (!header.empty()) items_.push_back({header, ""});
  }
  void add(std::string code, std::string reason = "") { items_.push_back({std::move(code), std::move(reason)}); }
  void add_list(const std::string& key, const std::vector<Item>& values) {
    if (values.size() == 1) return add(fmt::format("{} = [{}]", key, values[0].code), values[0].reason);
    add(key + " = [");
    for (const Item& value : values) add("  " + value.code + ",", value.reason);
    add("]");
  }

  std::string text() const {
    std::size_t width = 0;
    for (const Item& i : items_)
      if (!i.reason.empty() && columns(i.code) <= widest_code) width = std::max(width, columns(i.code));
    std::string out;
    for (const Item& i : items_) {
      std::string reason = printable(i.reason);
      if (!reason.empty() && columns(i.code) > widest_code) out += "# " + reason + '\n';
      out += i.code;
      if (!reason.empty() && columns(i.code) <= widest_code) out += std::string(width - columns(i.code) + 2, ' ') + "# " + reason;
      out += '\n';
    }
    return out;
  }

 private:
  std::vector<Item> items_;
};

// The length of a valid character at `at`, or 0; its code point.
std::size_t character(std::string_view text, std::size_t at, std::uint32_t& code) {
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned char lead = byte(at);
  std::size_t length = lead < 0x80                   ? 1
                       : lead >= 0xc2 && lead < 0xe0 ? 2
                       : lead >= 0xe0 && lead < 0xf0 ? 3
                       : lead >= 0xf0 && lead < 0xf5 ? 4
                                                     : 0;
  if (length == 0 || at + length > text.size()) return 0;
  code = length == 1 ? lead : lead & (0x7fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xc0) != 0x80) return 0;
    code = code << 6 | (byte(at + i) & 0x3fu);
  }
  constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  bool surrogate = code >= 0xd800 && code < 0xe000;
  return code < least[length] || surrogate || code > 0x10ffff ? 0 : length;
}

// Prefixes that make up the interval.
std::vector<std::string> prefixes_of(const Interval& interval, Family family) {
  std::vector<std::string> out;
  int bits = address_bits(family);
  for (u128 at = interval.lo;;) {
    int free = 0;  // host bits
    while (free < bits - 1 && (at & ((u128{2} << free) - 1)) == 0 && interval.hi - at >= (u128{2} << free) - 1) ++free;
    out.push_back(format_address({family, at}) + (free > 0 ? fmt::format("/{}", bits - free) : ""));
    u128 last = at + ((u128{1} << free) - 1);
    if (last >= interval.hi || out.size() > most_prefixes) return out;
    at = last + 1;
  }
}

bool is_interface_name(const InterfaceTest& test) {
  return !test.name.empty() && test.name.size() + test.prefix <= 15 && (test.prefix || !test.name.ends_with('+')) &&
         test.name.find_first_of(" \t") == test.name.npos && toml_string(test.name);
}

// Sources that overlap, as one; a zone of its own each, since neither would be more specific.
struct SourceZone {
  IntervalSet addresses;
  Family family = Family::ipv4;
  bool only_calls = true;
  std::set<SourceSpan> lines;
  std::string name;
};

class Draft {
 public:
  Draft(const Assessment& a, const LintOptions& options, const DraftPlace& place)
      : a_(a), options_(options), place_(place), places_(a.reading.sources) {}

  std::vector<DraftPart> parts() {
    extends();
    release();
    hosts();
    firewalls();
    internet();
    sources();
    calls();
    rest();
    return std::move(parts_);
  }

 private:
  void part(const Table& table, std::string to_check = "", std::string left_out = "") {
    parts_.push_back({table.text(), std::move(to_check), std::move(left_out)});
  }
  void example(const Table& table, std::string why) { part(table, "", std::move(why)); }

  // ---- reasons

  bool is_declared(SourceSpan span) const { return has_place(span) && span.source >= a_.reading.formats.size(); }

  // As seen from the file that is drafted.
  std::string seen(std::string_view path) const {
    return path == "-" ? "standard input" : path_from(place_.folder, normal_path(options_.working_folder, path));
  }

  std::string where(SourceSpan span) const {
    Place at = places_.at(span);
    return fmt::format("{}:{}", seen(at.path), at.line);
  }

  // "what: fw.rules:14", as far as there is a place.
  std::string because(std::string_view what, SourceSpan span) const {
    return has_place(span) ? fmt::format("{}: {}", what, where(span)) : std::string(what);
  }

  const Inference* inference_at(SourceSpan span, std::string_view begin) const {
    for (const Inference& i : a_.reading.site.inferences)
      if (has_place(span) && i.span == span && i.message.starts_with(begin)) return &i;
    return nullptr;
  }

  // ---- the top

  void extends() {
    if (place_.extends.empty()) return;
    Table table;
    if (auto text = toml_string(place_.extends)) {
      table.add("extends = " + *text, "it spoke for these files so far");
      part(table);
    }
  }

  void release() {
    Table table;
    const SiteFile& declared = a_.reading.declared;
    if (!options_.release.empty()) {
      table.add(fmt::format("release = \"{}\"", options_.release), "given by --release");
      return part(table);
    }
    if (declared.release) return;
    for (const Host& host : a_.reading.site.hosts) {
      if (!host.release || host.release->value.parts.empty()) continue;
      std::string text = host.release->value.text();
      bool right = host.release->value.parts.size() > 1;
      table.add(fmt::format("release = \"{}\"", right ? text : text + ".0"),
                because("exported", host.release->span) + "; an upgrade changes it");
      std::string why;
      if (a_.release_without_matrix)
        why = fmt::format("there is no port matrix of this release, that of {} is used", a_.matrix->release);
      else if (!right)
        why = "the export says no more than " + text;
      return part(table, "", why);
    }
    table.add(fmt::format("release = \"{}\"", a_.matrix->release));
    example(table, "no input says which release the PBX has; the newest port matrix is used");
  }

  // ---- hosts

  std::string reason_of(const Host& host, const Located<Address>& address) const {
    if (std::find(options_.pbx.begin(), options_.pbx.end(), address.value) != options_.pbx.end()) return "given by --pbx";
    for (const Setting& s : host.settings)
      if (s.value.span == address.span && s.key.text().ends_with(".address"))
        return because(s.key.text() + " of the export", address.span);
    for (const Inference& i : a_.reading.site.inferences)
      if (has_place(address.span) && i.span == address.span && i.message.starts_with("the PBX is "))
        return because(i.message.substr(i.message.find(": ") + 2), address.span);
    return because("named", address.span);
  }

  std::string reason_of_name(const Host& host) const {
    for (const Setting& s : host.settings)
      if (s.value.value == host.name && s.key.text().starts_with("system.")) return because("exported", s.value.span);
    return has_place(host.span) ? because("named", host.span) : "no export says its name";
  }

  void hosts() {
    std::set<std::string> names;
    std::set<Address> taken;
    bool any = false;
    for (const Host& declared : a_.reading.declared.hosts) names.insert(declared.name.empty() ? "pbx" : declared.name);
    for (const Host& host : a_.reading.site.hosts) {
      any = true;
      if (names.contains(host.name)) {
        bool is_declared_one = std::any_of(a_.reading.declared.hosts.begin(), a_.reading.declared.hosts.end(), [&](const Host& d) {
          return d.name == host.name || (d.name.empty() && host.name == "pbx");
        });
        if (!is_declared_one) {
          Table table("[[host]]");
          table.add("name = \"...\"", reason_of_name(host));
          example(table, "an earlier host has the same name; name them apart");
        }
        continue;
      }
      write(host, names, taken);
    }
    if (any) return;
    Table table("[[host]]");
    table.add("name = \"pbx\"");
    table.add("addresses = [\"192.168.42.1\"]");
    table.add("platform = \"ip500v2\"", "ip500v2, server-edition, application-server, windows, virtual");
    table.add("products = [\"ip-office\"]");
    example(table, "no input says where the PBX is; fill in and uncomment");
  }

  void write(const Host& host, std::set<std::string>& names, std::set<Address>& taken) {
    Table table("[[host]]");
    std::optional<std::string> name = host.name.find_first_not_of(" \t") == host.name.npos ? std::nullopt : toml_string(host.name);
    std::string plain = name ? host.name : "pbx";
    for (int n = 2; !name && names.contains(plain); ++n) plain = fmt::format("pbx-{}", n);
    names.insert(plain);
    table.add("name = " + (name ? *name : '"' + plain + '"'), name ? reason_of_name(host) : "its own name cannot be written here");
    std::vector<Item> addresses;
    bool guessed = false;
    for (const Located<Address>& address : host.addresses) {
      if (!taken.insert(address.value).second) continue;
      addresses.push_back({'"' + format_address(address.value) + '"', reason_of(host, address)});
      guessed = guessed || inference_at(address.span, "the PBX is ");
    }
    if (!addresses.empty())
      table.add_list("addresses", addresses);
    else
      table.add("# addresses = [\"192.168.42.1\"]",
                host.addresses.empty() ? "not known; fill in" : "another host has the same; fill in what is its own");
    if (!host.platform.empty()) {
      const Setting* platform = host.setting("system.platform");
      table.add(fmt::format("platform = \"{}\"", host.platform), because("exported", platform ? platform->value.span : host.span));
    } else {
      table.add("# platform = \"ip500v2\"", "not known: ip500v2, server-edition, application-server, windows, virtual");
    }
    std::string products;
    for (const std::string& product : host.products) products += (products.empty() ? "" : ", ") + ('"' + product + '"');
    if (!products.empty())
      table.add(fmt::format("products = [{}]", products),
                host.settings.empty() ? "what leads there is an IP Office's" : "its export was read");
    part(table, guessed ? fmt::format("that {} is the PBX", host_addresses(host)) : "");
  }

  static std::string host_addresses(const Host& host) {
    std::string out;
    for (const Located<Address>& a : host.addresses) out += (out.empty() ? "" : ", ") + format_address(a.value);
    return out;
  }

  // ---- firewalls

  std::vector<std::uint32_t> dumps_of(const Firewall& firewall) const {
    std::vector<std::uint32_t> out;
    auto add = [&](SourceSpan span) {
      if (std::find(out.begin(), out.end(), span.source) == out.end()) out.push_back(span.source);
    };
    for (const Ruleset& ruleset : firewall.rulesets) add(ruleset.span);
    each_rule(firewall, [&](const Ruleset&, const Chain&, const Rule& rule) { add(rule.span); });
    return out;
  }

  void firewalls() {
    const auto& declared = a_.reading.declared.firewalls;
    std::size_t several = a_.standings.size();
    for (const Standing& standing : a_.standings) {
      const Firewall& firewall = *standing.firewall;
      if (std::any_of(declared.begin(), declared.end(), [&](const DeclaredFirewall& d) { return d.name == firewall.name; }))
        continue;
      Table table("[[firewall]]");
      std::vector<Item> files;
      std::string cannot;
      for (std::uint32_t source : dumps_of(firewall)) {
        const std::string& path = a_.reading.sources[source].path();
        std::string relative = seen(path);
        auto text = toml_string(relative);
        if (path == "-")
          cannot = "it was read from standard input; save it and name the file";
        else if (!text || relative.find_first_of("*?") != relative.npos || relative.empty() || relative.size() > max_site_glob)
          cannot = "this name cannot be written here; rename the file";
        files.push_back({text.value_or("\"...\""), ""});
      }
      table.add_list("files", files);
      std::string why = standing.role == Role::host ? "it translates and forwards nothing" : "it translates or forwards";
      if (firewall.rulesets.size() > 0) why = because(why, firewall.rulesets.front().span);
      std::string role = fmt::format("role = \"{}\"", name_of(standing.role));
      if (several == 1 && declared.empty())
        table.add(role, why);
      else
        table.add("# " + role, why + "; uncomment if packets pass these firewalls one after the other");
      part(table,
           several > 1 && &standing == &a_.standings.front() ? "which firewall stands behind which: the roles are commented out"
                                                             : "",
           cannot);
    }
    if (!a_.standings.empty()) return;
    Table table("[[firewall]]");
    table.add("files = [\"firewall.rules\"]");
    table.add("role = \"perimeter\"", "perimeter, transit, host");
    example(table, "no firewall was given; name its dumps and uncomment");
  }

  // ---- the internet

  Item item_of(const InterfaceTest& test, const Standing& standing) const {
    std::string name = format_interface(test), begin = "internet is " + name + ": ";
    std::string code = toml_string(name).value_or("\"...\"");
    if (!options_.internet.empty()) return {code, "given by --internet"};
    std::vector<std::uint32_t> own = dumps_of(*standing.firewall);
    for (const Inference& i : a_.reading.site.inferences)
      if (i.message.starts_with(begin) && std::find(own.begin(), own.end(), i.span.source) != own.end())
        return {code, because(i.message.substr(begin.size()), i.span)};
    return {code, ""};
  }

  void internet() {
    Table table("[zones.internet]");
    std::vector<InterfaceTest> all;
    std::vector<Item> items;
    std::string inferred, named;
    bool network = false;
    for (const Standing& standing : a_.standings) {
      if (!standing.zones.front().tables.empty()) return;  // declared
      network = network || standing.network_only;
      if (!standing.outermost) continue;
      for (const InterfaceTest& test : standing.internet) {
        if (has_interface(all, test)) continue;
        all.push_back(test);
        items.push_back(item_of(test, standing));
        inferred += (inferred.empty() ? "" : ", ") + format_interface(test);
      }
    }
    if (all.empty()) {
      table.add("interfaces = [\"eth0\"]", candidates());
      return example(table, network ? "only the filter of the PBX itself was given: it is judged against the network around it"
                                    : "no rule shows which interface leads to the internet; fill in and uncomment");
    }
    table.add_list("interfaces", items);
    std::string why;
    if (network) why = "only the filter of the PBX itself was given: it is judged against the network around it";
    for (const InterfaceTest& test : all)
      if (!is_interface_name(test)) why = fmt::format("the interface name {} cannot be written here", format_interface(test));
    for (const Standing& standing : a_.standings)
      if (why.empty() && standing.outermost && !is_internet_of(all, standing))
        why = "left out: it would hold for every firewall here, and change how " + seen(standing.firewall->name) + " is judged";
    std::string unnamed;
    for (const InterfaceTest& test : all)
      if (std::none_of(a_.standings.begin(), a_.standings.end(), [&](const Standing& s) { return s.names(test); }))
        unnamed += (unnamed.empty() ? "" : ", ") + format_interface(test);
    std::string check = !unnamed.empty()            ? "that the internet is behind " + unnamed + ", which no rule names"
                        : options_.internet.empty() ? "that the internet is behind " + inferred
                                                    : "";
    part(table, why.empty() ? check : "", why);
  }

  // What declaring them makes the firewall's internet is what it is now: an interface is that firewall's whose rules name it.
  bool is_internet_of(const std::vector<InterfaceTest>& all, const Standing& standing) const {
    return std::all_of(all.begin(), all.end(), [&](const InterfaceTest& test) {
      bool nobodys = std::none_of(a_.standings.begin(), a_.standings.end(), [&](const Standing& s) { return s.names(test); });
      return has_interface(standing.internet, test) == (nobodys || standing.names(test));
    });
  }

  // "the rules name eth0, eth1"
  std::string candidates() const {
    std::set<std::string> names;
    for (const Standing& standing : a_.standings)
      each_rule(*standing.firewall, [&](const Ruleset&, const Chain&, const Rule& rule) {
        for (const Condition& c : rule.conditions)
          each_test<InterfaceTest>(c, [&](const InterfaceTest& test) {
            if (!test.name.empty() && test.name != "lo" && !is_tunnel(test.name)) names.insert(format_interface(test));
          });
      });
    std::string out;
    std::size_t shown = 0;
    for (const std::string& name : names)
      if (++shown <= 6) out += (out.empty() ? "the rules name " : ", ") + name;
    return shown > 6 ? out + fmt::format(" and {} more", shown - 6) : out;
  }

  // ---- sources

  std::vector<SourceZone> source_zones() const {
    std::vector<SourceZone> out;
    for (const UndeclaredSource& source : undeclared_sources(a_.reading.site, *a_.exposure)) {
      SourceZone zone;
      zone.addresses = source.addresses, zone.family = source.family;
      for (const Exposed& e : source.exposed) {
        zone.only_calls = zone.only_calls && is_of_calls(e.hit.row->id);
        zone.lines.insert(line_to_change(*e.opening).span());
      }
      std::erase_if(out, [&](SourceZone& other) {
        if (other.family != zone.family || !other.addresses.intersects(zone.addresses)) return false;
        zone.addresses.add(other.addresses);
        zone.only_calls = zone.only_calls && other.only_calls;
        zone.lines.insert(other.lines.begin(), other.lines.end());
        return true;
      });
      out.push_back(std::move(zone));
    }
    std::sort(out.begin(), out.end(), [](const SourceZone& a, const SourceZone& b) {
      return std::pair(a.family, a.addresses.begin()->lo) < std::pair(b.family, b.addresses.begin()->lo);
    });
    std::set<std::string> names;
    for (const Zone& zone : a_.reading.site.zones) names.insert(zone.name);
    std::size_t number = 0;
    for (SourceZone& zone : out) do
        zone.name = fmt::format("source-{}", ++number);
      while (names.contains(zone.name));
    return out;
  }

  std::string lines_of(const SourceZone& zone) const {
    std::string out;
    std::size_t shown = 0;
    for (SourceSpan span : zone.lines)
      if (++shown <= most_lines_named) out += (out.empty() ? "" : ", ") + where(span);
    return shown > most_lines_named ? out + fmt::format(" and {} more", shown - most_lines_named) : out;
  }

  void sources() {
    std::vector<SourceZone> zones = source_zones();
    for (std::size_t z = 0; z < zones.size(); ++z) {
      SourceZone& zone = zones[z];
      bool itsp = zone.only_calls;
      Table table(fmt::format("[zones.{}]", zone.name));
      table.add(fmt::format("kind = \"{}\"", itsp ? "itsp" : "partner"),
                itsp ? "a guess: nothing but SIP and media is open to it" : "a guess: more than calls is open to it");
      std::vector<Item> prefixes;
      for (const Interval& i : zone.addresses)
        for (std::string& prefix : prefixes_of(i, zone.family))
          if (prefixes.size() <= most_prefixes) prefixes.push_back({'"' + prefix + '"', ""});
      std::string why = z >= most_zones ? "too many sources were found to guess who they are" : "";
      if (prefixes.size() > most_prefixes)
        why = fmt::format("more than {} prefixes; name those that are somebody's", most_prefixes);
      prefixes.front().reason = "let in by " + lines_of(zone);
      if (prefixes.size() > 1) {
        table.add("# " + printable(prefixes.front().reason));
        prefixes.front().reason.clear();
      }
      table.add_list("sources", prefixes);
      part(table, fmt::format("who {} is: zone {}", format_addresses(zone.addresses, zone.family), zone.name), why);
      if (itsp && why.empty()) providers_.push_back(zone.name);
    }
    if (!zones.empty() || a_.reading.site.zones.size() > 0) return;
    Table table("[zones.itsp]");
    table.add("sources = [\"198.51.100.0/28\"]", "the provider's addresses");
    bool located = std::any_of(a_.standings.begin(), a_.standings.end(), [](const Standing& s) { return s.protects_itself; });
    for (const Host& host : a_.reading.site.hosts) located = located || !host.addresses.empty();
    example(table, located ? "no single public source is let in; name the provider's, partners', and your own other sites"
                           : "who may reach the PBX shows once its address is known; name the provider's addresses");
  }

  // ---- calls

  void calls() {
    if (!a_.reading.site.trunks.empty()) return;
    const Setting* registers = nullptr;
    const Record* line = nullptr;
    for (const Record& record : a_.reading.site.records) {
      if (record.type != "SIPLine" && record.type != "SIPTrunk") continue;
      if (!line) line = &record;
      if (!registers) registers = record.field("sipline.registration_required");
    }
    bool registered = false;
    if (registers) {
      const std::string& value = registers->value.value;
      for (const char* yes : {"true", "True", "TRUE", "1", "yes", "on"}) registered = registered || value == yes;
    }
    std::string zone = providers_.size() == 1 ? providers_.front() : registered && providers_.empty() ? "internet" : "itsp";
    Table table("[calls]");
    std::string trunk =
        fmt::format("trunk = {{ zone = \"{}\", register = {} }}", zone, registers && !registered ? "false" : "true");
    std::string workers = "# remote_workers = \"none\"", ways = "none, vpn, sip, sip-tls, h323, webrtc, sbc";
    if (line && registers && zone != "itsp") {
      table.add(trunk, because(registered ? "the SIP line registers" : "the SIP line does not register", registers->value.span));
      table.add(workers, ways);
      return part(table, fmt::format("that calls come from zone {}", zone));
    }
    table.add(trunk, line ? because("a SIP line", line->span) : "");
    table.add(workers.substr(2), ways);
    example(table, "no input says how calls come in; fill in and uncomment");
  }

  // ---- what nothing can be inferred of

  void rest() {
    if (a_.reading.site.peers.empty()) {
      Table table("[[peer]]");
      table.add("name = \"branch-2\"");
      table.add("addresses = [\"10.2.0.1\"]");
      table.add("link = \"scn\"", "scn, scn-websocket");
      table.add("over = \"vpn\"", "vpn, internet, lan");
      example(table, "other systems this PBX is linked to");
    }
  }

  const Assessment& a_;
  const LintOptions& options_;
  const DraftPlace& place_;
  Places places_;
  std::vector<std::string> providers_;  // zones
  std::vector<DraftPart> parts_;
};

}  // namespace

std::optional<std::string> toml_string(std::string_view text) {
  std::string out = "\"";
  for (std::size_t at = 0; at < text.size();) {
    std::uint32_t code = 0;
    std::size_t length = character(text, at, code);
    if (length == 0 || code < 0x20 || code == 0x7f) return {};
    std::string_view whole = text.substr(at, length);
    if (code == '"' || code == '\\')
      out += '\\', out += whole;
    else if (printable(whole) != whole)
      out += fmt::format("\\U{:08X}", code);
    else
      out += whole;
    at += length;
  }
  return out + '"';
}

std::string path_from(const std::string& folder, const std::string& path) {
  return std::filesystem::path(path).lexically_relative(folder).generic_string();
}

std::vector<DraftPart> draft_of(const Assessment& assessment, const LintOptions& options, const DraftPlace& place) {
  return Draft(assessment, options, place).parts();
}

std::string format_draft(const std::vector<DraftPart>& parts, const std::vector<std::string>& inputs) {
  constexpr std::size_t most_inputs = 5;
  std::string from;
  for (std::size_t i = 0; i < inputs.size() && i < most_inputs; ++i) from += (i > 0 ? ", " : "") + printable(inputs[i]);
  if (inputs.size() > most_inputs) from += fmt::format(" and {} more", inputs.size() - most_inputs);
  std::string out = "# What ipo-lint init could infer about this site from " + from +
                    ".\n# Each line says what it rests on: check it, and fill in what is commented out.\n";
  for (const DraftPart& part : parts) {
    out += '\n';
    if (part.left_out.empty()) {
      out += part.text;
      continue;
    }
    out += "# " + printable(part.left_out) + ":\n";
    for (std::size_t at = 0; at < part.text.size();) {
      std::size_t end = part.text.find('\n', at) + 1;
      std::string line = part.text.substr(at, end - at);
      out += (line.starts_with("# ") ? "" : "# ") + line;
      at = end;
    }
  }
  return out;
}

}  // namespace ipo
