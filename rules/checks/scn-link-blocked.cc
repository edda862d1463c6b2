// A link is signalling and media between the PBX and the peer's addresses, both ways. It is judged at the firewalls its packets
// meet: over a tunnel that ends elsewhere they pass a perimeter unseen.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "rules/findings/blocked.h"
#include "rules/findings/check_list.h"
#include "rules/findings/exposure_findings.h"
#include "rules/findings/lost_media.h"
#include "rules/site/declared.h"

namespace ipo {
namespace {

constexpr std::string_view scn_row = "ip-office/ingress/32", scn_out_row = "ip-office/egress/20",
                           media_row = "ip-office/ingress/27", media_out_row = "ip-office/egress/18",
                           h323_row = "ip-office/ingress/14", http_row = "ip-office/ingress/5", https_row = "ip-office/ingress/9";

struct Link {
  const Judgement& judgement;
  Findings& findings;
  const Peer& peer;

  PacketSet seen(const Passage& way, PacketSet wanted) const {
    return way.inbound ? judgement.exposure.before_path(way, wanted) : wanted;
  }

  void report(const Blocked& lost, const std::string& what, std::vector<std::string> rows, Level level = Level::error) {
    Finding f = blocked_finding(judgement, check::scn_link_blocked.id, level, lost);
    if (level == Level::note) {
      f.certainty = Certainty::possible;
      f.doubt.push_back({"which lines the two have is not told", peer.span});
    }
    f.rows = std::move(rows);
    std::sort(f.rows.begin(), f.rows.end());
    f.message = fmt::format("the link {} {} is blocked: {}", lost.passage->inbound ? "from" : "to", peer.name,
                            lost.no_forward ? lost.message(judgement, what, false) : what + " cannot pass");
    f.related.push_back({"the peer is declared here", peer.span});
    f.identity += std::string(lost.passage->inbound ? "\nfrom " : "\nto ") + peer.name + '\n' + f.rows.front();
    if (level == Level::note) f.identity += "\nline";
    findings.push_back(std::move(f));
  }

  // Either end opens the connection, so one way is enough.
  void ask_websocket(const std::vector<const WaysTo*>& both) {
    std::optional<Blocked> lost;
    IntervalSet lost_ports;
    for (const WaysTo* ways : both) {
      IntervalSet ports;
      for (std::string_view id : {http_row, https_row})
        if (const MatrixRow* row = judgement.matrix.find(id))
          ports.add(ways->inbound ? ports_of(*row, ways->host) : row->port_set());
      std::optional<Blocked> here =
          blocked(judgement, ways->ways(), [&](const Passage& way) { return seen(way, requests_to(way, proto_tcp, ports)); });
      if (!here) return;
      if (!lost || ways->inbound) lost = std::move(here), lost_ports = ports;
    }
    if (lost) report(*lost, "tcp/" + format_ports(lost_ports), {std::string(http_row), std::string(https_row)});
  }

  // Which lines the link has nobody says; of a peer that is not seen at all they are no news.
  void ask_line(const WaysTo& to) {
    const MatrixRow* row = judgement.matrix.find(h323_row);
    if (!row) return;
    std::optional<Blocked> lost =
        blocked(judgement, to.ways(), [&](const Passage& way) { return seen(way, requests_to(way, proto_tcp, row->port_set())); });
    if (lost)
      report(*lost, "tcp/" + format_ports(row->port_set()) + " (calls of an H.323 line)",
             {std::string(to.inbound ? h323_row : scn_out_row)}, Level::note);
  }

  void ask(const WaysTo& to) {
    std::optional<Blocked> lost = blocked(
        judgement, to.ways(), [&](const Passage& way) { return seen(way, requests_to(way, proto_udp, IntervalSet::of(50795))); });
    if (lost) return report(*lost, "udp/50795 (signalling)", {std::string(to.inbound ? scn_row : scn_out_row)});
    ask_line(to);
    // Media from the other system goes to this one's range, and from this one's range to wherever the other says.
    // Which LAN they come by is not said: one that leads them is enough.
    MediaRange range;
    std::optional<LostMedia> media;
    for (const HostAt& part : media_parts(judgement, *to.ways().front())) {
      MediaRange of_part = calls_media(judgement, part.host);
      std::optional<LostMedia> here =
          lost_media(judgement, to.ways(), part, of_part.needed, to.inbound ? IntervalSet() : of_part.needed);
      if (!here) return;
      if (!media) media = std::move(here), range = std::move(of_part);
    }
    report(media->blocked, fmt::format("udp/{} of the media range {}", format_ports(media->closed), format_ports(range.needed)),
           {std::string(to.inbound ? media_row : media_out_row)});
  }
};

void run(const Judgement& judgement, Findings& findings) {
  for (const Peer& peer : judgement.site.peers) {
    Link link{judgement, findings, peer};
    std::vector<MaskedAddress> addresses;
    for (const Located<MaskedAddress>& a : peer.addresses) addresses.push_back(a.value);
    std::vector<WaysTo> all;
    for (const Host& host : judgement.site.hosts)
      for (bool inbound : {true, false})
        if (is_pbx(host))
          for (WaysTo& to : ways_to(judgement, host, inbound, addresses, peer.over == "vpn" || peer.over == "lan"))
            all.push_back(std::move(to));
    std::map<std::pair<const Host*, const Standing*>, std::vector<const WaysTo*>> both;  // directions
    for (const WaysTo& to : all) {
      if (peer.link == "scn-websocket")
        both[{to.host, to.series}].push_back(&to);
      else
        link.ask(to);
    }
    for (const auto& [of, to] : both) link.ask_websocket(to);
  }
}

}  // namespace

const Check check::scn_link_blocked = {
    "scn-link-blocked", "a declared link to another IP Office is blocked", Level::error, 0, "high", {"availability"}, run};

}  // namespace ipo
