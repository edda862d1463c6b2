// What must hold of the checks whatever the input is: no row has two owners, one cause is one alert, and an alert keeps its
// name while the files around it change.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <set>
#include <sstream>

#include "parsers/ipoffice/settings.h"
#include "rules/exposure/media.h"
#include "rules/findings/reached.h"
#include "rules/matrix/needs.h"
#include "rules/matrix/peers.h"
#include "tests/cases.h"

using namespace ipo;
using namespace ipo::testing;

namespace {

// Speaks of rows that are reachable, each in its own words.
bool speaks_of_exposure(const Finding& f) {
  return f.check == "any-any-accept" || (f.check == "default-accept-policy" && !f.zone.empty()) ||
         !find_check(f.check)->rows.empty();
}

// A dump as an admin in a hurry writes it: forwards, port lists, ranges, sources, early drops, limits.
std::string random_dump(unsigned seed, bool host) {
  std::mt19937 random(seed);
  auto roll = [&](std::size_t n) { return random() % n; };
  auto any_of = [&](std::initializer_list<const char*> list) { return std::string(*(list.begin() + roll(list.size()))); };
  auto port = [&] {
    return any_of({"69", "80", "5060", "5061", "5060:5061", "161", "50804", "50804:50814", "4097", "7070:7071", "8443", "443",
                   "46750:50750", "49152:53246", "1000:60000", "3389", "50794", "50823"});
  };
  auto source = [&] { return any_of({"", "", "", "-s 198.51.100.7/32 ", "-s 10.0.0.0/8 ", "! -s 203.0.113.0/24 "}); };
  auto protocol = [&] { return any_of({"tcp", "udp"}); };
  std::ostringstream out;
  if (!host) {
    out << "*nat\n:PREROUTING ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n";
    for (std::size_t n = roll(4); n > 0; --n) {
      std::string p = protocol();
      out << "-A PREROUTING " << source() << "-i eth0 -p " << p << " -m " << p << " --dport " << port()
          << " -j DNAT --to-destination 192.168.42.1\n";
    }
    out << "-A POSTROUTING -o eth0 -j MASQUERADE\nCOMMIT\n";
  }
  std::string chain = host ? "INPUT" : "FORWARD";
  out << "*filter\n:INPUT " << any_of({"DROP", "DROP", "ACCEPT"}) << " [0:0]\n:FORWARD " << any_of({"DROP", "DROP", "ACCEPT"})
      << " [0:0]\n:OUTPUT ACCEPT [0:0]\n-A " << chain << " -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n";
  for (std::size_t n = 1 + roll(7); n > 0; --n) {
    out << "-A " << chain << ' ' << source() << (roll(2) ? "-i eth0 " : "");
    if (!host && roll(2)) out << "-d 192.168.42.1/32 ";
    if (roll(6) != 0) {
      std::string p = protocol();
      out << "-p " << p << " -m " << p << " --dport " << port() << ' ';
    }
    if (roll(6) == 0) out << "-m limit --limit 5/sec ";
    out << "-j " << any_of({"ACCEPT", "ACCEPT", "ACCEPT", "DROP"}) << '\n';
  }
  out << "COMMIT\n";
  return out.str();
}

LintOptions located() {
  LintOptions options;
  options.pbx = {*parse_address("192.168.42.1")};
  return options;
}

}  // namespace

TEST_CASE("laws: every ingress and intra row of the matrix has exactly one exposure check, and no other row has one") {
  for (std::string_view release : matrix_releases()) {
    std::map<std::string_view, std::string_view> owner;
    for (const Check& check : checks())
      for (std::string_view row : check.rows) {
        INFO(check.id << " " << row);
        REQUIRE(builtin_matrix().find(row));
        CHECK(builtin_matrix().find(row)->direction != "egress");
        CHECK(owner.emplace(row, check.id).second);
      }
    std::set<std::string> missing;
    for (const MatrixRow& row : builtin_matrix(release).rows)
      // Custom Call Reporter, which 9.1 no longer has, has no exposure check of its own.
      if (row.direction != "egress" && row.product != "ccr" && !owner.contains(row.id)) missing.insert(row.id);
    INFO("release " << release);
    CHECK(missing == std::set<std::string>());
  }
}

TEST_CASE("laws: every row of a service has a rank of its own, so that rows that share ports have one speaker") {
  std::map<int, std::string> ranks;
  for (const MatrixRow& row : builtin_matrix().rows) {
    if (row.direction == "egress") continue;
    INFO(row.id);
    CHECK(ranks.emplace(gravity(row), row.id).second);
  }
}

