// Reads each file on its own, as lint would, and judges nothing. What several statements say of one place is one item,
// the least understood of them; the text report groups the items by the reason.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "linter/commands/commands.h"
#include "linter/inputs/input_files.h"
#include "linter/output/json_writer.h"
#include "linter/output/place.h"
#include "linter/output/redact.h"
#include "linter/output/snippet.h"
#include "parsers/ipoffice/field_map.h"
#include "parsers/ipoffice/settings.h"
#include "parsers/parsers.h"

namespace ipo {
namespace {

constexpr std::size_t lines_shown = 5;         // of each reason, in the text report
constexpr std::size_t files_shown = 20;        // of each kind that was left out of a folder
constexpr std::size_t paths_shown = 40;        // without a setting, in the text report
constexpr std::uint32_t longest_quote = 2000;  // bytes of a statement; minified exports have lines of many megabytes

// From understood to not understood, as the four counts are printed.
constexpr std::array<Understanding, 4> levels = {Understanding::understood, Understanding::bounded, Understanding::ignored,
                                                 Understanding::not_understood};

// How much of the meaning is lost, by the enumeration's number.
int rank(Understanding u) {
  constexpr std::array<int, 4> ranks = {0, 2, 1, 3};
  return ranks[static_cast<std::size_t>(u)];
}

std::vector<Statement> items_of(const Site& site) {
  std::vector<Statement> items = site.statements;
  std::stable_sort(items.begin(), items.end(), [](const Statement& a, const Statement& b) { return a.span < b.span; });
  std::vector<Statement> merged;
  for (Statement& item : items) {
    if (merged.empty() || merged.back().span != item.span)
      merged.push_back(std::move(item));
    else if (rank(item.understanding) > rank(merged.back().understanding))
      merged.back() = std::move(item);
  }
  return merged;
}

std::array<std::size_t, 4> counts_of(const std::vector<Statement>& items) {
  std::array<std::size_t, 4> counts{};
  for (const Statement& item : items) ++counts[static_cast<std::size_t>(item.understanding)];
  return counts;
}

// The statement's first line, redacted, cut where it is very long.
std::string quote(const Reading& reading, const Redaction& redaction, const Place& place) {
  SourceSpan span = place.span;
  if (span.end - span.begin <= longest_quote) return redaction.text(span);
  std::string_view text = reading.sources[span.source].text();
  span.end = span.begin + longest_quote;
  while (span.end > span.begin && (static_cast<unsigned char>(text[span.end]) & 0xc0) == 0x80) --span.end;
  return redaction.text(span) + "…";
}

std::string value_of(const Setting& setting, const Redaction& redaction) {
  return setting.secret || !redaction.secrets_in(setting.value.span).empty() ? "***" : setting.value.value;
}

// What values say that are written in other units or as codes: found by the entry of the map that made them settings.
class Meanings {
 public:
  explicit Meanings(const std::vector<FieldEntry>& fields) {
    map_.add(fields);
    map_.add_builtin();
  }

  // Whether the value is of that kind; then `means` is the setting's, empty where it is not documented.
  bool find(const Setting& setting, std::optional<std::string>& means) {
    if (setting.key.empty() || setting.secret) return false;
    auto [at, fresh] = entries_.try_emplace(setting.path.text(), nullptr);
    if (fresh) at->second = map_.find(setting.path.text()).entry;
    if (!at->second || (at->second->divide == 1 && !at->second->coded)) return false;
    means = meaning_of(*at->second, setting.value.value);
    return true;
  }

  // For a person: " = 10 seconds".
  std::string text(const Setting& setting) {
    std::optional<std::string> means;
    if (setting.value.value.empty() || !find(setting, means)) return "";
    if (!means) return " (what that means is not documented)";
    if (*means == setting.value.value) return "";
    const KnownSetting* known = find_setting(setting.key.text());
    return " = " + *means + (known && !known->unit.empty() ? " " + known->unit : "");
  }

