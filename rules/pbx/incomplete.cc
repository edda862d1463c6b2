// Pages of one list are told by their type and the number they announce. A record belongs to the list it stands in, by its place.
#include "rules/pbx/incomplete.h"

#include <algorithm>
#include <map>
#include <set>

#include "rules/pbx/records.h"

namespace ipo {
namespace {

bool within(SourceSpan inner, SourceSpan outer) {
  return inner.source == outer.source && inner.begin >= outer.begin && inner.end <= outer.end;
}

// What names a system by its address; empty where records of the type do not.
std::string_view naming_key(std::string_view type) {
  if (type == "License") return "license.pbx_address";
  if (type == "IncomingGroupIds" || type == "OutgoingGroupIds") return "group_ids.pbx_address";
  if (type == "ProvisionIPAddress" || type == "ProvisonIPAddress") return "provision.address";
  return type == "User" ? "user.pbx_address" : "";
}

std::set<std::uint32_t> sources_with_records(const Site& site) {
  std::set<std::uint32_t> out;
  for (const Record& r : site.records)
    if (r.span.end > 0) out.insert(r.span.source);
  return out;
}

}  // namespace

std::vector<ShortList> short_lists(const Site& site) {
  std::map<std::pair<std::string, std::uint32_t>, ShortList> by_list;
  for (const ExportList& list : site.lists)
    if (list.announced && list.present < *list.announced) by_list[{list.type, *list.announced}].parts.push_back(&list);
  std::vector<ShortList> out;
  for (auto& [list, pages] : by_list) {
    if (pages.parts.size() == 1) {
      pages.present = pages.parts.front()->present;
    } else {
      // By the place of each page, so that a record is held against one page only.
      std::map<std::pair<std::uint32_t, std::uint32_t>, const ExportList*> places;
      for (const ExportList* page : pages.parts) places[{page->whole.source, page->whole.begin}] = page;
      DifferentRecords different;
      for (const Record& record : site.records) {
        if (record.type != list.first) continue;
        auto at = places.upper_bound({record.span.source, record.span.begin});
        if (at == places.begin() || !within(record.span, std::prev(at)->second->whole)) continue;
        if (different.add(record)) ++pages.present;
      }
    }
    if (pages.present < list.second) out.push_back(std::move(pages));
  }
  return out;
}

std::vector<MissingSystem> missing_systems(const Site& site) {
  std::vector<MissingSystem> out;
  std::set<std::string> known;
  if (!site.export_errors.empty()) {
    const std::set<std::uint32_t> with_records = sources_with_records(site);
    for (const ExportError& error : site.export_errors)
      if (error.of_system && with_records.contains(error.span.source) &&
          (error.address.empty() || known.insert(error.address).second))
        out.push_back({error.address, true, error.span, {}, error.reason});
  }
  // Only a list of systems leads one to expect each of them in it.
  bool listed = std::any_of(site.lists.begin(), site.lists.end(), [](const ExportList& l) { return l.type == "System"; });
  if (!listed) return out;
  std::set<Address> systems;
  for (const Host& host : site.hosts)
    if (!host.settings.empty())
      for (const Located<Address>& address : host.addresses) systems.insert(address.value);
  for (const Record& record : site.records) {
    std::string_view key = naming_key(record.type);
    const Setting* named = key.empty() ? nullptr : record.field(key);
    std::optional<Address> address = named ? parse_address(named->value.value) : std::nullopt;
    if (!address || address->value == 0 || systems.contains(*address) || !known.insert(named->value.value).second) continue;
    out.push_back({named->value.value, false, named->value.span, record.type, {}});
  }
  return out;
}

std::set<SourceSpan> errors_told(const Site& site) {
  std::set<SourceSpan> out;
  if (site.export_errors.empty()) return out;
  const std::set<std::uint32_t> with_records = sources_with_records(site);
  for (const ExportError& error : site.export_errors)
    if (error.of_system || !with_records.contains(error.span.source)) out.insert(error.span);
  return out;
}

bool is_whole(const Site& site, std::string_view type) {
  if (site.lists.empty() && site.export_errors.empty()) return true;
  if (!missing_systems(site).empty()) return false;
  const std::vector<ShortList> shorter = short_lists(site);
  return std::none_of(shorter.begin(), shorter.end(), [&](const ShortList& s) { return s.parts.front()->type == type; });
}

void doubt_own_numbers(const Site& site, std::span<Finding> findings) {
  if (findings.empty()) return;
  auto doubt = [&](const std::string& reason) {
    for (Finding& finding : findings) {
      finding.certainty = Certainty::possible;
      finding.doubt.push_back({"not all numbers of the site are in the export: " + reason, finding.span});
    }
  };
  if (std::none_of(site.records.begin(), site.records.end(), [](const Record& r) { return r.type == "User"; }))
    return doubt("no User record is there");
  for (std::string type : {"User", "Extension", "HuntGroup"})
    if (!is_whole(site, type)) return doubt(type + " records are missing");
}

}  // namespace ipo
