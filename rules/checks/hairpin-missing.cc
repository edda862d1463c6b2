// Phones are given a public address by their settings file. Of the forwards from that address to a host of the site each must
// require an interface of the internet, by itself or by the rules that call its chain: then none serves what comes from inside.
#include <fmt/format.h>

#include <algorithm>

#include "rules/checks/list.h"
#include "rules/exposure_findings.h"
#include "rules/join_dumps.h"
#include "rules/required.h"

namespace ipo {
namespace {

constexpr std::string_view keys[] = {"phone.http_server", "phone.tls_server", "phone.file_server_url", "phone.h323_gatekeepers",
                                     "phone.sip_controllers", "phone.sip_controllers_2"};

// The addresses written in "https://203.0.113.5:411/x", "203.0.113.5:5061;transport=tls,192.0.2.1".
std::vector<Address> addresses_in(std::string_view text) {
  std::vector<Address> out;
  while (!text.empty()) {
    std::size_t end = text.find_first_not_of("0123456789.");
    if (end == 0) {
      text.remove_prefix(1);
      continue;
    }
    if (auto address = parse_address(text.substr(0, end))) out.push_back(*address);
    text.remove_prefix(end == text.npos ? text.size() : end);
  }
  return out;
}

// The interfaces of the internet at a firewall, where they are known.
const std::vector<InterfaceTest>* internet_of(const Judgement& judgement, const Firewall& firewall) {
  for (const auto& p : judgement.exposure.passages())
    if (p->at->firewall == &firewall && !p->at->internet.empty()) return &p->at->internet;
  return nullptr;
}

// The forwards of an address to hosts of the site; none where one of them serves the inside as well.
std::vector<RuleRef> outside_only(const Site& site, const Firewall& firewall, const std::vector<InterfaceTest>& internet, Address given) {
  std::vector<RuleRef> out;
  bool inside = false;
  for (const Ruleset& ruleset : firewall.rulesets) {
    if (ruleset.family != given.family) continue;
    Callers callers = callers_of(ruleset);
    for (const Chain& chain : ruleset.chains)
      for (const Rule& rule : chain.rules) {
        if (rule.action.kind != ActionKind::translate_destination || is_supposed(rule) || chain.name == "OUTPUT") continue;
        bool to_host = std::any_of(site.hosts.begin(), site.hosts.end(), [&](const Host& host) {
          return std::any_of(host.addresses.begin(), host.addresses.end(), [&](const Located<Address>& a) {
            return a.value.family == given.family && rule.action.translation.addresses.contains(a.value.value);
          });
        });
        std::optional<IntervalSet> destinations = required(rule, Field::destination, address_max(ruleset.family));
        if (!to_host || (destinations && !destinations->contains(given.value))) continue;
        std::vector<InterfaceSeen> by = required_interfaces(callers, chain, rule, true);
        if (by.empty() || !std::all_of(by.begin(), by.end(), [&](const InterfaceSeen& i) { return has_interface(internet, i.test); }))
          inside = true;
        out.push_back({&chain, &rule});
      }
  }
  return inside ? std::vector<RuleRef>() : out;
}

void run(const Judgement& judgement, Findings& findings) {
  for (const Record& phones : judgement.site.records)
    for (std::string_view key : keys) {
      const Setting* setting = phones.type == "46xxsettings" ? phones.field(key) : nullptr;
      if (!setting) continue;
      for (Address given : addresses_in(setting->value.value))
        for (const Firewall& firewall : judgement.site.firewalls) {
          const std::vector<InterfaceTest>* internet = is_public(given) ? internet_of(judgement, firewall) : nullptr;
          if (!internet) continue;
          std::vector<RuleRef> forwards = outside_only(judgement.site, firewall, *internet, given);
          if (forwards.empty()) continue;
          Finding f;
          f.check = check::hairpin_missing.id;
          f.level = Level::warning;
          f.span = forwards.front().span();
          f.certainty = setting->conditional ? Certainty::possible : Certainty::proven;
          if (setting->conditional) f.doubt.push_back({"the file gives the address to some phones only", setting->value.span});
          f.message = fmt::format("phones are given {}, but its forward serves only what comes by {}: phones inside get no answer there",
                                  format_address(given), format_interface(internet->front()));
          f.related.push_back({"phones are given the address here", setting->value.span});
          f.identity = format_address(given) + '\n' + rule_text(judgement, forwards.front());
          // Several settings name one server.
          if (std::none_of(findings.begin(), findings.end(),
                           [&](const Finding& g) { return g.check == f.check && g.identity == f.identity; }))
            findings.push_back(std::move(f));
        }
    }
}

}  // namespace

const Check check::hairpin_missing = {"hairpin-missing", "phones inside are given a public address that only the outside can reach",
                                      Level::warning, 0, "medium", {"correctness", "external/cwe/cwe-684"}, run};

}  // namespace ipo
