#include "rules/matrix/peers.h"

#include "rules/matrix/toml_table.h"

namespace ipo {
namespace {

std::vector<RowPeer> read_peers() {
  Sources sources = embedded_matrix_file("peers.toml");
  Document document = read_toml(sources, 0);
  std::vector<Note> errors = document.damages;
  std::vector<RowPeer> peers;
  TomlTable top(document.root, errors);
  top.text("document");
  for (const Node* node : top.tables("peer")) {
    TomlTable peer(*node, errors);
    peers.push_back({peer.text("device"), peer.texts("kinds", true), peer.text("because"), peer.texts("rows", true)});
    peer.report_unknown_keys();
  }
  top.report_unknown_keys();
  require_undamaged(sources, errors);
  return peers;
}

}  // namespace

std::span<const RowPeer> row_peers() {
  static const std::vector<RowPeer> peers = read_peers();
  return peers;
}

}  // namespace ipo
