#include "rules/findings/unrestricted_findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "rules/findings/ipv6_bypass.h"

namespace ipo {
namespace {
constexpr std::size_t shown_rows = 5;

// Line, zone and row of what a more specific finding says already: a check of the row's own, or, before a policy, a rule that
// lets everything through.
using ToldCause = std::tuple<SourceSpan, std::string, std::string>;
std::set<ToldCause> said_elsewhere(const Judgement& judgement, bool by_rule) {
  std::set<std::string_view> owned;
  for (const Check& check : checks()) owned.insert(check.rows.begin(), check.rows.end());
  std::set<ToldCause> out;
  for (const Opening& o : judgement.exposure.openings())
    for (const RowHit& hit : o.hits)
      if (hit.any && (o.unrestricted ? !by_rule && o.by.rule != nullptr : owned.contains(hit.row->id)))
        out.insert({line_to_change(o).span(), o.zone(), hit.row->id});
  for (const auto& group : bypassed_rows(judgement))
    if (is_told_as_bypass(group))
      for (const Exposed& e : group) out.insert({line_to_change(*e.opening).span(), e.opening->zone(), e.hit.row->id});
  return out;
}

}  // namespace

void report_unrestricted(const Judgement& judgement, Findings& findings, std::string_view check, Level level, bool by_rule) {
  std::map<std::tuple<SourceSpan, std::string, std::string>, std::vector<Exposed>> groups;
  std::set<ToldCause> elsewhere = said_elsewhere(judgement, by_rule);
  for (const Opening& o : judgement.exposure.openings()) {
    if (!o.unrestricted || by_rule != (o.by.rule != nullptr)) continue;
    // Where the filter is not in the file at all that is said once, as assumed.
    if (!o.by.rule && o.by.span().begin == o.by.span().end) continue;
    for (const RowHit& hit : o.hits)
      if (hit.any && !elsewhere.contains({line_to_change(o).span(), o.zone(), hit.row->id}))
        groups[{line_to_change(o).span(), o.zone(), judgement.group ? "" : hit.row->id}].push_back({&o, hit});
  }
  for (auto& [key, group] : groups) {
    std::stable_sort(group.begin(), group.end(),
                     [](const Exposed& a, const Exposed& b) { return gravity(*a.hit.row) < gravity(*b.hit.row); });
    const Exposed& speaker = surest(group);
    const Opening& o = *speaker.opening;
    Finding f = finding_for(judgement, check, level, speaker);
    std::string names;
    std::size_t named = 0;
    for (const Exposed& e : group) {
      if (std::find(f.rows.begin(), f.rows.end(), e.hit.row->id) != f.rows.end()) continue;
      f.rows.push_back(e.hit.row->id);
      if (named++ < shown_rows) names += (names.empty() ? "" : ", ") + format_hits({e});
    }
    std::string rows = fmt::format("{} service{} of the port matrix{} {}", f.rows.size(), f.rows.size() == 1 ? "" : "s",
                                   named > shown_rows ? ", among them" : ",", names);
    bool known = o.by.chain->policy && o.by.chain->policy->value != ActionKind::unknown;
    std::string who = o.by.rule                 ? "this rule"
                      : known                   ? "the ACCEPT policy of " + o.by.chain->name
                      : is_written(*o.by.chain) ? "the policy of " + o.by.chain->name + ", which may not be loaded,"
                                                : "the policy of " + o.by.chain->name + ", which is not in the file,";
    f.message = fmt::format("{} lets {} through to the PBX{}: {}", who, from_zone(o), if_sent_from(o) + if_routed(o), rows);
    if (!o.by.rule && !known) f.level = Level::note;
    if (!judgement.group) f.identity += '\n' + f.rows.front();
    findings.push_back(std::move(f));
  }
}

}  // namespace ipo
