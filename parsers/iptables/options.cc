// Shapes are read once; values and needs are compared with the text of the tables as they are met. Every word is short and
// most rules have three, so nothing is gained by a tree of them.
#include "parsers/iptables/options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "parsers/iptables/names.h"
#include "parsers/iptables/rule.h"
#include "parsers/text/letters.h"

namespace ipo::iptables {
namespace {

using u64 = std::uint64_t;

std::string_view take_until(std::string_view& text, char end) {
  std::size_t at = text.find(end);
  std::string_view part = text.substr(0, at);
  text.remove_prefix(at == text.npos ? text.size() : at + 1);
  return part;
}

template <class Take>
void each_part(std::string_view text, char separator, Take take) {
  while (true) {
    std::size_t at = text.find(separator);
    take(text.substr(0, at));
    if (at == text.npos) return;
    text.remove_prefix(at + 1);
  }
}

bool begins(std::string_view word, std::string_view text) {
  return !text.empty() && same_letters(word.substr(0, text.size()), text);
}
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

// ---- numbers ----------------------------------------------------------------------------------------------------

// As strtoull with base 0 reads it.
std::optional<u64> whole_number(std::string_view text) {
  int base = 10;
  if (text.starts_with('+')) text.remove_prefix(1);
  if (text.starts_with("0x") || text.starts_with("0X"))
    base = 16, text.remove_prefix(2);
  else if (text.size() > 1 && text.front() == '0')
    base = 8;
  u64 n = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n, base);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return {};
  return n;
}

bool is_number(std::string_view text, u64 lo, u64 hi) {
  auto n = whole_number(text);
  return n && *n >= lo && *n <= hi;
}

// "lo:hi", ":hi", "lo:", ":", "n".
bool is_number_range(std::string_view text, u64 lo, u64 hi) {
  std::size_t colon = text.find(':');
  if (colon == text.npos) return is_number(text, lo, hi);
  std::string_view from = text.substr(0, colon), to = text.substr(colon + 1);
  if (!from.empty() && !is_number(from, lo, hi)) return false;
  if (!to.empty() && !is_number(to, lo, hi)) return false;
  return from.empty() || to.empty() || *whole_number(from) <= *whole_number(to);
}

// "u8" .. "u64", "1..32" and what stands behind.
bool is_numeric(std::string_view takes, std::string_view text) {
  bool range = takes.ends_with(':'), masked = takes.ends_with('/');
  if (range || masked) takes.remove_suffix(1);
  u64 lo = 0, hi = 0;
  if (takes[0] == 'u') {
    u64 bits = *whole_number(takes.substr(1));
    hi = bits == 64 ? ~u64{0} : (u64{1} << bits) - 1;
  } else {
    std::size_t dots = takes.find("..");
    lo = *whole_number(takes.substr(0, dots)), hi = *whole_number(takes.substr(dots + 2));
  }
  if (range) return is_number_range(text, lo, hi);
  if (!masked) return is_number(text, lo, hi);
  std::size_t slash = text.find('/');
  return is_number(text.substr(0, slash), lo, hi) && (slash == text.npos || is_number(text.substr(slash + 1), 0, hi));
}

// As atoi reads it: what stands behind the digits does not matter; nothing where it is not positive.
std::optional<u64> leading_number(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  if (text.starts_with('+')) text.remove_prefix(1);
  u64 n = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc{} || n == 0) return {};
  return n;
}

// ---- words ------------------------------------------------------------------------------------------------------

bool is_word_of(std::string_view takes, std::string_view text) {
  bool any_case = takes.ends_with('~');
  if (any_case) takes.remove_suffix(1);
  bool list = takes.ends_with('+');
  if (list) takes.remove_suffix(1);
  std::string_view words = takes.substr(1, takes.size() - 2);
  auto one = [&](std::string_view part) {
    bool found = false;
    each_part(words, ',', [&](std::string_view word) { found = found || (any_case ? same_letters(word, part) : word == part); });
    return found;
  };
  if (!list) return one(text);
  bool all = true;
  each_part(text, ',', [&](std::string_view part) { all = all && one(part); });
  return all;
}

