// How a person names rows of the matrix: by a port, an id, a word.
#pragma once

#include <optional>
#include <string_view>

#include "rules/matrix/port_matrix.h"

namespace ipo {

// "69", "69/udp", "5060-5061/tcp".
struct PortTerm {
  unsigned lo = 0, hi = 0;     // as written; lo > hi and numbers past 65535 are the caller's to refuse
  std::string_view transport;  // "tcp", "udp"; empty = any
};
std::optional<PortTerm> port_term(std::string_view term);

// The row has these ports, the term is its id or the start of it, long or short ("ip-office", "ip-office/ingress/4", "T1",
// "T1.4", "T1.e5", "T1.i1"), its direction, state or a transport, or a part of its application, peer or purpose. Upper and
// lower case are the same.
bool matches_term(const MatrixRow& row, std::string_view term);
// The term is the row's whole id, long or short.
bool is_id_of(const MatrixRow& row, std::string_view term);
// A word of the row's application is the term, or begins with it: "sip" of "SIP Line".
bool application_has_word(const MatrixRow& row, std::string_view term);

}  // namespace ipo
