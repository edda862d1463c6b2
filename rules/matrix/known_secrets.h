// Passwords, codes and communities that public documents name: known-secrets.toml.
#pragma once

#include <string_view>

namespace ipo {

// `of` is "login-code", "snmp-community" or "phone-password".
bool is_known_secret(std::string_view of, std::string_view value);

}  // namespace ipo
