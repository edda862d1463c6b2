// Sets of `ipset save`, and what rules that name them mean once they are known.
#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <fstream>
#include <random>
#include <set>
#include <sstream>

#include "linter/commands/commands.h"
#include "parsers/iptables/iptables.h"
#include "parsers/parsers.h"
#include "rules/engine/trace.h"
#include "rules/site/resolve_sets.h"
#include "tests/cases.h"

using namespace ipo;
using namespace ipo::testing;
namespace fs = std::filesystem;

namespace {

struct Texts {
  Sources sources;
  Site site;
};

Texts read_files(const std::vector<Input>& files, const std::vector<DeclaredFirewall>& declared = {}) {
  Texts r;
  for (const Input& file : files) r.sources.push_back(decode_source(file.path, file.bytes));
  for (std::uint32_t i = 0; i < r.sources.size(); ++i)
    if (const Dialect* dialect = recognise(r.sources[i])) dialect->interpret(r.sources, i, r.site);
  resolve_sets(r.site, r.sources, declared, "");
  return r;
}

std::string text_of(const FieldTest& t, Family family) {
  constexpr const char* fields[] = {"protocol", "state", "nat", "marks", "destination", "dport", "source", "sport", "flags"};
  bool address = t.field == Field::source || t.field == Field::destination;
  return std::string(fields[static_cast<std::size_t>(t.field)]) + " {" +
         (address ? format_addresses(t.values, family) : format_ports(t.values)) + "}";
}
std::string text_of(const InterfaceTest& t) { return (t.incoming ? "in " : "out ") + t.name + (t.prefix ? "*" : ""); }
std::string text_of(const OpaqueTest& t) {
  return "<" + t.predicate + ">" + (t.stateful ? " stateful" : "") + " (" + t.reason + ")";
}
std::string text_of(const Test& test, Family family) {
  if (auto* f = std::get_if<FieldTest>(&test)) return text_of(*f, family);
  if (auto* i = std::get_if<InterfaceTest>(&test)) return text_of(*i);
  if (auto* o = test_as<OpaqueTest>(test)) return text_of(*o);
  std::string out;
  auto add = [&](const std::string& part) { out += (out.empty() ? "" : " and ") + part; };
  const auto& all = *test_as<AllOf>(test);
  for (const FieldTest& f : all.fields) add(text_of(f, family));
  for (const InterfaceTest& i : all.interfaces) add(text_of(i));
  for (const OpaqueTest& o : all.opaque) add(text_of(o));
  return out;
}

std::string dump(const Texts& r) {
  std::ostringstream out;
  for (const IpSet& set : r.site.sets) {
    out << "set " << set.name << ' ' << set.type << ' '
        << (!set.family                   ? "both"
            : *set.family == Family::ipv4 ? "ipv4"
                                          : "ipv6")
        << ' ' << set.entries.size() << " entries";
    if (!set.doubt.empty()) out << " doubt: " << set.doubt;
    out << '\n';
  }
  for (const Firewall& firewall : r.site.firewalls)
    for (const Ruleset& ruleset : firewall.rulesets)
      for (const Chain& chain : ruleset.chains)
        for (const Rule& rule : chain.rules) {
          out << r.sources[rule.span.source].slice(rule.span) << '\n';
          for (const Condition& c : rule.conditions) {
            if (c.any_of.empty()) out << "    " << (c.negated ? "always" : "never") << '\n';
            for (std::size_t i = 0; i < c.any_of.size(); ++i)
              out << "    " << (i > 0 ? "or " : c.negated ? "not " : "") << text_of(c.any_of[i], ruleset.family) << '\n';
          }
        }
  for (const Statement& s : r.site.statements)
    if (s.understanding != Understanding::understood)
      out << "line " << r.sources[s.span.source].position(s.span.begin).line << ' ' << name_of(s.understanding) << ": " << s.reason
          << '\n';
  for (const Inference& i : r.site.inferences) out << "inference: " << i.message << '\n';
  return out.str();
}

Condition condition_of(const Texts& r) {
  for (const Chain& chain : r.site.firewalls.at(0).rulesets.at(0).chains)
    for (const Rule& rule : chain.rules) return rule.conditions.at(0);
  return {};
}

std::string filter(const std::string& rules) { return "*filter\n:INPUT DROP [0:0]\n" + rules + "COMMIT\n"; }

}  // namespace

