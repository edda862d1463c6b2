// Media that cannot get to a host or away from it: what the checks of calls' media and of links between systems share.
#pragma once

#include <optional>

#include "rules/exposure/media.h"
#include "rules/findings/blocked.h"

namespace ipo {

// media_range of a host of the site, without the ports that services of its own hold: no call uses those.
MediaRange calls_media(const Judgement& judgement, const Host* host);

struct LostMedia {
  Blocked blocked;
  IntervalSet closed;  // ports of the host's range that no packet gets through with
  const Flow* moved =
      nullptr;  // a forward leads packets for other ports to `closed`; the host announces its own, so nobody sends there
};

// Where media of calls comes to and goes from: LAN by LAN, each with the range of its own.
std::vector<HostAt> media_parts(const Judgement& judgement, const Passage& passage);

// Of alternatives the part of `range` that is closed in all of them to the addresses; nothing where none is. On the way out the range is
// where packets come from, and `to` the ports they go to.
std::optional<LostMedia> lost_media(const Judgement& judgement, const Ways& ways, const HostAt& part, const IntervalSet& range,
                                    const IntervalSet& to);

}  // namespace ipo
