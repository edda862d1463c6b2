// What -m addrtype says of a machine's own addresses, where those are known.
#pragma once

#include "parsers/model/model.h"

namespace ipo {

// An own address is LOCAL and of no other type (fib_trie: the local table is asked first; IPv6: UNICAST besides). Tests of the
// ruleset that nobody could decide are decided for these addresses.
void tell_own_types(Ruleset& ruleset, const IntervalSet& own);

}  // namespace ipo
