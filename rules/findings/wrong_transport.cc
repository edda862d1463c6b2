// The packets the line lets in are asked, not its text: one transport, one port at the host, and every row that has the
// port has it for the other transport.
#include "rules/findings/wrong_transport.h"

#include <algorithm>

#include "rules/site/required.h"

namespace ipo {
namespace {

constexpr u128 widest_service = 64;  // ports of one row; what is wider is media

}  // namespace

std::optional<WrongTransport> wrong_transport(const Exposure& exposure, const PortMatrix& matrix, const Opening& opening) {
  const Passage& passage = *opening.passage;
  const Rule* accepts = opening.by.rule;
  const Rule* translates = opening.flow->translation.rule;
  auto names = [](const Rule* rule, Field field, u128 max) { return rule && required(*rule, field, max).has_value(); };
  if (!names(accepts, Field::destination_port, 65535) && !names(translates, Field::destination_port, 65535)) return {};
  if (!names(accepts, Field::protocol, 255) && !names(translates, Field::protocol, 255)) return {};
  Space& s = passage.chains->space();
  PacketSet packets = exposure.at_host(passage, s.unite(opening.proven, opening.possible));
  IntervalSet protocols = s.project(packets, Dimension::protocol), ports = s.project(packets, Dimension::destination_port);
  if (protocols.size() != 1 || ports.size() != 1) return {};
  WrongTransport out;
  out.transport = static_cast<std::uint8_t>(protocols.begin()->lo);
  out.port = static_cast<unsigned>(ports.begin()->lo);
  if (out.transport != proto_tcp && out.transport != proto_udp) return {};
  for (const MatrixRow& row : matrix.rows) {
    bool printed = std::any_of(row.ports.begin(), row.ports.end(),
                               [&](auto range) { return range.first <= out.port && out.port <= range.second; });
    IntervalSet moved = moved_ports(row, passage.host);
    if (!printed && !moved.contains(out.port)) continue;
    if (row.has_transport(out.transport) || moved.united(row.port_set()).size() > widest_service) return {};
    if (row.direction == "egress") continue;
    if (!out.row || gravity(row) < gravity(*out.row)) out.row = &row;
  }
  return out.row ? std::optional(out) : std::nullopt;
}

}  // namespace ipo
