// What init writes must read well and change no verdict: over every fixture site and over small sites of each kind.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <set>
#include <sstream>

#include "linter/commands/init.h"
#include "linter/commands/site_draft.h"
#include "linter/sites.h"
#include "tests/cases.h"
#include "tests/program.h"

using namespace ipo;
using namespace ipo::testing;
using Catch::Matchers::Contains;

namespace fs = std::filesystem;

namespace {

using Files = std::vector<Input>;

struct Inited {
  int status = -1;
  std::string out, err;
};

Inited init(const InitCommand& command, const std::string& stdin_text = "") {
  std::istringstream in(stdin_text);
  std::ostringstream out, err;
  Inited done;
  done.status = run_init(command, in, out, err);
  done.out = out.str(), done.err = err.str();
  return done;
}

InitCommand command_for(const Folder& folder, const Files& files, const LintOptions& options) {
  InitCommand command;
  command.site.options = options;
  command.site.options.working_folder = fs::current_path().generic_string();
  for (const Input& file : files) command.site.inputs.push_back(folder.put(file.path, file.bytes));
  return command;
}

// check, file and line; the gravest level and whether it is proven.
using Found = std::map<std::string, std::pair<Level, bool>>;

Found found(const Report& report) {
  Found out;
  for (const Finding& f : report.findings) {
    if (f.level < Level::warning) continue;
    const Source& source = report.sources[f.span.source];
    std::string key = f.check + " " + source.path() + ":" + std::to_string(source.position(f.span.begin).line);
    auto& best = out[key];
    best = std::max(best, std::pair(f.level, f.certainty == Certainty::proven));
  }
  return out;
}

// Writes the site's file, and holds what linting with it must keep. Gives the file.
std::string check_init(const Files& files, const LintOptions& options = {}) {
  Folder folder;
  InitCommand command = command_for(folder, files, options);
  Inited done = init(command);
  INFO(done.err);
  REQUIRE(done.status == 0);
  std::string path = (folder.path / "ipo-lint.toml").string(), text = slurp(path);
  INFO(text);

  std::vector<Input> inputs;
  for (const Input& file : files) inputs.push_back({(folder.path / file.path).string(), file.bytes});
  LintOptions before_options = command.site.options, after_options = command.site.options;
  after_options.internet.clear(), after_options.pbx.clear(), after_options.release.clear();
  Report before = lint({"", inputs, {}}, before_options);
  Report after = lint({"", inputs, open_site_files(path)}, after_options);
  CHECK(after.errors.empty());
  CHECK(after.problems.size() == before.problems.size());
  Found had = found(before), has = found(after);
  for (const auto& [key, level] : had) {
    INFO(key);
    if (!has.contains(key))
      CHECK(key.starts_with("undeclared-source "));
    else
      CHECK(has[key] >= level);
  }
  for (const auto& [key, level] : has) {
    INFO("new: " << key);
    // What is known of the release that was an option and is a statement now.
    CHECK((had.contains(key) || key.starts_with("vulnerable-release " + path)));
  }

  // Once more, it is the same; and without --force it is left alone.
  Inited again = init(command);
  CHECK(again.status == 2);
  CHECK_THAT(again.err, Contains("is there already; --force replaces it"));
  command.force = true;
  CHECK(init(command).status == 0);
  CHECK(slurp(path) == text);
  return text;
}

std::string table(const std::string& name, const std::string& chains, const std::string& rules) {
  return "*" + name + "\n" + chains + rules + "COMMIT\n";
}
std::string filter(const std::string& rules, const std::string& policies = "DROP") {
  return table("filter", ":INPUT " + policies + " [0:0]\n:FORWARD " + policies + " [0:0]\n:OUTPUT ACCEPT [0:0]\n", rules);
}
std::string nat(const std::string& rules) { return table("nat", ":PREROUTING ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n", rules); }

const std::string masquerade = "-A POSTROUTING -o eth0 -j MASQUERADE\n";
const std::string established = "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n";

std::string export_of(const std::string& name, const std::string& address, const std::string& more = "",
                      const std::string& records = "") {
  return "<response status=\"1\"><data><ws_object><System GUID=\"7c0e0000-0000-4000-8000-000000000001\"><Name>" + name +
         "</Name><MajorVersion>9</MajorVersion><MinorVersion>1</MinorVersion><LANS><LAN id=\"LAN1\"><IPAddress>" + address +
         "</IPAddress></LAN></LANS>" + more + "</System></ws_object>" + records + "</data></response>\n";
}

}  // namespace

