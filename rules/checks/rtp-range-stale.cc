#include <fmt/format.h>

#include <algorithm>

#include "rules/findings/blocked.h"
#include "rules/findings/check_list.h"
#include "rules/findings/exposure_findings.h"
#include "rules/findings/opened_media.h"

namespace ipo {
namespace {

// Voicemail audio, System Monitor, signalling between systems.
bool is_grave(const MatrixRow* row) {
  return row->id == "ip-office/ingress/29" || row->id == "ip-office/ingress/31" || row->id == "ip-office/ingress/32";
}

void run(const Judgement& judgement, Findings& findings) {
  for (const OpenedMedia& media : judgement.opened_media) {
    if (!media.stale || media.needed.empty() || media.by_forward) continue;
    const Opening& o = *media.opening;
    std::string also;
    std::vector<const MatrixRow*> grave;
    std::copy_if(media.services.begin(), media.services.end(), std::back_inserter(grave), is_grave);
    for (const MatrixRow* row : grave)
      also += (also.empty() ? "" : ", ") + ("udp/" + format_ports(ports_of(*row, o.passage->host))) + " (" + row->application + ")";
    Space& s = o.passage->chains->space();
    IntervalSet ports = IntervalSet::range(media.ports.lo, media.ports.hi);
    PacketSet wanted = judgement.exposure.before_path(*o.passage, packets_to(*o.passage, proto_udp, ports));
    Certainty certainty = media.proven && !s.disjoint(wanted, o.proven) ? Certainty::proven : Certainty::possible;
    Finding f = finding_at(judgement, check::rtp_range_stale.id, o, wanted, certainty);
    f.level = level_at(grave.empty() ? Level::warning : Level::error, o);
    // The services inside it have no findings of their own: this line is their cause.
    f.rows = {"ip-office/ingress/27"};
    for (const MatrixRow* row : media.services) f.rows.push_back(row->id);
    std::sort(f.rows.begin(), f.rows.end());
    f.message =
        fmt::format("udp/{} is the media range of {}{}; calls here use {}{}", format_ports(ports), media.stale->releases,
                    if_routed(o), format_ports(media.needed), also.empty() ? "" : ", and the line opens " + also + " as well");
    findings.push_back(std::move(f));
  }
}

}  // namespace

const Check check::rtp_range_stale = {"rtp-range-stale",
                                      "the firewall opens the media range of another release",
                                      Level::error,
                                      7.0,
                                      "high",
                                      {"security", "external/cwe/cwe-284"},
                                      run};

}  // namespace ipo
