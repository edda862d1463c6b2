// The commands answer one question: what lint says of a packet, `query` says of it as well; a zone that declares what is true
// already brings no error. On every fixture site and on random ones.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <set>
#include <sstream>

#include "rules/exposure/path_verdict.h"
#include "rules/findings/reached.h"
#include "tests/cases.h"
#include "tests/known_packet.h"

using namespace ipo;
using namespace ipo::testing;

namespace {

PartialPacket as_asked(const Packet& packet) {
  PartialPacket out = whole(packet);
  if (packet.in.empty()) out.in.reset();  // a witness's are not always known
  if (packet.out.empty()) out.out.reset();
  return out;
}

bool is_need(const Finding& f) { return f.check.ends_with("-blocked"); }

struct Agreement {
  std::size_t packets = 0, rows = 0;

  // Every witness of a finding gets through, or does not, where the finding says so.
  void witnesses(const Assessment& a, const Report& report) {
    for (const Finding& f : report.findings) {
      if (!f.witness || f.path.empty()) continue;
      std::uint32_t source = f.path.front().span.source;
      for (std::size_t i = 0; i < a.standings.size(); ++i) {
        const auto& rulesets = a.standings[i].firewall->rulesets;
        if (std::none_of(rulesets.begin(), rulesets.end(),
                         [&](const Ruleset& r) { return r.span.source == source && r.family == f.witness->family; }))
          continue;
        INFO(finding_line(report, f, true) << "\n" << format_packet(*f.witness));
        PathVerdicts way(a.reading.site, a.standings, i, f.witness->family);
        const std::vector<const Verdict*>& met = way.of(as_asked(*f.witness));
        bool passes = met.back()->outcome == ActionKind::accept, sure = met.back()->certainty == Certainty::proven;
        bool forgotten = f.message.find("no port forward leads") != std::string::npos ||
                         f.message.find("leads other ports") != std::string::npos;
        if (is_need(f)) {
          if (!forgotten && sure) CHECK_FALSE(passes);
        } else if (f.certainty == Certainty::proven && !f.zone.empty()) {
          CHECK(passes);
        }
        ++packets;
        break;
      }
    }
  }

  // What a finding says is reachable is so in the table, and what anyone reaches there for sure some finding tells.
  void table(const Assessment& a, const Report& report) {
    std::map<std::pair<std::string, std::string>, Status> best;  // by zone and row
    for (const RowReached& r : exposure_table(*a.exposure, *a.matrix)) {
      if (!r.row) continue;
      auto [at, fresh] = best.emplace(std::pair(r.reached.passage->zone->name, r.row->id), r.reached.status);
      if (!fresh) at->second = std::min(at->second, r.reached.status);
    }
    for (const Finding& f : report.findings) {
      if (is_need(f) || f.zone.empty() || f.hook.empty()) continue;
      for (const std::string& row : f.rows) {
        auto at = best.find({f.zone, row});
        if (at == best.end()) continue;  // an egress row, or one of a range that is told as a whole
        INFO(finding_line(report, f, true) << " " << row);
        if (f.rows.size() == 1 && f.certainty == Certainty::proven && !f.check.starts_with("rtp-") &&
            f.check != "moved-port-mismatch" && f.check != "wrong-transport-allowed")
          CHECK(at->second == Status::open);
        ++rows;
      }
    }
  }
};

std::vector<std::pair<std::string, std::vector<Input>>> fixture_sites() {
  namespace fs = std::filesystem;
  std::vector<std::pair<std::string, std::vector<Input>>> out;
  for (const auto& site : fs::directory_iterator(source_dir() / "fixtures/sites"))
    for (const char* variant : {"clean", "faulty"})
      if (fs::is_directory(site.path() / variant))
        for (std::vector<Input>& inputs : sites_below(site.path() / variant))
          out.emplace_back(site.path().filename().string() + "/" + variant, std::move(inputs));
  std::sort(out.begin(), out.end(), [](const auto& x, const auto& y) { return x.first < y.first; });
  return out;
}

// A small office as nobody tidied it up: forwards, a provider, a guest network, a tunnel, host lists.
std::vector<Input> random_site(unsigned seed) {
  std::mt19937 random(seed);
  auto roll = [&](std::size_t n) { return random() % n; };
  auto any_of = [&](std::initializer_list<const char*> list) { return std::string(*(list.begin() + roll(list.size()))); };
  auto ports = [&] {
    return any_of({"69", "80", "5060", "5061", "46750:50750", "49152:53246", "50794", "50804", "161", "10000:20000", "443"});
  };
  auto source = [&] {
    return any_of({"", "", "-s 198.51.100.16/28 ", "-s 203.0.113.9/32 ", "-s 10.20.0.0/16 ", "-s 192.168.42.0/24 "});
  };
  auto in = [&] { return any_of({"", "-i eth0 ", "-i eth0 ", "-i eth1 ", "-i wg0 ", "-i eth2 ", "-i lo "}); };
  std::ostringstream rules;
  if (roll(4) != 0) {
    rules << "*nat\n:PREROUTING ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n";
    for (std::size_t n = roll(4); n > 0; --n) {
      std::string p = any_of({"tcp", "udp"});
      rules << "-A PREROUTING " << source() << "-i eth0 -p " << p << " -m " << p << " --dport " << ports()
            << " -j DNAT --to-destination 192.168.42.1\n";
    }
    rules << "-A POSTROUTING -o eth0 -j MASQUERADE\nCOMMIT\n";
  }
  rules << "*filter\n:INPUT DROP [0:0]\n:FORWARD " << any_of({"DROP", "DROP", "DROP", "ACCEPT"}) << " [0:0]\n:OUTPUT ACCEPT [0:0]\n"
        << "-A INPUT -i lo -j ACCEPT\n-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n";
  for (std::size_t n = 2 + roll(7); n > 0; --n) {
    rules << "-A FORWARD " << source() << in() << any_of({"", "-o eth1 ", "-o eth0 ", "-o wg0 "})
          << any_of({"", "-d 192.168.42.1/32 ", "-d 192.168.42.0/24 "});
    if (roll(4) != 0) {
      std::string p = any_of({"tcp", "udp"});
      rules << "-p " << p << " -m " << p << " --dport " << ports() << ' ';
    }
    rules << "-j " << any_of({"ACCEPT", "ACCEPT", "ACCEPT", "DROP", "REJECT"}) << '\n';
  }
  rules << "COMMIT\n";
  std::string site = "[pbx]\naddresses = [\"192.168.42.1\"]\nplatform = \"ip500v2\"\n";
  if (roll(2))
    site +=
        "[zones.provider]\nkind = \"itsp\"\nsources = [\"198.51.100.16/28\"]\n[calls]\ntrunk = { zone = \"provider\", register = " +
        any_of({"true", "false"}) + " }\n";
  if (roll(2)) site += "[zones.guest]\ninterfaces = [\"eth2\"]\n";
  if (roll(2)) site += "[zones.users]\nsources = [\"10.20.0.0/16\"]\n";
  return {{"fw.rules", rules.str()}, {"ipo-lint.toml", site}};
}

std::multiset<std::string> errors_of(const Report& report) {
  std::multiset<std::string> out;
  for (const Finding& f : report.findings)
    if (f.level == Level::error) out.insert(finding_line(report, f, true));
  return out;
}

// The site file's text with more tables.
std::vector<Input> with(std::vector<Input> inputs, const std::string& more) {
  auto file = std::find_if(inputs.begin(), inputs.end(), [](const Input& i) { return i.path.ends_with("ipo-lint.toml"); });
  if (file == inputs.end()) file = inputs.insert(inputs.end(), {"ipo-lint.toml", ""});
  file->bytes += "\n" + more;
  return inputs;
}

std::vector<std::pair<std::string, std::vector<Input>>> all_sites(unsigned random) {
  auto out = fixture_sites();
  for (unsigned seed = 0; seed < random; ++seed) out.emplace_back("seed " + std::to_string(seed), random_site(seed));
  return out;
}

}  // namespace

