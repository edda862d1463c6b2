#include <fmt/format.h>

#include <set>

#include "rules/checks/list.h"
#include "rules/exposure_findings.h"
#include "rules/wrong_transport.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  std::set<std::pair<SourceSpan, std::string>> said;
  for (const auto* openings : {&judgement.exposure.openings(), &judgement.exposure.openings_of_zones()})
    for (const Opening& o : *openings) {
      if (!o.located()) continue;
      auto wrong = wrong_transport(judgement.exposure, judgement.matrix, o);
      if (!wrong || !said.insert({line_to_change(o).span(), o.zone()}).second) continue;
      Space& s = o.passage->chains->space();
      PacketSet all = s.unite(o.proven, o.possible);
      Finding f = finding_at(judgement, "wrong-transport-allowed", o, all,
                             o.proven.empty() ? Certainty::possible : Certainty::proven);
      f.level = Level::note;
      const MatrixRow& row = *wrong->row;
      bool tcp = wrong->transport == proto_tcp;
      f.rows = {row.id};
      bool named = !row.application.empty() && row.application != "Proprietary";
      f.message = fmt::format("{}/{} is let through from {}, and only {}/{}{} is in the {} matrix", tcp ? "tcp" : "udp",
                              wrong->port, from_zone(o), tcp ? "udp" : "tcp", wrong->port,
                              named ? " (" + row.application + ")" : "", judgement.matrix.release);
      f.identity += '\n' + row.id;
      findings.push_back(std::move(f));
    }
}

}  // namespace

const Check check::wrong_transport_allowed = {"wrong-transport-allowed",
                                              "a rule opens a port of the matrix for a transport nothing uses there",
                                              Level::note,
                                              2.0,
                                              "high",
                                              {"security", "external/cwe/cwe-16"},
                                              run};

}  // namespace ipo
