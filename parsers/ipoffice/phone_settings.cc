// Every line is parsed alone, then one pass from top to bottom tells which lines phones come to: since all jumps lead forward,
// a line is reached by all phones exactly when the line before is or a label stands here, and no jump leads over it.
//
// A file that an IP Office wrote begins with its release and address, has one label behind two signs, "## NAME", and one value on
// the line that follows its SET.
#include "parsers/ipoffice/phone_settings.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "parsers/ipoffice/field_map.h"
#include "parsers/ipoffice/ipoffice.h"
#include "parsers/text/secret_names.h"

namespace ipo {
namespace {

constexpr std::string_view blanks = " \t\f\v";
constexpr std::size_t max_name = 100;                               // bytes
constexpr std::string_view header_path = "46xxsettings/IPOFFICE/";  // of what the first line says; no SET has such a name

std::string_view trimmed(std::string_view text) {
  std::size_t first = text.find_first_not_of(blanks);
  return first == text.npos ? std::string_view() : text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= max_name && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
  });
}

struct Line {
  enum class Kind { blank, comment, label, set, go_to, condition, get, broken } kind = Kind::blank;
  std::string_view name;    // of a SET, a label, a file; the parameter of an IF; of a comment the one word behind "##"
  std::string_view value;   // of a SET, without its quotes; points into the source
  std::string_view target;  // of IF and GOTO
  const char* why = "";     // broken: why; else what stands behind the value and is not known to be read
  bool jumps = false;       // a broken line that would jump
};

// Takes the next word off `rest`.
std::string_view word(std::string_view& rest) {
  rest = trimmed(rest);
  std::size_t end = std::min(rest.find_first_of(blanks), rest.size());
  std::string_view out = rest.substr(0, end);
  rest = trimmed(rest.substr(end));
  return out;
}

Line broken(const char* why, bool jumps = false) { return {Line::Kind::broken, {}, {}, {}, why, jumps}; }

// The value of a SET or an IF: quoted, or up to a blank.
bool take_value(std::string_view& rest, std::string_view& value, const char*& why) {
  if (rest.starts_with('"')) {
    std::size_t close = rest.find('"', 1);
    if (close == rest.npos) return why = "a quote without its end", false;
    value = rest.substr(1, close - 1);
    rest = trimmed(rest.substr(close + 1));
    return true;
  }
  value = word(rest);
  return true;
}

Line parse_set(std::string_view rest) {
  Line line{Line::Kind::set, word(rest), {}, {}, ""};
  if (!is_name(line.name)) return broken("SET without a name");
  const char* why = "";
  if (!take_value(rest, line.value, why)) return broken(why);
  if (!rest.empty() && !rest.starts_with('#')) line.why = "only the first word of the value is taken";
  return line;
}

Line parse_condition(std::string_view rest) {
  Line line{Line::Kind::condition, word(rest), {}, {}, ""};
  std::string_view relation = word(rest), value;
  const char* why = "";
  if (!line.name.starts_with('$') || relation != "SEQ") return broken("not IF $NAME SEQ value GOTO label", true);
  if (!take_value(rest, value, why)) return broken(why, true);
  if (word(rest) != "GOTO") return broken("not IF $NAME SEQ value GOTO label", true);
  line.target = word(rest);
  return is_name(line.target) ? line : broken("GOTO without a label", true);
}

Line parse(std::string_view text) {
  std::string_view rest = trimmed(text);
  if (rest.empty()) return {};
  if (rest.starts_with('#')) {
    // "# SIP_SETTINGS" is a label, "## anything" and "# several words" are comments; a label may have words behind it.
    if (rest.size() < 2 || blanks.find(rest[1]) == blanks.npos) {
      std::string_view only = rest.starts_with("##") ? trimmed(rest.substr(2)) : std::string_view();
      return {Line::Kind::comment, is_name(only) ? only : std::string_view(), {}, {}, ""};
    }
    rest = trimmed(rest.substr(1));
    std::string_view name = word(rest);
    return {is_name(name) ? Line::Kind::label : Line::Kind::comment, name, {}, {}, ""};
  }
  std::string_view command = word(rest);
  if (command == "SET") return parse_set(rest);
  if (command == "IF") return parse_condition(rest);
  if (command == "GOTO") {
    std::string_view target = word(rest);
    return is_name(target) ? Line{Line::Kind::go_to, {}, {}, target, ""} : broken("GOTO without a label", true);
  }
  if (command == "GET") {
    std::string_view file = word(rest);
    return file.empty() ? broken("GET without a file", true) : Line{Line::Kind::get, file, {}, {}, ""};
  }
  return broken("no line of a 46xxsettings file");
}

// A value behind its SET's line: in quotes, and nothing else there.
bool is_wrapped_value(const Line& set, std::string_view next) {
  next = trimmed(next);
  return set.kind == Line::Kind::set && set.value.empty() && set.value.data() == nullptr && next.size() > 1 &&
         next.front() == '"' && next.find('"', 1) == next.size() - 1;
}

