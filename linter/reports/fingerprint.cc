// FNV-1a, 64 bits, over the check's id, a NUL byte and the identity, and, where it has a file, a NUL byte and the file's
// lasting name. It is part of the reports' contract: baselines and dismissed alerts are keyed on it, so it must never change.
#include "linter/reports/fingerprint.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>

#include "linter/inputs/repository.h"

namespace ipo {

std::string fingerprint(const Finding& finding, std::string_view file) {
  std::uint64_t hash = 0xcbf29ce484222325;
  auto feed = [&](std::string_view text) {
    for (char c : text) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001b3;
  };
  feed(finding.check);
  feed(std::string_view("\0", 1));
  feed(finding.identity);
  if (!file.empty()) {
    feed(std::string_view("\0", 1));
    feed(file);
  }
  return fmt::format("{:016x}", hash);
}

std::vector<std::string> numbered_fingerprints(const Report& report) {
  const Findings& findings = report.findings;
  Repositories repositories;
  std::vector<std::string> names, paths;  // by source
  for (const Source& source : report.sources) {
    names.push_back(repositories.lasting_name(source.path()));
    paths.push_back(repositories.absolute(source.path()).generic_string());
  }
  static const std::string none;
  auto of = [&](const std::vector<std::string>& list, const Finding& f) -> const std::string& {
    return f.span.source < list.size() ? list[f.span.source] : none;
  };
  std::vector<std::size_t> order(findings.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const Finding &x = findings[a], &y = findings[b];
    return std::tie(of(paths, x), x.span.begin, x.zone, x.hook) < std::tie(of(paths, y), y.span.begin, y.zone, y.hook);
  });
  std::map<std::string, int> seen;
  std::vector<std::string> out(findings.size());
  for (std::size_t i : order) {
    std::string print = fingerprint(findings[i], of(names, findings[i]));
    int n = ++seen[print];
    out[i] = fmt::format("{}:{}", print, n);
  }
  return out;
}

}  // namespace ipo
