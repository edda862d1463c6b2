// `ipo-lint zones`: which zone each interface and source of a site's firewalls landed in, and why.
#pragma once

#include <istream>
#include <ostream>
#include <string>

#include "linter/commands/one_site.h"

namespace ipo {

struct ZonesCommand {
  SiteQuestion site;
  // "text": a firewall's first sources and a count of the others. "json": everything,
  //   {"firewalls":[{"name":"edge.v4","role":"perimeter|transit|host","families":["ipv4"],"path":"…",
  //                  "interfaces":[{"interface","zone","why","file","line"}],
  //                  "sources":[{"source","interface","zone","why","file","line"}]}],
  //    "inferences":[{"message","file","line"}]}
  // `zone` null: no zone's, taken for inside. `interface` "eth+": every interface that begins so and is not listed;
  // "+": every other one; null (of a source): all of them. A source that is listed twice for one interface splits over
  // zones. `file` and `line` are null where a conclusion rests on no line.
  std::string format = "text";
};

// exit_clean, or as assess_one_site; exit_incomplete as well where a firewall's zones are too complex to compute.
int run_zones(const ZonesCommand& command, std::istream& in, std::ostream& out, std::ostream& err);

}  // namespace ipo
