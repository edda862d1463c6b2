// The JSON twins of IP Office exports, as the Management API answers when it is asked for JSON.
//
// {"response":{"@status":"1","data":{"ws_object":[{"User":{"@GUID":"…","Name":…}}]}}} is the XML envelope element by
// element: "@name" is an attribute, a list several elements of one name, `ws_object` one object or a list. So it is turned
// into that shape and read by the same code, and every path and key is the same.
#pragma once

#include "parsers/model/model.h"

namespace ipo {

// 95: a ws_object or an SMAError; 80: a response with a status; 75: a record with a GUID; 0.
int recognises_ipoffice_json(const Source& source);
void interpret_ipoffice_json(const Sources& sources, std::uint32_t source, Site& site);

}  // namespace ipo
