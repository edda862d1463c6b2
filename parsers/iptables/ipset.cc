// Each line is one command on sets found by name. What an entry says is read part by part as the set's type lists them.
// Sources: ipset(8) 7.17 and the ip_set_*.c of the kernel.
#include "parsers/iptables/ipset.h"

#include <algorithm>
#include <unordered_map>

#include "parsers/iptables/names.h"
#include "parsers/text/lines.h"

namespace ipo {
namespace {

using iptables::parse_c_number;

struct SetType {
  std::string_view name;
  std::vector<SetPart> parts;
  bool both_families = false;
};

using P = SetPart;
const SetType* find_type(std::string_view name) {
  static const std::vector<SetType> types = {{"hash:ip", {P::address}},
                                             {"hash:net", {P::network}},
                                             {"hash:ip,port", {P::address, P::port}},
                                             {"hash:net,port", {P::network, P::port}},
                                             {"hash:ip,port,ip", {P::address, P::port, P::address}},
                                             {"hash:ip,port,net", {P::address, P::port, P::network}},
                                             {"hash:net,net", {P::network, P::network}},
                                             {"hash:net,port,net", {P::network, P::port, P::network}},
                                             {"hash:net,iface", {P::network, P::interface}},
                                             {"hash:mac", {P::mac}, true},
                                             {"hash:ip,mac", {P::address, P::mac}},
                                             {"hash:ip,mark", {P::address, P::mark}},
                                             {"bitmap:ip", {P::address}},
                                             {"bitmap:ip,mac", {P::address, P::mac}},
                                             {"bitmap:port", {P::any_port}, true},
                                             {"list:set", {P::member}, true}};
  constexpr std::pair<std::string_view, std::string_view> old_names[] = {{"iphash", "hash:ip"},
                                                                         {"nethash", "hash:net"},
                                                                         {"ipporthash", "hash:ip,port"},
                                                                         {"ipportiphash", "hash:ip,port,ip"},
                                                                         {"ipportnethash", "hash:ip,port,net"},
                                                                         {"ipmap", "bitmap:ip"},
                                                                         {"macipmap", "bitmap:ip,mac"},
                                                                         {"portmap", "bitmap:port"},
                                                                         {"setlist", "list:set"}};
  for (auto [old, now] : old_names)
    if (old == name) name = now;
  for (const SetType& type : types)
    if (type.name == name) return &type;
  return nullptr;
}

bool is_option(std::string_view word) { return word == "-exist" || word == "-!" || word == "-quiet" || word == "-q"; }

// ---- entries ----------------------------------------------------------------------------------------------------

u128 prefix_mask(Family family, unsigned length) {
  u128 all = address_max(family);
  int free = address_bits(family) - static_cast<int>(length);
  return length == 0 ? 0 : (all << free) & all;
}

// "192.0.2.1", "192.0.2.0/24", "192.0.2.1-192.0.2.9".
std::optional<Interval> address_range(std::string_view text, Family family) {
  if (std::size_t dash = text.find('-'); dash != text.npos) {
    auto lo = parse_address(text.substr(0, dash)), hi = parse_address(text.substr(dash + 1));
    if (!lo || !hi || lo->family != family || hi->family != family || hi->value < lo->value) return {};
    return Interval{lo->value, hi->value};
  }
  auto masked = parse_masked_address(text);
  if (!masked || masked->family != family) return {};
  u128 free = address_max(family) & ~masked->mask;
  if ((free & (free + 1)) != 0) return {};  // only prefixes
  return Interval{masked->value, masked->value | free};
}

// "5060", "5060-5070", "sip".
std::optional<Interval> ports(std::string_view text) {
  if (auto one = iptables::port_number(text)) return Interval{*one, *one};
  auto range = iptables::port_range(text, '-');
  return range && range->lo <= range->hi && !text.starts_with('-') && !text.ends_with('-') ? range : std::nullopt;
}

// "udp:5060", "5060" (tcp), "icmp:ping", "icmp:8/0", "47:0".
bool read_port(std::string_view text, Family family, SetEntry& entry) {
  std::size_t colon = text.find(':');
  std::string_view number = text;
  entry.protocol = proto_tcp;
  if (colon != text.npos) {
    auto protocol = iptables::protocol_number(text.substr(0, colon));
    if (!protocol || *protocol == 0) return false;
    entry.protocol = *protocol;
    number = text.substr(colon + 1);
  }
  bool icmp = entry.protocol == proto_icmp || entry.protocol == proto_icmpv6;
  std::optional<Interval> range;
  if (icmp && number.find('/') == number.npos && !number.empty() && number.find_first_not_of("0123456789") == number.npos)
    range = ports(number);  // the number the kernel keeps
  else if (icmp)
    range = iptables::icmp_types(entry.protocol == proto_icmp ? Family::ipv4 : Family::ipv6, number);
  else
    range = ports(number);
  if (!range || (icmp && (entry.protocol == proto_icmp) != (family == Family::ipv4))) return false;
  // A name that stands for a type alone is kept with code 0.
  if (icmp && range->hi - range->lo == 255) range->hi = range->lo;
  entry.ports = *range;
  return true;
}

// The kernel keeps no network of all addresses but beside an interface or a second network, and no address of zeros in a hash:ip.
bool is_kept(const IpSet& set, Interval range, Family family) {
  bool every = range.lo == 0 && range.hi == address_max(family);
  if (set.parts == std::vector{P::address} && set.type == "hash:ip") return (range.lo & set.mask) != 0;
  return !every || set.type == "hash:net,iface" || set.type == "hash:net,net" || set.type == "hash:net,port,net";
}

bool is_mac(std::string_view text) { return text.size() == 17 && text.find_first_not_of("0123456789abcdefABCDEF:") == text.npos; }

// Reads the parts; `bounded` becomes why an entry decides nothing by itself.
bool read_parts(const IpSet& set, std::string_view text, SetEntry& entry, std::string_view& bounded) {
  Family family = set.family.value_or(Family::ipv4);
  std::size_t address = 0;
  for (std::size_t i = 0; i < set.parts.size(); ++i) {
    std::size_t comma = text.find(',');
    bool missing = i > 0 && text.empty();
    std::string_view part = text.substr(0, comma);
    text.remove_prefix(comma == text.npos ? text.size() : comma + 1);
    switch (set.parts[i]) {
      case P::address:
      case P::network: {
        auto range = address_range(part, family);
        if (!range || !is_kept(set, *range, family)) return false;
        u128 all = address_max(family), mask = set.mask & all;
        if (mask != all) {
          u128 free = all & ~mask;
          if ((free & (free + 1)) == 0) range = Interval{range->lo & mask, range->hi | free};
        }
        entry.addresses[address++] = *range;
        break;
      }
      case P::port:
        if (!read_port(part, family, entry)) return false;
        break;
      case P::any_port: {
        auto range = ports(part.substr(part.starts_with("tcp:") || part.starts_with("udp:") ? 4 : 0));
        if (!range) return false;
        entry.ports = *range;
        break;
      }
      case P::interface:
        if (part.starts_with(any_bridge_port)) bounded = "depends on the port of a bridge";
        entry.text = part;
        if (part.empty() || part.size() > (bounded.empty() ? 15u : 23u)) return false;
        break;
      case P::mac:
        if (!(is_mac(part) || (missing && set.type == "bitmap:ip,mac"))) return false;
        bounded = "depends on the sender's MAC address";
        break;
      case P::mark:
        if (!parse_c_number(part, ~0u)) return false;
        bounded = "depends on the packet's mark";
        break;
      case P::member:
        if (part.empty()) return false;
        entry.text = part;
        break;
    }
  }
  return text.empty();
}

// ---- lines ------------------------------------------------------------------------------------------------------

class SetReader {
 public:
  SetReader(Site& site, std::vector<Statement>& statements) : site_(site), statements_(statements) {}

