// Marks that a ruleset sets and tests, made a field of the packet.
//
// The marks a packet can have are few: it arrives without one, and each rule that changes them makes one pair of marks
// (the packet's, the connection's) another. These pairs are numbered, a test of marks becomes a test of the number and a
// change a table from number to number, so that the engine meets one more small field and no arithmetic.
#pragma once

#include "parsers/model/model.h"

namespace ipo {

// Fills Ruleset::marks, Action::remark and the tests of Field::marks; a test on which all pairs agree stays opaque, for
// then the mark it means is set elsewhere. Does nothing where no rule changes marks, where one changes them into what is
// not known, or where more than 256 pairs arise. To be called once, when the ruleset is complete. True if marks are
// followed.
bool resolve_marks(Ruleset& ruleset);

}  // namespace ipo