 private:
  FieldMap map_;
  std::unordered_map<std::string, const FieldEntry*> entries_;
};

void write_inventory(std::ostream& out, const Reading& reading, Meanings& meanings) {
  Places places(reading.sources);
  std::vector<SourceSpan> secrets = secrets_of(reading.site);
  Redaction redaction(reading.sources, secrets);
  std::vector<Statement> items = items_of(reading.site);
  std::array<std::size_t, 4> counts = counts_of(items);
  JsonWriter json;
  json.begin_object().member("file", reading.sources[0].path()).member("format", reading.formats[0]);
  json.key("statements").begin_object();
  for (Understanding u : levels) json.member(name_of(u), counts[static_cast<std::size_t>(u)]);
  json.end_object().key("items").begin_array();
  for (const Statement& item : items) {
    Place at = places.at(item.span);
    json.begin_object().member("line", at.line).member("column", at.column);
    json.member("status", name_of(item.understanding)).member("reason", item.reason);
    json.member("text", quote(reading, redaction, at)).end_object();
  }
  json.end_array().key("settings").begin_array();
  for (const Record& record : reading.site.records)
    for (const Setting& s : record.fields) {
      Place at = places.at(s.value.span);
      json.begin_object().member("path", s.path).key("key");
      if (s.key.empty())
        json.value(nullptr);
      else
        json.value(s.key);
      json.member("value", value_of(s, redaction));
      if (std::optional<std::string> means; meanings.find(s, means)) {
        json.key("means");
        if (means)
          json.value(*means);
        else
          json.value(nullptr);
      }
      json.member("evidence", name_of(s.evidence));
      json.member("line", at.line).member("column", at.column).end_object();
    }
  out << json.end_array().end_object().finish();
}

class InventoryText {
 public:
  InventoryText(std::ostream& out, const Reading& reading, Meanings& meanings, std::size_t width)
      : out_(out),
        reading_(reading),
        meanings_(meanings),
        width_(width),
        places_(reading.sources),
        secrets_(secrets_of(reading.site)),
        redaction_(reading.sources, secrets_) {}

  void write() {
    std::vector<Statement> items = items_of(reading_.site);
    std::array<std::size_t, 4> counts = counts_of(items);
    const Source& source = reading_.sources[0];
    out_ << fmt::format("{}: {}, {} statement{}: {} understood, {} bounded, {} ignored, {} not understood\n",
                        source.path() == "-" ? "<stdin>" : printable(source.path()), find_dialect(reading_.formats[0])->title,
                        items.size(), items.size() == 1 ? "" : "s", counts[0], counts[1], counts[2], counts[3]);
    write_reasons(items, Understanding::not_understood,
                  reading_.site.firewalls.empty() ? "not understood: nothing is concluded from these"
                                                  : "not understood: may accept or drop, what follows is judged as possible");
    write_reasons(items, Understanding::bounded, "bounded: what exactly these match or do is not in this file");
    write_settings();
    write_unmapped();
  }

 private:
  // A reason with its statements, both in the order of the file.
  struct Group {
    std::string_view reason;
    std::vector<const Statement*> items;
  };

  void write_reasons(const std::vector<Statement>& items, Understanding level, std::string_view title) {
    std::vector<Group> groups;
    std::map<std::string_view, std::size_t> known;
    for (const Statement& item : items) {
      if (item.understanding != level) continue;
      auto [at, fresh] = known.try_emplace(item.reason, groups.size());
      if (fresh) groups.push_back({item.reason, {}});
      groups[at->second].items.push_back(&item);
    }
    if (!groups.empty()) out_ << '\n' << title << '\n';
    for (const Group& group : groups) {
      out_ << fmt::format("  {} ({})\n", printable(group.reason), group.items.size());
      std::size_t shown = group.items.size() <= lines_shown + 1 ? group.items.size() : lines_shown;
      std::size_t gutter = std::to_string(places_.at(group.items[shown - 1]->span).line).size();
      for (std::size_t i = 0; i < shown; ++i) {
        Place at = places_.at(group.items[i]->span);
        out_ << fmt::format("    {:>{}} | {}\n", at.line, gutter, text_at(at, gutter + 7));
      }
      if (shown < group.items.size()) out_ << fmt::format("    {:>{}}   and {} more\n", "", gutter, group.items.size() - shown);
    }
  }

  std::string text_at(const Place& at, std::size_t used) const {
    std::string text = snippet_of(reading_.sources, redaction_, at, width_ > used + 20 ? width_ - used : 20).text;
    std::size_t first = text.find_first_not_of(' ');
    return first == text.npos ? std::string() : text.substr(first);
  }