bool is_one_beginning(std::string_view words, std::string_view text) {
  bool found = false;
  each_part(words, ' ', [&](std::string_view word) { found = found || begins(word, text); });
  return found;
}

// ---- forms with a name ------------------------------------------------------------------------------------------

bool is_port(std::string_view t, Family) { return port_number(t).has_value(); }
bool is_port_range(std::string_view t, Family) {
  auto range = port_range(t, ':');
  return range && range->lo <= range->hi;
}
bool is_protocol(std::string_view t, Family) { return protocol_number(t).has_value(); }
bool is_some_protocol(std::string_view t, Family) { return protocol_number(t).value_or(0) != 0; }
bool is_ipsec_protocol(std::string_view t, Family) {
  unsigned p = protocol_number(t).value_or(0);
  return p == 50 || p == 51 || p == 108;
}

// A name of a host is looked up by iptables, which the text cannot tell.
bool may_be_name(std::string_view t) {
  return !t.empty() && t.find_first_of(":/") == t.npos && t.find_first_not_of("0123456789.") != t.npos;
}
bool is_address(std::string_view t, Family family) {
  auto a = parse_address(t);
  return a ? a->family == family : may_be_name(t);
}
bool is_network(std::string_view t, Family family) {
  auto a = parse_network(t);
  return a ? a->family == family : may_be_name(t.substr(0, t.find('/')));
}
// Of SNPT and DNPT: 64 bits at most, nothing behind them (ip6t_NPT.c).
bool is_translated_prefix(std::string_view t, Family) {
  auto a = parse_network(t);
  auto written = parse_address(t.substr(0, t.find('/')));
  return a && a->family == Family::ipv6 && (a->mask << 64) == 0 && written && written->value == a->value;
}
bool is_prefix_length(std::string_view t, Family family) { return is_number(t, 0, static_cast<u64>(address_bits(family))); }
bool is_mask(std::string_view t, Family family) {
  return is_prefix_length(t, family) || (parse_address(t) && parse_address(t)->family == family);
}

// Two digits a part, or the X that stands for them where a dump is shown to others.
bool is_mac(std::string_view t, Family) {
  int parts = 0;
  bool good = true;
  each_part(t, ':', [&](std::string_view part) {
    ++parts;
    good = good && !part.empty() && part.size() <= 2 && part.find_first_not_of("0123456789abcdefABCDEFxX") == part.npos;
  });
  return good && parts == 6;
}

bool is_some_interface(std::string_view t, Family) { return t.size() <= 15; }
bool is_interface(std::string_view t, Family family) { return !t.empty() && is_some_interface(t, family); }

// "5", "5/sec", "5x/sec"; the unit may be shortened. `most` a second at most.
bool is_rate_of(std::string_view t, u64 most) {
  bool has_unit = t.find('/') != t.npos;
  auto n = leading_number(take_until(t, '/'));
  if (!n) return false;
  if (!has_unit) return *n <= most;
  constexpr std::pair<std::string_view, u64> units[] = {{"second", 1}, {"minute", 60}, {"hour", 3600}, {"day", 86400}};
  for (auto [unit, seconds] : units)
    if (begins(unit, t)) return *n <= most * seconds;
  return false;
}
bool is_rate(std::string_view t, Family) { return is_rate_of(t, 10000); }

// Bytes where "b/s" stands in it: "4kb/s", "1gb/sec" (libxt_hashlimit.c).
bool is_hash_rate(std::string_view t, Family) {
  std::size_t bytes = t.find("b/s");
  return (bytes != t.npos && bytes > 0 && leading_number(t)) || is_rate_of(t, 1000000);
}
// "5", and "512b", "4kb": of bytes.
bool is_hash_burst(std::string_view t, Family) {
  return is_number(t, 1, 1000000) || (leading_number(t) && t.find_first_not_of("0123456789") != t.npos);
}

bool is_fraction(std::string_view t, Family) {
  double value = 0;
  auto [end, error] = std::from_chars(t.data(), t.data() + t.size(), value);
  return error == std::errc{} && end == t.data() + t.size() && value >= 0 && value <= 1;
}

