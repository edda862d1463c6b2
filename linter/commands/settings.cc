// The table of parsers/ipoffice/settings.toml, filtered: for a person, as a page, or as JSON.
#include "parsers/ipoffice/settings.h"

#include <fmt/format.h>

#include <algorithm>

#include "linter/commands/commands.h"
#include "linter/output/json_writer.h"
#include "linter/output/snippet.h"
#include "parsers/text/letters.h"

namespace ipo {
namespace {

bool matches(const KnownSetting& s, const std::vector<std::string>& terms) {
  std::string all = lower(s.key + '\n' + s.name + '\n' + s.screen + '\n' + s.element);
  return std::all_of(terms.begin(), terms.end(), [&](const std::string& term) { return all.find(lower(term)) != all.npos; });
}

std::string default_text(const SettingDefault& d) {
  std::string when = where(d);
  return d.value + (when.empty() ? "" : " (" + when + ")");
}

std::string defaults_text(const KnownSetting& s) {
  std::string out;
  for (const SettingDefault& d : s.defaults) out += (out.empty() ? "" : "; ") + default_text(d);
  return out;
}

// "documented: Management API 12.2, p. 20"
std::string evidence_text(const KnownSetting& s) {
  return std::string(name_of(s.evidence)) + (s.evidence == Evidence::documented ? ": " + s.source : "");
}

void write_text(std::ostream& out, const std::vector<const KnownSetting*>& list) {
  std::size_t width = 0;
  for (const KnownSetting* s : list) width = std::max(width, s->key.size());
  for (const KnownSetting* s : list) {
    out << fmt::format("{:<{}}  {}: {}\n", s->key, width, s->name, describe_values(*s));
    auto line = [&](std::string_view label, const std::string& text) {
      if (!text.empty()) out << fmt::format("{:{}}  {} {}\n", "", width, label, text);
    };
    line("default", defaults_text(*s));
    line("screen ", s->screen);
    line("element", s->element.empty() ? "" : s->element + fmt::format(" ({})", evidence_text(*s)));
  }
}

std::string cell(std::string text) {
  for (std::size_t at = 0; (at = text.find('|', at)) != text.npos; at += 2) text.insert(at, "\\");
  return text;
}

void write_markdown(std::ostream& out, const std::vector<const KnownSetting*>& list) {
  out << "# Settings of a system\n\n"
         "Keys for `[settings]` of `ipo-lint.toml`, and elements for the XML envelope `response > data > ws_object > System`.\n"
         "This list is ipo-lint's own. Evidence is about the element: `confirmed` was seen in an export or in code that reads "
         "one;\n"
         "`documented` is printed by Avaya, on that page; `screen` is on a screen of Manager or Web Manager, but the element's "
         "name is ipo-lint's; `ours` is ipo-lint's altogether.\n\n"
         "| Key | Name | Values | Default | Screen | Element | Evidence |\n|---|---|---|---|---|---|---|\n";
  for (const KnownSetting* s : list) {
    std::string values = describe_values(*s) + (s->range_source.empty() ? "" : " (" + s->range_source + ")"), defaults;
    for (const NarrowerRange& r : s->ranges)
      values += "; up to " + r.releases.until + " " + format_ports(r.range) + " (" + r.source + ")";
    for (const SettingDefault& d : s->defaults)
      defaults += (defaults.empty() ? "" : "; ") + default_text(d) + " [" + d.source + "]";
    out << fmt::format("| `{}` | {} | {} | {} | {} | {} | {} |\n", s->key, cell(s->name), cell(values), cell(defaults),
                       cell(s->screen), s->element.empty() ? "" : "`" + s->element + "`", cell(evidence_text(*s)));
  }
}

void write_json(std::ostream& out, const std::vector<const KnownSetting*>& list) {
  JsonWriter json;
  json.begin_array();
  for (const KnownSetting* s : list) {
    json.begin_object().member("key", s->key).member("name", s->name).member("type", name_of(s->type)).member("unit", s->unit);
    json.key("range").begin_array();
    if (s->range)
      for (const Interval& i : *s->range)
        json.begin_array().value(static_cast<std::uint64_t>(i.lo)).value(static_cast<std::uint64_t>(i.hi)).end_array();
    json.end_array().member("range_source", s->range_source).texts("choices", s->choices);
    json.key("defaults").begin_array();
    for (const SettingDefault& d : s->defaults)
      json.begin_object().member("value", d.value).member("where", where(d)).member("source", d.source).end_object();
    json.end_array().member("screen", s->screen).member("element", s->element);
    json.member("evidence", name_of(s->evidence)).member("source", s->source).member("secret", s->secret).end_object();
  }
  out << json.end_array().finish();
}

}  // namespace

int run_settings(const SettingsCommand& command, std::ostream& out, std::ostream& err) {
  std::vector<const KnownSetting*> list;
  for (const KnownSetting& s : known_settings())
    if (matches(s, command.terms)) list.push_back(&s);
  if (command.format == "json")
    write_json(out, list);
  else if (command.format == "markdown")
    write_markdown(out, list);
  else
    write_text(out, list);
  if (list.empty() && command.format == "text") {
    err << "ipo-lint: no setting matches; `ipo-lint settings` lists them all\n";
    return exit_usage;
  }
  return exit_clean;
}

}  // namespace ipo
