// What ci/bench runs for figures that a whole process cannot give:
//   rules N            a synthetic rule list as iptables-save prints it
//   accept N           the accept set of that list by interval diagrams
//   bdd N / bdd-tree N the same by a BDD library, rule after rule or balanced
//   ... N dense        of a list whose destinations lie in one /8
//   parts FILE         where the time of a lint goes
// Every figure is CPU seconds of this process.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string_view>

#include "parsers/parsers.h"
#include "rules/engine/chains.h"
#include "rules/engine/compare.h"
#include "rules/engine/shadows.h"
#include "rules/exposure/exposure.h"
#include "tests/bench/rule_list.h"

namespace ipo::bench {
namespace {

Site read(std::string path, std::string_view text, Sources& sources) {
  Site site;
  sources.push_back(decode_source(std::move(path), text));
  if (const Dialect* dialect = recognise(sources.back()))
    dialect->interpret(sources, static_cast<std::uint32_t>(sources.size() - 1), site);
  return site;
}

int accept(const std::vector<SyntheticRule>& rules) {
  Sources sources;
  Site site = read("synthetic", iptables_save(rules), sources);
  if (site.firewalls.size() != 1 || site.firewalls[0].rulesets.size() != 1) return 1;
  const Ruleset& ruleset = site.firewalls[0].rulesets[0];
  double start = cpu_seconds();
  PacketSpace packets(site.firewalls[0], {});
  ChainSets chains(packets, ruleset);
  for (const Stage& stage : ruleset.pipeline.stages)
    if (stage.where == Hook::forward)
      if (packets.space.where(chains.decision(stage), outcome_accept).empty()) return 1;
  fmt::print("{:.4f}\n", cpu_seconds() - start);
  fmt::print(stderr, "{} nodes, {} edges, {} steps\n", packets.space.node_count(), packets.space.edge_count(),
             packets.space.steps());
  return 0;
}

int bdd(const std::vector<SyntheticRule>& rules, bool balanced) {
  BddTime time = bdd_accept_set(rules, balanced);
  fmt::print("{:.4f}\n", time.seconds);
  fmt::print(stderr, "{} nodes\n", time.nodes);
  return 0;
}

int parts(const char* path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return 1;
  std::string text{std::istreambuf_iterator<char>(file), {}};
  double last = cpu_seconds();
  auto lap = [&](const char* what) {
    double now = cpu_seconds();
    fmt::print("{:10} {:.4f}\n", what, now - last);
    last = now;
  };
  lap("start");
  Sources sources;
  Site site = read(path, text, sources);
  lap("read");
  PortMatrix matrix = builtin_matrix();
  lap("matrix");
  std::vector<Standing> standings = survey(site, sources, matrix, {});
  lap("survey");
  Exposure exposure(site, standings, matrix);
  lap("exposure");
  std::size_t shadows = 0, nodes = 0, edges = 0, steps = 0;
  for (const auto& chains : exposure.chains()) shadows += find_shadows(*chains).size();
  lap("shadows");
  // Against a second reading of the same text, as the other revision.
  Sources others;
  Site other = read(path, text, others);
  survey(other, others, matrix, {});
  last = cpu_seconds();
  for (std::size_t f = 0; f < site.firewalls.size(); ++f)
    for (std::size_t r = 0; r < site.firewalls[f].rulesets.size(); ++r)
      if (!Comparison(site.firewalls[f].rulesets[r], other.firewalls[f].rulesets[r]).equal()) return 1;
  lap("equality");
  const Space* counted = nullptr;
  for (const auto& chains : exposure.chains()) {
    if (&chains->space() == counted) continue;
    counted = &chains->space();
    nodes += counted->node_count(), edges += counted->edge_count(), steps += counted->steps();
  }
  fmt::print(stderr, "{} openings, {} shadows; {} nodes, {} edges, {} steps\n", exposure.openings().size(), shadows, nodes, edges,
             steps);
  return 0;
}

}  // namespace
}  // namespace ipo::bench

int main(int argc, char** argv) {
  using namespace ipo::bench;
  std::string_view what = argc == 3 || argc == 4 ? argv[1] : "";
  if (what == "parts" && argc == 3) return parts(argv[2]);
  std::size_t count = what.empty() ? 0 : std::strtoul(argv[2], nullptr, 10);
  bool dense = argc == 4 && std::string_view(argv[3]) == "dense";
  if (count > 0 && dense == (argc == 4)) {
    std::vector<SyntheticRule> rules = synthetic_rules(count, dense ? Spread::one_net : Spread::anywhere);
    if (what == "rules") return std::fputs(iptables_save(rules).c_str(), stdout) < 0;
    if (what == "accept") return accept(rules);
    if (what == "bdd") return bdd(rules, false);
    if (what == "bdd-tree") return bdd(rules, true);
  }
  std::fputs("usage: ipo-lint-bench rules|accept|bdd|bdd-tree N [dense], or parts FILE\n", stderr);
  return 2;
}