bool has_two_digits(std::string_view t, u64 lo, u64 hi) {
  auto n = whole_number(t.size() > 1 && t[0] == '0' ? t.substr(1) : t);
  return t.size() <= 2 && n && *n >= lo && *n <= hi;
}
// "hh:mm", "hh:mm:ss".
bool is_time(std::string_view t, Family) {
  int parts = 0;
  bool good = true;
  each_part(t, ':', [&](std::string_view part) { good = good && has_two_digits(part, 0, ++parts == 1 ? 23 : 59); });
  return good && (parts == 2 || parts == 3);
}
// "2026", "2026-11", "2026-11-25T08:00:00", each part may be missing from the right.
bool is_date(std::string_view t, Family family) {
  std::string_view date = take_until(t, 'T');
  int parts = 0;
  bool good = true;
  each_part(date, '-', [&](std::string_view part) {
    ++parts;
    good = good && (parts == 1 ? part.size() == 4 && is_number(part, 1970, 2038) : has_two_digits(part, 1, parts == 2 ? 12 : 31));
  });
  if (!good || parts > 3) return false;
  return t.empty() || (parts == 3 && (has_two_digits(t, 0, 23) || is_time(t, family)));
}
// Parts may be empty, and day 0 is one that never comes (libxt_time.c: time_parse_monthdays).
bool is_month_days(std::string_view t, Family) {
  bool all = true;
  each_part(t, ',', [&](std::string_view part) { all = all && (part.empty() || is_number(part, 0, 31)); });
  return all;
}
// Names are known by their first two letters, numbers may be any but 0; nothing may follow the last comma.
bool is_week_days(std::string_view t, Family) {
  if (t.ends_with(',')) t.remove_suffix(1);
  bool all = true;
  if (t.empty()) return all;
  each_part(t, ',', [&](std::string_view part) {
    all = all && (is_number(part, 1, ~u64{0}) || is_word_of("(Mo,Tu,We,Th,Fr,Sa,Su)", part.substr(0, 2)));
  });
  return all;
}

// Of the ipv6header match: its own names, and those of protocols that are such headers (libip6t_ipv6header.c).
bool is_ipv6_headers(std::string_view t, Family) {
  constexpr std::array<unsigned, 8> headers = {0, 43, 44, 50, 51, 59, 60, 255};
  bool all = true;
  each_part(t, ',', [&](std::string_view part) {
    bool own = part.empty() || is_word_of("(hop-by-hop,hop,dst,route,frag,auth,none,prot,protocol)", part);
    auto number = protocol_number(part);
    all = all && (own || (number && std::find(headers.begin(), headers.end(), *number) != headers.end()));
  });
  return all;
}

// A number with an optional mask, or one of the five names.
bool is_tos(std::string_view t, Family) {
  constexpr std::string_view names = "(Minimize-Delay,Maximize-Throughput,Maximize-Reliability,Minimize-Cost,Normal-Service)~";
  return is_word_of(names, t) || is_numeric("u8/", t);
}

bool is_log_level(std::string_view t, Family) {
  return is_number(t, 0, 7) || is_word_of("(alert,crit,debug,emerg,error,info,notice,panic,warning)", t);
}

bool is_reject_type(std::string_view t, Family family) {
  constexpr std::string_view four =
      "icmp-net-unreachable net-unreach icmp-host-unreachable host-unreach icmp-proto-unreachable proto-unreach "
      "icmp-port-unreachable port-unreach icmp-net-prohibited net-prohib icmp-host-prohibited host-prohib tcp-reset "
      "tcp-rst icmp-admin-prohibited admin-prohib";
  constexpr std::string_view six =
      "icmp6-no-route no-route icmp6-adm-prohibited adm-prohibited icmp6-addr-unreachable addr-unreach "
      "icmp6-port-unreachable port-unreach tcp-reset icmp6-policy-fail policy-fail icmp6-reject-route reject-route";
  return is_one_beginning(family == Family::ipv4 ? four : six, t);
}

// A range of queues; one queue alone is --queue-num.
bool is_balance(std::string_view t, Family) {
  std::size_t colon = t.find(':');
  if (colon == t.npos || !is_number_range(t, 0, 65534)) return false;
  u64 lo = colon == 0 ? 0 : *whole_number(t.substr(0, colon));
  return (colon + 1 == t.size() ? 65534 : *whole_number(t.substr(colon + 1))) > lo;
}

