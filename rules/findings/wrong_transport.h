// A line for one port of the matrix and a transport that no row uses there: tcp/69 for TFTP.
#pragma once

#include <optional>

#include "rules/exposure/exposure.h"

namespace ipo {

struct WrongTransport {
  unsigned port = 0;               // as the host sees it
  std::uint8_t transport = 0;      // that the line opens
  const MatrixRow* row = nullptr;  // the gravest whose port it is, by the other transport
};

// Nothing where the line opens more than one port, names no port or no transport, or the port lies in a range of media.
std::optional<WrongTransport> wrong_transport(const Exposure& exposure, const PortMatrix& matrix, const Opening& opening);

}  // namespace ipo
