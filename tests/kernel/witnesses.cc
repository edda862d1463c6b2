// Regions and the packets that meet a rule are packet sets; a witness is a member, one time the lowest, one time a random one
// near an edge. One that just misses a rule is one that meets it with a single field moved out of what the rule asks for.
#include "tests/kernel/witnesses.h"

#include <algorithm>
#include <map>
#include <set>

#include "tests/kernel/sandbox.h"

namespace ipo::kernel {
namespace {

template <class Visit>
void each_test(const Ruleset& ruleset, Visit visit) {
  for (const Chain& chain : ruleset.chains)
    for (const Rule& rule : chain.rules)
      for (const Condition& condition : rule.conditions)
        for (const Test& test : condition.any_of) visit(rule, test);
}

u128 number_of(const PacketSpace& packets, const std::string& device) {
  return packets.interfaces.matching({true, device, false}).begin()->lo;
}

IntervalSet flags_in(State state, bool tested) {
  // Connection tracking looks at flags: these open a connection or are taken up in the middle (nf_conntrack_proto_tcp.c).
  if (state == State::new_) {
    IntervalSet flags = IntervalSet::of(tcp_syn);
    if (tested)
      for (unsigned more : {0, int{tcp_psh}, int{tcp_urg}, tcp_psh | tcp_urg})
        for (unsigned one : {tcp_syn, tcp_ack}) flags.add(IntervalSet::of(one | more));
    return flags;
  }
  if (state == State::established) return IntervalSet::of(tcp_syn | tcp_ack);
  return IntervalSet{{0, 0},
                     {tcp_fin, tcp_fin},
                     {tcp_syn | tcp_fin, tcp_syn | tcp_fin},
                     {tcp_syn | tcp_rst, tcp_syn | tcp_rst},
                     {tcp_fin | tcp_psh | tcp_urg, tcp_fin | tcp_psh | tcp_urg},
                     {63, 63}};
}

IntervalSet protocols_in(State state, Family family, const Ruleset& ruleset) {
  bool v6 = family == Family::ipv6;
  IntervalSet out = IntervalSet::of(proto_tcp);
  if (state == State::invalid) return out;
  out.add(IntervalSet::of(proto_udp));
  out.add(IntervalSet::of(v6 ? proto_icmpv6 : proto_icmp));
  if (state == State::established) return out;
  for (unsigned p : {2, 41, 47, 50, 89, 112, 132}) out.add(p, p);
  each_test(ruleset, [&](const Rule&, const Test& test) {
    auto* field = std::get_if<FieldTest>(&test);
    if (field && field->field == Field::protocol && field->values.size() == 1) out.add(field->values);
  });
  // Not what is a header before the transport's, the other family's ICMP, and DCCP, of which some kernels know the states.
  IntervalSet not_sent{{0, 0}, {33, 33}};
  if (v6)
    for (unsigned p : {1, 43, 44, 51, 59, 60, 135, 139, 140, 253, 254}) not_sent.add(p, p);
  else
    not_sent.add(58, 58);
  return out.minus(not_sent);
}

u128 prefix(unsigned first16) { return u128{first16} << 112; }

// What the kernel does not refuse before any chain at the hook; where it does for other reasons, the packet is unrouted.
IntervalSet addresses_in(Family family, Hook hook, bool source) {
  IntervalSet all = IntervalSet::range(0, address_max(family)), out;
  if (family == Family::ipv4) {
    out = IntervalSet{{0, 0x00ffffff}, {0xffffffff, 0xffffffff}};
    if (hook == Hook::output && source) out = IntervalSet::of(0);
    if (hook == Hook::output && !source) out = IntervalSet::range(0, 0x00ffffff);
    if (hook != Hook::output) out.add(0xe0000000, 0xefffffff);
    if (hook == Hook::forward && !source) out.add(0x7f000000, 0x7fffffff);
    if (!source) out.add(0xc6120700, 0xc61207ff);  // the devices' own
    return all.minus(out);
  }
  out = IntervalSet{{0, 1}, {u128{0xffff} << 32, (u128{0xffff} << 32) | 0xffffffff}};
  if (hook != Hook::output || source) out.add(prefix(0xff00), prefix(0xff00) | (~u128{0} >> 8));
  if (hook == Hook::forward) out.add(prefix(0xfe80), prefix(0xfebf) | (~u128{0} >> 16));
  // REDIRECT drops where the device has no address of the destination's scope: ours have global ones.
  if (hook != Hook::output && !source) out.add(IntervalSet{{0, 0xffffffff}, {prefix(0xfe80), prefix(0xfeff) | (~u128{0} >> 16)}});
  if (!source) out.add(u128{0xfd537f1e} << 96, (u128{0xfd537f1e} << 96) | (~u128{0} >> 32));
  return all.minus(out);
}

}  // namespace

std::vector<std::string> devices_for(const Ruleset& ruleset, std::size_t limit) {
  std::set<std::string> exact, prefixes = {""};
  each_test(ruleset, [&](const Rule&, const Test& test) {
    if (auto* interface = std::get_if<InterfaceTest>(&test)) (interface->prefix ? prefixes : exact).insert(interface->name);
  });
  std::vector<std::string> devices;
  auto add = [&](const std::string& name) {
    if (is_device_name(name) && devices.size() < limit) devices.push_back(name);
  };
  // One of each prefix that no longer prefix and no name takes.
  for (const std::string& p : prefixes)
    for (const char* end : {"7", "q", "4z", "x9"}) {
      std::string name = p + (p.empty() ? "ipo" : "") + end;
      bool longer = std::any_of(prefixes.begin(), prefixes.end(),
                                [&](const std::string& other) { return other.size() > p.size() && name.starts_with(other); });
      if (longer || exact.contains(name)) continue;
      add(name);
      break;
    }
  for (const std::string& name : exact) add(name);
  return devices;
}

PacketSet sendable(PacketSpace& packets, const Ruleset& ruleset, const std::vector<std::string>& devices, Hook hook, State state) {
  Space& s = packets.space;
  Family family = ruleset.family;
  bool flags_tested = false;
  each_test(ruleset, [&](const Rule&, const Test& test) {
    auto* field = std::get_if<FieldTest>(&test);
    flags_tested = flags_tested || (field && field->field == Field::tcp_flags);
  });
  IntervalSet numbers, none = IntervalSet::of(0);
  for (const std::string& device : devices) numbers.add(IntervalSet::of(number_of(packets, device)));
  IntervalSet protocols = protocols_in(state, family, ruleset);
  IntervalSet with_ports = protocols.intersected(IntervalSet{{proto_udp, proto_udp}, {132, 132}, {136, 136}});
  unsigned icmp = family == Family::ipv6 ? proto_icmpv6 : proto_icmp;
  unsigned echo = family == Family::ipv6 ? (state == State::established ? 129 : 128) : (state == State::established ? 0 : 8);
  auto test = [&](Dimension d, const IntervalSet& values) { return s.test(d, values); };
  auto both = [&](PacketSet a, PacketSet b) { return s.intersect(a, b); };
  PacketSet syn = test(Dimension::tcp_flags, IntervalSet::of(tcp_syn)), no_ports = test(Dimension::source_port, none);
  PacketSet kinds =
      both(test(Dimension::protocol, IntervalSet::of(proto_tcp)), test(Dimension::tcp_flags, flags_in(state, flags_tested)));
  kinds = s.unite(kinds, both(test(Dimension::protocol, with_ports), syn));
  if (protocols.contains(icmp))
    kinds = s.unite(kinds, both(test(Dimension::protocol, IntervalSet::of(icmp)),
                                both(both(no_ports, syn), test(Dimension::destination_port, IntervalSet::of(echo * 256)))));
  PacketSet others =
      test(Dimension::protocol, protocols.minus(with_ports).minus(IntervalSet{{proto_tcp, proto_tcp}, {icmp, icmp}}));
  kinds = s.unite(kinds, both(both(others, syn), both(no_ports, test(Dimension::destination_port, none))));
  PacketSet out = both(s.universe(family), kinds);
  out = both(out, test(Dimension::in, hook == Hook::output ? none : numbers));
  out = both(out, test(Dimension::out, hook == Hook::input ? none : numbers));
  out = both(out, test(Dimension::state, IntervalSet::of(static_cast<unsigned>(state))));
  out = both(out, test(Dimension::nat, none));
  out = both(out, test(Dimension::destination, addresses_in(family, hook, false)));
  return both(out, test(Dimension::source, addresses_in(family, hook, true)));
}

Witnesses::Witnesses(ChainSets& chains, const std::vector<std::string>& devices, unsigned seed)
    : chains_(chains), random_(seed), named_(dimension_count) {
  for (const std::string& device : devices) devices_.emplace_back(number_of(chains.packets(), device), device);
  auto name = [&](Dimension d, const IntervalSet& values) {
    auto& to = named_[static_cast<std::size_t>(d)];
    for (const Interval& i : values)
      for (u128 v : {i.lo, i.hi, i.lo - 1, i.hi + 1, i.lo + (i.hi - i.lo) / 2}) to.push_back(v);
  };
  each_test(chains.ruleset(), [&](const Rule& rule, const Test& test) {
    if (auto* field = std::get_if<FieldTest>(&test)) name(dimension_of(field->field), field->values);
    name(Dimension::destination, rule.action.translation.addresses);
    name(Dimension::destination_port, rule.action.translation.ports);
  });
  // A source is as good as a destination to ask about, and so are ports.
  auto share = [&](Dimension a, Dimension b) {
    auto &x = named_[static_cast<std::size_t>(a)], &y = named_[static_cast<std::size_t>(b)];
    x.insert(x.end(), y.begin(), y.end());
    y = x;
  };
  share(Dimension::destination, Dimension::source);
  share(Dimension::destination_port, Dimension::source_port);
}

Packet Witnesses::packet_at(const Point& point, Hook hook, State state) const {
  auto at = [&](Dimension d) { return point[static_cast<std::size_t>(d)]; };
  auto device = [&](u128 number) {
    for (const auto& [n, name] : devices_)
      if (n == number) return name;
    return std::string();
  };
  Packet p;
  p.family = chains_.ruleset().family;
  p.hook = hook, p.state = state;
  p.in = device(at(Dimension::in)), p.out = device(at(Dimension::out));
  p.protocol = static_cast<std::uint8_t>(at(Dimension::protocol));
  p.source = at(Dimension::source), p.destination = at(Dimension::destination);
  p.source_port = static_cast<std::uint16_t>(at(Dimension::source_port));
  p.destination_port = static_cast<std::uint16_t>(at(Dimension::destination_port));
  p.tcp_flags = static_cast<std::uint8_t>(at(Dimension::tcp_flags));
  return p;
}

// The dimensions are settled one after the other, in any order, each at an edge of what is left or between.
Witnesses::Point Witnesses::some_member(PacketSet set) {
  Space& s = chains_.space();
  set = s.possible(set);
  std::array<Dimension, 7> order = {Dimension::protocol,        Dimension::in,          Dimension::out,
                                    Dimension::source,          Dimension::destination, Dimension::source_port,
                                    Dimension::destination_port};
  std::shuffle(order.begin(), order.end(), random_);
  for (Dimension d : order) {
    IntervalSet values = s.project(set, d);
    const Interval& i = values.intervals()[random_() % values.intervals().size()];
    u128 width = i.hi - i.lo, value = i.lo;
    switch (random_() % 3) {
      case 0:
        value = i.hi;
        break;
      case 1:
        value = width == ~u128{0} ? (u128{random_()} << 96) : i.lo + (u128{random_()} << 64 | random_()) % (width + 1);
        break;
      default:
        break;
    }
    set = s.intersect(set, s.test(d, IntervalSet::of(value)));
  }
  return s.pick(set);
}

void Witnesses::misses(const Rule& rule, const Point& hit, Hook hook, State state, PacketSet sendable, std::vector<Packet>& out) {
  Space& s = chains_.space();
  std::size_t made = 0;
  for (const Condition& condition : rule.conditions) {
    if (made == 4) return;
    for (const Test& test : condition.any_of) {
      std::vector<u128> values;
      Dimension d = Dimension::in;
      if (auto* field = std::get_if<FieldTest>(&test); field && !field->values.empty()) {
        d = dimension_of(field->field);
        const Interval& i = field->values.intervals()[random_() % field->values.intervals().size()];
        values = condition.negated ? std::vector<u128>{i.lo, i.hi} : std::vector<u128>{i.hi + 1, i.lo - 1};
        if (d == Dimension::protocol) values.insert(values.end(), {proto_tcp, proto_udp});
      } else if (auto* interface = std::get_if<InterfaceTest>(&test)) {
        d = interface->incoming ? Dimension::in : Dimension::out;
        values.push_back(devices_[random_() % devices_.size()].first);
      }
      for (u128 value : values) {
        Point miss = hit;
        miss[static_cast<std::size_t>(d)] = value;
        if (value == hit[static_cast<std::size_t>(d)] || value > dimension_max(d) || s.at(sendable, miss) == 0) continue;
        out.push_back(packet_at(miss, hook, state));
        ++made;
        break;
      }
    }
  }
}

Counts Witnesses::find(Hook hook, State state, PacketSet sendable, std::vector<Packet>& out) {
  Space& s = chains_.space();
  Counts counts;
  Reach reach(chains_);
  const Stage* last = chains_.ruleset().pipeline.last_word(hook);
  auto witness = [&](PacketSet set, unsigned members) {
    set = s.intersect(set, sendable);
    if (set.empty()) return false;
    out.push_back(packet_at(s.pick(set), hook, state));
    for (unsigned i = 0; i < members; ++i) out.push_back(packet_at(some_member(set), hook, state));
    return true;
  };
  std::set<const Rule*> met;
  auto edge = [&](const Rule* rule, PacketSet hit) {
    hit = s.intersect(hit, sendable);
    if (!rule || hit.empty()) return;
    if (met.insert(rule).second) ++counts.rules;
    Point lowest = s.pick(hit), other = some_member(hit);
    out.push_back(packet_at(lowest, hook, state));
    out.push_back(packet_at(other, hook, state));
    misses(*rule, lowest, hook, state, sendable, out);
    misses(*rule, other, hook, state, sendable, out);
  };
  // Before connection tracking a packet is of no state, so its rules are met by packets of state INVALID.
  PacketSet stateless = s.intersect(s.exists(sendable, Dimension::state),
                                    s.test(Dimension::state, IntervalSet::of(static_cast<unsigned>(State::invalid))));
  IntervalSet this_state = IntervalSet::of(static_cast<unsigned>(state));
  auto rules_of = [&](const Stage& stage, PacketSet entering, auto arrival) {
    std::map<RuleRef, PacketSet> hits;  // a rule may be met more than once
    chains_.send(stage, entering, [&](RuleRef at, PacketSet matched, PacketSet came) {
      PacketSet hit = s.intersect(matched, came);
      auto [it, added] = hits.try_emplace(at, hit);
      if (!added) it->second = s.unite(it->second, hit);
    });
    std::vector<std::pair<SourceSpan, RuleRef>> order;
    for (const auto& [at, hit] : hits) order.emplace_back(at.span(), at);
    std::sort(order.begin(), order.end());
    for (const auto& [span, at] : order) edge(at.rule, arrival(hits[at]));
  };
  for (const Stage& stage : chains_.ruleset().pipeline.stages) {
    if (!stage.is_on(hook) || &stage == last || !stage.meets(state)) continue;
    if (!stage.tracked)
      rules_of(stage, stateless,
               [&](PacketSet hit) { return s.intersect(s.exists(hit, Dimension::state), s.test(Dimension::state, this_state)); });
    else
      rules_of(stage, sendable, [](PacketSet hit) { return hit; });
  }
  if (state != State::new_) {
    if (!last) return counts;
    rules_of(*last, sendable, [](PacketSet hit) { return hit; });
    for (const ChainSets::Decided& d : chains_.decide(*last, sendable)) counts.regions += witness(d.packets, 1);
    return counts;
  }
  for (const Flow& flow : reach.flows(hook, sendable)) {
    if (last) rules_of(*last, flow.seen, [&](PacketSet hit) { return s.intersect(flow.arrived, reach.before(hit, flow)); });
    for (const ChainSets::Decided& d : reach.deciders(flow, flow.seen))
      counts.regions += witness(s.intersect(flow.arrived, reach.before(d.packets, flow)), 2);
    if (witness(flow.accepted, 2)) ++counts.regions;
  }
  return counts;
}

void Witnesses::random(Hook hook, State state, PacketSet sendable, std::size_t count, std::vector<Packet>& out) {
  Space& s = chains_.space();
  if (sendable.empty()) return;
  Point base = s.pick(sendable);
  std::vector<u128> flags, protocols;
  for (const Interval& i : s.project(sendable, Dimension::protocol))
    for (u128 v = i.lo; v <= i.hi; ++v) protocols.push_back(v);
  for (const Interval& i : s.project(sendable, Dimension::tcp_flags))
    for (u128 v = i.lo; v <= i.hi; ++v) flags.push_back(v);
  unsigned icmp = chains_.ruleset().family == Family::ipv6 ? proto_icmpv6 : proto_icmp;
  IntervalSet echo =
      s.project(s.intersect(sendable, s.test(Dimension::protocol, IntervalSet::of(icmp))), Dimension::destination_port);
  auto value = [&](Dimension d) {
    const auto& named = named_[static_cast<std::size_t>(d)];
    u128 max = dimension_max(d);
    if (d == Dimension::destination || d == Dimension::source) max = address_max(chains_.ruleset().family);
    if (named.empty() || random_() % 8 == 0)
      return (u128{random_()} << 96 | u128{random_()} << 64 | u128{random_()} << 32 | random_()) & max;
    return named[random_() % named.size()] & max;
  };
  std::size_t end = out.size() + count;
  for (std::size_t tries = 0; out.size() < end && tries < 8 * count; ++tries) {
    Point p = base;
    auto set = [&](Dimension d, u128 v) { p[static_cast<std::size_t>(d)] = v; };
    u128 protocol = random_() % 8 < 3 ? proto_tcp : random_() % 8 < 4 ? proto_udp : protocols[random_() % protocols.size()];
    set(Dimension::protocol, protocol);
    set(Dimension::destination, value(Dimension::destination));
    set(Dimension::source, value(Dimension::source));
    bool ports = protocol == proto_tcp || protocol == proto_udp || protocol == 132 || protocol == 136;
    set(Dimension::source_port, ports ? value(Dimension::source_port) : u128{0});
    set(Dimension::destination_port, ports                               ? value(Dimension::destination_port)
                                     : protocol == icmp && !echo.empty() ? echo.begin()->lo
                                                                         : u128{0});
    set(Dimension::tcp_flags, protocol == proto_tcp ? flags[random_() % flags.size()] : u128{tcp_syn});
    if (hook != Hook::output) set(Dimension::in, devices_[random_() % devices_.size()].first);
    if (hook != Hook::input) set(Dimension::out, devices_[random_() % devices_.size()].first);
    if (s.at(sendable, p) != 0) out.push_back(packet_at(p, hook, state));
  }
}

}  // namespace ipo::kernel
