// Roles from what the chains do, then the internet's side of each firewall, then how the declared ones stand behind one
// another.
#include "rules/site/site.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "parsers/model/marks.h"
#include "parsers/netfilter/stages.h"
#include "rules/site/bridge.h"
#include "rules/site/declared.h"
#include "rules/site/internet.h"
#include "rules/site/join_dumps.h"
#include "rules/site/locate_pbx.h"
#include "rules/site/own_types.h"
#include "rules/site/required.h"
#include "rules/site/sides.h"
#include "rules/site/unknown_pbx.h"

namespace ipo {
namespace {

// Whether the rule can let a new connection of tcp or udp through from a real interface. A program's own calls say nothing of what
// somebody wrote.
bool lets_new_through(const Rule& rule) {
  if (is_added_call(rule)) return false;
  if (rule.action.kind != ActionKind::accept && rule.action.kind != ActionKind::unknown) return false;
  if (auto states = required(rule, Field::state, 4); states && !states->contains(0)) return false;
  if (auto protocols = required(rule, Field::protocol, 255);
      protocols && !protocols->contains(proto_tcp) && !protocols->contains(proto_udp))
    return false;
  for (const Condition& c : rule.conditions) {
    if (auto* i = c.any_of.size() == 1 ? std::get_if<InterfaceTest>(&c.any_of.front()) : nullptr;
        i && !c.negated && i->name == "lo")
      return false;
    // firewalld's RELATED,ESTABLISHED,DNAT: what is translated is asked of the rules that translate.
    auto answers_or_translated = [](const Test& test) {
      auto* field = test_as<FieldTest>(test);
      return field && ((field->field == Field::state && !field->values.contains(0)) ||
                       (field->field == Field::nat && !field->values.contains(0)));
    };
    if (c.any_of.size() > 1 && !c.negated && std::all_of(c.any_of.begin(), c.any_of.end(), answers_or_translated)) return false;
  }
  return true;
}

// The rule gives what others send another address, or may: REDIRECT takes it to this machine itself.
bool translates_for_others(const Rule& rule) {
  if (is_supposed(rule)) return false;
  ActionKind kind = rule.action.kind;
  return kind == ActionKind::translate_source || kind == ActionKind::unknown ||
         (kind == ActionKind::translate_destination && !rule.action.translation.to_receiving_interface);
}

bool leads_to(const Ruleset& ruleset, std::size_t chain, bool (*such)(const Rule&)) {
  std::set<std::size_t> chains = with_called(ruleset, {chain});
  return std::any_of(chains.begin(), chains.end(), [&](std::size_t c) {
    return std::any_of(ruleset.chains[c].rules.begin(), ruleset.chains[c].rules.end(), such);
  });
}

// The chain lists what it refuses and its policy accepts the rest: a filter for forwarding, though it accepts nothing by
// a rule. A rule that refuses everything ends such a list.
bool refuses_some(const Chain& chain) {
  if (!chain.policy || chain.policy->value == ActionKind::drop) return false;
  bool some = false;
  for (const Rule& rule : chain.rules) {
    if (rule.action.kind != ActionKind::drop && rule.action.kind != ActionKind::reject) continue;
    if (rule.conditions.empty()) return false;
    some = true;
  }
  return some;
}

// A machine that runs containers or virtual machines: its rules forward and translate for these guests only, by their
// interfaces, chains or networks.
bool serves_guests_only(const Firewall& firewall, const std::vector<Host>& hosts) {
  bool any = false;
  for (const Ruleset& ruleset : firewall.rulesets) {
    Callers callers = callers_of(ruleset);
    IntervalSet networks;
    auto of_guests = [&](const Chain& chain, const Rule& rule) {
      if (is_generated(chain)) return true;
      bool guest = false;
      for (bool incoming : {true, false})
        for (const InterfaceSeen& i : required_interfaces(callers, chain, rule, incoming)) guest = guest || is_guest(i.test.name);
      for (const Condition& c : rule.conditions)
        each_test<InterfaceTest>(c, [&](const InterfaceTest& i) { guest = guest || (c.negated && is_guest(i.name)); });
      return guest;
    };
    // A private network whose packets get the machine's address wherever they leave it is one that is inside the machine.
    for (const Chain& chain : ruleset.chains)
      for (const Rule& rule : chain.rules) {
        if (rule.action.kind != ActionKind::translate_source) continue;
        auto from = required(rule, Field::source, address_max(ruleset.family));
        bool inside = from && all_private(*from, ruleset.family) && required_interfaces(callers, chain, rule, false).empty();
        if (!of_guests(chain, rule) && !inside) return false;
        if (from) networks.add(*from);
        any = true;
      }
    for (const Stage& stage : ruleset.pipeline.stages) {
      bool forward = stage.where == Hook::forward && stage.last_word,
           translates = stage.kind == Stage::Kind::translate_destination && stage.is_on(Hook::forward);
      if (!forward && !translates) continue;
      for (std::size_t c : with_called(ruleset, {stage.chain}))
        for (const Rule& rule : ruleset.chains[c].rules) {
          if (forward ? !lets_new_through(rule) : !translates_for_others(rule)) continue;
          auto to = required(rule, Field::destination, address_max(ruleset.family));
          bool known = of_guests(ruleset.chains[c], rule) || (to && networks.covers(*to)) ||
                       (!rule.action.translation.addresses.empty() && networks.covers(rule.action.translation.addresses));
          if (!known) return false;
          any = true;
        }
    }
    for (const Host& host : hosts)
      if (networks.intersects(addresses_in(host, ruleset.family))) return false;
  }
  return any;
}

Role infer_role(const Firewall& firewall) {
  for (const Ruleset& ruleset : firewall.rulesets) {
    for (const Stage& stage : ruleset.pipeline.stages) {
      bool of_others = stage.is_on(Hook::forward) || stage.where == Hook::postrouting;
      if (stage.kind != Stage::Kind::filter && of_others && leads_to(ruleset, stage.chain, translates_for_others))
        return Role::perimeter;
      if (stage.where != Hook::forward || !stage.last_word) continue;
      if (leads_to(ruleset, stage.chain, lets_new_through) || refuses_some(ruleset.chains[stage.chain])) return Role::perimeter;
    }
  }
  return Role::host;
}

// A line that speaks of the address as the machine's own: what comes to it goes through INPUT, what leaves it through OUTPUT,
// and no port forward takes it further.
std::optional<SourceSpan> own_address(const Firewall& firewall, Address address) {
  std::optional<SourceSpan> found;
  for (const Ruleset& ruleset : firewall.rulesets) {
    if (ruleset.family != address.family) continue;
    auto is = [&](const Rule& rule, Field field) {
      auto values = required(rule, field, address_max(address.family));
      return values && *values == IntervalSet::of(address.value);
    };
    // A chain that another hook calls too speaks of that hook's packets as well.
    std::map<std::size_t, std::set<Hook>> hooks;
    for (const Stage& stage : ruleset.pipeline.stages)
      for (std::size_t c : with_called(ruleset, {stage.chain})) hooks[c].insert(stage.where);
    for (const Stage& stage : ruleset.pipeline.stages) {
      if (stage.where != Hook::input && stage.where != Hook::output) continue;
      for (std::size_t c : with_called(ruleset, {stage.chain}))
        if (hooks[c].size() == 1)
          for (const Rule& rule : ruleset.chains[c].rules)
            if (!found && is(rule, stage.where == Hook::input ? Field::destination : Field::source)) found = rule.span;
    }
    for (const Chain& chain : ruleset.chains)
      for (const Rule& rule : chain.rules)
        if (rule.action.kind == ActionKind::translate_destination && is(rule, Field::destination)) return {};
  }
  return found;
}

void assume_filter(Ruleset& ruleset, std::vector<Inference>& inferences) {
  for (const Stage& stage : ruleset.pipeline.stages)
    if (stage.last_word) return;
  netfilter::suppose_filter(ruleset);
  SourceSpan first{ruleset.span.source, ruleset.span.begin, ruleset.span.begin};
  inferences.push_back({"the dump has no filter table: what passes is not known, findings are possible", first});
}

}  // namespace

bool holds(const Zone& zone, const IntervalSet& addresses, Family family) {
  return std::any_of(zone.sources.begin(), zone.sources.end(), [&](const Located<MaskedAddress>& s) {
    return s.value.family == family && addresses_of(s.value).covers(addresses);
  });
}

std::vector<std::string> holders(const Site& site, const MaskedAddress& addresses) {
  std::vector<std::string> out;
  for (const Zone& zone : site.zones)
    if (holds(zone, addresses_of(addresses), addresses.family) && std::find(out.begin(), out.end(), zone.name) == out.end())
      out.push_back(zone.name);
  return out;
}

IntervalSet addresses_in(const Host& host, Family family) {
  IntervalSet out;
  for (const Located<Address>& address : host.addresses)
    if (address.value.family == family) out.add(address.value.value, address.value.value);
  return out;
}

bool Standing::mentions(Address address) const {
  bool found = false;
  u128 widest = address_max(address.family) >> 8;
  each_rule(*firewall, [&](const Ruleset& ruleset, const Chain&, const Rule& rule) {
    if (ruleset.family != address.family || found) return;
    found = rule.action.translation.addresses.contains(address.value);
    for (Field field : {Field::source, Field::destination})
      for (const Condition& c : rule.conditions)
        if (const FieldTest* test = field_test(c, field))
          found = found || (test->values.contains(address.value) && test->values.size() - 1 <= widest);
  });
  return found;
}

bool Standing::names(const InterfaceTest& interface) const {
  bool any = false;
  return names_interface(*firewall, interface, any);
}

bool Standing::knows(const InterfaceTest& interface) const { return names(interface) || !has_interface(of_others, interface); }

bool Standing::runs_on(const Host& host) const {
  const std::vector<std::string>& on = firewall->hosts;
  return on.empty() || std::find(on.begin(), on.end(), host.name) != on.end();
}

namespace {

SourceSpan place_of(const Firewall& firewall) { return firewall.rulesets.empty() ? SourceSpan{} : firewall.rulesets.front().span; }

InterfaceTest interface_named(const std::string& name) {
  bool prefix = name.ends_with('+');
  return {true, prefix ? name.substr(0, name.size() - 1) : name, prefix};
}

// The first rung of the ladder: what was said. Empty where nothing was, or nothing this firewall knows of. Of a firewall further in
// an interface that it alone names, for an outer one's name says nothing of it.
void take_internet(Standing& standing, const Site& site, const SiteOptions& options, std::vector<Inference>& inferences) {
  for (const std::string& name : standing.outermost ? options.internet : std::vector<std::string>()) {
    InterfaceTest given = interface_named(name);
    standing.internet.push_back(given);
    if (!standing.names(given))
      inferences.push_back({fmt::format("internet is {} as given, though no rule names this interface: is it spelt right?", name),
                            place_of(*standing.firewall)});
  }
  for (const Zone& zone : site.zones)
    if (zone.kind == "internet")
      for (const Located<InterfaceTest>& interface : zone.interfaces) {
        InterfaceTest test = interface.value;
        test.incoming = true;
        if (has_interface(standing.internet, test) ||
            !(standing.outermost ? standing.knows(test) : has_interface(standing.only_here, test)))
          continue;
        standing.internet.push_back(test);
        inferences.push_back({fmt::format("internet is {}: declared", format_interface(test)), interface.span});
      }
}

// What was said leaves out an interface that would be concluded: a second line, of which nothing would be judged.
void note_other_uplinks(const Standing& standing, const Site& site, std::vector<Inference>& inferences) {
  Standing unsaid = standing;
  unsaid.internet.clear();
  std::vector<Inference> concluded;
  infer_internet(unsaid, concluded);
  for (const InterfaceTest& test : unsaid.internet) {
    auto covers = [&](const InterfaceTest& other) {
      return other.prefix ? test.name.starts_with(other.name) : other.name == test.name;
    };
    bool said = std::any_of(standing.internet.begin(), standing.internet.end(), covers) ||
                std::any_of(site.zones.begin(), site.zones.end(), [&](const Zone& zone) {
                  return std::any_of(zone.interfaces.begin(), zone.interfaces.end(),
                                     [&](const Located<InterfaceTest>& i) { return covers(i.value); });
                });
    if (said) continue;
    std::string begin = "internet is " + format_interface(test) + ": ";
    for (const Inference& inference : concluded)
      if (inference.message.starts_with(begin))
        inferences.push_back({fmt::format("{} is no way to the internet, for it is not declared as one; yet {}",
                                          format_interface(test), inference.message.substr(begin.size())),
                              inference.span});
  }
}

// The internet, as declared or as it is where nobody says so, before all other zones.
std::vector<ZoneAt> zones_of(const Site& site) {
  std::vector<ZoneAt> out;
  auto add = [&](const Zone& zone) {
    auto same = std::find_if(out.begin(), out.end(), [&](const ZoneAt& z) { return z.name == zone.name; });
    if (same == out.end()) same = out.insert(out.end(), {zone.name, zone.kind, {}});
    same->tables.push_back(&zone);
  };
  for (const Zone& zone : site.zones)
    if (zone.kind == "internet") add(zone);
  if (out.empty()) out.push_back({"internet", "internet", {}});
  for (const Zone& zone : site.zones)
    if (zone.kind != "internet") add(zone);
  return out;
}

// Declared firewalls are passed in the order perimeter, transit, host; several perimeters, and several hosts' filters, are
// beside each other, several transits one behind the other.
void line_up(std::vector<Standing>& all) {
  std::vector<std::size_t> declared, transits, hosts;
  bool perimeter = false;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!all[i].firewall->role) continue;
    declared.push_back(i);
    perimeter = perimeter || all[i].role == Role::perimeter;
    if (all[i].role == Role::transit) transits.push_back(i);
    if (all[i].role == Role::host) hosts.push_back(i);
  }
  for (std::size_t i : declared) {
    Standing& at = all[i];
    if (at.role == Role::host) {
      at.outermost = !perimeter && transits.empty();
      continue;
    }
    auto behind = at.role == Role::perimeter ? transits.begin() : std::find(transits.begin(), transits.end(), i) + 1;
    at.outermost = at.role == Role::perimeter || (!perimeter && behind == transits.begin() + 1);
    at.then.assign(behind, transits.end());
    at.then.insert(at.then.end(), hosts.begin(), hosts.end());
  }
}

}  // namespace

