// Users are joined first, so that one user whom two exports list is one. Extensions are told apart by their GUIDs or ids.
#include <fmt/format.h>

#include <map>
#include <set>

#include "rules/checks/list.h"
#include "rules/users.h"

namespace ipo {
namespace {

struct Holder {
  const Setting* number;
  std::string who;
};
using Holders = std::map<std::string, std::vector<Holder>, std::less<>>;  // by number

void report(Findings& findings, const Holders& holders, std::string_view what) {
  Finding f;
  std::size_t numbers = 0;
  for (const auto& [number, by] : holders) {
    if (by.size() < 2) continue;
    if (++numbers == 1) {
      f.span = by[1].number->value.span;
      f.related.push_back({"the same number", by[0].number->value.span});
    }
    for (const Holder& holder : by) f.named.push_back(holder.who);
  }
  if (numbers == 0) return;
  f.check = check::duplicate_extension.id;
  f.level = Level::warning;
  f.message = fmt::format("{} number{} given to more than one {}", numbers, numbers == 1 ? " is" : "s are", what);
  f.identity = what;
  findings.push_back(std::move(f));
}

void run(const Judgement& judgement, Findings& findings) {
  Holders users, extensions;
  const std::vector<User>& all = judgement.users;
  for (const User& user : all)
    if (const Setting* number = user.field("user.extension"); number && !number->value.value.empty())
      users[number->value.value].push_back({number, user.label()});
  std::set<std::pair<std::string, std::string>> seen;
  for (const Record& record : judgement.site.records) {
    const Setting* number = record.type == "Extension" ? record.field("extension.number") : nullptr;
    if (!number || number->value.value.empty()) continue;
    const Setting* id = record.field("extension.id");
    std::string which = !record.id.empty() ? record.id : id ? id->value.value : "";
    // Without either, two records may be one extension in two exports.
    if (which.empty() || !seen.emplace(number->value.value, which).second) continue;
    extensions[number->value.value].push_back({number, number->value.value + " " + (id ? id->value.value : record.id)});
  }
  report(findings, users, "user");
  report(findings, extensions, "extension");
}

}  // namespace

const Check check::duplicate_extension = {"duplicate-extension", "a number is given twice", Level::warning, 2.0, "high", {"correctness"}, run};

}  // namespace ipo
