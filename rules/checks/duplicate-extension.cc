// Users are joined first, so that one user whom two exports list is one. Extensions are told apart by their GUIDs or ids.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>

#include "rules/findings/check_list.h"
#include "rules/findings/users.h"

namespace ipo {
namespace {

// A user or an extension with a number.
struct Holder {
  const Setting* number;
  const User* user = nullptr;
  const Record* extension = nullptr;
  std::string_view text() const { return number->value.value; }

  std::string id() const {
    const Setting* id = extension->field("extension.id"_key);
    return id ? id->value.value : "";
  }
  std::string who() const {
    if (user) return user->label();
    std::string id = this->id();
    return number->value.value + " " + (id.empty() ? extension->id : id);
  }
  // What tells it from another of its number; empty where nothing does.
  std::string mark() const { return !extension->id.empty() ? extension->id : id(); }
};

// Of extensions of one number each once; without a GUID and an id, two records may be one extension in two exports.
void keep_different(std::vector<Holder>& holders) {
  std::unordered_set<std::string> seen;
  std::erase_if(holders, [&](const Holder& h) {
    if (h.user) return false;
    std::string mark = h.mark();
    return mark.empty() || !seen.insert(std::move(mark)).second;
  });
}

void report(Findings& findings, std::vector<Holder> holders, std::string_view what) {
  std::stable_sort(holders.begin(), holders.end(), [](const Holder& a, const Holder& b) { return a.text() < b.text(); });
  Finding f;
  std::size_t numbers = 0;
  for (auto of = holders.begin(), next = of; of != holders.end(); of = next) {
    next = std::find_if(of, holders.end(), [&](const Holder& h) { return h.text() != of->text(); });
    if (next - of < 2) continue;
    std::vector<Holder> alike(of, next);
    keep_different(alike);
    if (alike.size() < 2) continue;
    if (++numbers == 1) {
      f.span = alike[1].number->value.span;
      f.related.push_back({"the same number", alike[0].number->value.span});
    }
    for (const Holder& holder : alike) f.named.push_back(holder.who());
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
  for (const User& user : judgement.users)
    if (const Setting* number = user.field("user.extension"_key); number && !number->value.value.empty())
      users.push_back({number, &user});
  for (const Record& record : judgement.site.records)
    if (const Setting* number = record.type == "Extension" ? record.field("extension.number"_key) : nullptr;
        number && !number->value.value.empty())
      extensions.push_back({number, nullptr, &record});
  report(findings, std::move(users), "user");
  report(findings, std::move(extensions), "extension");
}

}  // namespace

const Check check::duplicate_extension = {
    "duplicate-extension", "a number is given twice", Level::warning, 0, "high", {"correctness"}, run};

}  // namespace ipo
