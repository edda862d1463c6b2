// iptables-save, ip6tables-save, hand-written iptables-restore input and ufw's *.rules.
#pragma once

#include <cstdint>

#include "parsers/model/model.h"

namespace ipo {

// 95: a dump from its first line. 50: a dump with other text before it. 40: only lines such as "-A INPUT -j DROP",
// without a table. 0: neither. Shell scripts that call iptables are none of these.
int recognises_iptables(const Source& source);

// Lines of `ipset save` before and after the tables are read too, see ipset.h. Adds a firewall per dump; the first IPv4 and
// the first IPv6 dump of a file are one firewall, the second ones the next, " #2" after its name. Every line that is no comment, chain header or COMMIT becomes a statement, in file order.
// Linear in the size of the text; edits by rule number (-I 3, -D, -R) beyond a large budget are reported, not applied.
void interpret_iptables(const Sources& sources, std::uint32_t source, Site& site);

// ufw keeps its rules in before.rules, after.rules and user.rules of one folder, those for IPv6 in before6.rules ..., and loads them
// in this order: the place of a file of that name. Nothing for others.
std::optional<std::size_t> place_among_parts(std::string_view file, Family family);
// What is said of such files that were joined, after their names.
constexpr std::string_view parts_are_joined = " are taken for ufw's rules of one machine";

// Whether the tables in `part` of a file are of one address family only: by an address, ICMP, the program that wrote them.
// What tells nothing is read as IPv4.
bool tells_family(const Source& source, SourceSpan part);

}  // namespace ipo
