// Which check speaks of a rule that no packet reaches. One cause is one finding, so the most telling check has it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rules/engine/shadows.h"

namespace ipo {

struct Judgement;

// Every id speaker_of() gives.
inline constexpr std::string_view speakers_of_shadows[] = {"shadowed-rule", "contradicting-rule", "log-after-drop",
                                                           "rate-limit-after-accept"};

// "contradicting-rule" where a single rule before it matches the very same packets and does the opposite; "log-after-drop"
// where it only logs and all its packets are dropped before; "rate-limit-after-accept" where it counts packets that are
// accepted before; else "shadowed-rule".
std::string_view speaker_of(const Judgement& judgement, const Shadow& shadow);

// What becomes of the rule's packets, compared with what it would do: the same, refused in another way, the opposite; `other`
// where the rules that take them do not agree, are not all known or pass them on.
enum class ShadowOutcome { same, also_refused, opposite, other };
ShadowOutcome shadow_outcome(const Shadow& shadow);

// The rule's target writes a log and does nothing else.
bool only_logs(const Rule& rule);
// A match of the rule counts packets or connections, or keeps a list of who sent some.
bool counts_packets(const Rule& rule);
// "7", "7, 8": the lines of rules.
std::string lines_of(const Judgement& judgement, const std::vector<RuleRef>& rules);

}  // namespace ipo
