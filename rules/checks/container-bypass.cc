// A container engine's port forward (by the chain it stands in, or by the bridge it excepts) is followed to the
// container; what gets there and INPUT would have refused, had it stayed with the host, goes around the host's own
// rules.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "rules/engine/reach.h"
#include "rules/findings/check_list.h"
#include "rules/findings/exposure_findings.h"
#include "rules/site/internet.h"

namespace ipo {
namespace {

bool is_container_forward(RuleRef at) {
  if (!at.rule || at.rule->action.kind != ActionKind::translate_destination) return false;
  if (at.chain->by == Author::container_engine) return true;
  for (const Condition& c : at.rule->conditions)
    for (const Test& test : c.any_of)
      if (auto* i = std::get_if<InterfaceTest>(&test))
        if (c.negated && is_guest(i->name)) return true;
  return false;
}

// The packets in question are for an address of this machine: what a test for the machine's own addresses says of them is known.
PacketSet to_this_machine(ChainSets& chains, PacketSet set) {
  Space& s = chains.space();
  for (std::uint32_t n : s.predicates_of(set)) {
    const Subject& about = chains.packets().predicates()[n].about;
    if (about.of_own == Field::destination && about.own_holds) set = s.assume(set, n, true);
  }
  return set;
}

// What INPUT would refuse for sure of packets that anyone could send to the host itself.
PacketSet refused_by_host(ChainSets& chains, PacketSet packets, RuleRef& by) {
  Space& s = chains.space();
  PacketSet out = s.nothing();
  std::size_t most = 0;
  for (const ChainSets::Decided& d : Reach(chains).deciders(Hook::input, packets)) {
    PacketSet sure = s.proven(to_this_machine(chains, d.packets));
    if (d.accepted || sure.empty()) continue;
    out = s.unite(out, sure);
    if (std::size_t sources = static_cast<std::size_t>(std::min<u128>(s.project(sure, Dimension::source).size(), SIZE_MAX));
        sources > most)
      most = sources, by = d.by;
  }
  return out;
}

void bypassed(const Judgement& judgement, Findings& findings, const Passage& passage) {
  ChainSets& chains = *passage.chains;
  Space& s = chains.space();
  Reach reach(chains);
  const Pipeline& pipeline = chains.ruleset().pipeline;
  if (!pipeline.last_word(Hook::input) || !pipeline.last_word(Hook::forward)) return;
  IntervalSet host = IntervalSet::of(0);  // no interface: to the machine itself
  PacketSet from_outside = s.exists(passage.arriving, Dimension::out);
  PacketSet through = s.minus(from_outside, s.test(Dimension::out, host));
  for (const Flow& flow : reach.flows(Hook::forward, through)) {
    if (!is_container_forward(flow.translation)) continue;
    // Which bridge leads to the container is the engine's business: one that lets them pass is the one.
    PacketSet passes = s.exists(s.proven(to_this_machine(chains, flow.accepted)), Dimension::out);
    // Nobody outside can send to a loopback address (RFC 1122, 3.2.1.3).
    if (chains.ruleset().family == Family::ipv4)
      passes = s.minus(passes, s.test(Dimension::destination, IntervalSet::range(u128{127} << 24, (u128{128} << 24) - 1)));
    RuleRef by;
    PacketSet to_host = s.intersect(passes, s.test(Dimension::out, host));
    PacketSet around = s.intersect(to_host, refused_by_host(chains, to_host, by));
    Family family = chains.ruleset().family;
    if (!is_anyone(s.project(around, Dimension::source), family)) continue;
    std::string ports;
    for (std::uint8_t protocol : {proto_tcp, proto_udp})
      for (const Interval& i :
           s.project(s.intersect(around, s.test(Dimension::protocol, IntervalSet::of(protocol))), Dimension::destination_port))
        ports += (ports.empty() ? "" : ", ") + protocol_name(protocol) + "/" + format_ports(IntervalSet::range(i.lo, i.hi));
    Finding f;
    f.check = "container-bypass";
    f.level = level_at(Level::warning, passage);
    f.span = flow.translation.span();
    f.zone = passage.zone->name;
    f.hook = name_of(Hook::forward);
    f.message =
        fmt::format("{} from the {} {} to a container, {}, past the host's own rules, which refuse {}", ports, f.zone,
                    is_plural(ports) ? "go" : "goes", format_addresses(flow.translation.rule->action.translation.addresses, family),
                    is_plural(ports) ? "them" : "it");
    if (by.chain) f.related.push_back({by.rule ? "refused by this rule" : "refused by this policy", by.span()});
    for (const ChainSets::Decided& d : Reach(*passage.chains).deciders(flow, flow.seen))
      if (d.accepted && f.related.size() < 3)
        f.related.push_back(
            {d.by.rule ? "let through to the container by this rule" : "let through to the container by this policy", d.by.span()});
    f.identity = f.zone + '\n' + rule_text(judgement, flow.translation);
    findings.push_back(std::move(f));
  }
}

void run(const Judgement& judgement, Findings& findings) {
  std::vector<const ChainSets*> done;
  for (const auto& passage : judgement.exposure.passages()) {
    if (!passage->inbound || !passage->zone->is_internet()) continue;
    if (std::find(done.begin(), done.end(), passage->chains) != done.end()) continue;
    done.push_back(passage->chains);
    bypassed(judgement, findings, *passage);
  }
}

}  // namespace

const Check check::container_bypass = {"container-bypass",
                                       "a port published for a container goes around the host's own rules",
                                       Level::warning,
                                       6.5,
                                       "high",
                                       {"security", "external/cwe/cwe-693"},
                                       run};

}  // namespace ipo
