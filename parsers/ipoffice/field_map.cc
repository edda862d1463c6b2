// A pattern without choices at its top says names that stand between the slashes of each path it matches. It is kept under one of
// them, the one that fewest others are kept under, so a path is held against those that are kept under its own names; the few
// patterns that say no name are tried always. Each candidate is matched alone, the first that matches fills its groups into the key.
#include "parsers/ipoffice/field_map.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <optional>
#include <set>
#include <unordered_map>

#include "parsers/ipoffice/settings.h"
#include "parsers/text/embedded.h"
#include "parsers/text/letters.h"
#include "parsers/text/nearest.h"
#include "parsers/text/secret_names.h"
#include "parsers/text/values.h"

namespace ipo {
namespace {

constexpr std::size_t max_pattern = 500, max_errors = 50;

RE2::Options options() {
  RE2::Options o;
  o.set_case_sensitive(false);
  o.set_log_errors(false);
  o.set_max_mem(1 << 20);
  return o;
}

std::string text_of(const Node& table, std::string_view name) {
  const Node* n = table.child(name);
  return n ? n->text : std::string();
}

// "A", "B" of the n-th capturing group where it is written (A|B) or [AB].
std::vector<std::string> choices(std::string_view pattern, int n) {
  std::size_t at = 0;
  for (; at < pattern.size(); ++at) {
    if (pattern[at] == '\\')
      ++at;
    else if (pattern[at] == '(' && pattern.substr(at + 1, 1) != "?" && --n == 0)
      break;
  }
  if (at >= pattern.size()) return {};
  std::string_view group = pattern.substr(at + 1, pattern.find(')', at) - at - 1);
  bool set = group.size() > 2 && group.front() == '[' && group.back() == ']';
  if (set) group = group.substr(1, group.size() - 2);
  std::vector<std::string> out(set ? 0 : 1);
  for (char c : group) {
    bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (set && plain)
      out.emplace_back(1, c);
    else if (!set && plain)
      out.back() += c;
    else if (!set && c == '|')
      out.emplace_back();
    else
      return {};
  }
  return out;
}

// What a path's piece between slashes can be, lower case: "ipaddress" of "IPAddress", those of "(?:A|B)"; none where it may be
// anything else.
std::vector<std::string> names_of(std::string_view piece) {
  constexpr std::string_view anywhere = "(?:.*/)?";
  if (piece.starts_with(anywhere)) piece.remove_prefix(anywhere.size());
  if (piece.starts_with('(') && piece.ends_with(')')) {
    piece = piece.substr(1, piece.size() - 2);
    if (piece.starts_with("?:")) piece.remove_prefix(2);
  }
  std::vector<std::string> out(1);
  for (std::size_t i = 0; i < piece.size(); ++i) {
    char c = lower(piece[i]);
    bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '_' || c == '-' || c == '@';
    bool bracket = c == '\\' && i + 1 < piece.size() && (piece[i + 1] == '[' || piece[i + 1] == ']');
    if (plain)
      out.back() += c;
    else if (bracket)
      out.back() += piece[++i];
    else if (c == '|')
      out.emplace_back();
    else
      return {};
  }
  return std::find(out.begin(), out.end(), "") == out.end() ? out : std::vector<std::string>();
}

// For each piece between slashes that every path has which the pattern matches, what it can be.
std::vector<std::vector<std::string>> pieces_of(std::string_view pattern) {
  for (std::string_view hard : {"\\Q", "[:", "[]", "[^]"})
    if (pattern.find(hard) != pattern.npos) return {};
  std::vector<std::vector<std::string>> out;
  std::size_t begin = 0;
  int groups = 0;
  bool set = false, whole = true;  // whole: the slash before is there in any case
  for (std::size_t i = 0; i <= pattern.size(); ++i) {
    char c = i < pattern.size() ? pattern[i] : '/';
    if (c == '/' && groups == 0 && !set) {
      bool ends = i + 1 >= pattern.size() || std::string_view("?*+{").find(pattern[i + 1]) == std::string_view::npos;
      if (whole && ends)
        if (std::vector<std::string> names = names_of(pattern.substr(begin, i - begin)); !names.empty())
          out.push_back(std::move(names));
      begin = i + 1, whole = ends;
    } else if (c == '\\')
      ++i;
    else if (set)
      set = c != ']';
    else if (c == '[')
      set = true;
    else if (c == '(')
      ++groups;
    else if (c == ')')
      --groups;
    else if (groups == 0 && c == '|')
      return {};
  }
  return out;
}

// Numbers of patterns by what must stand in a path.
struct Shelves {
  std::unordered_map<std::string, std::vector<std::uint32_t>> named;  // by a piece of the path, lower case
  std::vector<std::uint32_t> others;

