// Names of secrets: the one list that every reader, writer and comment is judged by.
#pragma once

#include <string_view>

namespace ipo {

// What a single name ("LoginCode", "ADMIN_PASSWORD", "psk") says of the value behind it.
enum class SecretName {
  harmless,
  key,       // "key" alone: secret in "key=4bz7", yet it is a usual word of configurations
  assigned,  // secret where a value is assigned, "pin: 4711"; not in prose, "pass in on em0"
  secret,    // secret whatever stands between them: "password 4bz7", "password is 4bz7"
};
SecretName judge_name(std::string_view name);

// True where a part of the path ("User/SIPAuthPwd", "snmp.community") names what must not be printed.
bool names_secret(std::string_view path);

// True for what holds the value of a name that stands beside it: "value", "NewValue", "#text".
bool names_value(std::string_view name);

}  // namespace ipo
