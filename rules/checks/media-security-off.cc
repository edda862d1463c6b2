#include "parsers/text/letters.h"
#include "rules/findings/check_list.h"
#include "rules/findings/setting_findings.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  for (const Host& host : judgement.site.hosts)
    if (const Setting* media = host.setting("voip.media_security"); media && lower(media->value.value) == "disabled") {
      Finding f = setting_finding(check::media_security_off, Level::note, host, *media,
                                  "calls of " + name_of_host(host) + " are not encrypted: media security is disabled");
      f.rows = {"ip-office/ingress/27"};
      findings.push_back(std::move(f));
    }
}

}  // namespace

const Check check::media_security_off = {"media-security-off", "the PBX does not encrypt calls",     Level::note, 3.7,
                                         "very-high",          {"security", "external/cwe/cwe-319"}, run};

}  // namespace ipo
