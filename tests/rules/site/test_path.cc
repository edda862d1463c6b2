// Firewalls behind one another: packet sets against walking single packets through every firewall of random paths; then
// each fact of a path once, by the findings of a small site.
#include <algorithm>
#include <catch2/catch.hpp>

#include "parsers/netfilter/stages.h"
#include "rules/engine/trace.h"
#include "rules/exposure/exposure.h"
#include "tests/cases.h"
#include "tests/known_packet.h"
#include "tests/random_rules.h"

using namespace ipo;
using namespace ipo::testing;

namespace {

constexpr unsigned host_address = 5;

enum class Known {
  nothing_for_sure,   // predicates, ranges to pick from, interfaces of later firewalls, masqueraded sources
  what_rules_decide,  // interfaces of later firewalls and masqueraded sources are open, nothing else
  everything
};

void number_source(Firewall& firewall, std::uint32_t source) {
  for (Ruleset& ruleset : firewall.rulesets) {
    ruleset.span.source = source;
    for (Chain& chain : ruleset.chains) {
      chain.span.source = source;
      if (chain.policy) chain.policy->span.source = source;
      for (Rule& rule : chain.rules) {
        rule.span.source = source, rule.action.span.source = source;
        for (Condition& c : rule.conditions) c.span.source = source;
      }
    }
  }
}

// Adds what random_firewall does not make: masquerading on the way out, untracked packets, tests of the way out.
void spice(Firewall& firewall, std::mt19937& random, Known known, bool first, bool host) {
  auto roll = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  Ruleset& ruleset = firewall.rulesets[0];
  std::uint32_t place = 100000;
  auto few = [&](Field field) {
    Condition c;
    c.span = {0, place += 10, place + 5};
    c.negated = roll(3) == 0;
    unsigned lo = roll(8);
    c.any_of.push_back(FieldTest{field, IntervalSet::range(lo, std::min(7u, lo + roll(4)))});
    return c;
  };
  auto add_chain = [&](const char* table, const char* name, Hook hook, int priority, bool nat, Rule rule) {
    Chain chain;
    chain.table = table, chain.name = name;
    chain.policy = Located<ActionKind>{ActionKind::accept, {0, place += 10, place + 5}};
    rule.span = {0, place += 10, place + 5};
    chain.rules.push_back(rule);
    ruleset.pipeline.add(netfilter::stage(table, hook, priority, nat, ruleset.chains.size()));
    ruleset.chains.push_back(chain);
  };
  if (roll(3) == 0) {
    Rule untrack;
    untrack.action.kind = ActionKind::untrack;
    untrack.conditions = {few(Field::destination), few(Field::source)};
    add_chain("raw", "PREROUTING", Hook::prerouting, -300, false, untrack);
  }
  if (!host && known != Known::everything && roll(2)) {
    Rule masquerade;
    masquerade.action.kind = ActionKind::translate_source, masquerade.action.name = "MASQUERADE";
    masquerade.conditions = {few(roll(2) ? Field::source : Field::destination), few(Field::destination_port)};
    if (roll(3) == 0) masquerade.conditions.push_back(few(Field::state));
    add_chain("nat", "POSTROUTING", Hook::postrouting, 100, true, masquerade);
  }
  for (Stage& stage : ruleset.pipeline.stages)
    if (host && stage.where == Hook::forward) stage.where = Hook::input, ruleset.chains[stage.chain].name = "INPUT";
  for (Chain& chain : ruleset.chains) {
    if (known != Known::nothing_for_sure && chain.policy && chain.policy->value == ActionKind::unknown)
      chain.policy->value = ActionKind::accept;
    for (Rule& rule : chain.rules) {
      Translation& t = rule.action.translation;
      if (known != Known::nothing_for_sure) {
        if (rule.action.kind == ActionKind::unknown) rule.action.kind = ActionKind::proceed;
        if (!t.ports.empty()) t.ports = IntervalSet::of(t.ports.begin()->lo);
        std::erase_if(rule.conditions, [](const Condition& c) { return test_as<OpaqueTest>(c.any_of.front()) != nullptr; });
      }
      if (known == Known::everything && !first)
        std::erase_if(rule.conditions, [](const Condition& c) { return std::holds_alternative<InterfaceTest>(c.any_of.front()); });
      if (chain.table != "filter" || host || known == Known::everything || roll(2)) continue;
      for (Condition& c : rule.conditions)
        if (auto* i = std::get_if<InterfaceTest>(&c.any_of.front())) i->incoming = false;
    }
  }
}

struct RandomPath {
  Site site;
  std::vector<Standing> standings;
  PortMatrix matrix;
  std::unique_ptr<Exposure> exposure;
  const Passage* passage = nullptr;  // from the internet to the host; null where no packet comes