TEST_CASE("init: fixture sites keep their verdicts") {
  int sites = 0;
  for (const auto& site : fs::directory_iterator(source_dir() / "fixtures/sites")) {
    if (!site.is_directory()) continue;
    for (const char* variant : {"clean", "faulty"}) {
      for (std::vector<Input>& inputs : sites_below(site.path() / variant)) {
        ++sites;
        Files files;
        for (Input& input : inputs) {
          std::string name = fs::path(input.path).filename().string();
          if (name != site_file_name) files.push_back({name, std::move(input.bytes)});  // what init is to write
        }
        INFO(site.path().filename() << " " << variant);
        std::string text = check_init(files);
        CHECK_THAT(text, !Contains("community") && !Contains("clinic-7Hq2"));
      }
    }
  }
  CHECK(sites >= 8);
}

TEST_CASE("init: a single perimeter firewall gets its role, internet and PBX") {
  std::string text =
      check_init({{"config.xml", export_of("front-desk", "192.168.42.1")},
                  {"fw.rules", nat("-A PREROUTING -i eth0 -p udp --dport 69 -j DNAT --to-destination 192.168.42.1\n" + masquerade) +
                                   filter(established + "-A FORWARD -i eth0 -d 192.168.42.1 -p udp --dport 69 -j ACCEPT\n")}});
  CHECK_THAT(text, Contains("release = \"9.1\"  # exported: config.xml:1"));
  CHECK_THAT(text, Contains("name = \"front-desk\"") && Contains("addresses = [\"192.168.42.1\"]"));
  CHECK_THAT(text, Contains("\n[[firewall]]\nfiles = [\"fw.rules\"]\nrole = \"perimeter\"  # "));
  CHECK_THAT(text, Contains("\n[zones.internet]\ninterfaces = [\"eth0\"]  # source addresses are translated on the way out of it: "
                            "fw.rules:5\n"));
}

TEST_CASE("init: the PBX is known from a port forward only") {
  std::string text =
      check_init({{"fw.rules", nat("-A PREROUTING -i eth0 -p udp --dport 5060 -j DNAT --to-destination 192.168.42.1\n") +
                                   filter("-A FORWARD -i eth0 -j ACCEPT\n")}});
  CHECK_THAT(text,
             Contains("addresses = [\"192.168.42.1\"]") && Contains("port forward to a port of ip-office/ingress/16: fw.rules:4"));
}

TEST_CASE("init: port forwards to two hosts") {
  std::string text =
      check_init({{"fw.rules", nat("-A PREROUTING -i eth0 -p udp --dport 5060 -j DNAT --to-destination 192.168.42.1\n"
                                   "-A PREROUTING -i eth0 -p tcp --dport 50804 -j DNAT --to-destination 192.168.42.2\n" +
                                   masquerade) +
                                   filter(established + "-A FORWARD -i eth0 -j ACCEPT\n")}});
  CHECK_THAT(text, Contains("192.168.42.1") && Contains("192.168.42.2"));
}

TEST_CASE("init: no known internet stays unknown") {
  std::string text = check_init({{"config.xml", export_of("front-desk", "192.168.42.1")},
                                 {"fw.rules", filter("-A FORWARD -i eth1 -o eth2 -p udp --dport 69 -j ACCEPT\n"
                                                     "-A FORWARD -p tcp --dport 23 -j ACCEPT\n")}});
  CHECK_THAT(text, Contains("# [zones.internet]\n# interfaces = [\"eth0\"]  # the rules name eth1, eth2\n"));
}

TEST_CASE("init: a host's own filter, with and without its address") {
  std::string rules = filter("-A INPUT -p udp --dport 69 -j ACCEPT\n-A INPUT -p tcp --dport 80 -j ACCEPT\n");
  CHECK_THAT(check_init({{"fw.rules", rules}}),
             Contains("role = \"host\"") && Contains("# [[host]]") && Contains("# [zones.internet]"));
  CHECK_THAT(check_init({{"config.xml", export_of("front-desk", "192.168.42.1")}, {"fw.rules", rules}}),
             Contains("role = \"host\"") && Contains("judged against the network around it:\n# [zones.internet]"));
  CHECK_THAT(check_init({{"config.xml", export_of("front-desk", "203.0.113.5")}, {"fw.rules", rules}}),
             Contains("role = \"host\""));
  std::string named = filter("-A INPUT -i eth0 -p udp --dport 69 -j ACCEPT\n-A INPUT -i wan0 -p tcp --dport 80 -j ACCEPT\n");
  check_init({{"config.xml", export_of("front-desk", "192.168.42.1")}, {"fw.rules", named}});
  CHECK_THAT(check_init({{"fw.rules", named}}), Contains("[zones.internet]\ninterfaces = [\"wan0\"]"));
}

