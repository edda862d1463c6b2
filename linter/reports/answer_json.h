// The answer to "does this get from there to here" as a JSON object, the same wherever it is asked.
#pragma once

#include "linter/output/json_writer.h"
#include "linter/output/place.h"
#include "linter/output/redact.h"
#include "rules/findings/reached.h"

namespace ipo {

// Members of the object that is open: host (null: not known), zone, hook, firewall, family, status, extent (null where closed),
// sources (pairs of addresses), ports, transports, witness, path, doubt, lines (to change, or that block).
void write_answer(JsonWriter& json, const Places& places, const Redaction& redaction, const Reached& reached, Answer answer);

}  // namespace ipo
