#include "parsers/model/model.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "parsers/model/number_set.h"
#include "parsers/text/letters.h"
#include "parsers/text/values.h"

namespace ipo {

std::string_view name_of(Level level) {
  constexpr std::array<std::string_view, 3> names = {"note", "warning", "error"};
  return names[static_cast<std::size_t>(level)];
}

std::string_view name_of(Certainty certainty) { return certainty == Certainty::proven ? "proven" : "possible"; }

std::string_view name_of(Understanding understanding) {
  constexpr std::array<std::string_view, 4> names = {"understood", "bounded", "ignored", "not_understood"};
  return names[static_cast<std::size_t>(understanding)];
}

std::string_view name_of(Role role) {
  constexpr std::array<std::string_view, 3> names = {"perimeter", "transit", "host"};
  return names[static_cast<std::size_t>(role)];
}

std::string_view name_of(Evidence evidence) {
  constexpr std::array<std::string_view, 4> names = {"confirmed", "documented", "screen", "ours"};
  return names[static_cast<std::size_t>(evidence)];
}

std::uint16_t Translation::shifted(u128 port) const {
  std::uint16_t off = static_cast<std::uint16_t>(port - *port_base);
  return static_cast<std::uint16_t>(ports.begin()->lo + off % ports.size());
}

std::string format_marks(Marks marks) {
  std::string text = fmt::format("mark {:#x}", marks.packet);
  return marks.connection == 0 ? text : text + fmt::format(", of the connection {:#x}", marks.connection);
}

std::size_t Ruleset::last_arriving_mark(State state) const {
  if (marks.empty() || (state != State::established && state != State::related)) return 0;
  auto carried = std::find_if(marks.begin(), marks.end(), [](const Marks& m) { return m.packet != 0; });
  return static_cast<std::size_t>(carried - marks.begin()) - 1;
}

std::optional<std::size_t> Ruleset::find(std::string_view table, std::string_view name) const {
  for (std::size_t i = 0; i < chains.size(); ++i)
    if (chains[i].name == name && chains[i].table == table) return i;
  return {};
}

std::string cited(const Action& action) { return std::string(action.written_before) + action.name; }

void Rule::worsen(Understanding to, std::string_view why) {
  const bool gravest = to > understanding;
  understanding = std::max(understanding, to);
  if (std::find(reasons.begin(), reasons.end(), why) != reasons.end()) return;
  reasons.emplace(gravest ? reasons.begin() : reasons.end(), why);
}

std::string Rule::reason() const {
  std::string out;
  for (const std::string& one : reasons) out += (out.empty() ? "" : "; ") + one;
  return out;
}

bool Ruleset::filters(const Chain& chain) const {
  return std::any_of(pipeline.stages.begin(), pipeline.stages.end(),
                     [&](const Stage& stage) { return stage.last_word && chains[stage.chain].table == chain.table; });
}

namespace {

template <class Range>
const Setting* by_key(const Range& settings, std::string_view key) {
  auto it = std::find_if(settings.begin(), settings.end(), [&](const Setting& s) { return s.key == key; });
  return it == settings.end() ? nullptr : &*it;
}

}  // namespace

const Setting* Record::field(std::string_view key) const { return by_key(fields, key); }

bool Record::is_special_user() const {
  if (type != "User" && type != "user") return false;
  const Setting* name = field("user.name"_key);
  return name && (name->value.value == "NoUser" || name->value.value == "RemoteManager");
}

const Setting* Host::setting(std::string_view key) const { return by_key(settings, key); }

void Host::add(const Setting& setting) {
  auto known = std::find_if(settings.begin(), settings.end(), [&](const Setting& s) { return s.key == setting.key; });
  if (known == settings.end())
    settings.push_back(setting);
  else if (known->value.value != setting.value.value)
    contradictions.push_back({*known, setting});
}

std::optional<bool> Host::flag(std::string_view key) const {
  const Setting* s = setting(key);
  if (!s) return {};
  return parse_flag(s->value.value);
}

std::optional<std::uint32_t> Host::number(std::string_view key) const {
  const Setting* s = setting(key);
  if (!s) return {};
  return parse_number(s->value.value);
}

std::vector<const Record*> hot_desk_users(const Site& site) {
  NumberSet numbers;
  numbers.reserve(static_cast<std::size_t>(
      std::count_if(site.records.begin(), site.records.end(), [](const Record& record) { return record.type == "Extension"; })));
  for (const Record& record : site.records)
    if (const Setting* number = record.type == "Extension" ? record.field("extension.number"_key) : nullptr) numbers.add(*number);
  std::vector<const Record*> out;
  if (numbers.empty()) return out;
  for (const Record& record : site.records) {
    const Setting* number = record.type == "User" && !record.is_special_user() ? record.field("user.extension"_key) : nullptr;
    if (number && !number->value.value.empty() && !numbers.contains(*number)) out.push_back(&record);
  }
  return out;
}

std::string plain_guid(std::string_view guid) {
  std::string out;
  out.reserve(guid.size());
  for (char c : guid)
    if (c != '-' && c != '{' && c != '}') out += lower(c);
  return out;
}

std::size_t GuidHash::operator()(std::string_view guid) const {
  std::array<char, 40> form;
  std::size_t n = 0;
  for (char c : guid) {
    if (c == '-' || c == '{' || c == '}') continue;
    if (n == form.size()) return std::hash<std::string>()(plain_guid(guid));
    form[n++] = lower(c);
  }
  return std::hash<std::string_view>()({form.data(), n});
}

std::string ExportError::text() const { return address.empty() ? reason : reason + (reason.empty() ? "at " : ", at ") + address; }

std::string ExportError::message() const {
  std::string said = text();
  return "the export is an error response" + (said.empty() ? ", without a reason" : ": " + said);
}

Release parse_release(std::string_view text) {
  Release out;
  for (std::size_t at = 0; at <= text.size();) {
    std::size_t dot = std::min(text.find('.', at), text.size());
    unsigned part = 0;
    std::from_chars(text.data() + at, text.data() + dot, part);
    out.parts.push_back(part);
    at = dot + 1;
  }
  return out;
}

std::string Release::text() const {
  std::string out;
  for (unsigned part : parts) out += (out.empty() ? "" : ".") + std::to_string(part);
  return out;
}

}  // namespace ipo