TEST_CASE("agreement: lint, the exposure table and a packet's verdict say the same, on fixtures and on random sites") {
  Agreement agreement;
  for (const auto& [name, inputs] : all_sites(250)) {
    INFO(name << "\n" << (name.starts_with("seed") ? inputs.front().bytes + inputs.back().bytes : ""));
    Report report = lint(site_of(inputs), {});
    REQUIRE(report.errors.empty());
    std::unique_ptr<Assessment> a = assess(site_of(inputs), {});
    a->judge();
    agreement.witnesses(*a, report);
    agreement.table(*a, report);
  }
  CHECK(agreement.packets > 500);
  CHECK(agreement.rows > 500);
}

TEST_CASE("agreement: a zone that declares what is true already adds no error") {
  std::size_t compared = 0;
  for (const auto& [name, inputs] : all_sites(120)) {
    std::unique_ptr<Assessment> a = assess(site_of(inputs), {});
    if (a->standings.empty()) continue;
    std::multiset<std::string> before = errors_of(lint(site_of(inputs), {}));
    std::string interfaces;
    bool declared = false;
    for (const Standing& standing : a->standings) {
      declared = declared || !standing.zones.front().tables.empty() || standing.network_only;
      if (standing.outermost && a->standings.size() == 1)
        for (const InterfaceTest& i : standing.internet)
          interfaces += (interfaces.empty() ? "\"" : ", \"") + i.name + (i.prefix ? "+\"" : "\"");
    }
    std::vector<std::string> tables = {"[zones.loop]\nkind = \"management\"\nsources = [\"172.31.250.0/24\"]\n"};
    if (!interfaces.empty() && !declared) tables.push_back("[zones.internet]\ninterfaces = [" + interfaces + "]\n");
    for (const std::string& table : tables) {
      INFO(name << "\n" << table << (name.starts_with("seed") ? inputs.front().bytes + inputs.back().bytes : ""));
      Report report = lint(site_of(with(inputs, table)), {});
      REQUIRE(report.errors.empty());
      std::multiset<std::string> after = errors_of(report), added;
      std::set_difference(after.begin(), after.end(), before.begin(), before.end(), std::inserter(added, added.end()));
      CHECK(added == std::multiset<std::string>());
      ++compared;
    }
  }
  CHECK(compared > 150);
}
