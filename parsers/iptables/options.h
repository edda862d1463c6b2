// What iptables and the kernel take of a match or a target: how its options are spelt, which values they have, which of
// them belong together, and where the thing may stand. A rule that is refused is never loaded, so it must be said.
//
// The tables of modules and targets hold it as text. An option is a word
//
//   "!hl-eq|hl=u8"   names, "!" before each that may be negated, "*" after the names where it may be given repeatedly, one
//                    "=" for each value, "?" where the last value may be absent. After "=" what the value must be:
//                      nothing       any text
//                      u8 .. u64, 1..32   a number; with ":" behind it a range "lo:hi", either end may be missing; with
//                                    "/" behind it "number/mask"
//                      (a,b) (a,b)+  one of these words, or a list of them; with "~" behind it in any case
//                      a name        see value_forms in iptables_options.cc
//
// and a need is a word
//
//   "a|b"    at least one of these        "a^b"    not both
//   "a>b|c"  with a also b or c           "a:x>b"  where a has the value x also b
//
// in which a lower-case name is an option, PREROUTING a hook, @nat a table, %tcp the rule's protocol, #ipv6 the family.
// Sources: the extensions and x_tables of iptables 1.8.9, checked against both of its programs; the xt_*.c of the kernel.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "parsers/text/address.h"

namespace ipo::iptables {

struct Command;
struct Option;
struct RuleInProgress;

// As iptables reads it: the length of the prefix may also be octal or hexadecimal, 192.0.2.0/0x18.
std::optional<MaskedAddress> parse_network(std::string_view text);

struct OptionShape {
  std::string_view name;       // as spelt
  std::string_view canonical;  // first spelling
  int values = 0;
  bool optional = false;   // the last value may be absent
  bool negatable = false;  // by this spelling
  bool repeatable = false;
  std::array<std::string_view, 2> takes;  // of each value, see above
};
std::vector<OptionShape> read_shapes(std::string_view text);

// The rows of a table of match modules or targets, found by name, with the shapes of their options read once.
struct OptionTable {
  std::unordered_map<std::string_view, std::size_t> by_name;
  std::vector<std::vector<OptionShape>> shapes;

  template <class Row, std::size_t count>
  explicit OptionTable(const Row (&rows)[count]) {
    for (const Row& row : rows) {
      by_name.emplace(row.name, shapes.size());
      shapes.push_back(read_shapes(row.options));
    }
  }
};

// Whether `text` is a value as `takes` demands.
bool is_value(std::string_view takes, std::string_view text, Family family);

// Refuses the rule where an option is negated, repeated or has a value that is not taken, or where a need is not met.
// `who` is "-m hl" or "-j HL". What depends on the hook is left to RuleInProgress::hooks: which hooks reach a user chain
// is known only when the table is complete.
void check_options(RuleInProgress& rule, const Command& command, const std::string& who, std::span<const Option> options,
                   std::string_view needs);

// The rule's protocol, where it names exactly one.
bool has_protocol(const Command& command, unsigned protocol);

}  // namespace ipo::iptables
