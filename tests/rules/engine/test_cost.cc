// What work grows with, counted in operations and never in time.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <functional>
#include <random>
#include <sstream>

#include "linter/inputs/input_files.h"
#include "linter/inputs/parallel.h"
#include "parsers/document/document.h"
#include "parsers/ipoffice/field_map.h"
#include "parsers/iptables/rule_order.h"
#include "parsers/netfilter/stages.h"
#include "rules/engine/trace.h"
#include "tests/cases.h"
#include "tests/program.h"
#include "tests/random_rules.h"

using namespace ipo;
using namespace ipo::testing;
using Catch::Matchers::Contains;

namespace {

std::vector<FieldEntry> fields(std::size_t count, const std::function<std::string(std::size_t)>& pattern,
                               std::vector<Note>& errors) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += "[[field]]\npath = '" + pattern(i) + "'\nkey = 'lan1.address'\n";
  Sources sources{decode_source("own.toml", text)};
  return read_own_fields(read_toml(sources, 0).root, errors);
}

// One rule for each port.
Ruleset one_rule_a_port(unsigned count) {
  Ruleset ruleset;
  Chain chain;
  chain.table = "filter", chain.name = "INPUT";
  chain.policy = Located<ActionKind>{ActionKind::drop, {0, 1, 2}};
  for (unsigned port = 1; port <= count; ++port) {
    Rule rule;
    rule.span = {0, 10 * port, 10 * port + 5};
    rule.conditions.push_back({{FieldTest{Field::destination_port, IntervalSet::of(port)}}, false, rule.span});
    rule.action.kind = ActionKind::accept;
    chain.rules.push_back(rule);
  }
  ruleset.pipeline.add(netfilter::stage("filter", Hook::input, 0, false, 0));
  ruleset.chains.push_back(chain);
  return ruleset;
}

std::size_t looked_at_for(unsigned rules) {
  Ruleset ruleset = one_rule_a_port(rules);
  Tracer tracer(ruleset);
  for (unsigned port = 1; port <= rules; ++port) {
    Packet packet;
    packet.hook = Hook::input, packet.protocol = 6;
    packet.destination_port = static_cast<std::uint16_t>(port);
    Trace found = tracer.of(packet, [](const OpaqueTest&, SourceSpan) { return false; });
    REQUIRE(found.decided_by.begin == 10 * port);
  }
  return tracer.looked_at();
}

}  // namespace

TEST_CASE("the packets of twice as many findings meet about twice as many rules") {
  std::size_t some = looked_at_for(1000), twice = looked_at_for(2000);
  CHECK(twice < 3 * some);
  CHECK(twice < 20 * 2000);
}

TEST_CASE("a table of the rules leads a packet the way that the rules lead it") {
  auto holds = [](const OpaqueTest& test, SourceSpan place) { return (test.predicate.size() + place.begin / 10) % 3 == 0; };
  for (unsigned seed = 1; seed <= 150; ++seed) {
    Firewall firewall = random_firewall(seed, seed % 2 == 0);
    const Ruleset& ruleset = firewall.rulesets[0];
    Tracer tracer(ruleset);
    std::mt19937 random(seed);
    const char* interfaces[] = {"eth0", "eth1", "wlan0", "eth+", ""};
    for (int n = 0; n < 60; ++n) {
      Packet p;
      p.hook = Hook::forward;
      p.protocol = random() % 2 ? 6 : 17;
      p.source = random() % 8, p.destination = random() % 8;
      p.source_port = static_cast<std::uint16_t>(random() % 8), p.destination_port = static_cast<std::uint16_t>(random() % 8);
      p.in = interfaces[random() % 5], p.out = interfaces[random() % 5];
      Trace by_table = tracer.of(p, holds), plain = trace(ruleset, p, holds);
      CAPTURE(seed, n);
      REQUIRE(by_table.verdict == plain.verdict);
      REQUIRE(by_table.decided_by == plain.decided_by);
      REQUIRE(by_table.returned == plain.returned);
      REQUIRE(by_table.packet.destination == plain.packet.destination);
      REQUIRE(by_table.packet.destination_port == plain.packet.destination_port);
      REQUIRE(by_table.path.size() == plain.path.size());
      for (std::size_t i = 0; i < plain.path.size(); ++i) REQUIRE(by_table.path[i].span == plain.path[i].span);
    }
  }
}

