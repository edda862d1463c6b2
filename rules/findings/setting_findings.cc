// A value outside a range that holds for every release and one outside a narrower range of this release are told apart only by
// the range that is named.
#include "rules/findings/setting_findings.h"

#include <fmt/format.h>

#include "parsers/ipoffice/settings.h"
#include "parsers/text/values.h"

namespace ipo {

std::string lan_name(std::string_view lan) { return fmt::format("LAN{}", lan.substr(3)); }

std::optional<Release> stated_release(const Judgement& judgement, const Host& host) {
  if (judgement.declared.release) return parse_release(judgement.declared.release->value);
  if (host.release && !host.release->value.parts.empty()) return host.release->value;
  return {};
}

std::string name_of_host(const Host& host) { return host.name.empty() ? "the PBX" : "'" + host.name + "'"; }

std::string subject_of(const Host& host) {
  if (!host.name.empty()) return host.name;
  std::string out;
  for (const Located<Address>& address : host.addresses) out += (out.empty() ? "" : ", ") + format_address(address.value);
  return out.empty() ? "the PBX" : out;
}

Finding setting_finding(const Check& check, Level level, const Host& host, const Setting& setting, std::string message,
                        std::string_view about) {
  Finding f;
  f.check = check.id;
  f.level = level;
  f.message = std::move(message);
  f.span = setting.value.span;
  f.identity = host.name + '\n' + (about.empty() ? setting.key.text() : std::string(about));
  return f;
}

void report_settings(Findings& findings, const Check& check, Level level, const std::vector<const Setting*>& settings,
                     std::string message) {
  if (settings.empty()) return;
  Finding f;
  f.check = check.id;
  f.level = level;
  f.message = std::move(message);
  f.span = settings.front()->value.span;
  f.identity = settings.front()->key.text();
  for (const Setting* setting : settings) f.named.push_back(setting->value.value);
  findings.push_back(std::move(f));
}

std::optional<MaskedAddress> network_of(const Host& host, std::string_view lan) {
  const Setting* address = host.setting(std::string(lan) + ".address");
  std::optional<Address> a = address && !is_unset(*address) ? parse_address(address->value.value) : std::nullopt;
  if (!a) return {};
  const Setting* mask = host.setting(std::string(lan) + ".mask");
  std::optional<Address> m = mask && !is_unset(*mask) ? parse_address(mask->value.value) : std::nullopt;
  u128 bits = m && m->family == a->family ? m->value : address_max(a->family);
  return MaskedAddress{a->family, a->value & bits, bits};
}

bool is_unset(const Setting& address) {
  std::optional<Address> a = parse_address(address.value.value);
  return address.value.value.empty() || (a && a->value == 0);
}

const IntervalSet* outside_range(const Setting& setting, const std::optional<Release>& release) {
  const KnownSetting* known = find_setting(setting.key);
  std::optional<std::uint32_t> number = known ? parse_number(setting.value.value) : std::nullopt;
  if (!number) return nullptr;
  const IntervalSet* range = release ? range_of(*known, *release) : known->range ? &*known->range : nullptr;
  return range && !range->contains(*number) ? range : nullptr;
}

void report_outside(const Judgement& judgement, Findings& findings, const Check& check, std::string_view in_use) {
  for (const Host& host : judgement.site.hosts) {
    if (!in_use.empty() && host.flag(in_use) == false) continue;
    for (std::string_view key : check.settings) {
      const Setting* setting = host.setting(key);
      std::optional<Release> release = stated_release(judgement, host);
      const IntervalSet* range = setting ? outside_range(*setting, release) : nullptr;
      if (!range) continue;
      const KnownSetting& known = *find_setting(key);
      findings.push_back(setting_finding(
          check, check.severity, host, *setting,
          fmt::format("{} ({}) of {} is {}; it takes {}{}", known.name, key, name_of_host(host), setting->value.value,
                      format_ports(*range), known.range && *range == *known.range ? "" : " in release " + release->text())));
    }
  }
}

}  // namespace ipo