TEST_CASE("ipset: golden models of the fixtures", "[ipset]") {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(source_dir() / "fixtures/formats/ipset"))
    if (entry.path().extension() != ".model") files.push_back(entry.path());
  files.push_back(source_dir() / "fixtures/malformed/bad-sets.ipset");
  std::sort(files.begin(), files.end());
  for (const fs::path& path : files) {
    std::string text = read_file(path);
    fs::path golden = path;
    golden.replace_extension(".model");
    std::string model = dump(read_files({{path.filename().string(), text}}));
    if (update_goldens()) std::ofstream(golden, std::ios::binary) << model;
    INFO(path.filename().string());
    CHECK(model == read_file(golden));
  }
}

TEST_CASE("ipset: recognised from content", "[ipset]") {
  auto name = [](std::string text) {
    const Dialect* d = recognise(decode_source("x", text));
    return d ? std::string(d->name) : "";
  };
  CHECK(name("create phones hash:ip family inet\nadd phones 192.0.2.1\n") == "ipset");
  CHECK(name("# sets\ncreate -exist phones hash:ip\n") == "ipset");
  CHECK(name("create phones hash:ip\n*filter\n:INPUT DROP [0:0]\nCOMMIT\n") == "iptables");
  CHECK(name("*filter\n:INPUT DROP [0:0]\nCOMMIT\ncreate phones hash:ip\nadd phones 192.0.2.1\n") == "iptables");
  CHECK(name("create a ticket\nadd the phones\n") == "");
  CHECK(name("add phones 192.0.2.1\n") == "");
  CHECK(name("ipset create phones hash:ip\n") == "");
}

TEST_CASE("ipset: whose sets", "[ipset]") {
  std::string rules = filter("-A INPUT -m set --match-set phones src -j ACCEPT\n");
  std::string sets = "create phones hash:ip\nadd phones 192.0.2.1\n";
  auto resolved = [](const Texts& r) {
    std::string out;
    for (const Firewall& f : r.site.firewalls)
      for (const Ruleset& ruleset : f.rulesets)
        for (const Chain& chain : ruleset.chains)
          for (const Rule& rule : chain.rules) out += rule.understanding == Understanding::understood ? 'y' : 'n';
    return out;
  };
  CHECK(resolved(read_files({{"fw.rules", rules}})) == "n");
  CHECK(resolved(read_files({{"fw.rules", rules}, {"sets", sets}})) == "y");
  CHECK(resolved(read_files({{"sets", sets}, {"fw.rules", rules}})) == "y");
  CHECK(resolved(read_files({{"fw.rules", sets + rules}, {"other.rules", rules}})) == "yn");
  Texts loose = read_files({{"fw.rules", rules}, {"other.rules", rules}, {"sets", sets}});
  CHECK(resolved(loose) == "nn");
  REQUIRE(loose.site.inferences.size() == 1);
  CHECK(loose.site.inferences[0].message == "the ipsets of sets are of none of the 2 firewalls: list the file in a [[firewall]]");
  CHECK(resolved(read_files({{"fw.rules", rules}, {"sets", sets}, {"more", sets}})) == "n");
}

