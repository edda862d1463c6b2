// Which settings an element of an export is, told by its path: data (parsers/ipoffice/ipoffice_fields.toml), not code, because
// no schema of these exports is public and a site may have to add what its own export holds.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "parsers/document/document.h"
#include "parsers/model/model.h"

namespace ipo {

// One line of the map: a pattern of paths, and the setting whatever matches it is, or why it is none.
struct FieldEntry {
  std::string path;    // RE2, compared with the whole path without regard to case
  std::string key;     // \1 .. \9 stand for the groups of the path; empty where it is ignored
  std::string ignore;  // why what stands there is left alone
  std::string source;  // where it was seen: a document and its page
  Evidence evidence = Evidence::ours;
  bool secret = false;
  std::uint32_t divide = 1;  // the setting is the number there divided by this: seconds of milliseconds
  bool coded = false;        // the number there is one of the vendor's codes; `words` are those whose meaning is documented
  std::map<std::string, std::string> words = {};
  SourceSpan span = {};  // its table
};

// What the value there says of the setting: itself, divided, or the word it is a code of. Nothing where that is not documented.
std::optional<std::string> meaning_of(const FieldEntry& entry, const std::string& value);

// Of one file: tables, steps that RE2 compiles their patterns to, and patterns that have to be tried for the same paths because
// they have no whole names between slashes, or no others.
constexpr std::size_t most_fields = 10'000, most_steps = 1'000'000, most_tried = 200;

// The [[field]] tables below `root`: path, key or ignore, evidence (ours where it is not given), secret, source, divide, words. What cannot be used is
// left out and said in `errors`, at most 50 of them.
std::vector<FieldEntry> read_fields(const Node& root, std::vector<Note>& errors);
// The same of a user's file, where a key that no setting has is an error too.
std::vector<FieldEntry> read_own_fields(const Node& root, std::vector<Note>& errors);

class FieldMap {
 public:
  struct Match {
    std::string key;  // canonical, lower case: "lan1.address"
    Evidence evidence = Evidence::ours;
    bool secret = false;
    const FieldEntry* entry = nullptr;  // of the map, valid until something is added; null where none matches
  };

  FieldMap();
  FieldMap(FieldMap&&) noexcept;
  FieldMap& operator=(FieldMap&&) noexcept;
  ~FieldMap();

  // Adds entries as read_fields gives them behind those there are.
  void add(const std::vector<FieldEntry>& entries);
  // The same of a whole TOML document; gives what is wrong with it.
  std::vector<Note> add(const Document& toml);
  // Those of the map that is compiled in.
  void add_builtin();

  // The first entry whose pattern matches the whole path ("System/LANS/LAN[LAN1]/IPAddress"); an empty key where none
  // does, or where it is ignored. Thread safe.
  Match find(std::string_view path) const;

  // Every canonical key, with what its first entry says of it. \1 in a key stands for each choice of its group ("[12]",
  // "A|B"), \1\2 for each choice of either; keys whose group has no such list are left out.
  std::map<std::string, Match, std::less<>> keys() const;

  std::size_t size() const;
  // How many entries find() tries for a path at most.
  std::size_t tried_for(std::string_view path) const;

  // The map that is compiled in.
  static const FieldMap& builtin();

 private:
  struct Entries;
  std::unique_ptr<Entries> entries_;
};

// A setting of that path, but for its value.
Setting setting_at(const FieldMap& map, std::string_view path);

}  // namespace ipo
