// Merging is by name: what the nearer file names anew goes from the base. Zones are compared pair by pair, table by table,
// and each table complains of the first earlier one it collides with; so that this stays small, a site may claim 4096 things.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "parsers/site_file/site_file.h"
#include "parsers/text/nearest.h"

namespace ipo {
namespace {

constexpr std::size_t max_claims = 4096;     // zone tables, their interfaces and their sources together
constexpr std::size_t max_candidates = 500;  // names looked at for a suggestion

template <class T, class Name>
void replace(std::vector<T>& base, std::vector<T>& nearer, const Name& name_of) {
  std::set<std::string_view> names;
  for (const T& item : nearer) names.insert(name_of(item));
  std::erase_if(base, [&](const T& item) { return names.contains(name_of(item)); });
  std::move(nearer.begin(), nearer.end(), std::back_inserter(base));
}

template <class T>
void append(std::vector<T>& base, std::vector<T>& nearer) {
  std::move(nearer.begin(), nearer.end(), std::back_inserter(base));
}

class Errors {
 public:
  explicit Errors(std::vector<SiteError>& errors) : errors_(errors), before_(errors.size()) {}
  void add(SourceSpan span, std::string message, std::optional<Note> related = {}) {
    if (full()) return;
    errors_.push_back({std::move(message), span, std::move(related)});
    if (errors_.size() - before_ == max_site_errors)
      errors_.push_back({"more is wrong than is said here; mend what is said first", span, {}});
  }
  bool full() const { return errors_.size() - before_ > max_site_errors; }