TEST_CASE("an edited chain is the list that the edits make, one after another") {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    std::mt19937 random(seed);
    iptables::RuleOrder order;
    std::vector<std::uint32_t> list;
    const iptables::RuleOrder::Text text = [](std::uint32_t rule) { return std::to_string(rule % 7); };  // many say the same
    for (std::uint32_t rule = 0; rule < 300; ++rule) {
      auto at = static_cast<std::ptrdiff_t>(random() % (list.size() + 1));
      bool inside = static_cast<std::size_t>(at) < list.size();
      switch (random() % 8) {
        case 0:
        case 1:
          order.push_back(rule), list.push_back(rule);
          break;
        case 2:
        case 3:
          order.insert(static_cast<std::size_t>(at), rule), list.insert(list.begin() + at, rule);
          break;
        case 4:
          if (inside) order.replace(static_cast<std::size_t>(at), rule), list[static_cast<std::size_t>(at)] = rule;
          break;
        case 5:
          if (inside) order.erase(static_cast<std::size_t>(at)), list.erase(list.begin() + at);
          break;
        case 6: {
          std::string says = std::to_string(random() % 9);  // 7 and 8 no rule says
          auto found = std::find_if(list.begin(), list.end(), [&](std::uint32_t r) { return text(r) == says; });
          REQUIRE(order.erase(says, text) == (found != list.end()));
          if (found != list.end()) list.erase(found);
          break;
        }
        default:
          if (random() % 40 == 0)
            order.clear(), list.clear();
          else if (random() % 8 == 0)
            REQUIRE(order.rules() == list);
      }
      REQUIRE(order.size() == list.size());
    }
    REQUIRE(order.rules() == list);
  }
}

TEST_CASE("a command that takes away a rule that is not there changes nothing") {
  iptables::RuleOrder order;
  const iptables::RuleOrder::Text text = [](std::uint32_t rule) { return "-j " + std::to_string(rule); };
  CHECK_FALSE(order.erase("-j 1", text));
  for (std::uint32_t rule : {4, 5, 6}) order.push_back(rule);
  CHECK_FALSE(order.erase("-j 7", text));
  CHECK(order.rules() == std::vector<std::uint32_t>{4, 5, 6});
  CHECK(order.erase("-j 5", text));
  CHECK_FALSE(order.erase("-j 5", text));
  CHECK(order.rules() == std::vector<std::uint32_t>{4, 6});
}

