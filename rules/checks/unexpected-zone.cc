// Declared zones only, and rows some device of the matrix uses from elsewhere or from nowhere. Zones of those who
// maintain the system may reach every row that some device uses; a kind the data do not know is judged by nothing.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "rules/findings/blocked.h"
#include "rules/findings/check_list.h"
#include "rules/findings/exposure_findings.h"
#include "rules/findings/opened_media.h"
#include "rules/matrix/peers.h"

namespace ipo {
namespace {

constexpr std::size_t shown_rows = 5;

bool contains(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

// Devices that use the row, as the matrix names them; `expected` tells whether one of them stands in a zone of the
// kind.
std::string users_of(const std::string& row, const std::string& kind, bool& expected) {
  std::string names;
  expected = false;
  for (const RowPeer& peer : row_peers()) {
    if (!contains(peer.rows, row)) continue;
    expected = expected || contains(peer.kinds, kind) || kind == "management" || kind == "partner";
    names += (names.empty() ? "" : "; ") + peer.device;
  }
  return names;
}

// Rows of an own matrix have no data: nothing is said of them.
bool is_known(const std::string& row) { return builtin_matrix().find(row) != nullptr; }

// From inside, a line without ports is how most sites connect their own networks.
bool is_inside(const std::string& kind) {
  return kind == "voice" || kind == "users" || kind == "management" || kind == "sbc" || kind == "peer-site";
}

void report(const Judgement& judgement, Findings& findings, const std::vector<Exposed>& group, const std::string& users) {
  const Exposed& speaker = surest(group);
  const Opening& o = *speaker.opening;
  const std::string& kind = o.passage->zone->kind;
  Finding f = finding_for(judgement, "unexpected-zone", o.unrestricted && is_inside(kind) ? Level::note : Level::warning, speaker);
  std::set<std::string> rows;
  std::vector<Exposed> shown;
  for (const Exposed& e : group)
    if (rows.insert(e.hit.row->id).second && shown.size() < shown_rows) shown.push_back(e);
  f.rows.assign(rows.begin(), rows.end());
  std::string ports = format_hits(shown);
  bool plural = is_plural(ports) || rows.size() > shown.size();
  if (rows.size() > shown.size()) ports += fmt::format(" and {} more services", rows.size() - shown.size());
  std::string zone = o.zone() == kind ? "zone " + kind : fmt::format("zone {} ({})", o.zone(), kind);
  f.message = fmt::format("{} {} reachable from {}{}, where no device uses {}", ports, plural ? "are" : "is", zone, if_routed(o),
                          plural ? "them" : "it");
  if (rows.size() == 1 && !users.empty()) f.message += "; used by " + users;
  if (!judgement.group) f.identity += '\n' + f.rows.front();
  findings.push_back(std::move(f));
}

// A line that opens a range for media: of the services inside it the checks of that range speak.
bool is_of_media(const Judgement& judgement, const Opening& o, const RowHit& hit) {
  bool udp = hit.transports.size() == 1 && hit.transports.front() == proto_udp;
  return udp && media_of(judgement.opened_media, line_to_change(o), hit.ports);
}

void run(const Judgement& judgement, Findings& findings) {
  OpenToAnyone anyone(judgement.exposure);
  std::map<std::tuple<SourceSpan, std::string, std::string>, std::vector<Exposed>> groups;
  std::map<std::string, std::string> users;
  for (const Opening& o : judgement.exposure.openings_of_zones()) {
    const std::string& kind = o.passage->zone->kind;
    // In the host's own network nobody comes by here.
    if (!o.located() || kind.empty() || !crosses(*o.passage)) continue;
    for (const RowHit& hit : o.hits) {
      bool expected = false;
      std::string of_row = users_of(hit.row->id, kind, expected);
      if (expected || !is_known(hit.row->id) || anyone.covers(o, hit) || is_of_media(judgement, o, hit) ||
          is_told_as_off(judgement, o, hit))
        continue;
      users[hit.row->id] = of_row;
      groups[{line_to_change(o).span(), o.zone(), judgement.group ? "" : hit.row->id}].push_back({&o, hit});
    }
  }
  for (const auto& [key, group] : groups) report(judgement, findings, group, users[group.front().hit.row->id]);
}

}  // namespace

const Check check::unexpected_zone = {"unexpected-zone",
                                      "a service is reachable from a zone where nobody who uses it stands",
                                      Level::warning,
                                      5.4,
                                      "medium",
                                      {"security", "external/cwe/cwe-923"},
                                      run};

}  // namespace ipo