  // How many patterns have to be tried, with this one, where this one has.
  std::size_t put(std::string_view pattern, std::uint32_t number) {
    const std::vector<std::string>* best = nullptr;
    std::size_t fewest = 0;
    std::vector<std::vector<std::string>> pieces = pieces_of(pattern);
    for (const std::vector<std::string>& names : pieces) {
      std::size_t most = 0;
      for (const std::string& name : names)
        if (auto at = named.find(name); at != named.end()) most = std::max(most, at->second.size());
      if (!best || most <= fewest) best = &names, fewest = most;
    }
    if (!best) return others.push_back(number), others.size();
    for (const std::string& name : *best) named[name].push_back(number);
    return fewest + 1;
  }

  // Those to try for the path, in their order.
  std::vector<std::uint32_t> candidates(std::string_view path) const {
    std::vector<std::uint32_t> out = others;
    std::string letters = lower(path);
    for (std::size_t at = 0, end; at <= letters.size(); at = end + 1) {
      end = std::min(letters.find('/', at), letters.size());
      if (auto found = named.find(letters.substr(at, end - at)); found != named.end())
        out.insert(out.end(), found->second.begin(), found->second.end());
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
  }
};

// What is left for the patterns of one file.
struct Room {
  std::size_t fields = 0, steps = 0;
  Shelves shelves;
};

// One table, or nothing and why.
std::optional<FieldEntry> read_field(const Node& table, Room& used, std::string& why) {
  struct Column {
    std::string_view name;
    Node::Kind kind;
    const char* wrong;
  };
  constexpr Column columns[] = {{"path", Node::Kind::string, "'path' of a field is a string"},
                                {"key", Node::Kind::string, "'key' of a field is a string"},
                                {"ignore", Node::Kind::string, "'ignore' of a field is a string, the reason"},
                                {"evidence", Node::Kind::string, "'evidence' of a field is a string"},
                                {"secret", Node::Kind::boolean, "secret is true or false"},
                                {"source", Node::Kind::string, "'source' of a field is a string"},
                                {"divide", Node::Kind::integer, "'divide' of a field is a number"},
                                {"words", Node::Kind::table, "'words' of a field is a table of numbers and what they mean"}};
  for (const Node& member : table.children) {
    auto column = std::find_if(std::begin(columns), std::end(columns), [&](const Column& c) { return c.name == member.name; });
    if (column == std::end(columns))
      return why = "a field has path, key or ignore, evidence, secret, source, divide and words, nothing else", std::nullopt;
    if (member.kind != column->kind) return why = column->wrong, std::nullopt;
  }
  FieldEntry entry;
  entry.path = text_of(table, "path");
  entry.key = text_of(table, "key");
  entry.ignore = text_of(table, "ignore");
  entry.source = text_of(table, "source");
  entry.secret = text_of(table, "secret") == "true";
  entry.span = table.span;
  if (entry.path.empty() || entry.key.empty() == entry.ignore.empty()) return why = "a field needs a path and a key", std::nullopt;
  if (const Node* divide = table.child("divide")) {
    std::optional<std::uint32_t> by = parse_number(divide->text);
    if (!by || *by == 0) return why = "'divide' of a field is a number from 1", std::nullopt;
    entry.divide = *by;
  }
  if (const Node* words = table.child("words")) {
    entry.coded = true;
    for (const Node& word : words->children) entry.words.emplace(word.name, word.text);
  }
  if (entry.path.size() > max_pattern) return why = "this path is too long", std::nullopt;
  RE2 path(entry.path, options());
  std::string error;
  if (!path.ok()) return why = "the path is no pattern: " + path.error(), std::nullopt;
  used.steps += static_cast<std::size_t>(path.ProgramSize());
  if (!path.CheckRewriteString(entry.key, &error)) return why = "the key does not fit the path: " + error, std::nullopt;
  std::string evidence = text_of(table, "evidence");
  if (evidence == "confirmed")
    entry.evidence = Evidence::confirmed;
  else if (evidence == "documented")
    entry.evidence = Evidence::documented;
  else if (evidence == "screen")
    entry.evidence = Evidence::screen;
  else if (!evidence.empty() && evidence != "ours")
    return why = "evidence is confirmed, documented, screen or ours", std::nullopt;
  if (used.shelves.put(entry.path, static_cast<std::uint32_t>(used.fields++)) > most_tried)
    return why = fmt::format("more than {} patterns have to be tried for one path; write whole names between slashes", most_tried),
           std::nullopt;
  return entry;
}

}  // namespace

std::vector<FieldEntry> read_fields(const Node& root, std::vector<Note>& errors) {
  std::vector<FieldEntry> out;
  std::size_t wrong = 0;
  bool full = false;
  auto refuse = [&](std::string why, SourceSpan span) {
    if (wrong++ < max_errors) errors.push_back({std::move(why), span});
  };
  Room used;
  auto read = [&](const Node& table) {
    std::string why;
    if (full) return;
    full = used.fields == most_fields || used.steps > most_steps;
    if (used.fields == most_fields)
      return refuse(fmt::format("more than {} fields; the others are not read", most_fields), table.span);
    if (full)
      return refuse(fmt::format("the patterns before it have more than {} steps together; the others are not read", most_steps),
                    table.span);
    if (table.kind != Node::Kind::table) return refuse("a field is a table with path and key", table.span);
    if (std::optional<FieldEntry> entry = read_field(table, used, why))
      out.push_back(std::move(*entry));
    else
      refuse(std::move(why), table.span);
  };
  for (const Node& child : root.children) {
    if (child.name != "field") continue;
    if (child.kind == Node::Kind::array)
      for (const Node& table : child.children) read(table);
    else
      read(child);
  }
  return out;
}

std::vector<FieldEntry> read_own_fields(const Node& root, std::vector<Note>& errors) {
  std::vector<FieldEntry> out = read_fields(root, errors);
  const auto known = FieldMap::builtin().keys();
  std::erase_if(out, [&](const FieldEntry& entry) {
    if (entry.key.empty() || entry.key.find('\\') != entry.key.npos || known.contains(lower(entry.key))) return false;
    std::vector<std::string_view> names;
    for (const auto& [name, match] : known) names.push_back(name);
    std::string_view near = entry.key.size() <= 64 ? nearest(lower(entry.key), names) : std::string_view();
    std::string key = entry.key.substr(0, 64);
    for (char& c : key)
      if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) c = '?';
    if (errors.size() < max_errors)
      errors.push_back({"no setting is called '" + key + "'" +
                            (near.empty() ? "; `ipo-lint settings` lists them" : "; did you mean '" + std::string(near) + "'?"),
                        entry.span});
    return true;
  });
  return out;
}

struct FieldMap::Entries {
  struct Entry {
    FieldEntry field;
    std::unique_ptr<RE2> path;
  };
  std::vector<Entry> list;
  Shelves shelves;