  RandomPath(unsigned seed, Known known) {
    std::mt19937 random(seed);
    std::size_t count = 2 + random() % 2;
    for (std::size_t k = 0; k < count; ++k) {
      bool host = k + 1 == count && random() % 4 != 0;
      Firewall firewall = random_firewall(seed * 7 + static_cast<unsigned>(k), random() % 3 != 0);
      firewall.name = "f" + std::to_string(k);
      firewall.role = k == 0 ? Role::perimeter : host ? Role::host : Role::transit;
      spice(firewall, random, known, k == 0, host);
      number_source(firewall, static_cast<std::uint32_t>(k));
      site.firewalls.push_back(std::move(firewall));
    }
    Host pbx;
    pbx.name = "pbx", pbx.products = {"ip-office"};
    pbx.addresses.push_back({{Family::ipv4, host_address}, {}});
    site.hosts.push_back(pbx);
    standings = survey(site, {}, matrix, {{"eth0", "wlan0"}, {}});
    exposure = std::make_unique<Exposure>(site, standings, matrix);
    REQUIRE(exposure->failures().empty());
    for (const auto& p : exposure->passages())
      if (p->inbound && p->at == &standings[0] && p->zone->is_internet()) passage = p.get();
  }
};

std::string name_for(const Interfaces& interfaces, u128 number) {
  std::string name = interfaces.name(number);
  return number != 0 && name.empty() ? "other9" : name;
}

std::vector<u128> values_of(const IntervalSet& set) {
  std::vector<u128> out;
  for (const Interval& i : set)
    for (u128 v = i.lo; v <= i.hi; ++v) out.push_back(v);
  return out;
}

// What becomes of a packet on the path for every choice that the rules leave open.
struct Ways {
  const Passage& passage;
  const Valuation& holds;
  bool some = false, all = true;
  unsigned tried = 0;

  bool settled() const { return (some && !all) || tried > 20000; }

  // `next`: of passage.then.
  void arrive(std::size_t next, const Packet& p) {
    if (settled()) return;
    if (next == passage.then.size()) {
      bool reached = p.destination == host_address;
      some = some || reached, all = all && reached, ++tried;
      return;
    }
    const NextFirewall& further = passage.then[next];
    const Interfaces& interfaces = further.chains->packets().interfaces;
    auto single = interfaces.single();
    for (u128 in : values_of(further.in))
      for (u128 out : values_of(further.out)) {
        if (in == out && std::find(single.begin(), single.end(), in) != single.end()) continue;
        Packet here = p;
        here.hook = further.hook, here.state = State::new_;
        here.in = name_for(interfaces, in), here.out = name_for(interfaces, out);
        pass(next + 1, *further.ruleset, here);
      }
  }

  void pass(std::size_t next, const Ruleset& ruleset, const Packet& p) {
    if (settled()) return;
    Trace t = trace(ruleset, p, holds);
    if (t.verdict != ActionKind::accept) {
      all = false, ++tried;
      return;
    }
    bool masqueraded = false;
    if (p.hook == Hook::forward && t.packet.state != State::untracked)
      for (const Stage& stage : ruleset.pipeline.stages)
        if (stage.where == Hook::postrouting)
          for (const Rule& rule : ruleset.chains[stage.chain].rules)
            masqueraded = masqueraded || std::all_of(rule.conditions.begin(), rule.conditions.end(), [&](const Condition& c) {
                            return matches(c, t.packet, {t.translated ? 1u : 0u, 0}, holds);
                          });
    if (!masqueraded) return arrive(next, t.packet);
    Packet other = t.packet;
    for (unsigned source : {0u, 1u, 2u, 3u, 4u, 5u, 6u, 7u, 1000u})
      for (unsigned port : {0u, 1u, 2u, 3u, 4u, 5u, 6u, 7u, 1000u}) {
        other.source = source, other.source_port = static_cast<std::uint16_t>(port);
        arrive(next, other);
      }
  }
};

Packet random_packet(std::mt19937& random, const Passage& passage) {
  const Interfaces& interfaces = passage.chains->packets().interfaces;
  Space& s = passage.chains->space();
  auto pick = [&](Dimension d) {
    auto values = values_of(s.project(passage.arriving, d));
    return values[random() % values.size()];
  };
  Packet p;
  p.hook = Hook::forward;
  p.in = name_for(interfaces, pick(Dimension::in)), p.out = name_for(interfaces, pick(Dimension::out));
  p.source = random() % 8, p.destination = random() % 8;
  if (random() % 2) p.destination = host_address;
  p.source_port = static_cast<std::uint16_t>(random() % 8), p.destination_port = static_cast<std::uint16_t>(random() % 8);
  p.protocol = random() % 2 ? proto_tcp : proto_udp;
  return p;
}

std::vector<u128> point(const Interfaces& interfaces, const Packet& p, bool translated = false) {
  std::vector<u128> v = point_of(interfaces, p, translated);
  for (auto [dimension, name] : {std::pair{Dimension::in, &p.in}, {Dimension::out, &p.out}})
    if (name->ends_with('+'))
      v[static_cast<std::size_t>(dimension)] = interfaces.matching({true, name->substr(0, name->size() - 1), true}).begin()->lo;
  return v;
}

}  // namespace

