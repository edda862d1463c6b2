// Random rule sets as iptables-save writes them, of the whole vocabulary the engine claims to understand and of some matches
// nobody can decide, over so few values that rules meet each other.
#pragma once

#include <string>

namespace ipo::kernel {

// The same text for the same seed; every third is ip6tables'. The kernel loads all of them.
std::string random_dump(unsigned seed);

}  // namespace ipo::kernel
