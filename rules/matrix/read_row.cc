// Keys are read one by one into the row; each reader checks the form of its value and complains at its place.
#include "rules/matrix/read_row.h"

#include <algorithm>
#include <array>

namespace ipo {
namespace {

using Kind = Node::Kind;

constexpr std::size_t most_ports = 64;  // in one row; the document's longest has two

std::vector<std::string_view> split(std::string_view s, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t end; (end = s.find(separator)) != s.npos; s.remove_prefix(end + 1)) parts.push_back(s.substr(0, end));
  parts.push_back(s);
  return parts;
}

// "5060", "5060-5061".
std::optional<std::pair<unsigned, unsigned>> range_of(TomlTable& table, std::string_view text, SourceSpan span) {
  std::size_t dash = text.find('-');
  std::optional<unsigned> lo = number_of(text.substr(0, dash), 65535);
  std::optional<unsigned> hi = dash == text.npos ? lo : number_of(text.substr(dash + 1), 65535);
  if (!lo || !hi) {
    table.error(quoted(text) + " is neither a port (0 to 65535) nor a range a-b", span);
  } else if (*lo > *hi) {
    table.error("range " + quoted(text) + " ends before it starts", span);
  } else {
    return std::pair(*lo, *hi);
  }
  return std::nullopt;
}

void read_configurable(TomlTable& table, MatrixRow& row) {
  const Node* node = table.string("configurable", false);
  if (!node) return;
  row.configurable = node->text;
  std::string_view text = node->text;
  if (text == "any") return;
  if (text.starts_with("range:")) {
    std::vector<std::string_view> parts = split(text.substr(6), ',');
    auto limit = [&](std::size_t i, std::string_view name) {
      return parts[i].starts_with(name) && number_of(parts[i].substr(name.size()), 65535);
    };
    if (parts.size() != 2 || !limit(0, "min-start=") || !limit(1, "min-end="))
      table.error(quoted(text) + " is not range:min-start=A,min-end=B", node->span);
    return;
  }
  for (std::string_view part : split(text, ','))
    if (!range_of(table, part, node->span)) break;
}

void read_transports(TomlTable& table, const Node& node, MatrixRow& row) {
  row.transports = table.texts("transports", true);
  const Node* transports = node.child("transports");
  if (!transports || transports->kind != Kind::array) return;
  if (transports->children.empty()) table.error("a row has at least one transport", transports->span);
  for (const Node& item : transports->children)
    if (item.kind == Kind::string && item.text != "tcp" && item.text != "udp")
      table.error("unknown transport " + quoted(item.text) + " (tcp, udp)", item.span);
  std::sort(row.transports.begin(), row.transports.end());
  row.transports.erase(std::unique(row.transports.begin(), row.transports.end()), row.transports.end());
}

}  // namespace

void read_id(TomlTable& table, MatrixRow& row) {
  const Node* id = table.string("id");
  if (!id) return;
  row.id = id->text;
  std::vector<std::string_view> parts = split(row.id, '/');
  std::optional<unsigned> number = parts.size() == 3 ? number_of(parts[2], 9999) : std::nullopt;
  // The number is written without leading zeros, so that one row has one id.
  if (!number || *number == 0 || parts[0].empty() || parts[2] != std::to_string(*number)) {
    table.error("id " + quoted(row.id) + " is not product/direction/number", id->span);
    return;
  }
  row.product = parts[0];
  row.direction = parts[1];
  row.number = row.table_row = static_cast<int>(*number);
  if (row.direction != "ingress" && row.direction != "egress" && row.direction != "intra")
    table.error("unknown direction " + quoted(row.direction) + " (ingress, egress, intra)", id->span);
}

void read_ports(TomlTable& table, MatrixRow& row) {
  const Node* ports = table.string("ports");
  if (!ports || ports->text.empty()) return;
  for (std::string_view part : split(ports->text, '/')) {
    auto range = range_of(table, part, ports->span);
    if (!range) return;
    row.ports.push_back(*range);
  }
  if (row.ports.size() > most_ports)
    table.error("more than " + std::to_string(most_ports) + " ports in one row; write several rows", ports->span);
}

bool read_row(const Node& node, MatrixRow& row, std::vector<Note>& errors) {
  TomlTable table(node, errors);
  read_id(table, row);
  row.table = table.number("table");
  read_ports(table, row);
  read_configurable(table, row);
  read_transports(table, node, row);
  row.application = table.text("application");
  row.optional = table.flag("optional").value_or(false);
  if (const Node* state = table.string("state")) {
    row.state = state->text;
    constexpr std::array<std::string_view, 4> states = {"open", "closed", "filtered", "n/a"};
    if (std::find(states.begin(), states.end(), row.state) == states.end())
      table.error("unknown state " + quoted(row.state) + " (open, closed, filtered, n/a)", state->span);
  }
  row.peer = table.text("peer");
  row.purpose = table.text("purpose");
  row.authentication = table.text("authentication", false);
  row.platforms = table.texts("platforms", false);
  row.since = table.optional_text("since");
  row.until = table.optional_text("until");
  row.errata = table.optional_text("errata");
  table.report_unknown_keys();
  return !table.wrong();
}

}  // namespace ipo