namespace {

// A host filter that does not say where it runs protects the PBX, unless that is an appliance, which has none.
void place_host_filters(std::vector<Standing>& standings, Site& site) {
  auto rank = [](const Host& host) { return host.platform == "ip500v2" ? 2 : is_pbx(host) ? 0 : 1; };
  const Host* own = nullptr;
  bool several = false;
  for (const Host& host : site.hosts) {
    if (host.products.empty()) continue;
    several = own != nullptr;
    if (!own || rank(host) < rank(*own)) own = &host;
  }
  for (std::size_t i = 0; own && i < standings.size(); ++i) {
    if (standings[i].role != Role::host || !site.firewalls[i].hosts.empty()) continue;
    site.firewalls[i].hosts = {own->name};
    if (several)
      site.inferences.push_back(
          {fmt::format("this host's own filter is taken for that of '{}'; name its host in [[firewall]]", own->name),
           place_of(site.firewalls[i])});
  }
}

// An interface of a zone is that firewall's whose rules name it.
void share_out_interfaces(std::vector<Standing>& standings, const Site& site) {
  for (const Zone& zone : site.zones)
    for (const Located<InterfaceTest>& interface : zone.interfaces) {
      std::vector<Standing*> others;
      bool any = false;
      for (Standing& standing : standings)
        if (!names_interface(*standing.firewall, interface.value, any)) others.push_back(&standing);
      if (others.size() == standings.size()) continue;
      for (Standing* other : others) other->of_others.push_back(interface.value);
      if (others.size() + 1 < standings.size()) continue;
      for (Standing& standing : standings)
        if (!has_interface(standing.of_others, interface.value)) standing.only_here.push_back(interface.value);
    }
}

// A PBX that is the machine of a firewall that forwards too: a host of virtual machines, a router with a PBX on it.
void find_own(Standing& standing, Site& site) {
  for (const Host& host : site.hosts) {
    if (!is_pbx(host)) continue;
    for (const Located<Address>& address : host.addresses) {
      if (auto line = own_address(*standing.firewall, address.value)) {
        standing.own.push_back(address.value);
        site.inferences.push_back(
            {fmt::format("{} is this firewall's own address: rules of its own traffic are about it, so INPUT is "
                         "judged for it",
                         format_address(address.value)),
             *line});
      } else if (is_public(address.value) && !standing.internet.empty() && !standing.mentions(address.value)) {
        site.inferences.push_back(
            {fmt::format("no rule is about {}: it is taken for a machine behind this firewall, and FORWARD is "
                         "judged; if it is this machine, declare the role host",
                         format_address(address.value)),
             place_of(*standing.firewall)});
      }
    }
  }
}

}  // namespace

