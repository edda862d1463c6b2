// Numbers come from a Mersenne twister, whose sequence the standard fixes, scaled by hand because the
// library's distributions differ between implementations. Prefixes are as wide as those of real rule lists: sources from a
// /8 to a host, destinations from a /16 to a host; ports mostly single.
#include "tests/bench/rule_list.h"

#include <fmt/format.h>

#include <ctime>
#include <random>

namespace ipo::bench {
namespace {

std::uint32_t prefix(std::uint32_t address, int length) { return length == 0 ? 0 : address & ~std::uint32_t{0} << (32 - length); }

std::string dotted(std::uint32_t a, int length) {
  return fmt::format("{}.{}.{}.{}/{}", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255, length);
}

}  // namespace

std::vector<SyntheticRule> synthetic_rules(std::size_t count, Spread spread) {
  std::mt19937 random(1);
  auto roll = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
  std::vector<SyntheticRule> rules;
  rules.reserve(count);
  while (rules.size() < count) {
    SyntheticRule r{};
    r.source_length = static_cast<int>(8 + roll(25));
    r.source = prefix(static_cast<std::uint32_t>(random()), r.source_length);
    r.destination_length = static_cast<int>(16 + roll(17));
    auto destination = static_cast<std::uint32_t>(random());
    if (spread == Spread::one_net) destination = 10u << 24 | (destination & 0xffffffu);
    r.destination = prefix(destination, r.destination_length);
    r.protocol = roll(3) == 0 ? 17 : 6;
    r.port_lo = static_cast<std::uint16_t>(1 + roll(roll(2) ? 1024 : 65535));
    r.port_hi = roll(3) == 0 ? static_cast<std::uint16_t>(r.port_lo + roll(65536u - r.port_lo)) : r.port_lo;
    r.accept = roll(2) == 0;
    rules.push_back(r);
  }
  return rules;
}

std::string iptables_save(const std::vector<SyntheticRule>& rules) {
  std::string out = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n";
  for (const SyntheticRule& r : rules) {
    const char* name = r.protocol == 6 ? "tcp" : "udp";
    out += fmt::format("-A FORWARD -s {} -d {} -p {} -m {} --dport {}", dotted(r.source, r.source_length),
                       dotted(r.destination, r.destination_length), name, name, r.port_lo);
    if (r.port_hi != r.port_lo) out += fmt::format(":{}", r.port_hi);
    out += r.accept ? " -j ACCEPT\n" : " -j DROP\n";
  }
  return out + "COMMIT\n";
}

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

}  // namespace ipo::bench
