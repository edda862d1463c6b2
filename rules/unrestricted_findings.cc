#include "rules/unrestricted_findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

namespace ipo {
namespace {
constexpr std::size_t shown_rows = 5;
}

void report_unrestricted(const Judgement& judgement, Findings& findings, std::string_view check, Level level,
                         bool (*mine)(const Opening&)) {
  std::map<std::tuple<SourceSpan, std::string, std::string>, std::vector<Exposed>> groups;
  for (const Opening& o : judgement.exposure.openings()) {
    if (!o.unrestricted || !mine(o)) continue;
    for (const RowHit& hit : o.hits)
      if (hit.any) groups[{line_to_change(o).span(), o.zone(), judgement.group ? "" : hit.row->id}].push_back({&o, &hit});
  }
  for (auto& [key, group] : groups) {
    const Exposed& speaker = surest(group);
    const Opening& o = *speaker.opening;
    Finding f = finding_for(judgement, check, level, speaker);
    std::string names;
    std::size_t named = 0;
    for (const Exposed& e : group) {
      if (std::find(f.rows.begin(), f.rows.end(), e.hit->row->id) != f.rows.end()) continue;
      f.rows.push_back(e.hit->row->id);
      if (named++ < shown_rows) names += (names.empty() ? "" : ", ") + format_hits({e});
    }
    std::string rows = fmt::format("{} service{} of the port matrix{} {}", f.rows.size(), f.rows.size() == 1 ? "" : "s",
                                   named > shown_rows ? ", among them" : ",", names);
    bool known = o.by.chain->policy && o.by.chain->policy->value != ActionKind::unknown;
    std::string who = o.by.rule ? "this rule"
                      : known   ? "the ACCEPT policy of " + o.by.chain->name
                                : "the policy of " + o.by.chain->name + ", which is not in the file,";
    f.message = fmt::format("{} lets {} through to the PBX{}: {}", who, from_zone(o), if_routed(o), rows);
    if (!judgement.group) f.identity += '\n' + f.rows.front();
    findings.push_back(std::move(f));
  }
}

}  // namespace ipo
