// Where calls need media from, and on which ports: what the checks of the media range share.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/exposure/exposure.h"

namespace ipo {

struct MediaRange {
  IntervalSet needed;
  IntervalSet perhaps;      // needed on another platform only
  IntervalSet through_nat;  // of its own, by its name for calls through NAT; empty where there is none
};

// The settings of a LAN's ranges: the ordinary one, and one of its own through NAT where that is another.
struct RangeSettings {
  std::string first, last;  // keys
  std::string_view name;    // "media range", "media range through NAT"
};
std::vector<RangeSettings> range_settings(const Host& host, std::string_view lan);

// The configured range, else the default of the release and of the host's platform, as parsers/ipoffice/settings.toml has them; of
// every platform where it is not known. Empty where no default of the release is documented.
MediaRange media_range(const Host* host, const Release& release);
// The documented defaults of the media range; of every release where it is not known.
std::vector<Interval> default_media_ranges(const std::optional<Release>& release, std::string_view platform);

// What stands between a LAN and the internet, as its network topology says it: nothing, a translation that forgets, a range of
// ports that is forwarded for good, an address of its own that is. A private LAN with a public address is behind a translation.
enum class Nat { unknown, none, translated, port_block, one_to_one };
Nat behind_nat(const Host& host, std::string_view lan);

// What the range is by default in some releases, of all platforms together.
struct MediaDefault {
  Interval ports;
  std::string releases;  // "releases 6 to 8"
};
const std::vector<MediaDefault>& media_defaults();

// A LAN's topology says that a range of ports is forwarded for good: calls come to this very host.
bool static_port_block(const Host* host);

bool has_zone(const Site& site, std::string_view kind);

// Remote workers are declared that come directly: their media is asked of the internet.
bool workers_send_media(const Site& site);
// What switches such workers on for a LAN.
std::string_view flag_of_workers(const Site& site);
// The host may take calls that the flag of its LANs (".sip.trunks") switches: it is not off in all of them.
bool takes_calls(const Host* host, std::string_view flag);
// The same of calls that the site file declares: what is off on every system comes by each of them.
bool takes_declared(const Site& site, const Host* host, std::string_view flag);
// Whether calls need that media comes in from the passage's zone to the host, as it is at some of its addresses. `partly`: a line opens
// a part of the range, `signalled`: one opens SIP.
bool needs_media(const Site& site, const Passage& passage, const Host* host, bool partly, bool signalled);

}  // namespace ipo
