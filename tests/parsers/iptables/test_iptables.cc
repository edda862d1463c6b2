#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <random>
#include <set>
#include <sstream>

#include "parsers/iptables/iptables.h"
#include "parsers/iptables/matches.h"
#include "parsers/iptables/names.h"
#include "parsers/iptables/targets.h"
#include "parsers/text/lines.h"
#include "tests/program.h"

using namespace ipo;
namespace fs = std::filesystem;

namespace {

struct Reading {
  Sources sources;
  Site site;
  std::string_view text(SourceSpan span) const { return sources[span.source].slice(span); }
};

Reading read(std::string bytes, std::string path = "test.rules") {
  Reading r;
  r.sources.push_back(decode_source(std::move(path), bytes));
  interpret_iptables(r.sources, 0, r.site);
  return r;
}

std::string slurp(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::string describe(const IntervalSet& set, Field field, Family family) {
  if (field == Field::source || field == Field::destination) return format_addresses(set, family);
  return format_ports(set);
}

std::string describe(const Test& test, Family family) {
  constexpr const char* fields[] = {"protocol",         "state",  "nat",         "marks",     "destination",
                                    "destination_port", "source", "source_port", "tcp_flags", "original_destination",
                                    "original_port"};
  if (auto* f = std::get_if<FieldTest>(&test))
    return std::string(fields[static_cast<std::size_t>(f->field)]) + " {" + describe(f->values, f->field, family) + "}";
  if (auto* i = std::get_if<InterfaceTest>(&test))
    return std::string(i->incoming ? "in " : "out ") + i->name + (i->prefix ? "*" : "");
  if (auto* all = test_as<AllOf>(test)) {
    std::string out;
    auto add = [&](const Test& part) { out += (out.empty() ? "" : " and ") + describe(part, family); };
    for (const FieldTest& part : all->fields) add(part);
    for (const InterfaceTest& part : all->interfaces) add(part);
    for (const OpaqueTest& part : all->opaque) add(part);
    return "(" + out + ")";
  }
  const auto& o = *test_as<OpaqueTest>(test);
  return "opaque <" + o.predicate + "> " + (o.stateful ? "stateful" : "stateless") + " (" + o.reason + ")";
}

std::string name_of_action(ActionKind kind) {
  constexpr const char* names[] = {
      "accept",  "drop",   "reject", "return", "jump", "go_to", "proceed", "translate_source", "translate_destination",
      "untrack", "unknown"};
  return names[static_cast<std::size_t>(kind)];
}

// The model as lines: golden files hold it, and every span is shown as the text it covers.
std::string dump(const Reading& r) {
  std::ostringstream out;
  for (const Firewall& f : r.site.firewalls) {
    out << "firewall " << f.name << '\n';
    for (const Ruleset& set : f.rulesets) {
      Position first = r.sources[0].position(set.span.begin), last = r.sources[0].position(set.span.end);
      out << " ruleset " << (set.family == Family::ipv4 ? "ipv4" : "ipv6")
          << (set.pipeline.last_word(Hook::forward) ? " filter" : "") << " lines " << first.line << '-' << last.line << '\n';
      for (const Stage& stage : set.pipeline.stages)
        out << "  base " << name_of(stage.where) << ' ' << stage.order << (stage.kind == Stage::Kind::filter ? " " : " nat ")
            << set.chains[stage.chain].table << '/' << set.chains[stage.chain].name << '\n';
      for (const Chain& c : set.chains) {
        out << "  chain " << c.table << '/' << c.name << " `" << r.text(c.span) << '`';
        if (c.policy) out << " policy " << name_of_action(c.policy->value) << " `" << r.text(c.policy->span) << '`';
        out << '\n';
        for (const Rule& rule : c.rules) {
          out << "   " << r.sources[0].position(rule.span.begin).line << ' ' << name_of_action(rule.action.kind);
          if (!rule.action.name.empty()) out << ' ' << rule.action.name;
          if (!rule.action.chain.empty()) out << " to " << rule.action.chain;
          const Translation& t = rule.action.translation;
          if (!t.addresses.empty()) out << " addresses {" << format_addresses(t.addresses, set.family) << '}';
          if (!t.ports.empty()) out << " ports {" << format_ports(t.ports) << '}';
          if (t.to_receiving_interface) out << " to the receiving interface";
          if (t.netmap)
            out << " netmap " << format_address({set.family, t.netmap->value}) << '/'
                << format_address({set.family, t.netmap->mask});
          out << " `" << (rule.action.span == rule.span ? "" : r.text(rule.action.span)) << "` " << name_of(rule.understanding);
          if (!rule.reason().empty()) out << ": " << rule.reason();
          out << '\n';
          for (const Condition& condition : rule.conditions) {
            out << "      " << (condition.negated ? "not " : "");
            if (condition.any_of.empty()) out << "never";
            for (std::size_t i = 0; i < condition.any_of.size(); ++i)
              out << (i ? " or " : "") << describe(condition.any_of[i], set.family);
            out << " `" << r.text(condition.span) << "`\n";
          }
        }
      }
    }
  }
  for (const Inference& i : r.site.inferences)
    out << "inference line " << r.sources[0].position(i.span.begin).line << ": " << i.message << '\n';
  for (const Statement& s : r.site.statements)
    out << "statement lines " << r.sources[0].position(s.span.begin).line << '-' << r.sources[0].position(s.span.end).line << ' '
        << name_of(s.understanding) << (s.reason.empty() ? "" : ": ") << s.reason << '\n';
  return out.str();
}

std::vector<fs::path> fixtures() {
  std::vector<fs::path> files;
  for (const char* folder : {"fixtures/formats/iptables", "fixtures/malformed"})
    for (const auto& entry : fs::directory_iterator(ipo::testing::source_dir() / folder))
      if (entry.path().extension() == ".rules") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

// Text of one rule in INPUT, and what became of it.
Rule rule_of(const std::string& words, const std::string& table = "filter") {
  Reading r = read("*" + table + "\n:PREROUTING ACCEPT\n:user - [0:0]\n-A PREROUTING " + words + "\nCOMMIT\n");
  for (const Chain& c : r.site.firewalls.at(0).rulesets.at(0).chains)
    if (c.name == "PREROUTING") return c.rules.at(0);
  return {};
}

// Every line that is neither blank, comment, chain header nor COMMIT lies in a statement; tables are headers.
void check_coverage(const Reading& r) {
  const Source& s = r.sources[0];
  std::vector<SourceSpan> spans;
  for (const Statement& statement : r.site.statements) spans.push_back(statement.span);
  std::size_t next = 0;
  for (std::uint32_t n = 1; n <= s.line_count(); ++n) {
    std::string_view line = s.line(n);
    std::size_t first = line.find_first_not_of(std::string_view(" \t\f\v\0", 5));
    if (first == line.npos || line[first] == '#' || line[first] == ':' || line[first] == '*' ||
        line.substr(first).starts_with("COMMIT"))
      continue;
    auto at = static_cast<std::uint32_t>(s.line_start(n) + first);
    while (next < spans.size() && spans[next].end <= at) ++next;
    bool covered = next < spans.size() && spans[next].begin <= at;
    if (!covered) FAIL("line " << n << " is in no statement: " << line);
  }
}

void check_spans(const Reading& r) {
  auto size = static_cast<std::uint32_t>(r.sources[0].text().size());
  for (const Firewall& f : r.site.firewalls)
    for (const Ruleset& set : f.rulesets) {
      for (const Stage& stage : set.pipeline.stages) REQUIRE(stage.chain < set.chains.size());
      for (const Chain& c : set.chains)
        for (const Rule& rule : c.rules) {
          bool good = rule.span.begin <= rule.span.end && rule.span.end <= size;
          for (const Condition& condition : rule.conditions)
            good = good && condition.span.begin >= rule.span.begin && condition.span.end <= rule.span.end &&
                   condition.span.begin < condition.span.end;
          good = good && rule.action.span.begin >= rule.span.begin && rule.action.span.end <= rule.span.end;
          bool jumps = rule.action.kind == ActionKind::jump || rule.action.kind == ActionKind::go_to;
          good = good && jumps != rule.action.chain.empty();
          if (!good) FAIL("spans of " << r.text(rule.span));
        }
    }
}

}  // namespace

TEST_CASE("iptables: golden models of the fixtures", "[iptables]") {
  bool update = std::getenv("IPO_LINT_UPDATE") != nullptr;
  for (const fs::path& path : fixtures()) {
    Reading r = read(slurp(path), path.filename().string());
    fs::path golden = path;
    golden.replace_extension(".model");
    if (update) std::ofstream(golden, std::ios::binary) << dump(r);
    INFO(path.filename().string());
    CHECK(dump(r) == slurp(golden));
    check_spans(r);
    check_coverage(r);
  }
}

TEST_CASE("iptables: recognised from content", "[iptables]") {
  auto sureness = [](std::string text) { return recognises_iptables(decode_source("x", text)); };
  CHECK(sureness("*filter\n:INPUT DROP [0:0]\nCOMMIT\n") == 95);
  CHECK(sureness("# c\n\n*nat\n-A POSTROUTING -j MASQUERADE\n") == 95);
  CHECK(sureness("root@pbx:~# iptables-save\n*filter\n:INPUT DROP [0:0]\nCOMMIT\n") == 50);
  CHECK(sureness("-P INPUT DROP\n-A INPUT -s 192.0.2.1/32 -j ACCEPT\n") == 40);
  CHECK(sureness("#!/bin/sh\niptables -A INPUT -p udp --dport 5060 -j ACCEPT\n") == 0);
  CHECK(sureness("# Generated by ebtables-save\n*filter\n:INPUT ACCEPT\n-A INPUT -j ACCEPT\n") == 0);
  CHECK(sureness("* a list\n* of points\n") == 0);
  CHECK(sureness("create phones hash:ip\nadd phones 192.0.2.1\n") == 0);
  CHECK(sureness("") == 0);
}

TEST_CASE("iptables: every match module of the table is read", "[iptables]") {
  for (std::string_view name : iptables::module_names()) {
    INFO(name);
    const iptables::MatchModule* module = iptables::find_module(name);
    REQUIRE(module);
    REQUIRE(iptables::name_of(*module) == name);
    std::string all = "-m " + std::string(name);
    for (const iptables::OptionShape& shape : iptables::shapes(*module)) {
      std::string option = " ! --" + std::string(shape.name);
      for (int i = 0; i < shape.values; ++i) option += " 1";
      all += option;
      // Each spelling by itself: placed, negated, and its span is exactly what is written.
      Rule rule = rule_of("-m " + std::string(name) + option + " -j DROP");
      INFO(option);
      CHECK(rule.reason().find("is not known -") == std::string::npos);
      CHECK(rule.reason().find("option --") == std::string::npos);
      CHECK(rule.reason().find("unexpected word") == std::string::npos);
      CHECK(rule.action.name == "DROP");
    }
    Rule rule = rule_of(all + " -j DROP");
    CHECK(rule.reason().find("option --") == std::string::npos);
    for (const Condition& c : rule.conditions)
      for (const Test& t : c.any_of)
        if (auto* opaque = test_as<OpaqueTest>(t)) CHECK_FALSE(opaque->reason.empty());
  }
}

TEST_CASE("iptables: every target of the table is read", "[iptables]") {
  for (std::string_view name : iptables::target_names()) {
    INFO(name);
    const iptables::TargetKind* kind = iptables::find_target(name);
    REQUIRE(kind);
    std::string words = "-j " + std::string(name);
    for (const iptables::OptionShape& shape : iptables::shapes(*kind)) {
      words += " --" + std::string(shape.name);
      for (int i = 0; i < shape.values; ++i) words += " 1";
    }
    Rule rule = rule_of(words, "nat");
    CHECK(rule.action.name == name);
    CHECK(rule.reason().find("option --") == std::string::npos);
    CHECK(rule.reason().find("neither known") == std::string::npos);
    CHECK(rule.action.span.end == rule.span.end);
  }
}

TEST_CASE("iptables: names and numbers", "[iptables]") {
  using namespace iptables;
  CHECK(parse_c_number("0x1f", 255) == 31u);
  CHECK(parse_c_number("010", 255) == 8u);
  CHECK_FALSE(parse_c_number("256", 255));
  CHECK_FALSE(parse_c_number("", 255));
  CHECK_FALSE(parse_c_number("1x", 255));
  CHECK(protocol_number("UDP") == 17u);
  CHECK(protocol_number("all") == 0u);
  CHECK_FALSE(protocol_number("quic"));
  CHECK(port_number("tftp") == 69u);
  CHECK(port_number("sip-tls") == 5061u);
  CHECK(port_number("h323hostcall") == 1720u);
  CHECK_FALSE(port_number("65536"));
  CHECK(port_range("ftp-data", '-') == Interval{20, 20});
  CHECK(port_range(":", ':') == Interval{0, 65535});
  CHECK(icmp_types(Family::ipv4, "255/255") == Interval{0, 65535});
  CHECK(icmp_types(Family::ipv4, "3/0:4") == Interval{768, 772});
  CHECK(icmp_types(Family::ipv6, "packet-too-big") == Interval{512, 767});
  CHECK_FALSE(icmp_types(Family::ipv6, "any"));
  CHECK_FALSE(icmp_types(Family::ipv4, "host-un"));
}

TEST_CASE("iptables: the same predicate has the same text", "[iptables]") {
  auto predicate = [](const std::string& words) {
    Rule r = rule_of(words + " -j DROP");
    const auto& o = *test_as<OpaqueTest>(r.conditions.at(0).any_of.at(0));
    return o.predicate + (o.stateful ? " S" : "") + (r.conditions[0].negated ? " !" : "");
  };
  CHECK(predicate("-m mac --mac-source 00:1B:4F:AA:BB:CC") == predicate("-m mac --mac-source 00:1b:4f:aa:bb:cc"));
  CHECK(predicate("-m mac ! --mac-source 00:1b:4f:aa:bb:cc") == "-m mac --mac-source 00:1b:4f:aa:bb:cc !");
  CHECK(predicate("-m set --set a src") == predicate("-m set --match-set a src"));
  CHECK(predicate("-m recent ! --rcheck --seconds 60") == "-m recent --rcheck --seconds 60 S !");
  CHECK(predicate("-m policy --dir in ! --proto esp") == "-m policy --dir in ! --proto esp");
  CHECK(predicate("-m string --algo bm --string \"a b\"") == "-m string --algo bm --string \"a b\"");
  CHECK(predicate("-s example.net") == "-s example.net");
}

TEST_CASE("iptables: what an undecidable match asks is a value", "[iptables]") {
  auto asked = [](const std::string& words, const std::string& table = "filter") {
    Rule r = rule_of(words + " -j DROP", table);
    const OpaqueTest* test = nullptr;
    for (const Condition& condition : r.conditions)
      each_test<OpaqueTest>(condition, [&](const OpaqueTest& t) { test = test ? test : &t; });
    return test ? test->about : Subject{};
  };
  auto cause = [&](const std::string& words) { return asked(words).cause; };
  for (const char* words : {"-m limit --limit 3/min", "-m limit", "-p udp -m hashlimit --hashlimit-upto 5/sec --hashlimit-name a",
                            "-p tcp -m connlimit --connlimit-above 4"})
    CHECK(cause(words) == Cause::rate);
  CHECK(cause("-m recent --rcheck --seconds 9") == Cause::source_list);
  CHECK(cause("-m set --match-set phones src") == Cause::set);
  CHECK(cause("-m mac --mac-source 02:00:00:00:00:07") == Cause::sender);
  CHECK(cause("-m mark --mark 0x7") == Cause::mark);
  CHECK(cause("-m conntrack --ctstatus ASSURED") == Cause::connection);
  CHECK(cause("-m time --timestart 08:00") == Cause::time);
  CHECK(cause("-m owner --uid-owner 7") == Cause::process);
  CHECK(cause("-s phones.example.net") == Cause::name);
  CHECK(cause("-s 300.1.2.3") == Cause::not_read);
  CHECK(cause("-m holiday --easter") == Cause::not_read);
  CHECK(cause("-o eth0") == Cause::not_loaded);  // of a chain before routing

  auto port = [&](const std::string& words) {
    constexpr const char* sides[] = {"none", "enters", "leaves", "crosses"};
    Subject a = asked("-m physdev " + words);
    CHECK(a.cause == Cause::bridge_port);
    return std::string(sides[static_cast<std::size_t>(a.side)]) + " " + a.name;
  };
  CHECK(port("--physdev-in p1") == "enters p1");
  CHECK(port("! --physdev-in p1") == "enters p1");
  CHECK(port("--physdev-out in-2") == "leaves in-2");
  CHECK(port("--physdev-is-in") == "enters ");
  CHECK(port("--physdev-is-out") == "leaves ");
  CHECK(port("--physdev-is-bridged") == "crosses ");

  CHECK(asked("-m policy --dir in --pol none").unprotected == true);
  CHECK(asked("-m policy --dir in --pol ipsec --proto esp").unprotected == false);
  CHECK_FALSE(asked("-m policy --dir out --pol ipsec").unprotected);
  CHECK(cause("-m policy --dir out --pol ipsec") == Cause::protection);

  for (const char* words :
       {"-m addrtype --src-type BROADCAST", "-p tcp -m tcp --tcp-option 64", "-m string --algo bm --string x",
        "-p tcp -m tcpmss --mss 1:500", "-m ttl --ttl-lt 128", "-m length --length 0:512", "-m length --length :40"})
    CHECK(asked(words).as_sent == false);
  CHECK(asked("-p tcp -m tcpmss --mss 500:1460").as_sent == true);
  for (const char* words : {"-m addrtype --src-type UNICAST", "-m ttl --ttl-lt 129", "-m ttl --ttl-gt 1",
                            "-m length --length 0:513", "-m length --length 1:40", "-m limit --limit 3/min"})
    CHECK_FALSE(asked(words).as_sent);

  auto own = [&](const std::string& words) {
    Subject a = asked("-m addrtype " + words);
    return !a.of_own ? "-" : std::string(*a.of_own == Field::source ? "source " : "destination ") + (a.own_holds ? "yes" : "no");
  };
  CHECK(own("--dst-type LOCAL") == "destination yes");
  CHECK(own("! --src-type LOCAL") == "source yes");
  CHECK(own("--dst-type UNICAST") == "destination no");
  CHECK(own("--dst-type LOCAL --limit-iface-in") == "-");  // of one interface only
}

TEST_CASE("iptables: what a rule does beside its verdict, and who wrote it", "[iptables]") {
  for (const char* target : {"LOG", "NFLOG", "ULOG", "LOGMARK", "AUDIT --type drop"})
    CHECK(rule_of(std::string("-j ") + target).action.logs);
  for (const char* target : {"ACCEPT", "MARK --set-mark 1", "user", "TRACE"})
    CHECK_FALSE(rule_of(std::string("-j ") + target).action.logs);
  CHECK(rule_of("-p udp -j CT --helper sip", "raw").action.helper == "sip");
  CHECK(rule_of("-p udp -j CT --helper sip-5070", "raw").action.helper == "sip");
  CHECK(rule_of("-p udp -j CT --helper=netbios-ns", "raw").action.helper == "netbios-ns");
  CHECK(rule_of("-j CT --notrack", "raw").action.helper.empty());
  CHECK(rule_of("-m recent --set --name a").watches_senders);
  CHECK(rule_of("-m recent --rcheck --name a").watches_senders);
  CHECK_FALSE(rule_of("-m comment --comment \"as -m recent --set\"").watches_senders);
  for (const char* words : {"-m limit", "-m quota --quota 9", "-m statistic --mode random --probability 0.5", "-m recent --set",
                            "-m set --match-set phones src", "-m nfacct --nfacct-name a"})
    CHECK(rule_of(words).counts);
  CHECK_FALSE(rule_of("-m length --length 9").counts);
  CHECK(cited(rule_of("-j DROP").action) == "-j DROP");

  Reading r = read(
      "*filter\n:FORWARD ACCEPT\n:DOCKER-USER -\n:LIBVIRT_FWI -\n:f2b-sip -\n:MINIUPNPD -\n:ufw-user-input -\n:services -\n"
      "COMMIT\n");
  std::map<std::string, Author> by;
  for (const Chain& chain : r.site.firewalls.at(0).rulesets.at(0).chains) by[chain.name] = chain.by;
  CHECK(by["DOCKER-USER"] == Author::container_engine);
  CHECK(by["LIBVIRT_FWI"] == Author::virtual_machines);
  CHECK(by["f2b-sip"] == Author::blocker);
  CHECK(by["MINIUPNPD"] == Author::port_mapper);
  CHECK(by["ufw-user-input"] == Author::front_end);
  CHECK(by["services"] == Author::administrator);
  CHECK(by["FORWARD"] == Author::administrator);

  // A part of ufw's rules: what calls its chains stands in no file.
  Reading part = read("*filter\n:ufw-user-input -\n-A ufw-user-input -j ACCEPT\nCOMMIT\n");
  std::size_t calls = 0;
  for (const Chain& chain : part.site.firewalls.at(0).rulesets.at(0).chains)
    for (const Rule& rule : chain.rules) {
      CHECK((rule.by == Author::front_end) == (chain.name != "ufw-user-input"));
      calls += rule.by == Author::front_end;
    }
  CHECK(calls > 0);
}

TEST_CASE("iptables: a mark that the dump sets is known only in its place", "[iptables]") {
  Reading r = read("*raw\n-A PREROUTING -m mark --mark 1 -j DROP\nCOMMIT\n*mangle\n-A INPUT -j MARK --set-mark 1\nCOMMIT\n");
  const Ruleset& set = r.site.firewalls.at(0).rulesets.at(0);
  auto at = set.find("raw", "PREROUTING");
  REQUIRE(at);
  CHECK(test_as<OpaqueTest>(set.chains[*at].rules[0].conditions[0].any_of[0])->stateful);
}

TEST_CASE("lines: words, quotes and their spans", "[lines]") {
  Sources sources;
  sources.push_back(decode_source("x", "  a  \"b c\"d \r\n\n\t--p=\"x\\\"y\" \"open z"));
  Lines lines(sources, 0);
  REQUIRE(lines.size() == 2);
  const Line& first = lines[0];
  REQUIRE(first.words.size() == 2);
  CHECK(first.text == "a  \"b c\"d");
  CHECK(first.words[1].text == "b cd");
  CHECK(sources[0].slice(first.words[1].span) == "\"b c\"d");
  const Line& second = lines[1];
  REQUIRE(second.words.size() == 2);
  CHECK(second.words[0].text == "--p=x\"y");
  CHECK(sources[0].slice(second.words[0].span) == "--p=\"x\\\"y\"");
  CHECK(second.words[1].text == "open z");
  CHECK(sources[0].slice(second.span) == "--p=\"x\\\"y\" \"open z");
}

TEST_CASE("iptables: options as getopt takes them", "[iptables]") {
  auto understood = [](const std::string& words) {
    Rule r = rule_of(words);
    return r.understanding == Understanding::understood && r.action.kind == ActionKind::accept;
  };
  CHECK(understood("-c 2,3 -j ACCEPT"));
  CHECK(understood("-c 2 3 -j ACCEPT"));
  CHECK(understood("--set-counters 2 3 -j ACCEPT"));
  CHECK(understood("-p udp --destination-p 69 -j ACCEPT"));
  CHECK(understood("-p udp --dport=69 --jump=ACCEPT"));
  CHECK(understood("-pudp -mudp --dport 69 -jACCEPT"));
  CHECK(understood("-j ACCEPT -p tcp --syn"));
  CHECK_FALSE(understood("-p udp --s 69 -j ACCEPT"));      // --source or --sport
  CHECK_FALSE(understood("--dport 69 -p udp -j ACCEPT"));  // the match opens after its protocol only
  CHECK_FALSE(understood("-p udp --dport -j ACCEPT"));
  CHECK_FALSE(understood("-j ACCEPT --reject-with tcp-reset"));
}

TEST_CASE("iptables: dumps of one file and their firewalls", "[iptables]") {
  std::string four = "*filter\n-A INPUT -s 192.0.2.1 -j ACCEPT\nCOMMIT\n";
  std::string six = "*filter\n-A INPUT -s 2001:db8::1 -j ACCEPT\nCOMMIT\n";
  auto shape = [](const std::string& text) {
    std::string out;
    for (const Firewall& f : read(text).site.firewalls) {
      out += '[' + f.name;
      for (const Ruleset& r : f.rulesets) out += r.family == Family::ipv4 ? " 4" : " 6";
      out += ']';
    }
    return out;
  };
  CHECK(shape(four) == "[test.rules 4]");
  CHECK(shape(four + six) == "[test.rules 4 6]");
  CHECK(shape(six + four) == "[test.rules 6 4]");
  CHECK(shape(four + four + six) == "[test.rules 4 6]");  // the second table replaces the first
  std::string saved = "# Generated by iptables-save v1.8.7\n" + four,
              saved_nat = "# Generated by iptables-save v1.8.7\n*nat\nCOMMIT\n";
  CHECK(shape(saved + saved) == "[test.rules 4][test.rules #2 4]");
  CHECK(shape(saved_nat + saved + saved_nat + saved) == "[test.rules 4][test.rules #2 4]");
  CHECK(shape(saved + saved_nat + saved_nat) == "[test.rules 4]");
  CHECK(shape("-P INPUT DROP\n-P FORWARD DROP\n-P OUTPUT DROP\n-P INPUT DROP\n") == "[test.rules 4][test.rules #2 4]");
  CHECK(shape("*nat\nCOMMIT\n" + four) == "[test.rules 4]");
  CHECK(shape("# Generated by ip6tables-save\n*filter\nCOMMIT\n# Generated by iptables-save\n*nat\nCOMMIT\n") ==
        "[test.rules 6 4]");
  CHECK(shape("") == "");
}

TEST_CASE("iptables: a listing is of the only table that has its chains and targets, or of the one that was typed", "[iptables]") {
  auto tables = [](const std::string& text) {
    std::set<std::string> found;
    for (const Firewall& f : read(text).site.firewalls)
      for (const Ruleset& r : f.rulesets)
        for (const Chain& c : r.chains) found.insert((r.family == Family::ipv4 ? "4:" : "6:") + c.table);
    std::string out;
    for (const std::string& table : found) out += (out.empty() ? "" : " ") + table;
    return out;
  };
  auto one = [&](const std::string& chain, const std::string& target) { return tables("-A " + chain + " -j " + target + "\n"); };
  CHECK(one("FORWARD", "ACCEPT") == "4:filter");
  CHECK(one("FORWARD", "SECMARK --selctx a") == "4:security");
  CHECK(one("INPUT", "CONNSECMARK --save") == "4:security");
  for (const char* target :
       {"DNAT --to-destination 192.0.2.1", "REDIRECT", "NETMAP --to 192.0.2.0/24", "MASQUERADE", "SNAT --to-source 192.0.2.1"})
    CHECK(one("PREROUTING", target) == "4:nat");
  for (const char* target : {"NOTRACK", "CT --notrack"}) CHECK(one("PREROUTING", target) == "4:raw");
  for (const char* target : {"TOS --set-tos 4", "DSCP --set-dscp 4", "TTL --ttl-set 4", "HL --hl-set 4", "CLASSIFY --set-class 1:1",
                             "TPROXY --on-port 5"})
    CHECK(one("PREROUTING", target) == "4:mangle");
  CHECK(one("POSTROUTING", "ACCEPT") == "4:nat");
  CHECK(tables("-P PREROUTING ACCEPT\n-P OUTPUT ACCEPT\n") == "4:raw");
  CHECK(tables("-P PREROUTING ACCEPT\n-P POSTROUTING ACCEPT\n-P OUTPUT ACCEPT\n") == "4:nat");
  CHECK(tables("-P PREROUTING ACCEPT\n-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n-P POSTROUTING ACCEPT\n-A FORWARD -j "
               "ACCEPT\n") == "4:mangle");
  CHECK(tables("-A PREROUTING -j TTL --ttl-set 4\n-A FORWARD -j NOTRACK\n") == "4:mangle");
  CHECK(tables("-A PREROUTING -j MASQUERADE\n-A PREROUTING -j ACCEPT\n") == "4:nat");
  CHECK(tables("-A PREROUTING -j TTL --ttl-set 4\n-A PREROUTING -j ACCEPT\n") == "4:mangle");
  CHECK(tables("-A INPUT -j SECMARK --selctx a\n-A INPUT -j ACCEPT\n") == "4:security");
  for (const char* typed : {"iptables -t nat -S", "gw# iptables-legacy -t nat -vS", "gw$ /sbin/iptables-nft -t nat -Sv",
                            "iptables --table nat --list-rules"})
    CHECK(tables(std::string(typed) + "\n-A POSTROUTING -j ACCEPT\n-A voice -j ACCEPT\n") == "4:nat");
  CHECK(tables("ip6tables -S\n-A FORWARD -j ACCEPT\n") == "6:filter");
  CHECK(tables("iptables -L\n-A FORWARD -j ACCEPT\n") == "4:filter");
}

TEST_CASE("iptables: reading is linear", "[iptables]") {
  // Any quadratic step over these lists would take minutes here.
  std::string inserts = "*filter\n", deletes = "*filter\n", chains = "*filter\n";
  for (int i = 0; i < 20000; ++i) {
    std::string n = std::to_string(i);
    inserts += "-I INPUT -s 10.0." + std::to_string(i / 250) + ".1 -j ACCEPT\n";
    deletes += i % 2 ? "-D INPUT -j DROP\n" : "-A INPUT -p tcp -j ACCEPT\n";
    chains += ":chain" + n + " - [0:0]\n-A chain" + n + " -j chain" + std::to_string(i + 1) + "\n";
  }
  for (const std::string& text : {inserts, deletes, chains}) check_coverage(read(text + "COMMIT\n"));
  Reading r = read(inserts + "COMMIT\n");
  const Ruleset& set = r.site.firewalls.at(0).rulesets.at(0);
  CHECK(r.text(set.chains[*set.find("filter", "INPUT")].rules[0].span) == "-I INPUT -s 10.0.79.1 -j ACCEPT");
}

TEST_CASE("iptables: any bytes give a site", "[iptables]") {
  std::vector<std::string> seeds;
  for (const fs::path& path : fixtures()) seeds.push_back(slurp(path));
  std::mt19937 random(4711);
  auto pick = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  constexpr std::string_view spice[] = {"!", "\"", "-",      "--",       "-A", "\n", "\r", " ",
                                        ":", "*",  "*nat\n", "COMMIT\n", "/",  ",",  "\\", std::string_view("\0", 1),
                                        "[", "-m", "-p tcp", "-j",       "=",  "#"};
  for (int round = 0; round < 2000; ++round) {
    std::string text = seeds[pick(seeds.size())];
    for (std::size_t edits = 1 + pick(8); edits-- > 0 && !text.empty();) {
      std::size_t at = pick(text.size()), length = std::min(text.size() - at, pick(30));
      switch (pick(5)) {
        case 0:
          text.erase(at, length);
          break;
        case 1:
          text.insert(at, spice[pick(std::size(spice))]);
          break;
        case 2:
          text[at] = static_cast<char>(random());
          break;
        case 3:
          text.resize(at);
          break;
        default:
          text.insert(at, text.substr(pick(text.size()), length));
      }
    }
    Reading r = read(text);
    check_spans(r);
    check_coverage(r);
  }
}

TEST_CASE("iptables: the corpus", "[iptables][corpus]") {
  const char* corpus = std::getenv("IPO_LINT_CORPUS");
  if (!corpus) {
    std::cout << "skipped: IPO_LINT_CORPUS is not set\n";
    return;
  }
  for (const char* family : {"iptables", "ip6tables", "ufw", "iptables-testsuite", "iptables-embedded"}) {
    fs::path folder = fs::path(corpus) / family;
    std::map<std::string, std::string> kernel;
    std::istringstream table(slurp(folder / "SOURCES.tsv"));
    for (std::string line; std::getline(table, line);) {
      std::vector<std::string> cells;
      std::istringstream row(line);
      for (std::string cell; std::getline(row, cell, '\t');) cells.push_back(cell);
      if (cells.size() > 7) kernel[cells[0]] = cells[7];
    }
    std::size_t files = 0, counts[4] = {0, 0, 0, 0};
    for (const auto& entry : fs::directory_iterator(folder)) {
      std::string name = entry.path().filename().string();
      if (name == "SOURCES.tsv") continue;
      ++files;
      Reading r = read(slurp(entry.path()), name);
      check_spans(r);
      check_coverage(r);
      std::size_t own[4] = {0, 0, 0, 0};
      for (const Statement& s : r.site.statements) ++own[static_cast<std::size_t>(s.understanding)];
      for (std::size_t i = 0; i < 4; ++i) counts[i] += own[i];
      if (kernel[name] != "loads") continue;
      INFO(name);
      CHECK(recognises_iptables(r.sources[0]) == 95);
      CHECK(own[static_cast<std::size_t>(Understanding::not_understood)] == 0);
      CHECK(r.site.firewalls.size() >= 1);
    }
    std::cout << family << ": " << files << " files, " << counts[0] << " understood, " << counts[1] << " bounded, " << counts[2]
              << " ignored, " << counts[3] << " not understood\n";
  }
}

TEST_CASE("iptables: a table emptied as a whole holds what comes after, and loses its chains with -X only") {
  std::string before = "*filter\n:INPUT DROP\n-N phones\n-A INPUT -s 192.0.2.1 -j ACCEPT\n-A phones -j ACCEPT\n";
  auto rules_of = [](const Reading& r, std::string_view name) {
    for (const Chain& chain : r.site.firewalls.at(0).rulesets.at(0).chains)
      if (chain.name == name) return static_cast<int>(chain.rules.size());
    return -1;
  };
  Reading flushed = read(before + "-F\n-A INPUT -s 192.0.2.2 -j ACCEPT\nCOMMIT\n");
  CHECK(rules_of(flushed, "INPUT") == 1);
  CHECK(rules_of(flushed, "phones") == 0);
  Reading one = read(before + "-F phones\nCOMMIT\n");
  CHECK(rules_of(one, "INPUT") == 1);
  CHECK(rules_of(one, "phones") == 0);
  Reading removed = read(before + "-F\n-X\n-A INPUT -j phones\nCOMMIT\n");
  REQUIRE(rules_of(removed, "INPUT") == 1);
  for (const Statement& statement : removed.site.statements)
    if (removed.text(statement.span) == "-A INPUT -j phones")
      CHECK(statement.reason == "target phones is neither known nor a chain of this table");
}

TEST_CASE("iptables: translations that pick at random, and those where they may not stand") {
  auto rule = [](const std::string& text) {
    Reading r = read("*nat\n:PREROUTING ACCEPT\n:INPUT ACCEPT\n:OUTPUT ACCEPT\n:POSTROUTING ACCEPT\n" + text + "\nCOMMIT\n");
    for (const Chain& chain : r.site.firewalls.at(0).rulesets.at(0).chains)
      if (!chain.rules.empty()) return chain.rules[0];
    return Rule{};
  };
  // A port in the range stays unless the kernel is told to pick.
  CHECK(rule("-A PREROUTING -p tcp -j REDIRECT --to-ports 3128-3130").action.translation.keeps_port);
  CHECK_FALSE(rule("-A PREROUTING -p tcp -j REDIRECT --to-ports 3128-3130 --random").action.translation.keeps_port);
  CHECK(rule("-A PREROUTING -p tcp -j DNAT --to-destination 192.0.2.1:3128-3130").action.translation.keeps_port);
  CHECK_FALSE(rule("-A PREROUTING -p tcp -j DNAT --to-destination 192.0.2.1:3128-3130 --random").action.translation.keeps_port);
  CHECK(rule("-A POSTROUTING -j DNAT --to-destination 192.0.2.1").action.kind == ActionKind::unknown);
  CHECK(rule("-A PREROUTING -j SNAT --to-source 192.0.2.1").action.kind == ActionKind::unknown);
  CHECK(rule("-A PREROUTING -j DNAT --to-destination 192.0.2.1").action.kind == ActionKind::translate_destination);
}

TEST_CASE("iptables: marks are copied through the masks of both sides") {
  auto change = [](const std::string& options) {
    Reading r = read("*mangle\n:PREROUTING ACCEPT\n-A PREROUTING -j CONNMARK " + options + "\nCOMMIT\n");
    return r.site.firewalls.at(0).rulesets.at(0).chains.at(0).rules.at(0).action.mark.value();
  };
  MarkChange saved = change("--save-mark --nfmask 0xff --ctmask 0xf0");
  CHECK(saved.known);
  CHECK(saved.copies);
  CHECK(saved.connection);
  CHECK(saved.clear == 0xf0);
  CHECK(saved.value == 0xff);
  MarkChange restored = change("--restore-mark --nfmask 0xff --ctmask 0xf0");
  CHECK(restored.copies);
  CHECK_FALSE(restored.connection);
  CHECK(restored.clear == 0xff);
  CHECK(restored.value == 0xf0);
}

TEST_CASE("NETMAP in a user chain maps what the chains that call it map") {
  Reading r = read(
      "*nat\n:PREROUTING ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n:in - [0:0]\n:deeper - [0:0]\n:out - [0:0]\n"
      ":both - [0:0]\n:never - [0:0]\n-A PREROUTING -j in\n-A in -g deeper\n-A POSTROUTING -j out\n-A PREROUTING -j both\n"
      "-A POSTROUTING -j both\n-A deeper -j NETMAP --to 192.0.2.0/24\n-A out -j NETMAP --to 192.0.2.0/24\n"
      "-A both -j NETMAP --to 192.0.2.0/24\n-A never -j NETMAP --to 192.0.2.0/24\nCOMMIT\n");
  const Ruleset& ruleset = r.site.firewalls.at(0).rulesets.at(0);
  auto kind = [&](const char* chain) { return ruleset.chains[*ruleset.find("nat", chain)].rules.at(0).action.kind; };
  CHECK(kind("deeper") == ActionKind::translate_destination);
  CHECK(kind("out") == ActionKind::translate_source);
  CHECK(kind("both") == ActionKind::unknown);
  CHECK(kind("never") == ActionKind::unknown);
}

TEST_CASE("the length of a prefix is octal behind a zero, as for strtoul") {
  for (auto [written, meant] : std::vector<std::pair<std::string, std::string>>{{"198.51.100.77/030", "198.51.100.0/24"},
                                                                                {"198.51.100.77/0x1c", "198.51.100.64/28"},
                                                                                {"198.51.100.77/+28", "198.51.100.64/28"},
                                                                                {"198.51.100.77/30", "198.51.100.76/30"},
                                                                                {"198.51.100/030", "198.51.100.0/24"}}) {
    Reading r = read("*filter\n:INPUT DROP [0:0]\n-A INPUT -s " + written + " -j ACCEPT\nCOMMIT\n");
    const Rule& rule = r.site.firewalls.at(0).rulesets.at(0).chains.at(0).rules.at(0);
    REQUIRE(rule.conditions.size() == 1);
    auto* test = std::get_if<FieldTest>(&rule.conditions[0].any_of.at(0));
    REQUIRE(test);
    CHECK(written + " " + format_addresses(test->values, Family::ipv4) == written + " " + meant);
  }
}

TEST_CASE("a single colon in a translation stands before a port, with IPv6 too") {
  auto translation = [](const std::string& to) {
    Reading r =
        read("*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -s 2001:db8::1 -p udp -j DNAT --to-destination " + to + "\nCOMMIT\n");
    const Ruleset& ruleset = r.site.firewalls.at(0).rulesets.at(0);
    REQUIRE(ruleset.family == Family::ipv6);
    const Rule& rule = ruleset.chains.at(0).rules.at(0);
    CHECK(rule.understanding == Understanding::understood);
    return format_addresses(rule.action.translation.addresses, Family::ipv6) + " port " +
           format_ports(rule.action.translation.ports);
  };
  CHECK(translation(":5060") == " port 5060");
  CHECK(translation(":5060-5070") == " port 5060-5070");
  CHECK(translation("[]:5060") == " port 5060");
  CHECK(translation("2001:db8::5") == "2001:db8::5 port ");
  CHECK(translation("[2001:db8::5]:69") == "2001:db8::5 port 69");
  CHECK(translation("2001:db8::5-2001:db8::6") == "2001:db8::5-2001:db8::6 port ");
}
