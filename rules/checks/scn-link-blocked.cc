// A link is signalling and media between the PBX and the peer's addresses, both ways. It is judged at the firewalls its packets
// meet: over a tunnel that ends elsewhere they pass a perimeter unseen.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "rules/blocked.h"
#include "rules/checks/list.h"
#include "rules/declared.h"
#include "rules/exposure_findings.h"
#include "rules/media.h"

namespace ipo {
namespace {

constexpr std::string_view scn_row = "ip-office/ingress/32", scn_out_row = "ip-office/egress/20", media_row = "ip-office/ingress/27",
                           media_out_row = "ip-office/egress/18", http_row = "ip-office/ingress/5", https_row = "ip-office/ingress/9";

struct Link {
  const Judgement& judgement;
  Findings& findings;

  void report(const Passage& way, const Peer& peer, PacketSet wanted, const std::string& what, std::vector<std::string> rows) {
    Finding f = blocked_finding(judgement, check::scn_link_blocked.id, Level::error, way, wanted);
    f.rows = std::move(rows);
    std::sort(f.rows.begin(), f.rows.end());
    f.message = fmt::format("the link {} {} is blocked: {} cannot pass", way.inbound ? "from" : "to", peer.name, what);
    f.related.push_back({"the peer is declared here", peer.span});
    f.identity += std::string(way.inbound ? "\nfrom " : "\nto ") + peer.name + '\n' + f.rows.front();
    findings.push_back(std::move(f));
  }

  // Either end opens the connection, so one way is enough.
  void ask_websocket(const std::vector<Passage>& ways, const Peer& peer) {
    const Passage* blocked = nullptr;
    PacketSet lost;
    IntervalSet lost_ports;
    for (const Passage& way : ways) {
      IntervalSet ports;
      for (std::string_view id : {http_row, https_row})
        if (const MatrixRow* row = judgement.matrix.find(id)) ports.add(way.inbound ? ports_of(*row, way.host) : row->port_set());
      PacketSet wanted = packets_to(way, proto_tcp, ports);
      if (way.inbound) wanted = judgement.exposure.before_path(way, wanted);
      if (!is_blocked(way, wanted)) return;
      if (!blocked || way.inbound) blocked = &way, lost = wanted, lost_ports = ports;
    }
    if (blocked) report(*blocked, peer, lost, "tcp/" + format_ports(lost_ports), {std::string(http_row), std::string(https_row)});
  }

  void ask(const Passage& way, const Peer& peer) {
    Space& s = way.chains->space();
    auto seen = [&](PacketSet wanted) { return way.inbound ? judgement.exposure.before_path(way, wanted) : wanted; };
    PacketSet wanted = seen(packets_to(way, proto_udp, IntervalSet::of(50795)));
    if (is_blocked(way, wanted))
      return report(way, peer, wanted, "udp/50795 (signalling)", {std::string(way.inbound ? scn_row : scn_out_row)});
    // Media from the other system goes to this one's range, and from this one's range to wherever the other says.
    MediaRange range = media_range(way.host, parse_release(judgement.matrix.release));
    PacketSet udp = s.test(Dimension::protocol, IntervalSet::of(proto_udp));
    Dimension side = way.inbound ? Dimension::destination_port : Dimension::source_port;
    PacketSet media = udp;
    if (!way.inbound) media = s.intersect(udp, s.test(Dimension::destination_port, range.needed));
    IntervalSet closed = range.needed.minus(s.project(s.intersect(way.possible, media), side));
    if (closed.empty()) return;
    PacketSet lost = seen(s.intersect(media, s.test(side, closed)));
    report(way, peer, lost, fmt::format("udp/{} of the media range {}", format_ports(closed), format_ports(range.needed)),
           {std::string(way.inbound ? media_row : media_out_row)});
  }
};

void run(const Judgement& judgement, Findings& findings) {
  Link link{judgement, findings};
  for (const Peer& peer : judgement.site.peers) {
    std::set<std::tuple<const Standing*, const Ruleset*, const Host*, Hook, bool>> met;
    std::map<std::pair<SourceSpan, const Host*>, std::vector<Passage>> websockets;  // by ruleset
    for (const auto& passage : judgement.exposure.passages()) {
      if (!passage->host || !is_pbx(*passage->host) || !passage->unlocated.empty()) continue;
      // A declared path carries what comes in from the outermost firewall on.
      if (passage->inbound && !passage->at->outermost) continue;
      if (!met.insert({passage->at, passage->ruleset, passage->host, passage->hook, passage->inbound}).second) continue;
      IntervalSet addresses;
      bool meets = true;
      for (const Located<MaskedAddress>& a : peer.addresses)
        if (a.value.family == passage->ruleset->family) {
          IntervalSet some = addresses_of(a.value);
          addresses.add(some);
          meets = meets && !some.empty() && comes_by(judgement, *passage, {a.value.family, some.begin()->lo});
        }
      if (addresses.empty() || !meets) continue;
      Passage way = passage_of(*passage, addresses);
      if (peer.link == "scn-websocket")
        websockets[{passage->ruleset->span, passage->host}].push_back(std::move(way));
      else
        link.ask(way, peer);
    }
    for (const auto& [key, ways] : websockets) link.ask_websocket(ways, peer);
  }
}

}  // namespace

const Check check::scn_link_blocked = {"scn-link-blocked", "a declared link to another IP Office is blocked", Level::error, 0,
                                       "high", {"availability"}, run};

}  // namespace ipo
