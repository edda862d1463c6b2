// The rows of the matrix on a concrete host: which of them it has, on which ports, and how grave it is to expose them.
#pragma once

#include "parsers/model/model.h"
#include "rules/matrix/port_matrix.h"

namespace ipo {

// The ports of a row on a host: those its settings say, else the row's own. Empty where neither says any.
IntervalSet ports_of(const MatrixRow& row, const Host* host);
// Only those its settings say instead of the row's own; empty where they say none.
IntervalSet moved_ports(const MatrixRow& row, const Host* host);
// The range of its own that a host uses for media through NAT, where it may have extensions outside: empty where it has none.
IntervalSet media_through_nat(const Host& host);
// The row is the range that calls' media uses.
bool is_media_range(const MatrixRow& row);
// The base port the service rows of the matrix are printed for.
std::uint32_t standard_base();
// The host has the row's product; one that is not known (null) is the PBX.
bool has_product(const MatrixRow& row, const Host* host);
// Other products may run on the host, though nobody says so: nothing but the PBX is known of it, and it is no appliance.
bool may_have_more(const Host* host);
// The host has the row's product and, if both are known, platform.
bool applies(const MatrixRow& row, const Host& host);
// The same where the host may not be known (null): then it is a PBX of any platform.
bool applies(const MatrixRow& row, const Host* host);
// Ranks rows: 0 is what gives the PBX away most surely; rows nobody ranked are equal and last.
int gravity(const MatrixRow& row);

}  // namespace ipo
