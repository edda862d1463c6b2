// One finding for a system: there is one thing to do, and the release that does it is that of the gravest.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "parsers/ipoffice/settings.h"
#include "parsers/text/values.h"
#include "rules/findings/check_list.h"
#include "rules/findings/setting_findings.h"
#include "rules/matrix/vulnerabilities.h"

namespace ipo {
namespace {

// Programs on the administrator's computer belong to every system; SoftConsole to those with a receptionist.
bool has(const Site& site, const Host& host, const std::set<std::string>& products, const std::string& product) {
  if (product == "application-server") return host.platform == product;
  if (product == "softconsole")
    return std::any_of(site.records.begin(), site.records.end(), [](const Record& record) {
      const Setting* receptionist = record.field("user.receptionist");
      return receptionist && parse_flag(receptionist->value.value) == true;
    });
  return product == "ip-office" || product == "administration" || products.contains(product);
}

void run(const Judgement& judgement, Findings& findings) {
  std::set<std::string> products;
  for (const Host& host : judgement.site.hosts) products.insert(host.products.begin(), host.products.end());
  // --release chooses what to judge by; what is installed the site file or the export says.
  const Located<std::string>* declared =
      judgement.declared.release && judgement.declared.release->span != SourceSpan{} ? &*judgement.declared.release : nullptr;
  for (const Host& host : judgement.site.hosts) {
    std::optional<Release> stated;
    if (declared)
      stated = parse_release(declared->value);
    else if (host.release && !host.release->value.parts.empty())
      stated = host.release->value;
    if (!stated) continue;
    bool pbx = std::find(host.products.begin(), host.products.end(), "ip-office") != host.products.end();
    if (declared && !pbx) continue;
    const Release& release = *stated;
    Finding f;
    std::string proven, possible;
    // Why it is only possible: the release is incomplete, components may not be on this platform, or have a release of their own.
    bool of_release = false;
    std::set<std::string> of_platform, of_separate;
    for (const Vulnerability& v : vulnerabilities()) {
      if (!has(judgement.site, host, products, v.product)) continue;
      const AffectedReleases* range = nullptr;
      std::optional<Certainty> certainty = v.have(release, host.platform, range);
      if (!certainty) continue;
      std::string& list = *certainty == Certainty::proven ? proven : possible;
      list += fmt::format("{}{} ({}; fixed in {})", list.empty() ? "" : ", ", v.id, v.what, range->fixed);
      f.identity += '\n' + v.id;
      if (*certainty == Certainty::proven) continue;
      if (v.separate)
        of_separate.insert(v.component);
      else if (range->have(release) == Certainty::proven)
        of_platform.insert(v.component);
      else
        of_release = true;
    }
    if (proven.empty() && possible.empty()) continue;
    f.check = check::vulnerable_release.id;
    bool exported = host.release && host.release->value.parts == release.parts;
    f.span = exported ? host.release->span : declared->span;
    f.identity = host.name + f.identity;
    if (proven.empty()) {
      f.level = Level::warning;
      f.certainty = Certainty::possible;
      f.message = fmt::format("release {} of {} may have known vulnerabilities: {}", release.text(), name_of_host(host), possible);
      if (of_release) f.doubt.push_back({"which maintenance release it is, is not given", f.span});
      for (const std::string& component : of_separate)
        f.doubt.push_back({fmt::format("which release of {} runs is not given", component), f.span});
      for (const std::string& component : of_platform)
        f.doubt.push_back({fmt::format("the port matrix has no {} on this platform ({})", component, host.platform), f.span});
    } else {
      f.level = Level::error;
      f.message = fmt::format("release {} of {} has known vulnerabilities: {}", release.text(), name_of_host(host), proven);
      if (!possible.empty()) f.message += "; and may have " + possible;
    }
    findings.push_back(std::move(f));
  }
}

}  // namespace

const Check check::vulnerable_release = {"vulnerable-release",
                                         "the release of the PBX has published vulnerabilities",
                                         Level::error,
                                         9.8,
                                         "high",
                                         {"security", "external/cwe/cwe-1395"},
                                         run};

}  // namespace ipo
