// `ipo-lint query --from ZONE --to HOST --service SERVICE`: does it get there, by which line, and what closes it.
#pragma once

#include <istream>
#include <ostream>
#include <string>

#include "linter/commands/color_choice.h"
#include "linter/commands/one_site.h"
#include "linter/reports/formats.h"

namespace ipo {

struct AskCommand {
  SiteQuestion site;
  std::string from;             // a zone's name, an address or a net
  std::string to;               // a host's name or one of its addresses; empty = every host
  std::string service;          // "69/udp", "5060-5061", a row's id ("T1.4"), a word of an application ("sip")
  std::string format = "text";  // "text", "json": {"from","to","service","answers":[as in exposure]}
  ColorChoice color = ColorChoice::automatic;
  TextStyle style;
};

// exit_clean: answered, whatever the answer; exit_usage: a zone, host or service that does not exist; else as
// assess_one_site.
int run_ask(const AskCommand& command, std::istream& in, std::ostream& out, std::ostream& err);

}  // namespace ipo
