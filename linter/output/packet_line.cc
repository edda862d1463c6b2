// Both forms give fields by name; a field is read when its value is seen, and what fields mean together is settled at the
// end. The first fault is the answer. A line as programs write it, without escapes, nulls and faults, is read without telling
// words apart first; any other is left to the general reader, so that only one of the two knows what is wrong.
#include "linter/output/packet_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "linter/output/snippet.h"
#include "parsers/document/json_tokens.h"
#include "parsers/iptables/names.h"
#include "parsers/text/letters.h"
#include "parsers/text/nearest.h"

namespace ipo {
namespace {

constexpr std::array<std::string_view, 12> names = {"hook",  "in",    "out",   "src",   "dst",       "proto",
                                                    "sport", "dport", "state", "flags", "icmp_type", "icmp_code"};
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> aliases = {
    {{"source", "src"}, {"destination", "dst"}, {"protocol", "proto"}, {"spt", "sport"}, {"dpt", "dport"}}};
constexpr std::size_t shown_length = 60;  // of a value in a message

std::string shown(std::string_view value) {
  bool cut = value.size() > shown_length;
  return '"' + printable(value.substr(0, shown_length)) + (cut ? "…\"" : "\"");
}

// The places of the names.
enum Name : std::size_t { hook, in, out, src, dst, proto, sport, dport, state, flags, icmp_type, icmp_code };

// names.size() for any other.
std::size_t place_of(std::string_view name) {
  // Few have one length, and nearly all lines hold these.
  std::size_t at = names.size();
  switch (name.size()) {
    case 2:
      at = in;
      break;
    case 3:
      at = name[0] == 'o' ? out : name[0] == 's' ? src : dst;
      break;
    case 4:
      at = hook;
      break;
    case 5:
      at = name[0] == 'p' ? proto : name[0] == 'd' ? dport : name[0] == 'f' ? flags : name[1] == 'p' ? sport : state;
      break;
    case 9:
      at = name[5] == 't' ? icmp_type : icmp_code;
      break;
    default:
      break;
  }
  return at < names.size() && names[at] == name ? at : names.size();
}

struct Draft {
  PartialPacket& packet;
  std::array<bool, names.size()> given{};
  std::optional<Family> family = {};
  std::optional<unsigned> type = {}, code = {};
  bool has_flags = false;

  // Gives the fault, or nothing. `text`: written as text rather than as a number.
  std::string set(std::string_view name, std::string_view value, bool text) {
    std::size_t at = place_of(name);
    if (at == names.size())
      return fmt::format("there is no field {}{} ({})", shown(name), did_you_mean(name, names), fmt::join(names, ", "));
    if (given[at]) return fmt::format("'{}' is given twice", name);
    given[at] = true;
    if (text && value.empty()) return {};
    auto number = [&](auto& to, unsigned max) -> std::string {
      unsigned n = 0;
      auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), n);
      if (error != std::errc() || end != value.data() + value.size() || n > max)
        return fmt::format("'{}' takes 0 to {}, not {}", name, max, shown(value));
      to = static_cast<typename std::remove_reference_t<decltype(to)>::value_type>(n);
      return {};
    };
    bool takes_number = at == sport || at == dport || at == icmp_type || at == icmp_code || at == proto;
    if (!text && !takes_number && at != flags) return fmt::format("'{}' takes a text in quotes, not {}", name, shown(value));
    switch (at) {
      case sport:
        return number(packet.source_port, 65535);
      case icmp_type:
        return number(type, 255);
      case icmp_code:
        return number(code, 255);
      case dport: {
        std::optional<unsigned> port;
        std::string fault = number(port, 65535);
        if (port) packet.destination_port = Interval{*port, *port};
        return fault;
      }
      case proto:
        return set_protocol(value, text);
      case in:
        packet.in = value;
        return {};
      case out:
        packet.out = value;
        return {};
      case src:
        return address(packet.source, name, value);
      case dst:
        return address(packet.destination, name, value);
      case flags:
        return set_flags(value);
      case hook:
        for (Hook known : {Hook::input, Hook::forward, Hook::output})
          if (value == name_of(known)) return packet.hook = known, "";
        return fmt::format("'hook' takes input, forward or output, not {}", shown(value));
      default:
        for (State known : {State::new_, State::established, State::related, State::invalid, State::untracked})
          if (value == name_of(known)) return packet.state = known, "";
        return fmt::format("'state' takes new, established, related, invalid or untracked, not {}", shown(value));
    }
  }

