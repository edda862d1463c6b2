#include <algorithm>

#include "parsers/ipoffice/settings.h"
#include "parsers/text/values.h"
#include "rules/findings/check_list.h"
#include "rules/findings/judgement.h"

namespace ipo {
namespace {

// Another check speaks of numbers this setting cannot be.
bool spoken_of(const KnownSetting& known, const std::string& value) {
  if (!parse_number(value)) return false;
  return std::any_of(checks().begin(), checks().end(), [&](const Check& check) {
    return std::find(check.settings.begin(), check.settings.end(), known.key) != check.settings.end();
  });
}

// Of exports only: a site file with such a value is refused before anything is judged.
void run(const Judgement& judgement, Findings& findings) {
  for (const Host& host : judgement.site.hosts)
    for (const Setting& setting : host.settings) {
      const KnownSetting* known = find_setting(setting.key);
      std::string why = known ? refusal(*known, setting.value.value) : std::string();
      if (why.empty() || spoken_of(*known, setting.value.value)) continue;
      Finding f;
      f.check = "invalid-setting";
      f.level = Level::warning;
      f.message = setting.key.text() + " " + why;
      if (known->type != KnownSetting::Type::address) f.message += "; it takes " + describe_values(*known);
      f.span = setting.value.span;
      f.identity = host.name + '\n' + setting.key.text();
      findings.push_back(std::move(f));
    }
}

}  // namespace

const Check check::invalid_setting = {
    "invalid-setting", "a setting of an export has a value it cannot have", Level::warning, 0, "high", {"correctness"}, run};

}  // namespace ipo
