// Users are joined first, so that one user whom two exports list is one. Extensions are told apart by their GUIDs or ids.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <unordered_set>
#include <utility>

#include "rules/checks/list.h"
#include "rules/users.h"

namespace ipo {
namespace {

// A user or an extension with a number.
struct Holder {
  const Setting* number;
  std::function<std::string()> who;
  std::string_view text() const { return number->value.value; }
};

void report(Findings& findings, std::vector<Holder> holders, std::string_view what) {
  std::stable_sort(holders.begin(), holders.end(), [](const Holder& a, const Holder& b) { return a.text() < b.text(); });
  Finding f;
  std::size_t numbers = 0;
  for (auto of = holders.begin(), next = of; of != holders.end(); of = next) {
    next = std::find_if(of, holders.end(), [&](const Holder& h) { return h.text() != of->text(); });
    if (next - of < 2) continue;
    if (++numbers == 1) {
      f.span = of[1].number->value.span;
      f.related.push_back({"the same number", of->number->value.span});
    }
    for (auto holder = of; holder != next; ++holder) f.named.push_back(holder->who());
  }
  if (numbers == 0) return;
  f.check = check::duplicate_extension.id;
  f.level = Level::warning;
  f.message = fmt::format("{} number{} given to more than one {}", numbers, numbers == 1 ? " is" : "s are", what);
  f.identity = what;
  findings.push_back(std::move(f));
}

void run(const Judgement& judgement, Findings& findings) {
  std::vector<Holder> users, extensions;
  const std::vector<User>& all = judgement.users;
  for (const User& user : all)
    if (const Setting* number = user.field("user.extension"); number && !number->value.value.empty())
      users.push_back({number, [&user] { return user.label(); }});
  std::unordered_set<std::string> seen;
  for (const Record& record : judgement.site.records) {
    const Setting* number = record.type == "Extension" ? record.field("extension.number") : nullptr;
    if (!number || number->value.value.empty()) continue;
    const Setting* id = record.field("extension.id");
    std::string which = !record.id.empty() ? record.id : id ? id->value.value : "";
    // Without either, two records may be one extension in two exports.
    if (which.empty() || !seen.insert(number->value.value + '\n' + which).second) continue;
    extensions.push_back({number, [number, id, &record] { return number->value.value + " " + (id ? id->value.value : record.id); }});
  }
  report(findings, std::move(users), "user");
  report(findings, std::move(extensions), "extension");
}

}  // namespace

const Check check::duplicate_extension = {"duplicate-extension", "a number is given twice", Level::warning, 0, "high", {"correctness"}, run};

}  // namespace ipo
