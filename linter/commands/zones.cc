// Each firewall is one heading and two tables; what was concluded beside that follows. JSON lists a source once for
// each interface it was told apart by.
#include "linter/commands/zones.h"

#include <fmt/format.h>

#include <algorithm>

#include "linter/commands/commands.h"
#include "linter/commands/landing.h"
#include "linter/output/json_writer.h"
#include "linter/output/place.h"
#include "linter/output/snippet.h"

namespace ipo {
namespace {

constexpr std::size_t most_sources = 20;     // of a firewall, as text
constexpr std::size_t most_interfaces = 60;  // of a firewall, as text
constexpr std::size_t most_names = 4;        // interfaces named in a line

using Cells = std::vector<std::string>;

std::string families_of(const Standing& standing, std::string_view between, std::string_view four, std::string_view six) {
  std::string out;
  for (const Ruleset& ruleset : standing.firewall->rulesets)
    (out.empty() ? out : out += between) += ruleset.family == Family::ipv4 ? four : six;
  return out;
}

// Where packets from outside meet it.
std::string path_of(const Assessment& a, const Standing& standing) {
  std::string before, behind;
  for (const Standing& other : a.standings)
    for (std::size_t next : other.then)
      if (&a.standings[next] == &standing) before += (before.empty() ? "" : ", ") + other.firewall->name;
  for (std::size_t next : standing.then) behind += (behind.empty() ? "" : ", ") + a.standings[next].firewall->name;
  std::string out;
  if (!before.empty()) out = "stands behind " + before;
  if (!behind.empty()) out += (out.empty() ? "stands before " : " and before ") + behind;
  if (standing.network_only) return "protects the PBX itself; no perimeter firewall was given, so it is judged against the network";
  if (out.empty() && standing.protects_itself) out = "protects the PBX itself";
  if (!out.empty()) return out;
  return a.standings.size() > 1 ? "judged by itself: no roles are declared" : "the only firewall given";
}

class Zones {
 public:
  explicit Zones(const Assessment& a) : a_(a), places_(a.reading.sources) {}

  // False where the zones of a firewall are too complex.
  bool compute(std::ostream& err) {
    bool all = true;
    for (const Standing& standing : a_.standings) {
      landings_.emplace_back();
      try {
        landings_.back() = landings_of(standing, a_.reading.site.inferences);
      } catch (const SpaceExhausted& e) {
        err << fmt::format("ipo-lint: {}: its zones could not be computed: {}\n", printable(standing.firewall->name), e.what());
        all = false;
      }
    }
    return all;
  }

  std::string json() const {
    JsonWriter json;
    json.begin_object().key("firewalls").begin_array();
    for (std::size_t f = 0; f < landings_.size(); ++f) {
      const Standing& standing = a_.standings[f];
      json.begin_object().member("name", standing.firewall->name).member("role", name_of(standing.role));
      json.key("families").begin_array();
      for (const Ruleset& ruleset : standing.firewall->rulesets) json.value(ruleset.family == Family::ipv4 ? "ipv4" : "ipv6");
      json.end_array().member("path", path_of(a_, standing));
      json.key("interfaces").begin_array();
      for (const InterfaceLanding& l : landings_[f].interfaces) {
        json.begin_object().member("interface", l.interface);
        write_zone(json, l.zone, l.why, l.span);
      }
      json.end_array().key("sources").begin_array();
      for (const SourceLanding& l : landings_[f].sources) {
        if (l.interfaces.empty()) {
          json.begin_object().member("source", l.source).member("interface", nullptr);
          write_zone(json, l.zone, l.why, l.span);
        }
        for (const std::string& interface : l.interfaces) {
          json.begin_object().member("source", l.source).member("interface", interface);
          write_zone(json, l.zone, l.why, l.span);
        }
      }
      json.end_array().end_object();
    }
    json.end_array().key("inferences").begin_array();
    for (const Inference& inference : a_.reading.site.inferences) {
      json.begin_object().member("message", inference.message);
      write_place(json, inference.span);
      json.end_object();
    }
    return json.end_array().end_object().finish();
  }

  std::string text() const {
    std::string out;
    for (std::size_t f = 0; f < landings_.size(); ++f) out += (f > 0 ? "\n" : "") + firewall(a_.standings[f], landings_[f]);
    if (a_.standings.empty()) out += "no firewall among the inputs: there are no interfaces to speak of\n";
    std::string assumed;
    for (const Inference& inference : a_.reading.site.inferences)
      if (!said_above(inference)) assumed += fmt::format("assumed: {}{}\n", printable(inference.message), in(inference.span));
    return assumed.empty() ? out : out + '\n' + assumed;
  }

 private:
  void write_place(JsonWriter& json, SourceSpan span) const {
    if (has_place(span)) {
      Place at = places_.at(span);
      json.member("file", at.path).member("line", at.line);
    } else {
      json.member("file", nullptr).member("line", nullptr);
    }
  }

  void write_zone(JsonWriter& json, const std::string& zone, const std::string& why, SourceSpan span) const {
    zone.empty() ? json.member("zone", nullptr) : json.member("zone", zone);
    json.member("why", why);
    write_place(json, span);
    json.end_object();
  }

  // Under a heading with the file's name only the line.
  std::string where(SourceSpan span, const std::string& heading = "") const {
    if (!has_place(span)) return {};
    Place at = places_.at(span);
    if (at.path == heading) return fmt::format("line {}", at.line);
    return fmt::format("{}:{}", at.path == "-" ? "<stdin>" : printable(at.path), at.line);
  }

