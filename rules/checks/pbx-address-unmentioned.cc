// What is judged is judged for the address that was given; where nothing knows it, silence proves nothing.
#include <algorithm>

#include "rules/findings/check_list.h"
#include "rules/findings/judgement.h"
#include "rules/site/unknown_pbx.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  std::vector<const Standing*> standings;
  for (const auto& passage : judgement.exposure.passages())
    if (std::find(standings.begin(), standings.end(), passage->at) == standings.end()) standings.push_back(passage->at);
  for (const UnknownPbx& unknown : unknown_pbxes(judgement.site, standings)) {
    Finding f;
    f.check = check::pbx_address_unmentioned.id;
    f.level = unknown.neighbour ? Level::note : Level::warning;
    f.message = format_unknown(unknown);
    f.span = unknown.declared ? unknown.host->addresses.front().span : unknown.known.front().span;
    for (std::size_t i = 0; i < unknown.known.size() && i < 3; ++i)
      f.related.push_back({format_address(unknown.known[i].address) + " is known from here", unknown.known[i].span});
    f.identity = addresses_of(unknown);
    findings.push_back(std::move(f));
  }
}

}  // namespace

const Check check::pbx_address_unmentioned = {"pbx-address-unmentioned",
                                              "the address given for the PBX is named by no rule, port forward or export",
                                              Level::warning,
                                              0,
                                              "medium",
                                              {"correctness"},
                                              run};

}  // namespace ipo
