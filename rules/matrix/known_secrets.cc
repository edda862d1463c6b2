#include "rules/matrix/known_secrets.h"

#include <algorithm>
#include <map>

#include "rules/matrix/toml_table.h"

namespace ipo {
namespace {

using KnownSecrets = std::map<std::string, std::vector<std::string>, std::less<>>;

KnownSecrets read_known_secrets() {
  Sources sources = embedded_matrix_file("known-secrets.toml");
  Document document = read_toml(sources, 0);
  std::vector<Note> errors = document.damages;
  KnownSecrets secrets;
  TomlTable top(document.root, errors);
  for (const Node* node : top.tables("secret")) {
    TomlTable secret(*node, errors);
    std::vector<std::string>& values = secrets[secret.text("of")];
    for (std::string& value : secret.texts("values", true)) values.push_back(std::move(value));
    secret.text("source");
    secret.report_unknown_keys();
  }
  top.report_unknown_keys();
  require_undamaged(sources, errors);
  return secrets;
}

}  // namespace

bool is_known_secret(std::string_view of, std::string_view value) {
  static const KnownSecrets secrets = read_known_secrets();
  auto list = secrets.find(of);
  return list != secrets.end() && std::find(list->second.begin(), list->second.end(), value) != list->second.end();
}

}  // namespace ipo