TEST_CASE("paths: sets let through what walking every firewall lets through") {
  int some_seen = 0, all_seen = 0, between = 0;
  for (Known known : {Known::nothing_for_sure, Known::what_rules_decide, Known::everything})
    for (unsigned seed = 1; seed <= 130; ++seed) {
      RandomPath path(seed, known);
      if (!path.passage) continue;
      const Passage& passage = *path.passage;
      Space& s = passage.chains->space();
      const PacketSpace& packets = passage.chains->packets();
      PacketSet accepted = s.nothing();
      for (const Flow& flow : passage.flows) accepted = s.unite(accepted, flow.accepted);
      PacketSet proven = s.proven(accepted), possible = s.possible(accepted);
      PacketSet open = s.nothing(), perhaps = s.nothing();
      for (const Opening& o : path.exposure->openings()) {
        if (o.passage != &passage) continue;
        open = s.unite(open, o.proven), perhaps = s.unite(perhaps, o.possible);
        REQUIRE(s.disjoint(o.proven, o.possible));
      }
      std::mt19937 random(seed);
      for (int n = 0; n < 60; ++n) {
        Packet p = random_packet(random, passage);
        auto at = point(packets.interfaces, p);
        if (s.at(passage.arriving, at) == 0) continue;
        bool some = false, all = true;
        std::vector<unsigned> assignments = {0u, ~0u};
        for (int i = 0; i < 4; ++i) assignments.push_back(static_cast<unsigned>(random()));
        if (known != Known::nothing_for_sure) assignments = {0u};
        for (unsigned assignment : assignments) {
          Valuation holds = [&](const OpaqueTest& test, SourceSpan place) {
            auto number = packets.number_of(test, place);
            return number && (assignment >> (*number % 32) & 1) != 0;
          };
          Ways ways{passage, holds};
          ways.pass(0, *passage.ruleset, p);
          some = some || ways.some, all = all && ways.all;
          if (!ways.some) continue;
          // As the first firewall leaves it, it is part of an opening.
          Trace first = trace(*passage.ruleset, p, holds);
          auto image = point(packets.interfaces, first.packet, first.translated);
          INFO("known " << static_cast<int>(known) << " seed " << seed << " " << format_packet(p) << " out " << p.out);
          REQUIRE(s.at(open, image) + s.at(perhaps, image) == 1);
          if (known == Known::everything) REQUIRE(s.at(open, image) == 1);
        }
        INFO("known " << static_cast<int>(known) << " seed " << seed << " " << format_packet(p) << " out " << p.out);
        some_seen += some, all_seen += all, between += some && !all;
        if (some) REQUIRE(s.at(possible, at) == 1);
        if (!all) REQUIRE(s.at(proven, at) == 0);
        // Nothing is guessed at where a choice can be looked through.
        if (known != Known::nothing_for_sure) {
          REQUIRE(s.at(possible, at) == (some ? 1 : 0));
          REQUIRE(s.at(proven, at) == (all ? 1 : 0));
        }
      }
    }
  CHECK(some_seen > 1000);
  CHECK(all_seen > 500);
  CHECK(between > 100);
}

