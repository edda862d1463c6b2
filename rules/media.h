// Where calls need media from, and on which ports: what the checks of the media range share.
#pragma once

#include <span>
#include <string_view>

#include "rules/exposure.h"

namespace ipo {

struct MediaRange {
  IntervalSet needed;
  IntervalSet perhaps;  // needed on another platform only
};

// The configured range, else the platform's: IP500 V2 46750-50750, Linux 40750-50750 (Table 1, ingress row 27).
MediaRange media_range(const Host* host);

// What the range was by default in other releases.
struct MediaDefault {
  Interval ports;
  std::string_view releases;  // "releases 6 to 8"
};
// The manuals of releases 6 to 8 and Table 7 of the port matrix.
std::span<const MediaDefault> media_defaults();

bool has_zone(const Site& site, std::string_view kind);

// Whether calls need that media comes in from the passage's zone. `partly`: a line opens a part of the range, `signalled`:
// one opens SIP.
bool needs_media(const Site& site, const Passage& passage, bool partly, bool signalled);

}  // namespace ipo