 private:
  std::vector<SiteError>& errors_;
  std::size_t before_;
};

// What both match, if anything.
std::optional<InterfaceTest> common(const InterfaceTest& a, const InterfaceTest& b) {
  const InterfaceTest& longer = a.name.size() > b.name.size() || (a.name.size() == b.name.size() && !a.prefix) ? a : b;
  const InterfaceTest& shorter = &longer == &a ? b : a;
  bool meet = shorter.prefix ? longer.name.starts_with(shorter.name) : longer.name == shorter.name && !longer.prefix;
  return meet ? std::optional(longer) : std::nullopt;
}

std::optional<MaskedAddress> common(const MaskedAddress& a, const MaskedAddress& b) {
  if (a.family != b.family || ((a.value ^ b.value) & a.mask & b.mask) != 0) return {};
  return MaskedAddress{a.family, a.value | b.value, a.mask | b.mask};
}

std::string text_of(const InterfaceTest& test) { return test.name + (test.prefix ? "+" : ""); }

std::string text_of(const MaskedAddress& masked) { return format_addresses(addresses_of(masked), masked.family); }

struct Meeting {
  std::string text;  // what both claim
  SourceSpan first, second;
};

template <class T>
std::optional<Meeting> meeting(const std::vector<Located<T>>& first, const std::vector<Located<T>>& second) {
  for (const Located<T>& b : second)
    for (const Located<T>& a : first)
      if (auto both = common(a.value, b.value)) return Meeting{text_of(*both), a.span, b.span};
  return {};
}

void compare(const Zone& first, const Zone& second, Errors& errors, bool& collided) {
  bool by_interface = !second.interfaces.empty(), by_source = !second.sources.empty();
  if (first.name == second.name || first.interfaces.empty() == by_interface || first.sources.empty() == by_source) return;
  std::optional<Meeting> interface, source;
  if (by_source && !(source = meeting(first.sources, second.sources))) return;
  if (by_interface && !(interface = meeting(first.interfaces, second.interfaces))) return;
  collided = true;
  const Zone* internet = second.kind == "internet" ? &second : first.kind == "internet" ? &first : nullptr;
  std::string what, way_out;
  if (source && interface) {
    what = fmt::format("packets from {} that come in by {}", source->text, interface->text);
    way_out = "part their sources or their interfaces";
  } else if (source) {
    what = "packets from " + source->text;
    way_out = internet ? fmt::format("leave out the sources of '{}': the internet is what no other zone claims", internet->name)
                       : "part their sources, or give one of them interfaces too";
  } else if (interface) {
    what = "packets that come in by " + interface->text;
    way_out = "give each interface to one zone, or one of them sources too";
  } else {
    what = "every packet";
    way_out = "give one of them interfaces or sources";
  }
  SourceSpan here = source ? source->second : interface ? interface->second : second.span;
  SourceSpan there = source ? source->first : interface ? interface->first : first.span;
  errors.add(
      here,
      fmt::format("zones '{}' and '{}' both claim {}, and neither is more specific; {}", first.name, second.name, what, way_out),
      Note{fmt::format("claimed by zone '{}' here", first.name), there});
}

void check_zones(const std::vector<Zone>& zones, Errors& errors) {
  std::size_t claims = 0;
  for (const Zone& zone : zones) {
    claims += 1 + zone.interfaces.size() + zone.sources.size();
    if (claims <= max_claims) continue;
    errors.add(zone.span,
               fmt::format("the zones have more than {} tables, interfaces and sources up to here; join prefixes", max_claims));
    return;
  }
  for (std::size_t i = 0; i < zones.size() && !errors.full(); ++i) {
    bool collided = false;
    for (std::size_t j = 0; j < i && !collided; ++j) compare(zones[j], zones[i], errors, collided);
  }
}

void check_names(const std::vector<Located<std::string>>& used, const std::set<std::string_view>& known, std::string_view kind,
                 std::string_view way_out, Errors& errors) {
  for (const Located<std::string>& name : used) {
    if (known.contains(name.value) || errors.full()) continue;
    std::vector<std::string_view> candidates;
    for (auto at = known.begin(); at != known.end() && candidates.size() < max_candidates; ++at) candidates.push_back(*at);
    std::string_view near = name.value.size() <= 64 ? nearest(name.value, candidates) : std::string_view();
    errors.add(name.span, near.empty() ? fmt::format("there is no {} '{}'; {}", kind, name.value, way_out)
                                       : fmt::format("there is no {} '{}'; did you mean '{}'?", kind, name.value, near));
  }
}

std::string host_name(const Host& host) { return host.name.empty() ? "[pbx]" : "host '" + host.name + "'"; }

}  // namespace

SiteFile merge(SiteFile base, SiteFile nearer) {
  if (nearer.extends) base.extends = std::move(nearer.extends);
  if (nearer.release) base.release = std::move(nearer.release);
  if (nearer.remote_workers) base.remote_workers = std::move(nearer.remote_workers);
  auto name = [](const auto& item) -> std::string_view { return item.name; };
  replace(base.hosts, nearer.hosts, name);
  replace(base.firewalls, nearer.firewalls, name);
  replace(base.zones, nearer.zones, name);
  replace(base.peers, nearer.peers, name);
  replace(base.settings, nearer.settings, [](const Setting& s) -> std::string_view { return s.key; });
  replace(base.checks, nearer.checks, [](const CheckLevel& c) -> std::string_view { return c.check; });
  append(nearer.fields, base.fields);  // the first that matches counts
  base.fields = std::move(nearer.fields);
  append(base.trunks, nearer.trunks);
  append(base.ignores, nearer.ignores);
  return base;
}

void check_site_file(const SiteFile& file, std::vector<SiteError>& errors_out) {
  Errors errors(errors_out);
  check_zones(file.zones, errors);

  std::set<std::string_view> zones = {"internet"}, hosts;
  for (const Zone& zone : file.zones) zones.insert(zone.name);
  for (const Host& host : file.hosts)
    if (!host.name.empty()) hosts.insert(host.name);
  std::vector<Located<std::string>> used;
  for (const Trunk& trunk : file.trunks) used.push_back(trunk.zone);
  check_names(used, zones, "zone", "declare it: [zones.<name>]", errors);
  used.clear();
  for (const DeclaredFirewall& firewall : file.firewalls) used.insert(used.end(), firewall.hosts.begin(), firewall.hosts.end());
  check_names(used, hosts, "host", "declare it: [[host]]", errors);

  std::map<Address, std::pair<const Host*, SourceSpan>> owners;
  for (const Host& host : file.hosts) {
    for (const Located<Address>& address : host.addresses) {
      auto [owner, fresh] = owners.try_emplace(address.value, &host, address.span);
      const auto& [other, place] = owner->second;
      if (fresh || other == &host) continue;
      errors.add(address.span,
                 fmt::format("{} and {} both have the address {}; it is the address of one", host_name(*other), host_name(host),
                             format_address(address.value)),
                 Note{fmt::format("the address of {} here", host_name(*other)), place});
    }
  }

  std::map<std::string, SourceSpan> files;
  for (const DeclaredFirewall& firewall : file.firewalls) {
    for (const Located<std::string>& name : firewall.files) {
      auto [first, fresh] = files.try_emplace(normal_path(firewall.folder, name.value), name.span);
      if (!fresh)
        errors.add(name.span, fmt::format("'{}' is listed twice; a dump is of one firewall", name.value),
                   Note{"listed first here", first->second});
    }
  }
}

}  // namespace ipo
