// Helpers are given to connections by -j CT --helper; a rule that accepts by -m helper counts on somebody's having done so,
// which since Linux 4.7 nobody does unasked.
#include <fmt/format.h>

#include "rules/findings/check_list.h"
#include "rules/findings/exposure_findings.h"
#include "rules/site/required.h"

namespace ipo {
namespace {

// "sip" of "... --helper sip ..."; empty where the text has none.
std::string_view helper_in(std::string_view text) {
  std::size_t at = text.find("--helper ");
  if (at == text.npos) return {};
  text.remove_prefix(at + 9);
  if (text.starts_with('"')) text.remove_prefix(1);
  return text.substr(0, text.find_first_of("\" \t-"));
}

bool is_telephony(std::string_view helper) {
  return helper == "sip" || helper == "RAS" || helper == "Q.931" || helper == "H.245" || helper == "h323";
}

void run(const Judgement& judgement, Findings& findings) {
  for (const Firewall& firewall : judgement.site.firewalls)
    for (const Ruleset& ruleset : firewall.rulesets) {
      std::set<std::size_t> called = called_chains(ruleset);
      std::vector<std::pair<RuleRef, std::string_view>> given, counted_on;
      for (std::size_t c = 0; c < ruleset.chains.size(); ++c)
        for (const Rule& rule : ruleset.chains[c].rules) {
          std::string_view helper =
              called.contains(c) ? helper_in(judgement.sources[rule.span.source].slice(rule.span)) : std::string_view();
          if (!is_telephony(helper)) continue;
          if (rule.action.name == "CT") given.push_back({{&ruleset.chains[c], &rule}, helper});
          if (rule.action.kind == ActionKind::accept) counted_on.push_back({{&ruleset.chains[c], &rule}, helper});
        }
      bool sure = !given.empty();
      for (const auto& [at, helper] : sure ? given : counted_on) {
        Finding f;
        f.check = check::sip_alg_enabled.id;
        f.level = sure ? Level::warning : Level::note;
        f.span = at.span();
        f.message = sure ? fmt::format("the helper {} reads and rewrites calls on their way", helper)
                         : fmt::format("this rule counts on the helper {}, which no rule of the dump switches on", helper);
        f.identity = rule_text(judgement, at);
        findings.push_back(std::move(f));
      }
    }
}

}  // namespace

const Check check::sip_alg_enabled = {"sip-alg-enabled",
                                      "the firewall has a helper for SIP or H.323 look into calls",
                                      Level::warning,
                                      0,
                                      "high",
                                      {"availability"},
                                      run};

}  // namespace ipo
