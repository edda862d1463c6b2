// A set is read twice, once with the fewest members it can have and once with the most. Each reading groups entries that
// differ in one part only; a group is one test of all its parts. Networks with exceptions are laid over one another from
// the shortest prefix to the longest, which is how the kernel decides (ip_set_hash_gen.h).
#include "rules/site/resolve_sets.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>

#include "parsers/iptables/refusal.h"
#include "parsers/iptables/rule.h"

namespace ipo {
namespace {

constexpr std::size_t interval_budget = 4'000'000;  // of 32 bytes, for all rules of a site
constexpr std::size_t most_groups = 20'000;         // of one test; beyond, it is bounded

// ---- members as boxes -------------------------------------------------------------------------------------------

// Entries that are equal in all but `first`.
struct Rest {
  Interval second{};
  unsigned protocol = 0;
  Interval ports{};
  std::string text;
  bool prefix = false;
  auto key() const { return std::tie(second.lo, second.hi, protocol, ports.lo, ports.hi, text, prefix); }
  friend bool operator<(const Rest& a, const Rest& b) { return a.key() < b.key(); }
};

// `first` is the address that most entries differ in: the network part where exceptions count, else the first address.
struct Box {
  IntervalSet first, second;
  unsigned protocol = 0;
  IntervalSet ports;
  std::string text;
  bool prefix = false;
};

IntervalSet united(std::vector<Interval> intervals) {
  std::sort(intervals.begin(), intervals.end(), [](const Interval& a, const Interval& b) { return a.lo < b.lo; });
  IntervalSet out;
  for (const Interval& i : intervals) out.add(i.lo, i.hi);
  return out;
}

// Networks by prefix length; a range becomes its prefixes.
using ByLength = std::map<int, std::pair<std::vector<Interval>, std::vector<Interval>>>;  // members, exceptions
void add_prefixes(ByLength& out, Interval range, int bits, bool exception) {
  for (u128 at = range.lo;;) {
    int free = 0;
    while (free < bits) {
      u128 low = (u128{1} << free << 1) - 1;
      if (free + 1 == 128) low = ~u128{0};
      if ((at & low) != 0 || low > range.hi - at) break;
      ++free;
    }
    u128 last = free == 128 ? ~u128{0} : at + ((u128{1} << free) - 1);
    auto& [members, exceptions] = out[bits - free];
    (exception ? exceptions : members).push_back({at, last});
    if (last >= range.hi) return;
    at = last + 1;
  }
}

IntervalSet overlay(const ByLength& by_length) {
  IntervalSet out;
  for (const auto& [length, kinds] : by_length) {  // one network cannot be both
    if (!kinds.first.empty()) out.add(united(kinds.first));
    if (!kinds.second.empty()) out = out.minus(united(kinds.second));
  }
  return out;
}

enum class Reading { least, most };

// Nothing where the members cannot be told: exceptions in a set of two networks, or beside ranges of ports.
std::optional<std::vector<Box>> boxes_of(const IpSet& set, Reading reading, bool exceptions_hold, int bits) {
  auto addresses =
      std::count_if(set.parts.begin(), set.parts.end(), [](SetPart p) { return p == SetPart::address || p == SetPart::network; });
  auto networks = std::count(set.parts.begin(), set.parts.end(), SetPart::network);
  bool hidden = std::any_of(set.parts.begin(), set.parts.end(), [](SetPart p) { return p == SetPart::mac || p == SetPart::mark; });
  bool exceptions = std::any_of(set.entries.begin(), set.entries.end(), [](const SetEntry& e) { return e.exception; });
  // With two addresses the network is the second of "ip,port,net".
  std::size_t main = addresses == 2 && networks == 1 ? 1 : 0;
  std::vector<Box> out;
  if (exceptions && networks > 1) return {};
  std::map<Rest, std::vector<const SetEntry*>> groups;
  for (const SetEntry& e : set.entries) {
    bool holds = e.exception == exceptions_hold;
    // An entry that may be gone counts only where that is the wider reading.
    if (e.expires && holds != (reading == Reading::most)) continue;
    if (!exceptions && !holds) continue;
    Rest rest;
    if (addresses == 2) rest.second = e.addresses[1 - main];
    rest.protocol = e.protocol, rest.ports = e.ports, rest.prefix = e.prefix;
    if (!hidden) rest.text = e.text;
    if (exceptions && (rest.second.lo != rest.second.hi || rest.ports.lo != rest.ports.hi)) return {};
    groups[rest].push_back(&e);
  }
  // Ports of equal addresses together, then second addresses of equal rest.
  using Key = std::tuple<std::vector<std::pair<u128, u128>>, u128, u128, unsigned, std::string, bool>;
  auto flat = [](const IntervalSet& s) {
    std::vector<std::pair<u128, u128>> v;
    for (const Interval& i : s) v.emplace_back(i.lo, i.hi);
    return v;
  };
  std::map<Key, std::vector<Interval>> by_ports;
  for (const auto& [rest, entries] : groups) {
    IntervalSet first;
    if (exceptions) {
      ByLength by_length;
      for (const SetEntry* e : entries) add_prefixes(by_length, e->addresses[main], bits, e->exception != exceptions_hold);
      first = overlay(by_length);
    } else {
      std::vector<Interval> all;
      for (const SetEntry* e : entries) all.push_back(e->addresses[main]);
      first = united(std::move(all));
    }
    if (addresses > 0 && first.empty()) continue;
    by_ports[{flat(first), rest.second.lo, rest.second.hi, rest.protocol, rest.text, rest.prefix}].push_back(rest.ports);
  }
  using Wider = std::tuple<std::vector<std::pair<u128, u128>>, std::vector<std::pair<u128, u128>>, unsigned, std::string, bool>;
  std::map<Wider, std::vector<Interval>> by_second;
  for (auto& [key, ports] : by_ports) {
    const auto& [first, lo, hi, protocol, text, prefix] = key;
    by_second[{first, flat(united(ports)), protocol, text, prefix}].push_back({lo, hi});
  }
  auto set_of = [](const std::vector<std::pair<u128, u128>>& v) {
    IntervalSet s;
    for (auto [lo, hi] : v) s.add(lo, hi);
    return s;
  };
  for (auto& [key, second] : by_second) {
    const auto& [first, ports, protocol, text, prefix] = key;
    out.push_back({set_of(first), united(second), protocol, set_of(ports), text, prefix});
    if (main == 1) std::swap(out.back().first, out.back().second);
  }
  return out;
}

// ---- boxes as tests ---------------------------------------------------------------------------------------------

bool has_ports(unsigned protocol) {
  return protocol == proto_tcp || protocol == proto_udp || protocol == 132 || protocol == 136;  // ip_set_getport.c
}

// The tests of a box; nothing where no packet meets them.
std::optional<AllOf> tests_of(const Box& box, const IpSet& set, const OpaqueTest& use, Family family) {
  AllOf all;
  auto opaque = [&](std::string predicate, std::string reason, Cause cause) {
    OpaqueTest test{std::move(predicate), std::move(reason), use.stateful};
    test.about.cause = cause;
    return test;
  };
  std::size_t address = 0;
  for (std::size_t i = 0; i < set.parts.size(); ++i) {
    bool source = use.set_sides[i];
    switch (set.parts[i]) {
      case SetPart::address:
      case SetPart::network: {
        const IntervalSet& values = address++ == 0 ? box.first : box.second;
        if (values != IntervalSet::range(0, address_max(family)))
          all.fields.push_back({source ? Field::source : Field::destination, values});
        break;
      }
      case SetPart::port:
        all.fields.push_back({Field::protocol, IntervalSet::of(box.protocol)});
        if (box.protocol == proto_icmp || box.protocol == proto_icmpv6)
          all.fields.push_back({Field::destination_port, box.ports});
        else if (has_ports(box.protocol))
          all.fields.push_back({source ? Field::source_port : Field::destination_port, box.ports});
        else if (!box.ports.contains(0))
          return {};  // others have port 0 to the kernel
        break;
      case SetPart::any_port:
        all.fields.push_back({Field::protocol, IntervalSet{{proto_tcp, proto_tcp}, {proto_udp, proto_udp}}});
        all.fields.push_back({source ? Field::source_port : Field::destination_port, box.ports});
        break;
      case SetPart::interface:
        if (box.text == any_bridge_port)
          all.opaque.push_back(
              opaque(use.predicate + " (port of a bridge)", "depends on the port of a bridge", Cause::bridge_port));
        else
          all.interfaces.push_back({source, box.text, box.prefix});
        break;
      case SetPart::mac:
        all.opaque.push_back(opaque(use.predicate, "depends on the sender's MAC address", Cause::sender));
        break;
      case SetPart::mark:
        all.opaque.push_back(opaque(use.predicate, "depends on the packet's mark", Cause::mark));
        break;
      case SetPart::member:
        return {};
    }
  }
  return all;
}

std::size_t intervals_of(const AllOf& all) {
  std::size_t n = 1;
  for (const FieldTest& f : all.fields) n += f.values.intervals().size();
  return n;
}

Test simplest(AllOf all) {
  // A set of every packet.
  if (all.fields.empty() && all.interfaces.empty() && all.opaque.empty())
    return FieldTest{Field::protocol, IntervalSet::range(0, 255)};
  if (all.fields.size() + all.interfaces.size() + all.opaque.size() != 1) return all;
  if (!all.fields.empty()) return std::move(all.fields.front());
  if (!all.interfaces.empty()) return std::move(all.interfaces.front());
  return std::move(all.opaque.front());
}

// ---- the sets of one machine ------------------------------------------------------------------------------------

struct Machine {
  std::map<std::string, std::vector<const IpSet*>, std::less<>> sets;
  std::set<std::string, std::less<>> added_to, taken_from;  // by its rules
};

class Resolver {
 public:
  Resolver(const Machine& machine, std::size_t& budget) : machine_(machine), budget_(budget) {}

