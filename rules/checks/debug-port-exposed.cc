#include "rules/checks/list.h"
#include "rules/exposure_findings.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  for (const auto& group : exposed_rows(judgement, check::debug_port_exposed)) {
    Finding f = exposed_finding(judgement, check::debug_port_exposed, Level::error, group, "debug");
    IntervalSet all, closed;
    for (const Exposed& e : group) {
      all.add(e.hit->ports);
      if (e.hit->row->state == "closed") closed.add(e.hit->ports);
    }
    if (!closed.empty())
      f.message += (closed == all ? "; " : "; " + format_ports(closed) + " is ") + "closed by default in this release";
    findings.push_back(std::move(f));
  }
}

}  // namespace

const Check check::debug_port_exposed = {"debug-port-exposed", "a debug port of the PBX is reachable from the internet", Level::error, 9.1, "high",
                            {"security", "external/cwe/cwe-489"}, run, false,
                                 {"ip-office/ingress/15", "ip-office/ingress/44"}};

}  // namespace ipo
