// What people are told of a match that could not be decided.
#pragma once

#include <string>
#include <string_view>

#include "rules/engine/chains.h"

namespace ipo {

// How the doubt begins whether a rule is loaded at all.
constexpr std::string_view may_refuse = "iptables may refuse this rule";

// "MATCH: depends on packets seen before". `holds`: what was judged took the match to hold.
std::string doubt_about(const Predicate& predicate, bool holds);

}  // namespace ipo
