// What the match modules of iptables mean: which options each has, and which of them the packet's numbers decide.
//
// A module whose options decide nothing becomes one opaque predicate, "-m NAME --option value ...", and the reason why
// it cannot be decided. Sources: iptables-extensions(8) and the xt_*.c of the kernel.
#pragma once

#include <span>
#include <string_view>

#include "parsers/iptables/rule.h"

namespace ipo::iptables {

const MatchModule* find_module(std::string_view name);  // null where the name is not known
std::string_view name_of(const MatchModule& module);
std::span<const OptionShape> shapes(const MatchModule& module);
// The match that "-p NAME" makes available without "-m", or null.
const MatchModule* module_of_protocol(std::string_view protocol);

// The conditions of the line's own options and matches, in the order they are written.
void interpret_matches(const Command& command, RuleInProgress& rule);

// Every name of the table, for the tests.
std::vector<std::string_view> module_names();

}  // namespace ipo::iptables
