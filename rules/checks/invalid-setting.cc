#include "parsers/settings.h"
#include "rules/checks/list.h"
#include "rules/judgement.h"

namespace ipo {
namespace {

// Of exports only: a site file with such a value is refused before anything is judged.
void run(const Judgement& judgement, Findings& findings) {
  for (const Host& host : judgement.site.hosts)
    for (const Setting& setting : host.settings) {
      const KnownSetting* known = find_setting(setting.key);
      std::string why = known ? refusal(*known, setting.value.value) : std::string();
      if (why.empty()) continue;
      Finding f;
      f.check = "invalid-setting";
      f.level = Level::warning;
      f.message = setting.key + " " + why + "; it takes " + describe_values(*known);
      f.span = setting.value.span;
      f.identity = host.name + '\n' + setting.key;
      findings.push_back(std::move(f));
    }
}

}  // namespace

const Check check::invalid_setting = {"invalid-setting", "a setting of an export has a value it cannot have", Level::warning, 2.0,
                                      "high", {"correctness"}, run};

}  // namespace ipo
