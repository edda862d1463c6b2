// Each observer adds the packet's number to a set, those behind the translation of destinations also where it goes to. The
// sets are read over netlink in one go; which of them a packet is in says what became of it.
#include "tests/kernel/observers.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>

#include "tests/kernel/sandbox.h"

namespace ipo::kernel {
namespace {

constexpr const char* table = "ipo_lint_observers";
constexpr const char* plain_sets[] = {"entered", "fresh",        "invalid",        "established", "related",
                                      "left",    "input_passed", "forward_passed", "sent",        "output_passed"};
constexpr const char* wide_sets[] = {"input_seen", "forward_seen", "output_seen"};

void nft(const std::string& text) {
  if (CommandResult r = run({"nft", "-f", "-"}, text); r.status != 0) throw std::runtime_error("nft: " + r.errors);
}

std::string family_word(Family family) { return family == Family::ipv6 ? "ip6" : "ip"; }

std::string key_of(Family family) { return family == Family::ipv6 ? "ip6 flowlabel" : "ip id"; }

// A packet is routed by a mark that stands in for the dump's own between the last chain of prerouting and the first one after;
// meanwhile that is kept in a map.
std::string routing_sets(Family family) {
  std::string key = key_of(family);
  return "map routes { typeof " + key +
         " : meta mark; flags interval; }\n"
         "map marks { typeof " +
         key + " : meta mark; size 200000; flags dynamic; }\n";
}
std::string to_route(Family family) {
  std::string key = key_of(family);
  return "meta mark != 0 update @marks { " + key + " : meta mark }\nmeta mark set " + key + " map @routes\n";
}
std::string adding(Family family, const std::vector<Routed>& routes) {
  std::string elements;
  for (const Routed& r : routes)
    elements += (elements.empty() ? "" : ", ") + std::to_string(r.first) + (r.last > r.first ? "-" + std::to_string(r.last) : "") +
                " : " + std::to_string(r.mark);
  return elements.empty() ? "" : "add element " + family_word(family) + ' ' + table + " routes { " + elements + " }\n";
}
std::string routed(Family family) { return "meta mark set 0\nmeta mark set " + key_of(family) + " map @marks\n"; }

// Packets the kernel makes by itself, answers and what it tells its neighbours, have another priority than ours.
constexpr const char* only_ours = "meta priority != 0:5 drop\n";

// ---- netlink ----------------------------------------------------------------------------------------------------

const nlattr* find(const std::uint8_t* begin, std::size_t size, unsigned type) {
  while (size >= NLA_HDRLEN) {
    auto* a = reinterpret_cast<const nlattr*>(begin);
    if (a->nla_len < NLA_HDRLEN || a->nla_len > size) return nullptr;
    if ((a->nla_type & NLA_TYPE_MASK) == type) return a;
    std::size_t step = std::min<std::size_t>(NLA_ALIGN(a->nla_len), size);
    begin += step, size -= step;
  }
  return nullptr;
}
const std::uint8_t* payload(const nlattr* a) { return reinterpret_cast<const std::uint8_t*>(a) + NLA_HDRLEN; }
std::size_t payload_size(const nlattr* a) { return a->nla_len - static_cast<std::size_t>(NLA_HDRLEN); }
const nlattr* inside(const nlattr* a, unsigned type) { return a ? find(payload(a), payload_size(a), type) : nullptr; }

class Netlink {
 public:
  Netlink() : fd_(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER)) {
    if (fd_ < 0) throw std::runtime_error(std::string("netlink: ") + std::strerror(errno));
  }
  ~Netlink() { close(fd_); }
  Netlink(const Netlink&) = delete;

