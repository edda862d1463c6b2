// A provider the PBX does not register with sends media unasked; so do remote workers, and a static port block says that the
// site wants it. Otherwise a range that is open in part is taken for one that is needed.
#include "rules/media.h"

#include <algorithm>

#include "parsers/letters.h"

namespace ipo {
namespace {

bool static_port_block(const Host* host) {
  if (!host) return false;
  for (const char* key : {"lan1.nat_type", "lan2.nat_type"})
    if (const Setting* s = host->setting(key)) {
      std::string text;
      for (char c : s->value.value)
        if (c != ' ' && c != '_' && c != '-') text += lower(c);
      if (text == "staticportblock") return true;
    }
  return false;
}

}  // namespace

MediaRange media_range(const Host* host) {
  IntervalSet configured;
  if (host)
    for (std::string lan : {"lan1", "lan2"})
      if (auto lo = host->number(lan + ".rtp.min"), hi = host->number(lan + ".rtp.max"); lo && hi && *hi < 65536)
        configured.add(*lo, *hi);
  if (!configured.empty()) return {configured, {}};
  if (host && (host->platform == "server-edition" || host->platform == "application-server" || host->platform == "virtual"))
    return {IntervalSet::range(40750, 50750), {}};
  if (host && host->platform == "ip500v2") return {IntervalSet::range(46750, 50750), {}};
  return {IntervalSet::range(46750, 50750), IntervalSet::range(40750, 46749)};
}

std::span<const MediaDefault> media_defaults() {
  static constexpr MediaDefault list[] = {{{49152, 53246}, "releases 6 to 8"}, {{47000, 54000}, "release 9.0.3"}, {{40750, 50750}, "release 9.1"}};
  return list;
}

bool has_zone(const Site& site, std::string_view kind) {
  return std::any_of(site.zones.begin(), site.zones.end(), [&](const Zone& zone) { return zone.kind == kind; });
}

bool needs_media(const Site& site, const Passage& passage, bool partly, bool signalled) {
  const ZoneAt& zone = *passage.zone;
  bool trunk = false, registers = false, any_trunk = false;
  for (const Trunk& t : site.trunks) {
    bool here = t.zone.value == zone.name || (zone.is_internet() && t.zone.value == "internet");
    registers = registers || (here && t.registers);
    trunk = trunk || (here && !t.registers);
    any_trunk = any_trunk || !t.registers;
  }
  bool sbc = has_zone(site, "sbc");
  if (zone.kind == "sbc") return trunk || (!registers && (partly || signalled));
  if (zone.is_internet() && site.remote_workers) {
    const std::string& by = site.remote_workers->value;
    if (by == "sip" || by == "sip-tls" || by == "h323") return true;
  }
  // With a session border controller all other calls come through it.
  if ((zone.kind != "itsp" && !zone.is_internet()) || sbc) return false;
  if (trunk || (partly && !registers)) return true;
  // A static port block is for those providers the PBX does not register with: the declared ones, else all.
  if (!static_port_block(passage.host) || any_trunk || registers) return false;
  return zone.kind == "itsp" || !has_zone(site, "itsp");
}

}  // namespace ipo
