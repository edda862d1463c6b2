// Which settings an element of an export is, told by its path: data (parsers/ipoffice_fields.toml), not code, because
// no schema of these exports is public and a site may have to add what its own export holds.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "parsers/document.h"
#include "parsers/model.h"

namespace ipo {

class FieldMap {
 public:
  struct Match {
    std::string key;  // canonical, lower case: "lan1.address"
    Evidence evidence = Evidence::ours;
    bool secret = false;
  };

  FieldMap();
  FieldMap(FieldMap&&) noexcept;
  FieldMap& operator=(FieldMap&&) noexcept;
  ~FieldMap();

  // Adds the [[field]] tables of a TOML document behind those there are. Entries that cannot be used are left out and
  // returned, with the reason and their place.
  std::vector<Note> add(const Document& toml);

  // The first entry whose pattern matches the whole path ("System/LANS/LAN[LAN1]/IPAddress"); an empty key where none
  // does. Thread safe.
  Match find(std::string_view path) const;

  // Every canonical key, with what its first entry says of it. \1 in a key stands for each choice of its group ("[12]",
  // "A|B"), \1\2 for each choice of either; keys whose group has no such list are left out.
  std::map<std::string, Match, std::less<>> keys() const;

  std::size_t size() const;

  // The map that is compiled in.
  static const FieldMap& builtin();

 private:
  struct Entries;
  std::unique_ptr<Entries> entries_;
};

// True where a part of the path names what must not be printed: password, login code, community, pin ...
bool names_secret(std::string_view path);

}  // namespace ipo
