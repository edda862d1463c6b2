// All patterns are compiled into one RE2 set, so a path is run through one automaton however many entries there are;
// the first entry that matched is then matched alone to fill its groups into the key.
#include "parsers/field_map.h"

#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>
#include <set>

#include "parsers/embedded.h"

namespace ipo {
namespace {

constexpr std::size_t max_pattern = 500, max_entries = 2000;

RE2::Options options() {
  RE2::Options o;
  o.set_case_sensitive(false);
  o.set_log_errors(false);
  o.set_max_mem(64 << 20);
  return o;
}

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
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

}  // namespace

struct FieldMap::Entries {
  struct Entry {
    std::string pattern;
    std::unique_ptr<RE2> path;
    std::string key;  // with \1 .. \9
    Evidence evidence;
    bool secret;
  };
  std::vector<Entry> list;
  std::unique_ptr<RE2::Set> set;
};

FieldMap::FieldMap() : entries_(std::make_unique<Entries>()) {}
FieldMap::FieldMap(FieldMap&&) noexcept = default;
FieldMap& FieldMap::operator=(FieldMap&&) noexcept = default;
FieldMap::~FieldMap() = default;
std::size_t FieldMap::size() const { return entries_->list.size(); }

std::vector<Note> FieldMap::add(const Document& toml) {
  std::vector<Note> bad = toml.damages;
  std::vector<const Node*> tables;
  for (const Node& child : toml.root.children) {
    if (child.name != "field") continue;
    if (child.kind == Node::Kind::table) tables.push_back(&child);
    for (const Node& entry : child.children)
      if (entry.kind == Node::Kind::table) tables.push_back(&entry);
  }
  for (const Node* table : tables) {
    std::string pattern = text_of(*table, "path"), key = text_of(*table, "key"), evidence = text_of(*table, "evidence");
    auto refuse = [&](const std::string& why) { bad.push_back({why, table->span}); };
    if (pattern.empty() || key.empty()) {
      refuse("a field needs a path and a key");
      continue;
    }
    if (pattern.size() > max_pattern || size() >= max_entries) {
      refuse(size() >= max_entries ? "too many fields" : "this path is too long");
      continue;
    }
    auto path = std::make_unique<RE2>(pattern, options());
    std::string error;
    if (!path->ok() || !path->CheckRewriteString(key, &error)) {
      refuse(!path->ok() ? "the path is no pattern: " + path->error() : "the key does not fit the path: " + error);
      continue;
    }
    if (evidence != "confirmed" && evidence != "screen" && evidence != "ours") {
      refuse("evidence is confirmed, screen or ours");
      continue;
    }
    entries_->list.push_back({std::move(pattern), std::move(path), std::move(key),
                              evidence == "confirmed" ? Evidence::confirmed
                              : evidence == "screen"  ? Evidence::screen
                                                      : Evidence::ours,
                              text_of(*table, "secret") == "true"});
  }
  entries_->set = std::make_unique<RE2::Set>(options(), RE2::ANCHOR_BOTH);
  bool compiled = true;
  for (const Entries::Entry& e : entries_->list) compiled = entries_->set->Add(e.pattern, nullptr) >= 0 && compiled;
  if (!compiled || !entries_->set->Compile()) entries_->set.reset();
  return bad;
}

FieldMap::Match FieldMap::find(std::string_view path) const {
  const re2::StringPiece text(path.data(), path.size());
  const std::vector<Entries::Entry>& list = entries_->list;
  const Entries::Entry* entry = nullptr;
  std::vector<int> hits;
  RE2::Set::ErrorInfo error{RE2::Set::kNoError};
  if (entries_->set && entries_->set->Match(text, &hits, &error)) {
    entry = &list[static_cast<std::size_t>(*std::min_element(hits.begin(), hits.end()))];
  } else if (!entries_->set || error.kind != RE2::Set::kNoError) {  // too large for one automaton
    auto hit = std::find_if(list.begin(), list.end(), [&](const auto& e) { return RE2::FullMatch(text, *e.path); });
    if (hit != list.end()) entry = &*hit;
  }
  if (!entry) return {};
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(entry->path->NumberOfCapturingGroups()) + 1);
  Match match{{}, entry->evidence, entry->secret};
  if (!entry->path->Match(text, 0, text.size(), RE2::ANCHOR_BOTH, groups.data(), static_cast<int>(groups.size())) ||
      !entry->path->Rewrite(&match.key, entry->key, groups.data(), static_cast<int>(groups.size())))
    return {};
  match.key = lower(std::move(match.key));
  return match;
}

std::map<std::string, FieldMap::Match, std::less<>> FieldMap::keys() const {
  std::map<std::string, Match, std::less<>> out;
  for (const Entries::Entry& e : entries_->list) {
    std::size_t group = std::min(e.key.find('\\'), e.key.size()), rest = group;
    std::set<std::string> values;
    for (; rest + 1 < e.key.size() && e.key[rest] == '\\'; rest += 2)
      for (std::string& value : choices(e.pattern, e.key[rest + 1] - '0')) values.insert(std::move(value));
    if (rest == group) values.insert("");
    if (e.key.find('\\', rest) != e.key.npos) continue;
    for (const std::string& value : values) {
      std::string key = lower(e.key.substr(0, group) + value + e.key.substr(rest));
      out.try_emplace(key, Match{key, e.evidence, e.secret});
    }
  }
  return out;
}

const FieldMap& FieldMap::builtin() {
  static const FieldMap map = [] {
    FieldMap m;
    for (const EmbeddedText& table : field_tables()) {
      Sources sources{decode_source(std::string(table.name), table.text)};
      m.add(read_toml(sources, 0));
    }
    return m;
  }();
  return map;
}

bool names_secret(std::string_view path) {
  static const RE2 pattern(
      "(?i:passw|pass[-_ ]?(?:code|phrase|key)|login[-_ ]?code|voicemail[-_ ]?code|mailbox[-_ ]?code|auth\\w*[-_ "
      "]?code|"
      "community|secret|psk|shared[-_ ]?key|private[-_ ]?key|api[-_ ]?key|credential)"
      "|(?:^|[^A-Za-z])(?i:pin)(?:$|[^A-Za-z])|[a-z0-9]P(?:in|IN)(?:$|[^a-z])|(?:^|[^A-Za-z])(?:Pin|PIN)[A-Z]");
  return RE2::PartialMatch(re2::StringPiece(path.data(), path.size()), pattern);
}

}  // namespace ipo
