// Exports of an IP Office: Management API and Web Manager XML, the HTTP user list and directory, SIP trunk templates.
// Their JSON twins are in ipoffice_json.h.
//
// No schema of them is public, so nothing is required: records are found in any envelope, or in none, and every leaf is
// kept. Which leaf is which setting is data, see field_map.h.
#pragma once

#include "parsers/document/document.h"
#include "parsers/ipoffice/field_map.h"
#include "parsers/model/model.h"

namespace ipo {

// 100: one of Avaya's namespaces; 95: a ws_object envelope; 60..80: bare records; 5: other XML with a familiar name; 0.
int recognises_ipoffice(const Source& source);

// System records give hosts; without any, the systems that users or lists name do. Every leaf is a Statement:
// understood where the map knows it, else ignored. The spans of statements never cover a value.
void interpret_ipoffice(const Sources& sources, std::uint32_t source, Site& site);
void interpret_ipoffice(const Sources& sources, std::uint32_t source, Site& site, const FieldMap& map);

// The same for a document that was read elsewhere and has the shape of the XML: nothing but elements and attributes.
void interpret_records(const Sources& sources, std::uint32_t source, const Document& document, Site& site, const FieldMap& map);

// Adds a system of which only the address, and perhaps name and release, are known; nothing where the site has one of that address.
void add_known_system(Site& site, Host host);
// The release of "12.2.0.0.0" or "7.0"; what follows a part that is no number is left out.
Release leading_release(std::string_view text);

// "User", "System": whether an element of that name is a record where it has children or a GUID.
bool is_record_type(std::string_view name);

}  // namespace ipo
