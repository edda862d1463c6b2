// Where the PBX is, if nobody says it.
#pragma once

#include <vector>

#include "rules/matrix/port_matrix.h"
#include "rules/site/site.h"

namespace ipo {

// Ports that every web, mail, time or file server, router or workstation has.
const IntervalSet& common_ports();

// The addresses given on the command line, else those declared or exported, else the targets of port forwards to
// ports that only a PBX has. What is concluded is added to site.inferences.
void locate_pbx(Site& site, const PortMatrix& matrix, const std::vector<Address>& given);

}  // namespace ipo
