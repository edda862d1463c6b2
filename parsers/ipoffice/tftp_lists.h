// What the PBX answers to TFTP requests for nasystem/*: lists without a header, separated by commas, in ISO-8859-1.
//
// Public clients say what the columns of six of them mean: who_is, user_list8, user_info3, hunt_list, dir_list, extn numbers in
// them. Nothing but their shape tells them apart, so they are recognised only where every line fits, and never surely.
#pragma once

#include "parsers/model/model.h"

namespace ipo {

// 70: who_is; 50: user_info3; 40: user_list8; 30: hunt_list; 20: dir_list; 0.
int recognises_tftp_list(const Source& source);

// who_is gives a host; user lists give Records "User", hunt_list "HuntGroup", dir_list one "corporate_dir". A line that does
// not fit the list, and every line of a list that is none of these, is not understood.
void interpret_tftp_list(const Sources& sources, std::uint32_t source, Site& site);

}  // namespace ipo