TEST_CASE("init: the dumps of both families are one firewall") {
  std::string four = nat(masquerade) + filter("-A FORWARD -i eth0 -p udp --dport 69 -j ACCEPT\n");
  std::string six = filter("-A FORWARD -i eth0 -d 2001:db8::1 -p udp --dport 69 -j ACCEPT\n");
  std::string text = check_init({{"config.xml", export_of("front-desk", "192.168.42.1")}, {"edge.v4", four}, {"edge.v6", six}});
  CHECK_THAT(text, Contains("files = [\n  \"edge.v4\",\n  \"edge.v6\",\n]\nrole = \"perimeter\""));
}

TEST_CASE("init: firewalls without a proven path get no roles") {
  std::string a = nat(masquerade) + filter(established + "-A FORWARD -i eth0 -p udp --dport 69 -j ACCEPT\n");
  std::string b = nat("-A POSTROUTING -o eth1 -j MASQUERADE\n") + filter(
                                                                      "-A FORWARD -i eth1 -p tcp --dport 23 -j ACCEPT\n"
                                                                      "-A FORWARD -i eth0 -p tcp --dport 80 -j ACCEPT\n");
  std::string host = filter("-A INPUT -p udp --dport 69 -j ACCEPT\n");
  Input config{"config.xml", export_of("front-desk", "192.168.42.1")};
  std::string same = check_init({config, {"a.rules", a}, {"b.rules", a}});
  CHECK_THAT(same, Contains("# role = \"perimeter\"") && !Contains("\nrole = ") &&
                       Contains("\n[zones.internet]\ninterfaces = [\"eth0\"]"));
  std::string apart = check_init({config, {"a.rules", a}, {"b.rules", b}});
  CHECK_THAT(apart, !Contains("\nrole = ") && Contains("# [zones.internet]") && !Contains("\n[zones.internet]"));
  CHECK_THAT(apart, Contains("it would hold for every firewall here"));
  check_init({config, {"a.rules", a}, {"host.rules", host}});
  check_init({{"a.rules", a}, {"b.rules", b}, {"host.rules", host}});
}

TEST_CASE("init: sources get zones, those that overlap one") {
  std::string text = check_init(
      {{"config.xml", export_of("front-desk", "192.168.42.1")},
       {"fw.rules",
        nat(masquerade) +
            filter(established + "-A FORWARD -i eth0 -s 198.51.100.0/28 -d 192.168.42.1 -p udp --dport 5060 -j ACCEPT\n"
                                 "-A FORWARD -i eth0 -s 198.51.100.0/28 -d 192.168.42.1 -p udp --dport 46750:50750 -j ACCEPT\n"
                                 "-A FORWARD -i eth0 -s 203.0.113.0/24 -d 192.168.42.1 -p tcp --dport 443 -j ACCEPT\n"
                                 "-A FORWARD -i eth0 -s 203.0.113.9 -d 192.168.42.1 -p udp --dport 69 -j ACCEPT\n"
                                 "-A FORWARD -i eth0 -m iprange --src-range 192.0.2.3-192.0.2.9 -d 192.168.42.1 -p tcp --dport 443 "
                                 "-j ACCEPT\n")}});
  CHECK_THAT(text,
             Contains("[zones.source-2]\nkind = \"itsp\"") && Contains("sources = [\"198.51.100.0/28\"]  # let in by fw.rules:"));
  CHECK_THAT(text, Contains("[zones.source-3]\nkind = \"partner\"") && Contains("sources = [\"203.0.113.0/24\"]"));
  CHECK_THAT(text, !Contains("\"203.0.113.9\""));
  CHECK_THAT(text, Contains("[zones.source-1]\nkind = \"partner\"") &&
                       Contains("sources = [\n  \"192.0.2.3\",\n  \"192.0.2.4/30\",\n  \"192.0.2.8/31\",\n]\n"));
}

