// 46xxsettings.txt and 46xxspecials.txt: what phones read from the PBX, or from a file server, when they start.
//
// Lines are `SET NAME value`, `IF $NAME SEQ value GOTO label`, `GOTO label`, `# label`, `GET file`; everything else behind a
// '#' is a comment. Avaya documents the layout (SIP Telephone Installation Notes, "Sample Files"); no file that an IP Office
// generated is public, so the values are taken as they stand and only names that Avaya documents get a key.
#pragma once

#include "parsers/model/model.h"

namespace ipo {

// 90: SET lines and a name only these files have; 60: nearly all lines are such lines; 0.
int recognises_phone_settings(const Source& source);

// One Record "46xxsettings" with a field per SET, path "46xxsettings/NAME"; of several of one name the last is kept that
// every phone or some phones reach. Fields that only some phones reach (behind an IF, or a GET that may have replaced the
// rest of the file) are Setting::conditional; those no phone reaches are not taken. Jumps lead forward: phones look for a
// label behind the line.
void interpret_phone_settings(const Sources& sources, std::uint32_t source, Site& site);

}  // namespace ipo
