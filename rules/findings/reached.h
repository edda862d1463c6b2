// Of given packets, which reach a host from a zone: the answer to a person's question and to every cell of the exposure
// table.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rules/exposure/exposure.h"

namespace ipo {

enum class Status : std::uint8_t { open, possible, closed };
std::string_view name_of(Status status);  // "open", "possible", "closed"

// What of some packets a passage lets through, and by which lines.
struct Reached {
  const Passage* passage = nullptr;
  Status status = Status::closed;  // open: some are surely let through; possible: some may be; closed: none can be
  PacketSet packets;               // let through (open: surely), as seen after translation; empty where closed
  PacketSet wanted;                // what was asked
  std::vector<const Opening*> by;  // lines that let them through, those that surely do first
};

// `wanted` as seen after the passage's translation.
Reached reached(const Exposure& exposure, const Passage& passage, PacketSet wanted);
// The same for a row of the matrix on the passage's host.
Reached reached(const Exposure& exposure, const Passage& passage, const MatrixRow& row);

// The same, told apart by what becomes of each transport and port: what is open, what is possible, what is closed.
std::vector<Reached> told_apart(const Exposure& exposure, const Passage& passage, PacketSet wanted);

// What a person is told of it.
struct Answer {
  IntervalSet sources, ports;  // of the packets, ports as the host sees them; empty where closed
  std::vector<std::uint8_t> transports;
  std::map<std::uint8_t, IntervalSet> by_transport;  // the ports of each
  std::map<std::uint8_t, IntervalSet> asked;         // closed: the same of what was asked for
  bool if_routed = false;                            // for a private address that no translation leads to: product.md, "The PBX"
  bool any = false;                                  // extent: more than 2^24 public IPv4 (2^96 IPv6) sources
  std::optional<Packet> witness;                     // one of them; where closed one that was asked for
  std::vector<PathStep> path;                        // its way
  std::vector<Doubt> doubt;
  std::vector<SourceSpan> lines;  // open, possible: the lines to change to close it; closed: the line that blocks
};
// "udp/5060, tcp/5061", "tcp+udp/5060-5061".
std::string format_ports(const std::map<std::uint8_t, IntervalSet>& by_transport);
Answer explain(const Exposure& exposure, const Reached& reached);

struct RowReached {
  const MatrixRow* row = nullptr;  // null: ports that are let through and are no row's on this host
  Reached reached;
  const MatrixRow* left = nullptr;  // of null: the row whose ports they are where no setting says others; null: no row knows them
};
// Every ingress and intra row of every host, by passage and in the matrix's order, then what is let through beside them. A host that
// is not known is a PBX.
std::vector<RowReached> exposure_table(const Exposure& exposure, const PortMatrix& matrix);

}  // namespace ipo
