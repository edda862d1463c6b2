// A provider the PBX does not register with sends media unasked; so do remote workers, and a static port block says that the
// site wants it. Otherwise a range that is open in part is taken for one that is needed.
#include "rules/exposure/media.h"

#include <algorithm>

#include "parsers/ipoffice/settings.h"
#include "parsers/text/letters.h"
#include "parsers/text/values.h"
#include "rules/pbx/host_lans.h"
#include "rules/site/declared.h"

namespace ipo {
namespace {

// The rows of the defaults' table: a start and an end that hold for the same releases.
std::vector<std::pair<Interval, const Releases*>> defaults_in_table(const std::optional<Release>& release,
                                                                    std::string_view platform) {
  auto defaults = [&](const char* key) {
    const KnownSetting& setting = *find_setting(key);
    if (release) return defaults_of(setting, *release, platform);
    std::vector<const SettingDefault*> all;
    for (const SettingDefault& d : setting.defaults) all.push_back(&d);
    return all;
  };
  std::vector<std::pair<Interval, const Releases*>> out;
  for (const SettingDefault* lo : defaults("lan1.rtp.min"))
    for (const SettingDefault* hi : defaults("lan1.rtp.max"))
      if (lo->releases == hi->releases)
        out.push_back({{parse_number(lo->value).value_or(0), parse_number(hi->value).value_or(0)}, &lo->releases});
  return out;
}

}  // namespace

bool static_port_block(const Host* host) {
  return host && (behind_nat(*host, "lan1") == Nat::port_block || behind_nat(*host, "lan2") == Nat::port_block);
}

Nat behind_nat(const Host& host, std::string_view lan) {
  std::string prefix(lan), type;
  if (const Setting* s = host.setting(prefix + ".nat_type"))
    for (char c : s->value.value)
      if (char l = lower(c); l >= 'a' && l <= 'z') type += l;
  if (type == "staticportblock") return Nat::port_block;
  if (type == "openinternet") return Nat::none;
  if (type == "onetoonenat") return Nat::one_to_one;
  if (type.find("nat") != type.npos || type.find("cone") != type.npos || type.starts_with("symmetric")) return Nat::translated;
  auto address = [&](const char* key) {
    const Setting* s = host.setting(prefix + key);
    return s ? parse_address(s->value.value) : std::nullopt;
  };
  std::optional<Address> own = address(".address"), outside = address(".public_address");
  return own && outside && outside->value != 0 && !is_public(*own) && is_public(*outside) ? Nat::translated : Nat::unknown;
}

std::vector<RangeSettings> range_settings(const Host& host, std::string_view lan) {
  std::string prefix = std::string(lan) + ".rtp.";
  std::vector<RangeSettings> out = {{prefix + "min", prefix + "max", "media range"}};
  auto lo = host.number(prefix + "nat_min"), hi = host.number(prefix + "nat_max");
  bool usual = lo == host.number(out[0].first) && hi == host.number(out[0].last);
  if (lo && hi && *lo > 0 && *hi > 0 && !usual) out.push_back({prefix + "nat_min", prefix + "nat_max", "media range through NAT"});
  return out;
}

std::vector<Interval> default_media_ranges(const std::optional<Release>& release, std::string_view platform) {
  std::vector<Interval> out;
  for (const auto& [ports, releases] : defaults_in_table(release, platform)) out.push_back(ports);
  return out;
}

const std::vector<MediaDefault>& media_defaults() {
  static const std::vector<MediaDefault> all = [] {
    std::vector<MediaDefault> out;
    for (const auto& [ports, releases] : defaults_in_table({}, "")) {
      bool one = releases->since.starts_with(releases->until);
      std::string name = one ? "release " + releases->since : "releases " + releases->since + " to " + releases->until;
      auto known = std::find_if(out.begin(), out.end(), [&](const MediaDefault& d) { return d.releases == name; });
      if (known == out.end())
        out.push_back({ports, name});
      else
        known->ports = {std::min(known->ports.lo, ports.lo), std::max(known->ports.hi, ports.hi)};
    }
    return out;
  }();
  return all;
}

MediaRange media_range(const Host* host, const Release& release) {
  IntervalSet configured;
  if (host)
    for (std::string lan : {"lan1", "lan2"})
      if (auto lo = host->number(lan + ".rtp.min"), hi = host->number(lan + ".rtp.max"); lo && hi && *hi < 65536)
        configured.add(*lo, *hi);
  IntervalSet through_nat = host ? media_through_nat(*host) : IntervalSet();
  if (!configured.empty()) return {configured, {}, through_nat};
  MediaRange out{{}, {}, through_nat};
  bool first = true;
  for (const Interval& range : default_media_ranges(release, host ? host->platform : "")) {
    IntervalSet ports = IntervalSet::range(range.lo, range.hi);
    out.needed = first ? ports : out.needed.intersected(ports);
    out.perhaps.add(ports);
    first = false;
  }
  out.perhaps = out.perhaps.minus(out.needed);
  return out;
}

bool has_zone(const Site& site, std::string_view kind) {
  return std::any_of(site.zones.begin(), site.zones.end(), [&](const Zone& zone) { return zone.kind == kind; });
}

bool workers_send_media(const Site& site) {
  if (!site.remote_workers) return false;
  const std::string& by = site.remote_workers->value;
  return by == "sip" || by == "sip-tls" || by == "h323";
}

std::string_view flag_of_workers(const Site& site) {
  return site.remote_workers && site.remote_workers->value == "h323" ? ".h323.remote_extension" : ".sip.remote_extension";
}

bool takes_calls(const Host* host, std::string_view flag) {
  if (!host || flag.empty()) return true;
  for (std::string lan : {"lan1", "lan2"})
    if (has_lan(*host, lan) && host->flag(lan + std::string(flag)) != false) return true;
  return false;
}

bool takes_declared(const Site& site, const Host* host, std::string_view flag) {
  return takes_calls(host, flag) ||
         std::none_of(site.hosts.begin(), site.hosts.end(), [&](const Host& h) { return is_pbx(h) && takes_calls(&h, flag); });
}

bool needs_media(const Site& site, const Passage& passage, const Host* host, bool partly, bool signalled) {
  auto takes = [&](std::string_view flag) { return takes_declared(site, host, flag); };
  const ZoneAt& zone = *passage.zone;
  bool trunk = false, registers = false, any_trunk = false;
  for (const Trunk& t : site.trunks) {
    bool here = t.zone.value == zone.name || (zone.is_internet() && t.zone.value == "internet");
    registers = registers || (here && t.registers);
    trunk = trunk || (here && !t.registers);
    any_trunk = any_trunk || !t.registers;
  }
  bool sbc = has_zone(site, "sbc");
  if (zone.is_internet() && workers_send_media(site) && takes(flag_of_workers(site))) return true;
  if (!takes(".sip.trunks")) return false;
  if (zone.kind == "sbc") return trunk || (!registers && (partly || signalled));
  // With a session border controller all other calls come through it.
  if ((zone.kind != "itsp" && !zone.is_internet()) || sbc) return false;
  if (trunk || (partly && !registers)) return true;
  // A static port block is for those providers the PBX does not register with: the declared ones, else all.
  if (!static_port_block(host) || any_trunk || registers) return false;
  return zone.kind == "itsp" || !has_zone(site, "itsp");
}

}  // namespace ipo