  // A table of the settings that are known, each record under its type and id.
  void write_settings() {
    std::size_t widest_key = 0, widest_line = 0;
    auto line_of = [&](const Setting& s) { return std::to_string(places_.at(s.value.span).line); };
    for (const Record& record : reading_.site.records)
      for (const Setting& s : record.fields) {
        widest_key = std::max(widest_key, columns(s.key.text()));
        widest_line = std::max(widest_line, line_of(s).size());
      }
    for (const Record& record : reading_.site.records) {
      bool first = true;
      for (const Setting& s : record.fields) {
        if (s.key.empty()) continue;
        if (std::exchange(first, false))
          out_ << fmt::format("\nsettings of {}{}{}\n", printable(record.type), record.id.empty() ? "" : " ", printable(record.id));
        std::string line = fmt::format("{:>{}} | {:<{}}  {:<9}  {}", line_of(s), widest_line, s.key.text(), widest_key,
                                       name_of(s.evidence), printable(value_of(s, redaction_) + meanings_.text(s)));
        out_ << "    " << line.substr(0, line.find_last_not_of(' ') + 1) << '\n';
      }
    }
  }

  // Values no setting is known for, by their paths, with the line that would map each.
  void write_unmapped() {
    struct Path {
      std::string pattern;
      std::size_t count = 0;
      const Setting* example = nullptr;
    };
    std::vector<Path> paths;
    std::unordered_map<std::string, std::size_t> known;
    std::size_t values = 0;
    for (const Record& record : reading_.site.records)
      for (const Setting& s : record.fields) {
        if (!s.key.empty()) continue;
        ++values;
        std::string pattern = pattern_of(s.path);
        auto [at, fresh] = known.try_emplace(pattern, paths.size());
        if (fresh) paths.push_back({std::move(pattern), 0, &s});
        Path& path = paths[at->second];
        ++path.count;
        if (path.example->value.value.empty() && !s.value.value.empty()) path.example = &s;
      }
    if (values == 0) return;
    std::stable_sort(paths.begin(), paths.end(), [](const Path& a, const Path& b) { return a.count > b.count; });
    out_ << fmt::format(
        "\n{} value{} under {} path{} {} no setting that is known; put those that are one into a file, with their\n"
        "key (`ipo-lint settings` lists them), for --fields FILE or ipo-lint.toml\n",
        values, values == 1 ? "" : "s", paths.size(), paths.size() == 1 ? "" : "s", values == 1 ? "is" : "are");
    std::size_t shown = paths.size() <= paths_shown + 1 ? paths.size() : paths_shown;
    for (std::size_t i = 0; i < shown; ++i) {
      const Path& path = paths[i];
      std::string example = value_of(*path.example, redaction_);
      if (example.size() > 40) example = "…";  // may be cut within a character
      out_ << fmt::format("    # {}, line {}{}\n    [[field]]\n    path = {}\n    key  = \"\"\n", times(path.count),
                          places_.at(path.example->value.span).line, example.empty() ? "" : ": " + printable(example),
                          toml_text(path.pattern));
    }
    if (shown < paths.size())
      out_ << fmt::format("    # and {} more paths; --format json lists every value\n", paths.size() - shown);
  }

  static std::string times(std::size_t count) { return count == 1 ? "once" : fmt::format("{} times", count); }

  // A pattern that matches the path and those that differ from it in the numbers of elements alike only.
  static std::string pattern_of(std::string_view path) {
    std::string out;
    for (std::size_t i = 0; i < path.size(); ++i) {
      std::size_t digits = path[i] == '[' ? path.find_first_not_of("0123456789", i + 1) : i;
      if (path[i] == '[' && digits != path.npos && digits > i + 1 && path[digits] == ']') {
        out += "\\[[0-9]+\\]";
        i = digits;
      } else {
        if (std::string_view("\\^$.|?*+()[]{}").find(path[i]) != std::string_view::npos) out += '\\';
        out += path[i];
      }
    }
    return out;
  }

  // A literal TOML string where that can hold it.
  static std::string toml_text(const std::string& text) {
    std::string shown = printable(text);
    if (shown.find('\'') == shown.npos) return "'" + shown + "'";
    std::string out = "\"";
    for (char c : shown) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    return out + "\"";
  }

