// The list of dialects, and the choice among them by content.
#include "parsers/parsers.h"

#include <array>

#include "parsers/ipoffice.h"
#include "parsers/ipset.h"
#include "parsers/iptables.h"

namespace ipo {

std::span<const Dialect> dialects() {
  static constexpr std::array<Dialect, 3> list = {{
      {"ipoffice", "IP Office export", recognises_ipoffice, interpret_ipoffice},
      {"iptables", "iptables-save", recognises_iptables, interpret_iptables},
      {"ipset", "ipset save", recognises_ipset, interpret_ipset},
  }};
  return list;
}

const Dialect* recognise(const Source& source) {
  const Dialect* best = nullptr;
  int sureness = 0;
  for (const Dialect& d : dialects())
    if (int s = d.recognises(source); s > sureness) best = &d, sureness = s;
  return best;
}

const Dialect* find_dialect(std::string_view name) {
  for (const Dialect& d : dialects())
    if (d.name == name) return &d;
  return nullptr;
}

}  // namespace ipo
