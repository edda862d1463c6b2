#include <fmt/format.h>

#include "rules/findings/check_list.h"
#include "rules/findings/judgement.h"
#include "rules/pbx/incomplete.h"

namespace ipo {
namespace {

void run(const Judgement& judgement, Findings& findings) {
  auto add = [&](std::string message, SourceSpan span, std::string identity) -> Finding& {
    Finding& f = findings.emplace_back();
    f.check = check::incomplete_export.id;
    f.level = Level::warning;
    f.message = std::move(message);
    f.span = span;
    f.identity = std::move(identity);
    return f;
  };
  for (const ShortList& list : short_lists(judgement.site)) {
    const ExportList& first = *list.parts.front();
    std::string records = (first.type.empty() ? "" : first.type + " ") + (*first.announced == 1 ? "record" : "records");
    Finding& f = add(list.present == 0
                         ? fmt::format("this export holds none of the {} {} it announces", *first.announced, records)
                         : fmt::format("this export holds {} of the {} {} it announces; nothing is concluded from those that are "
                                       "not there",
                                       list.present, *first.announced, records),
                     first.span, "records\n" + first.type);
    for (std::size_t i = 1; i < list.parts.size(); ++i) f.related.push_back({"another part of the list", list.parts[i]->span});
  }
  for (const MissingSystem& system : missing_systems(judgement.site)) {
    std::string name = system.address.empty() ? "a system" : system.address;
    add(system.failed
            ? name + " answered with an error" + (system.reason.empty() ? "" : ", " + system.reason) +
                  ": what it holds is not in this export"
            : fmt::format(
                  "no System record has the address {} that {} {} record names: the settings of that system are not in these "
                  "exports",
                  name, system.named_by.find_first_of("AEIO") == 0 ? "an" : "a", system.named_by),
        system.span, "system\n" + system.address);
  }
}

}  // namespace

const Check check::incomplete_export = {
    "incomplete-export", "an export does not hold all it announces", Level::warning, 0, "very-high", {"correctness"}, run};

}  // namespace ipo
