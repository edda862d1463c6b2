// Every check's constant, defined in its own file. checks.cc lists them.
#pragma once

#include "rules/checks.h"

namespace ipo::check {

extern const Check any_any_accept,
    debug_port_enabled,
    debug_port_exposed,
    default_accept_policy,
    expired_ignore,
    exposed_through_port_forward,
    http_exposed,
    monitor_exposed,
    not_understood,
    release_without_matrix,
    rtp_range_blocked,
    shadowed_rule,
    sip_open_to_any_source,
    snmp_default_community,
    snmp_exposed,
    tftp_exposed,
    undeclared_source,
    undocumented_port_exposed,
    unresolved_set,
    unsecured_management_exposed,
    unused_ignore,
    web_management_exposed;

}  // namespace ipo::check