  // What takes the place of `use`: nothing where the set is not given. `bounds` are the reasons of what stays open; a
  // rule of the wrong family would be refused, and `refused` says why.
  std::optional<std::vector<Test>> resolve(const OpaqueTest& use, Family family, std::set<std::string>& bounds,
                                           std::string& refused) {
    auto it = machine_.sets.find(use.set);
    if (it == machine_.sets.end()) return {};
    if (it->second.size() == 1)
      if (const IpSet& set = *it->second.front(); set.family && *set.family != family)
        refused = "the ipset " + set.name + " is for " + (family == Family::ipv4 ? "IPv6" : "IPv4");
    std::vector<Test> out;
    add(use.set, use, family, 0, out);
    for (const Test& test : out) {
      if (auto* opaque = test_as<OpaqueTest>(test)) bounds.insert(opaque->reason);
      if (auto* all = test_as<AllOf>(test))
        for (const OpaqueTest& opaque : all->opaque) bounds.insert(opaque.reason);
    }
    return out;
  }

 private:
  OpaqueTest open(const OpaqueTest& use, const std::string& what, std::string reason) {
    OpaqueTest test{use.predicate + " (" + what + ")", std::move(reason), use.stateful};
    test.about.cause = Cause::set;
    return test;
  }

  void add(const std::string& name, const OpaqueTest& use, Family family, int depth, std::vector<Test>& out) {
    auto it = machine_.sets.find(name);
    if (it == machine_.sets.end()) {
      out.push_back(open(use, "of " + name, "depends on the ipset " + name + ", which is not given"));
      test_as<OpaqueTest>(out.back())->set = name;
      return;
    }
    if (it->second.size() > 1) return out.push_back(open(use, "of " + name, "the ipset " + name + " is given more than once"));
    const IpSet& set = *it->second.front();
    if (!set.doubt.empty())
      out.push_back(open(use, "of " + name, "not every member of the ipset " + name + " is known: " + set.doubt));
    bool added = machine_.added_to.contains(name), taken = machine_.taken_from.contains(name);
    if (added || taken) {
      OpaqueTest changed = open(use, "of " + name, "rules change the members of the ipset " + name);
      changed.stateful = true;
      out.push_back(std::move(changed));
    }
    // Where rules take members out none is certain, and what may be in is said above.
    if (taken) return;
    // Fewer sides than parts, or the other family: the kernel answers no.
    if (use.set_sides.size() < set.parts.size() || (set.family && *set.family != family)) return;
    if (set.parts == std::vector{SetPart::member}) {
      // The kernel takes no list of lists.
      for (const SetEntry& e : set.entries) {
        if (e.expires)
          out.push_back(open(use, "of " + name, "members of the ipset " + name + " expire"));
        else if (depth == 0 && budget_ > 0)
          add(e.text, use, family, 1, out);
        else
          out.push_back(open(use, "of " + name, "a list of lists of ipsets"));
      }
      return;
    }
    bool expires = std::any_of(set.entries.begin(), set.entries.end(), [](const SetEntry& e) { return e.expires; });
    if (!add_boxes(set, use, family, Reading::least, out))
      return out.push_back(open(use, "of " + name, "the exceptions of the ipset " + name + " are not worked out"));
    if (expires && !add_boxes(set, use, family, Reading::most, out))
      out.push_back(open(use, "of " + name, "members of the ipset " + name + " expire"));
  }

