// Services that routers and servers of every kind have, not only a PBX: shells, time, addresses, routes.
#pragma once

#include "rules/findings/row_check.h"

namespace ipo {

// A warning; a note where the line lets packets in to a firewall that may or may not be the PBX: then the service is more
// likely its own.
Grade grade_common_service(const Judgement& judgement, const Exposed& exposed);

}  // namespace ipo
