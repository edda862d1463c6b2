// Asked of the dump's own filter: whether any answer, an established packet with ACK from a port OUTPUT lets connections out to,
// is let in to a port connections are made from. Where not even the generous reading lets one in, nothing the machine opens works.
#include <fmt/format.h>

#include "rules/checks/list.h"
#include "rules/exposure_findings.h"
#include "rules/required.h"

namespace ipo {
namespace {

// Ports Linux connects from, net.ipv4.ip_local_port_range.
const IntervalSet own_ports = IntervalSet::range(32768, 60999);

PacketSet accepted(ChainSets& chains, const BaseChain& base) {
  return chains.space().possible(chains.space().relabel(chains.decision(base), [](std::uint32_t value) {
    return value == 0 || outcome_of(value) == outcome_drop ? 0u : 1u;
  }));
}

bool opens_something(const Chain& chain) {
  return std::any_of(chain.rules.begin(), chain.rules.end(), [](const Rule& rule) {
    return rule.action.kind == ActionKind::accept && required(rule, Field::destination_port, 65535);
  });
}

void judge(const Judgement& judgement, ChainSets& chains, Findings& findings) {
  const Ruleset& ruleset = chains.ruleset();
  const BaseChain *input = nullptr, *output = nullptr;
  for (const BaseChain& base : ruleset.base_chains)
    if (ruleset.chains[base.chain].table == "filter") {
      if (base.hook == Hook::input) input = &base;
      if (base.hook == Hook::output) output = &base;
    }
  // An INPUT that opens no port guards no host.
  if (!input || !output || !opens_something(ruleset.chains[input->chain])) return;
  Space& s = chains.space();
  auto lo = chains.packets().interfaces.matching({true, "lo", false});
  PacketSet tcp = s.test(Dimension::protocol, IntervalSet::of(proto_tcp));
  PacketSet out = s.intersect(s.intersect(accepted(chains, *output), tcp), s.test(Dimension::state, IntervalSet::of(0)));
  out = s.minus(out, s.test(Dimension::out, lo));
  if (out.empty()) return;
  IntervalSet ack = tcp_flags_with(tcp_ack | tcp_syn | tcp_rst, tcp_ack);
  PacketSet answers = s.intersect(hook_packets(chains, Hook::input), tcp);
  answers = s.minus(answers, s.test(Dimension::in, lo));
  for (auto [dimension, values] :
       {std::pair{Dimension::state, IntervalSet::of(static_cast<unsigned>(State::established))}, {Dimension::tcp_flags, ack},
        {Dimension::destination_port, own_ports}, {Dimension::source_port, s.project(out, Dimension::destination_port)},
        {Dimension::source, s.project(out, Dimension::destination)}})
    answers = s.intersect(answers, s.test(dimension, values));
  if (answers.empty() || !s.disjoint(accepted(chains, *input), answers)) return;
  std::vector<ChainSets::Decided> decided = chains.decide(*input, answers);
  if (decided.empty()) return;
  // What ends the chain; what stands before it are exceptions.
  const RuleRef& by = decided.back().by;
  Finding f;
  f.check = check::missing_conntrack.id;
  f.level = Level::warning;
  f.span = by.span();
  f.hook = name_of(Hook::input);
  f.message = "no answer to a connection this machine opens is let in: INPUT has no rule for established connections";
  f.identity = rule_text(judgement, by);
  findings.push_back(std::move(f));
}

void run(const Judgement& judgement, Findings& findings) {
  for (const auto& chains : judgement.exposure.chains()) judge(judgement, *chains, findings);
}

}  // namespace

const Check check::missing_conntrack = {"missing-conntrack", "answers to the machine's own connections are dropped", Level::warning, 0,
                                        "high", {"correctness", "external/cwe/cwe-684"}, run};

}  // namespace ipo
