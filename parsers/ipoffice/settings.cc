// The table is read once, when it is first asked for; an entry for both LANs becomes two.
#include "parsers/ipoffice/settings.h"

#include <algorithm>
#include <charconv>
#include <unordered_map>

#include "parsers/document/document.h"
#include "parsers/ipoffice/field_map.h"
#include "parsers/text/embedded.h"
#include "parsers/text/letters.h"
#include "parsers/text/secret_names.h"
#include "parsers/text/values.h"

namespace ipo {
namespace {

using Type = KnownSetting::Type;

constexpr std::string_view type_names[] = {"flag", "port", "number", "address", "mask", "choice", "text"};

// Letters and digits only: "Unsecure + Secure" and "unsecure+secure" are one choice.
std::string plain(std::string_view text) {
  std::string out;
  for (char c : text)
    if (char l = lower(c); (l >= 'a' && l <= 'z') || (l >= '0' && l <= '9')) out += l;
  return out;
}

// "161,1024-65535"
IntervalSet parse_range(std::string_view text) {
  IntervalSet out;
  for (std::size_t at = 0; at <= text.size();) {
    std::size_t comma = std::min(text.find(',', at), text.size());
    std::string_view part = text.substr(at, comma - at);
    std::size_t dash = std::min(part.find('-'), part.size());
    auto lo = parse_number(part.substr(0, dash)), hi = dash < part.size() ? parse_number(part.substr(dash + 1)) : lo;
    if (lo && hi) out.add(*lo, *hi);
    at = comma + 1;
  }
  return out;
}

std::string text_of(const Node& table, std::string_view name) {
  const Node* member = table.child(name);
  return member ? member->text : std::string();
}

std::vector<std::string> texts_of(const Node& table, std::string_view name) {
  std::vector<std::string> out;
  if (const Node* list = table.child(name))
    for (const Node& item : list->children) out.push_back(item.text);
  return out;
}

Releases releases_of(const Node& table) { return {text_of(table, "since"), text_of(table, "until")}; }

void replace(std::string& text, std::string_view what, std::string_view by) {
  if (std::size_t at = text.find(what); at != text.npos) text.replace(at, what.size(), by);
}

KnownSetting read(const Node& table) {
  KnownSetting s;
  s.key = text_of(table, "key");
  s.name = text_of(table, "name");
  auto type = std::find(std::begin(type_names), std::end(type_names), text_of(table, "type"));
  s.type = static_cast<Type>(std::min<std::ptrdiff_t>(type - std::begin(type_names), std::size(type_names) - 1));
  s.unit = text_of(table, "unit");
  if (const Node* range = table.child("range")) s.range = parse_range(range->text);
  s.range_source = text_of(table, "range_source");
  if (const Node* ranges = table.child("ranges"))
    for (const Node& r : ranges->children)
      s.ranges.push_back({parse_range(text_of(r, "range")), releases_of(r), text_of(r, "source")});
  s.multiple_of = parse_number(text_of(table, "multiple_of")).value_or(1);
  if (const Node* span = table.child("span")) {
    s.span_from = text_of(*span, "from");
    s.span_least = parse_number(text_of(*span, "least")).value_or(0);
  }
  s.choices = texts_of(table, "choices");
  s.screen = text_of(table, "screen");
  s.element = text_of(table, "element");
  std::string evidence = text_of(table, "evidence");
  for (Evidence known : {Evidence::confirmed, Evidence::documented, Evidence::screen})
    if (evidence == name_of(known)) s.evidence = known;
  if (const Node* defaults = table.child("defaults"))
    for (const Node& d : defaults->children)
      s.defaults.push_back(
          {text_of(d, "value"), releases_of(d), texts_of(d, "platforms"), text_of(d, "where"), text_of(d, "source")});
  return s;
}

struct List {
  std::vector<KnownSetting> settings;
  std::unordered_map<std::string_view, const KnownSetting*> by_key;

  List() {
    for (const EmbeddedText& file : field_tables()) {
      if (file.name != "settings.toml") continue;
      Sources sources{decode_source(std::string(file.name), file.text)};
      const Document toml = read_toml(sources, 0);
      const Node* tables = toml.root.child("setting");
      for (const Node& table : tables ? tables->children : std::vector<Node>()) add(read(table));
    }
    for (const KnownSetting& s : settings) by_key.emplace(s.key, &s);
  }

