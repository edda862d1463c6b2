// The textbook: a rule is a conjunction of prefixes and a port range over 88 boolean variables, in the order protocol,
// destination, destination port, source, most significant bit first. Accepted and matched packets are composed rule after
// rule, or as a balanced tree, exactly as the interval diagrams are.
#include <bdd.h>

#include "tests/bench/rule_list.h"

namespace ipo::bench {
namespace {

constexpr int protocol_at = 0, destination_at = 8, port_at = 40, source_at = 56, variable_count = 88;

// The first `fixed` of `width` bits are those of `value`. From the last variable up, so that each step adds one node.
bdd bits(int at, int width, std::uint32_t value, int fixed) {
  bdd out = bddtrue;
  for (int i = fixed; i-- > 0;) out &= (value >> (width - 1 - i) & 1) != 0 ? bdd_ithvar(at + i) : bdd_nithvar(at + i);
  return out;
}

// value >= bound, or value <= bound.
bdd compare(int at, int width, std::uint32_t bound, bool at_least) {
  bdd out = bddtrue;
  for (int i = width; i-- > 0;) {
    bool one = (bound >> (width - 1 - i) & 1) != 0;
    if (at_least)
      out = one ? bdd_ithvar(at + i) & out : bdd_ithvar(at + i) | out;
    else
      out = one ? bdd_nithvar(at + i) | out : bdd_nithvar(at + i) & out;
  }
  return out;
}

bdd match(const SyntheticRule& r) {
  bdd ports = r.port_lo == r.port_hi ? bits(port_at, 16, r.port_lo, 16)
                                     : compare(port_at, 16, r.port_lo, true) & compare(port_at, 16, r.port_hi, false);
  return bits(protocol_at, 8, r.protocol, 8) & bits(destination_at, 32, r.destination, r.destination_length) & ports &
         bits(source_at, 32, r.source, r.source_length);
}

struct Segment {
  bdd accepted, matched;
};

Segment compose(const std::vector<SyntheticRule>& rules, std::size_t begin, std::size_t end) {
  if (end - begin == 1) {
    bdd m = match(rules[begin]);
    return {rules[begin].accept ? m : bddfalse, m};
  }
  std::size_t middle = begin + (end - begin) / 2;
  Segment first = compose(rules, begin, middle), second = compose(rules, middle, end);
  return {first.accepted | bdd_apply(second.accepted, first.matched, bddop_diff), first.matched | second.matched};
}

}  // namespace

BddTime bdd_accept_set(const std::vector<SyntheticRule>& rules, bool balanced) {
  // Tables large enough for every list that is measured are made before the clock starts.
  bdd_init(4'000'000, 400'000);
  bdd_gbc_hook(nullptr);
  bdd_setmaxincrease(4'000'000);
  bdd_setvarnum(variable_count);
  BddTime out{};
  double start = cpu_seconds();
  {
    bdd accepted = bddfalse;
    if (balanced) {
      accepted = compose(rules, 0, rules.size()).accepted;
    } else {
      bdd matched = bddfalse;
      for (const SyntheticRule& r : rules) {
        bdd m = match(r);
        if (r.accept) accepted |= bdd_apply(m, matched, bddop_diff);
        matched |= m;
      }
    }
    out = {cpu_seconds() - start, bdd_nodecount(accepted)};
  }
  bdd_done();
  return out;
}

}  // namespace ipo::bench
