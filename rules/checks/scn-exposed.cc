// Whoever can be anyone is an error. Where the site declares which systems it is linked to, so is a single source that
// is none of them; where it declares none, that source is undeclared-source's.
#include <fmt/format.h>

#include <algorithm>

#include "rules/findings/check_list.h"
#include "rules/findings/exposure_findings.h"
#include "rules/findings/undeclared_sources.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  report_exposed(judgement, findings, check::scn_exposed, "SCN");
  for (const Opening& o : judgement.exposure.openings()) {
    Family family = o.passage->ruleset->family;
    IntervalSet peers = peers_linked_by(judgement.site, check::scn_exposed.rows.front(), family);
    if (peers.empty() || o.unrestricted || !o.located()) continue;
    for (const RowHit& hit : o.hits) {
      if (hit.any || hit.row->id != check::scn_exposed.rows.front()) continue;
      IntervalSet strangers = public_part(hit.sources, family).minus(peers);
      if (strangers.empty()) continue;
      RowHit theirs = hit;
      theirs.sources = strangers;
      Finding f = exposed_finding(judgement, check::scn_exposed, Level::error, {{&o, theirs}}, "SCN");
      f.message += fmt::format("; {} is no declared peer", format_addresses(strangers, family));
      findings.push_back(std::move(f));
    }
  }
}

}  // namespace

const Check check::scn_exposed = {"scn-exposed",
                                  "the signalling between IP Office systems is reachable from the internet",
                                  Level::error,
                                  8.2,
                                  "high",
                                  {"security", "external/cwe/cwe-306", "external/cwe/cwe-923"},
                                  run,
                                  false,
                                  {"ip-office/ingress/32"}};

}  // namespace ipo
