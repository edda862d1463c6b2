// Rules that iptables, or the kernel, does not load.
#pragma once

#include <string_view>

namespace ipo {

// The opaque test such a rule has beside its own: a table is not loaded as it stands, but by hand and with the rule left out,
// or by a version that takes it.
constexpr std::string_view rule_is_taken = "iptables takes this rule";

// Why a match on a set is open as long as the set is not known.
constexpr std::string_view set_not_given = "depends on an ipset that is not given";

}  // namespace ipo
