// A range that was configured is held against the UDP ports of everything else on the host. One that is the default of its
// release, or of any where that is not known, was chosen by the vendor, who keeps its own services out of the way.
#include <fmt/format.h>

#include <algorithm>

#include "rules/exposure/media.h"
#include "rules/findings/check_list.h"
#include "rules/findings/setting_findings.h"
#include "rules/pbx/own_ports.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  for (const Host& host : judgement.site.hosts)
    for (std::string_view lan : lans)
      for (const RangeSettings& range : range_settings(host, lan)) {
        std::optional<std::uint32_t> lo = host.number(range.first), hi = host.number(range.last);
        if (!lo || !hi || *hi < *lo || *hi > 65535) continue;
        std::vector<Interval> defaults = default_media_ranges(stated_release(judgement, host), host.platform);
        if (std::find(defaults.begin(), defaults.end(), Interval{*lo, *hi}) != defaults.end()) continue;
        std::string what;
        std::vector<std::string> rows = {"ip-office/ingress/27"};
        for (const OwnPort& other : own_ports(judgement.matrix, host, proto_udp)) {
          IntervalSet shared = other.ports.intersected(IntervalSet::range(*lo, *hi));
          if (other.row->id == rows.front() || shared.empty()) continue;
          what += (what.empty() ? "" : ", ") + fmt::format("{} ({})", format_ports(shared), other.what());
          rows.push_back(other.row->id);
        }
        if (rows.size() == 1) continue;
        std::sort(rows.begin(), rows.end());
        Finding f = setting_finding(check::rtp_overlaps_services, Level::error, host, *host.setting(range.first),
                                    fmt::format("the {} {}-{} of {} of {} takes in ports of other services: udp/{}", range.name,
                                                *lo, *hi, lan_name(lan), name_of_host(host), what));
        f.related.push_back({"it ends here", host.setting(range.last)->value.span});
        f.rows = std::move(rows);
        findings.push_back(std::move(f));
      }
}

}  // namespace

const Check check::rtp_overlaps_services = {"rtp-overlaps-services",
                                            "the configured media range takes in ports of other services",
                                            Level::error,
                                            7.0,
                                            "high",
                                            {"security", "correctness", "external/cwe/cwe-694"},
                                            run};

}  // namespace ipo
