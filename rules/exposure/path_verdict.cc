// Each firewall is asked on its own; what it makes of the packet is the next one's packet.
#include "rules/exposure/path_verdict.h"

#include <algorithm>

namespace ipo {

PathVerdicts::PathVerdicts(const Site& site, const std::vector<Standing>& standings, std::size_t first, Family family)
    : site_(site), family_(family) {
  std::vector<std::size_t> way = {first};
  way.insert(way.end(), standings[first].then.begin(), standings[first].then.end());
  for (std::size_t i : way) {
    const auto& rulesets = standings[i].firewall->rulesets;
    auto ruleset = std::find_if(rulesets.begin(), rulesets.end(), [&](const Ruleset& r) { return r.family == family; });
    AtFirewall firewall{&standings[i], nullptr, rulesets.empty() ? SourceSpan{} : rulesets.front().span, false, {}};
    if (ruleset != rulesets.end()) {
      firewall.verdicts = std::make_unique<Verdicts>(*ruleset, own_addresses(standings[i], site, family),
                                                     other_addresses(standings[i], site, family));
      for (const Chain& chain : ruleset->chains)
        for (const Rule& rule : chain.rules)
          firewall.translates_source = firewall.translates_source || rule.action.kind == ActionKind::translate_source;
    }
    firewalls_.push_back(std::move(firewall));
  }
}

const Host* PathVerdicts::host_at(Address address) const {
  for (const Host& host : site_.hosts)
    for (const Located<Address>& own : host.addresses)
      if (own.value == address) return &host;
  return nullptr;
}

const std::vector<const Verdict*>& PathVerdicts::of(const PartialPacket& packet) {
  met_ = {&firewalls_.front().verdicts->of(packet)};
  if (firewalls_.size() == 1) return met_;
  PartialPacket next = packet;
  std::size_t last = 0;  // the firewall met_.back() is of
  for (std::size_t k = 1; k < firewalls_.size(); ++k) {
    const AtFirewall& firewall = firewalls_[k];
    if (met_.back()->outcome != ActionKind::accept || met_.back()->hook != Hook::forward) break;
    auto doubt = [&](std::string why) {
      Verdict& doubted = firewalls_[last].doubted;
      if (met_.back() != &doubted) doubted = *met_.back();
      doubted.alike = 0;
      doubted.certainty = Certainty::possible;
      doubted.doubts.push_back({std::move(why), firewall.place});
      met_.back() = &doubted;
    };
    const Verdict& before = *met_.back();
    if (!before.destination) {
      doubt("whether it goes on to " + firewall.at->firewall->name + " depends on its destination, which is not known");
      break;
    }
    const Host* host = host_at({family_, *before.destination});
    if (!host) break;
    if (firewall.at->role == Role::host && !firewall.at->runs_on(*host)) continue;
    if (!firewall.verdicts) {
      doubt("no dump of this address family was given for " + firewall.at->firewall->name);
      continue;
    }
    next.destination = before.destination;
    if (before.destination_port)
      next.destination_port = Interval{*before.destination_port, *before.destination_port};
    else if (next.destination_port && next.destination_port->lo == next.destination_port->hi)
      next.destination_port.reset();  // it depends
    next.hook = firewall.at->role == Role::host ? Hook::input : Hook::forward;
    next.in.reset();
    next.out.reset();
    if (firewall.at->internet.size() == 1 && !firewall.at->internet.front().prefix) next.in = firewall.at->internet.front().name;
    if (firewalls_[k - 1].translates_source) next.source.reset(), next.source_port.reset();
    met_.push_back(&firewall.verdicts->of(next));
    last = k;
  }
  return met_;
}

}  // namespace ipo
