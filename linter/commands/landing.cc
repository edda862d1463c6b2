// The zones' packets are cut with those of an interface, or of a source: whoever is left something, gets it. An
// interface is asked with the sources left out that zones name, so that it shows what anybody else is there.
#include "linter/commands/landing.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "rules/exposure/exposure.h"
#include "rules/site/internet.h"
#include "rules/site/required.h"
#include "rules/site/zones.h"

namespace ipo {
namespace {

using SourceKey = std::pair<Family, std::pair<u128, u128>>;  // first and last address

struct Landing {
  explicit Landing(const Standing& s, const std::vector<Inference>& i)
      : standing(s), inferences(i), packets(*s.firewall, named(s)) {}

  static std::vector<InterfaceTest> named(const Standing& standing) {
    std::vector<InterfaceTest> out = interfaces_of_zones(standing);
    out.push_back({true, "lo", false});
    return out;
  }

  void gather() {
    for (const Ruleset& ruleset : standing.firewall->rulesets)
      if (!zones.contains(ruleset.family))
        zones.emplace(ruleset.family, std::make_unique<ZoneSets>(packets, standing, ruleset.family));
    auto source = [&](Family family, const IntervalSet& values, SourceSpan span) {
      for (const Interval& i : values)
        if (i.lo > 0 || i.hi < address_max(family)) sources.try_emplace({family, {i.lo, i.hi}}, span);
    };
    for (const ZoneAt& zone : standing.zones)
      for (const Zone* table : zone.tables) {
        for (const Located<MaskedAddress>& s : table->sources) {
          IntervalSet values = addresses_of(s.value);
          declared_sources[s.value.family].add(values);
          if (zones.contains(s.value.family)) source(s.value.family, values, s.span);
        }
        for (const Located<InterfaceTest>& i : table->interfaces)
          declared_interfaces.try_emplace(format_interface(i.value), i.span);
      }
    each_rule(*standing.firewall, [&](const Ruleset& ruleset, const Chain&, const Rule& rule) {
      own_sources.insert(rule.span.source);
      for (const Condition& c : rule.conditions) {
        each_test<InterfaceTest>(c, [&](const InterfaceTest& test) {
          if (!test.name.empty()) first_named.try_emplace(format_interface(test), rule.span);
        });
        each_test<FieldTest>(c, [&](const FieldTest& test) {
          if (test.field == Field::source) source(ruleset.family, test.values, rule.span);
        });
      }
    });
  }

  // ---- interfaces

  IntervalSet any_other() {
    IntervalSet left = packets.interfaces.all();
    for (u128 i = 1; left.contains(i); ++i)
      if (!packets.interfaces.name(i).empty()) left = left.minus(IntervalSet::of(i));
    return left;
  }

  std::string name_of_number(u128 number) const {
    std::string name = packets.interfaces.name(number);
    return name.empty() ? "+" : name;
  }

  bool of_internet(u128 number) const {
    return std::any_of(standing.internet.begin(), standing.internet.end(),
                       [&](const InterfaceTest& t) { return packets.interfaces.matching(t).contains(number); });
  }

  InterfaceLanding interface(u128 number) {
    InterfaceLanding out;
    out.interface = name_of_number(number);
    std::set<std::string> claimed;
    Space& s = packets.space;
    for (auto& [family, sets] : zones) {
      PacketSet here = s.intersect(s.universe(family), s.test(Dimension::in, IntervalSet::of(number)));
      here = s.minus(here, s.test(Dimension::source, declared_sources[family]));
      for (std::size_t z = 0; z < standing.zones.size(); ++z)
        if (!s.disjoint(sets->coming(z), here)) claimed.insert(standing.zones[z].name);
    }
    for (const std::string& zone : claimed) out.zone += (out.zone.empty() ? "" : " and ") + zone;
    explain(number, out);
    return out;
  }

