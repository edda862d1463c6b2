// A member leaves the system where its number is no extension's, or where the user at it forwards the calls of his groups, too.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "rules/findings/check_list.h"
#include "rules/findings/users.h"
#include "rules/pbx/incomplete.h"
#include "rules/pbx/records.h"

namespace ipo {
namespace {

std::vector<std::string_view> members_of(std::string_view list) {
  std::vector<std::string_view> out;
  while (!list.empty()) {
    std::size_t bar = std::min(list.find('|'), list.size());
    if (bar > 0) out.push_back(list.substr(0, bar));
    list.remove_prefix(std::min(bar + 1, list.size()));
  }
  return out;
}

void run(const Judgement& judgement, Findings& findings) {
  const Site& site = judgement.site;
  if (std::any_of(site.hosts.begin(), site.hosts.end(),
                  [](const Host& h) { return h.flag("telephony.inhibit_off_switch") == true; }))
    return;
  const std::size_t own = judgement.longest_own_number;
  std::set<std::string_view> forwarding;  // numbers of users who send their groups' calls outside
  for (const User& user : judgement.users)
    if (user.flag("user.forward_unconditional"_key) == true && user.flag("user.forward_hunt_group_calls"_key) == true &&
        user.flag("user.block_forwarding"_key) != true && user.flag("user.outgoing_call_bar"_key) != true &&
        is_external(user.text("user.forward_number"_key), own))
      forwarding.insert(user.number());
  const std::size_t before = findings.size();
  DifferentRecords different;
  for (const Record& record : site.records) {
    const Setting *members = record.type == "HuntGroup" ? record.field("hunt_group.members"_key) : nullptr,
                  *name = record.field("hunt_group.name"_key);
    if (!members || !different.add(record)) continue;
    std::size_t outside = 0, sent_on = 0;
    for (std::string_view member : members_of(members->value.value)) {
      outside += is_external(member, own);
      sent_on += forwarding.contains(member);
    }
    if (outside + sent_on == 0) continue;
    Finding f;
    f.check = check::hunt_group_dials_out.id;
    f.level = Level::note;
    std::string who = outside == 0 ? "" : fmt::format("{} number{} outside", outside, outside == 1 ? "" : "s");
    if (sent_on > 0)
      who += fmt::format("{}{} member{} who send{} them outside", who.empty() ? "" : " and to ", sent_on, sent_on == 1 ? "" : "s",
                         sent_on == 1 ? "s" : "");
    f.message = fmt::format("calls of the hunt group {}go to {}", name ? "'" + name->value.value + "' " : "", who);
    f.span = members->value.span;
    f.identity = name ? name->value.value : record.id;
    findings.push_back(std::move(f));
  }
  doubt_own_numbers(site, std::span(findings).subspan(before));
}

}  // namespace

const Check check::hunt_group_dials_out = {"hunt-group-dials-out",
                                           "calls for a hunt group leave the system",
                                           Level::note,
                                           3.1,
                                           "medium",
                                           {"security", "external/cwe/cwe-284"},
                                           run};

}  // namespace ipo
