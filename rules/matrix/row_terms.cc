#include "rules/matrix/row_terms.h"

#include <algorithm>
#include <charconv>

#include "parsers/text/letters.h"

namespace ipo {
namespace {

// "t1.4", "t1.e5", "t3.i1": the way the design documents and the checks' pages name a row.
std::string short_id(const MatrixRow& row) {
  std::string infix = row.direction == "egress" ? "e" : row.direction == "intra" ? "i" : "";
  return "t" + std::to_string(row.table) + "." + infix + std::to_string(row.table_row);
}

bool has(const std::vector<std::string>& list, std::string_view value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

}  // namespace

std::optional<PortTerm> port_term(std::string_view term) {
  PortTerm port;
  if (std::size_t slash = term.find('/'); slash != term.npos) {
    port.transport = term.substr(slash + 1);
    if (port.transport != "tcp" && port.transport != "udp") return std::nullopt;
    term = term.substr(0, slash);
  }
  auto read = [](std::string_view digits, unsigned& number) {
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return !digits.empty() && error == std::errc() && end == digits.data() + digits.size();
  };
  std::size_t dash = term.find('-');
  if (!read(term.substr(0, dash), port.lo)) return std::nullopt;
  port.hi = port.lo;
  if (dash != term.npos && !read(term.substr(dash + 1), port.hi)) return std::nullopt;
  return port;
}

bool matches_term(const MatrixRow& row, std::string_view any_case) {
  std::string term = lower(any_case);
  if (std::optional<PortTerm> port = port_term(term))
    return port->lo <= port->hi && row.port_set().covers(IntervalSet::range(port->lo, port->hi)) &&
           (port->transport.empty() || has(row.transports, port->transport));
  if (std::string id = lower(row.id); id == term || id.starts_with(term + "/")) return true;
  if (short_id(row) == term || "t" + std::to_string(row.table) == term) return true;
  if (row.direction == term || row.state == term || has(row.transports, term)) return true;
  for (const std::string* text : {&row.application, &row.peer, &row.purpose})
    if (lower(*text).find(term) != std::string::npos) return true;
  return false;
}

bool is_id_of(const MatrixRow& row, std::string_view any_case) {
  std::string term = lower(any_case);
  return lower(row.id) == term || short_id(row) == term;
}

bool application_has_word(const MatrixRow& row, std::string_view any_case) {
  std::string term = lower(any_case), text = lower(row.application);
  auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  for (std::size_t at = text.find(term); at != text.npos; at = text.find(term, at + 1))
    if (!term.empty() && (at == 0 || !letter(text[at - 1]))) return true;
  return false;
}

}  // namespace ipo
