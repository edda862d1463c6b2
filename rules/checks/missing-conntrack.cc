// Asked of the dump's own filter, for TCP and for UDP: whether any answer, an established packet (with ACK) from a port OUTPUT lets
// connections out to, is let in to a port connections are made from. Where not even the generous reading lets it in to half of those ports, what
// the machine opens that way works by chance, or not at all.
#include <fmt/format.h>

#include "rules/findings/check_list.h"
#include "rules/findings/exposure_findings.h"
#include "rules/site/required.h"

namespace ipo {
namespace {

// Ports Linux connects from, net.ipv4.ip_local_port_range.
const IntervalSet own_ports = IntervalSet::range(32768, 60999);

// By every stage of the way that has a last word.
PacketSet accepted(ChainSets& chains, Hook way) {
  Space& s = chains.space();
  PacketSet out = s.constant(1);
  for (const Stage& stage : chains.ruleset().pipeline.stages)
    if (stage.last_word && stage.is_on(way))
      out = s.intersect(out, s.possible(s.relabel(chains.decision(stage), [](std::uint32_t value) {
        return value == 0 || outcome_of(value) == outcome_drop ? 0u : 1u;
      })));
  return out;
}

bool opens_something(const Chain& chain) {
  return std::any_of(chain.rules.begin(), chain.rules.end(), [](const Rule& rule) {
    return rule.action.kind == ActionKind::accept && required(rule, Field::destination_port, 65535);
  });
}

void judge(const Judgement& judgement, ChainSets& chains, Findings& findings) {
  const Ruleset& ruleset = chains.ruleset();
  Reach reach(chains);
  const Stage *input = ruleset.pipeline.last_word(Hook::input), *output = ruleset.pipeline.last_word(Hook::output);
  // An INPUT that opens no port guards no host.
  if (ruleset.pipeline.replies_pass || !input || !output || !opens_something(ruleset.chains[input->chain])) return;
  Space& s = chains.space();
  const IntervalSet lo = chains.packets().interfaces.matching({true, "lo", false});
  PacketSet out = s.intersect(accepted(chains, Hook::output), s.test(Dimension::state, IntervalSet::of(0)));
  out = s.minus(out, s.test(Dimension::out, lo));
  PacketSet in = accepted(chains, Hook::input), lost = s.nothing();
  std::vector<std::string> unanswered;
  for (std::uint8_t protocol : {proto_tcp, proto_udp}) {
    PacketSet of_protocol = s.test(Dimension::protocol, IntervalSet::of(protocol));
    PacketSet asked = s.intersect(s.intersect(out, of_protocol), s.test(Dimension::source_port, own_ports));
    const IntervalSet from = s.project(asked, Dimension::source_port);
    PacketSet answers = s.minus(s.intersect(hook_packets(chains, Hook::input), of_protocol), s.test(Dimension::in, lo));
    if (protocol == proto_tcp)
      answers = s.intersect(answers, s.test(Dimension::tcp_flags, tcp_flags_with(tcp_ack | tcp_syn | tcp_rst, tcp_ack)));
    for (auto [dimension, values] : {std::pair{Dimension::state, IntervalSet::of(static_cast<unsigned>(State::established))},
                                     {Dimension::destination_port, from},
                                     {Dimension::source_port, s.project(asked, Dimension::destination_port)},
                                     {Dimension::source, s.project(asked, Dimension::destination)}})
      answers = s.intersect(answers, s.test(dimension, values));
    // A range opened for something else takes a few of them by chance; a line that names who answers is meant for them.
    std::vector<ChainSets::Decided> takers = reach.acceptors(Hook::input, answers);
    bool meant = std::any_of(takers.begin(), takers.end(), [](const ChainSets::Decided& d) {
      return d.by.rule && required(*d.by.rule, Field::source_port, 65535);
    });
    IntervalSet back = s.project(s.intersect(in, answers), Dimension::destination_port);
    if (answers.empty() || meant || 2 * back.size() > from.size()) continue;
    lost = s.unite(lost, answers);
    unanswered.push_back(protocol == proto_tcp ? "TCP" : "UDP");
  }
  if (unanswered.empty()) return;
  std::vector<ChainSets::Decided> decided = reach.deciders(Hook::input, lost);
  if (decided.empty()) return;
  // What ends the chain; what stands before it are exceptions.
  const RuleRef& by = decided.back().by;
  Finding f;
  f.check = check::missing_conntrack.id;
  f.level = Level::warning;
  f.span = by.span();
  f.hook = name_of(Hook::input);
  // Names and the time are asked for by UDP.
  f.message = unanswered.size() == 2
                  ? "no answer to a connection this machine opens is let in: INPUT has no rule for established connections"
              : unanswered.front() == "TCP"
                  ? "no answer to a TCP connection this machine opens is let in: INPUT has no rule for established connections"
                  : "no answer to what this machine asks by UDP, as names and the time, is let in: INPUT has no rule for "
                    "established connections";
  f.identity = rule_text(judgement, by);
  findings.push_back(std::move(f));
}

void run(const Judgement& judgement, Findings& findings) {
  for (const auto& chains : judgement.exposure.chains()) judge(judgement, *chains, findings);
}

}  // namespace

const Check check::missing_conntrack = {"missing-conntrack",
                                        "answers to the machine's own connections are dropped",
                                        Level::warning,
                                        0,
                                        "high",
                                        {"correctness", "external/cwe/cwe-684"},
                                        run};

}  // namespace ipo