// End of options and no-operation cannot be stripped.
bool is_strip_list(std::string_view t, Family) {
  bool all = true;
  each_part(t, ',', [&](std::string_view part) {
    all = all && (is_number(part, 2, 255) || is_word_of("(wscale,mss,sack-permitted,sack,timestamp,md5)", part));
  });
  return all;
}

// "major:minor", both hexadecimal.
bool is_traffic_class(std::string_view t, Family) {
  std::string_view major = take_until(t, ':');
  for (std::string_view part : {major, t})
    if (part.empty() || part.size() > 4 || part.find_first_not_of("0123456789abcdefABCDEF") != part.npos) return false;
  return true;
}

// 128 bytes at most.
bool is_pattern(std::string_view t, Family) { return !t.empty() && t.size() <= 128; }
// "|0a 0b|text"
bool is_hex_pattern(std::string_view t, Family) {
  std::size_t bytes = 0;
  bool hex = false;
  for (std::size_t i = 0; i < t.size(); ++i) {
    if (t[i] == '|') {
      hex = !hex;
    } else if (!hex) {
      ++bytes;
    } else if (t[i] != ' ') {
      auto digit = [&](std::size_t at) {
        return at < t.size() && std::string_view("0123456789abcdefABCDEF").find(t[at]) != std::string_view::npos;
      };
      if (!digit(i) || !digit(i + 1)) return false;
      ++i, ++bytes;
    }
  }
  return !hex && bytes > 0 && bytes <= 128;
}

// Numbers are bits of a field of 128; names are in a file of the machine.
bool is_label(std::string_view t, Family) { return is_number(t, 0, 127) || t.find_first_not_of("0123456789") != t.npos; }

// Six at most; iptables compares three letters.
bool is_set_sides(std::string_view t, Family) {
  int parts = 0;
  bool good = true;
  each_part(t, ',', [&](std::string_view part) {
    ++parts;
    good = good && (part.starts_with("src") || part.starts_with("dst"));
  });
  return good && parts <= 6;
}
bool is_set_name(std::string_view t, Family) { return !t.empty() && t.size() <= 31; }

constexpr std::pair<std::string_view, unsigned> mobility_types[] = {{"binding-refresh-request", 0},
                                                                    {"brr", 0},
                                                                    {"home-test-init", 1},
                                                                    {"hoti", 1},
                                                                    {"careof-test-init", 2},
                                                                    {"coti", 2},
                                                                    {"home-test", 3},
                                                                    {"hot", 3},
                                                                    {"careof-test", 4},
                                                                    {"cot", 4},
                                                                    {"binding-update", 5},
                                                                    {"bu", 5},
                                                                    {"binding-acknowledgement", 6},
                                                                    {"ba", 6},
                                                                    {"binding-error", 7},
                                                                    {"be", 7}};
bool is_mobility_type(std::string_view t, Family) {
  auto number = [](std::string_view part) -> std::optional<u64> {
    for (auto [name, type] : mobility_types)
      if (same_letters(name, part)) return type;
    auto n = whole_number(part);
    return n && *n <= 255 ? n : std::nullopt;
  };
  std::size_t colon = t.find(':');
  if (colon == t.npos) return number(t).has_value();
  auto lo = colon == 0 ? std::optional<u64>(0) : number(t.substr(0, colon));
  auto hi = colon + 1 == t.size() ? std::optional<u64>(255) : number(t.substr(colon + 1));
  return lo && hi && *lo <= *hi;
}

bool is_dscp_class(std::string_view t, Family) {
  return is_word_of("(CS0,CS1,CS2,CS3,CS4,CS5,CS6,CS7,BE,AF11,AF12,AF13,AF21,AF22,AF23,AF31,AF32,AF33,AF41,AF42,AF43,EF)~", t);
}

bool are_address_types(std::string_view t, Family) {
  constexpr std::string_view types =
      "UNSPEC UNICAST LOCAL BROADCAST ANYCAST MULTICAST BLACKHOLE UNREACHABLE PROHIBIT THROW NAT XRESOLVE";
  bool all = true;
  each_part(t, ',', [&](std::string_view part) { all = all && is_one_beginning(types, part); });
  return all;
}