  void read(const Line& line) {
    Words w;
    w.reserve(line.words.size());
    for (const Word& word : line.words)
      if (!is_option(word.text)) w.push_back(word.text);
    Statement statement{line.span, Understanding::understood, ""};
    auto refuse = [&](std::string reason) {
      statement.understanding = Understanding::not_understood;
      statement.reason = std::move(reason);
    };
    std::string_view verb = w[0];
    if (verb == "create" || verb == "-N" || verb == "n") {
      create(w, line, refuse);
    } else if (verb == "swap" || verb == "rename") {
      two_sets(verb, w, refuse);
    } else {
      IpSet* set = w.size() > 1 ? find(w[1]) : nullptr;
      if (verb == "flush" || verb == "destroy") {
        if (w.size() == 1)
          clear(verb == "destroy");
        else if (!set)
          refuse("there is no ipset " + std::string(w[1]) + " above");
        else if (set->entries.clear(), set->doubt.clear(), verb == "destroy")
          forget(w[1]);
      } else if (!set) {
        refuse(w.size() > 1 ? "there is no ipset " + std::string(w[1]) + " above" : "no ipset is named");
      } else if (verb == "add" || verb == "del") {
        entry(verb == "add", w, *set, statement);
      }
    }
    if (w.size() > 1 && statement.understanding == Understanding::not_understood)
      if (IpSet* set = find(w[1]); set && set->doubt.empty()) set->doubt = "a line for this ipset was not understood";
    statements_.push_back(std::move(statement));
  }

