// Dumps of one machine become one firewall: the dump of one family beside that of the other, and the files a site file
// lists together.
#pragma once

#include <vector>

#include "parsers/model/model.h"
#include "parsers/site_file/site_file.h"

namespace ipo {

// Joins what `declared` lists: rulesets of one family are loaded one after the other, as iptables-restore --noflush does
// (a table that states a policy starts anew). Roles and hosts are set. What is declared but was not given becomes an
// inference. Firewalls keep the place of their first dump. Relative paths start at `working_folder`.
void join_declared(Site& site, const Sources& sources, const std::vector<DeclaredFirewall>& declared,
                   const std::string& working_folder);

// A call that no file holds: the parser puts in what a program adds around each of its files.
bool is_added_call(const Rule& rule);
// A rule that no file holds: it stands for the translations of a table that the dump says it does not show.
bool is_supposed(const Rule& rule);

// Joins what its names show to be one machine's. The files of one folder in which a program keeps its rules are loaded in the
// program's order. An IPv4 and an IPv6 dump belong together when they are the only two, or
// when their paths differ in nothing but the family ("edge.v4" and "edge.v6", "iptables.rules" and "ip6tables.rules"). Declared
// firewalls are left alone.
void join_by_name(Site& site, const Sources& sources);

}  // namespace ipo