  std::string set_protocol(std::string_view value, bool text) {
    bool digits = !value.empty() && std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
    std::optional<std::uint32_t> number;
    if (digits) {
      std::uint32_t n = 0;
      auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), n);
      if (error == std::errc() && n <= 255) number = n;
    } else if (text && value != "all") {
      number = iptables::protocol_number(value);
    }
    if (!number) return fmt::format("'proto' takes a name like udp or a number up to 255, not {}", shown(value));
    packet.protocol = static_cast<std::uint8_t>(*number);
    return {};
  }

  std::string address(std::optional<u128>& to, std::string_view name, std::string_view value) {
    std::optional<Address> read = parse_address(value);
    if (!read) return fmt::format("'{}' takes one IPv4 or IPv6 address, not {}", name, shown(value));
    if (family && *family != read->family) return "'src' and 'dst' are of different families; give two IPv4 or two IPv6 addresses";
    family = packet.family = read->family;
    to = read->value;
    return {};
  }

  std::string set_flags(std::string_view value) {
    constexpr std::array<std::pair<std::string_view, unsigned>, 8> bits = {{{"FIN", tcp_fin},
                                                                            {"SYN", tcp_syn},
                                                                            {"RST", tcp_rst},
                                                                            {"PSH", tcp_psh},
                                                                            {"ACK", tcp_ack},
                                                                            {"URG", tcp_urg},
                                                                            {"ALL", 63},
                                                                            {"NONE", 0}}};
    unsigned sum = 0;
    std::string_view rest = value;
    while (true) {
      std::size_t comma = rest.find(',');
      std::string word(rest.substr(0, comma));
      for (char& c : word)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
      auto it = std::find_if(bits.begin(), bits.end(), [&](const auto& b) { return b.first == word; });
      if (it == bits.end())
        return fmt::format("'flags' takes names of tcp flags with commas between (SYN,ACK), or NONE, not {}", shown(value));
      sum |= it->second;
      if (comma == rest.npos) break;
      rest.remove_prefix(comma + 1);
    }
    has_flags = true;
    packet.tcp_flags = static_cast<std::uint8_t>(sum);
    return {};
  }

  // What the fields mean together; gives the fault, or nothing.
  std::string settle() {
    if (code && !type) return "'icmp_code' needs 'icmp_type'";
    if (type && !packet.protocol) packet.protocol = packet.family == Family::ipv6 ? proto_icmpv6 : proto_icmp;
    bool icmp = packet.protocol == proto_icmp || packet.protocol == proto_icmpv6;
    if (type && !icmp) return "'icmp_type' is of icmp and ipv6-icmp only; leave it out or change 'proto'";
    if (has_flags && packet.protocol && *packet.protocol != proto_tcp)
      return "'flags' is of tcp only; leave it out or change 'proto'";
    if (icmp) {
      // Without ports, whatever was given as such.
      packet.source_port.reset();
      packet.destination_port.reset();
      if (type) packet.destination_port = Interval{*type * 256 + code.value_or(0), *type * 256 + code.value_or(255)};
    }
    return {};
  }
};

PacketLine finished(Draft& draft, std::string fault, std::size_t at) {
  if (fault.empty()) {
    fault = draft.settle();
    at = 0;
  }
  if (!fault.empty()) return {{}, fmt::format("column {}: {}", at + 1, fault)};
  return {std::move(draft.packet), {}};
}

// A line without anything unusual.
class PlainLine {
 public:
  explicit PlainLine(std::string_view line) : at_(line.data()), end_(at_ + line.size()) {}

  // False where it is not plain, or at fault.
  bool read(Draft& draft) {
    if (!take('{')) return false;
    do {
      std::string_view name, value;
      if (!string(name) || !take(':')) return false;
      bool text = next() == '"';
      if (!(text ? string(value) : number(value)) || !draft.set(name, value, text).empty()) return false;
    } while (take(','));
    return take('}') && next() == '\0' && at_ == end_ && draft.settle().empty();
  }

 private:
  // The next character that is no blank, 0 at the end.
  char next() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\r' || *at_ == '\n')) ++at_;
    return at_ == end_ ? '\0' : *at_;
  }

  bool take(char wanted) {
    if (next() != wanted || at_ == end_) return false;
    ++at_;
    return true;
  }

  bool string(std::string_view& out) {
    if (!take('"')) return false;
    const char* begin = at_;
    while (at_ != end_ && *at_ != '"' && *at_ != '\\' && static_cast<unsigned char>(*at_) >= 0x20) ++at_;
    out = {begin, static_cast<std::size_t>(at_ - begin)};
    return at_ != end_ && *at_++ == '"';
  }

  bool number(std::string_view& out) {
    const char* begin = at_;
    while (at_ != end_ && *at_ >= '0' && *at_ <= '9') ++at_;
    out = {begin, static_cast<std::size_t>(at_ - begin)};
    return !out.empty() && (out.front() != '0' || out.size() == 1);
  }

  const char* at_;
  const char* end_;
};

}  // namespace

