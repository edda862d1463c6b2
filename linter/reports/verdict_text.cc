// A headline and one "= fact" per thing known, as in reports. Everything that comes from an input passes printable() or a
// Snippet.
#include "linter/reports/verdict_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "linter/output/packet_line.h"
#include "linter/output/place.h"
#include "linter/output/redact.h"
#include "linter/output/snippet.h"
#include "rules/exposure/line_to_change.h"

namespace ipo {
namespace {

constexpr std::string_view bold = "\x1b[1m", blue = "\x1b[1;34m", reset = "\x1b[0m";
constexpr std::size_t name_width = 12;  // "translated: "
constexpr std::size_t shown_doubts = 5;

class VerdictText {
 public:
  VerdictText(std::ostream& out, const Reading& reading, const TextStyle& style)
      : out_(out),
        reading_(reading),
        style_(style),
        places_(reading.sources),
        secrets_(secrets_of(reading.site)),
        redaction_(reading.sources, secrets_) {}

  void write(const PartialPacket& packet, const Verdict& verdict) {
    std::string_view did = verdict.outcome == ActionKind::accept ? "accepted"
                           : verdict.outcome == ActionKind::drop ? "dropped"
                                                                 : "rejected";
    out_ << painted(bold, fmt::format("{} ({})", did, name_of(verdict.certainty)));
    if (verdict.decided_by.chain) {
      main_ = places_.at(verdict.decided_by.span());
      out_ << fmt::format(": {}:{}", main_.path == "-" ? "<stdin>" : printable(main_.path), main_.line);
    }
    out_ << '\n';
    write_fact("packet", {printable(words_of(packet)) + (packet.hook ? "" : fmt::format(", at {}", name_of(verdict.hook)))});
    if (std::string to = translated(packet, verdict); !to.empty()) write_fact("translated", {to});
    write_fact("path", path_lines(packet, verdict));
    if (!verdict.doubts.empty()) write_fact("depends on", doubt_lines(verdict));
    if (verdict.decided_by.chain) write_fact(verdict.outcome == ActionKind::accept ? "to close" : "to open", {change(verdict)});
  }

 private:
  std::string painted(std::string_view color, std::string_view text) const {
    return style_.color ? fmt::format("{}{}{}", color, text, reset) : std::string(text);
  }

  // As seen from the line that decided: only the line within the same file.
  std::string where(SourceSpan span) const {
    Place place = places_.at(span);
    if (place.path == main_.path) return fmt::format("line {}", place.line);
    return fmt::format("{}:{}", place.path == "-" ? "<stdin>" : printable(place.path), place.line);
  }

  void write_fact(std::string_view name, const std::vector<std::string>& lines) {
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (i == 0)
        out_ << "  " << painted(blue, "=") << ' ' << painted(bold, fmt::format("{}:", name))
             << std::string(name_width - name.size() - 1, ' ');
      else
        out_ << std::string(4 + name_width, ' ');
      out_ << lines[i] << '\n';
    }
  }

  static std::string translated(const PartialPacket& packet, const Verdict& verdict) {
    auto step = std::find_if(verdict.path.begin(), verdict.path.end(),
                             [](const Step& s) { return s.did == ActionKind::translate_destination; });
    if (step == verdict.path.end()) return {};
    std::string to = text_of(*step, verdict, packet.family).substr(std::string_view("translate ").size());
    if (packet.destination) to += fmt::format(", from {}", format_address({packet.family, *packet.destination}));
    return to;
  }

  std::vector<std::string> path_lines(const PartialPacket& packet, const Verdict& verdict) const {
    std::vector<std::array<std::string, 3>> steps;
    std::array<std::size_t, 3> widths{};
    for (const Step& step : verdict.path) {
      steps.push_back({where(step.at.span()), printable(step.at.chain->table + "/" + step.at.chain->name),
                       printable(text_of(step, verdict, packet.family))});
      for (std::size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], columns(steps.back()[i]));
    }
    std::size_t used = 4 + name_width + widths[0] + widths[1] + widths[2] + 6;
    auto width = static_cast<std::size_t>(std::max(style_.width, 40));
    std::size_t room = width > used + 30 ? width - used : 30;
    std::vector<std::string> lines;
    for (std::size_t s = 0; s < steps.size(); ++s) {
      std::string line;
      for (std::size_t i = 0; i < widths.size(); ++i) line += steps[s][i] + std::string(widths[i] - columns(steps[s][i]) + 2, ' ');
      lines.push_back(line + snippet_of(reading_.sources, redaction_, places_.at(verdict.path[s].at.span()), room).text);
    }
    if (lines.empty()) lines.push_back("no rule or policy of the files had a part in it");
    return lines;
  }

  std::vector<std::string> doubt_lines(const Verdict& verdict) const {
    std::vector<std::string> lines;
    for (const Doubt& doubt : verdict.doubts) {
      if (lines.size() == shown_doubts) {
        lines.push_back(fmt::format("and {} more", verdict.doubts.size() - shown_doubts));
        break;
      }
      lines.push_back(fmt::format("{} ({})", printable(redaction_.about(doubt.why, doubt.span)), where(doubt.span)));
    }
    return lines;
  }

  // The line to change of the way through the chains that ends with what decided.
  RuleRef line(const Verdict& verdict) const {
    const RuleRef& by = verdict.decided_by;
    std::vector<RuleRef> way;
    for (const Step& step : verdict.path) {
      if (step.at.chain->table != by.chain->table) continue;
      if (step.at.chain->policy) way.clear();
      if (step.at == by || (step.at.rule && calls(step.did))) way.push_back(step.at);
    }
    for (const Firewall& firewall : reading_.site.firewalls)
      for (const Ruleset& ruleset : firewall.rulesets)
        if (way.size() > 1 &&
            std::any_of(ruleset.chains.begin(), ruleset.chains.end(), [&](const Chain& c) { return &c == by.chain; }))
          return LinesToChange(ruleset).on(way);
    return by;
  }

  std::string change(const Verdict& verdict) const {
    const RuleRef& by = verdict.decided_by;
    if (by.rule && verdict.outcome == ActionKind::accept) return where(line(verdict).span());
    std::string place = where(by.span());
    if (by.rule) return place;
    std::string chain = printable(by.chain->table + "/" + by.chain->name);
    if (verdict.outcome == ActionKind::accept) return fmt::format("{}, the policy of {}", place, chain);
    return fmt::format("accept it in {} before its policy on {}", chain, place);
  }

  std::ostream& out_;
  const Reading& reading_;
  const TextStyle& style_;
  Places places_;
  std::vector<SourceSpan> secrets_;
  Redaction redaction_;
  Place main_;  // of what decided
};

}  // namespace

void write_verdict(std::ostream& out, const Reading& reading, const PartialPacket& packet, const Verdict& verdict,
                   const TextStyle& style) {
  VerdictText(out, reading, style).write(packet, verdict);
}

}  // namespace ipo