// Both families of one machine share the sets; the site file says which machine's they are.
TEST_CASE("ipset: a declared firewall's files", "[ipset]") {
  auto rules = [](const char* name) {
    return filter("-A INPUT -p udp -m set --match-set " + std::string(name) + " src -j ACCEPT\n");
  };
  std::string sets = "create phones hash:ip\nadd phones 192.0.2.1\ncreate six hash:ip family inet6\nadd six 2001:db8::1\n";
  SiteInputs inputs = site_of({{"edge.v4", "# Generated by iptables-save\n" + rules("phones")},
                               {"edge.v6", "# Generated by ip6tables-save\n" + rules("six")},
                               {"inner.v4", rules("phones")},
                               {"sets.ipset", sets},
                               {"ipo-lint.toml",
                                "[[firewall]]\nfiles = [\"edge.v4\", \"edge.v6\", \"sets.ipset\"]\nrole = \"perimeter\"\n"
                                "[[firewall]]\nfiles = [\"inner.v4\"]\nrole = \"transit\"\n"}});
  LintOptions options;
  options.only = {"unresolved-set"};
  Report report = lint(std::move(inputs), options);
  std::string lines;
  for (const Finding& f : report.findings) lines += finding_line(report, f, false);
  CHECK(lines ==
        "inner.v4:3: warning: the ipset phones is given, but not for this firewall: what this rule decides is only possible\n");
  for (const Inference& i : report.inferences) CHECK(i.message.find("was not given") == std::string::npos);
}

// Against a reading entry by entry, as the kernel looks members up: longest network first.
TEST_CASE("ipset: what a set holds is what its entries say", "[ipset]") {
  std::mt19937 random(20261125);
  auto roll = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  auto address = [](u128 a) { return format_address({Family::ipv4, a}); };
  struct Net {
    u128 base;
    unsigned length;
    bool holds(u128 a) const { return (a >> (32 - length)) == (base >> (32 - length)); }
  };
  struct Entry {
    Net net;
    unsigned protocol, port;
    Net second;
    bool nomatch;
  };
  const std::string types[] = {"hash:ip",         "hash:net",         "hash:ip,port", "hash:net,port",
                               "hash:ip,port,ip", "hash:ip,port,net", "hash:net,net"};
  std::size_t compared = 0;
  for (int round = 0; round < 400; ++round) {
    const std::string& type = types[roll(std::size(types))];
    bool net = type.find("hash:net") == 0, port = type.find("port") != type.npos,
         second = std::count(type.begin(), type.end(), ',') == 2 || type == "hash:net,net";
    bool second_net = type.ends_with(",net"), nomatch = (net || second_net) && type != "hash:net,net";
    auto some_net = [&](bool wide) {
      unsigned length = wide ? 28 + roll(5) : 32;
      return Net{(0xc0000200u + roll(16)) >> (32 - length) << (32 - length), length};
    };
    std::vector<Entry> entries;
    std::string sets = "create s " + type + "\n";
    for (unsigned n = 1 + roll(6); n > 0; --n) {
      Entry e{some_net(net), roll(2) ? 6u : 17u, 5060 + roll(2), some_net(second_net), nomatch && roll(3) == 0};
      auto same = [&](const Entry& o) {
        return o.net.base == e.net.base && o.net.length == e.net.length &&
               (!port || (o.protocol == e.protocol && o.port == e.port)) &&
               (!second || (o.second.base == e.second.base && o.second.length == e.second.length));
      };
      if (std::any_of(entries.begin(), entries.end(), same)) continue;
      entries.push_back(e);
      auto text = [&](const Net& x) { return address(x.base) + (x.length == 32 ? "" : "/" + std::to_string(x.length)); };
      sets += "add s " + text(e.net);
      if (port) sets += std::string(",") + (e.protocol == 6 ? "tcp:" : "udp:") + std::to_string(e.port);
      if (second) sets += "," + text(e.second);
      sets += e.nomatch ? " nomatch\n" : "\n";
    }
    std::vector<bool> sides;
    std::string directions;
    for (int i = 0, parts = 1 + port + second; i < parts; ++i) {
      sides.push_back(roll(2) == 0);
      directions += std::string(i > 0 ? "," : "") + (sides.back() ? "src" : "dst");
    }
    bool negated = roll(2) == 0, inverse = nomatch && roll(4) == 0;
    Texts r = read_files({{"fw", filter(std::string("-A INPUT -m set ") + (negated ? "! " : "") + "--match-set s " + directions +
                                        (inverse ? " --return-nomatch" : "") + " -j ACCEPT\n")},
                          {"sets", sets}});
    Condition condition = condition_of(r);
    for (int k = 0; k < 100; ++k) {
      Packet p;
      p.source = 0xc0000200u + roll(18), p.destination = 0xc0000200u + roll(18);
      p.protocol = static_cast<std::uint8_t>(roll(5) == 0 ? 47 : roll(2) ? 6 : 17);
      p.source_port = static_cast<std::uint16_t>(5060 + roll(3)), p.destination_port = static_cast<std::uint16_t>(5060 + roll(3));
      u128 first = sides[0] ? p.source : p.destination, last = sides.back() ? p.source : p.destination;
      unsigned wanted = port ? (sides[1] ? p.source_port : p.destination_port) : 0u;
      const Entry* best = nullptr;
      for (const Entry& e : entries) {
        if (!e.net.holds(first) || (second && !e.second.holds(last))) continue;
        if (port && (e.protocol != p.protocol || e.port != wanted)) continue;
        if (!best || e.net.length + e.second.length > best->net.length + best->second.length) best = &e;
      }
      bool holds = best && best->nomatch == inverse;
      bool got =
          matches(condition, p, {}, [](const OpaqueTest&, SourceSpan) -> bool { throw std::logic_error("nothing is open"); });
      if (got != (holds != negated))
        FAIL(sets << directions << (inverse ? " inverse " : " ") << format_packet(p) << '\n' << dump(r));
      ++compared;
    }
  }
  CHECK(compared == 40000);
}

