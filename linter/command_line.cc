// Each verb is one CLI11 app over its command's fields; texts that are no plain values (formats, levels, addresses) are
// collected as strings and translated after parsing, so that every complaint is ours.
#include "linter/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <optional>

#include "linter/inputs/site_files.h"
#include "linter/output/snippet.h"
#include "parsers/parsers.h"
#include "parsers/site_file/site_file.h"
#include "parsers/text/nearest.h"

namespace ipo {
namespace {

constexpr std::array<std::string_view, 10> verbs = {"lint",   "init",      "zones",    "exposure", "query",
                                                    "matrix", "inventory", "settings", "explain",  "checks"};

constexpr std::string_view overview = R"(ipo-lint: static analyser for sites that run an Avaya IP Office

Usage: ipo-lint [lint] FILE|DIR...   what is exposed, what calls need and is blocked
       ipo-lint init FILE...         a site file (ipo-lint.toml) of what can be inferred
       ipo-lint zones FILE...        which zone each interface and source is in, and why
       ipo-lint exposure FILE...     zone by zone, which services are open, possibly open, closed
       ipo-lint query FILE...        does this get there, by which line, and what closes it
       ipo-lint matrix [TERM...]     the vendor's port matrix
       ipo-lint inventory FILE...    what was understood of an input, and what was not
       ipo-lint settings [TERM...]   the settings a site file and an export may hold
       ipo-lint explain CHECK|TERM   what a check means and how to fix it, or a term
       ipo-lint checks               all checks

`ipo-lint VERB --help` shows a verb's options. A FILE named like a verb is given as ./FILE.

Exit status: 0 nothing at or above --fail-on; 1 findings; 2 wrong usage; 3 an input could
not be used, even if there are findings in others; 4 internal error.
)";

// A complaint about the user's words. Thrown, as is the help text, to leave parsing.
Message usage(std::string_view text) { return {fmt::format("ipo-lint: {}\nTry `ipo-lint --help`.\n", text), exit_usage}; }

// CLI11 would list only the options in the usage line.
struct Help : CLI::Formatter {
  std::string usage_line;
  explicit Help(std::string line) : usage_line(std::move(line)) {}
  std::string make_usage(const CLI::App*, std::string) const override { return usage_line + '\n'; }
  std::string make_description(const CLI::App* app) const override {
    return fitted(CLI::Formatter::make_description(app), 80) + '\n';
  }
  std::string make_option_desc(const CLI::Option* option) const override {
    return fitted(CLI::Formatter::make_option_desc(option), 80 - get_column_width());
  }