  void explain(u128 number, InterfaceLanding& out) const {
    if (auto named = first_named.find(out.interface); named != first_named.end()) out.span = named->second;
    std::string concluded = "internet is " + out.interface + ": ";
    auto inference = std::find_if(inferences.begin(), inferences.end(), [&](const Inference& i) {
      return i.message.starts_with(concluded) && own_sources.contains(i.span.source);
    });
    bool tunnel = is_tunnel(out.interface);
    if (auto declared = declared_interfaces.find(out.interface); declared != declared_interfaces.end() && !out.zone.empty()) {
      out.why = "declared";
      out.span = declared->second;
    } else if (inference != inferences.end()) {
      out.why = inference->message.substr(concluded.size());
      out.span = inference->span;
    } else if (of_internet(number)) {
      out.why = standing.outermost ? "given" : "leads to the firewall in front";
    } else if (out.interface == "lo") {
      out.why = "loopback";
    } else if (out.zone.empty() && tunnel) {
      out.why = "tunnel or container: not the internet";
    } else if (out.zone.empty()) {
      out.why = "no zone claims it";
    } else if (standing.internet.empty() && out.zone == standing.zones.front().name) {
      out.why = "not known which leads there: globally routable sources only";
    } else {
      out.why = "declared";
    }
  }

  std::vector<InterfaceLanding> all_interfaces() {
    std::vector<InterfaceLanding> out;
    u128 last = packets.interfaces.all().begin()->hi;
    for (u128 i = 1; i <= last; ++i) out.push_back(interface(i));
    auto rank = [&](const InterfaceLanding& l) {
      return std::tuple(l.interface == "+", l.zone != standing.zones.front().name, l.zone.empty(), l.interface == "lo");
    };
    std::stable_sort(out.begin(), out.end(), [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
    return out;
  }

  // ---- sources

  std::vector<std::string> names(const IntervalSet& numbers) const {
    std::vector<std::string> out;
    if (numbers.covers(packets.interfaces.all())) return out;
    for (const Interval& i : numbers)
      for (u128 n = i.lo; n <= i.hi; ++n) out.push_back(name_of_number(n));
    std::stable_partition(out.begin(), out.end(), [](const std::string& name) { return name != "+"; });
    return out;
  }

  void land(const SourceKey& key, SourceSpan span, std::vector<SourceLanding>& out) {
    const auto& [family, range] = key;
    IntervalSet values = IntervalSet::range(range.first, range.second);
    IntervalSet reachable = public_part(values, family);
    Space& s = packets.space;
    ZoneSets& sets = *zones.at(family);
    PacketSet from = s.intersect(s.universe(family), s.test(Dimension::source, values));
    IntervalSet all = packets.interfaces.all(), whole_elsewhere = all, some_elsewhere;
    std::string source = format_addresses(values, family);
    auto add = [&](const IntervalSet& by, const std::string& zone, std::string why) {
      if (!by.empty()) out.push_back({source, names(by), zone, std::move(why), span});
    };
    for (std::size_t z = 0; z < standing.zones.size(); ++z) {
      const ZoneAt& zone = standing.zones[z];
      PacketSet of_zone = s.intersect(sets.coming(z), from);
      if (of_zone.empty()) continue;
      IntervalSet some = s.project(of_zone, Dimension::in).intersected(all);
      PacketSet not_in = s.minus(from, of_zone);
      IntervalSet whole = some.minus(s.project(not_in, Dimension::in));
      bool spoofed = zone.is_internet() && reachable.empty();
      add(whole, zone.name, spoofed ? "private, but can be spoofed there" : "");
      add(some.minus(whole), zone.name, "only a part of it");
      whole_elsewhere = whole_elsewhere.minus(some);
      some_elsewhere.add(some.minus(whole));
    }
    add(whole_elsewhere, "", "");
    PacketSet left = from;
    for (std::size_t z = 0; z < standing.zones.size(); ++z) left = s.minus(left, sets.coming(z));
    add(s.project(left, Dimension::in).intersected(some_elsewhere), "", "the rest of it");
  }

  const Standing& standing;
  const std::vector<Inference>& inferences;
  PacketSpace packets;
  std::map<Family, std::unique_ptr<ZoneSets>> zones;
  std::map<Family, IntervalSet> declared_sources;
  std::map<std::string, SourceSpan> declared_interfaces, first_named;
  std::map<SourceKey, SourceSpan> sources;
  std::set<std::uint32_t> own_sources;  // the dumps: inferences of other firewalls name interfaces too
};

}  // namespace

Landings landings_of(const Standing& standing, const std::vector<Inference>& inferences) {
  Landing landing(standing, inferences);
  landing.gather();
  Landings out;
  out.interfaces = landing.all_interfaces();
  for (const auto& [key, span] : landing.sources) landing.land(key, span, out.sources);
  return out;
}

}  // namespace ipo
