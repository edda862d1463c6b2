// Data files compiled into the program, so that it needs no file but those it is given.
#pragma once

#include <span>
#include <string_view>

namespace ipo {

struct EmbeddedText {
  std::string_view name;  // file name without its folder
  std::string_view text;
};

std::span<const EmbeddedText> field_tables();  // parsers/ipoffice/*.toml
std::span<const EmbeddedText> matrix_files();  // rules/matrix/*.toml
std::span<const EmbeddedText> check_pages();   // rules/checks/*.md
std::span<const EmbeddedText> term_pages();    // linter/output/terms.md
std::span<const EmbeddedText> guide_pages();   // linter/output/pages/*.md

}  // namespace ipo
