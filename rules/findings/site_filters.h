// What stands in front of a host, as far as the files tell.
#pragma once

#include "rules/findings/judgement.h"

namespace ipo {

// A firewall among the files filters what comes to the host: its own, or one in front.
bool is_filtered(const Judgement& judgement, const Host& host);
// A server that runs under Linux, and so has its firewall.
bool is_linux(const Host& host);

}  // namespace ipo
