// What ci/bench runs for figures that a whole process cannot give:
//   rules N            a synthetic rule list as iptables-save prints it
//   accept N           the accept set of that list by interval diagrams
//   bdd N / bdd-tree N the same by a BDD library, rule after rule or balanced
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
#include "rules/exposure.h"
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

int accept(std::size_t count) {
  Sources sources;
  Site site = read("synthetic", iptables_save(synthetic_rules(count)), sources);
  if (site.firewalls.size() != 1 || site.firewalls[0].rulesets.size() != 1) return 1;
  const Ruleset& ruleset = site.firewalls[0].rulesets[0];
  double start = cpu_seconds();
  PacketSpace packets(site.firewalls[0], {});
  ChainSets chains(packets, ruleset);
  for (const BaseChain& base : ruleset.base_chains)
    if (base.hook == Hook::forward)
      if (packets.space.where(chains.decision(base), outcome_accept).empty()) return 1;
  fmt::print("{:.4f}\n", cpu_seconds() - start);
  fmt::print(stderr, "{} nodes, {} edges, {} steps\n", packets.space.node_count(), packets.space.edge_count(),
             packets.space.steps());
  return 0;
}

int bdd(std::size_t count, bool balanced) {
  BddTime time = bdd_accept_set(synthetic_rules(count), balanced);
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
  fmt::print(stderr, "{} openings, {} shadows; {} nodes, {} edges, {} steps\n", exposure.openings().size(), shadows, nodes,
             edges, steps);
  return 0;
}

}  // namespace
}  // namespace ipo::bench

int main(int argc, char** argv) {
  std::string_view what = argc == 3 ? argv[1] : "";
  auto count = static_cast<std::size_t>(argc == 3 ? std::strtoul(argv[2], nullptr, 10) : 0);
  if (what == "parts") return ipo::bench::parts(argv[2]);
  if (count > 0 && what == "rules") return std::fputs(ipo::bench::iptables_save(ipo::bench::synthetic_rules(count)).c_str(), stdout) < 0;
  if (count > 0 && what == "accept") return ipo::bench::accept(count);
  if (count > 0 && what == "bdd") return ipo::bench::bdd(count, false);
  if (count > 0 && what == "bdd-tree") return ipo::bench::bdd(count, true);
  std::fputs("usage: ipo-lint-bench rules|accept|bdd|bdd-tree N, or parts FILE\n", stderr);
  return 2;
}
