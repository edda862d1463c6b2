// The evidence every JSON answer carries, in the shapes of product.md: packets, their ways, doubts, assumptions.
#pragma once

#include <optional>
#include <vector>

#include "linter/output/json_writer.h"
#include "linter/output/place.h"
#include "parsers/model/model.h"

namespace ipo {

// Each writes one member of the object that is open: "witness" (an object or null), "path", "doubt", "inferences".
void write_witness(JsonWriter& json, const std::optional<Packet>& packet);
void write_path(JsonWriter& json, const Places& places, const std::vector<PathStep>& path);
void write_doubt(JsonWriter& json, const Places& places, const std::vector<Doubt>& doubt);
void write_inferences(JsonWriter& json, const Places& places, const std::vector<Inference>& inferences);

}  // namespace ipo