  static std::string fitted(std::string text, std::size_t width) {
    while (text.ends_with('\n')) text.pop_back();
    std::replace(text.begin(), text.end(), '\n', ' ');
    return fmt::format("{}", fmt::join(broken(text, width), "\n"));
  }
};

// One value per occurrence, commas split it further; never swallows the words that follow.
CLI::Option* add_list(CLI::App& app, const std::string& name, std::vector<std::string>& values, const std::string& help) {
  return app.add_option(name, values, help)->delimiter(',')->allow_extra_args(false);
}

// CLI11 strips brackets from positional lists, so words that are no options are taken as they are.
std::vector<std::string> parse(CLI::App& app, const std::string& usage_line, std::vector<std::string> words) {
  std::vector<std::string> plain;
  auto end = std::find(words.begin(), words.end(), "--");
  if (end != words.end()) {
    plain.assign(end + 1, words.end());
    words.erase(end, words.end());
  }
  app.formatter(std::make_shared<Help>(usage_line));
  app.set_help_flag("-h,--help", "Print this help");
  app.allow_extras();
  std::reverse(words.begin(), words.end());
  try {
    app.parse(std::move(words));
  } catch (const CLI::CallForHelp&) {
    throw Message{app.help(), exit_clean};
  }
  std::vector<std::string> rest = app.remaining();
  for (const std::string& word : rest) {
    if (word.size() < 2 || word[0] != '-') continue;
    std::vector<std::string> names;
    for (const CLI::Option* option : app.get_options())
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    std::string name = word.substr(0, word.find('='));
    throw usage(fmt::format("unknown option '{}'{}", printable(name), did_you_mean(name, names)));
  }
  rest.insert(rest.end(), plain.begin(), plain.end());
  return rest;
}

template <class Names>
void require(std::string_view what, std::string_view word, const Names& names) {
  if (std::find(names.begin(), names.end(), word) != names.end()) return;
  throw usage(fmt::format("unknown {} '{}'{} ({})", what, printable(word), did_you_mean(word, names), fmt::join(names, ", ")));
}

void require_dialect(const std::string& as) {
  std::vector<std::string_view> names;
  for (const Dialect& d : dialects()) names.push_back(d.name);
  if (!as.empty()) require("input format", as, names);
}

Output parse_output(const std::string& text) {
  std::size_t equals = text.find('=');
  Output output{text.substr(0, equals), equals == text.npos ? "" : text.substr(equals + 1)};
  require("format", output.format, std::array<std::string_view, 3>{"text", "json", "sarif"});
  if (equals != text.npos && output.file.empty()) throw usage(fmt::format("no file name in '--format {}'", text));
  if (output.file == "-") output.file.clear();
  return output;
}

std::optional<Level> parse_level(const std::string& text) {
  require("level", text, std::array<std::string_view, 4>{"note", "warning", "error", "never"});
  for (Level level : {Level::note, Level::warning, Level::error})
    if (text == name_of(level)) return level;
  return std::nullopt;
}

std::vector<Address> parse_addresses(std::string_view option, const std::vector<std::string>& texts) {
  std::vector<Address> addresses;
  for (const std::string& text : texts) {
    std::optional<Address> address = parse_address(text);
    if (!address) throw usage(fmt::format("{} takes an IPv4 or IPv6 address, not '{}'", option, printable(text)));
    addresses.push_back(*address);
  }
  return addresses;
}

ColorChoice parse_color(const std::string& text) {
  require("colour choice", text, std::array<std::string_view, 3>{"auto", "always", "never"});
  return text == "always" ? ColorChoice::always : text == "never" ? ColorChoice::never : ColorChoice::automatic;
}

// The options of every command that looks at a site; `pbx` is translated by check_site_options.
void add_site_options(CLI::App& app, SiteQuestion& question, std::vector<std::string>& pbx) {
  LintOptions& options = question.options;
  app.add_option("--config", question.config, "Site file, instead of the nearest ipo-lint.toml")->type_name("FILE");
  add_list(app, "--internet", options.internet, "Interface that faces the internet (repeatable)")->type_name("IFACE");
  add_list(app, "--pbx", pbx, "Address of the PBX (repeatable)")->type_name("ADDR");
  app.add_option("--release", options.release, "Release of the PBX, as 9.1 or 11.1.3; its port matrix is used, or the newest")
      ->type_name("RELEASE");
  app.add_option("--matrix", question.matrices, "TOML file of port matrix rows to add or replace (repeatable)")
      ->allow_extra_args(false)
      ->type_name("FILE");
  app.add_option("--fields", question.fields,
                 "TOML file of [[field]] tables: which elements of an export are which settings (repeatable)")
      ->allow_extra_args(false)
      ->type_name("FILE");
  app.add_option("--as", options.as, "Format of every input, instead of recognising it")->type_name("FORMAT");
}

// A site file that is named among the inputs, as a shell's `site/*` does, is what --config would name.
void take_site_file(SiteQuestion& question) {
  std::vector<std::string> rest;
  for (std::string& path : question.inputs) {
    if (path.substr(path.rfind('/') + 1) != site_file_name) {
      rest.push_back(std::move(path));
      continue;
    }
    if (!question.config.empty() && question.config != path)
      throw usage(fmt::format("two site files, {} and {}; name one of them, or only the inputs: each finds its own",
                              printable(question.config), printable(path)));
    question.config = std::move(path);
  }
  question.inputs = std::move(rest);
}

// Once the command line is parsed; `nothing` is what to say where no input is given.
void check_site_options(SiteQuestion& question, const std::vector<std::string>& pbx, std::string_view nothing) {
  take_site_file(question);
  if (question.inputs.empty()) throw usage(nothing);
  question.options.pbx = parse_addresses("--pbx", pbx);
  const LintOptions& options = question.options;
  if (!options.release.empty() && !is_release(options.release))
    throw usage(fmt::format("unknown release '{}': --release takes one as 9.1 or 11.1.3.0.0 (port matrices: {})",
                            printable(options.release), fmt::join(matrix_releases(), ", ")));
  require_dialect(options.as);
}

// One level or several of what a code host tells uploads apart by: "berlin", "sites/berlin".
void check_category(const std::string& name) {
  bool odd = name.empty() || name.size() > 200 || name.starts_with('/') || name.ends_with('/') || name.find("//") != name.npos ||
             printable(name) != name;
  if (odd)
    throw usage(
        fmt::format("--category takes a name such as 'berlin' or 'sites/berlin', at most 200 bytes of visible characters, not '{}'",
                    printable(name.substr(0, 200))));
}

Command parse_lint(std::vector<std::string> words) {
  LintCommand command;
  std::vector<std::string> pbx, formats;
  std::string fail_on = "warning", min_severity = "note", color = "auto";
  bool split = false;
  CLI::App app("Judges the configurations of a site together: PBX exports and firewall dumps, in any order.");
  app.name("ipo-lint");
  add_site_options(app, command, pbx);
  app.add_option("--format", formats, "text, json or sarif; with =FILE into that file (repeatable)")
      ->allow_extra_args(false)
      ->type_name("FMT[=FILE]");
  app.add_option("--fail-on", fail_on, "Lowest level that makes the exit status 1: note, warning, error, never")
      ->type_name("LEVEL")
      ->capture_default_str();
  app.add_option("--min-severity", min_severity, "Leave out findings below this level: note, warning, error")
      ->type_name("LEVEL")
      ->capture_default_str();
  add_list(app, "--only", command.options.only, "Run only this check (repeatable)")->type_name("CHECK");
  add_list(app, "--skip", command.options.skip, "Do not run this check (repeatable)")->type_name("CHECK");
  app.add_flag("--no-group", split, "One finding per row of the port matrix instead of one per line");
  app.add_option("-j,--jobs", command.jobs, "How many sites to judge at a time; 0 = as many as there are processors")
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--color", color, "auto, always or never")->type_name("WHEN")->capture_default_str();
  auto* category =
      app.add_option("--category", command.category, "What code scanning tells this SARIF log from others by: ipo-lint/NAME/")
          ->type_name("NAME");
  app.add_flag("--exit-zero", command.exit_zero, "Exit 0 also when there are findings");
  command.inputs = parse(app, "Usage: ipo-lint [lint] [OPTIONS] FILE|DIR|-...", std::move(words));

  check_site_options(command, pbx,
                     "nothing to analyse; give the PBX's export and the firewall's dump, a folder, or - for standard input");
  command.options.group = !split;
  command.min_severity = parse_level(min_severity);
  if (category->count() > 0) check_category(command.category);
  if (command.jobs > 256) throw usage("-j takes a number from 0 to 256");
  for (const std::string& text : formats) command.outputs.push_back(parse_output(text));
  if (command.outputs.empty()) command.outputs.push_back({"text", ""});
  if (std::count_if(command.outputs.begin(), command.outputs.end(), [](const Output& o) { return o.file.empty(); }) > 1)
    throw usage("only one format can go to standard output; give the others a file: --format sarif=FILE");
  for (const auto* list : {&command.options.only, &command.options.skip})
    for (const std::string& id : *list)
      if (std::string why = unknown_check(id); !why.empty()) throw usage(why);
  command.fail_on = parse_level(fail_on);
  command.color = parse_color(color);
  return command;
}

Command parse_init(std::vector<std::string> words) {
  InitCommand command;
  std::vector<std::string> pbx;
  CLI::App app(
      "Writes an ipo-lint.toml of what can be inferred from the inputs and is said by the options, each line with its reason.\n"
      "It is written into the folder all inputs have in common.");
  app.name("ipo-lint init");
  add_site_options(app, command.site, pbx);
  app.add_option("-o,--output", command.output, "Where to write; - for standard output")->type_name("FILE");
  app.add_flag("--force", command.force, "Replace a file that is there");
  command.site.inputs = parse(app, "Usage: ipo-lint init [OPTIONS] FILE|DIR|-...", std::move(words));
  check_site_options(command.site, pbx, "init takes the files of the site, or - for standard input");
  return command;
}

Command parse_zones(std::vector<std::string> words) {
  ZonesCommand command;
  std::vector<std::string> pbx;
  CLI::App app("Says which zone each interface and source of the firewalls landed in, and why.");
  app.name("ipo-lint zones");
  add_site_options(app, command.site, pbx);
  app.add_option("--format", command.format, "text or json")->type_name("FMT")->capture_default_str();
  command.site.inputs = parse(app, "Usage: ipo-lint zones [OPTIONS] FILE|DIR|-...", std::move(words));
  check_site_options(command.site, pbx, "zones takes the files of the site, or - for standard input");
  require("format", command.format, std::array<std::string_view, 2>{"text", "json"});
  return command;
}

// Of packets, or of a person: which of the two the words decide.
Command parse_query(std::vector<std::string> words) {
  QueryCommand command;
  AskCommand ask;
  std::vector<std::string> pbx, packet, packets, from, to, service;
  std::string format, color = "auto";
  CLI::App app(
      "Says whether something gets through, by which line, and what closes it. --from, --to and --service ask about a service;\n"
      "--packet and --packets follow packets through the rules. A packet has the fields hook (input, forward, output), in, out,\n"
      "src, dst, proto, sport, dport, state (new), flags (SYN), icmp_type, icmp_code; what is not given is not known.");
  app.name("ipo-lint query");
  auto add_one = [&](const char* name, std::vector<std::string>& value, const char* type, const char* help) {
    app.add_option(name, value, help)->allow_extra_args(false)->type_name(type);
  };
  add_one("--from", from, "ZONE|ADDR", "Where from: a zone (internet), an address or a net");
  add_one("--to", to, "HOST|ADDR", "Where to: a host's name or address; without it every host");
  add_one("--service", service, "SERVICE", "What: 69/udp, 5060-5061, a row of the port matrix (T1.4), a word (sip)");
  add_one("--packet", packet, "FIELDS", "One packet: 'in=eth0 src=203.0.113.9 dst=192.168.42.1 proto=udp dport=69'");
  add_one("--packets", packets, "FILE", "One packet a line, as JSON objects; - for standard input");
  app.add_option("--firewall", command.firewall, "The firewall packets are asked of, where several are given")->type_name("FILE");
  app.add_option("--format", format, "text or json; of packets text or jsonl, jsonl with --packets if not given")->type_name("FMT");
  add_site_options(app, command.site, pbx);
  app.add_option("--color", color, "auto, always or never")->type_name("WHEN")->capture_default_str();
  command.site.inputs = parse(app,
                              "Usage: ipo-lint query [OPTIONS] FILE|DIR|-...\n"
                              "         --from ZONE --service SERVICE [--to HOST]\n"
                              "       ipo-lint query [OPTIONS] FILE|DIR|-... --packet FIELDS | --packets FILE",
                              std::move(words));
  check_site_options(command.site, pbx, "query takes the files of the site, or - for standard input");
  command.color = parse_color(color);
  auto only = [](const char* name, const std::vector<std::string>& values) {
    if (values.size() > 1) throw usage(fmt::format("{} can be given once", name));
    return values.empty() ? std::string() : values[0];
  };
  bool person = !from.empty() || !to.empty() || !service.empty();
  if (person && (!packet.empty() || !packets.empty()))
    throw usage("query takes --from and --service, or --packet, or --packets; not two of them");
  if (person) {
    ask.site = command.site;
    ask.from = only("--from", from), ask.to = only("--to", to), ask.service = only("--service", service);
    if (ask.from.empty() || ask.service.empty())
      throw usage("query needs --from and --service, as in: --from internet --service 69/udp; --to narrows it to one host");
    ask.format = format.empty() ? "text" : format;
    require("format", ask.format, std::array<std::string_view, 2>{"text", "json"});
    ask.color = command.color;
    return ask;
  }
  if (packet.size() + packets.size() != 1)
    throw usage("query takes --from and --service, or one --packet 'in=eth0 src=203.0.113.9 ...', or one --packets FILE");
  if (!packet.empty()) command.packet = packet[0];
  if (!packets.empty()) command.packets = packets[0];
  if (command.packets.empty() && packet.empty()) throw usage("no file name in '--packets'");
  if (command.packets == "-" && std::find(command.site.inputs.begin(), command.site.inputs.end(), "-") != command.site.inputs.end())
    throw usage("standard input can give the site or the packets, not both; put one of them into a file");
  command.format = !format.empty() ? format : packet.empty() ? "jsonl" : "text";
  require("format", command.format, std::array<std::string_view, 2>{"text", "jsonl"});
  return command;
}

Command parse_exposure(std::vector<std::string> words) {
  ExposureCommand command;
  std::vector<std::string> pbx;
  CLI::App app("For each zone and host: which rows of the port matrix are open, possibly open, closed, and by which lines.");
  app.name("ipo-lint exposure");
  add_list(app, "--zone", command.zones, "Only from this zone (repeatable)")->type_name("ZONE");
  add_list(app, "--status", command.statuses, "Only open, possible or closed (repeatable)")->type_name("STATUS");
  app.add_option("--format", command.format, "text or json")->type_name("FMT")->capture_default_str();
  add_site_options(app, command.site, pbx);
  command.site.inputs = parse(app, "Usage: ipo-lint exposure [OPTIONS] FILE|DIR|-...", std::move(words));
  check_site_options(command.site, pbx, "exposure takes the files of the site, or - for standard input");
  require("format", command.format, std::array<std::string_view, 2>{"text", "json"});
  for (const std::string& status : command.statuses)
    require("status", status, std::array<std::string_view, 3>{"open", "possible", "closed"});
  return command;
}

// Gives the place of a release among those that have a matrix.
std::size_t require_matrix(std::string_view release) {
  auto releases = matrix_releases();
  auto found = std::find(releases.begin(), releases.end(), release);
  if (found == releases.end())
    throw usage(fmt::format("there is no port matrix of release '{}', only of {}", printable(release), fmt::join(releases, ", ")));
  return static_cast<std::size_t>(found - releases.begin());
}

// "9.0..9.1".
std::pair<std::string, std::string> parse_changes(const std::string& text) {
  std::size_t dots = text.find("..");
  if (dots == text.npos)
    throw usage(
        fmt::format("--changes takes two releases, FROM..TO, not '{}' ({})", printable(text), fmt::join(matrix_releases(), ", ")));
  std::string from = text.substr(0, dots), to = text.substr(dots + 2);
  if (require_matrix(from) > require_matrix(to))
    throw usage(fmt::format("--changes goes from the older release to the newer one: {}..{}", to, from));
  return {from, to};
}

Command parse_matrix(std::vector<std::string> words) {
  MatrixQuery query;
  std::string changes;
  CLI::App app("Rows of the vendor's port matrix that match every TERM: a port, a word, a row's id.");
  app.name("ipo-lint matrix");
  app.add_option("--format", query.format, "text or json")->type_name("FMT")->capture_default_str();
  auto* release = app.add_option("--release", query.release, "The matrix of release 8.1, 9.0, 9.0.3 or 9.1")
                      ->type_name("RELEASE")
                      ->capture_default_str();
  auto* span = app.add_option("--changes", changes, "What was added, changed and removed: 9.0.3..9.1")->type_name("FROM..TO");
  auto* own = app.add_option("--matrix", query.own, "File with rows that replace and add to those built in (repeatable)")
                  ->allow_extra_args(false)
                  ->type_name("FILE");
  query.terms = parse(app, "Usage: ipo-lint matrix [OPTIONS] [TERM...]", std::move(words));
  require("format", query.format, std::array<std::string_view, 2>{"text", "json"});
  require_matrix(query.release);
  if (span->count() == 0) return query;
  if (release->count() + own->count() > 0)
    throw usage("--changes compares the built-in matrices of two releases; leave out --release and --matrix");
  query.changes = parse_changes(changes);
  return query;
}

Command parse_inventory(std::vector<std::string> words) {
  InventoryCommand command;
  CLI::App app("Says of each input which statements were understood; nothing is judged.");
  app.name("ipo-lint inventory");
  app.add_option("--format", command.format, "text, json (one FILE), or counts: understood bounded ignored not_understood")
      ->type_name("FMT")
      ->capture_default_str();
  app.add_option("--as", command.as, "Format of every input, instead of recognising it")->type_name("FORMAT");
  app.add_option("--fields", command.fields, "TOML file of [[field]] tables, as for lint (repeatable)")
      ->allow_extra_args(false)
      ->type_name("FILE");
  command.inputs = parse(app, "Usage: ipo-lint inventory [OPTIONS] FILE|DIR|-...", std::move(words));
  if (command.inputs.empty()) throw usage("inventory takes the files to describe, or - for standard input");
  require("format", command.format, std::array<std::string_view, 3>{"text", "json", "counts"});
  require_dialect(command.as);
  return command;
}

Command parse_settings(std::vector<std::string> words) {
  SettingsCommand command;
  CLI::App app("Lists the settings of a system that match every TERM: a word of the key, the name or the screen.");
  app.name("ipo-lint settings");
  app.add_option("--format", command.format, "text, markdown or json")->type_name("FMT")->capture_default_str();
  command.terms = parse(app, "Usage: ipo-lint settings [OPTIONS] [TERM...]", std::move(words));
  require("format", command.format, std::array<std::string_view, 3>{"text", "markdown", "json"});
  return command;
}

Command parse_explain(std::vector<std::string> words) {
  ExplainCommand command;
  CLI::App app(
      "Prints what a check means, when it fires and an example of each kind; or what a term of the reports means, as\n"
      "\"if routed\". Without a word, and with `terms`, it lists the terms.");
  app.name("ipo-lint explain");
  app.add_flag("--all", command.all, "All examples of the check");
  for (const std::string& word : parse(app, "Usage: ipo-lint explain [--all] [CHECK|TERM]", std::move(words)))
    command.check += (command.check.empty() ? "" : " ") + word;
  return command;
}

Command parse_checks(std::vector<std::string> words) {
  ChecksCommand command;
  CLI::App app("Lists the checks.");
  app.name("ipo-lint checks");
  app.add_option("--format", command.format, "text or json")->type_name("FMT")->capture_default_str();
  if (!parse(app, "Usage: ipo-lint checks [OPTIONS]", std::move(words)).empty())
    throw usage("checks takes no arguments; for one check: ipo-lint explain CHECK");
  require("format", command.format, std::array<std::string_view, 2>{"text", "json"});
  return command;
}

// The verb that a first word was probably to be; empty where it names a file, or may.
std::string meant_verb(const std::string& word) {
  if (word.empty() || word[0] == '-' || word.find_first_of("/.") != word.npos) return {};
  std::error_code ignored;
  if (std::filesystem::exists(word, ignored)) return {};
  std::string lower;
  for (char c : word) lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return std::string(nearest(lower, verbs));
}

}  // namespace