  std::ostream& out_;
  const Reading& reading_;
  Meanings& meanings_;
  std::size_t width_;
  Places places_;
  std::vector<SourceSpan> secrets_;
  Redaction redaction_;
};

// The [[field]] tables of the site file that governs the input; gives what is wrong with that file, as it is printed.
std::string add_fields_of_site_file(const std::string& input, std::vector<FieldEntry>& fields) {
  std::string path = find_site_file(input);
  if (path.empty()) return {};
  SiteFiles files = open_site_files(path);
  Sources sources;
  std::vector<std::uint32_t> nearest_first;
  for (Input& file : files.inputs) {
    nearest_first.push_back(static_cast<std::uint32_t>(sources.size()));
    sources.push_back(take_source(std::move(file.path), std::move(file.bytes)));
  }
  std::vector<SiteError> errors = std::move(files.errors);
  SiteFile declared = read_site_files(sources, nearest_first, errors);
  fields.insert(fields.end(), declared.fields.begin(), declared.fields.end());
  std::string out;
  for (const SiteError& error : errors) out += format_site_error(sources, error);
  return out;
}

void write_counts(std::ostream& out, const Reading& reading) {
  std::array<std::size_t, 4> counts = counts_of(items_of(reading.site));
  out << fmt::format("{} {} {} {}\n", counts[0], counts[1], counts[2], counts[3]);
}

// What was not read of the folders, by what it is.
void write_left_out(std::ostream& out, const std::vector<LeftOut>& left_out) {
  std::vector<std::pair<std::string_view, std::vector<const LeftOut*>>> groups;
  std::map<std::string_view, std::size_t> known;
  for (const LeftOut& one : left_out) {
    auto [at, fresh] = known.try_emplace(one.what, groups.size());
    if (fresh) groups.push_back({one.what, {}});
    groups[at->second].second.push_back(&one);
  }
  if (!groups.empty()) out << "not read\n";
  for (const auto& [what, files] : groups) {
    out << fmt::format("  {} ({})\n", what, files.size());
    std::size_t shown = files.size() <= files_shown + 1 ? files.size() : files_shown;
    for (std::size_t i = 0; i < shown; ++i) out << "    " << printable(files[i]->path) << '\n';
    if (shown < files.size()) out << fmt::format("    and {} more\n", files.size() - shown);
  }
}

}  // namespace

int run_inventory(const InventoryCommand& command, std::istream& in, std::ostream& out, std::ostream& err) {
  InputFiles files = read_inputs(command.inputs, !command.as.empty(), in);
  if (command.format == "json" && files.inputs.size() + files.problems.size() > 1) {
    err << "ipo-lint: inventory --format json describes one FILE; call it once for each\n";
    return exit_usage;
  }
  std::vector<FieldEntry> given;
  std::string wrong = read_field_files(command.fields, given);
  std::vector<Problem> problems = files.problems, missing = problems_of(files.left_out, true);
  problems.insert(problems.end(), missing.begin(), missing.end());
  bool first = true;
  for (Input& input : files.inputs) {
    std::vector<FieldEntry> fields = given;
    if (wrong.empty()) wrong = add_fields_of_site_file(input.path, fields);
    if (!wrong.empty()) {
      err << wrong;
      return exit_usage;
    }
    std::vector<Input> one;
    one.push_back(std::move(input));
    Reading reading = read_site({"", std::move(one), {}}, command.as, "", fields, true);
    problems.insert(problems.end(), reading.problems.begin(), reading.problems.end());
    if (!reading.problems.empty()) continue;
    Meanings meanings(fields);
    if (command.format == "json") {
      write_inventory(out, reading, meanings);
    } else if (command.format == "counts") {
      write_counts(out, reading);
    } else {
      if (!std::exchange(first, false)) out << '\n';
      InventoryText(out, reading, meanings, static_cast<std::size_t>(std::max(command.width, 40))).write();
    }
  }
  if (command.format == "text" && !files.left_out.empty()) {
    if (!first) out << '\n';
    write_left_out(out, files.left_out);
  }
  for (const Problem& p : problems)
    err << "ipo-lint: " << (p.path == "-" ? "<stdin>" : printable(p.path)) << ": " << printable(p.message) << '\n';
  return problems.empty() ? exit_clean : exit_incomplete;
}

}  // namespace ipo
