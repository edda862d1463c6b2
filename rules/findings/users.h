// The users of a site's exports, as the checks that count them need them: special ones left out, and each once, though several
// exports list him.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/ipoffice/settings.h"
#include "parsers/text/values.h"
#include "rules/findings/check.h"
#include "rules/findings/judgement.h"

namespace ipo {

struct User {
  std::vector<const Record*> records;  // of one user, in the order they were read

  // The first of the records that has a value there, else one that has the field without a value; null where none has it. A key is
  // a text or, where many users are asked, "user.name"_key.
  const Setting* field(const auto& key) const {
    const Setting* empty = nullptr;
    for (const Record* record : records) {
      const Setting* s = record->field(key);
      if (s && !s->value.value.empty()) return s;
      if (s && !empty) empty = s;
    }
    return empty;
  }
  std::string_view text(const auto& key) const {  // empty where there is none
    const Setting* s = field(key);
    return s ? std::string_view(s->value.value) : std::string_view();
  }
  std::optional<bool> flag(const auto& key) const {  // nothing where no record says it
    const Setting* s = field(key);
    return s ? parse_flag(s->value.value) : std::nullopt;
  }
  std::string_view number() const { return text("user.extension"_key); }
  std::string label() const;  // "201 anna"
};

// Records are one user when they have one GUID, or the same name and number and not two GUIDs. NoUser and RemoteManager are none.
std::vector<User> users_of(const Site& site);

// A code, of which JSON may have dropped the zeros it begins with: then with as many as make it four digits.
std::string code_of(const Setting& setting);

// Digits only: a code as it was entered. What is masked, hashed or empty is none.
bool is_clear_code(std::string_view code);

// Systems the users are of, by the names the export gives; at least one. Extensions do not say whose they are.
std::size_t systems_of(const std::vector<User>& users);

// Digits of the longest number the site calls its own: of users, extensions and hunt groups.
std::size_t longest_own_number(const Site& site, const std::vector<User>& users);
// A number that leaves the system: an international one ("+44..."), or one of at least seven digits that is longer than all of
// its own. Short codes and what holds other signs are not taken for one.
bool is_external(std::string_view number, std::size_t longest_own);

// One finding for a class of users, at the first one's field `at`; the others are named only where Finding::named is printed.
// `message` has the count and whatever fits it. Nothing where there are none.
void report_users(Findings& findings, const Check& check, Level level, const std::vector<const User*>& users, std::string_view at,
                  std::string message);
// The same for weak secrets, at the head of the export, so that not even the place tells whose they are.
void report_users_unnamed(const Sources& sources, Findings& findings, const Check& check, Level level,
                          const std::vector<const User*>& users, std::string about, std::string message);
// "1 user has", "3 users have".
std::string counted_users(std::size_t n, std::string_view kind = "user");

}  // namespace ipo