class Interpreter {
 public:
  Interpreter(const Source& text, std::uint32_t source, Site& site)
      : text_(text), source_(source), site_(site), map_(site.reading.fields ? *site.reading.fields : FieldMap::builtin()) {}

  void run() {
    record_.type = "46xxsettings";
    std::vector<Line> lines(1);
    lines.reserve(text_.line_count() + 1);
    for (std::uint32_t n = 1; n <= text_.line_count(); ++n) lines.push_back(parse(text_.line(n)));
    for (std::uint32_t n = 1; n < text_.line_count(); ++n)
      if (std::string_view next = text_.line(n + 1); is_wrapped_value(lines[n], next)) {
        next = trimmed(next);
        lines[n].value = next.substr(1, next.size() - 2);
        lines[n + 1] = {};
      }
    header();
    // The next label of each name behind a line, for every jump: looked up from the end to the start.
    std::unordered_map<std::string_view, std::size_t> labels, commented;
    std::vector<std::size_t> targets(lines.size(), 0);  // line a jump leads to; 0 = there is none
    for (std::size_t n = lines.size(); n-- > 1;) {
      if (lines[n].kind == Line::Kind::label) labels[lines[n].name] = n;
      if (lines[n].kind == Line::Kind::comment && !lines[n].name.empty()) commented[lines[n].name] = n;
      if (lines[n].target.empty()) continue;
      if (auto label = labels.find(lines[n].target); label != labels.end())
        targets[n] = label->second;
      else if (auto comment = commented.find(lines[n].target); comment != commented.end())
        targets[n] = comment->second;
    }
    std::vector<bool> jumped_to(lines.size(), false);
    std::size_t over = 0;  // some jump leads to here at the furthest
    bool comes = true;     // from the line before
    for (std::size_t n = 1; n < lines.size(); ++n) {
      const Line& line = lines[n];
      bool reached = comes || jumped_to[n], all = reached && over <= n;
      comes = reached;
      if (line.kind == Line::Kind::condition || line.kind == Line::Kind::go_to) {
        if (reached && targets[n] > 0) {
          jumped_to[targets[n]] = true;
          over = std::max(over, targets[n]);
        } else if (reached) {
          over = lines.size();  // phones stop here, or a condition stops some
        }
        if (line.kind == Line::Kind::go_to) comes = false;
      }
      bool may_jump = line.kind == Line::Kind::get || (line.kind == Line::Kind::broken && line.jumps);
      if (may_jump && reached) over = lines.size();
      judge(n, line, reached, all, targets[n] > 0);
    }
    for (auto& [key, at] : last_) fields_.push_back(std::move(at));
    std::sort(fields_.begin(), fields_.end(), [](const Setting& a, const Setting& b) { return a.value.span < b.value.span; });
    record_.fields = std::move(fields_);
    if (!has_set_) state(1, Understanding::not_understood, "no SET line is in this file");
    site_.records.push_back(std::move(record_));
  }

 private:
  // "## IPOFFICE/12.2.0.0.0 build 77 192.0.2.10 AUTOGENERATED"
  void header() {
    std::string_view rest = text_.line_count() > 0 ? trimmed(text_.line(1)) : std::string_view();
    constexpr std::string_view start = "## IPOFFICE/", end = " AUTOGENERATED";
    if (!rest.starts_with(start) || !rest.ends_with(end)) return;
    rest.remove_prefix(start.size()), rest.remove_suffix(end.size());
    auto span_of = [&](std::string_view part) {
      auto begin = static_cast<std::uint32_t>(part.data() - text_.text().data());
      return SourceSpan{source_, begin, begin + static_cast<std::uint32_t>(part.size())};
    };
    std::string_view release = word(rest), address = rest.substr(std::min(rest.find_last_of(blanks) + 1, rest.size()));
    Host host;
    host.span = line_span(1);
    auto show = [&](std::string_view name, std::string_view part) {
      Setting field = setting_at(map_, std::string(header_path) + std::string(name));
      field.value = {std::string(part), span_of(part)};
      fields_.push_back(std::move(field));
    };
    if (Release parts = leading_release(release); !parts.parts.empty()) {
      host.release = Located<Release>{parts, span_of(release)};
      show("release", release);
    }
    if (std::optional<Address> at = parse_address(address); at && at->value != 0) {
      host.addresses.push_back({*at, span_of(address)});
      show("address", address);
    }
    add_known_system(site_, std::move(host));
  }

  SourceSpan line_span(std::size_t n) const {
    std::string_view line = text_.line(static_cast<std::uint32_t>(n));
    std::size_t first = std::min(line.find_first_not_of(blanks), line.size());
    std::uint32_t begin = text_.line_start(static_cast<std::uint32_t>(n)) + static_cast<std::uint32_t>(first);
    return {source_, begin, begin + static_cast<std::uint32_t>(trimmed(line).size())};
  }

  // What stands behind "SET NAME".
  SourceSpan behind_name(std::size_t n) const {
    SourceSpan span = line_span(n);
    std::string_view rest = text_.slice(span);
    word(rest), word(rest);
    span.begin = span.end - static_cast<std::uint32_t>(rest.size());
    return span;
  }

