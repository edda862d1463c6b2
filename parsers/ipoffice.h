// Exports of an IP Office: Management API and Web Manager XML, the HTTP user list and directory, SIP trunk templates.
//
// No schema of them is public, so nothing is required: records are found in any envelope, or in none, and every leaf is
// kept. Which leaf is which setting is data, see field_map.h.
#pragma once

#include "parsers/field_map.h"
#include "parsers/model.h"

namespace ipo {

// 100: one of Avaya's namespaces; 95: a ws_object envelope; 60..80: bare records; 5: other XML with a familiar name; 0.
int recognises_ipoffice(const Source& source);

// System records give hosts; without any, the systems that users or lists name do. Every leaf is a Statement:
// understood where the map knows it, else ignored. The spans of statements never cover a value.
void interpret_ipoffice(const Sources& sources, std::uint32_t source, Site& site);
void interpret_ipoffice(const Sources& sources, std::uint32_t source, Site& site, const FieldMap& map);

}  // namespace ipo