TEST_CASE("laws: the data of who uses a row know every ingress row but the debug and unused ones, and no other") {
  const std::set<std::string> kinds = {"internet", "itsp", "sbc", "partner", "peer-site", "voice", "users", "management", "guest"};
  const std::set<std::string> nobodys = {"ip-office/ingress/15",   "ip-office/ingress/44",   "ip-office/ingress/28",
                                         "one-x-portal/ingress/1", "one-x-portal/ingress/6", "contact-recorder/ingress/1"};
  std::set<std::string> used;
  for (const RowPeer& peer : row_peers()) {
    INFO(peer.device);
    CHECK_FALSE(peer.because.empty());
    CHECK_FALSE(peer.kinds.empty());
    for (const std::string& kind : peer.kinds) CHECK(kinds.contains(kind));
    for (const std::string& id : peer.rows) {
      INFO(id);
      const MatrixRow* row = builtin_matrix().find(id);
      REQUIRE(row);
      CHECK(row->direction == "ingress");
      CHECK_FALSE(nobodys.contains(id));
      used.insert(id);
    }
  }
  for (const MatrixRow& row : builtin_matrix().rows) {
    INFO(row.id);
    if (row.direction == "ingress") CHECK(used.contains(row.id) != nobodys.contains(row.id));
  }
}

TEST_CASE("laws: every egress row of the matrix stands in one need, which says how it is asked for or why it is not") {
  std::map<std::string, int> stands;
  for (const EgressNeed& need : egress_needs()) {
    INFO((need.rows.empty() ? need.service : need.rows.front()));
    CHECK(need.rows.empty() == !need.service.empty());
    CHECK(need.service.empty() == need.transports.empty());
    CHECK((need.port_setting.empty() ? need.service.empty() : find_setting(need.port_setting) != nullptr));
    for (const std::string& key : need.unless) CHECK(find_setting(key));
    CHECK((need.off.empty() || find_setting(need.off)));
    bool asked = !need.peer_settings.empty() || !need.peer_product.empty() || !need.peer_zone.empty();
    CHECK(asked + !need.checked_by.empty() + !need.unknown.empty() == 1);
    if (!need.checked_by.empty()) CHECK(find_check(need.checked_by));
    for (const std::string& id : need.rows) {
      const MatrixRow* row = builtin_matrix().find(id);
      REQUIRE(row);
      CHECK(row->direction == "egress");
      ++stands[id];
    }
  }
  for (const MatrixRow& row : builtin_matrix().rows) {
    INFO(row.id);
    CHECK(stands[row.id] == (row.direction == "egress" ? 1 : 0));
  }
}

TEST_CASE("laws: what remote workers and devices inside need are ingress rows, and worker kinds those of the site file") {
  const std::set<std::string> kinds = {"sip", "sip-tls", "h323", "webrtc", "sbc"};
  auto ingress = [](const std::string& id) {
    const MatrixRow* row = builtin_matrix().find(id);
    return row && row->direction == "ingress";
  };
  std::set<std::string> met;
  for (const WorkerNeed& need : worker_needs()) {
    met.insert(need.kind);
    for (const std::string& id : need.rows) CHECK(ingress(id));
  }
  CHECK(met == kinds);
  for (const ServiceNeed& need : service_needs())
    for (const std::string& id : need.rows) CHECK(ingress(id));
}

TEST_CASE("laws: the media ranges said to be defaults are the matrix's, where it gives them") {
  for (const MediaDefault& d : media_defaults())
    for (std::string_view release : matrix_releases())
      if (d.releases == "release " + std::string(release))
        CHECK(builtin_matrix(release).find("ip-office/ingress/27")->port_set() == IntervalSet({d.ports}));
}

TEST_CASE("laws: a line, a zone and a row are one finding, grouped or not") {
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::string text = random_dump(seed, seed % 3 == 0);
    LintOptions options = located();
    if (seed % 3 == 0) options.internet = {"eth0"};
    options.skip = {"shadowed-rule"};
    using Cause = std::tuple<std::uint32_t, std::string, std::string>;  // offset, zone, row
    auto causes = [&](bool group, bool& once) {
      options.group = group;
      Report report = lint({"", {{"fw.rules", text}}, {}}, options);
      std::map<Cause, std::string> seen;
      std::set<std::tuple<std::uint32_t, std::string, std::string>> grouped;  // offset, zone, check
      once = true;
      for (const Finding& f : report.findings) {
        if (!speaks_of_exposure(f)) continue;
        if (group) once = once && grouped.insert({f.span.begin, f.zone, f.check}).second;
        if (!group) once = once && f.rows.size() == 1;
        for (const std::string& row : f.rows) once = once && seen.emplace(Cause{f.span.begin, f.zone, row}, f.check).second;
      }
      return seen;
    };
    INFO("seed " << seed << "\n" << text);
    bool once = false, split_once = false;
    auto grouped = causes(true, once), split = causes(false, split_once);
    CHECK(once);
    CHECK(split_once);
    CHECK(grouped == split);
  }
}

