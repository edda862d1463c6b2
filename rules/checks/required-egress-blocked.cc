// Each need of needs.toml whose other end is known is asked at every firewall the host's packets go out by. What one line blocks
// is one finding.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "parsers/ipoffice/settings.h"
#include "parsers/text/values.h"
#include "rules/findings/blocked.h"
#include "rules/findings/check_list.h"
#include "rules/findings/exposure_findings.h"
#include "rules/findings/setting_findings.h"
#include "rules/matrix/needs.h"
#include "rules/pbx/services.h"
#include "rules/pbx/sip_lines.h"
#include "rules/pbx/url_server.h"

namespace ipo {
namespace {

struct End {
  Address address;
  std::optional<SourceSpan> said_by;
  std::optional<std::uint16_t> port = {};  // as its URL says
  bool url = false;
  std::vector<LineSends> lines = {};  // one of which is enough
  const Host* host = nullptr;
};

std::optional<End> end_of_url(const Setting& setting) {
  std::optional<UrlServer> url = url_server(setting.value.value);
  return url ? std::optional<End>({url->address, setting.value.span, url->port, true}) : std::nullopt;
}

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
    std::optional<Address> address = parse_address(setting->value.value);
    std::optional<End> end = address ? std::optional<End>({*address, setting->value.span}) : end_of_url(*setting);
    if (end && is_host_address(end->address)) out.push_back(*end);
  };
  for (const std::string& key : need.peer_settings) {
    take(host.setting(key));
    // A system's settings are that one's.
    for (const Record& record : judgement.site.records)
      if (record.type != "System") take(record.field(key));
  }
  if (need.peer_lines)
    for (const Record& record : judgement.site.records)
      for (const LineProxy& proxy : proxies_of(record))
        if (is_host_address(proxy.address))
          out.push_back({proxy.address, proxy.said_by->value.span, {}, false, {sends_of(record)}});
  if (!need.peer_product.empty())
    for (const Host& other : judgement.site.hosts)
      if (&other != &host && !shares_address(other, host) &&
          std::find(other.products.begin(), other.products.end(), need.peer_product) != other.products.end())
        for (const Located<Address>& address : other.addresses) out.push_back({address.value, {}, {}, false, {}, &other});
  std::erase_if(out, [&](const End& end) {
    return std::any_of(host.addresses.begin(), host.addresses.end(), [&](const auto& own) { return own.value == end.address; });
  });
  return out;
}

bool trunk_from(const Site& site, const ZoneAt& zone) {
  return std::any_of(site.trunks.begin(), site.trunks.end(), [&](const Trunk& t) { return t.zone.value == zone.name; });
}

// How the lines send that are a zone's: those with a proxy in it, else those whose proxies are only names, else as nobody says.
std::vector<LineSends> lines_to(const Site& site, const ZoneAt& zone) {
  auto is_in = [&](const LineProxy& proxy) {
    for (const Zone* table : zone.tables)
      for (const Located<MaskedAddress>& source : table->sources)
        if (source.value.family == proxy.address.family &&
            (proxy.address.value & source.value.mask) == (source.value.value & source.value.mask))
          return true;
    return false;
  };
  std::vector<LineSends> inside, by_name;
  for (const Record& record : site.records) {
    if (!is_sip_line(record)) continue;
    std::vector<LineProxy> proxies = proxies_of(record);
    if (proxies.empty()) by_name.push_back(sends_of(record));
    if (std::any_of(proxies.begin(), proxies.end(), is_in)) inside.push_back(sends_of(record));
  }
  return inside.empty() ? by_name : inside;
}

struct Egress {
  const Judgement& judgement;
  struct Found {
    Finding finding;
    std::vector<std::string> pieces;  // of its message
    const Host* host;
  };
  // What one rule blocks is one finding. A policy blocks what nobody thought of: there each other end is one.
  std::map<std::tuple<SourceSpan, const Host*, std::string>, Found> found;

  // The port that the setting names, as given or as it is from the start.
  std::optional<std::uint32_t> set_port(const EgressNeed& need, const Host& host) const {
    const KnownSetting& known = *find_setting(need.port_setting);
    std::optional<std::uint32_t> set = host.number(need.port_setting);
    if (!set && known.defaults.size() == 1) set = parse_number(known.defaults.front().value);
    return set && *set > 0 && *set < 65536 ? set : std::nullopt;
  }

