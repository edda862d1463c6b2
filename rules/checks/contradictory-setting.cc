#include "rules/findings/check_list.h"
#include "rules/findings/judgement.h"
#include "rules/findings/setting_findings.h"

namespace ipo {
namespace {

std::string shown(const Setting& setting) { return setting.secret ? "another value" : "'" + setting.value.value + "'"; }

void run(const Judgement& judgement, Findings& findings) {
  for (const Host& host : judgement.site.hosts)
    for (const Contradiction& c : host.contradictions) {
      Finding f;
      f.check = "contradictory-setting";
      f.level = Level::warning;
      f.message =
          c.other.key.text() + " of " + name_of_host(host) + " is " + shown(c.other) + " here and " + shown(c.holds) + " elsewhere";
      f.span = c.other.value.span;
      f.related.push_back({"this value is used", c.holds.value.span});
      f.identity = host.name + '\n' + c.other.key.text();
      findings.push_back(std::move(f));
    }
}

}  // namespace

const Check check::contradictory_setting = {
    "contradictory-setting", "two inputs give a setting different values", Level::warning, 0, "very-high", {"correctness"}, run};

}  // namespace ipo
