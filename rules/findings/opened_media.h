// Lines that open a part of the media range, with all UDP ports they open: what the checks of its width share.
#pragma once

#include <string_view>
#include <vector>

#include "rules/exposure/exposure.h"
#include "rules/exposure/media.h"

namespace ipo {

struct OpenedMedia {
  const Opening* opening = nullptr;
  Interval ports;  // one run of UDP ports of the line that touches the range calls use, as the host sees them
  IntervalSet
      needed;  // the range calls use: configured, else of the platform and release; empty = not known, so nothing is claimed of it
  bool proven = true;
  const MediaDefault* stale = nullptr;  // it is exactly the default of another release
  bool by_forward = false;  // what it opens "if routed" another line leads to the host by a forward: that line is the one to tell
  std::vector<const MatrixRow*> services;  // rows of UDP services within the run that calls do not use
  // More than twice the ports calls use, or services among them; a stale range is another matter.
  bool too_wide() const { return !stale && !needed.empty() && (ports.hi - ports.lo + 1 > 2 * needed.size() || !services.empty()); }
};

// Once per line and run; lines without any restriction of ports are other checks'. Where the range of the release is not known, runs
// that are the whole default of some release.
std::vector<OpenedMedia> opened_media(const Exposure& exposure, const PortMatrix& matrix);
// The one of a line whose run holds the ports; null where there is none.
const OpenedMedia* media_of(const std::vector<OpenedMedia>& all, RuleRef line, const IntervalSet& ports);

}  // namespace ipo