TEST_CASE("init: media only partly open to the provider is still found") {
  check_init({{"config.xml", export_of("front-desk", "192.168.42.1", "<Platform>ip500v2</Platform>")},
              {"fw.rules",
               nat("-A PREROUTING -i eth0 -s 198.51.100.0/28 -p udp --dport 5060 -j DNAT --to-destination 192.168.42.1\n"
                   "-A PREROUTING -i eth0 -s 198.51.100.0/28 -p udp --dport 46750:48000 -j DNAT --to-destination "
                   "192.168.42.1\n" +
                   masquerade) +
                   filter(established + "-A FORWARD -i eth0 -d 192.168.42.1 -j ACCEPT\n-A FORWARD -i eth1 -o eth0 -j ACCEPT\n")}});
}

TEST_CASE("init: a source whose zone would change another verdict is left out, with what it would do") {
  // Two halves let in more than 2^24 together; without the first, the second is a limited source.
  std::string text = check_init(
      {{"config.xml", export_of("front-desk", "192.168.42.1")},
       {"fw.rules",
        nat(masquerade) + filter(established + "-A FORWARD -i eth0 -s 8.0.0.0/8 -d 192.168.42.1 -p tcp --dport 443 -j ACCEPT\n"
                                               "-A FORWARD -i eth0 -s 8.0.0.0/8 -d 192.168.42.1 -p udp --dport 69 -j ACCEPT\n"
                                               "-A FORWARD -i eth0 -s 9.0.0.0/8 -d 192.168.42.1 -p udp --dport 69 -j ACCEPT\n")}});
  CHECK_THAT(text, Contains("# left out: it would ") && Contains("tftp-exposed at "));
  CHECK_THAT(text, !Contains("\nsources = [\"8.0.0.0/8\"]"));
}

TEST_CASE("init: a SIP line makes the trunk") {
  auto line = [](const std::string& registers) {
    return "<ws_object><SIPLine GUID=\"7c0e0000-0000-4000-8000-000000000702\"><RegistrationRequired>" + registers +
           "</RegistrationRequired><UserName>trunk-user-9</UserName><Password>trunk-pass-9</Password></SIPLine></"
           "ws_object>";
  };
  std::string rules = nat(masquerade) + filter(established + "-A FORWARD -i eth1 -o eth0 -j ACCEPT\n");
  std::string open =
      nat(masquerade) + filter(established + "-A FORWARD -i eth0 -s 198.51.100.7 -d 192.168.42.1 -p udp --dport 5060 -j ACCEPT\n");
  std::string text = check_init({{"config.xml", export_of("a", "192.168.42.1", "", line("true"))}, {"fw.rules", rules}});
  CHECK_THAT(text, Contains("\ntrunk = { zone = \"internet\", register = true }") && !Contains("trunk-pass-9") &&
                       !Contains("trunk-user-9"));
  text = check_init({{"config.xml", export_of("a", "192.168.42.1", "", line("false"))}, {"fw.rules", open}});
  CHECK_THAT(text, Contains("# left out: it would bring ") && Contains("\n# trunk = { zone = \"source-1\", register = false }"));
  std::string media =
      nat("-A PREROUTING -i eth0 -s 198.51.100.7 -p udp -j DNAT --to-destination 192.168.42.1\n" + masquerade) +
      filter(established +
             "-A FORWARD -i eth1 -o eth0 -j ACCEPT\n"
             "-A FORWARD -i eth0 -s 198.51.100.7 -d 192.168.42.1 -p udp -m multiport --dports 5060,40750:50750 -j ACCEPT\n");
  text = check_init({{"config.xml", export_of("a", "192.168.42.1", "", line("false"))}, {"fw.rules", media}});
  CHECK_THAT(text, Contains("\ntrunk = { zone = \"source-1\", register = false }"));
  text = check_init({{"config.xml", export_of("a", "192.168.42.1", "", line("false"))}, {"fw.rules", rules}});
  CHECK_THAT(text, Contains("\n# trunk = "));
  CHECK_THAT(check_init({{"fw.rules", open}}), Contains("\n# trunk = "));
}

