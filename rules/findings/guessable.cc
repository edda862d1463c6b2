#include "rules/findings/guessable.h"

#include "parsers/model/number_set.h"
#include "parsers/text/letters.h"
#include "rules/findings/users.h"
#include "rules/matrix/known_secrets.h"

namespace ipo {
namespace {

// Each digit follows the one before at that distance; 9 and 0 are neighbours.
bool in_steps_of(std::string_view code, int step) {
  for (std::size_t i = 1; i < code.size(); ++i)
    if ((code[i] - code[i - 1] + 10) % 10 != (step + 10) % 10) return false;
  return true;
}

}  // namespace

bool is_guessable(std::string_view code, std::string_view own_number) {
  if (!is_clear_code(code)) return false;
  return code == own_number || is_known_secret("login-code", code) || in_steps_of(code, 0) || in_steps_of(code, 1) ||
         in_steps_of(code, -1);
}

bool has_guessable(const User& user, Interned key) {
  const Setting* code = user.field(key);
  if (!code || code->value.value.empty()) return false;
  const Setting* number = user.field("user.extension"_key);
  // Letters that are his name are neither masked nor hashed.
  for (Interned name : {"user.name"_key, "user.full_name"_key})
    if (same_letters(code->value.value, user.text(name))) return true;
  if (is_guessable(code_of(*code), number ? std::string_view(number->value.value) : "")) return true;
  return number && is_clear_code(code->value.value) && same_number(*code, *number);
}

}  // namespace ipo