  void finish() {
    for (IpSet& set : sets_)
      if (!set.name.empty()) site_.sets.push_back(std::move(set));
  }

 private:
  using Words = std::vector<std::string_view>;

  IpSet* find(std::string_view name) {
    auto it = by_name_.find(std::string(name));
    return it == by_name_.end() ? nullptr : &sets_[it->second];
  }
  void forget(std::string_view name) {
    if (IpSet* set = find(name)) set->name.clear();
    by_name_.erase(std::string(name));
  }
  void clear(bool destroy) {
    for (IpSet& set : sets_) {
      set.entries.clear(), set.doubt.clear();
      if (destroy) set.name.clear();
    }
    if (destroy) by_name_.clear();
  }

  template <class Refuse>
  void create(const Words& w, const Line& line, Refuse refuse) {
    if (w.size() < 3) return refuse("an ipset without name or type");
    IpSet set;
    bool expires = false;
    set.name = w[1], set.span = line.span;
    const SetType* type = find_type(w[2]);
    if (type)
      set.type = type->name, set.parts = type->parts;
    else
      set.type = w[2], set.doubt = "the type " + set.type + " is not known";
    if (type && !type->both_families) set.family = Family::ipv4;
    std::string problem = type ? "" : "the ipset type " + set.type + " is not known";
    for (std::size_t i = 3; i < w.size() && problem.empty(); ++i) {
      std::string_view option = w[i];
      bool valued = false;
      for (std::string_view name : {"family", "hashsize", "maxelem", "netmask", "bitmask", "markmask", "probes", "resize",
                                    "timeout", "range", "size", "bucketsize", "initval", "gc", "from", "to", "network"})
        valued = valued || name == option;
      if (!valued) {
        if (option != "counters" && option != "comment" && option != "skbinfo" && option != "forceadd" && option != "wildcard")
          problem = "option " + std::string(option) + " of an ipset is not known";
        continue;
      }
      if (i + 1 == w.size()) {
        problem = std::string(option) + " without its value";
        continue;
      }
      std::string_view value = w[++i];
      if (option == "family" && set.family) {
        if (value == "inet6" || value == "ipv6" || value == "-6")
          set.family = Family::ipv6;
        else if (value != "inet" && value != "ipv4" && value != "-4")
          problem = "family " + std::string(value) + " is not known";
      } else if (option == "timeout") {
        expires = value != "0";
      }
    }
    for (std::size_t i = 3; i + 1 < w.size() && problem.empty(); ++i) {
      if (w[i] == "netmask") {
        auto length = parse_c_number(w[i + 1], static_cast<std::uint32_t>(address_bits(set.family.value_or(Family::ipv4))));
        if (length && set.family)
          set.mask = prefix_mask(*set.family, *length);
        else
          problem = "netmask " + std::string(w[i + 1]) + " is not understood";
      } else if (w[i] == "bitmask") {
        auto mask = parse_address(w[i + 1]);
        if (mask && set.family == mask->family)
          set.mask = mask->value;
        else
          problem = "bitmask " + std::string(w[i + 1]) + " is not understood";
      }
    }
    u128 free = set.family ? address_max(*set.family) & ~set.mask : 0;
    if ((free & (free + 1)) != 0) set.doubt = "its bitmask has holes";
    if (!problem.empty()) {
      if (set.doubt.empty()) set.doubt = problem;
      refuse(problem);
    }
    if (find(set.name)) return;  // create -exist
    by_name_[set.name] = sets_.size();
    sets_.push_back(std::move(set));
    expires_.push_back(expires);
  }

  template <class Refuse>
  void two_sets(std::string_view verb, const Words& w, Refuse refuse) {
    IpSet *a = w.size() == 3 ? find(w[1]) : nullptr, *b = w.size() == 3 ? find(w[2]) : nullptr;
    if (verb == "swap") {
      if (!a || !b) return refuse("ipsets to swap are not both above");
      std::swap(a->name, b->name);
      std::swap(by_name_[a->name], by_name_[b->name]);
    } else {
      if (!a || b) return refuse("an ipset cannot be renamed so");
      std::size_t at = by_name_[a->name];
      by_name_.erase(a->name);
      a->name = w[2];
      by_name_[a->name] = at;
    }
  }

