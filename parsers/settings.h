// The settings of a system: what each is called, which values it may have and what it is until it is changed. One list, for
// [settings] of ipo-lint.toml, for the same settings in an export, and for the reference `ipo-lint settings` prints.
//
// The list is data, parsers/settings.toml, which says what its columns mean. It is ours: Avaya publishes no such schema.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/interval_set.h"
#include "parsers/model.h"

namespace ipo {

struct SettingDefault {
  std::string value;
  std::string where;   // "9.1, IP500 V2"; empty = everywhere
  std::string source;
};

struct KnownSetting {
  enum class Type { flag, port, number, address, mask, choice, text };
  std::string key;
  std::string name;                  // as the screen calls it
  Type type = Type::text;
  std::string unit;                  // "seconds"; empty where there is none
  std::optional<IntervalSet> range;  // of a port or number
  std::string range_source;
  std::vector<std::string> choices;
  std::string screen;                // empty where no screen shows it
  std::string element;               // "System/LANS/LAN[LAN1]/IPAddress"; empty where the envelope has none
  Evidence evidence = Evidence::ours;
  bool secret = false;
  std::vector<SettingDefault> defaults;
};

// In the order of the reference. The list compiled in is right, which a test proves.
std::span<const KnownSetting> known_settings();
const KnownSetting* find_setting(std::string_view key);
std::string_view name_of(KnownSetting::Type type);  // "flag", "port" ...

// Why the setting cannot have this value: "is no number", "is outside 1024-64510"; empty where it can. An empty value is one:
// exports hold it where nothing was entered. Never quotes the value.
std::string refusal(const KnownSetting& setting, std::string_view value);

// "true or false", "a port, 1024-64510", "Disabled, Preferred or Enforced".
std::string describe_values(const KnownSetting& setting);

// true/on/1/yes/enabled/active, false/off/0/no/disabled/inactive, without regard to case.
std::optional<bool> parse_flag(std::string_view text);

}  // namespace ipo
