// Codes and passwords that whoever tries tries first.
#pragma once

#include <string_view>

#include "parsers/text/interned.h"

namespace ipo {

// In public documents (rules/matrix/known-secrets.toml), the user's own number, one digit repeated, or digits in a row, up or
// down. False for what is empty or not all digits: it may be masked or hashed.
bool is_guessable(std::string_view code, std::string_view own_number);

// The same of a user's code ("user.login_code"), or it is his name. JSON may have dropped the zeros of the code or of the number.
struct User;
bool has_guessable(const User& user, Interned key);

}  // namespace ipo
