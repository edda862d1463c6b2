#include <fmt/format.h>

#include <unordered_set>

#include "parsers/model/number_set.h"
#include "rules/findings/check_list.h"
#include "rules/findings/users.h"
#include "rules/pbx/incomplete.h"

namespace ipo {
namespace {

// Needs the users as the system exports them: its public lists leave some out.
void run(const Judgement& judgement, Findings& findings) {
  const std::vector<User>& all = judgement.users;
  NumberSet numbers;
  numbers.reserve(all.size());
  bool exported = false;
  for (const User& user : all) {
    if (const Setting* number = user.field("user.extension"_key)) numbers.add(*number);
    for (const Record* record : user.records) exported = exported || record->type == "User";
  }
  if (!exported || systems_of(all) > 1 || !is_whole(judgement.site, "User")) return;
  Finding f;
  std::unordered_set<std::string_view> seen;
  for (const Record& record : judgement.site.records) {
    const Setting* number = record.type == "Extension" ? record.field("extension.number"_key) : nullptr;
    if (!number || number->value.value.empty() || numbers.contains(*number)) continue;
    if (!seen.insert(number->value.value).second) continue;
    if (f.named.empty()) f.span = number->value.span;
    f.named.push_back(number->value.value);
  }
  if (f.named.empty()) return;
  f.check = check::orphan_extension.id;
  f.level = Level::note;
  std::size_t n = f.named.size();
  f.message = fmt::format("{} extension{} of no user", n, n == 1 ? " is" : "s are");
  f.identity = "extension.number";
  findings.push_back(std::move(f));
}

}  // namespace

const Check check::orphan_extension = {"orphan-extension",
                                       "extensions belong to no user",
                                       Level::note,
                                       2.0,
                                       "medium",
                                       {"security", "maintainability", "external/cwe/cwe-286"},
                                       run};

}  // namespace ipo