// Of CT: a number, or the packet's mark.
bool is_zone(std::string_view t, Family) { return t == "mark" || is_number(t, 0, 65535); }

constexpr std::pair<std::string_view, bool (*)(std::string_view, Family)> value_forms[] = {
    {"port", is_port},
    {"ports", is_port_range},
    {"protocol", is_protocol},
    {"some-protocol", is_some_protocol},
    {"ipsec-protocol", is_ipsec_protocol},
    {"address", is_address},
    {"network", is_network},
    {"translated-prefix", is_translated_prefix},
    {"prefix-length", is_prefix_length},
    {"mask", is_mask},
    {"mac", is_mac},
    {"address-types", are_address_types},
    {"interface", is_interface},
    {"some-interface", is_some_interface},
    {"ipv6-headers", is_ipv6_headers},
    {"rate", is_rate},
    {"hash-rate", is_hash_rate},
    {"hash-burst", is_hash_burst},
    {"fraction", is_fraction},
    {"time", is_time},
    {"date", is_date},
    {"month-days", is_month_days},
    {"week-days", is_week_days},
    {"tos", is_tos},
    {"dscp-class", is_dscp_class},
    {"log-level", is_log_level},
    {"reject-type", is_reject_type},
    {"balance", is_balance},
    {"strip-list", is_strip_list},
    {"traffic-class", is_traffic_class},
    {"pattern", is_pattern},
    {"hex-pattern", is_hex_pattern},
    {"label", is_label},
    {"zone", is_zone},
    {"set-name", is_set_name},
    {"set-sides", is_set_sides},
    {"mobility-type", is_mobility_type}};

// ---- needs ------------------------------------------------------------------------------------------------------

constexpr std::string_view hook_names[] = {"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"};

struct Asked {
  const RuleInProgress& rule;
  const Command& command;
  std::span<const Option> options;

  bool given(std::string_view word) const {
    std::string_view name = word.substr(0, word.find(':'));
    bool with_value = name.size() < word.size();
    return std::any_of(options.begin(), options.end(), [&](const Option& o) {
      return o.name == name && (!with_value || (o.count > 0 && o.values[0] == word.substr(name.size() + 1)));
    });
  }
  bool holds(std::string_view word) const {
    switch (word[0]) {
      case '@':
        return rule.table == word.substr(1);
      case '%':
        return has_protocol(command, *protocol_number(word.substr(1)));
      case '#':
        return rule.family == (word == "#ipv6" ? Family::ipv6 : Family::ipv4);
      default:
        return given(word);
    }
  }
};

// "only for protocol tcp or udp", "without --mark"
std::string text_of(std::string_view any) {
  std::string words;
  std::string_view before;
  std::size_t left = static_cast<std::size_t>(std::count(any.begin(), any.end(), '|')) + 1;
  each_part(any, '|', [&](std::string_view word) {
    if (!words.empty()) words += left == 1 ? " or " : ", ";
    --left;
    switch (word[0]) {
      case '@':
        before = "only for the table ", words += word.substr(1);
        break;
      case '%':
        before = "only for protocol ", words += word.substr(1);
        break;
      case '#':
        before = "only for ", words += word == "#ipv6" ? "IPv6" : "IPv4";
        break;
      default:
        before = is_upper(word[0]) ? "only for " : "only with ";
        words += (is_upper(word[0]) ? "" : "--") + std::string(word);
    }
  });
  return std::string(before) + words;
}

