// Sets are joined to the machines they are of, and what their members decide takes the place of "depends on an ipset".
#pragma once

#include <string>
#include <vector>

#include "parsers/model/model.h"
#include "parsers/site_file/site_file.h"

namespace ipo {

// A set belongs to the firewalls whose dumps stand in its file, to the declared firewall that lists its file, and else to
// the only firewall of the site; of others an inference says that they belong to none.
//
// Each test of a set that is known becomes tests of packets; what a member that expires, a MAC address or a rule that
// changes the set leaves open stays one opaque test. A test of a set that is not given stays as it is. Statements follow
// their rules. The intervals put into rules are limited, so that many rules with large sets cannot fill the memory.
void resolve_sets(Site& site, const Sources& sources, const std::vector<DeclaredFirewall>& declared,
                  const std::string& working_folder);

}  // namespace ipo
