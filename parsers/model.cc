#include "parsers/model.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

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
  constexpr std::array<std::string_view, 3> names = {"confirmed", "screen", "ours"};
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

namespace {

template <class Range>
const Setting* by_key(const Range& settings, std::string_view key) {
  auto it = std::find_if(settings.begin(), settings.end(), [&](const Setting& s) { return s.key == key; });
  return it == settings.end() ? nullptr : &*it;
}

}  // namespace

const Setting* Record::field(std::string_view key) const { return by_key(fields, key); }
const Setting* Host::setting(std::string_view key) const { return by_key(settings, key); }

std::optional<bool> Host::flag(std::string_view key) const {
  const Setting* s = setting(key);
  if (!s) return {};
  std::string text = s->value.value;
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  for (std::string_view yes : {"true", "on", "1", "yes", "enabled", "active"})
    if (text == yes) return true;
  for (std::string_view no : {"false", "off", "0", "no", "disabled", "inactive"})
    if (text == no) return false;
  return {};
}

std::optional<std::uint32_t> Host::number(std::string_view key) const {
  const Setting* s = setting(key);
  if (!s) return {};
  const std::string& text = s->value.value;
  std::uint32_t n = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return {};
  return n;
}

std::string Release::text() const {
  std::string out;
  for (unsigned part : parts) out += (out.empty() ? "" : ".") + std::to_string(part);
  return out;
}

}  // namespace ipo
