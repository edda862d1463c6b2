#include "rules/matrix/needs.h"

#include "rules/matrix/toml_table.h"

namespace ipo {
namespace {

struct Needs {
  std::vector<EgressNeed> egress;
  std::vector<WorkerNeed> workers;
  std::vector<ServiceNeed> services;
};

Needs read_needs() {
  Sources sources = embedded_matrix_file("needs.toml");
  Document document = read_toml(sources, 0);
  std::vector<Note> errors = document.damages;
  Needs out;
  TomlTable top(document.root, errors);
  for (const Node* node : top.tables("egress")) {
    TomlTable t(*node, errors);
    out.egress.push_back({t.texts("rows", false), t.text("service", false), t.texts("transports", false), t.text("on", false),
                          t.texts("unless", false), t.text("off", false), t.texts("peer_settings", false),
                          t.text("port_setting", false), t.text("peer_product", false), t.text("peer_zone", false),
                          t.flag("peer_lines", false).value_or(false), t.texts("peer_rows", false), t.texts("either_way", false),
                          t.text("checked_by", false), t.text("unknown", false)});
    t.report_unknown_keys();
  }
  for (const Node* node : top.tables("worker")) {
    TomlTable t(*node, errors);
    out.workers.push_back({t.text("kind"), t.texts("rows", true), t.text("ports", false), t.text("zone", false)});
    t.report_unknown_keys();
  }
  for (const Node* node : top.tables("service")) {
    TomlTable t(*node, errors);
    out.services.push_back({t.text("who"), t.texts("rows", true), t.texts("kinds", true), t.text("extension", false)});
    t.report_unknown_keys();
  }
  top.report_unknown_keys();
  require_undamaged(sources, errors);
  return out;
}

const Needs& needs() {
  static const Needs all = read_needs();
  return all;
}

}  // namespace

std::span<const EgressNeed> egress_needs() { return needs().egress; }
std::span<const WorkerNeed> worker_needs() { return needs().workers; }
std::span<const ServiceNeed> service_needs() { return needs().services; }

}  // namespace ipo
