// Each need of needs.toml whose other end is known is asked at every firewall the host's packets go out by. What one line blocks
// is one finding.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "parsers/settings.h"
#include "rules/blocked.h"
#include "rules/checks/list.h"
#include "rules/exposure_findings.h"
#include "rules/matrix/needs.h"

namespace ipo {
namespace {

struct End {
  Address address;
  std::optional<SourceSpan> said_by;
};

bool is_host_address(Address address) {
  IntervalSet nobody = address.family == Family::ipv4 ? IntervalSet::range(0, 0xffffff) : IntervalSet::range(0, 1);
  if (address.family == Family::ipv4) nobody.add(u128{127} << 24, (u128{128} << 24) - 1), nobody.add(u128{224} << 24, 0xffffffff);
  return !nobody.contains(address.value);
}

bool shares_address(const Host& a, const Host& b) {
  for (const Located<Address>& x : a.addresses)
    for (const Located<Address>& y : b.addresses)
      if (x.value == y.value) return true;
  return false;
}

std::vector<End> ends_of(const Judgement& judgement, const EgressNeed& need, const Host& host) {
  std::vector<End> out;
  auto take = [&](const Setting* setting) {
    if (!setting) return;
    if (auto address = parse_address(setting->value.value); address && is_host_address(*address))
      out.push_back({*address, setting->value.span});
  };
  for (const std::string& key : need.peer_settings) {
    take(host.setting(key));
    for (const Record& record : judgement.site.records) take(record.field(key));
  }
  if (!need.peer_product.empty())
    for (const Host& other : judgement.site.hosts)
      if (&other != &host && !shares_address(other, host) &&
          std::find(other.products.begin(), other.products.end(), need.peer_product) != other.products.end())
        for (const Located<Address>& address : other.addresses) out.push_back({address.value, {}});
  std::erase_if(out, [&](const End& end) {
    return std::any_of(host.addresses.begin(), host.addresses.end(), [&](const auto& own) { return own.value == end.address; });
  });
  return out;
}

bool trunk_from(const Site& site, const ZoneAt& zone) {
  return std::any_of(site.trunks.begin(), site.trunks.end(), [&](const Trunk& t) { return t.zone.value == zone.name; });
}

struct Egress {
  const Judgement& judgement;
  // By line and host: the finding and the pieces of its message.
  std::map<std::tuple<SourceSpan, const Host*>, std::pair<Finding, std::vector<std::string>>> found;

  // The ports of a row the host uses; nothing where its setting, as given or as it is from the start, names another row's.
  IntervalSet ports(const EgressNeed& need, const MatrixRow& row, const Host& host) const {
    std::optional<std::uint32_t> set;
    if (!need.port_setting.empty()) {
      const KnownSetting& known = *find_setting(need.port_setting);
      set = host.number(need.port_setting);
      if (!set && known.defaults.size() == 1) set = parse_number(known.defaults.front().value);
    }
    if (!set || *set == 0 || *set > 65535) return need.port_setting.empty() || row.configurable ? row.port_set() : IntervalSet();
    IntervalSet port = IntervalSet::of(*set);
    if (!row.configurable) return row.port_set().intersected(port);
    for (const EgressNeed& other : egress_needs())
      if (&other != &need && other.port_setting == need.port_setting)
        for (const std::string& id : other.rows)
          if (const MatrixRow* fixed = judgement.matrix.find(id); fixed && !fixed->configurable && fixed->port_set() == port) return {};
    return port;
  }

  void ask(const EgressNeed& need, const Passage& passage, const std::string& to, std::optional<SourceSpan> said_by) {
    Space& s = passage.chains->space();
    PacketSet wanted = s.nothing();
    std::string what;
    std::vector<std::string> rows;
    for (const std::string& id : need.rows) {
      const MatrixRow* row = judgement.matrix.find(id);
      if (!row || !applies(*row, *passage.host)) continue;
      IntervalSet used = ports(need, *row, *passage.host);
      if (used.empty()) continue;
      for (std::uint8_t protocol : {proto_tcp, proto_udp})
        if (row->has_transport(protocol)) wanted = s.unite(wanted, packets_to(passage, protocol, used));
      what += (what.empty() ? "" : " and ") + format_row_ports(*row, used) +
              (row->application.empty() || row->application == "Proprietary" ? "" : " (" + row->application + ")");
      rows.push_back(id);
    }
    if (rows.empty() || !is_blocked(passage, wanted)) return;
    Finding f = blocked_finding(judgement, check::required_egress_blocked.id, Level::warning, passage, wanted);
    auto [at, fresh] = found.try_emplace({f.span, passage.host});
    auto& [finding, pieces] = at->second;
    if (fresh) finding = std::move(f);
    std::string piece = what + " to " + to;
    if (std::find(pieces.begin(), pieces.end(), piece) != pieces.end()) return;
    pieces.push_back(piece);
    finding.rows.insert(finding.rows.end(), rows.begin(), rows.end());
    if (said_by) finding.related.push_back({"the other end is named here", *said_by});
  }
};

void run(const Judgement& judgement, Findings& findings) {
  Egress egress{judgement, {}};
  std::set<std::tuple<const Standing*, const Ruleset*, const Host*, Hook>> met;
  for (const auto& passage : judgement.exposure.passages()) {
    if (passage->inbound || !passage->host || !passage->unlocated.empty()) continue;
    bool first = met.insert({passage->at, passage->ruleset, passage->host, passage->hook}).second;
    for (const EgressNeed& need : egress_needs()) {
      if (!need.unknown.empty() || !need.checked_by.empty()) continue;
      if (!need.on.empty() && passage->host->flag(need.on) != true) continue;
      if (!need.peer_zone.empty() && passage->zone->kind == need.peer_zone && trunk_from(judgement.site, *passage->zone))
        egress.ask(need, *passage, "the zone " + passage->zone->name, {});
      if (!first) continue;
      for (const End& end : ends_of(judgement, need, *passage->host))
        if (end.address.family == passage->ruleset->family && comes_by(judgement, *passage, end.address))
          egress.ask(need, passage_of(*passage, IntervalSet::of(end.address.value)), format_address(end.address), end.said_by);
    }
  }
  for (auto& [key, entry] : egress.found) {
    auto& [f, pieces] = entry;
    for (const std::string& piece : pieces) f.message += (f.message.empty() ? "" : ", ") + piece;
    f.message = fmt::format("{} needs {}, which {} blocked on the way out", std::get<1>(key)->name, f.message, pieces.size() == 1 ? "is" : "are");
    std::sort(f.rows.begin(), f.rows.end());
    f.rows.erase(std::unique(f.rows.begin(), f.rows.end()), f.rows.end());
    f.identity += '\n' + std::get<1>(key)->name;
    findings.push_back(std::move(f));
  }
}

}  // namespace

const Check check::required_egress_blocked = {"required-egress-blocked", "a server the PBX uses cannot be reached from it",
                                              Level::warning, 0, "high", {"availability"}, run};

}  // namespace ipo
