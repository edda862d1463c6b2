// Verdicts as JSON lines: product.md, "query".
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "linter/lint.h"
#include "linter/place.h"
#include "rules/engine/verdict.h"

namespace ipo {

// Steps and doubts are the same few for many packets, so each is written once and kept.
class VerdictJson {
 public:
  // The sources must outlive it.
  explicit VerdictJson(const Sources& sources) : places_(sources) {}

  // {"verdict","certainty","dst","dport","path","doubt"} and a line end, of the firewalls met in turn. ICMP has no "dport".
  std::string line(const std::vector<Verdict>& verdicts, const PartialPacket& packet);
  // {"error":"…"} and a line end.
  static std::string error_line(std::string_view message);

 private:
  const std::string& step(const Step& step, const Verdict& verdict, Family family);

  const std::string& doubt(const Doubt& doubt);

  Places places_;
  std::map<std::pair<SourceSpan, std::string>, std::string> doubts_;
  std::map<std::tuple<const Chain*, const Rule*, ActionKind>, std::string> steps_;
  std::string translation_;
};

}  // namespace ipo