  // The ports of a row the host uses: those its setting names, else the row's. Nothing where the setting names a port that another
  // need's row is about.
  IntervalSet ports(const EgressNeed& need, const MatrixRow& row, const Host& host) const {
    if (need.port_setting.empty()) return row.port_set();
    std::optional<std::uint32_t> set = set_port(need, host);
    auto shares = [&](const EgressNeed& other) { return &other != &need && other.port_setting == need.port_setting; };
    std::span<const EgressNeed> all = egress_needs();
    if (!set) return row.configurable || std::none_of(all.begin(), all.end(), shares) ? row.port_set() : IntervalSet();
    IntervalSet port = IntervalSet::of(*set);
    if (row.port_set() == port) return port;
    for (const EgressNeed& other : all) {
      if (!shares(other)) continue;
      // Of two rows with one setting it is the one the port fits, else the first.
      for (const std::string& id : other.rows)
        if (const MatrixRow* fixed = judgement.matrix.find(id); fixed && (fixed->port_set() == port || &other < &need)) return {};
    }
    return port;
  }

  // Whether the other end may connect to the host instead, as far as the firewalls of both are known.
  bool open_the_other_way(const EgressNeed& need, const Host& host, const End& end) const {
    if (need.either_way.empty() || !end.host) return false;
    IntervalSet used;
    for (const std::string& id : need.either_way)
      if (const MatrixRow* row = judgement.matrix.find(id)) used.add(row->port_set());
    auto masked = [](const Address& a) { return MaskedAddress{a.family, a.value, address_max(a.family)}; };
    std::vector<MaskedAddress> own;
    for (const Located<Address>& address : host.addresses) own.push_back(masked(address.value));
    std::vector<WaysTo> back = ways_to(judgement, host, true, {masked(end.address)}, true);
    for (WaysTo& to : ways_to(judgement, *end.host, false, own, true)) back.push_back(std::move(to));
    auto wanted = [&](const Passage& passage) { return requests_to(passage, proto_tcp, used); };
    bool open = false;
    for (const WaysTo& to : back) {
      if (blocked(judgement, to.ways(), wanted)) return false;
      for (const Passage* passage : to.ways())
        open = open || (comes(*passage, wanted(*passage)) && !is_blocked(*passage, wanted(*passage)));
    }
    return open;
  }

  void ask(const EgressNeed& need, const Ways& ways, const std::string& to, const End* end, const std::vector<LineSends>& lines) {
    const Host& host = *ways.front()->host;
    std::string what;
    std::vector<std::string> ids;
    std::vector<std::pair<std::uint8_t, IntervalSet>> packets;  // transport and ports
    std::set<std::string> told;
    auto add = [&](const std::vector<std::string>& transports, const std::string& name, IntervalSet used) {
      // A URL without a port may mean its scheme's or the service's own.
      if (end && end->url) used = end->port ? IntervalSet::of(*end->port) : used.united(IntervalSet::of(443));
      std::string text;
      for (const std::string& transport : transports) {
        text += (text.empty() ? "" : "+") + transport;
        if (transport == "tcp" || transport == "udp") packets.push_back({transport == "tcp" ? proto_tcp : proto_udp, used});
      }
      text += "/" + format_ports(used) + (name.empty() ? "" : " (" + name + ")");
      if (told.insert(text).second) what += (what.empty() ? "" : " and ") + text;
    };
    if (std::optional<std::uint32_t> port = need.service.empty() ? std::nullopt : set_port(need, host))
      add(need.transports, need.service, IntervalSet::of(*port));
    auto name_of = [](const MatrixRow& row) { return row.application == "Proprietary" ? std::string() : row.application; };
    std::vector<const MatrixRow*> theirs;  // of the other end
    IntervalSet their_ports;
    for (const std::string& id : need.peer_rows)
      if (const MatrixRow* row = judgement.matrix.find(id); row && end && applies(*row, end->host))
        theirs.push_back(row), their_ports.add(row->port_set());
    for (const std::string& id : need.rows) {
      const MatrixRow* row = judgement.matrix.find(id);
      if (!row || !applies(*row, host)) continue;
      IntervalSet used = ports(need, *row, host);
      if (used.empty()) continue;
      ids.push_back(id);
      if (!theirs.empty() && !used.intersects(their_ports)) continue;
      std::erase_if(theirs, [&](const MatrixRow* other) { return used.covers(other->port_set()); });
      if (lines.empty()) add(row->transports, name_of(*row), std::move(used));
      for (const LineSends& line : lines)
        add(line.transports.empty() ? row->transports : line.transports, name_of(*row), line.ports.empty() ? used : line.ports);
    }
    if (!ids.empty())
      for (const MatrixRow* row : theirs) {
        add(row->transports, name_of(*row), row->port_set());
        ids.push_back(row->id);
      }
    std::optional<Blocked> lost = blocked(judgement, ways, [&](const Passage& passage) {
      PacketSet wanted = passage.chains->space().nothing();
      for (const auto& [protocol, used] : packets)
        wanted = passage.chains->space().unite(wanted, requests_to(passage, protocol, used));
      return wanted;
    });
    if (!lost) return;
    Finding f = blocked_finding(judgement, check::required_egress_blocked.id, Level::warning, *lost);
    auto [at, fresh] = found.try_emplace({f.span, &host, lost->by.by.rule ? "" : to});
    Found& entry = at->second;
    if (fresh) entry.finding = std::move(f), entry.host = &host;
    std::string piece = what + " to " + to;
    if (std::find(entry.pieces.begin(), entry.pieces.end(), piece) != entry.pieces.end()) return;
    entry.pieces.push_back(piece);
    entry.finding.rows.insert(entry.finding.rows.end(), ids.begin(), ids.end());
    if (end && end->said_by) entry.finding.related.push_back({"the other end is named here", *end->said_by});
  }
};

