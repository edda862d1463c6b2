// Where the interfaces and sources of one firewall land: computed from its zones' packets, never from their tables.
#pragma once

#include <string>
#include <vector>

#include "rules/site/site.h"

namespace ipo {

struct InterfaceLanding {
  std::string interface;  // "eth0", "eth+" (all others that begin so), "+" (all others)
  std::string zone;       // empty: no zone's; "internet and partner" where several share it
  std::string why;
  SourceSpan span;  // what the reason rests on, or the first rule that names the interface
};

struct SourceLanding {
  std::string source;                   // "198.51.100.0/28"
  std::vector<std::string> interfaces;  // as above; empty = every one
  std::string zone;                     // empty: no zone's
  std::string why;                      // may be empty
  SourceSpan span;                      // where the source is first named
};

struct Landings {
  std::vector<InterfaceLanding> interfaces;  // of the internet first, then by name, then all others
  std::vector<SourceLanding> sources;        // IPv4 first, by address
};

// `inferences` hold the reasons of what was inferred. Throws SpaceExhausted where the zones are too complex.
Landings landings_of(const Standing& standing, const std::vector<Inference>& inferences);

}  // namespace ipo