TEST_CASE("init: exports that collide") {
  std::string rules = nat(masquerade) + filter("-A FORWARD -i eth0 -p udp --dport 69 -j ACCEPT\n");
  auto other = [](const std::string& name, const std::string& address) {
    std::string text = export_of(name, address);
    text.replace(text.find("000000000001"), 12, "000000000002");
    return text;
  };
  check_init({{"a.xml", export_of("twin", "192.168.42.1")}, {"b.xml", other("twin", "192.168.42.2")}, {"fw.rules", rules}});
  check_init({{"a.xml", export_of("one", "192.168.42.1")}, {"b.xml", other("two", "192.168.42.1")}, {"fw.rules", rules}});
  check_init({{"a.xml", export_of("one", "192.168.42.1")}, {"b.xml", other("two", "0.0.0.0")}, {"fw.rules", rules}});
  check_init({{"a.xml", export_of("  ", "192.168.42.1")}, {"b.xml", other("&#9;x", "10.0.0.2")}, {"fw.rules", rules}});
}

TEST_CASE("init: releases that have no matrix, or no second part") {
  std::string rules = nat(masquerade) + filter("-A FORWARD -i eth0 -p udp --dport 69 -j ACCEPT\n");
  std::string later = export_of("a", "192.168.42.1");
  later.replace(later.find("<MajorVersion>9"), 15, "<MajorVersion>12");
  CHECK_THAT(check_init({{"config.xml", later}, {"fw.rules", rules}}),
             Contains("# release = \"12.1\"") && Contains("no port matrix"));
  std::string only = export_of("a", "192.168.42.1");
  only.erase(only.find("<MinorVersion>1</MinorVersion>"), 30);
  check_init({{"config.xml", only}, {"fw.rules", rules}});
}

TEST_CASE("init: what the options say is written") {
  LintOptions options;
  options.pbx = {*parse_address("192.168.42.7")};
  options.internet = {"eth1"};
  options.release = "9.0";
  std::string text =
      check_init({{"fw.rules", nat(masquerade) + filter("-A FORWARD -i eth1 -p udp --dport 69 -j ACCEPT\n")}}, options);
  CHECK_THAT(text, Contains("release = \"9.0\"") && Contains("addresses = [\"192.168.42.7\"]  # given by --pbx"));
  CHECK_THAT(text, Contains("interfaces = [\"eth1\"]  # given by --internet"));

  Folder folder;
  options.internet = {"eth7"};
  Inited done = init(command_for(folder, {{"fw.rules", filter("-A FORWARD -i eth1 -j ACCEPT\n")}}, options));
  CHECK(done.status == 0);
  CHECK_THAT(done.err, Contains("check that the internet is behind eth7, which no rule names"));
}

TEST_CASE("init: names of every kind are written so that they read as themselves") {
  std::string rules = nat(masquerade) + filter("-A FORWARD -i eth0 -p udp --dport 69 -j ACCEPT\n");
  const std::string odd = "q\"uo'te # b\\ack \xc3\xa9t\xc3\xa9 \xe2\x80\xae[x]";
  std::string text = check_init({{odd + ".xml", export_of("a", "192.168.42.1")}, {"d ir/" + odd + ".rules", rules}});
  CHECK_THAT(text, Contains("q\\\"uo'te # b\\\\ack \xc3\xa9t\xc3\xa9 \\U0000202E[x].rules\"]"));
  CHECK_THAT(text, !Contains("\xe2\x80\xae"));
  CHECK_THAT(check_init({{"a.xml", export_of("Z&#8238;&quot;\xc3\xbc &#35;]", "192.168.42.1")}, {"fw.rules", rules}}),
             Contains("name = \"Z\\U0000202E\\\"\xc3\xbc #]\""));
  for (const char* name : {"new\nline.rules", "sta*r.rules", "no\xfftext.rules"})
    CHECK_THAT(check_init({{"a.xml", export_of("a", "192.168.42.1")}, {name, rules}}), Contains("# [[firewall]]"));
  CHECK(toml_string("a\"b\\c") == "\"a\\\"b\\\\c\"");
  for (const char* bad : {"\n", "\x7f", "\xff", "\xc3", "\xed\xa0\x80", "\xc0\x80", "\xf4\x90\x80\x80"})
    CHECK_FALSE(toml_string(bad));
}

