// A dump as it is given to both, the kernel and the engine: one text, so that both judge the same.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "parsers/model/model.h"
#include "tests/kernel/frame.h"

namespace ipo::kernel {

// The MAC address that stands for every one that was made unreadable when a dump was published.
constexpr Mac stand_in_mac = {2, 0, 0, 0, 0, 1};

// With line ends as iptables-restore takes them, and `stand_in_mac` in the place of what is no MAC address.
std::string prepared(std::string_view text);
// The ipsets that rules name, each once.
std::vector<std::string> sets_named(std::string_view text);
// For a part of ufw's rules: the same with what ufw sets up around it, as far as the kernel needs it to load: the base
// chains' jumps, and chains that other parts declare, empty. Any other text as it is.
std::string with_ufw_around(const std::string& text);

}  // namespace ipo::kernel