PacketLine packet_from_json(std::string_view line) {
  using Kind = JsonToken::Kind;
  JsonTokens tokens(line);
  JsonToken token = tokens.next();
  PartialPacket packet;
  Draft draft{packet};
  auto fault = [&](std::string_view wanted) {
    std::string why =
        token.kind == Kind::error ? std::string(token.text) : fmt::format("{} expected, not {}", wanted, name_of(token.kind));
    return finished(draft, std::move(why), token.begin);
  };
  if (token.kind == Kind::end) return {{}, "empty line"};
  if (token.kind != Kind::begin_object) return fault("an object");
  std::string name;
  token = tokens.next();
  if (token.kind == Kind::end_object)
    token = tokens.next();
  else
    for (;;) {
      if (token.kind != Kind::string) return fault("the name of a field");
      name = token.text;
      std::size_t at = token.begin;
      if (token = tokens.next(); token.kind != Kind::colon) return fault("':'");
      token = tokens.next();
      if (token.kind != Kind::string && token.kind != Kind::number && token.kind != Kind::null)
        return fault("a string or a number");
      std::string why =
          token.kind == Kind::null ? draft.set(name, {}, true) : draft.set(name, token.text, token.kind == Kind::string);
      if (!why.empty()) return finished(draft, std::move(why), place_of(name) == names.size() ? at : token.begin);
      token = tokens.next();
      if (token.kind == Kind::end_object) {
        token = tokens.next();
        break;
      }
      if (token.kind != Kind::comma) return fault("',' or '}'");
      token = tokens.next();
    }
  if (token.kind != Kind::end) return fault("the end of the line");
  return finished(draft, {}, 0);
}

void packet_from_json(std::string_view line, PacketLine& to) {
  to.packet = {};
  to.error.clear();
  Draft draft{to.packet};
  if (!PlainLine(line).read(draft)) to = packet_from_json(line);
}

PacketLine packet_from_words(std::string_view text) {
  PartialPacket packet;
  Draft draft{packet};
  constexpr std::string_view blanks = " \t\r\n";
  for (std::size_t at = text.find_first_not_of(blanks); at != text.npos; at = text.find_first_not_of(blanks, at)) {
    std::size_t end = std::min(text.find_first_of(blanks, at), text.size());
    std::string_view word = text.substr(at, end - at);
    std::size_t equals = word.find('=');
    if (equals == word.npos)
      return finished(draft, fmt::format("{} is no field with a value; write it like dport=69", shown(word)), at);
    std::string name = lower(word.substr(0, equals));
    for (auto [alias, meant] : aliases)
      if (name == alias) name = meant;
    if (std::string why = draft.set(name, word.substr(equals + 1), true); !why.empty()) return finished(draft, std::move(why), at);
    at = end;
  }
  return finished(draft, {}, 0);
}

std::string words_of(const PartialPacket& p) {
  std::string out;
  auto add = [&](std::string_view name, const std::string& value) {
    out += (out.empty() ? "" : " ") + std::string(name) + '=' + value;
  };
  bool icmp = p.protocol == proto_icmp || p.protocol == proto_icmpv6;
  if (p.hook) add("hook", std::string(name_of(*p.hook)));
  if (p.in) add("in", *p.in);
  if (p.out) add("out", *p.out);
  if (p.source) add("src", format_address({p.family, *p.source}));
  if (p.destination) add("dst", format_address({p.family, *p.destination}));
  if (p.protocol) add("proto", protocol_name(*p.protocol));
  if (p.source_port) add("sport", std::to_string(*p.source_port));
  if (p.destination_port && icmp) {
    add("icmp_type", format_number(p.destination_port->lo >> 8));
    if (p.destination_port->lo == p.destination_port->hi) add("icmp_code", format_number(p.destination_port->lo & 255));
  } else if (p.destination_port) {
    add("dport", format_number(p.destination_port->lo));
  }
  add("state", std::string(name_of(p.state)));
  if (p.protocol == proto_tcp && p.tcp_flags != tcp_syn) {
    constexpr std::array<std::string_view, 6> flags = {"FIN", "SYN", "RST", "PSH", "ACK", "URG"};
    std::string set;
    for (std::size_t i = 0; i < flags.size(); ++i)
      if ((p.tcp_flags >> i & 1) != 0) set += (set.empty() ? "" : ",") + std::string(flags[i]);
    add("flags", set.empty() ? "NONE" : set);
  }
  return out;
}

}  // namespace ipo
