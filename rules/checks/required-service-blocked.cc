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

// The host stands in the zone itself, so that its packets do not come by a firewall.
bool host_is_in(const Passage& passage) {
  if (passage.hook != Hook::forward) return false;
  for (const Zone* zone : passage.zone->tables)
    for (const Located<MaskedAddress>& source : zone->sources)
      if (source.value.family == passage.ruleset->family && addresses_of(source.value).intersects(passage.addresses)) return true;
  return false;
}

void run(const Judgement& judgement, Findings& findings) {
  std::map<std::pair<const Standing*, const Host*>, std::vector<const Passage*>> sides;
  for (const auto& passage : judgement.exposure.passages())
    if (passage->inbound && passage->host && passage->unlocated.empty() && !passage->zone->is_internet() && !host_is_in(*passage))
      sides[{passage->at, passage->host}].push_back(passage.get());
  for (const auto& [key, passages] : sides)
    for (const ServiceNeed& need : service_needs()) {
      std::vector<const MatrixRow*> rows;
      for (const std::string& id : need.rows)
        if (const MatrixRow* row = judgement.matrix.find(id); row && applies(*row, *key.second) && used(judgement, need, *row, *key.second))
          rows.push_back(row);
      const Passage* first = nullptr;
      bool open = rows.empty();
      for (const Passage* passage : passages) {
        if (std::find(need.kinds.begin(), need.kinds.end(), passage->zone->kind) == need.kinds.end()) continue;
        if (!first) first = passage;
        for (const MatrixRow* row : rows) open = open || !is_blocked(*passage, packets_of(judgement, *passage, *row));
      }
      if (open || !first) continue;
      PacketSet wanted = first->chains->space().nothing();
      std::string what;
      for (const MatrixRow* row : rows) {
        wanted = first->chains->space().unite(wanted, packets_of(judgement, *first, *row));
        what += (what.empty() ? "" : ", ") + format_row_ports(*row, ports_of(*row, first->host));
      }
      Finding f = blocked_finding(judgement, check::required_service_blocked.id, Level::warning, *first, wanted);
      f.zone = first->zone->name;
      for (const MatrixRow* row : rows) f.rows.push_back(row->id);
      std::sort(f.rows.begin(), f.rows.end());
      f.message = fmt::format("{} {} blocked from the zone {}, where {} stand", what, rows.size() == 1 ? "is" : "are", f.zone, need.who);
      f.identity += '\n' + f.zone + '\n' + f.rows.front();
      findings.push_back(std::move(f));
    }
}

}  // namespace

const Check check::required_service_blocked = {"required-service-blocked", "a service that is used is closed from the zone that needs it",
                                               Level::warning, 0, "medium", {"availability"}, run};

}  // namespace ipo