void run(const Judgement& judgement, Findings& findings) {
  Egress egress{judgement, {}};
  auto is_asked = [](const EgressNeed& need, const Host& host) {
    const Setting* off = need.off.empty() ? nullptr : host.setting(need.off);
    return need.unknown.empty() && need.checked_by.empty() && (need.on.empty() || host.flag(need.on) == true) &&
           !(off && says_off(*off)) && std::none_of(need.unless.begin(), need.unless.end(), [&](const std::string& key) {
             const Setting* s = host.setting(key);
             return s && parse_flag(s->value.value).value_or(!is_unset(*s));
           });
  };
  for (const Ways& out : ways(judgement, false)) {
    const Passage& passage = *out.front();
    for (const EgressNeed& need : egress_needs())
      if (passage.host && is_asked(need, *passage.host) && !need.peer_zone.empty() && passage.zone->kind == need.peer_zone &&
          trunk_from(judgement.site, *passage.zone))
        egress.ask(need, out, "the zone " + passage.zone->name, nullptr, lines_to(judgement.site, *passage.zone));
  }
  for (const Host& host : judgement.site.hosts)
    for (const EgressNeed& need : egress_needs()) {
      if (!is_asked(need, host)) continue;
      for (const End& end : ends_of(judgement, need, host)) {
        if (egress.open_the_other_way(need, host, end)) continue;
        MaskedAddress to{end.address.family, end.address.value, address_max(end.address.family)};
        for (const WaysTo& ways : ways_to(judgement, host, false, {to}))
          egress.ask(need, ways.ways(), format_address(end.address), &end, end.lines);
      }
    }
  for (auto& [key, entry] : egress.found) {
    Finding& f = entry.finding;
    for (const std::string& piece : entry.pieces) f.message += (f.message.empty() ? "" : ", ") + piece;
    f.message = fmt::format("{} needs {}, which {} blocked on the way out", subject_of(*entry.host), f.message,
                            entry.pieces.size() == 1 ? "is" : "are");
    std::sort(f.rows.begin(), f.rows.end());
    f.rows.erase(std::unique(f.rows.begin(), f.rows.end()), f.rows.end());
    f.identity += '\n' + entry.host->name + '\n' + std::get<2>(key);
    findings.push_back(std::move(f));
  }
}

}  // namespace

const Check check::required_egress_blocked = {
    "required-egress-blocked", "a server the PBX uses cannot be reached from it", Level::warning, 0, "high", {"availability"}, run};

}  // namespace ipo
