// What is known is read off once: every address a rule leads to, and every net a rule names. A net says where an address is if it is
// at most a /8; one that is refused, as spoofed sources are, only if it is at most a /24. Where packets lead is asked of the firewalls
// that forward, if there are any; a host's own filter may still name the address.
#include "rules/site/unknown_pbx.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "rules/site/declared.h"
#include "rules/site/internet.h"
#include "rules/site/required.h"

namespace ipo {
namespace {

u128 neighbourhood(Family family) { return address_max(family) >> (family == Family::ipv4 ? 24 : 64); }

// Addresses of container engines and tunnels say nothing of the network beside them.
bool is_of_containers(const Chain& chain, const Rule& rule) {
  bool tunnel = false;
  for (const Condition& c : rule.conditions)
    each_test<InterfaceTest>(c, [&](const InterfaceTest& test) { tunnel = tunnel || is_tunnel(test.name); });
  return tunnel || is_generated(chain);
}

struct Knowledge {
  IntervalSet named[2];  // by family
  std::vector<KnownAddress> leads;
  bool unresolved = false;  // a set whose members are not known: it may hold any address

  static std::size_t index(Family family) { return family == Family::ipv4 ? 0 : 1; }
  bool names(Address address) const { return named[index(address.family)].contains(address.value); }
};

void look_at(const Standing& standing, bool for_leads, Knowledge& out) {
  for (const Ruleset& ruleset : standing.firewall->rulesets) {
    std::vector<std::size_t> bases;
    Hook leading = standing.role == Role::host ? Hook::input : Hook::forward;
    for (const Stage& stage : ruleset.pipeline.stages)
      if (stage.where == leading) bases.push_back(stage.chain);
    std::set<std::size_t> leading_chains = with_called(ruleset, bases);
    u128 widest = address_max(ruleset.family) >> 8;
    for (std::size_t c = 0; c < ruleset.chains.size(); ++c) {
      const Chain& chain = ruleset.chains[c];
      for (const Rule& rule : chain.rules) {
        bool refuses = rule.action.kind == ActionKind::drop || rule.action.kind == ActionKind::reject;
        u128 most = refuses ? neighbourhood(ruleset.family) : widest;
        IntervalSet& named = out.named[Knowledge::index(ruleset.family)];
        for (const Condition& condition : rule.conditions) {
          each_test<FieldTest>(condition, [&](const FieldTest& test) {
            if (test.field != Field::source && test.field != Field::destination) return;
            for (const Interval& i : test.values)
              if (i.hi - i.lo <= most) named.add(i.lo, i.hi);
          });
          each_test<OpaqueTest>(condition, [&](const OpaqueTest& test) { out.unresolved = out.unresolved || !test.set.empty(); });
        }
        named.add(rule.action.translation.addresses);
        if (!for_leads || is_of_containers(chain, rule)) continue;
        auto lead = [&](const IntervalSet& to, const char* how) {
          if (to.size() != 1) return;
          Address address{ruleset.family, to.begin()->lo};
          if (!is_public(address) || rule.action.kind == ActionKind::translate_destination)
            out.leads.push_back({address, how, rule.span});
        };
        if (rule.action.kind == ActionKind::translate_destination) lead(rule.action.translation.addresses, "port forward");
        if (auto to = leading_chains.contains(c) && ruleset.filters(chain)
                          ? required(rule, Field::destination, address_max(ruleset.family))
                          : std::nullopt)
          lead(*to, "rule");
      }
    }
  }
}

bool is_address_setting(const Setting& setting) { return setting.key.text().ends_with(".address"); }

// An address of the system itself: servers it talks to are no other spelling of it.
bool is_own_address(const Setting& setting) { return setting.key == "lan1.address" || setting.key == "lan2.address"; }

// A file of the PBX, or one that it made, says it.
bool is_exported(const Site& site, SourceSpan span) {
  return std::any_of(site.records.begin(), site.records.end(), [&](const Record& record) {
    return !record.fields.empty() && record.fields.front().value.span.source == span.source;
  });
}

}  // namespace

std::vector<UnknownPbx> unknown_pbxes(const Site& site, const std::vector<const Standing*>& standings) {
  std::vector<UnknownPbx> out;
  bool forwards = std::any_of(standings.begin(), standings.end(), [](const Standing* s) { return s->role != Role::host; });
  Knowledge known;
  for (const Standing* standing : standings) look_at(*standing, !forwards || standing->role != Role::host, known);
  std::stable_sort(known.leads.begin(), known.leads.end(),
                   [](const KnownAddress& a, const KnownAddress& b) { return a.how == "port forward" && b.how != "port forward"; });
  for (const Host& host : site.hosts)
    for (const Setting& setting : host.settings)
      if (auto address = is_address_setting(setting) ? parse_address(setting.value.value) : std::nullopt) {
        known.named[Knowledge::index(address->family)].add(address->value, address->value);
        if (is_own_address(setting)) known.leads.push_back({*address, "export", setting.value.span});
      }
  for (const Zone& zone : site.zones)
    for (const Located<MaskedAddress>& source : zone.sources)
      if (IntervalSet net = addresses_of(source.value); net.size() - 1 <= address_max(source.value.family) >> 8)
        known.named[Knowledge::index(source.value.family)].add(net);
  if (known.unresolved || standings.empty()) return out;
  std::set<Address> once;
  std::erase_if(known.leads, [&](const KnownAddress& k) { return !once.insert(k.address).second; });
  // A host of its own is no other spelling of another one.
  auto is_of_a_host = [&](Address address) {
    return std::any_of(site.hosts.begin(), site.hosts.end(), [&](const Host& other) {
      return std::any_of(other.addresses.begin(), other.addresses.end(), [&](const auto& a) { return a.value == address; });
    });
  };
  for (const Host& host : site.hosts) {
    if (!is_pbx(host)) continue;
    UnknownPbx unknown;
    unknown.host = &host;
    bool named = false;
    for (const Located<Address>& a : host.addresses) {
      named = named || known.names(a.value) || is_exported(site, a.span);
      unknown.declared = unknown.declared || a.span != host.span;
      for (const KnownAddress& k : known.leads) {
        if (k.address.family != a.value.family || is_of_a_host(k.address)) continue;
        u128 net = ~neighbourhood(a.value.family);
        unknown.neighbour = unknown.neighbour || (k.address.value & net) == (a.value.value & net);
        if (std::none_of(unknown.known.begin(), unknown.known.end(), [&](const KnownAddress& x) { return x.address == k.address; }))
          unknown.known.push_back(k);
      }
    }
    if (!named && !unknown.known.empty()) out.push_back(std::move(unknown));
  }
  return out;
}

std::string addresses_of(const UnknownPbx& unknown) {
  std::string out;
  for (const Located<Address>& a : unknown.host->addresses) out += (out.empty() ? "" : ", ") + format_address(a.value);
  return out;
}

std::string format_unknown(const UnknownPbx& unknown) {
  constexpr std::size_t most = 3;
  std::string known;
  for (std::size_t i = 0; i < unknown.known.size() && i < most; ++i)
    known += fmt::format("{}{} ({})", i ? ", " : "", format_address(unknown.known[i].address), unknown.known[i].how);
  if (unknown.known.size() > most) known += fmt::format(" and {} more", unknown.known.size() - most);
  return fmt::format("no rule, port forward or export names {}, {} as the PBX: is it spelt right? known here {} {}",
                     addresses_of(unknown), unknown.declared ? "declared" : "given", unknown.known.size() == 1 ? "is" : "are",
                     known);
}

}  // namespace ipo
