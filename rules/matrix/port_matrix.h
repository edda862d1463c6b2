// The vendor's port matrix: which port, which product, which state, since which release.
//
// The rows are data (ip-office-9.1.toml), embedded at build time; each carries the table and row of the document it was
// transcribed from, and an erratum where that document contradicts itself.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parsers/finding.h"
#include "parsers/interval_set.h"

namespace ipo {

struct MatrixRow {
  std::string id;         // "ip-office/ingress/4"
  std::string product;    // "ip-office", "voicemail-pro", "one-x-portal", "contact-recorder"
  std::string direction;  // "ingress", "egress", "intra"
  int number = 0;         // restarts per table and direction
  std::vector<std::string> transports;                 // sorted; "tcp", "udp"
  std::vector<std::pair<unsigned, unsigned>> ports;    // as printed: a-b one pair, a/b two
  std::string application;                             // "TFTP"
  std::optional<std::string> configurable;  // "1-100", "161,1024-65535", "any", "range:min-start=1024,min-end=2048"
  bool optional = false;                    // as printed
  std::string state;                        // "open", "closed", "filtered", "n/a"; as printed
  std::string peer, authentication, purpose;
  std::vector<std::string> platforms;  // empty = every platform of the product
  std::string document;
  int table = 0;
  std::optional<std::string> since, until;  // releases
  std::optional<std::string> errata;

  IntervalSet port_set() const;
  bool has_transport(std::uint8_t protocol) const;  // 6 or 17
};

struct PortMatrix {
  std::string release;  // "9.1"
  std::vector<MatrixRow> rows;  // in document order

  const MatrixRow* find(std::string_view id) const;
};

// The built-in matrix of release 9.1. Aborts only if the embedded data is damaged, which a test excludes.
const PortMatrix& builtin_matrix();
// Reads a matrix from TOML text; `errors` receives what is wrong and where, and what is right is still returned.
PortMatrix read_matrix(const Sources& sources, std::uint32_t source, std::vector<Note>& errors);

}  // namespace ipo
