// Of given packets, which reach a host from a zone: the answer to a person's question and to every cell of the exposure
// table.
#pragma once

#include <vector>

#include "rules/exposure.h"

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

struct RowReached {
  const MatrixRow* row = nullptr;
  Reached reached;
};
// Every ingress and intra row of every host, by passage and in the matrix's order. A host that is not known is a PBX.
std::vector<RowReached> exposure_table(const Exposure& exposure, const PortMatrix& matrix);

}  // namespace ipo
