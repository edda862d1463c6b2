// The exposure table is made once; JSON explains every cell with a packet and its way, the text names the lines that decide.
#include "linter/commands/exposure.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "linter/commands/commands.h"
#include "linter/output/place.h"
#include "linter/output/snippet.h"
#include "linter/reports/answer_json.h"
#include "linter/reports/evidence_json.h"
#include "parsers/text/nearest.h"
#include "rules/findings/blocked.h"
#include "rules/findings/setting_findings.h"
#include "rules/pbx/own_ports.h"

namespace ipo {
namespace {

bool wanted(const std::vector<std::string>& list, std::string_view name) {
  return list.empty() || std::find(list.begin(), list.end(), name) != list.end();
}

void write_json(std::ostream& out, const Assessment& a, const std::vector<std::string>& zones,
                const std::vector<RowReached>& rows) {
  Places places(a.reading.sources);
  std::vector<SourceSpan> secrets = secrets_of(a.reading.site);
  Redaction redaction(a.reading.sources, secrets);
  JsonWriter json;
  json.begin_object().texts("zones", zones);
  write_inferences(json, places, a.reading.site.inferences);
  json.key("rows").begin_array();
  for (bool known : {true, false}) {
    if (!known) json.end_array().key("others").begin_array();
    for (const RowReached& r : rows) {
      if ((r.row != nullptr) != known) continue;
      json.begin_object();
      if (r.row) json.member("row", r.row->id);
      write_answer(json, places, redaction, r.reached, explain(*a.exposure, r.reached));
      json.end_object();
    }
  }
  out << json.end_array().end_object().finish();
}

// "internet to ipo1 (192.168.42.1), forward, router.rules".
std::string heading(const Passage& p) {
  Family family = p.ruleset->family;
  std::string host = p.host                  ? (p.host->name.empty() ? "the PBX" : p.host->name)
                     : p.at->protects_itself ? "the host itself"
                                             : "any host";
  if (!p.addresses.empty()) host += fmt::format(" ({})", format_addresses(p.addresses, family));
  return fmt::format("{} to {}, {}, {}, {}", p.zone->name, host, name_of(p.hook), p.at->firewall->name,
                     family == Family::ipv4 ? "IPv4" : "IPv6");
}

class ExposureText {
 public:
  ExposureText(std::ostream& out, const Assessment& a, const std::vector<std::string>& statuses)
      : out_(out),
        a_(a),
        places_(a.reading.sources),
        show_closed_(std::find(statuses.begin(), statuses.end(), "closed") != statuses.end()) {}

  void write(const std::vector<RowReached>& rows) {
    for (std::size_t begin = 0; begin < rows.size();) {
      std::size_t end = begin;
      while (end < rows.size() && rows[end].reached.passage == rows[begin].reached.passage) ++end;
      write_passage({rows.begin() + static_cast<std::ptrdiff_t>(begin), rows.begin() + static_cast<std::ptrdiff_t>(end)});
      begin = end;
    }
  }

 private:
  std::string who(const Answer& answer, Family family) const {
    if (answer.sources.empty()) return "";
    if (answer.any) return "anyone";
    std::string text = format_addresses(answer.sources, family);
    return text.size() <= widest ? text : text.substr(0, text.rfind(',', widest - 10)) + " and more";
  }

  static constexpr std::size_t widest = 60;  // of a list; JSON has it whole

  // Lines of the file the heading names are numbers only; of many the first few.
  std::string lines(const Answer& answer, const Passage& passage) const {
    constexpr std::size_t most = 5;
    std::string out;
    for (std::size_t i = 0; i < answer.lines.size(); ++i) {
      if (i == most && answer.lines.size() > most + 1) return out + fmt::format(" and {} more", answer.lines.size() - most);
      const SourceSpan& span = answer.lines[i];
      Place at = places_.at(span);
      if (span.source == passage.ruleset->span.source)
        out += (out.empty() ? "line " : ", ") + std::to_string(at.line);
      else
        out += (out.empty() ? "" : ", ") + fmt::format("{}:{}", at.path == "-" ? "<stdin>" : printable(at.path), at.line);
    }
    return out;
  }

