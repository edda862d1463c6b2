#include <fmt/format.h>

#include "parsers/ipoffice/settings.h"
#include "rules/exposure/media.h"
#include "rules/findings/check_list.h"
#include "rules/findings/setting_findings.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  const Check& check = check::rtp_range_invalid;
  report_outside(judgement, findings, check);
  for (const Host& host : judgement.site.hosts)
    for (std::string_view lan : lans)
      for (const RangeSettings& range : range_settings(host, lan)) {
        const auto& [first, last, name] = range;
        std::optional<std::uint32_t> lo = host.number(first), hi = host.number(last);
        std::string whose = lan_name(lan) + " of " + name_of_host(host);
        if (std::uint32_t step = find_setting(first)->multiple_of; lo && *lo % step != 0)
          findings.push_back(
              setting_finding(check, Level::error, host, *host.setting(first),
                              fmt::format("the {} of {} starts at the odd port {}: RTP takes even ports and RTCP the odd one above",
                                          name, whose, *lo),
                              first + " odd"));
        std::uint32_t least = find_setting(last)->span_least;
        if (!lo || !hi || (*hi >= *lo && *hi - *lo >= least)) continue;
        Finding f =
            setting_finding(check, Level::error, host, *host.setting(last),
                            *hi < *lo ? fmt::format("the {} of {} ends at {}, before it starts at {}", name, whose, *hi, *lo)
                                      : fmt::format("the {} of {} has {} ports, {}-{}; it takes at least {}", name, whose,
                                                    *hi - *lo + 1, *lo, *hi, least + 1),
                            last + " span");
        f.related.push_back({"it starts here", host.setting(first)->value.span});
        findings.push_back(std::move(f));
      }
  for (Finding& f : findings)
    if (f.check == check.id) f.rows = {"ip-office/ingress/27"};
}

}  // namespace

const Check check::rtp_range_invalid = {"rtp-range-invalid",
                                        "the media range is none the PBX can use",
                                        Level::error,
                                        0,
                                        "very-high",
                                        {"correctness"},
                                        run,
                                        false,
                                        {},
                                        {"lan1.rtp.min", "lan1.rtp.max", "lan2.rtp.min", "lan2.rtp.max"}};

}  // namespace ipo
