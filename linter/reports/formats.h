// The reports. Each writes one finished text; none of them prints a secret, and the same report gives the same bytes.
#pragma once

#include <ostream>
#include <string_view>

#include "linter/lint.h"
#include "rules/engine/doubt.h"

namespace ipo {

struct TextStyle {
  bool color = false;
  int width = 100;
  bool wraps = false;  // sentences end at the width, too; what is searched by other programs keeps each in one line
};

// How a doubt goes on from "possible" or, where it is not the first, from "and ": a match is named ("-m recent"), what
// iptables may refuse is said at once, all else is a reason.
inline std::string_view because(const Doubt& doubt, bool first) {
  if (doubt.why.starts_with(may_refuse)) return first ? ": " : "";
  std::string_view link = doubt.why.starts_with('-') ? ", because of " : ", because ";
  return first ? link : link.substr(2);
}

// For people: message, snippet with caret, the witness and its path, what decides a possible finding, and a summary.
void write_text(std::ostream& out, const Report& report, const TextStyle& style);
// product.md, "lint --format json".
void write_json(std::ostream& out, const Report& report);
// SARIF 2.1.0, one run, as GitHub code scanning takes it; with a category it is ipo-lint/CATEGORY/ there.
void write_sarif(std::ostream& out, const Report& report, std::string_view category = {});

}  // namespace ipo
