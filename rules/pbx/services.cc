// Rows are listed with the setting that switches them: a flag, a flag of each LAN, the security level of a service (whose
// plain and encrypted ports it opens or closes), or a word; two have a second one that switches them on, and SIP serves lines and
// phones by a switch each, which must both be known to be off. A word or level that is none of ours decides nothing. Debug ports
// are not among them: support opens them when it needs them.
#include "rules/pbx/services.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/ipoffice/settings.h"
#include "parsers/text/letters.h"
#include "parsers/text/values.h"
#include "rules/pbx/host_lans.h"
#include "rules/pbx/rows.h"

namespace ipo {
namespace {

enum class Kind { flag, both_flags, plain_level, secured_level, word };

struct Switch {
  int row;  // of the IP Office ingress table
  Kind kind;
  std::string_view key;                    // "lan*": of LAN1 and LAN2
  std::vector<std::string_view> off = {};  // words that mean off
  std::string_view instead = {};           // a flag that switches it on as well, or a count that is more than 0 where it is on
};

const std::vector<Switch>& switches() {
  static const std::vector<Switch> list = {{2, Kind::word, "lan*.dhcp.mode", {"disabled", "none", "client"}, "lan*.dhcp.addresses"},
                                           {4, Kind::flag, "tftp.server"},
                                           {5, Kind::plain_level, "services.http.level"},
                                           {7, Kind::flag, "snmp.enabled"},
                                           {9, Kind::secured_level, "services.http.level"},
                                           {10, Kind::word, "lan*.rip", {"disabled", "none", "off"}},
                                           {12, Kind::flag, "lan*.h323.gatekeeper"},
                                           {13, Kind::flag, "lan*.h323.gatekeeper"},
                                           {14, Kind::flag, "lan*.h323.gatekeeper"},
                                           {16, Kind::both_flags, "lan*.sip.trunks", {}, "lan*.sip.registrar"},
                                           {34, Kind::flag, "tapi", {}, "devlink3"},
                                           {36, Kind::flag, "discovery.tcp"},
                                           {37, Kind::plain_level, "services.configuration.level"},
                                           {38, Kind::secured_level, "services.configuration.level"},
                                           {39, Kind::plain_level, "services.ssi.level"},
                                           {40, Kind::secured_level, "services.ssi.level"},
                                           {41, Kind::plain_level, "services.security.level"},
                                           {42, Kind::secured_level, "services.security.level"},
                                           {44, Kind::flag, "debug.port_50823"}};
  return list;
}

// Lower case, without blanks and signs: "Secure, Medium" is "securemedium".
std::string plain_word(std::string_view text) {
  std::string out;
  for (char c : lower(text))
    if ((c >= 'a' && c <= 'z') || c == '+') out += c;
  return out;
}

// "Disabled", "Unsecure Only", "Unsecure + Secure", "Secure, Low", "Secure, Medium", "Secure, High".
std::optional<bool> opens(const std::string& level, bool secured) {
  if (level == "disabled") return false;
  bool unsecure = level.starts_with("unsecure");
  if (!unsecure && !level.starts_with("secure")) return {};
  if (!secured) return unsecure;
  return !unsecure || level != "unsecureonly";
}

std::optional<ServiceState> says(const Host& host, const Switch& at, const std::string& key) {
  const Setting* setting = host.setting(key);
  if (!setting) return {};
  std::optional<bool> on;
  std::string word = plain_word(setting->value.value);
  if (at.kind == Kind::flag || at.kind == Kind::both_flags)
    on = host.flag(key);
  else if (at.kind != Kind::word)
    on = opens(word, at.kind == Kind::secured_level);
  else if (!word.empty())
    on = std::find(at.off.begin(), at.off.end(), word) == at.off.end();
  if (!on) return {};
  return ServiceState{*on, setting};
}

// Of one LAN, or of the host where `lan` is empty.
std::optional<ServiceState> state_of(const Host& host, const Switch& at, const std::string& lan) {
  auto key = [&](std::string_view name) { return lan.empty() ? std::string(name) : lan + std::string(name.substr(4)); };
  std::optional<ServiceState> said = says(host, at, key(at.key));
  const Setting* other = at.instead.empty() ? nullptr : host.setting(key(at.instead));
  // One of two that is off says nothing of the other.
  if (!other && at.kind == Kind::both_flags && said && !said->on) return {};
  if (!other || (said && said->on)) return said;
  std::optional<std::uint32_t> count = parse_number(other->value.value);
  std::optional<bool> on = count ? std::optional(*count > 0) : parse_flag(other->value.value);
  if (on == true || (on && !said && at.kind == Kind::word)) return ServiceState{*on, other};
  if (!on && at.kind == Kind::both_flags) return {};
  return said;
}

}  // namespace

bool says_off(const Setting& setting) {
  std::string word = plain_word(setting.value.value);
  return parse_flag(setting.value.value) == false || word == "no" || word == "none" || word == "off" || word == "disabled" ||
         word.starts_with("nooutput");
}

std::optional<bool> level_opens_clear(std::string_view level) { return opens(plain_word(level), false); }

std::optional<ServiceState> service_state(const MatrixRow& row, const Host* host) {
  if (!host || row.product != "ip-office" || row.direction != "ingress") return {};
  auto at = std::find_if(switches().begin(), switches().end(), [&](const Switch& s) { return s.row == row.number; });
  if (at == switches().end()) return {};
  if (!at->key.starts_with("lan*")) return state_of(*host, *at, "");
  std::optional<ServiceState> off;
  bool unknown = false;
  for (std::string lan : {"lan1", "lan2"}) {
    std::optional<ServiceState> state = state_of(*host, *at, lan);
    if (state && state->on) return state;
    unknown = unknown || (!state && has_lan(*host, lan));
    if (!off) off = state;
  }
  return unknown ? std::nullopt : off;
}

bool is_of_lan(const MatrixRow& row) {
  if (is_media_range(row)) return true;
  if (row.product != "ip-office" || row.direction != "ingress") return false;
  return std::any_of(switches().begin(), switches().end(),
                     [&](const Switch& s) { return s.row == row.number && s.key.starts_with("lan*"); });
}

bool is_on(const MatrixRow& row, const Host* host) {
  auto state = service_state(row, host);
  return state && state->on;
}

bool is_off(const MatrixRow& row, const Host* host) {
  auto state = service_state(row, host);
  return state && !state->on;
}

}  // namespace ipo
