// Verdicts as JSON lines: product.md, "query".
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "linter/lint.h"
#include "linter/output/place.h"
#include "linter/output/redact.h"
#include "rules/engine/verdict.h"

namespace ipo {

// Steps and doubts are the same few for many packets, so each is written once and kept.
class VerdictJson {
 public:
  // The sources must outlive it.
  explicit VerdictJson(const Sources& sources) : places_(sources), redaction_(sources, no_settings_) {}

  // Adds {"verdict","certainty","dst","dport","path","doubt"} and a line end, of the firewalls met in turn. ICMP has no "dport".
  // Verdicts of one family that are alike are taken to be of one ruleset.
  void add_line(std::string& out, const std::vector<const Verdict*>& verdicts, const PartialPacket& packet);
  // {"error":"…"} and a line end.
  static std::string error_line(std::string_view message);

 private:
  // A line but for its "dst" and "dport": what comes before and after them.
  struct Frame {
    std::string before, after;
  };
  Frame frame_of(const std::vector<const Verdict*>& verdicts, Family family);
  const Frame& frame(const std::vector<const Verdict*>& verdicts, Family family);
  const std::string& step(const Step& step, const Verdict& verdict, Family family);

  const std::string& doubt(const Doubt& doubt);

  Places places_;
  std::vector<SourceSpan> no_settings_;  // rules have none: their secrets are found by name
  Redaction redaction_;
  std::map<std::pair<SourceSpan, std::string>, std::string> doubts_;
  std::map<std::tuple<const Chain*, const Rule*, ActionKind>, std::string> steps_;
  std::string translation_;
  std::array<std::unordered_map<std::uint64_t, Frame>, 2> frames_;  // of each family, by Verdict::alike
  std::size_t frame_bytes_ = 0;
  Frame other_;  // of a verdict that is like no other
};

}  // namespace ipo