TEST_CASE("paths: what is surely open has a packet that passes whatever is not known") {
  int checked = 0;
  for (unsigned seed = 1; seed <= 120; ++seed) {
    RandomPath path(seed, Known::nothing_for_sure);
    if (!path.passage) continue;
    const Passage& passage = *path.passage;
    Space& s = passage.chains->space();
    const PacketSpace& packets = passage.chains->packets();
    PacketSet open = s.nothing();
    for (const Opening& o : path.exposure->openings())
      if (o.passage == &passage) open = s.unite(open, o.proven);
    for (Dimension d : {Dimension::source, Dimension::destination, Dimension::source_port, Dimension::destination_port})
      open = s.intersect(open, s.test(d, IntervalSet::range(0, 7)));
    open = s.intersect(open, s.test(Dimension::protocol, IntervalSet{{6, 6}, {17, 17}}));
    auto outs = values_of(s.project(passage.arriving, Dimension::out));
    std::mt19937 random(seed);
    for (int n = 0; n < 20 && !open.empty(); ++n) {
      // A random member.
      std::vector<u128> v(dimension_count, 0);
      PacketSet left = open;
      // No rule here asks for what comes after the flags.
      for (std::uint32_t d = 0; d <= static_cast<std::uint32_t>(Dimension::tcp_flags); ++d) {
        auto values = d == static_cast<std::uint32_t>(Dimension::tcp_flags) ? std::vector<u128>{tcp_syn}
                                                                            : values_of(s.project(left, static_cast<Dimension>(d)));
        v[d] = values[random() % values.size()];
        left = s.intersect(left, s.test(static_cast<Dimension>(d), IntervalSet::of(v[d])));
      }
      auto value = [&](Dimension d) { return v[static_cast<std::size_t>(d)]; };
      Packet p;
      p.hook = Hook::forward;
      p.in = name_for(packets.interfaces, value(Dimension::in)), p.out = name_for(packets.interfaces, value(Dimension::out));
      p.source = value(Dimension::source), p.destination = value(Dimension::destination);
      p.source_port = static_cast<std::uint16_t>(value(Dimension::source_port));
      p.destination_port = static_cast<std::uint16_t>(value(Dimension::destination_port));
      p.protocol = static_cast<std::uint8_t>(value(Dimension::protocol));
      p.state = static_cast<State>(static_cast<unsigned>(value(Dimension::state)));
      bool was_translated = value(Dimension::nat) != 0;
      ++checked;
      INFO("seed " << seed << " " << format_packet(p) << " out " << p.out << (was_translated ? " translated" : ""));
      bool found = false;
      // Before its translation it had some destination, and every way that may lead to the host is open to it.
      for (unsigned original = 0; original < 64 && !found; ++original) {
        bool all = true;
        for (u128 out : passage.path_certain ? std::vector<u128>{1} : outs) {
          Packet before = p;
          before.state = State::new_;
          before.destination = original / 8, before.destination_port = static_cast<std::uint16_t>(original % 8);
          if (!passage.path_certain) before.out = name_for(packets.interfaces, out);
          if (before.in == before.out && before.in != "other9") continue;
          for (unsigned assignment : {0u, ~0u, seed * 2654435761u, static_cast<unsigned>(random())}) {
            Valuation holds = [&](const OpaqueTest& test, SourceSpan place) {
              auto number = packets.number_of(test, place);
              return number && (assignment >> (*number % 32) & 1) != 0;
            };
            Trace t = trace(*passage.ruleset, before, holds);
            all = all && t.verdict == ActionKind::accept && t.packet.destination == p.destination &&
                  t.packet.destination_port == p.destination_port && t.translated == was_translated && t.packet.state == p.state;
            if (!all) break;
            Ways ways{passage, holds};
            ways.pass(0, *passage.ruleset, before);
            all = all && ways.all;
          }
        }
        found = all;
      }
      REQUIRE(found);
    }
  }
  CHECK(checked > 100);
}

// ---- single facts ---------------------------------------------------------------------------------------------------

