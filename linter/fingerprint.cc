// FNV-1a, 64 bits, over the check's id, a NUL byte and the identity. It is part of the reports' contract: baselines and
// dismissed alerts are keyed on it, so it must never change.
#include "linter/fingerprint.h"

#include <fmt/format.h>

#include <map>

#include "linter/lint.h"

namespace ipo {

std::string fingerprint(const Finding& finding) {
  std::uint64_t hash = 0xcbf29ce484222325;
  auto feed = [&](std::string_view text) {
    for (char c : text) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001b3;
  };
  feed(finding.check);
  feed(std::string_view("\0", 1));
  feed(finding.identity);
  return fmt::format("{:016x}", hash);
}

std::vector<std::string> numbered_fingerprints(const Findings& findings) {
  std::map<std::string, int> seen;
  std::vector<std::string> out;
  for (const Finding& f : findings) {
    std::string print = fingerprint(f);
    int n = ++seen[print];
    out.push_back(fmt::format("{}:{}", print, n));
  }
  return out;
}

}  // namespace ipo