  void add(const KnownSetting& entry) {
    for (std::string_view number : {"1", "2"}) {
      KnownSetting s = entry;
      replace(s.key, "[12]", number);
      replace(s.span_from, "[12]", number);
      replace(s.element, "\\1", number);
      FieldMap::Match match = FieldMap::builtin().find(s.element);
      s.secret = match.secret || names_secret(s.key);
      if (match.entry) s.source = match.entry->source;
      settings.push_back(std::move(s));
      if (entry.key.find("[12]") == entry.key.npos) break;
    }
  }
};

const List& list() {
  static const List known;
  return known;
}

}  // namespace

std::span<const KnownSetting> known_settings() { return list().settings; }

const KnownSetting* find_setting(std::string_view key) {
  auto found = list().by_key.find(key);
  return found == list().by_key.end() ? nullptr : found->second;
}

std::string_view name_of(Type type) { return type_names[static_cast<std::size_t>(type)]; }

bool Releases::contain(const Release& release) const {
  // Compared up to the length of the end, for what it does not name is included: 9.1.4 is not later than 9.1.
  auto starts_at = [&](const std::vector<unsigned>& end) {
    return std::vector<unsigned>(release.parts.begin(), release.parts.begin() + std::min(end.size(), release.parts.size()));
  };
  if (!since.empty() && release.parts < parse_release(since).parts) return false;
  if (until.empty()) return true;
  std::vector<unsigned> last = parse_release(until).parts;
  return starts_at(last) <= last;
}

const IntervalSet* range_of(const KnownSetting& s, const Release& release) {
  for (const NarrowerRange& r : s.ranges)
    if (r.releases.contain(release)) return &r.range;
  return s.range ? &*s.range : nullptr;
}

std::vector<const SettingDefault*> defaults_of(const KnownSetting& s, const Release& release, std::string_view platform) {
  std::vector<const SettingDefault*> all, here;
  for (const SettingDefault& d : s.defaults) {
    if (!d.releases.contain(release)) continue;
    all.push_back(&d);
    if (d.platforms.empty() || std::find(d.platforms.begin(), d.platforms.end(), platform) != d.platforms.end()) here.push_back(&d);
  }
  return here.empty() ? all : here;
}

std::string where(const SettingDefault& d) {
  const auto& [since, until] = d.releases;
  std::string out = since == until                   ? since
                    : until.empty()                  ? since + " and later"
                    : since.empty()                  ? "up to " + until
                    : since.starts_with(until + '.') ? since + " and later " + until
                                                     : since + " to " + until;
  for (const std::string& platform : d.platforms) out += (out.empty() ? "" : ", ") + platform;
  return out + (out.empty() || d.where.empty() ? "" : "; ") + d.where;
}

std::string refusal(const KnownSetting& s, std::string_view value) {
  if (value.empty()) return {};
  switch (s.type) {
    case Type::flag:
      return parse_flag(value) ? "" : "is neither on nor off";
    case Type::port:
    case Type::number: {
      std::optional<std::uint32_t> n = parse_number(value);
      if (!n) return "is no number";
      IntervalSet ports = IntervalSet::range(0, 65535);
      const IntervalSet* range = s.range ? &*s.range : s.type == Type::port ? &ports : nullptr;
      if (range && !range->contains(*n)) return "is outside " + format_ports(*range);
      return *n % s.multiple_of == 0 ? "" : "is no multiple of " + std::to_string(s.multiple_of);
    }
    case Type::address:
      return parse_address(value) ? "" : "is no IP address";
    case Type::mask: {
      std::optional<Address> mask = parse_address(value);
      if (!mask) return "is no IP mask";
      u128 holes = ~mask->value & address_max(mask->family);
      return (holes & (holes + 1)) == 0 ? "" : "is no mask: its one bits do not come first";
    }
    case Type::choice: {
      std::string wanted = plain(value);
      bool known = std::any_of(s.choices.begin(), s.choices.end(), [&](const std::string& c) { return plain(c) == wanted; });
      return known ? "" : "is none of its values";
    }
    case Type::text:
      break;
  }
  return {};
}

std::string describe_values(const KnownSetting& s) {
  std::string out;
  switch (s.type) {
    case Type::flag:
      return "true or false";
    case Type::address:
      return "an IP address";
    case Type::mask:
      return "an IP mask";
    case Type::text:
      return "text";
    case Type::choice:
      for (std::size_t i = 0; i < s.choices.size(); ++i)
        out += (i == 0 ? "" : i + 1 < s.choices.size() ? "; " : " or ") + s.choices[i];
      return out;
    case Type::port:
      out = "a port";
      break;
    case Type::number:
      out = "a number";
      break;
  }
  if (!s.unit.empty()) out += " of " + s.unit;
  if (s.range) out += ", " + format_ports(*s.range);
  if (s.multiple_of > 1) out += ", a multiple of " + std::to_string(s.multiple_of);
  return out;
}

}  // namespace ipo