Command parse_command_line(const std::vector<std::string>& words) {
  if (words.empty()) return Message{fmt::format("ipo-lint: nothing to analyse\n\n{}", overview), exit_usage};
  std::string first = words[0];
  if (first == "--help" || first == "-h" || (first == "help" && words.size() == 1)) return Message{std::string(overview), 0};
  if (first == "--version") return Message{"ipo-lint " IPO_LINT_VERSION "\n", 0};
  bool is_verb = std::find(verbs.begin(), verbs.end(), first) != verbs.end();
  if (std::string verb = is_verb ? "" : meant_verb(first); !verb.empty())
    return usage(fmt::format("there is no file and no verb '{}'; did you mean {}?", printable(first), verb));
  std::vector<std::string> rest(words.begin() + (is_verb ? 1 : 0), words.end());
  try {
    if (first == "init") return parse_init(rest);
    if (first == "zones") return parse_zones(rest);
    if (first == "matrix") return parse_matrix(rest);
    if (first == "exposure") return parse_exposure(rest);
    if (first == "query") return parse_query(rest);
    if (first == "inventory") return parse_inventory(rest);
    if (first == "settings") return parse_settings(rest);
    if (first == "explain") return parse_explain(rest);
    if (first == "checks") return parse_checks(rest);
    return parse_lint(rest);
  } catch (const Message& message) {
    return message;
  } catch (const CLI::ParseError& e) {
    return usage(printable(e.what()));
  }
}

bool wants_color(ColorChoice choice, bool terminal, const std::function<const char*(const char*)>& environment) {
  if (choice != ColorChoice::automatic) return choice == ColorChoice::always;
  auto is_set = [&](const char* name) {
    const char* value = environment(name);
    return value && *value;
  };
  auto forces = [&](const char* name) { return is_set(name) && std::string_view(environment(name)) != "0"; };
  if (is_set("NO_COLOR")) return false;
  if (forces("FORCE_COLOR") || forces("CLICOLOR_FORCE")) return true;
  const char* term = environment("TERM");
  return terminal && !(term && std::string_view(term) == "dumb");
}

}  // namespace ipo
