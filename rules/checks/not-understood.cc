#include <set>

#include "rules/findings/check_list.h"
#include "rules/findings/judgement.h"
#include "rules/pbx/incomplete.h"

namespace ipo {
namespace {

// One finding per statement; what follows such a statement is judged as possible, not as safe.
void run(const Judgement& judgement, Findings& findings) {
  auto add = [&](const std::string& message, SourceSpan span, std::string identity) {
    Finding f;
    f.check = "not-understood";
    f.level = Level::warning;
    f.message = message;
    f.span = span;
    f.identity = std::move(identity);
    findings.push_back(std::move(f));
  };
  // Of a system that did not answer, beside others that did, incomplete-export speaks; that a file holds nothing but errors is a problem.
  const std::set<SourceSpan> told = errors_told(judgement.site);
  for (const Statement& statement : judgement.site.statements)
    if (statement.understanding == Understanding::not_understood && !told.contains(statement.span))
      add("not understood: " + statement.reason, statement.span,
          statement.reason + '\n' + std::string(judgement.sources[statement.span.source].slice(statement.span)));
  for (const Note& failure : judgement.exposure.failures())
    add("these rules could not be judged, nothing is claimed about them: " + failure.message, failure.span, "too complex");
}

}  // namespace

const Check check::not_understood = {
    "not-understood", "a part of the input was not understood", Level::warning, 4.0, "very-high", {"security"}, run};

}  // namespace ipo