namespace {

std::string nat(const std::string& rules) { return "*nat\n:PREROUTING ACCEPT\n:POSTROUTING ACCEPT\n" + rules + "COMMIT\n"; }
std::string filter(const std::string& rules) {
  return "*filter\n:INPUT DROP\n:FORWARD DROP\n:OUTPUT ACCEPT\n" + rules + "COMMIT\n";
}
std::string firewall(const std::string& name, const std::string& role, const std::string& more = "") {
  return "[[firewall]]\nname = \"" + name + "\"\nfiles = [\"" + name + ".*\"]\nrole = \"" + role + "\"\n" + more;
}

const std::string pbx = "[pbx]\naddresses = [\"10.0.0.5\"]\n";
const std::string two = pbx + firewall("edge", "perimeter") + firewall("own", "host");
const std::string three = pbx + firewall("edge", "perimeter") + firewall("core", "transit") + firewall("own", "host");
const std::string masquerade = "-A POSTROUTING -o eth0 -j MASQUERADE\n";
const std::string tftp_in = "-A PREROUTING -i eth0 -p udp --dport 69 -j DNAT --to-destination 10.0.0.5\n" + masquerade;
const std::string dnat_passes = "-A FORWARD -i eth0 -o eth1 -m conntrack --ctstate DNAT -j ACCEPT\n";
const std::string edge = nat(tftp_in) + filter(dnat_passes);

// Every finding but the notes beside forwards, as the goldens show them.
std::string found(std::vector<Input> files) {
  Report report = lint(site_of(std::move(files)), of_one_direction());
  std::string out;
  for (const std::string& error : report.errors) out += error;
  for (const Problem& p : report.problems) out += p.path + ": " + p.message + "\n";
  for (const Finding& f : report.findings)
    if (f.check != "exposed-through-port-forward") out += finding_line(report, f, true);
  return out;
}

std::vector<std::string> path_of(std::vector<Input> files) {
  Report report = lint(site_of(std::move(files)), {});
  std::vector<std::string> out;
  for (const Finding& f : report.findings)
    if (f.check == "tftp-exposed")
      for (const PathStep& step : f.path) {
        const Source& source = report.sources[step.span.source];
        out.push_back(source.path() + ":" + std::to_string(source.position(step.span.begin).line) + " " + step.action);
      }
  return out;
}

const std::string tftp_found = "edge.rules:4: error[tftp-exposed]: udp/69 (TFTP) is reachable from the internet\n";
const std::string tftp_maybe = "edge.rules:4: error[tftp-exposed] (possible): udp/69 (TFTP) is reachable from the internet\n";

}  // namespace

TEST_CASE("paths: the next firewall sees what the one before made of the packet") {
  auto own = [](const std::string& rule) { return filter("-A INPUT " + rule + " -j ACCEPT\n"); };
  CHECK(found({{"edge.rules", edge}, {"own.rules", own("-d 10.0.0.5/32 -p udp --dport 69")}, {"ipo-lint.toml", two}}) ==
        tftp_found);
  CHECK(found({{"edge.rules", edge}, {"own.rules", own("-d 203.0.113.1/32 -p udp --dport 69")}, {"ipo-lint.toml", two}}).empty());
  CHECK(found({{"edge.rules", edge}, {"own.rules", own("-p udp --dport 67")}, {"ipo-lint.toml", two}}).empty());
  CHECK(path_of({{"edge.rules", edge}, {"own.rules", own("-d 10.0.0.5/32 -p udp --dport 69")}, {"ipo-lint.toml", two}}) ==
        std::vector<std::string>{"edge.rules:4 translate to 10.0.0.5", "edge.rules:11 accept", "own.rules:5 accept"});
}

TEST_CASE("paths: port forwards behind one another") {
  std::string outer =
      nat("-A PREROUTING -i eth0 -p udp --dport 69 -j DNAT --to-destination 192.168.1.2:1069\n" + masquerade) + filter(dnat_passes);
  auto inner = [](const std::string& rules) {
    return nat("-A PREROUTING -d 192.168.1.2/32 -p udp --dport 1069 -j DNAT --to-destination 10.0.0.5:69\n") + filter(rules);
  };
  std::string both = pbx + firewall("edge", "perimeter") + firewall("core", "transit");
  std::string open = "-A FORWARD -d 10.0.0.5/32 -p udp --dport 69 -j ACCEPT\n";
  CHECK(found({{"edge.rules", outer}, {"core.rules", inner(open)}, {"ipo-lint.toml", both}}) == tftp_found);
  CHECK(path_of({{"edge.rules", outer}, {"core.rules", inner(open)}, {"ipo-lint.toml", both}}) ==
        std::vector<std::string>{"edge.rules:4 translate to 192.168.1.2 port 1069", "edge.rules:11 accept",
                                 "core.rules:4 translate to 10.0.0.5 port 69", "core.rules:10 accept"});
  CHECK(found({{"edge.rules", outer}, {"core.rules", inner("")}, {"ipo-lint.toml", both}}).empty());
  // The outer one leads elsewhere than the inner one expects.
  std::string astray =
      nat("-A PREROUTING -i eth0 -p udp --dport 69 -j DNAT --to-destination 192.168.1.3:1069\n" + masquerade) + filter(dnat_passes);
  CHECK(found({{"edge.rules", astray}, {"core.rules", inner(open)}, {"ipo-lint.toml", both}}).empty());
}

