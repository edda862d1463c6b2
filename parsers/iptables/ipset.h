// `ipset save` and the input of `ipset restore`: the members of the sets that rules name.
#pragma once

#include <cstdint>
#include <vector>

#include "parsers/model/model.h"
#include "parsers/text/lines.h"

namespace ipo {

// 80: most lines create sets or add to them. 0: not, or the text holds a table of iptables, whose reader takes them along.
int recognises_ipset(const Source& source);

// Adds the sets to the site; every line that is no comment becomes a statement. A line that is not understood leaves the
// set it names with a doubt. Linear but for `del`, which has a budget.
void interpret_ipset(const Sources& sources, std::uint32_t source, Site& site);

// The same for lines among others.
bool is_ipset_line(const Line& line);
void read_ipset_lines(const std::vector<const Line*>& lines, Site& site, std::vector<Statement>& statements);

}  // namespace ipo
