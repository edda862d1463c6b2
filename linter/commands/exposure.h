// `ipo-lint exposure`: for each zone and host, which rows of the port matrix are open, possibly open, closed.
#pragma once

#include <istream>
#include <ostream>
#include <string>
#include <vector>

#include "linter/commands/one_site.h"
#include "linter/reports/formats.h"

namespace ipo {

struct ExposureCommand {
  SiteQuestion site;
  std::vector<std::string> zones;     // names; empty = all
  std::vector<std::string> statuses;  // "open", "possible", "closed"; empty = all (the text only counts the closed)
  std::string format = "text";        // "text", "json" (product.md, "exposure")
  int width = TextStyle{}.width;
};

// exit_clean; exit_usage for a zone that does not exist and for what assess_one_site refuses; exit_incomplete where an input
// could not be used or was too complex.
int run_exposure(const ExposureCommand& command, std::istream& in, std::ostream& out, std::ostream& err);

}  // namespace ipo