// Declared only so that media is needed.
const std::string workers_closed_out =
    "edge.rules:9: warning[remote-worker-path-blocked]: no port forward leads tcp+udp/5060-5061 (SIP) "
    "to 10.0.0.5, and remote workers by sip are declared\n";

TEST_CASE("paths: what is blocked behind two forwards is blamed on the line that blocks") {
  std::string outer = nat("-A PREROUTING -i eth0 -p udp --dport 46750:50750 -j DNAT --to-destination 192.168.1.2\n" + masquerade) +
                      filter(dnat_passes);
  std::string inner = nat("-A PREROUTING -d 192.168.1.2/32 -p udp --dport 46750:50750 -j DNAT --to-destination 10.0.0.5\n") +
                      filter("-A FORWARD -p udp --dport 50000:50750 -j DROP\n-A FORWARD -d 10.0.0.5/32 -p udp -j ACCEPT\n");
  std::string site = "[pbx]\naddresses = [\"10.0.0.5\"]\nplatform = \"ip500v2\"\n[calls]\nremote_workers = \"sip\"\n" +
                     firewall("edge", "perimeter") + firewall("core", "transit");
  CHECK(found({{"edge.rules", outer}, {"core.rules", inner}, {"ipo-lint.toml", site}}) ==
        workers_closed_out +
            "core.rules:10: error[rtp-range-blocked]: udp/50000-50750 of the media range 46750-50750 are blocked from the "
            "internet: "
            "calls lose audio; edge lets them through, core does not\n");
}

TEST_CASE("paths: the firewall that blocks is named, not one that blocks other interfaces") {
  std::string outer = nat("-A PREROUTING -i eth0 -p udp --dport 46750:50750 -j DNAT --to-destination 10.0.0.5\n" + masquerade) +
                      filter(dnat_passes);
  std::string middle = filter("-A FORWARD -i up0 -o srv0 -d 10.0.0.5/32 -j ACCEPT\n");
  std::string own = filter("-A INPUT -p udp --dport 46750:48999 -j ACCEPT\n");
  std::string site = "[pbx]\naddresses = [\"10.0.0.5\"]\nplatform = \"ip500v2\"\n[calls]\nremote_workers = \"sip\"\n" +
                     firewall("edge", "perimeter") + firewall("core", "transit") + firewall("own", "host");
  // The platform's appliance has no filter of its own; here it is declared to.
  CHECK(found({{"edge.rules", outer}, {"core.rules", middle}, {"own.rules", own}, {"ipo-lint.toml", site}}) ==
        workers_closed_out +
            "own.rules:2: error[rtp-range-blocked]: udp/49000-50750 of the media range 46750-50750 are blocked from the "
            "internet: "
            "calls lose audio; edge lets them through, own does not\n");
  std::string narrow = filter("-A FORWARD -i up0 -o srv0 -d 10.0.0.5/32 -p udp --dport 46750:48999 -j ACCEPT\n");
  CHECK(found({{"edge.rules", outer},
               {"core.rules", narrow},
               {"own.rules", filter("-A INPUT -p udp -j ACCEPT\n")},
               {"ipo-lint.toml", site}})
            .starts_with(workers_closed_out + "core.rules:3: error[rtp-range-blocked]: udp/49000-50750"));
}

TEST_CASE("paths: masquerading toward the inside hides who it was") {
  std::string hides = nat(tftp_in + "-A POSTROUTING -d 10.0.0.0/8 -j MASQUERADE\n") + filter(dnat_passes);
  auto own = [](const std::string& rule) { return filter("-A INPUT " + rule + " -p udp --dport 69 -j ACCEPT\n"); };
  CHECK(found({{"edge.rules", hides}, {"own.rules", own("-s 10.0.0.1/32")}, {"ipo-lint.toml", two}}) == tftp_maybe);
  CHECK(found({{"edge.rules", hides}, {"own.rules", own("")}, {"ipo-lint.toml", two}}) == tftp_found);
  CHECK(found({{"edge.rules", hides}, {"own.rules", filter("")}, {"ipo-lint.toml", two}}).empty());
  CHECK(found({{"edge.rules", edge}, {"own.rules", own("-s 10.0.0.1/32")}, {"ipo-lint.toml", two}}).empty());
  // What that rule does is not known.
  std::string perhaps = nat(tftp_in + "-A POSTROUTING -d 10.0.0.0/8 -j FANCYNAT --to 10.0.0.1\n") + filter(dnat_passes);
  CHECK(found({{"edge.rules", perhaps}, {"own.rules", own("-s 10.0.0.1/32")}, {"ipo-lint.toml", two}}).find(tftp_maybe) !=
        std::string::npos);
}