TEST_CASE("laws: what a finding says is reachable is open in the exposure table") {
  std::size_t compared = 0;
  for (unsigned seed = 0; seed < 150; ++seed) {
    std::string text = random_dump(seed, false);
    LintOptions options = located();
    Report report = lint({"", {{"fw.rules", text}}, {}}, options);
    std::unique_ptr<Assessment> a = assess({"", {{"fw.rules", text}}, {}}, options);
    a->judge();
    std::map<std::string, Status> best;
    for (const RowReached& r : exposure_table(*a->exposure, *a->matrix)) {
      if (!r.row) continue;
      auto [at, fresh] = best.emplace(r.row->id, r.reached.status);
      if (!fresh) at->second = std::min(at->second, r.reached.status);
    }
    for (const Finding& f : report.findings) {
      if (!speaks_of_exposure(f)) continue;
      for (const std::string& row : f.rows) {
        INFO("seed " << seed << " " << f.check << " " << row << "\n" << text);
        REQUIRE(best.contains(row));
        if (f.certainty == Certainty::proven && f.rows.size() == 1) CHECK(best[row] == Status::open);
        CHECK(best[row] != Status::closed);
        ++compared;
      }
    }
  }
  CHECK(compared > 500);
}

TEST_CASE("laws: the packet of a finding goes by its line or by one the finding names, also past rules that were not understood") {
  std::size_t compared = 0;
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::string text = random_dump(seed, seed % 3 == 0);
    // As hasty hands leave it.
    std::mt19937 random(seed);
    for (auto [right, wrong] : {std::pair("-p tcp -m tcp", "-p tpc -m tcp"),
                                {"-p udp -m udp --dport", "--dport"},
                                {"-m tcp --dport", "--dport"},
                                {"-j ACCEPT", "-j ALLOW"}})
      for (std::size_t at = 0; (at = text.find(right, at)) != text.npos; at += 5)
        if (random() % 6 == 0) text.replace(at, std::string(right).size(), wrong);
    LintOptions options = located();
    if (seed % 3 == 0) options.internet = {"eth0"};
    Report report = lint({"", {{"fw.rules", text}}, {}}, options);
    for (const Finding& f : report.findings) {
      INFO("seed " << seed << ' ' << finding_line(report, f, true) << text);
      CHECK(stands_on_path(f));
      if (f.witness) ++compared;
    }
  }
  CHECK(compared > 500);
}

TEST_CASE("laws: fingerprints survive comments, unrelated rules, counters and reordered tables") {
  for (unsigned seed = 0; seed < 120; ++seed) {
    std::string text = random_dump(seed, false);
    std::size_t filter = text.find("*filter");
    std::string nat = text.substr(0, filter), rest = text.substr(filter);
    // An unrelated rule first of all, a comment everywhere, the tables the other way round, counters that moved on.
    std::size_t rule = rest.find("-A FORWARD");
    std::string edited = "# edited\n" + rest.substr(0, rule) +
                         "# a new customer\n-A FORWARD -i wlan9 -p tcp -m tcp --dport 3307 -j DROP\n" + rest.substr(rule) +
                         "# and the forwards\n" + nat;
    for (std::size_t at = 0; (at = edited.find("[0:0]", at)) != edited.npos;) edited.replace(at, 5, "[17:4711]");
    auto prints = [&](const std::string& dump) {
      std::multiset<std::string> out;
      for (const Finding& f : lint({"", {{"fw.rules", dump}}, {}}, located()).findings) out.insert(f.check + ' ' + fingerprint(f));
      return out;
    };
    std::multiset<std::string> before = prints(text), after = prints(edited);
    INFO("seed " << seed << "\n" << text);
    CHECK(std::includes(after.begin(), after.end(), before.begin(), before.end()));
    CHECK(after.size() == before.size());
  }
}

// A dump may lack a table, and a table some of the kernel's chains.
TEST_CASE("laws: a site is judged whichever chain or table of a dump is missing") {
  std::size_t dumps = 0;
  for (const auto& entry : std::filesystem::directory_iterator(source_dir() / "fixtures/printed")) {
    std::vector<Input> inputs;
    for (const auto& file : std::filesystem::directory_iterator(entry.path() / "site"))
      inputs.push_back({file.path().filename().string(), read_file(file.path())});
    for (Input& input : inputs) {
      const std::string whole = input.bytes;
      std::vector<std::string> lines;
      std::istringstream in(whole);
      for (std::string line; std::getline(in, line);) lines.push_back(line);
      std::string table;
      for (const std::string& missing : lines) {
        if (missing.starts_with('*')) table = missing, ++dumps;
        if (!missing.starts_with(':') && !missing.starts_with('*')) continue;
        std::string text, at, chain = missing.starts_with(':') ? missing.substr(1, missing.find(' ') - 1) : "";
        for (const std::string& line : lines) {
          if (line.starts_with('*')) at = line;
          bool of_chain = line == missing || line.starts_with("-A " + chain + " ") || line.ends_with("-j " + chain);
          if (at == table && (chain.empty() || of_chain)) continue;
          text += line + '\n';
        }
        input.bytes = text;
        INFO(entry.path().filename() << ' ' << input.path << " without " << table << ' ' << missing);
        CHECK_NOTHROW(lint(site_of(inputs), LintOptions()));
      }
      input.bytes = whole;
    }
  }
  CHECK(dumps > 15);
}
