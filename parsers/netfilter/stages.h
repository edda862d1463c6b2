// Netfilter's hooks, tables and priorities as stages of the model.
#pragma once

#include <string_view>

#include "parsers/model/model.h"

namespace ipo::netfilter {

// The stage of a base chain. `priority` is netfilter's: raw -300, connection tracking -200, mangle -150, nat -100 (destinations) and
// 100 (sources), filter 0. Only the chains of the table "filter" have the last word.
Stage stage(std::string_view table, Hook hook, int priority, bool nat, std::size_t chain);

// A dump without its filter table says nothing about what passes: base chains of unknown policy stand for it.
void suppose_filter(Ruleset& ruleset);

}  // namespace ipo::netfilter