IntervalSet own_addresses(const Standing& standing, const Site& site, Family family) {
  IntervalSet out;
  auto add = [&](Address address) {
    if (address.family == family) out.add(address.value, address.value);
  };
  for (Address address : standing.own) add(address);
  for (const Host& host : site.hosts)
    if (standing.protects_itself && standing.runs_on(host))
      for (const Located<Address>& address : host.addresses) add(address.value);
  return out;
}

IntervalSet other_addresses(const Standing& standing, const Site& site, Family family) {
  IntervalSet out;
  for (const Host& host : site.hosts)
    for (const Located<Address>& address : host.addresses)
      if (address.value.family == family) out.add(address.value.value, address.value.value);
  return out.minus(own_addresses(standing, site, family));
}

std::vector<std::string> zone_names(const std::vector<Standing>& standings) {
  std::vector<std::string> out;
  for (const Standing& standing : standings)
    for (const ZoneAt& zone : standing.zones)
      if (std::find(out.begin(), out.end(), zone.name) == out.end()) out.push_back(zone.name);
  return out;
}

std::vector<Standing> survey(Site& site, const Sources& sources, const PortMatrix& matrix, const SiteOptions& options) {
  std::vector<Standing> out;
  join_by_name(site, sources);
  for (Firewall& firewall : site.firewalls)
    for (Ruleset& ruleset : firewall.rulesets) {
      assume_filter(ruleset, site.inferences);
      if (resolve_marks(ruleset))
        site.inferences.push_back({"packets are taken to arrive without a mark; rules here set marks", ruleset.span});
    }
  if (!options.internet.empty()) std::erase_if(site.zones, [](const Zone& zone) { return zone.kind == "internet"; });
  if (options.from && holders(site, *options.from).empty() &&
      !addresses_of(*options.from).intersects(all_public(options.from->family)))
    site.zones.push_back({format_addresses(addresses_of(*options.from), options.from->family),
                          "",
                          {},
                          {{*options.from, SourceSpan{}}},
                          SourceSpan{}});
  locate_pbx(site, matrix, options.pbx);
  for (const Firewall& firewall : site.firewalls) {
    Standing standing;
    standing.firewall = &firewall;
    bool located =
        std::any_of(site.hosts.begin(), site.hosts.end(), [](const Host& h) { return is_pbx(h) && !h.addresses.empty(); });
    bool guests = located && serves_guests_only(firewall, site.hosts);
    standing.role = firewall.role ? *firewall.role : guests ? Role::host : infer_role(firewall);
    if (!firewall.role)
      site.inferences.push_back(
          {guests ? "this is a host's own filter: it translates and forwards only for containers or virtual machines of its own"
           : standing.role == Role::host ? "this is a host's own filter: it translates nothing and forwards nothing"
                                         : "this is a perimeter firewall: it translates or forwards",
           place_of(firewall)});
    standing.zones = zones_of(site);
    standing.protects_itself = standing.role == Role::host;
    out.push_back(std::move(standing));
  }
  place_host_filters(out, site);
  share_out_interfaces(out, site);
  line_up(out);
  bool perimeter = false;
  for (Standing& standing : out) {
    perimeter = perimeter || standing.role != Role::host;
    std::vector<Inference> unused;  // further in, where packets come from is the path's business
    std::vector<Inference>& said = standing.outermost ? site.inferences : unused;
    take_internet(standing, site, options, said);
    if (standing.internet.empty())
      infer_internet(standing, said);
    else
      note_other_uplinks(standing, site, said);
  }
  for (Standing& standing : out)
    if (standing.role != Role::host) find_bridge_ports(standing, site);
  bool located = false, all_inside = true;
  for (const Host& host : site.hosts)
    for (const Located<Address>& address : host.addresses) {
      located = true;
      all_inside = all_inside && !is_public(address.value);
    }
  for (Standing& standing : out)
    if (standing.role != Role::host && !standing.firewall->role) find_own(standing, site);
  for (std::size_t i = 0; i < out.size(); ++i)
    for (Ruleset& ruleset : site.firewalls[i].rulesets) tell_own_types(ruleset, own_addresses(out[i], site, ruleset.family));
  for (Standing& standing : out) {
    // Who says which of its interfaces the internet is behind knows that nothing stands in front.
    bool said = !options.internet.empty() || !standing.zones.front().tables.empty();
    if (standing.role != Role::host || perimeter || !located || !all_inside || said) continue;
    standing.network_only = true;
    standing.zones.front().name = "network";
    site.inferences.push_back(
        {"no perimeter firewall was given and the PBX has private addresses: what is reachable is said "
         "of the network around it, one level lower",
         place_of(*standing.firewall)});
  }
  std::vector<const Standing*> all;
  for (const Standing& standing : out) all.push_back(&standing);
  for (const UnknownPbx& unknown : unknown_pbxes(site, all))
    site.inferences.push_back({format_unknown(unknown), unknown.known.front().span});
  if (!located && perimeter)
    site.inferences.push_back(
        {"the address of the PBX is not known: every destination is judged, findings are possible and "
         "warnings at most; pass --pbx ADDRESS",
         SourceSpan{}});
  return out;
}

}  // namespace ipo
