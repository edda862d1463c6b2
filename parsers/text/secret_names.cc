// A name is compared without regard to case, "_" and "-"; its last part, where letters change case or at "_" and "-", decides
// for words that are short enough to stand within others.
#include "parsers/text/secret_names.h"

#include <algorithm>
#include <array>
#include <string>

#include "parsers/text/letters.h"

namespace ipo {
namespace {

// Wherever they stand within a name.
constexpr std::array<std::string_view, 59> anywhere = {"passw",
                                                       "pswd",
                                                       "pwd",
                                                       "passphrase",
                                                       "passcode",
                                                       "passkey",
                                                       "secret",
                                                       "community",
                                                       "snmpstring",
                                                       "logincode",
                                                       "voicemailcode",
                                                       "vmcode",
                                                       "mailboxcode",
                                                       "authcode",
                                                       "accesscode",
                                                       "securitycode",
                                                       "doorcode",
                                                       "unlockcode",
                                                       "authorizationcode",
                                                       "authorisationcode",
                                                       "authenticationcode",
                                                       "sharedkey",
                                                       "privatekey",
                                                       "privkey",
                                                       "wpakey",
                                                       "wepkey",
                                                       "wifikey",
                                                       "apikey",
                                                       "authkey",
                                                       "accesskey",
                                                       "sessionkey",
                                                       "masterkey",
                                                       "licensekey",
                                                       "licencekey",
                                                       "productkey",
                                                       "activationkey",
                                                       "serialkey",
                                                       "encryptionkey",
                                                       "decryptionkey",
                                                       "signingkey",
                                                       "kennwort",
                                                       "geheimzahl",
                                                       "pincode",
                                                       "mailcode",
                                                       "usercode",
                                                       "entrycode",
                                                       "admincode",
                                                       "alarmcode",
                                                       "gatecode",
                                                       "credential",
                                                       "bcrypthash",
                                                       "sha512hash",
                                                       "otpseed",
                                                       "ikepsk",
                                                       "wpapsk",
                                                       "bindpw",
                                                       "adminpw",
                                                       "basicauth",
                                                       "vpnkey"};

// The whole name, or what it ends with in letters that do not tell parts apart.
constexpr std::array<std::string_view, 9> pins = {"userpin",  "securitypin", "conferencepin", "mailboxpin",  "dialinpin",
                                                  "adminpin", "accesspin",   "loginpin",      "voicemailpin"};
constexpr std::array<std::string_view, 8> passes = {"bypass",    "compass",  "trespass", "overpass",
                                                    "underpass", "bandpass", "highpass", "lowpass"};
constexpr std::array<std::string_view, 5> assigned_parts = {"pass", "pin", "prv", "pw", "otp"};
// "SOFT_KEY", "PublicKey": keys that open nothing.
constexpr std::array<std::string_view, 16> open_keys = {"public",   "pub",   "soft", "hot",      "feature", "line",
                                                        "function", "speed", "hold", "transfer", "primary", "foreign",
                                                        "sort",     "arrow", "menu", "host"};

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

bool in(const auto& list, std::string_view name) { return std::find(list.begin(), list.end(), name) != list.end(); }

// Where the last part of a name begins that ends at `end`: "Key" of "LicenseKey", "KEY" of "WPA_KEY".
std::size_t part_begin(std::string_view name, std::size_t end) {
  std::size_t i = end;
  while (i > 0 && name[i - 1] != '_' && name[i - 1] != '-') {
    --i;
    bool starts_lower = is_upper(name[i]) && i + 1 < end && is_lower(name[i + 1]);
    bool starts_upper = i > 0 && is_upper(name[i]) && !is_upper(name[i - 1]);
    if (i < end && (starts_lower || starts_upper)) break;
  }
  return i;
}

}  // namespace

SecretName judge_name(std::string_view name) {
  std::string plain;
  for (char c : name)
    if (c != '_' && c != '-') plain += lower(c);
  if (std::any_of(anywhere.begin(), anywhere.end(), [&](auto p) { return plain.find(p) != plain.npos; })) return SecretName::secret;
  if (plain.ends_with("psk") || in(pins, plain)) return SecretName::secret;
  if (plain == "authorization" || plain == "proxyauthorization" || plain.ends_with("token")) return SecretName::assigned;
  if (plain.ends_with("pass") && !in(passes, plain)) return SecretName::assigned;
  if (plain == "pins") return SecretName::assigned;
  if (plain == "key") return SecretName::key;
  std::size_t end = name.find_last_not_of("_-");
  if (end == name.npos) return SecretName::harmless;
  ++end;
  std::size_t begin = part_begin(name, end);
  std::string last = lower(name.substr(begin, end - begin));
  if (in(assigned_parts, last)) return SecretName::assigned;
  // "UserPINCode", "PIN_LENGTH": a pin with more behind it; the length of one is none.
  bool measure = last == "length" || last == "len" || last == "min" || last == "max";
  for (std::size_t at = end; at > 0 && !measure;) {
    std::size_t from = part_begin(name, at);
    if (lower(name.substr(from, at - from)) == "pin") return SecretName::assigned;
    at = from;
    while (at > 0 && (name[at - 1] == '_' || name[at - 1] == '-')) --at;
  }
  if (last == "key" && begin > 0) {
    std::size_t before = name.find_last_not_of("_-", begin - 1);
    if (before == name.npos) return SecretName::key;
    std::size_t from = part_begin(name, before + 1);
    return in(open_keys, lower(name.substr(from, before + 1 - from))) ? SecretName::harmless : SecretName::assigned;
  }
  return SecretName::harmless;
}

bool names_secret(std::string_view path) {
  auto in_name = [](char c) { return is_upper(c) || is_lower(c) || (c >= '0' && c <= '9') || c == '_' || c == '-'; };
  std::string_view before;  // "Login Code" is one name in two words
  for (std::size_t i = 0; i < path.size();) {
    std::size_t end = i;
    while (end < path.size() && in_name(path[end])) ++end;
    if (end == i) {
      if (path[i] != ' ') before = {};
      ++i;
      continue;
    }
    std::string_view name = path.substr(i, end - i);
    if (judge_name(name) >= SecretName::assigned) return true;
    if (!before.empty() && judge_name(std::string(before) + "_" + std::string(name)) == SecretName::secret) return true;
    before = name;
    i = end;
  }
  return false;
}

bool names_value(std::string_view name) {
  constexpr std::array<std::string_view, 13> values = {"val",    "v",       "data",    "content", "text", "#text", "$",
                                                       "string", "setting", "default", "current", "new",  "old"};
  std::string plain = lower(name);
  if (plain.starts_with('@')) plain.erase(0, 1);
  return plain.ends_with("value") || plain.ends_with("values") || in(values, plain);
}

}  // namespace ipo
