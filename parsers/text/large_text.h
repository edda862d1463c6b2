// Room for a text of many megabytes. Every page of fresh memory costs a fault when it is first written, and copying an export
// into pages of 4 KiB takes several times as long as reading it from the disk's cache; pages of 2 MiB take that away.
#pragma once

#include <cstddef>
#include <string>

namespace ipo {

// Makes room for `bytes` in an empty string, and asks the system for large pages there. That is a wish: where it is not
// granted all is the same, only slower. Below 4 MiB nothing is asked.
void reserve_large(std::string& text, std::size_t bytes);

}  // namespace ipo