  // Where the path matches the entry: its key, with the groups filled in.
  bool match(const Entry& entry, re2::StringPiece path, std::string& key) const {
    std::vector<re2::StringPiece> groups(static_cast<std::size_t>(entry.path->NumberOfCapturingGroups()) + 1);
    return entry.path->Match(path, 0, path.size(), RE2::ANCHOR_BOTH, groups.data(), static_cast<int>(groups.size())) &&
           entry.path->Rewrite(&key, entry.field.key, groups.data(), static_cast<int>(groups.size()));
  }
};

FieldMap::FieldMap() : entries_(std::make_unique<Entries>()) {}
FieldMap::FieldMap(FieldMap&&) noexcept = default;
FieldMap& FieldMap::operator=(FieldMap&&) noexcept = default;
FieldMap::~FieldMap() = default;
std::size_t FieldMap::size() const { return entries_->list.size(); }
std::size_t FieldMap::tried_for(std::string_view path) const { return entries_->shelves.candidates(path).size(); }

void FieldMap::add(const std::vector<FieldEntry>& entries) {
  for (const FieldEntry& field : entries) {
    auto path = std::make_unique<RE2>(field.path, options());
    // Asked for a group, RE2 matches a path without a table that it would keep, of up to 1 MiB for each pattern.
    if (path->NumberOfCapturingGroups() == 0) path = std::make_unique<RE2>("()" + field.path, options());
    entries_->shelves.put(field.path, static_cast<std::uint32_t>(size()));
    entries_->list.push_back({field, std::move(path)});
  }
}

std::vector<Note> FieldMap::add(const Document& toml) {
  std::vector<Note> bad = toml.damages;
  add(read_fields(toml.root, bad));
  return bad;
}

void FieldMap::add_builtin() {
  for (const EmbeddedText& table : field_tables()) {
    Sources sources{decode_source(std::string(table.name), table.text)};
    add(read_toml(sources, 0));
  }
}

FieldMap::Match FieldMap::find(std::string_view path) const {
  const re2::StringPiece text(path.data(), path.size());
  for (std::uint32_t number : entries_->shelves.candidates(path)) {
    const Entries::Entry& entry = entries_->list[number];
    Match match{{}, entry.field.evidence, entry.field.secret, &entry.field};
    if (!entries_->match(entry, text, match.key)) continue;
    match.key = lower(match.key);
    return match;
  }
  return {};
}

std::map<std::string, FieldMap::Match, std::less<>> FieldMap::keys() const {
  std::map<std::string, Match, std::less<>> out;
  for (const Entries::Entry& e : entries_->list) {
    const std::string& key = e.field.key;
    if (key.empty()) continue;
    std::size_t group = std::min(key.find('\\'), key.size()), rest = group;
    std::set<std::string> values;
    for (; rest + 1 < key.size() && key[rest] == '\\'; rest += 2)
      for (std::string& value : choices(e.field.path, key[rest + 1] - '0')) values.insert(std::move(value));
    if (rest == group) values.insert("");
    if (key.find('\\', rest) != key.npos) continue;
    for (const std::string& value : values) {
      std::string whole = lower(key.substr(0, group) + value + key.substr(rest));
      out.try_emplace(whole, Match{whole, e.field.evidence, e.field.secret, &e.field});
    }
  }
  return out;
}

const FieldMap& FieldMap::builtin() {
  static const FieldMap map = [] {
    FieldMap m;
    m.add_builtin();
    return m;
  }();
  return map;
}

std::optional<std::string> meaning_of(const FieldEntry& entry, const std::string& value) {
  std::optional<std::uint32_t> number = parse_number(value);
  if (!number) return value;
  if (entry.coded) {
    auto word = entry.words.find(std::to_string(*number));
    return word == entry.words.end() ? std::nullopt : std::optional(word->second);
  }
  if (entry.divide == 1) return value;
  return *number % entry.divide == 0 ? std::optional(std::to_string(*number / entry.divide)) : std::nullopt;
}

Setting setting_at(const FieldMap& map, std::string_view path) {
  FieldMap::Match match = map.find(path);
  return {path, match.key, {}, match.evidence, match.secret || names_secret(path)};
}

}  // namespace ipo
