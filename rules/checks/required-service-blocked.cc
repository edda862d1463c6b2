// A service is needed where an extension record or the service's own setting shows that it is used, and a zone is declared whose
// devices use it. It is blocked where none of these zones reaches any of the need's rows.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "rules/blocked.h"
#include "rules/checks/list.h"
#include "rules/exposure_findings.h"
#include "rules/matrix/needs.h"
#include "rules/services.h"

namespace ipo {
namespace {

bool used(const Judgement& judgement, const ServiceNeed& need, const MatrixRow& row, const Host& host) {
  if (need.extension.empty()) return is_on(row, &host);
  return !is_off(row, &host) && std::any_of(judgement.site.records.begin(), judgement.site.records.end(), [&](const Record& r) {
    const Setting* type = r.type == "Extension" ? r.field("extension.type") : nullptr;
    return type && type->value.value == need.extension;
  });
}

void run(const Judgement& judgement, Findings& findings) {
  // By host, and by firewall where one stands behind another; zones are alternatives here.
  std::map<std::pair<const Host*, const Standing*>, std::vector<Ways>> sides;
  for (Ways& way : ways(judgement, true)) {
    const Passage& p = *way.front();
    if (p.host && !p.zone->is_internet()) sides[{p.host, p.at->role == Role::perimeter ? nullptr : p.at}].push_back(std::move(way));
  }
  for (const auto& [key, zones] : sides)
    for (const ServiceNeed& need : service_needs()) {
      std::vector<const MatrixRow*> rows;
      for (const std::string& id : need.rows)
        if (const MatrixRow* row = judgement.matrix.find(id); row && applies(*row, *key.first) && used(judgement, need, *row, *key.first))
          rows.push_back(row);
      std::string what;
      for (const MatrixRow* row : rows) what += (what.empty() ? "" : ", ") + format_row_ports(*row, ports_of(*row, key.first));
      std::optional<Blocked> lost;
      bool open = rows.empty();
      for (const Ways& way : zones) {
        if (open || std::find(need.kinds.begin(), need.kinds.end(), way.front()->zone->kind) == need.kinds.end()) continue;
        std::optional<Blocked> here = blocked(judgement, way, [&](const Passage& passage) {
          PacketSet wanted = passage.chains->space().nothing();
          for (const MatrixRow* row : rows) wanted = passage.chains->space().unite(wanted, packets_of(judgement, passage, *row));
          return wanted;
        });
        open = open || !here;
        if (!lost) lost = std::move(here);
      }
      if (open || !lost) continue;
      Finding f = blocked_finding(judgement, check::required_service_blocked.id, Level::warning, *lost);
      f.zone = lost->passage->zone->name;
      for (const MatrixRow* row : rows) f.rows.push_back(row->id);
      std::sort(f.rows.begin(), f.rows.end());
      f.message = fmt::format("{} {} blocked from the zone {}, where {} stand", what, rows.size() == 1 ? "is" : "are", f.zone, need.who);
      if (lost->elsewhere) f.message += ": " + lost->led_elsewhere(rows.size() == 1 ? "it" : "them");
      f.identity += '\n' + f.zone + '\n' + f.rows.front();
      findings.push_back(std::move(f));
    }
}

}  // namespace

const Check check::required_service_blocked = {"required-service-blocked", "a service that is used is closed from the zone that needs it",
                                               Level::warning, 0, "medium", {"availability"}, run};

}  // namespace ipo