  void entry(bool add, const Words& w, IpSet& set, Statement& statement) {
    auto refuse = [&](std::string reason) {
      statement.understanding = Understanding::not_understood;
      statement.reason = std::move(reason);
    };
    if (set.parts.empty()) return refuse("the ipset type " + set.type + " is not known");
    if (w.size() < 3) return refuse("no entry is named");
    SetEntry e;
    std::string_view bounded;
    if (!read_parts(set, w[2], e, bounded)) return refuse('"' + std::string(w[2]) + "\" is no entry of a set of type " + set.type);
    e.expires = expires_[static_cast<std::size_t>(&set - sets_.data())];
    for (std::size_t i = 3; i < w.size(); ++i) {
      std::string_view option = w[i];
      bool valued = false;
      for (std::string_view name : {"timeout", "comment", "packets", "bytes", "skbmark", "skbprio", "skbqueue", "before", "after"})
        valued = valued || name == option;
      if (valued) {
        if (++i == w.size()) return refuse(std::string(option) + " without its value");
        if (option == "timeout") e.expires = w[i] != "0";
      } else if (option == "nomatch") {
        e.exception = true;
      } else if (option == "wildcard" && e.text.size() > 0) {
        e.prefix = true;
      } else {
        return refuse("option " + std::string(option) + " of an entry is not known");
      }
    }
    if (!bounded.empty() && e.text.starts_with(any_bridge_port)) e.text = any_bridge_port;
    if (add) {
      if (e.expires) bounded = "expires by itself";
      set.entries.push_back(std::move(e));
    } else if (!erase(set, e)) {
      return refuse("no entry above is written like this one");
    }
    if (!bounded.empty()) statement.understanding = Understanding::bounded, statement.reason = bounded;
  }

  bool erase(IpSet& set, SetEntry wanted) {
    if (set.entries.size() > budget_) return false;
    budget_ -= set.entries.size();
    auto it = std::find_if(set.entries.begin(), set.entries.end(), [&](const SetEntry& e) {
      wanted.expires = e.expires, wanted.exception = e.exception;
      return e == wanted;
    });
    if (it == set.entries.end()) return false;
    // Of MAC addresses and marks it is not known which one is meant.
    bool hidden = std::any_of(set.parts.begin(), set.parts.end(), [](P p) { return p == P::mac || p == P::mark; });
    if (!hidden && wanted.text != any_bridge_port) set.entries.erase(it);
    return true;
  }

  Site& site_;
  std::vector<Statement>& statements_;
  std::vector<IpSet> sets_;
  std::vector<bool> expires_;  // entries of the set that do not say otherwise
  std::unordered_map<std::string, std::size_t> by_name_;
  std::size_t budget_ = 50'000'000;  // entries looked at by `del`
};

std::string_view first_word(std::string_view line) {
  std::size_t begin = line.find_first_not_of(" \t");
  if (begin == line.npos) return {};
  line.remove_prefix(begin);
  return line.substr(0, line.find_first_of(" \t"));
}

bool is_verb(std::string_view word) {
  for (std::string_view verb : {"create", "add", "del", "flush", "destroy", "swap", "rename"})
    if (verb == word) return true;
  return false;
}

}  // namespace

bool is_ipset_line(const Line& line) { return is_verb(line.words[0].text); }

void read_ipset_lines(const std::vector<const Line*>& lines, Site& site, std::vector<Statement>& statements) {
  SetReader reader(site, statements);
  for (const Line* line : lines) reader.read(*line);
  reader.finish();
}

int recognises_ipset(const Source& source) {
  std::size_t sets = 0, others = 0;
  bool creates = false;
  for (std::uint32_t n = 1; n <= source.line_count(); ++n) {
    std::string_view line = source.line(n), word = first_word(line);
    if (word.empty() || word[0] == '#') continue;
    if (word[0] == '*' || is_cmdlist_heading(line)) return 0;
    bool verb = is_verb(word);
    // "create NAME TYPE": the type tells it from a list of things to do.
    if (word == "create" && !creates) {
      std::size_t at = 0;
      while ((at = line.find(' ', at)) != line.npos)
        if (creates = creates || find_type(first_word(line.substr(++at))); creates) break;
    }
    ++(verb ? sets : others);
  }
  return creates && sets > others ? 80 : 0;
}

void interpret_ipset(const Sources& sources, std::uint32_t source, Site& site) {
  Lines lines(sources, source);
  SetReader reader(site, site.statements);
  for (const Line& line : lines) {
    if (line.text.starts_with('#')) continue;
    if (is_ipset_line(line))
      reader.read(line);
    else if (line.text != "COMMIT" && line.text != "quit")
      site.statements.push_back({line.span, Understanding::not_understood, "not a line of ipset restore"});
  }
  reader.finish();
}

}  // namespace ipo
