// Lines that open a part of the media range, with all UDP ports they open: what the checks of its width share.
#pragma once

#include <string_view>
#include <vector>

#include "rules/exposure.h"
#include "rules/judgement.h"
#include "rules/media.h"

namespace ipo {

struct OpenedMedia {
  const Opening* opening = nullptr;
  Interval ports;          // one run of UDP ports of the line that touches the range calls use, as the host sees them
  IntervalSet needed;      // the range calls use: configured, else of the platform and release; empty = not known, so nothing is claimed of it
  bool proven = true;
  const MediaDefault* stale = nullptr;  // it is exactly the default of another release
  std::vector<const MatrixRow*> services;  // rows of UDP services within the run that calls do not use
};

// Once per line and run; lines without any restriction of ports are other checks'. Where the range of the release is not known, runs
// that are the whole default of some release.
std::vector<OpenedMedia> opened_media(const Judgement& judgement);

}  // namespace ipo
