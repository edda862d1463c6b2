// The vendor's port matrix: which port, which product, which state, since which release.
//
// The rows are data (ip-office-9.1.toml), embedded at build time; each carries the table and row of the document it was
// transcribed from, and an erratum where that document contradicts itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parsers/finding.h"
#include "parsers/interval_set.h"

namespace ipo {

struct MatrixRow {
  std::string id;                                    // "ip-office/ingress/4": product, direction and number
  std::string product;                               // "ip-office", "voicemail-pro", "one-x-portal", "contact-recorder"
  std::string direction;                             // "ingress", "egress", "intra"
  int number = 0;                                    // from 1; restarts per table and direction
  std::vector<std::string> transports;               // sorted; "tcp", "udp"; at least one
  std::vector<std::pair<unsigned, unsigned>> ports;  // 0..65535, as printed: a-b one pair, a/b two; empty = not printed
  std::string application;                           // "TFTP"; empty where the document names only the transport
  std::optional<std::string> configurable;  // "1-100", "161,1024-65535", "any", "range:min-start=1024,min-end=2048"
  bool optional = false;                    // as printed
  std::string state;                        // "open", "closed", "filtered", "n/a"; as printed
  std::string peer;                         // the external device; may be empty
  std::string authentication;               // empty = none stated
  std::string purpose;
  std::vector<std::string> platforms;  // empty = every platform of the product
  std::string document;
  int table = 0;
  std::optional<std::string> since, until;  // releases; none = no change table says
  std::optional<std::string> errata;        // what the document has wrong or contradictory in this row

  IntervalSet port_set() const;
  bool has_transport(std::uint8_t protocol) const;  // 6 or 17; false for any other
};

struct PortMatrix {
  std::string release;          // "9.1"
  std::vector<MatrixRow> rows;  // in document order

  // The row of that id, or null.
  const MatrixRow* find(std::string_view id) const;
};

// The built-in matrix of release 9.1. Aborts only if the embedded data is damaged, which a test excludes.
const PortMatrix& builtin_matrix();
// Reads a matrix from TOML text; ip-office-9.1.toml describes the keys. `errors` receives what is wrong and where, in
// the order of the text; rows with an error are left out, all others are returned. A key that is unknown is an error
// but does not make a row wrong.
PortMatrix read_matrix(const Sources& sources, std::uint32_t source, std::vector<Note>& errors);

}  // namespace ipo