TEST_CASE("paths: on the way out a masqueraded host is known to the outer firewall by another address") {
  std::string outer = nat(masquerade) + filter("-A FORWARD -s 192.168.1.2/32 -o eth0 -j ACCEPT\n");
  std::string site =
      "[pbx]\naddresses = [\"10.0.0.5\"]\nplatform = \"ip500v2\"\n" + firewall("edge", "perimeter") + firewall("core", "transit");
  std::string out = "-A FORWARD -s 10.0.0.0/8 -i srv0 -o up0 -j ACCEPT\n";
  auto behind = [&](const std::string& edge_rules, const std::string& inner) {
    return found({{"edge.rules", edge_rules}, {"core.rules", inner}, {"ipo-lint.toml", site}});
  };
  CHECK(behind(outer, nat("-A POSTROUTING -o up0 -j SNAT --to-source 192.168.1.2\n") + filter(out)).empty());
  // Signalling leaves, media does not, whoever sends it.
  std::string narrow = nat(masquerade) + filter("-A FORWARD -s 192.168.1.2/32 -o eth0 -p udp --dport 5060 -j ACCEPT\n");
  CHECK(behind(narrow, nat("-A POSTROUTING -o up0 -j SNAT --to-source 192.168.1.2\n") + filter(out))
            .find("edge.rules:8: error[rtp-range-blocked]") != std::string::npos);
}

TEST_CASE("paths: a firewall whose rules for a family were not given may let through or not") {
  std::string six = "# Generated by ip6tables-save v1.8.7\n" +
                    filter("-A FORWARD -i eth0 -o eth1 -d 2001:db8::5/128 -p udp --dport 69 -j ACCEPT\n");
  std::string site = "[pbx]\naddresses = [\"10.0.0.5\", \"2001:db8::5\"]\n[zones.internet]\ninterfaces = [\"eth0\"]\n" +
                     firewall("edge", "perimeter") + firewall("own", "host");
  std::string lines = found({{"edge.rules", filter("")}, {"edge.six", six}, {"own.rules", filter("")}, {"ipo-lint.toml", site}});
  CHECK(lines == "edge.six:6: error[tftp-exposed] (possible): udp/69 (TFTP) is reachable from the internet\n");
  Report report = lint(site_of({{"edge.rules", filter("")}, {"edge.six", six}, {"own.rules", filter("")}, {"ipo-lint.toml", site}}),
                       of_one_direction());
  REQUIRE(report.findings.size() == 1);
  REQUIRE(report.findings[0].doubt.size() == 1);
  CHECK(report.findings[0].doubt[0].why.find("no dump of this address family was given for own") != std::string::npos);
}

TEST_CASE("paths: each host has its own filter") {
  std::string site =
      "[[host]]\nname = \"pbx\"\naddresses = [\"10.0.0.5\"]\nproducts = [\"ip-office\"]\n"
      "[[host]]\nname = \"apps\"\naddresses = [\"10.0.0.6\"]\nproducts = [\"ip-office\"]\n" +
      firewall("edge", "perimeter") + firewall("own", "host", "host = \"pbx\"\n") + firewall("other", "host", "host = \"apps\"\n");
  std::string passes =
      nat(tftp_in + "-A PREROUTING -i eth0 -p tcp --dport 50804 -j DNAT --to-destination 10.0.0.6\n") + filter(dnat_passes);
  std::string open = filter("-A INPUT -j ACCEPT\n");
  auto all = [&](const std::string& own, const std::string& other) {
    return found({{"edge.rules", passes}, {"own.rules", own}, {"other.rules", other}, {"ipo-lint.toml", site}});
  };
  CHECK(all(open, filter("")) == tftp_found);
  CHECK(all(filter(""), open) ==
        "edge.rules:6: error[unsecured-management-exposed]: tcp/50804 (unsecured management) is reachable from the "
        "internet\n");
  CHECK(all(filter(""), filter("")).empty());
  // A filter that does not say whose it is is the PBX's, and nobody else's.
  std::string unsaid = "[[host]]\nname = \"apps\"\naddresses = [\"10.0.0.6\"]\nproducts = [\"voicemail-pro\"]\n" + two;
  CHECK(found({{"edge.rules", edge}, {"own.rules", filter("")}, {"ipo-lint.toml", unsaid}}).empty());
  CHECK(found({{"edge.rules", nat("-A PREROUTING -i eth0 -p tcp --dport 10000 -j DNAT --to-destination 10.0.0.6\n" + masquerade) +
                                  filter(dnat_passes)},
               {"own.rules", filter("")},
               {"ipo-lint.toml", unsaid}})
            .starts_with("edge.rules:4: warning[undocumented-port-exposed]: tcp/10000"));
}

