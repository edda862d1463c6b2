// What the targets of iptables do with a packet. Sources: iptables-extensions(8) and the xt_*.c of the kernel.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "parsers/iptables/rule.h"

namespace ipo::iptables {

const TargetKind* find_target(std::string_view name);  // null: a chain, or not known
std::span<const OptionShape> shapes(const TargetKind& kind);
// Match modules whose answer the target changes for the rules after it: "mark connmark"; empty for most.
std::string_view changed_matches(const TargetKind& kind);

// The action of a command. A target that is no known one becomes a jump: whether the chain exists is known only when the
// whole table has been read.
void interpret_target(const Command& command, RuleInProgress& rule);

// What stands before a target's name.
constexpr std::string_view jump_option = "-j ";

// Every name of the table, for the tests.
std::vector<std::string_view> target_names();

}  // namespace ipo::iptables
