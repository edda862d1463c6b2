// Every firewall of the site the host's packets to the internet meet is asked; one that surely refuses something, or may, is a
// restriction. A host of private addresses has a firewall before it; where that was not given nothing is known.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "rules/findings/blocked.h"
#include "rules/findings/check_list.h"
#include "rules/findings/exposure_findings.h"
#include "rules/findings/setting_findings.h"
#include "rules/site/declared.h"

namespace ipo {
namespace {

// What the host may send to the internet: to addresses that are there.
PacketSet going_out(const Passage& passage) {
  Space& s = passage.chains->space();
  PacketSet out = s.test(Dimension::protocol, IntervalSet({{proto_tcp, proto_tcp}, {proto_udp, proto_udp}}));
  return s.intersect(out, s.test(Dimension::destination, all_public(passage.ruleset->family)));
}

bool unrestricted(const Passage& passage) {
  Space& s = passage.chains->space();
  PacketSet asked = s.intersect(passage.arriving, going_out(passage));
  if (asked.empty()) return false;
  // By the interface the host is behind, whichever of several that is: a rule about another one is no restriction.
  asked = s.exists(asked, Dimension::in);
  for (const Flow& flow : passage.flows) asked = s.minus(asked, s.exists(s.proven(flow.accepted), Dimension::in));
  return asked.empty();
}

void run(const Judgement& judgement, Findings& findings) {
  std::map<std::pair<const Host*, Family>, std::vector<const Passage*>> ways;
  for (const auto& passage : judgement.exposure.passages())
    if (!passage->inbound && passage->zone->is_internet() && passage->host && is_pbx(*passage->host) && !passage->at->network_only)
      ways[{passage->host, passage->ruleset->family}].push_back(passage.get());
  for (auto& [key, passages] : ways) {
    if (!std::all_of(passages.begin(), passages.end(), [](const Passage* p) { return unrestricted(*p); })) continue;
    // Where no rule tells which interface the host is behind, nobody says that its packets come this way.
    std::erase_if(passages, [](const Passage* p) { return !p->path_certain; });
    if (passages.empty()) continue;
    // A firewall in front of the host is the place to change, for all there is behind it.
    const Passage& passage = **std::min_element(passages.begin(), passages.end(), [](const Passage* a, const Passage* b) {
      return std::pair(a->hook, a->at->firewall->name) < std::pair(b->hook, b->at->firewall->name);
    });
    RuleRef by = judgement.exposure.accepted_by(passage, going_out(passage)).by;
    if (!by.chain) continue;
    Finding f;
    f.check = check::egress_unrestricted.id;
    f.level = Level::note;
    f.span = by.span();
    f.zone = passage.zone->name;
    f.hook = name_of(passage.hook);
    f.message = fmt::format("{} may reach every port of every address on the {}", subject_of(*key.first), f.zone);
    f.identity = f.zone + '\n' + rule_text(judgement, by);
    findings.push_back(std::move(f));
  }
}

}  // namespace

const Check check::egress_unrestricted = {"egress-unrestricted",
                                          "the PBX may reach anything on the internet",
                                          Level::note,
                                          2.4,
                                          "high",
                                          {"security", "external/cwe/cwe-284"},
                                          run};

}  // namespace ipo
