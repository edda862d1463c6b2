// Openings of the IPv6 rules are held against the rows that anyone reaches over IPv4 at the same firewall, whoever the host.
#include "rules/findings/ipv6_bypass.h"

#include <map>
#include <set>
#include <tuple>

namespace ipo {
namespace {

// Rows that are no more than a note over IPv4 either: opening them for IPv6 alone is no bypass.
bool is_harmless(const std::string& row) {
  for (const Check& check : checks())
    if (check.severity == Level::note)
      for (std::string_view id : check.rows)
        if (id == row) return true;
  return false;
}

}  // namespace

std::vector<std::vector<Exposed>> bypassed_rows(const Judgement& judgement) {
  std::map<const Firewall*, std::set<std::string>> open_v4;
  std::set<const Firewall*> judged_v4;
  for (const auto& passage : judgement.exposure.passages())
    if (passage->inbound && passage->zone->is_internet() && passage->ruleset->family == Family::ipv4)
      judged_v4.insert(passage->at->firewall);
  for (const Opening& o : judgement.exposure.openings())
    if (o.passage->ruleset->family == Family::ipv4)
      for (const RowHit& hit : o.hits)
        if (hit.any) open_v4[o.passage->at->firewall].insert(hit.row->id);
  std::map<std::tuple<SourceSpan, std::string>, std::vector<Exposed>> groups;
  for (const Opening& o : judgement.exposure.openings()) {
    const Firewall* firewall = o.passage->at->firewall;
    if (o.passage->ruleset->family != Family::ipv6 || !judged_v4.contains(firewall)) continue;
    for (const RowHit& hit : o.hits) {
      // What may not pass at all is no bypass, and left to the row's own check.
      if (!hit.any || (o.located() && hit.certainty == Certainty::possible)) continue;
      if (!is_harmless(hit.row->id) && !open_v4[firewall].contains(hit.row->id))
        groups[{line_to_change(o).span(), o.zone()}].push_back({&o, hit});
    }
  }
  std::vector<std::vector<Exposed>> out;
  for (auto& [key, group] : groups) out.push_back(std::move(group));
  return out;
}

bool is_told_as_bypass(const std::vector<Exposed>& group) {
  const Opening& o = *group.front().opening;
  if (!o.unrestricted) return true;
  // A rule without ports is an error as it is; a policy is one only as a bypass, to a host that surely has the address.
  return !o.by.rule && o.passage->host && !o.passage->addresses.empty();
}

}  // namespace ipo