  bool add_boxes(const IpSet& set, const OpaqueTest& use, Family family, Reading reading, std::vector<Test>& out) {
    auto boxes = boxes_of(set, reading, use.set_exceptions, address_bits(family));
    if (!boxes) return false;
    if (boxes->size() > most_groups) {
      out.push_back(open(use, "of " + set.name, "the ipset " + set.name + " has too many kinds of members"));
      return true;
    }
    for (const Box& box : *boxes) {
      auto all = tests_of(box, set, use, family);
      if (!all) continue;
      std::size_t cost = intervals_of(*all);
      if (cost > budget_) {
        budget_ = 0;
        out.push_back(open(use, "of " + set.name, "the ipsets of this site are too large for all of its rules"));
        return true;
      }
      budget_ -= cost;
      if (reading == Reading::most) all->opaque.push_back(open(use, "expires", "members of the ipset " + set.name + " expire"));
      out.push_back(simplest(std::move(*all)));
    }
    return true;
  }

  const Machine& machine_;
  std::size_t& budget_;
};

// ---- whose sets -------------------------------------------------------------------------------------------------

const DeclaredFirewall* declared_as(const Firewall& firewall, const std::vector<DeclaredFirewall>& declared) {
  for (const DeclaredFirewall& d : declared)
    if (d.name == firewall.name) return &d;
  return nullptr;
}

// Takes `reason` out of the reasons of a rule.
void retract(Rule& rule, std::string_view reason) {
  std::erase(rule.reasons, reason);
  if (rule.reasons.empty() && rule.understanding == Understanding::bounded) rule.understanding = Understanding::understood;
}

bool resolve(Rule& rule, Family family, Resolver& resolver) {
  bool changed = false, missing = false;
  std::set<std::string> bounds;
  std::vector<std::string> refusals;
  for (Condition& condition : rule.conditions) {
    std::vector<Test> tests;
    for (Test& test : condition.any_of) {
      auto* use = test_as<OpaqueTest>(test);
      std::string refused;
      std::optional<std::vector<Test>> known;
      if (use && !use->set.empty()) {
        known = resolver.resolve(*use, family, bounds, refused);
        missing = missing || !known;
      }
      changed = changed || known;
      if (!refused.empty()) {
        rule.worsen(Understanding::not_understood, refused);
        refusals.push_back(std::move(refused));
      }
      if (known)
        std::move(known->begin(), known->end(), std::back_inserter(tests));
      else
        tests.push_back(std::move(test));
    }
    condition.any_of = std::move(tests);
  }
  for (const std::string& refusal : refusals) iptables::add_refusal(rule, refusal);
  if (changed && !missing) retract(rule, set_not_given);
  for (const std::string& bound : bounds) rule.worsen(Understanding::bounded, bound);
  return changed;
}

}  // namespace

void resolve_sets(Site& site, const Sources& sources, const std::vector<DeclaredFirewall>& declared,
                  const std::string& working_folder) {
  if (site.sets.empty()) return;
  std::size_t budget = interval_budget;
  std::map<SourceSpan, const Rule*> resolved;
  std::set<std::uint32_t> owned;
  for (Firewall& firewall : site.firewalls) {
    std::set<std::uint32_t> files;
    for (const Ruleset& ruleset : firewall.rulesets) {
      files.insert(ruleset.span.source);
      for (const Chain& chain : ruleset.chains)
        for (const Rule& rule : chain.rules) files.insert(rule.span.source);
    }
    const DeclaredFirewall* d = declared_as(firewall, declared);
    Machine machine;
    for (const IpSet& set : site.sets) {
      bool mine = site.firewalls.size() == 1 || files.contains(set.span.source) ||
                  (d && applies_to(*d, sources[set.span.source].path(), working_folder));
      if (!mine) continue;
      owned.insert(set.span.source);
      machine.sets[set.name].push_back(&set);
    }
    for (const Ruleset& ruleset : firewall.rulesets)
      for (const Chain& chain : ruleset.chains)
        for (const Rule& rule : chain.rules)
          for (const SetChange& change : rule.action.set_changes)
            (change.adds ? machine.added_to : machine.taken_from).insert(change.set);
    Resolver resolver(machine, budget);
    for (Ruleset& ruleset : firewall.rulesets)
      for (Chain& chain : ruleset.chains)
        for (Rule& rule : chain.rules)
          if (resolve(rule, ruleset.family, resolver)) resolved[rule.span] = &rule;
  }
  for (Statement& statement : site.statements)
    if (auto it = resolved.find(statement.span); it != resolved.end())
      statement.understanding = it->second->understanding, statement.reason = it->second->reason();
  if (site.firewalls.empty()) return;
  for (const IpSet& set : site.sets)
    if (owned.insert(set.span.source).second)
      site.inferences.push_back({fmt::format("the ipsets of {} are of none of the {} firewalls: list the file in a [[firewall]]",
                                             sources[set.span.source].path(), site.firewalls.size()),
                                 set.span});
}

}  // namespace ipo
