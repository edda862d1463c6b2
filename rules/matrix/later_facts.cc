#include "rules/matrix/port_matrix.h"
#include "rules/matrix/toml_table.h"

namespace ipo {
namespace {

std::vector<LaterFact> read_later_facts() {
  Sources sources = embedded_matrix_file("later-facts.toml");
  Document document = read_toml(sources, 0);
  std::vector<Note> errors = document.damages;
  std::vector<LaterFact> facts;
  TomlTable top(document.root, errors);
  for (const Node* node : top.tables("fact")) {
    TomlTable fact(*node, errors);
    facts.push_back({fact.text("id"), fact.text("since"), fact.texts("rows", true), fact.text("text"), fact.text("evidence")});
    fact.report_unknown_keys();
  }
  top.report_unknown_keys();
  require_undamaged(sources, errors);
  return facts;
}

}  // namespace

std::span<const LaterFact> later_facts() {
  static const std::vector<LaterFact> facts = read_later_facts();
  return facts;
}

}  // namespace ipo