  std::string in(SourceSpan span, const std::string& heading = "") const {
    std::string place = where(span, heading);
    return place.empty() ? place : " (" + place + ")";
  }

  static bool is_about_role(const Inference& inference) {
    return inference.message.starts_with("this is a host's own filter") ||
           inference.message.starts_with("this is a perimeter firewall");
  }

  static bool said_above(const Inference& inference) {
    return is_about_role(inference) || inference.message.starts_with("internet is ");
  }

  // "this is a perimeter firewall: it translates or forwards", of one whose role was inferred.
  std::string role(const Standing& standing) const {
    if (standing.firewall->role) return "its role is declared";
    for (const Inference& inference : a_.reading.site.inferences)
      if (is_about_role(inference) && !standing.firewall->rulesets.empty() &&
          inference.span == standing.firewall->rulesets.front().span)
        return inference.message + in(inference.span, standing.firewall->name);
    return {};
  }

  std::string firewall(const Standing& standing, const Landings& landings) const {
    std::string out = fmt::format("{}: {} firewall, {}\n", printable(standing.firewall->name), name_of(standing.role),
                                  families_of(standing, " and ", "IPv4", "IPv6"));
    for (const std::string& line : {printable(role(standing)), printable(path_of(a_, standing))})
      if (!line.empty()) out += "  " + line + '\n';
    out += '\n';
    out += interfaces(landings.interfaces, standing.firewall->name);
    if (!landings.sources.empty()) out += '\n' + sources(landings.sources, standing.firewall->name);
    return out;
  }

  std::string interfaces(const std::vector<InterfaceLanding>& all, const std::string& heading) const {
    std::vector<Cells> lines = {{"interface", "zone", "why"}};
    for (const InterfaceLanding& l : all) {
      if (lines.size() > most_interfaces && l.interface != "+") continue;
      std::string why = l.why;
      std::string place = where(l.span, heading);
      if (!place.empty()) why += l.zone.empty() ? ", named in " + place : " (" + place + ")";
      lines.push_back({l.interface == "+" ? "any other" : printable(l.interface), zone(l.zone), why});
    }
    std::string out = table(lines);
    if (all.size() > lines.size() - 1)
      out += fmt::format("  and {} more interfaces; --format json lists them\n", all.size() - (lines.size() - 1));
    return out;
  }

  std::string sources(const std::vector<SourceLanding>& all, const std::string& heading) const {
    std::vector<Cells> lines = {{"source", "by", "zone", "why"}};
    std::size_t shown = 0, count = 0;
    const std::string* last = nullptr;
    for (const SourceLanding& l : all) {
      bool fresh = !last || *last != l.source;
      last = &l.source;
      count += fresh;
      bool only_loopback = l.interfaces.size() == 1 && l.interfaces[0] == "lo" && l.zone.empty();
      if (count > most_sources || (only_loopback && !fresh)) continue;
      shown += fresh;
      std::string why = printable(l.why);
      if (std::string place = where(l.span, heading); fresh && !place.empty())
        why += (why.empty() ? "named in " : ", named in ") + place;
      bool elsewhere = !fresh && l.zone.empty() && l.why.empty() && l.interfaces.size() > 1;
      lines.push_back({fresh ? l.source : "", elsewhere ? "elsewhere" : by(l.interfaces), zone(l.zone), why});
    }
    std::string out = table(lines);
    if (count > shown) out += fmt::format("  and {} more sources; --format json lists them\n", count - shown);
    return out;
  }

  static std::string zone(const std::string& name) { return name.empty() ? "inside" : printable(name); }

  static std::string by(const std::vector<std::string>& interfaces) {
    if (interfaces.empty()) return "any";
    std::string out;
    std::size_t shown = interfaces.size() > most_names + 1 ? most_names : interfaces.size();
    for (std::size_t i = 0; i < shown; ++i)
      out += (i > 0 ? ", " : "") + (interfaces[i] == "+" ? "any other" : printable(interfaces[i]));
    if (shown < interfaces.size()) out += fmt::format(" and {} more", interfaces.size() - shown);
    return out;
  }

  // Columns as wide as they need be, but the last.
  static std::string table(const std::vector<Cells>& lines) {
    std::vector<std::size_t> width(lines.front().size());
    for (const Cells& line : lines)
      for (std::size_t c = 0; c + 1 < line.size(); ++c) width[c] = std::max(width[c], columns(line[c]));
    std::string out;
    for (const Cells& line : lines) {
      std::string text = "  ";
      for (std::size_t c = 0; c < line.size(); ++c) {
        text += line[c];
        if (c + 1 < line.size()) text += std::string(width[c] + 2 - columns(line[c]), ' ');
      }
      out += text.substr(0, text.find_last_not_of(' ') + 1) + '\n';
    }
    return out;
  }

  const Assessment& a_;
  Places places_;
  std::vector<Landings> landings_;
};

}  // namespace

int run_zones(const ZonesCommand& command, std::istream& in, std::ostream& out, std::ostream& err) {
  int status = exit_clean;
  std::unique_ptr<Assessment> a = assess_one_site(command.site, in, err, status, false);
  if (!a) return status;
  Zones zones(*a);
  if (!zones.compute(err)) status = exit_incomplete;
  out << (command.format == "json" ? zones.json() : zones.text());
  return status;
}

}  // namespace ipo
