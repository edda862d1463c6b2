// Rows are compared by firewall: what anyone reaches by its IPv6 rules and not by its IPv4 rules. A host whose IPv6
// address is not known may have one all the same, so that is a warning; where no IPv6 rules were given at all for a
// host that has one, one note says so.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "rules/findings/check_list.h"
#include "rules/findings/ipv6_bypass.h"

namespace ipo {
namespace {

bool has_ipv6_address(const Site& site) {
  for (const Host& host : site.hosts)
    for (const Located<Address>& address : host.addresses)
      if (!host.products.empty() && address.value.family == Family::ipv6) return true;
  return false;
}

// The first line of the first dump by name, whatever order the inputs come in.
SourceSpan first_line(const Judgement& judgement) {
  const Ruleset* first = nullptr;
  auto path = [&](const Ruleset& ruleset) { return judgement.sources[ruleset.span.source].path(); };
  for (const auto& chains : judgement.exposure.chains())
    if (!first || path(chains->ruleset()) < path(*first)) first = &chains->ruleset();
  std::string_view text = judgement.sources[first->span.source].slice(first->span);
  auto length = static_cast<std::uint32_t>(std::min(text.find('\n'), text.size()));
  return {first->span.source, first->span.begin, first->span.begin + length};
}

void report(const Judgement& judgement, Findings& findings, const std::vector<Exposed>& group) {
  const Exposed& speaker = surest(group);
  const Opening& o = *speaker.opening;
  bool known = o.passage->host && !o.passage->addresses.empty();
  Finding f = finding_for(judgement, "ipv6-bypass", known ? Level::error : Level::warning, speaker);
  std::set<std::string> rows;
  for (const Exposed& e : group) rows.insert(e.hit.row->id);
  f.rows.assign(rows.begin(), rows.end());
  std::string ports = format_hits(group);
  bool plural = is_plural(ports);
  f.message = fmt::format("{} {} open over IPv6 from {}, and closed over IPv4", ports, plural ? "are" : "is", from_zone(o));
  if (!known) f.message += "; the PBX's IPv6 address is not known";
  if (!judgement.group)
    for (const std::string& row : f.rows) f.identity += '\n' + row;
  findings.push_back(std::move(f));
}

void run(const Judgement& judgement, Findings& findings) {
  std::set<const Firewall*> judged_v4, judged_v6;
  for (const auto& passage : judgement.exposure.passages()) {
    if (!passage->inbound || !passage->zone->is_internet()) continue;
    bool v4 = passage->ruleset->family == Family::ipv4;
    (v4 ? judged_v4 : judged_v6).insert(passage->at->firewall);
  }
  if (judged_v6.empty() && !judged_v4.empty()) {
    if (!has_ipv6_address(judgement.site)) return;
    Finding f;
    f.check = "ipv6-bypass";
    f.level = Level::note;
    f.span = first_line(judgement);
    f.message = "no IPv6 rules were given, and the PBX has an IPv6 address: what reaches it there is not known";
    f.identity = "no IPv6 rules";
    findings.push_back(std::move(f));
    return;
  }
  for (const auto& group : bypassed_rows(judgement))
    if (is_told_as_bypass(group)) report(judgement, findings, group);
}

}  // namespace

const Check check::ipv6_bypass = {"ipv6-bypass",
                                  "a service is closed over IPv4 and open over IPv6",
                                  Level::error,
                                  7.5,
                                  "medium",
                                  {"security", "external/cwe/cwe-693"},
                                  run};

}  // namespace ipo
