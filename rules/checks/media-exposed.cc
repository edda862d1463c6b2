// What calls need is no finding: where media has to come in from the internet, only ports beyond the needed range are
// left. The range of WebRTC is needed by declared WebRTC users.

#include "rules/exposure/media.h"
#include "rules/findings/check_list.h"
#include "rules/findings/exposure_findings.h"

namespace ipo {
namespace {

// Ports of the hit that calls need from there.
IntervalSet needed(const Judgement& judgement, const Exposed& exposed) {
  const Site& site = judgement.site;
  const Passage& passage = *exposed.opening->passage;
  if (exposed.hit.row->id == "ip-office/ingress/46") {
    bool webrtc = site.remote_workers && site.remote_workers->value == "webrtc";
    return webrtc ? exposed.hit.ports : IntervalSet();
  }
  if (!needs_media(site, passage, exposed.hit.host, true, true)) return {};
  MediaRange range = media_range(exposed.hit.host, parse_release(judgement.matrix.release));
  return range.needed.united(range.perhaps).united(range.through_nat);
}

void run(const Judgement& judgement, Findings& findings) {
  for (const auto& group : exposed_rows(judgement, check::media_exposed)) {
    std::vector<Exposed> left;
    bool some_needed = false;
    for (Exposed e : group) {
      IntervalSet need = needed(judgement, e).intersected(e.hit.ports);
      some_needed = some_needed || !need.empty();
      e.hit.ports = e.hit.ports.minus(need);
      if (!e.hit.ports.empty()) left.push_back(std::move(e));
    }
    if (left.empty()) continue;
    Finding f = exposed_finding(judgement, check::media_exposed, Level::note, left, "media");
    f.message += some_needed ? ", beyond the range calls need" : ", and no call is known to need it";
    findings.push_back(std::move(f));
  }
}

}  // namespace

const Check check::media_exposed = {"media-exposed",
                                    "ports for audio and video are open to the internet without a call that needs them",
                                    Level::note,
                                    3.1,
                                    "medium",
                                    {"security", "external/cwe/cwe-284"},
                                    run,
                                    false,
                                    {"ip-office/ingress/27", "ip-office/ingress/46"}};

}  // namespace ipo