TEST_CASE("ipset: ports of protocols, and what has none", "[ipset]") {
  auto condition = [](const std::string& entry, bool ipv6 = false) {
    std::string set = std::string("create s hash:ip,port family ") + (ipv6 ? "inet6" : "inet") + "\nadd s " +
                      (ipv6 ? "2001:db8::1," : "192.0.2.1,") + entry + "\n";
    std::string rules = filter(std::string("-A INPUT -m set --match-set s src,dst -j ACCEPT\n-A INPUT -s ") +
                               (ipv6 ? "2001:db8::/32" : "192.0.2.0/24") + " -j DROP\n");
    Condition c = condition_of(read_files({{"fw", rules}, {"sets", set}}));
    std::string out = std::to_string(c.any_of.size());
    for (const auto& any : c.any_of)
      if (auto* all = test_as<AllOf>(any))
        for (const FieldTest& t : all->fields)
          if (t.field != Field::source) out += " " + text_of(t, ipv6 ? Family::ipv6 : Family::ipv4);
    return out;
  };
  CHECK(condition("udp:5060") == "1 protocol {17} dport {5060}");
  CHECK(condition("sctp:36412") == "1 protocol {132} dport {36412}");
  CHECK(condition("udplite:7") == "1 protocol {136} dport {7}");
  // Type and code, as one number.
  CHECK(condition("icmp:8/0") == "1 protocol {1} dport {2048}");
  CHECK(condition("icmpv6:128/0", true) == "1 protocol {58} dport {32768}");
  // To the kernel protocols without ports have port 0.
  CHECK(condition("47:0") == "1 protocol {47}");
  CHECK(condition("50:0") == "1 protocol {50}");
}

