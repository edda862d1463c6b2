// One line of iptables-restore taken apart: command, options of the rule itself, of its matches, of its target.
//
// Options belong to the scope that was opened last and knows them, as getopt_long sees them after each "-m" and "-j";
// a protocol opens the scope of its own match when one of its options is met (xtables' load_proto).
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/iptables/options.h"
#include "parsers/model/model.h"
#include "parsers/text/lines.h"

namespace ipo::iptables {

struct Option {
  std::string_view name;  // canonical, without dashes
  const OptionShape* shape = nullptr;
  bool negated = false;
  std::array<std::string_view, 2> values;
  int count = 0;    // of values given
  SourceSpan span;  // with its "!" and its values
};

struct MatchModule;
struct TargetKind;

struct MatchUse {
  const MatchModule* module = nullptr;  // null: not known, `text` holds its words
  std::string_view name;
  std::vector<Option> options;
  std::string text;
  SourceSpan span;
};

struct TargetUse {
  const TargetKind* kind = nullptr;  // null: a chain, or not known
  std::string_view name;
  bool go_to = false;
  bool has_foreign_options = false;  // words followed that belong to nothing known
  std::vector<Option> options;
  SourceSpan span;
};

struct Command {
  char letter = 0;                   // 'A', 'I', 'P' ... as iptables' short options; 0 = none
  std::string_view chain, argument;  // argument: rule number, policy or new name
  char family = 0;                   // '4', '6' where the line is for one family only
  std::string_view table;            // of -t
  std::vector<Option> options;       // -p -s -d -i -o -f, and ports that no protocol is given for
  std::vector<std::string> refused;  // why iptables would not take the line, whatever it means
  std::vector<MatchUse> matches;
  std::optional<TargetUse> target;
  // From the first word that could not be placed to the end.
  std::optional<SourceSpan> rest;
  std::string rest_text, rest_reason;
  bool cut = false;  // no iptables of any version takes the rest
};

// Total and linear in the words. `is_chain` tells whether the table has declared a user chain of that name.
Command take_apart(std::span<const Word> words, const std::function<bool(std::string_view)>& is_chain);

// The rule while matches and target add to it.
struct RuleInProgress {
  Family family = Family::ipv4;
  std::string_view table, chain;
  Rule rule;
  std::string refused;  // why iptables or the kernel would not take it; empty: they do
  // Hooks (bits by Hook's numbers) in which the kernel takes it, and what it would say elsewhere.
  unsigned hooks = 31;
  std::string hooks_reason;

  void add(Test test, bool negated, SourceSpan span);
  void add(std::vector<Test> any_of, bool negated, SourceSpan span);
  void never(SourceSpan span);  // a condition that no packet meets
  void bounded(std::string_view reason) { worsen(Understanding::bounded, reason); }
  void not_understood(std::string_view reason) { worsen(Understanding::not_understood, reason); }
  void refuse(std::string_view reason);
  void limit_hooks(unsigned allowed, std::string_view reason);
  void worsen(Understanding understanding, std::string_view reason);
};
// A refused rule may be there or not: its table is not loaded as it stands.
void add_refusal(Rule& rule, std::string_view reason);

// " --name value value", values quoted where they hold blanks; with "! " before it where negated.
void append_option(std::string& text, const Option& option, bool with_negation);

}  // namespace ipo::iptables
