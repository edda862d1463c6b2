// Phones are given a public address by their settings file. Of the forwards of what they send there to a host of the site each must
// require an interface of the internet, by itself or by the rules that call its chain: then none serves what comes from inside.
#include <fmt/format.h>

#include <algorithm>

#include "rules/findings/check_list.h"
#include "rules/findings/exposure_findings.h"
#include "rules/findings/phone_servers.h"
#include "rules/site/internet.h"
#include "rules/site/join_dumps.h"
#include "rules/site/required.h"

namespace ipo {
namespace {

// The interfaces of the internet at a firewall, where they are known.
const std::vector<InterfaceTest>* internet_of(const Judgement& judgement, const Firewall& firewall) {
  for (const auto& p : judgement.exposure.passages())
    if (p->at->firewall == &firewall && !p->at->internet.empty()) return &p->at->internet;
  return nullptr;
}

// Interfaces that rules name and that are not the internet's, tunnels' or loopback.
std::vector<InterfaceTest> inside_of(const Firewall& firewall, const std::vector<InterfaceTest>& internet) {
  std::vector<InterfaceTest> out;
  each_rule(firewall, [&](const Ruleset&, const Chain&, const Rule& rule) {
    for (const Condition& c : rule.conditions)
      each_test<InterfaceTest>(c, [&](const InterfaceTest& test) {
        if (!test.name.empty() && test.name != "lo" && !is_tunnel(test.name) && !has_interface(internet, test) &&
            !has_interface(out, test))
          out.push_back(test);
      });
  });
  return out;
}

// "! -i br-lan" where nothing else is inside.
bool leaves_out_inside(const Rule& rule, const std::vector<InterfaceTest>& inside) {
  std::vector<InterfaceTest> left_out;
  for (const Condition& c : rule.conditions)
    if (auto* test = c.any_of.size() == 1 && c.negated ? std::get_if<InterfaceTest>(&c.any_of.front()) : nullptr)
      if (test->incoming) left_out.push_back(*test);
  return !inside.empty() &&
         std::all_of(inside.begin(), inside.end(), [&](const InterfaceTest& i) { return has_interface(left_out, i); });
}

// The forwards of what phones send there to hosts of the site; none where one of them serves the inside as well.
std::vector<RuleRef> outside_only(const Site& site, const Firewall& firewall, const std::vector<InterfaceTest>& internet,
                                  const PhoneServer::Place& given) {
  std::vector<RuleRef> out;
  bool inside = false;
  for (const Ruleset& ruleset : firewall.rulesets) {
    if (ruleset.family != given.address.family) continue;
    Callers callers = callers_of(ruleset);
    for (const Chain& chain : ruleset.chains)
      for (const Rule& rule : chain.rules) {
        if (rule.action.kind != ActionKind::translate_destination || is_supposed(rule)) continue;
        if (is_chain_at(ruleset, chain, Hook::output)) continue;
        bool to_host = std::any_of(site.hosts.begin(), site.hosts.end(), [&](const Host& host) {
          return std::any_of(host.addresses.begin(), host.addresses.end(), [&](const Located<Address>& a) {
            return a.value.family == given.address.family && rule.action.translation.addresses.contains(a.value.value);
          });
        });
        std::optional<IntervalSet> destinations = required(rule, Field::destination, address_max(ruleset.family));
        std::optional<IntervalSet> protocols = required(rule, Field::protocol, 255),
                                   ports = required(rule, Field::destination_port, 65535);
        if (!to_host || (destinations && !destinations->contains(given.address.value)) ||
            (protocols && !protocols->contains(given.protocol)) || (ports && !ports->intersects(given.ports)))
          continue;
        std::vector<InterfaceSeen> by = required_interfaces(callers, chain, rule, true);
        bool of_internet = !by.empty() && std::all_of(by.begin(), by.end(),
                                                      [&](const InterfaceSeen& i) { return has_interface(internet, i.test); });
        if (!of_internet && !leaves_out_inside(rule, inside_of(firewall, internet))) inside = true;
        out.push_back({&chain, &rule});
      }
  }
  return inside ? std::vector<RuleRef>() : out;
}

void run(const Judgement& judgement, Findings& findings) {
  for (const NamedServer& server : servers_named_to_phones(judgement.site)) {
    const Setting& setting = *server.named_by;
    const Address given = server.place.address;
    for (const Firewall& firewall : judgement.site.firewalls) {
      const std::vector<InterfaceTest>* internet = is_public(given) ? internet_of(judgement, firewall) : nullptr;
      if (!internet) continue;
      std::vector<RuleRef> forwards = outside_only(judgement.site, firewall, *internet, server.place);
      if (forwards.empty()) continue;
      Finding f;
      f.check = check::hairpin_missing.id;
      f.level = Level::warning;
      f.span = forwards.front().span();
      f.certainty = setting.conditional ? Certainty::possible : Certainty::proven;
      if (setting.conditional) f.doubt.push_back({"the file gives the address to some phones only", setting.value.span});
      f.message =
          fmt::format("phones are given {}, but its forward serves only what comes by {}: phones inside get no answer there",
                      format_address(given), format_interface(internet->front()));
      f.related.push_back({"phones are given the address here", setting.value.span});
      f.identity = format_address(given) + '\n' + rule_text(judgement, forwards.front());
      // Several settings name one server, and one setting may ask for several ports of it.
      auto told = std::find_if(findings.begin(), findings.end(), [&](const Finding& g) {
        return g.check == f.check && (g.identity == f.identity || (g.related.front().span == setting.value.span &&
                                                                   g.identity.starts_with(format_address(given) + '\n')));
      });
      if (told == findings.end())
        findings.push_back(std::move(f));
      else if (told->identity != f.identity)
        told->related.push_back({"so does this forward", f.span});
    }
  }
}

}  // namespace

const Check check::hairpin_missing = {"hairpin-missing",
                                      "phones inside are given a public address that only the outside can reach",
                                      Level::warning,
                                      0,
                                      "medium",
                                      {"correctness", "external/cwe/cwe-684"},
                                      run};

}  // namespace ipo