TEST_CASE("ipset: large sets", "[ipset]") {
  std::string ips = "create s hash:ip\n", pairs = "create s hash:ip,port\n", ports = "create s hash:ip,port\n";
  for (unsigned i = 0; i < 65536; ++i) {
    std::string a = format_address({Family::ipv4, 0x0a000000u + 2 * ((i * 40503u) & 65535u)});
    ips += "add s " + a + "\n";
    pairs += "add s " + a + ",udp:" + (i % 2 ? "5060" : "5061") + "\n";
    ports += "add s 192.0.2.1,tcp:" + std::to_string(i) + "\n";
  }
  std::string rules = filter("-A INPUT -m set --match-set s src,dst -j ACCEPT\n");
  auto start = std::chrono::steady_clock::now();
  CHECK(condition_of(read_files({{"fw", rules}, {"sets", ips}})).any_of.size() == 1);
  CHECK(condition_of(read_files({{"fw", rules}, {"sets", pairs}})).any_of.size() == 2);
  CHECK(condition_of(read_files({{"fw", rules}, {"sets", ports}})).any_of.size() == 1);
  std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  CHECK(took.count() < 60);  // a quadratic step takes minutes
  // Every rule has its own copy, so their number is limited.
  std::string many;
  for (int i = 0; i < 100; ++i) many += "-A INPUT -m set --match-set s src -j ACCEPT\n";
  Texts r = read_files({{"fw", filter(many)}, {"sets", ips}});
  const Chain& chain = r.site.firewalls.at(0).rulesets.at(0).chains.at(0);
  CHECK(chain.rules.front().understanding == Understanding::understood);
  CHECK(chain.rules.back().reason() == "the ipsets of this site are too large for all of its rules");
}

TEST_CASE("ipset: any bytes give a site", "[ipset]") {
  std::string seed = read_file(source_dir() / "fixtures/formats/ipset/sets.rules") +
                     read_file(source_dir() / "fixtures/formats/ipset/edits.ipset");
  std::mt19937 random(4712);
  auto pick = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  for (int round = 0; round < 500; ++round) {
    std::string text = seed;
    for (std::size_t edits = 1 + pick(30); edits-- > 0;) {
      std::size_t at = pick(text.size()), length = std::min(text.size() - at, pick(20));
      switch (pick(4)) {
        case 0:
          text.erase(at, length);
          break;
        case 1:
          text.insert(at, text.substr(pick(text.size()), length));
          break;
        case 2:
          text[at] = static_cast<char>(random());
          break;
        default:
          text.insert(at, std::string_view("\n,-:/ \"").substr(pick(7), 1));
      }
    }
    Texts r = read_files({{"fw", text}});
    INFO("round " << round);
    // Every span is within the text, no line is said twice, a doubt has its reason, and a second reading says the same.
    for (const IpSet& set : r.site.sets) {
      CHECK(set.span.source == 0);
      CHECK(set.span.begin < set.span.end);
      CHECK(set.span.end <= r.sources[0].text().size());
      CHECK_FALSE(set.name.empty());
    }
    std::set<SourceSpan> lines;
    for (const Statement& statement : r.site.statements) {
      CHECK(statement.span.end <= r.sources[0].text().size());
      CHECK((statement.understanding == Understanding::understood || !statement.reason.empty()));
      CHECK(lines.insert(statement.span).second);
    }
    CHECK(dump(read_files({{"fw", text}})) == dump(r));
  }
}

TEST_CASE("ipset: members of a set whose timeout is 0 stay", "[ipset]") {
  for (bool stay : {true, false}) {
    Texts r =
        read_files({{"fw", filter("-A INPUT -m set --match-set s src -j ACCEPT\n")},
                    {"sets", std::string("create s hash:ip family inet timeout ") + (stay ? "0" : "600") + "\nadd s 192.0.2.1\n"}});
    REQUIRE(r.site.sets.size() == 1);
    REQUIRE(r.site.sets[0].entries.size() == 1);
    CHECK(r.site.sets[0].entries[0].expires == !stay);
  }
}

TEST_CASE("ipset: inventory counts its lines", "[ipset]") {
  std::istringstream in(read_file(source_dir() / "fixtures/formats/ipset/edits.ipset"));
  std::ostringstream out, err;
  CHECK(run_inventory({{"-"}, "", "counts", 80}, in, out, err) == 0);
  CHECK(out.str() == "15 0 0 0\n");
}
