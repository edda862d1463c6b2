// What a person declared in ipo-lint.toml, laid over what the inputs say.
#pragma once

#include <vector>

#include "parsers/model/model.h"
#include "parsers/site_file/site_file.h"

namespace ipo {

bool is_pbx(const Host& host);  // it has the product ip-office
// The PBX host of the site; made where there is none.
Host& pbx_of(Site& site);

// Declared facts win over read ones; where the two differ an inference says so. A declared host is the export's when their
// names or addresses meet, or when each side has only one PBX. Dumps are joined into the declared firewalls. An interface that
// only a zone names is told as an inference.
void declare(Site& site, const Sources& sources, const SiteFile& file, const std::string& working_folder);

}  // namespace ipo