TEST_CASE("paths: perimeters stand beside each other") {
  std::string site = pbx + firewall("edge", "perimeter") + firewall("second", "perimeter") + firewall("own", "host");
  std::string shut = nat(masquerade) + filter("");
  std::string own = filter("-A INPUT -p udp --dport 69 -j ACCEPT\n");
  CHECK(found({{"edge.rules", edge}, {"second.rules", shut}, {"own.rules", own}, {"ipo-lint.toml", site}}) == tftp_found);
  CHECK(found({{"edge.rules", shut}, {"second.rules", shut}, {"own.rules", own}, {"ipo-lint.toml", site}}).empty());
}

TEST_CASE("paths: a zone comes in where its interface is, public sources from outside") {
  std::string site =
      three + "[zones.guest]\ninterfaces = [\"guest0\"]\n[zones.northline]\nkind = \"itsp\"\nsources = [\"198.51.100.0/28\"]\n";
  std::string core = filter("-A FORWARD -i guest0 -o srv0 -p udp --dport 69 -j ACCEPT\n");
  auto a = assess(site_of({{"edge.rules", nat(masquerade) + filter("")},
                           {"core.rules", core},
                           {"own.rules", filter("-A INPUT -j ACCEPT\n")},
                           {"ipo-lint.toml", site}}),
                  {});
  REQUIRE(a->reading.errors.empty());
  a->judge();
  std::vector<std::string> seen;
  for (const auto& p : a->exposure->passages())
    if (p->inbound) seen.push_back(p->zone->name + " at " + p->at->firewall->name);
  std::sort(seen.begin(), seen.end());
  CHECK(seen == std::vector<std::string>{"guest at core", "internet at edge", "northline at edge"});
  CHECK(a->exposure->openings().empty());
  REQUIRE(a->exposure->openings_of_zones().size() == 1);
  CHECK(a->exposure->openings_of_zones()[0].zone() == "guest");
  CHECK(a->exposure->openings_of_zones()[0].passage->then.size() == 1);
}

TEST_CASE("paths: every firewall tracks connections for itself") {
  std::string raw = "*raw\n:PREROUTING ACCEPT\n-A PREROUTING -p udp --dport 69 -j CT --notrack\nCOMMIT\n";
  auto untracking = [&](const std::string& state) {
    return raw +
           filter("-A FORWARD -i eth0 -o eth1 -d 10.0.0.5/32 -p udp --dport 69 -m conntrack --ctstate " + state + " -j ACCEPT\n");
  };
  std::string site = two + "[zones.internet]\ninterfaces = [\"eth0\"]\n";
  std::string own = filter("-A INPUT -p udp --dport 69 -m conntrack --ctstate NEW -j ACCEPT\n");
  CHECK(found({{"edge.rules", untracking("UNTRACKED")}, {"own.rules", own}, {"ipo-lint.toml", site}})
            .find("error[tftp-exposed]: udp/69") != std::string::npos);
  CHECK(found({{"edge.rules", untracking("NEW")}, {"own.rules", own}, {"ipo-lint.toml", site}}).empty());
}

TEST_CASE("paths: one firewall too complex to judge is said, and takes down nothing but the paths through it") {
  std::string rules;
  for (int i = 0; i < 6000; ++i)
    rules += "-A FORWARD -p udp --dport 69 -m recent --rcheck --name r" + std::to_string(i) + " -j ACCEPT\n";
  std::string lines = found({{"edge.rules", edge},
                             {"core.rules", filter(rules)},
                             {"own.rules", filter("-A INPUT -p udp --dport 69 -j ACCEPT\n")},
                             {"ipo-lint.toml", three}});
  CHECK(lines.find("could not be judged") != std::string::npos);
  CHECK(lines.find("edge.rules:4: error[tftp-exposed]: ") == std::string::npos);
}
