// Users are joined through two indices, GUIDs and names with numbers; a record that fits neither is a new user.
#include "rules/findings/users.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace ipo {
namespace {

std::string_view text_of(const Record& record, Interned key) {
  const Setting* s = record.field(key);
  return s ? std::string_view(s->value.value) : std::string_view();
}

// What a user without a GUID is known by.
struct NameAndNumber {
  std::string_view name, number;
  bool operator==(const NameAndNumber&) const = default;
};
struct HashOfThem {
  std::size_t operator()(const NameAndNumber& of) const {
    std::hash<std::string_view> hash;
    return hash(of.name) * 31 + hash(of.number);
  }
};

// Records without a GUID of their own have the nil one.
bool is_nil(std::string_view guid) { return guid.find_first_not_of("0-{}") == guid.npos; }

bool is_digits(std::string_view text) { return !text.empty() && text.find_first_not_of("0123456789") == text.npos; }

// "+44 (20) 7946-0000" is "+442079460000".
std::string dialled(std::string_view number) {
  std::string out;
  for (char c : number)
    if (c != ' ' && c != '-' && c != '(' && c != ')' && c != '.' && c != '/') out += c;
  return out;
}

}  // namespace

std::string User::label() const {
  std::string name(text("user.name"_key)), number(this->number());
  return number.empty() ? name : name.empty() ? number : number + ' ' + name;
}

namespace {

// Of one GUID in one file and yet of another name and another number: a mistake of whoever wrote it, but two users. In another file it
// may be what became of the user.
bool is_another(const User& user, const Record& record) {
  const Record& known = *user.records.back();
  if (known.fields.empty() || record.fields.empty() ||
      known.fields.front().value.span.source != record.fields.front().value.span.source)
    return false;
  std::string_view name = text_of(record, "user.name"_key), number = text_of(record, "user.extension"_key);
  return !name.empty() && !number.empty() && !user.text("user.name"_key).empty() && !user.text("user.extension"_key).empty() &&
         user.text("user.name"_key) != name && user.text("user.extension"_key) != number;
}

}  // namespace

std::vector<User> users_of(const Site& site) {
  std::vector<User> out;
  std::unordered_map<std::string_view, std::size_t, GuidHash, SameGuid> by_id;
  std::unordered_map<NameAndNumber, std::size_t, HashOfThem> by_name;
  std::vector<std::string_view> ids;  // of each user; empty where none is known
  auto is_user = [](const Record& record) { return record.type == "User" || record.type == "user"; };
  const auto most = static_cast<std::size_t>(std::count_if(site.records.begin(), site.records.end(), is_user));
  by_id.reserve(most);
  by_name.reserve(most);
  out.reserve(most);
  for (const Record& record : site.records) {
    if (!is_user(record) || record.is_special_user()) continue;
    std::string_view id = is_nil(record.id) ? std::string_view() : record.id;
    NameAndNumber name = {text_of(record, "user.name"_key), text_of(record, "user.extension"_key)};
    if (name.name.empty() && name.number.empty() && id.empty()) continue;
    std::size_t at = out.size();
    if (auto known = by_id.find(id); !id.empty() && known != by_id.end() && !is_another(out[known->second], record)) {
      at = known->second;
    } else if (auto same = by_name.find(name); same != by_name.end() && (id.empty() || ids[same->second].empty())) {
      at = same->second;
    }
    if (at == out.size()) {
      out.emplace_back();
      ids.push_back(id);
    }
    if (ids[at].empty()) ids[at] = id;
    if (!id.empty()) by_id.emplace(id, at);
    by_name.emplace(name, at);
    out[at].records.push_back(&record);
  }
  return out;
}

std::size_t systems_of(const std::vector<User>& users) {
  std::unordered_set<std::string_view> names;
  for (const User& user : users)
    if (std::string_view name = user.text("user.system_name"_key); !name.empty()) names.insert(name);
  return std::max<std::size_t>(names.size(), 1);
}

// Login codes have four digits at least.
std::string code_of(const Setting& setting) {
  std::string code = setting.value.value;
  if (setting.bare_number && !code.empty() && code.size() < 4) code.insert(0, 4 - code.size(), '0');
  return code;
}

bool is_clear_code(std::string_view code) { return is_digits(code); }

std::size_t longest_own_number(const Site& site, const std::vector<User>& users) {
  std::size_t longest = 0;
  auto add = [&](std::string_view number) {
    if (is_digits(number)) longest = std::max(longest, number.size());
  };
  for (const User& user : users) add(user.number());
  for (const Record& record : site.records) {
    const Setting* number = record.type == "Extension"   ? record.field("extension.number"_key)
                            : record.type == "HuntGroup" ? record.field("hunt_group.extension"_key)
                                                         : nullptr;
    if (number) add(number->value.value);
  }
  return longest;
}

bool is_external(std::string_view number, std::size_t longest_own) {
  std::string digits = dialled(number);
  if (digits.starts_with('+')) return is_digits(std::string_view(digits).substr(1));
  return is_digits(digits) && digits.size() >= 7 && digits.size() > longest_own;
}

std::string counted_users(std::size_t n, std::string_view kind) {
  return fmt::format("{} {}{}", n, kind, n == 1 ? " has" : "s have");
}

void report_users(Findings& findings, const Check& check, Level level, const std::vector<const User*>& users, std::string_view at,
                  std::string message) {
  if (users.empty()) return;
  Finding f;
  f.check = check.id;
  f.level = level;
  f.message = std::move(message);
  const Setting* field = users.front()->field(at);
  f.span = field ? field->value.span : users.front()->records.front()->span;
  f.identity = std::string(at);
  for (const User* user : users) f.named.push_back(user->label());
  findings.push_back(std::move(f));
}

void report_users_unnamed(const Sources& sources, Findings& findings, const Check& check, Level level,
                          const std::vector<const User*>& users, std::string about, std::string message) {
  if (users.empty()) return;
  std::size_t before = findings.size();
  report_users(findings, check, level, users, "", std::move(message));
  Finding& f = findings[before];
  const std::string& text = sources[f.span.source].text();
  // The first tag, or the first word of what is no XML.
  std::size_t begin = std::min(text.find_first_not_of(" \t\r\n"), text.size()), end = text.find_first_of(" \t\r\n>", begin);
  end = end == text.npos ? std::min(text.size(), begin + 40) : text[end] == '>' ? end + 1 : end;
  f.span.begin = static_cast<std::uint32_t>(begin);
  f.span.end = static_cast<std::uint32_t>(end);
  f.identity = std::move(about);
}

}  // namespace ipo
