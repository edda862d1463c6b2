// Every interval of public sources a line lets in beside "anyone" is one source; its lines and rows are gathered.
#include "rules/findings/undeclared_sources.h"

#include <map>

namespace ipo {
namespace {

constexpr std::size_t interval_limit = 8;  // a line with more is one source: a list or a negation

}  // namespace

bool is_of_calls(std::string_view row) {
  return row == "ip-office/ingress/16" || row == "ip-office/ingress/27" || row == "ip-office/ingress/46";
}

IntervalSet peers_linked_by(const Site& site, std::string_view row, Family family) {
  bool scn = row == "ip-office/ingress/32" || row == "ip-office/ingress/27" || row == "ip-office/ingress/14";
  bool websocket = row == "ip-office/ingress/5" || row == "ip-office/ingress/9";
  IntervalSet out;
  for (const Peer& peer : site.peers)
    if ((scn && peer.link == "scn") || (websocket && peer.link == "scn-websocket"))
      for (const Located<MaskedAddress>& address : peer.addresses)
        if (address.value.family == family) out.add(addresses_of(address.value));
  return out;
}

std::vector<UndeclaredSource> undeclared_sources(const Site& site, const Exposure& exposure) {
  std::map<std::pair<std::string, std::string>, UndeclaredSource> groups;
  // What the site's own hosts send is no stranger's.
  std::map<Family, IntervalSet> own_addresses;
  for (const Host& host : site.hosts)
    for (Family family : {Family::ipv4, Family::ipv6}) own_addresses[family].add(addresses_in(host, family));
  for (const Opening& o : exposure.openings()) {
    Family family = o.passage->ruleset->family;
    if (!o.located()) continue;
    const IntervalSet& own = own_addresses[family];
    for (const RowHit& hit : o.hits) {
      if (hit.any) continue;
      auto add = [&](const IntervalSet& addresses) {
        std::string text = format_addresses(addresses, family);
        UndeclaredSource& source = groups[{text, o.zone()}];
        if (source.exposed.empty()) source = {addresses, family, text, o.zone(), {}};
        source.exposed.push_back({&o, hit});
      };
      // Who is no peer where peers are declared is scn-exposed's.
      IntervalSet peers = peers_linked_by(site, hit.row->id, family);
      if (!peers.empty() && hit.row->id == "ip-office/ingress/32") continue;
      IntervalSet sources = public_part(hit.sources, family).minus(peers).minus(own);
      if (sources.intervals().size() > interval_limit)
        add(sources);
      else
        for (const Interval& i : sources) add(IntervalSet::range(i.lo, i.hi));
    }
  }
  std::vector<UndeclaredSource> out;
  for (auto& [key, source] : groups) out.push_back(std::move(source));
  return out;
}

}  // namespace ipo