TEST_CASE("init: where it writes") {
  std::string rules = filter("-A FORWARD -i eth0 -p udp --dport 69 -j ACCEPT\n");
  Folder folder;
  InitCommand command =
      command_for(folder, {{"site/pbx/config.xml", export_of("a", "192.168.42.1")}, {"site/fw/edge.rules", rules}}, {});
  Inited done = init(command);
  CHECK(done.status == 0);
  CHECK(done.out.empty());
  CHECK_THAT(done.err, Contains("wrote ") && Contains("site/ipo-lint.toml"));
  CHECK_THAT(slurp(folder.path / "site/ipo-lint.toml"), Contains("files = [\"fw/edge.rules\"]"));

  fs::remove(folder.path / "site/ipo-lint.toml");
  command.site.inputs = {(folder.path / "site").string()};
  command.output = "-";
  done = init(command);
  CHECK(done.status == 0);
  CHECK_THAT(done.out, Contains("files = [\"fw/edge.rules\"]"));
  CHECK_FALSE(fs::exists(folder.path / "site/ipo-lint.toml"));

  command.output = (folder.path / "other/my.toml").string();
  CHECK(init(command).status == 2);
  fs::create_directories(folder.path / "other");
  done = init(command);
  CHECK(done.status == 0);
  CHECK_THAT(slurp(command.output), Contains("files = [\"../site/fw/edge.rules\"]"));
  CHECK_THAT(done.err, Contains("does not find it by itself; give it with --config"));
  CHECK(init(command).status == 2);
  LintOptions options = command.site.options;
  Report report = lint(group_sites({{(folder.path / "site/fw/edge.rules").string(), rules}}, command.output)[0], options);
  CHECK(report.errors.empty());

  command.site.inputs = {"-"};
  command.output = "-";
  done = init(command, rules);
  CHECK(done.status == 0);
  CHECK_THAT(done.out, Contains("# it was read from standard input; save it and name the file:\n# [[firewall]]"));
}

TEST_CASE("init: a site file that spoke for the inputs is extended, not repeated") {
  Folder folder;
  folder.put("ipo-lint.toml",
             "release = \"9.0\"\n[zones.itsp]\nsources = [\"198.51.100.0/28\"]\n[checks]\ntftp-exposed = \"warning\"\n");
  InitCommand command = command_for(
      folder,
      {{"site/config.xml", export_of("a", "192.168.42.1")},
       {"site/fw.rules", nat(masquerade) + filter("-A FORWARD -i eth0 -s 198.51.100.0/28 -p udp --dport 5060 -j ACCEPT\n"
                                                  "-A FORWARD -i eth0 -p udp --dport 69 -j ACCEPT\n")}},
      {});
  CHECK(init(command).status == 0);
  std::string path = (folder.path / "site/ipo-lint.toml").string(), text = slurp(path);
  CHECK_THAT(text, Contains("extends = \"../ipo-lint.toml\"") && !Contains("release") && !Contains("198.51.100.0/28"));
  SiteFiles files = open_site_files(path);
  CHECK(files.errors.empty());
  CHECK(files.inputs.size() == 2);
  std::vector<Input> inputs;
  for (const std::string& input : command.site.inputs) inputs.push_back({input, slurp(input)});
  Report report = lint({"", inputs, files}, command.site.options);
  CHECK(report.errors.empty());
  CHECK(std::any_of(report.findings.begin(), report.findings.end(),
                    [](const Finding& f) { return f.check == "tftp-exposed" && f.level == Level::warning; }));
}

TEST_CASE("init: real dumps keep their verdicts") {
  const char* corpus = std::getenv("IPO_LINT_CORPUS");
  if (!corpus) {
    std::cout << "skipped: IPO_LINT_CORPUS is not set\n";
    return;
  }
  Files dumps;
  for (const char* folder : {"iptables", "ip6tables"})
    for (const auto& file : fs::directory_iterator(fs::path(corpus) / folder)) {
      if (file.file_size() > 30000) continue;
      Input dump{file.path().filename().string(), slurp(file.path())};
      if (lint({"", {dump}, {}}, {}).complete()) dumps.push_back(std::move(dump));
    }
  REQUIRE(dumps.size() > 10);
  std::sort(dumps.begin(), dumps.end(), [](const Input& a, const Input& b) { return a.path < b.path; });
  Input config{"config.xml", export_of("front-desk", "192.168.1.10")};
  for (std::size_t d = 0; d < dumps.size(); ++d) {
    INFO(dumps[d].path);
    check_init({dumps[d]});
    check_init({config, dumps[d], dumps[(d + 1) % dumps.size()]});
  }
}