  void write_passage(const std::vector<RowReached>& rows) {
    out_ << printable(heading(*rows.front().reached.passage)) << '\n';
    constexpr std::size_t cells = 6;
    std::vector<std::array<std::string, cells>> table;
    std::size_t closed = 0;
    for (const RowReached& r : rows) {
      if (r.reached.status == Status::closed && !show_closed_) {
        ++closed;
        continue;
      }
      Answer answer = explain(*a_.exposure, r.reached);
      std::string ports = format_ports(answer.by_transport);
      if (r.reached.status == Status::closed) {
        for (const std::string& t : r.row->transports) ports += (ports.empty() ? "" : "+") + t;
        ports += "/" + format_ports(listening_ports(*r.row, r.reached.passage->host));
      }
      if (ports.size() > widest) ports = ports.substr(0, ports.rfind(',', widest - 10)) + " and more";
      if (answer.if_routed) if_routed_ = true;
      table.push_back({std::string(name_of(r.reached.status)) + (answer.if_routed ? "*" : ""), r.row ? r.row->id : "-", ports,
                       r.row    ? printable(r.row->application)
                       : r.left ? "of " + r.left->id + " by default, not used here"
                                : "not in the matrix",
                       who(answer, r.reached.passage->ruleset->family), lines(answer, *r.reached.passage)});
    }
    std::array<std::size_t, cells> widths{};
    for (const auto& row : table)
      for (std::size_t c = 0; c < cells; ++c) widths[c] = std::max(widths[c], columns(row[c]));
    for (const auto& row : table) {
      std::string line = " ";
      for (std::size_t c = 0; c < cells; ++c)
        if (widths[c] > 0) line += ' ' + row[c] + std::string(widths[c] - columns(row[c]) + 1, ' ');
      out_ << line.substr(0, line.find_last_not_of(' ') + 1) << '\n';
    }
    const Passage& passage = *rows.front().reached.passage;
    if (closed > 0) out_ << fmt::format("  {}{} row{} closed\n", table.empty() ? "all " : "", closed, closed == 1 ? "" : "s");
    if (std::exchange(if_routed_, false))
      out_ << fmt::format("  * only if {} is routed from there: no port forward leads to it\n",
                          format_addresses(passage.addresses, passage.ruleset->family));
    if (!crosses(passage))
      out_ << fmt::format("  but {} is on the same side of it: packets between the two need not come by here\n",
                          passage.host ? printable(subject_of(*passage.host)) : "the host");
    out_ << '\n';
  }

  std::ostream& out_;
  const Assessment& a_;
  Places places_;
  bool show_closed_;
  bool if_routed_ = false;  // a row of the table being written is
};

// Where no row has a status that was asked for.
std::string nothing_found(const ExposureCommand& command) {
  auto asked = [&](std::string_view status) {
    return std::find(command.statuses.begin(), command.statuses.end(), status) != command.statuses.end();
  };
  std::string_view what = asked("possible") ? asked("open") ? "open" : "possibly open" : asked("open") ? "surely open" : "closed";
  std::string from = command.zones.empty() ? "" : fmt::format(" from {}", fmt::join(command.zones, ", "));
  return fmt::format("nothing is {}{}\n", what, printable(from));
}

}  // namespace

int run_exposure(const ExposureCommand& command, std::istream& in, std::ostream& out, std::ostream& err) {
  int status = exit_clean;
  std::unique_ptr<Assessment> a = assess_one_site(command.site, in, err, status);
  if (!a) return status;
  std::vector<std::string> zones = zone_names(a->standings);
  for (const std::string& zone : command.zones)
    if (std::find(zones.begin(), zones.end(), zone) == zones.end()) {
      err << fmt::format("ipo-lint: no zone '{}'{}; the zones are {}\n", printable(zone), did_you_mean(zone, zones),
                         fmt::join(zones, ", "));
      return exit_usage;
    }
  std::vector<RowReached> rows;
  bool judged = false;
  try {
    rows = exposure_table(*a->exposure, *a->matrix);
    judged = !rows.empty();
    std::erase_if(rows, [&](const RowReached& r) {
      return !wanted(command.zones, r.reached.passage->zone->name) || !wanted(command.statuses, name_of(r.reached.status));
    });
    if (command.format == "json")
      write_json(out, *a, zones, rows);
    else
      ExposureText(out, *a, command.statuses).write(rows);
  } catch (const SpaceExhausted& e) {
    err << "ipo-lint: these rules could not be judged: " << e.what() << '\n';
    return exit_incomplete;
  }
  if (rows.empty() && command.format == "text") {
    if (judged)
      out << nothing_found(command);
    else
      err << "ipo-lint: no row of the matrix to show; give a firewall's rules\n";
  }
  return status;
}

}  // namespace ipo
