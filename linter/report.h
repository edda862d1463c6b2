// The reports. Each writes one finished text; none of them prints a secret, and the same report gives the same bytes.
#pragma once

#include <ostream>
#include <string_view>

#include "linter/lint.h"

namespace ipo {

struct TextStyle {
  bool color = false;
  int width = 100;
};

// How a doubt goes on from "possible, ": a match is named ("-m recent"), all else is a sentence.
inline std::string_view because(const Doubt& doubt) { return doubt.why.starts_with('-') ? "because of " : "because "; }

// For people: message, snippet with caret, the witness and its path, what decides a possible finding, and a summary.
void write_text(std::ostream& out, const Report& report, const TextStyle& style);
// product.md, "lint --format json".
void write_json(std::ostream& out, const Report& report);
// SARIF 2.1.0, one run, as GitHub code scanning takes it; with a category it is ipo-lint/CATEGORY/ there.
void write_sarif(std::ostream& out, const Report& report, std::string_view category = {});

}  // namespace ipo
