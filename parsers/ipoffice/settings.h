// The settings of a system: what each is called, which values it may have and what it is until it is changed. One list, for
// [settings] of ipo-lint.toml, for the same settings in an export, and for the reference `ipo-lint settings` prints.
//
// The list is data, parsers/ipoffice/settings.toml, which says what its columns mean. It is ours: Avaya publishes no such schema.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/model/model.h"
#include "parsers/text/interval_set.h"

namespace ipo {

// From which release to which something is documented, both included: "9.0.3" to "9.0" is 9.0.3 and whatever follows it up
// to 9.1. An empty end is open.
struct Releases {
  std::string since, until;
  bool contain(const Release& release) const;
  friend bool operator==(const Releases&, const Releases&) = default;
};

struct SettingDefault {
  std::string value;
  Releases releases;
  std::vector<std::string> platforms;  // empty = all
  std::string where;                   // another condition in words; empty = none
  std::string source;
};

struct NarrowerRange {
  IntervalSet range;
  Releases releases;
  std::string source;
};

struct KnownSetting {
  enum class Type { flag, port, number, address, mask, choice, text };
  std::string key;
  std::string name;  // as the screen calls it
  Type type = Type::text;
  std::string unit;                  // "seconds"; empty where there is none
  std::optional<IntervalSet> range;  // of a port or number
  std::string range_source;
  std::vector<NarrowerRange> ranges;  // of some releases
  std::uint32_t multiple_of = 1;      // of a port or number
  std::string span_from;              // the setting that starts a range this one ends; empty = none
  std::uint32_t span_least = 0;       // numbers in that range
  std::vector<std::string> choices;
  std::string screen;   // empty where no screen shows it
  std::string element;  // "System/LANS/LAN[LAN1]/IPAddress"; empty where the envelope has none
  Evidence evidence = Evidence::ours;
  std::string source;  // of the element: the document and its page
  bool secret = false;
  std::vector<SettingDefault> defaults;
};

// In the order of the reference. The list compiled in is right, which a test proves.
std::span<const KnownSetting> known_settings();
const KnownSetting* find_setting(std::string_view key);
std::string_view name_of(KnownSetting::Type type);  // "flag", "port" ...

// Why the setting cannot have this value in any release: "is no number", "is outside 1024-64510"; empty where it can. An empty value is one:
// exports hold it where nothing was entered. Never quotes the value.
std::string refusal(const KnownSetting& setting, std::string_view value);

// What a port or number may be in a release: the narrower range where there is one. Null where nothing is said.
const IntervalSet* range_of(const KnownSetting& setting, const Release& release);
// The values a system of that release and platform may have until they are changed, in the order of the list; those of every
// platform where the platform is unknown (empty) or none is documented for it. Empty where nothing is documented.
std::vector<const SettingDefault*> defaults_of(const KnownSetting& setting, const Release& release, std::string_view platform);
// "9.1, ip500v2", "11.1 and later", "6 to 8"; empty = everywhere.
std::string where(const SettingDefault& value);

// "true or false", "a port, 1024-64510", "Disabled, Preferred or Enforced".
std::string describe_values(const KnownSetting& setting);

}  // namespace ipo