  // Calls visit(bytes of the key) for each element.
  void elements(Family family, const std::string& set, const std::function<void(const std::uint8_t*, std::size_t)>& visit) {
    std::vector<std::uint8_t> request(NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(nfgenmsg)));
    auto add = [&](std::uint16_t type, const std::string& text) {
      nlattr a{};
      a.nla_type = type, a.nla_len = static_cast<std::uint16_t>(NLA_HDRLEN + text.size() + 1);
      std::size_t at = request.size();
      request.resize(at + NLA_ALIGN(a.nla_len));
      std::memcpy(request.data() + at, &a, sizeof a);
      std::memcpy(request.data() + at + NLA_HDRLEN, text.c_str(), text.size() + 1);
    };
    add(NFTA_SET_ELEM_LIST_TABLE, table);
    add(NFTA_SET_ELEM_LIST_SET, set);
    nlmsghdr head{};
    head.nlmsg_len = static_cast<std::uint32_t>(request.size());
    head.nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETSETELEM;
    head.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    nfgenmsg generic{};
    generic.nfgen_family = family == Family::ipv6 ? NFPROTO_IPV6 : NFPROTO_IPV4;
    std::memcpy(request.data(), &head, sizeof head);
    std::memcpy(request.data() + NLMSG_HDRLEN, &generic, sizeof generic);
    if (::send(fd_, request.data(), request.size(), 0) < 0)
      throw std::runtime_error(std::string("netlink: ") + std::strerror(errno));
    for (;;) {
      ssize_t got = recv(fd_, buffer_.data(), buffer_.size(), 0);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) throw std::runtime_error(std::string("netlink: ") + std::strerror(errno));
      std::size_t left = static_cast<std::size_t>(got);
      for (std::uint8_t* at = buffer_.data(); left >= sizeof(nlmsghdr);) {
        auto* message = reinterpret_cast<const nlmsghdr*>(at);
        if (message->nlmsg_len < sizeof(nlmsghdr) || message->nlmsg_len > left) break;
        if (message->nlmsg_type == NLMSG_DONE) return;
        if (message->nlmsg_type == NLMSG_ERROR) throw std::runtime_error("netlink: set " + set + " cannot be read");
        if (message->nlmsg_flags & NLM_F_DUMP_INTR) throw std::runtime_error("netlink: set " + set + " changed while it was read");
        std::size_t offset = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(nfgenmsg));
        each_element(find(at + offset, message->nlmsg_len - offset, NFTA_SET_ELEM_LIST_ELEMENTS), visit);
        std::size_t step = std::min<std::size_t>(NLMSG_ALIGN(message->nlmsg_len), left);
        at += step, left -= step;
      }
    }
  }

 private:
  static void each_element(const nlattr* list, const std::function<void(const std::uint8_t*, std::size_t)>& visit) {
    if (!list) return;
    const std::uint8_t* at = payload(list);
    for (std::size_t left = payload_size(list); left >= NLA_HDRLEN;) {
      auto* element = reinterpret_cast<const nlattr*>(at);
      if (element->nla_len < NLA_HDRLEN || element->nla_len > left) return;
      if (const nlattr* key = inside(inside(element, NFTA_SET_ELEM_KEY), NFTA_DATA_VALUE)) visit(payload(key), payload_size(key));
      std::size_t step = std::min<std::size_t>(NLA_ALIGN(element->nla_len), left);
      at += step, left -= step;
    }
  }

  int fd_;
  std::vector<std::uint8_t> buffer_ = std::vector<std::uint8_t>(1 << 18);
};

std::uint32_t number_of(Family family, const std::uint8_t* key) {
  if (family == Family::ipv4) return static_cast<std::uint32_t>(key[0] << 8 | key[1]);
  return static_cast<std::uint32_t>((key[0] & 15) << 16 | key[1] << 8 | key[2]);
}

}  // namespace

void start_tracking(Family family, const std::vector<Routed>& routes) {
  // A rule that asks for the state is what turns connection tracking on.
  nft("table " + family_word(family) + ' ' + table + " {\n" + routing_sets(family) +
      "chain tracking { type filter hook prerouting priority -500; ct state invalid accept\n}\n"
      "chain routing { type filter hook prerouting priority 401; " +
      to_route(family) +
      "}\n"
      "chain quiet { type filter hook output priority -500; " +
      only_ours + "}\n}\n" + adding(family, routes));
}

