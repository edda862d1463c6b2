#include <fmt/format.h>

#include "rules/findings/blocked.h"
#include "rules/findings/check_list.h"
#include "rules/findings/exposure_findings.h"
#include "rules/findings/opened_media.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  for (const OpenedMedia& media : judgement.opened_media) {
    IntervalSet ports = IntervalSet::range(media.ports.lo, media.ports.hi);
    u128 opened = ports.size(), needed = media.needed.size();
    if (!media.too_wide() || media.by_forward) continue;
    const Opening& o = *media.opening;
    std::string also;
    std::size_t named = 0;
    for (const MatrixRow* row : media.services)
      if (named++ < 4)
        also += (also.empty() ? "" : ", ") + ("udp/" + format_ports(ports_of(*row, o.passage->host))) +
                (row->application.empty() || row->application == "Proprietary" ? "" : " (" + row->application + ")");
    if (named > 4) also += fmt::format(" and {} more", named - 4);
    Space& s = o.passage->chains->space();
    PacketSet wanted = judgement.exposure.before_path(*o.passage, packets_to(*o.passage, proto_udp, ports));
    Certainty certainty = media.proven && !s.disjoint(wanted, o.proven) ? Certainty::proven : Certainty::possible;
    Finding f = finding_at(judgement, check::rtp_range_too_wide.id, o, wanted, certainty);
    f.level = level_at(Level::warning, o);
    f.rows = {"ip-office/ingress/27"};
    f.message = fmt::format("udp/{} is opened for media{}, {} ports where calls use {} ({}){}", format_ports(ports), if_routed(o),
                            static_cast<std::uint64_t>(opened), static_cast<std::uint64_t>(needed), format_ports(media.needed),
                            also.empty() ? "" : "; it lets in " + also);
    findings.push_back(std::move(f));
  }
}

}  // namespace

const Check check::rtp_range_too_wide = {"rtp-range-too-wide",
                                         "the firewall opens far more ports for media than calls use",
                                         Level::warning,
                                         5.3,
                                         "high",
                                         {"security", "external/cwe/cwe-284"},
                                         run};

}  // namespace ipo
