// Synthetic rule lists, the same for every engine: what ci/bench compares them on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ipo::bench {

// A match on a source and a destination prefix, a protocol and a range of destination ports, and what becomes of it. What
// no rule matches is dropped.
struct SyntheticRule {
  std::uint32_t source, destination;  // first address of the prefix
  int source_length, destination_length;
  std::uint8_t protocol;  // 6 or 17
  std::uint16_t port_lo, port_hi;
  bool accept;
};

// Where the destinations lie: anywhere, so that few rules overlap, or all in one /8, where the number of rules that overlap
// in one place grows with the list.
enum class Spread { anywhere, one_net };
// The same list for the same length, on every machine.
std::vector<SyntheticRule> synthetic_rules(std::size_t count, Spread spread);
// As iptables-save prints it.
std::string iptables_save(const std::vector<SyntheticRule>& rules);

// CPU seconds that the BDD library takes for the set of accepted packets; `balanced` composes halves, else rule after rule.
struct BddTime {
  double seconds;
  int nodes;  // of the result
};
BddTime bdd_accept_set(const std::vector<SyntheticRule>& rules, bool balanced);

// CPU seconds this process has used.
double cpu_seconds();

}  // namespace ipo::bench