void start_observing(Family family, const std::vector<Routed>& routes) {
  bool v6 = family == Family::ipv6;
  std::string f = family_word(family), key = key_of(family), wide = key + " . " + (v6 ? "ip6" : "ip") + " daddr . th dport";
  std::string text = "table " + f + ' ' + table + " {}\ndelete table " + f + ' ' + table + "\ntable " + f + ' ' + table + " {\n" +
                     routing_sets(family);
  for (const char* set : plain_sets) text += std::string("set ") + set + " { typeof " + key + "; size 200000; flags dynamic; }\n";
  for (const char* set : wide_sets) text += std::string("set ") + set + " { typeof " + wide + "; size 200000; flags dynamic; }\n";
  auto note = [](const char* set, const std::string& what) { return std::string("add @") + set + " { " + what + " }\n"; };
  auto chain = [&](const char* hook, int priority, const std::string& rules) {
    std::string name =
        std::string(hook) + (priority < 0 ? "_before_" : "_after_") + std::to_string(priority < 0 ? -priority : priority);
    text += "chain " + name + " { type filter hook " + hook + " priority " + std::to_string(priority) + ";\n" + rules + "}\n";
  };
  std::string states;
  for (const char* state : {"invalid", "established", "related"})
    states += std::string("ct state ") + state + ' ' + note(state, key);
  states += "ct state new " + note("fresh", key);
  chain("prerouting", -500, note("entered", key));
  chain("prerouting", -199, states);
  chain("prerouting", 400, note("left", key) + to_route(family));
  chain("input", -500, routed(family) + note("input_seen", wide));
  chain("input", 400, note("input_passed", key) + "drop\n");
  chain("forward", -500, routed(family) + note("forward_seen", wide));
  chain("forward", 400, note("forward_passed", key) + "drop\n");
  // What the kernel delivers to itself leaves by the loopback device, not by the one it was sent by.
  chain("output", -500, std::string(only_ours) + "oifname \"ipo-*\" drop\n" + note("sent", key));
  chain("output", -199, states);
  chain("output", -99, note("output_seen", wide));
  chain("output", 400, note("output_passed", key) + "drop\n");
  nft(text + "}\n" + adding(family, routes));
}

void next_batch(Family family, const std::vector<Routed>& routes) {
  std::string flush, place = ' ' + family_word(family) + ' ' + table + ' ';
  for (const char* set : plain_sets) flush += "flush set" + place + set + '\n';
  for (const char* set : wide_sets) flush += "flush set" + place + set + '\n';
  nft(flush + "flush map" + place + "routes\nflush map" + place + "marks\n" + adding(family, routes));
}

std::vector<Observation> observations(Family family, const std::vector<Packet>& sent) {
  enum : std::uint16_t {
    entered = 1,
    fresh = 2,
    invalid = 4,
    established = 8,
    related = 16,
    left = 32,
    input_passed = 64,
    forward_passed = 128,
    went_out = 256,
    output_passed = 512,
    input_seen = 1024,
    forward_seen = 2048,
    output_seen = 4096
  };
  std::vector<std::uint16_t> in(sent.size());
  std::vector<Observation> out(sent.size());
  Netlink netlink;
  std::uint16_t bit = 1;
  auto read = [&](const char* set, bool wide) {
    netlink.elements(family, set, [&](const std::uint8_t* key, std::size_t size) {
      std::uint32_t number = number_of(family, key);
      if (number == 0 || number > sent.size()) return;
      in[number - 1] = static_cast<std::uint16_t>(in[number - 1] | bit);
      std::size_t octets = family == Family::ipv6 ? 16 : 4;
      if (!wide || size < 4 + octets + 2) return;
      Observation& o = out[number - 1];
      o.destination = 0;
      for (std::size_t i = 0; i < octets; ++i) o.destination = o.destination << 8 | key[4 + i];
      o.destination_port = static_cast<std::uint16_t>(key[4 + octets] << 8 | key[5 + octets]);
    });
    bit = static_cast<std::uint16_t>(bit << 1);
  };
  for (const char* set : plain_sets) read(set, false);
  for (const char* set : wide_sets) read(set, true);

  for (std::size_t i = 0; i < sent.size(); ++i) {
    auto is = [&](unsigned what) { return (in[i] & what) != 0; };
    Observation& o = out[i];
    const Packet& p = sent[i];
    unsigned seen = p.hook == Hook::input ? input_seen : p.hook == Hook::forward ? forward_seen : output_seen;
    unsigned passed = p.hook == Hook::input ? input_passed : p.hook == Hook::forward ? forward_passed : output_passed;
    o.seen_translated = is(seen);
    // What raw left untracked, or dropped, is of no state to tracking.
    unsigned meant = p.state == State::invalid ? invalid : p.state == State::established ? established : fresh;
    bool good = !is((fresh | invalid | established | related) & ~meant);
    if (!good)
      o.fate = Fate::other_state;
    else if (is(passed))
      o.fate = Fate::accepted;
    else if (p.hook == Hook::output)
      o.fate = is(went_out) ? Fate::dropped : Fate::unrouted;
    else if (is(seen) || (is(entered) && !is(left)))
      o.fate = Fate::dropped;
  }
  return out;
}

}  // namespace ipo::kernel