void check_need(RuleInProgress& rule, const Asked& asked, const std::string& who, std::string_view need) {
  std::string about = who;
  if (std::size_t then = need.find('>'); then != need.npos) {
    std::string_view when = need.substr(0, then);
    if (!asked.holds(when)) return;
    if (when[0] != '#') {
      about = who + " --" + std::string(when);
      std::replace(about.begin(), about.end(), ':', ' ');
    }
    need.remove_prefix(then + 1);
  }
  if (need.find('^') != need.npos) {
    std::string met;
    int count = 0;
    each_part(need, '^', [&](std::string_view word) {
      if (asked.given(word)) ++count, met += (met.empty() ? "--" : " and --") + std::string(word);
    });
    if (count > 1) rule.refuse(who + " takes " + met + " not together");
    return;
  }
  if (is_upper(need[0])) {
    unsigned hooks = 0;
    each_part(need, '|', [&](std::string_view word) {
      for (std::size_t h = 0; h < std::size(hook_names); ++h)
        if (hook_names[h] == word) hooks |= 1u << h;
    });
    rule.limit_hooks(hooks, about + " is taken " + text_of(need));
    return;
  }
  bool any = false;
  each_part(need, '|', [&](std::string_view word) { any = any || asked.holds(word); });
  if (!any) rule.refuse(about + " is taken " + text_of(need));
}

}  // namespace

std::optional<MaskedAddress> parse_network(std::string_view text) {
  std::size_t slash = text.find('/');
  if (slash == text.npos || text.find_first_of(".:", slash) != text.npos) return parse_masked_address(text);
  auto length = whole_number(text.substr(slash + 1));
  if (!length) return {};
  return parse_masked_address(std::string(text.substr(0, slash + 1)) + std::to_string(*length));
}

std::vector<OptionShape> read_shapes(std::string_view text) {
  std::vector<OptionShape> shapes;
  while (!text.empty()) {
    std::string_view word = take_until(text, ' ');
    OptionShape shape;
    std::string_view names = take_until(word, '=');
    // `word` now holds the values, but for the first "=".
    bool has_values = names.data() + names.size() < word.data();
    if (names.ends_with('*')) shape.repeatable = true, names.remove_suffix(1);
    if (has_values)
      each_part(word, '=', [&](std::string_view takes) {
        if (takes.ends_with('?')) shape.optional = true, takes.remove_suffix(1);
        shape.takes[static_cast<std::size_t>(shape.values++)] = takes;
      });
    bool first = true;
    each_part(names, '|', [&](std::string_view name) {
      shape.negatable = name.starts_with('!');
      shape.name = shape.negatable ? name.substr(1) : name;
      if (first) shape.canonical = shape.name, first = false;
      shapes.push_back(shape);
    });
  }
  return shapes;
}

bool is_value(std::string_view takes, std::string_view text, Family family) {
  if (takes.empty()) return true;
  if (takes[0] == '(') return is_word_of(takes, text);
  if ((takes[0] >= '0' && takes[0] <= '9') || (takes[0] == 'u' && takes.size() > 1 && takes[1] >= '0' && takes[1] <= '9'))
    return is_numeric(takes, text);
  for (auto [name, is] : value_forms)
    if (name == takes) return is(text, family);
  return false;  // a word of the tables without a form: their test finds it
}

bool has_protocol(const Command& command, unsigned protocol) {
  return std::any_of(command.options.begin(), command.options.end(), [&](const Option& o) {
    return o.name == "protocol" && !o.negated && protocol_number(o.values[0]) == protocol;
  });
}

void check_options(RuleInProgress& rule, const Command& command, const std::string& who, std::span<const Option> options,
                   std::string_view needs) {
  for (std::size_t i = 0; i < options.size(); ++i) {
    const Option& o = options[i];
    if (!o.shape) continue;
    std::string spelt = "--" + std::string(o.shape->name);
    if (o.negated && !o.shape->negatable) rule.refuse(who + " takes no \"!\" before " + spelt);
    if (!o.shape->repeatable && std::any_of(options.begin(), options.begin() + static_cast<std::ptrdiff_t>(i),
                                            [&](const Option& before) { return before.name == o.name; }))
      rule.refuse(who + " takes " + spelt + " only once");
    for (int v = 0; v < o.count; ++v) {
      std::string_view value = o.values[static_cast<std::size_t>(v)];
      if (!is_value(o.shape->takes[static_cast<std::size_t>(v)], value, rule.family))
        rule.refuse(spelt + " does not take \"" + std::string(value) + '"');
    }
  }
  Asked asked{rule, command, options};
  if (!needs.empty()) each_part(needs, ' ', [&](std::string_view need) { check_need(rule, asked, who, need); });
}

}  // namespace ipo::iptables
