// The verdict is asked of Verdicts, as `query` does. The bound is Reach's for packets that open connections; for others every
// way the undecidable matches can turn out is tried with trace().
#include "tests/kernel/answers.h"

#include "linter/output/packet_line.h"
#include "rules/engine/trace.h"
#include "tests/known_packet.h"

namespace ipo::kernel {
namespace {

constexpr unsigned most_valuations = 256;

bool has_ports(const Packet& p) {
  return p.protocol == proto_tcp || p.protocol == proto_udp || p.protocol == 132 || p.protocol == 136;
}

// Whether the flow's translation can have made this destination.
bool can_lead_to(const Flow& flow, const Packet& p, const Observation& kernel) {
  bool same = kernel.destination == p.destination, same_port = !has_ports(p) || kernel.destination_port == p.destination_port;
  if (!flow.translation.rule) return same && same_port;
  const Translation& t = flow.translation.rule->action.translation;
  bool address = t.netmap                   ? kernel.destination == ((p.destination & ~t.netmap->mask) | t.netmap->value)
                 : t.to_receiving_interface ? true
                 : !t.addresses.empty()     ? t.addresses.contains(kernel.destination)
                                            : same;
  if (t.ports.empty() || !has_ports(p)) return address && same_port;
  if (t.keeps_port && t.ports.contains(p.destination_port)) return address && same_port;
  return address && t.ports.contains(kernel.destination_port);
}

}  // namespace

Answers::Answers(ChainSets& chains) : chains_(chains), verdicts_(chains.ruleset()) {
  undecidable_.insert("the address of the interface it came in by is not in the file");
  for (const Chain& chain : chains.ruleset().chains) {
    // Which of several values the kernel picks is nothing a file could say.
    for (const Rule& rule : chain.rules)
      for (const char* what : {"the address", "the port"})
        if (rule.action.kind == ActionKind::translate_destination) undecidable_.insert("-j " + rule.action.name + " picks " + what);
    if (!chain.policy || chain.policy->value == ActionKind::unknown) undecidable_.insert(unknown_policy(chain).reason);
    for (const Rule& rule : chain.rules) {
      if (rule.understanding == Understanding::bounded) undecidable_.insert(unknown_verdict(rule, true).reason);
      for (const Condition& condition : rule.conditions)
        each_test<OpaqueTest>(condition,
                              [&](const OpaqueTest& opaque) { undecidable_.insert(opaque.predicate + ": " + opaque.reason); });
    }
  }
}

void Answers::bound(Hook hook, PacketSet arriving) {
  Space& s = chains_.space();
  Bound bound{s.nothing(), s.nothing(), {}};
  for (Flow& flow : Reach(chains_).flows(hook, arriving)) {
    PacketSet possible = s.possible(flow.accepted);
    bound.possible = s.unite(bound.possible, possible);
    bound.proven = s.unite(bound.proven, flow.accepted);
    bound.flows.emplace_back(flow, possible);
  }
  // Flows exclude each other for each way the predicates can turn out, so the union is settled as a whole.
  bound.proven = s.proven(bound.proven);
  bounds_[hook] = std::move(bound);
}

Answer Answers::of(const Packet& p) {
  Verdict v = verdicts_.of(testing::whole(p));
  Answer out;
  out.outcome = v.outcome;
  out.destination = v.destination;
  out.destination_port = v.destination_port;
  if (v.certainty == Certainty::possible) {
    out.unproven = Unproven::other;
    for (const Doubt& doubt : v.doubts)
      if (undecidable_.contains(doubt.why)) out.unproven = Unproven::undecidable;
  }
  if (auto bound = bounds_.find(p.hook); bound != bounds_.end() && p.state == State::new_) {
    std::vector<u128> point = testing::point_of(chains_.packets().interfaces, p);
    out.may_accept = chains_.space().at(bound->second.possible, point) != 0;
    out.may_drop = chains_.space().at(bound->second.proven, point) == 0;
    out.bounded = true;
  }
  return out;
}

bool Answers::some_valuation(const Packet& p, bool accepted, bool& all_tried) const {
  using Key = std::pair<std::string, SourceSpan>;
  std::vector<bool> prefix;
  all_tried = true;
  for (unsigned ways = 0; ways < most_valuations; ++ways) {
    std::map<Key, bool> answers;
    std::vector<bool> given;
    Trace t = trace(chains_.ruleset(), p, [&](const OpaqueTest& test, SourceSpan place) {
      auto [it, added] = answers.try_emplace({test.predicate, test.stateful ? place : SourceSpan{}}, false);
      if (added) {
        it->second = given.size() < prefix.size() && prefix[given.size()];
        given.push_back(it->second);
      }
      return it->second;
    });
    if ((t.verdict == ActionKind::accept) == accepted) return true;
    prefix = given;
    while (!prefix.empty() && prefix.back()) prefix.pop_back();
    if (prefix.empty()) return false;
    prefix.back() = true;
  }
  all_tried = false;
  return false;
}

std::string Answers::contradiction(const Packet& p, const Answer& answer, const Observation& kernel) {
  if (kernel.fate != Fate::accepted && kernel.fate != Fate::dropped) return {};
  bool accepted = kernel.fate == Fate::accepted;
  if (answer.unproven == Unproven::no) {
    if (accepted != (answer.outcome == ActionKind::accept)) return "the verdict is not the kernel's";
    if (kernel.seen_translated && answer.destination && *answer.destination != kernel.destination)
      return "the kernel sends it to another address, " + format_address({p.family, kernel.destination});
    if (kernel.seen_translated && has_ports(p) && answer.destination_port && *answer.destination_port != kernel.destination_port)
      return "the kernel sends it to another port, " + std::to_string(kernel.destination_port);
  }
  if (answer.bounded) {
    if (accepted ? !answer.may_accept : !answer.may_drop) return "the packet sets call what the kernel does impossible";
    if (!accepted || !kernel.seen_translated) return {};
    std::vector<u128> point = testing::point_of(chains_.packets().interfaces, p);
    for (const auto& [flow, possible] : bounds_.at(p.hook).flows)
      if (chains_.space().at(possible, point) != 0 && can_lead_to(flow, p, kernel)) return {};
    return "no flow leads to where the kernel sends it, " + format_address({p.family, kernel.destination}) + " port " +
           std::to_string(kernel.destination_port);
  }
  if (answer.unproven == Unproven::no) return {};
  bool all_tried = true;
  if (some_valuation(p, accepted, all_tried) || !all_tried) return {};
  return "what the kernel does comes of no way the undecidable matches can turn out";
}

std::string Answers::reasoning(const Packet& p, const Source& source) {
  Verdict v = verdicts_.of(testing::whole(p));
  std::string out;
  auto line = [&](SourceSpan span) { return std::to_string(source.position(span.begin).line); };
  for (const Step& step : v.path) {
    out += "    line " + line(step.at.span()) + ' ' + step.at.chain->table + '/' + step.at.chain->name + ": " +
           text_of(step, v, p.family) + "  " + std::string(source.slice(step.at.span())) + '\n';
  }
  for (const Doubt& doubt : v.doubts) out += "    depends on line " + line(doubt.span) + ": " + doubt.why + '\n';
  return out;
}

}  // namespace ipo::kernel