TEST_CASE("XML with many names is read as XML with few") {
  constexpr int count = 50'000;
  auto document = [](bool many) {
    std::string text = "<a>";
    for (int i = 0; i < count; ++i) {
      std::string name = many ? "n" + std::to_string(100'000 + i) : "n100000";
      text += "<" + name + " id=\"" + std::to_string(i) + "\">v</" + name + ">";
    }
    return text + "</a>";
  };
  Sources sources{decode_source("many.xml", document(true)), decode_source("few.xml", document(false))};
  Document many = read_xml(sources, 0), few = read_xml(sources, 1);
  CHECK(many.damages.empty());
  REQUIRE(few.root.children.size() == 1);
  REQUIRE(many.root.children.size() == 1);
  const std::vector<Node>&a = many.root.children[0].children, &b = few.root.children[0].children;
  REQUIRE(a.size() == count);
  REQUIRE(b.size() == count);
  bool same = true;
  for (std::size_t i = 0; i < count; ++i)
    same = same && a[i].name == "n" + std::to_string(100'000 + i) && a[i].text == b[i].text && a[i].span.begin == b[i].span.begin &&
           a[i].span.end == b[i].span.end && a[i].attributes.size() == 1 && a[i].attributes[0].value == b[i].attributes[0].value;
  CHECK(same);
}

TEST_CASE("work is done where no thread can be started") {
  pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    if (::geteuid() == 0 && ::setuid(54321) != 0) ::_exit(9);
    const rlimit none{0, 0};  // it does not hold the superuser
    ::setrlimit(RLIMIT_NPROC, &none);
    std::atomic<int> done = 0;
    try {
      parallel(8, 100, [&](std::size_t) { ++done; });
    } catch (...) {
      ::_exit(8);
    }
    ::_exit(done == 100 ? 0 : 7);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("a path is held against the patterns that say its names, however many there are") {
  std::vector<Note> errors;
  for (std::size_t count : {1000u, 2000u}) {
    FieldMap map;
    map.add(fields(
        count, [](std::size_t i) { return "(?:.*/)?Thing" + std::to_string(i) + "/Value"; }, errors));
    map.add_builtin();
    CHECK(errors.empty());
    CHECK(map.tried_for("System/Thing7/Value") < 20);
    CHECK(map.tried_for("Nothing/Like/This") < 60);
    CHECK(map.find("User/Thing" + std::to_string(count - 1) + "/Value").key == "lan1.address");
    CHECK(map.find("system/name").key == "system.name");
  }
}

TEST_CASE("patterns that say no name have a limit") {
  std::vector<Note> errors;
  std::vector<FieldEntry> read = fields(
      most_tried + 2, [](std::size_t i) { return ".*Custom" + std::to_string(i) + "x.*"; }, errors);
  CHECK(read.size() == most_tried);
  REQUIRE(errors.size() == 2);
  CHECK_THAT(errors[0].message, Contains("more than 200 patterns have to be tried for one path"));
  errors.clear();
  read = fields(
      400, [](std::size_t i) { return "A" + std::to_string(i) + "/(?:[^x]{3}){200}"; }, errors);
  CHECK(read.size() < 400);
  REQUIRE(errors.size() == 1);
  CHECK_THAT(errors[0].message, Contains("more than 1000000 steps together"));
}

TEST_CASE("names between slashes lead to the pattern that matches first") {
  std::vector<Note> errors;
  const char* patterns[] = {"X/a|b/Y",        "One/[a/b]+/Two", "P/?Q/R", "L\\[L1\\]/Adr", "(?:U|V)/W",
                            "[[:alpha:]/]+9", "\\Qq/r\\E",      "/*S/T",  "K{0}/M",        ".*/Z"};
  std::vector<FieldEntry> read = fields(
      std::size(patterns), [&](std::size_t i) { return std::string(patterns[i]); }, errors);
  REQUIRE(errors.empty());
  FieldMap map;
  map.add(read);
  for (const char* path :
       {"x/A", "b/y", "one/a//b/two", "PQ/R", "p/q/r", "L[L1]/adr", "v/w", "ab/cd9", "q/r", "s/t", "//S/T", "/M", "a/b/z"}) {
    CAPTURE(path);
    CHECK(map.find(path).key == "lan1.address");
  }
  for (const char* path : {"x", "a/y", "One/Two", "l[l2]/adr", "uv/w", "K/M", "z"}) {
    CAPTURE(path);
    CHECK(map.find(path).key.empty());
  }
}

TEST_CASE("a large file is not read whole where its start or a hole says what it is") {
  Folder folder;
  std::istringstream in;
  std::string zeros = folder.put("zeros.xml", "");
  std::filesystem::resize_file(zeros, std::uintmax_t{1900} << 20);
  std::string rules =
      folder.put("rules.txt", "*filter\n:INPUT DROP [0:0]\n-A INPUT -j ACCEPT\nCOMMIT\n" + std::string(70'000, '#'));
  std::filesystem::resize_file(rules, std::uintmax_t{300} << 20);
  std::string cut = folder.put(
      "cut.xml", "<?xml version=\"1.0\"?><data><ws_object><System><Name>a</Name></System></ws_object>" + std::string(70'000, ' '));
  std::filesystem::resize_file(cut, std::uintmax_t{1900} << 20);
  InputFiles named = read_inputs({zeros, rules, cut}, false, in);
  CHECK(named.inputs.empty());
  REQUIRE(named.problems.size() == 3);
  CHECK_THAT(named.problems[0].message, Contains("looks like a binary file of an unknown kind"));
  CHECK(named.problems[1].message == "looks like iptables-save, but is larger than 256 MiB; nothing in it was checked");
  CHECK_THAT(named.problems[2].message, Contains("holds nothing but zeros from byte"));
  CHECK_THAT(read_inputs({zeros}, true, in).problems.at(0).message, Contains("holds nothing but zeros from byte 0 on"));
  InputFiles all = read_inputs({folder.path.string()}, false, in);
  CHECK(all.inputs.empty());
  CHECK(all.left_out.size() == 3);
  CHECK_FALSE(problems_of(all.left_out, false).empty());
}