  bool is_secret(const Line& line) const {
    std::string path = "46xxsettings/" + std::string(line.name);
    return names_secret(path) || map_.find(path).secret;
  }

  void state(std::size_t n, Understanding understanding, std::string reason) {
    site_.statements.push_back({line_span(n), understanding, std::move(reason)});
  }

  void judge(std::size_t n, const Line& line, bool reached, bool all, bool has_target) {
    using Kind = Line::Kind;
    if (line.kind == Kind::blank || line.kind == Kind::comment || line.kind == Kind::label) return;
    if (line.kind == Kind::broken) {
      if (names_secret(text_.line(static_cast<std::uint32_t>(n)))) site_.secrets.push_back(behind_name(n));
      return state(n, Understanding::not_understood, line.why);
    }
    if (!reached && line.kind == Kind::set && is_secret(line)) {
      site_.secrets.push_back(behind_name(n));
      if (!line.value.empty() && span_of_value(line).begin > line_span(n).end) site_.secrets.push_back(span_of_value(line));
    }
    if (!reached) return state(n, Understanding::ignored, "no phone comes to this line");
    if (line.kind == Kind::set) return set(n, line, all);
    if (line.kind == Kind::get)
      return state(n, Understanding::bounded, "what this file sets is not here; it may replace what follows");
    if (!has_target) return state(n, Understanding::not_understood, "no such label follows; what phones do then is not known");
    if (line.kind == Kind::condition)
      state(n, Understanding::bounded, "depends on the phone: what it jumps over holds for some");
    else
      state(n, Understanding::understood, "");
  }

  SourceSpan span_of_value(const Line& line) const {
    auto begin = static_cast<std::uint32_t>(line.value.data() - text_.text().data());
    return {source_, begin, begin + static_cast<std::uint32_t>(line.value.size())};
  }

  std::string why_ignored(const std::string& path) const {
    const FieldEntry* entry = map_.find(path).entry;
    return entry ? entry->ignore : "no setting known for this name";
  }

  void set(std::size_t n, const Line& line, bool all) {
    has_set_ = true;
    std::string path = "46xxsettings/" + std::string(line.name);
    Setting field = setting_at(map_, path);
    SourceSpan end{source_, line_span(n).end, line_span(n).end};
    field.value = {std::string(line.value), line.value.empty() ? end : span_of_value(line)};
    field.conditional = !all;
    if (line.why[0] != '\0')
      state(n, Understanding::bounded, line.why);
    else if (!all)
      state(n, Understanding::bounded, "holds for some phones only");
    else
      state(n, field.key.empty() ? Understanding::ignored : Understanding::understood, field.key.empty() ? why_ignored(path) : "");
    // A later SET replaces those before it; one that only some phones reach stands beside them.
    if (all) {
      last_[field.path.text()] = std::move(field);
    } else if (auto [at, fresh] = last_.try_emplace(field.path.text(), field); !fresh) {
      fields_.push_back(std::move(field));
    }
  }

  const Source& text_;
  std::uint32_t source_;
  Site& site_;
  const FieldMap& map_;
  Record record_;
  std::map<std::string, Setting> last_;  // by path
  std::vector<Setting> fields_;
  bool has_set_ = false;
};

}  // namespace

int recognises_phone_settings(const Source& source) {
  constexpr std::uint32_t head = 2000;  // lines
  constexpr std::string_view known[] = {"HTTPSRVR",  "TLSSRVR",  "SIP_CONTROLLER_LIST", "MCIPADD",        "SNMPSTRING", "DHCPSTD",
                                        "SIPDOMAIN", "PROCPSWD", "RTP_PORT_LOW",        "FILE_SERVER_URL"};
  std::size_t sets = 0, lines = 0, others = 0;
  bool familiar = false;
  for (std::uint32_t n = 1; n <= std::min(source.line_count(), head); ++n) {
    std::string_view text = source.line(n);
    if (n == 1 && text.size() > (1u << 16)) return 0;
    Line line = parse(text);
    familiar = familiar || text.find("46xxs") != text.npos || text.find("AUTOGENERATEDSETTINGS") != text.npos;
    if (line.kind == Line::Kind::blank || line.kind == Line::Kind::comment || line.kind == Line::Kind::label) continue;
    ++lines;
    others += line.kind == Line::Kind::broken;
    if (line.kind != Line::Kind::set) continue;
    // Written in capitals, which tells these files from scripts that "set" things.
    bool capitals = std::none_of(line.name.begin(), line.name.end(), [](char c) { return c >= 'a' && c <= 'z'; });
    sets += capitals;
    familiar = familiar || std::find(std::begin(known), std::end(known), line.name) != std::end(known);
  }
  if (sets == 0 || others * 2 > lines) return 0;
  return familiar ? 90 : others * 20 <= lines ? 60 : 0;
}

void interpret_phone_settings(const Sources& sources, std::uint32_t source, Site& site) {
  Interpreter(sources[source], source, site).run();
}

}  // namespace ipo
