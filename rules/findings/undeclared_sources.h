// Single public sources that reach the PBX without a zone that says who they are: what the check reports, and what
// `ipo-lint init` writes zones for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rules/findings/exposure_findings.h"

namespace ipo {

struct UndeclaredSource {
  IntervalSet addresses;  // one interval; of a line that lets in a long list or a negation, all it lets in
  Family family = Family::ipv4;
  std::string text;              // format_addresses of them
  std::string zone;              // where they count now: "internet", "network"
  std::vector<Exposed> exposed;  // never empty; in the order of the openings
};

// A row of signalling or media: what a provider needs, while a partner may need any.
bool is_of_calls(std::string_view row);

// Addresses of declared peers whose link uses the row: [[peer]] says who they are.
IntervalSet peers_linked_by(const Site& site, std::string_view row, Family family);

// By text, then zone.
std::vector<UndeclaredSource> undeclared_sources(const Site& site, const Exposure& exposure);

}  // namespace ipo
