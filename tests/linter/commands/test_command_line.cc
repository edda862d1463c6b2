// The command line as data, the files it names, the statuses it ends with; the program itself where a process matters.
#include <catch2/catch.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "linter/command_line.h"
#include "linter/inputs/input_files.h"
#include "parsers/parsers.h"
#include "parsers/text/embedded.h"
#include "parsers/text/nearest.h"
#include "tests/program.h"

using namespace ipo;
using namespace ipo::testing;
using Catch::Matchers::Contains;

namespace fs = std::filesystem;

namespace {

using Words = std::vector<std::string>;

LintCommand lint_of(const Words& words) {
  Command command = parse_command_line(words);
  if (const auto* message = std::get_if<Message>(&command)) FAIL(message->text);
  return std::get<LintCommand>(command);
}

Message message_of(const Words& words) {
  Command command = parse_command_line(words);
  REQUIRE(std::holds_alternative<Message>(command));
  return std::get<Message>(command);
}

}  // namespace

TEST_CASE("lint is the default verb and options do not swallow files") {
  LintCommand c = lint_of({"--internet", "eth0,eth1", "fw.rules", "--internet", "ppp0", "--pbx=192.0.2.1,2001:db8::1", "config.xml",
                           "-", "--only", "tftp-exposed", "[x]"});
  CHECK(c.inputs == Words{"fw.rules", "config.xml", "-", "[x]"});
  CHECK(c.options.internet == Words{"eth0", "eth1", "ppp0"});
  REQUIRE(c.options.pbx.size() == 2);
  CHECK(format_address(c.options.pbx[1]) == "2001:db8::1");
  CHECK(c.options.only == Words{"tftp-exposed"});
  CHECK(c.fail_on == Level::warning);
  REQUIRE(c.outputs.size() == 1);
  CHECK(c.outputs[0].format == "text");
  CHECK(lint_of({"lint", "--", "--as", "matrix"}).inputs == Words{"--as", "matrix"});
  CHECK(lint_of({"./matrix"}).inputs == Words{"./matrix"});
  CHECK(lint_of({"lint", "matrix"}).inputs == Words{"matrix"});
}

TEST_CASE("formats, levels and colours") {
  LintCommand c = lint_of({"x", "--format", "sarif=a=b.sarif", "--format=json", "--fail-on", "never", "--exit-zero"});
  REQUIRE(c.outputs.size() == 2);
  CHECK(c.outputs[0].file == "a=b.sarif");
  CHECK(c.outputs[1].file.empty());
  CHECK_FALSE(c.fail_on.has_value());
  CHECK(c.exit_zero);
  CHECK(lint_of({"x", "--fail-on", "note"}).fail_on == Level::note);
  CHECK(lint_of({"x", "--color", "never"}).color == ColorChoice::never);
  CHECK(lint_of({"x", "--format", "json=-"}).outputs[0].file.empty());

  CHECK_THAT(message_of({"x", "--format", "sarfi"}).text, Contains("did you mean sarif?"));
  CHECK_THAT(message_of({"x", "--format", "json="}).text, Contains("no file name"));
  CHECK_THAT(message_of({"x", "--format", "json", "--format", "text"}).text, Contains("only one format"));
  CHECK_THAT(message_of({"x", "--fail-on", "warnings"}).text, Contains("did you mean warning?"));
  CHECK_THAT(message_of({"x", "--color", "yes"}).text, Contains("colour"));
}

TEST_CASE("wrong usage is status 2 and says the way out") {
  for (const auto& [words, text] : std::vector<std::pair<Words, std::string>>{
           {{}, "nothing to analyse"},
           {{"lint"}, "nothing to analyse; give"},
           {{"--exit-zero"}, "nothing to analyse; give"},
           {{"x", "--fromat", "json"}, "unknown option '--fromat'; did you mean --format?"},
           {{"x", "--pbx", "300.1.1.1"}, "--pbx takes an IPv4 or IPv6 address, not '300.1.1.1'"},
           {{"x", "--only", "tftp-expose"}, "unknown check 'tftp-expose'; did you mean tftp-exposed?"},
           {{"x", "--skip", "zzzzzzzz"}, "unknown check 'zzzzzzzz'\n"},
           {{"x", "--as", "no-such-format"}, "unknown input format 'no-such-format'"},
           {{"x", "--internet"}, "--internet"},
           {{"exposre", "x.rules"}, "no verb 'exposre'; did you mean exposure?"},
           {{"qery"}, "did you mean query?"},
           {{"Lint", "x.rules"}, "did you mean lint?"},
           {{"inventroy"}, "did you mean inventory?"},
           {{"expalin", "tftp-exposed"}, "did you mean explain?"},
           {{"x.rules", "--explode"}, "unknown option"},
           {{"checks", "x"}, "no arguments"},
           {{"checks", "--format", "sarif"}, "unknown format 'sarif'"},
           {{"matrix", "--format", "yaml"}, "unknown format 'yaml'"},
       }) {
    Message message = message_of(words);
    CAPTURE(words);
    CHECK(message.status == 2);
    CHECK_THAT(message.text, Catch::StartsWith("ipo-lint: ") && Contains(text));
  }
}

TEST_CASE("help and version are no errors") {
  for (const Words& words : {Words{"--help"}, Words{"-h"}, Words{"lint", "--help"}, Words{"matrix", "-h"}}) {
    CHECK(message_of(words).status == 0);
    CHECK_THAT(message_of(words).text, Contains("Usage: ipo-lint"));
  }
  CHECK(message_of({"--version"}).text == "ipo-lint " IPO_LINT_VERSION "\n");
  CHECK(std::get<MatrixQuery>(parse_command_line({"matrix", "69", "udp", "--format", "json"})).terms == Words{"69", "udp"});
  CHECK(std::get<ExplainCommand>(parse_command_line({"explain", "x"})).check == "x");
  CHECK(std::get<ExplainCommand>(parse_command_line({"explain", "if", "routed"})).check == "if routed");
  CHECK(std::get<ExplainCommand>(parse_command_line({"explain", "--all", "x"})).all);
  CHECK(std::get<ExplainCommand>(parse_command_line({"explain"})).check.empty());
  CHECK(std::get<ChecksCommand>(parse_command_line({"checks", "--format=json"})).format == "json");
  for (const char* verb : {"lint", "init", "zones", "exposure", "query", "matrix", "inventory", "settings", "explain", "checks"}) {
    std::istringstream help(message_of({verb, "--help"}).text);
    for (std::string line; std::getline(help, line);) CHECK(line.size() <= 80);
  }
}

TEST_CASE("a first word that is a file, or may be one, is no mistyped verb") {
  for (const Words& words :
       {Words{"./exposre"}, Words{"exposre.rules"}, Words{"site/qery"}, Words{"branch-office"}, Words{"-", "exposre"}})
    CHECK(std::holds_alternative<LintCommand>(parse_command_line(words)));
}

TEST_CASE("a verb nearly named is a file where there is one of that name") {
  Folder folder;
  folder.put("zone", "*filter\n:INPUT DROP [0:0]\nCOMMIT\n");
  std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path);
  bool taken_as_file = std::holds_alternative<LintCommand>(parse_command_line({"zone"}));
  std::filesystem::current_path(before);
  CHECK(taken_as_file);
}

TEST_CASE("colour follows the option, then the environment, then the terminal") {
  auto wants = [](ColorChoice choice, bool terminal, std::vector<std::pair<std::string, const char*>> variables) {
    return wants_color(choice, terminal, [=](const char* name) -> const char* {
      for (const auto& [key, value] : variables)
        if (key == name) return value;
      return nullptr;
    });
  };
  CHECK(wants(ColorChoice::automatic, true, {}));
  CHECK_FALSE(wants(ColorChoice::automatic, false, {}));
  CHECK_FALSE(wants(ColorChoice::automatic, true, {{"TERM", "dumb"}}));
  CHECK_FALSE(wants(ColorChoice::automatic, true, {{"NO_COLOR", "1"}, {"FORCE_COLOR", "1"}}));
  CHECK(wants(ColorChoice::automatic, true, {{"NO_COLOR", ""}}));
  CHECK(wants(ColorChoice::automatic, false, {{"FORCE_COLOR", "1"}}));
  CHECK(wants(ColorChoice::automatic, false, {{"CLICOLOR_FORCE", "1"}}));
  CHECK_FALSE(wants(ColorChoice::automatic, false, {{"CLICOLOR_FORCE", "0"}}));
  CHECK(wants(ColorChoice::always, false, {{"NO_COLOR", "1"}}));
  CHECK_FALSE(wants(ColorChoice::never, true, {{"FORCE_COLOR", "1"}}));
}

TEST_CASE("suggestions") {
  std::vector<std::string_view> names = {"tftp-exposed", "http-exposed", "shadowed-rule"};
  CHECK(nearest("ttfp-exposed", names) == "tftp-exposed");
  CHECK(nearest("shadow", names) == "shadowed-rule");
  CHECK(nearest("unrelated-thing", names).empty());
  CHECK(nearest("", names).empty());
}

TEST_CASE("a folder is read in order, without hidden entries and links") {
  Folder folder, outside;
  folder.put("site/b.rules", "b");
  folder.put("site/a/z.rules", "z");
  folder.put("site/.git/config", "no");
  folder.put("site/.hidden", "no");
  folder.put("site/empty", "");
  fs::create_symlink(outside.put("secret", "no"), folder.path / "site/link");
  fs::create_directory_symlink(outside.path, folder.path / "site/linked");
  std::string site = (folder.path / "site").string();
  std::istringstream in;
  InputFiles files = read_inputs({site}, true, in);
  REQUIRE(files.inputs.size() == 2);
  CHECK(files.inputs[0].path == site + "/a/z.rules");
  CHECK(files.inputs[1].bytes == "b");
  CHECK(files.problems.empty());
  CHECK(files.remarks == Words{"3 entries in " + site + " are left out; ipo-lint inventory " + site + " lists them"});
  Words what;
  for (const LeftOut& one : files.left_out) what.push_back(one.path.substr(site.size() + 1) + ": " + one.what);
  CHECK(what ==
        Words{".git: hidden", ".hidden: hidden", "empty: an empty file", "link: a symbolic link", "linked: a symbolic link"});

  files = read_inputs({site}, false, in);
  CHECK(files.inputs.empty());
  REQUIRE(files.problems.size() == 1);
  CHECK_THAT(files.problems[0].message, Contains("no file in a supported format"));
}

TEST_CASE("files that cannot be used are problems, standard input is a file") {
  Folder folder;
  std::string empty = folder.put("empty", ""), good = folder.put("good", "x");
  std::istringstream in("from stdin");
  InputFiles files = read_inputs({good, empty, "-", (folder.path / "none").string(), good, "-"}, false, in);
  REQUIRE(files.inputs.size() == 2);
  CHECK(files.inputs[1].path == "-");
  CHECK(files.inputs[1].bytes == "from stdin");
  REQUIRE(files.problems.size() == 2);
  CHECK(files.problems[0].message == "empty file; nothing to analyse");
  CHECK(files.problems[1].message == "cannot be read: No such file or directory");

  std::string large = folder.put("large", "x");
  fs::resize_file(large, largest_input + 1);
  files = read_inputs({large}, false, in);
  REQUIRE(files.problems.size() == 1);
  CHECK_THAT(files.problems[0].message, Contains("larger than 2048 MiB"));
}

TEST_CASE("a report file is replaced at once and nothing else is left behind") {
  Folder folder;
  std::string target = folder.put("out.sarif", "old");
  fs::create_symlink("out.sarif", folder.path / "link.sarif");
  CHECK(write_file((folder.path / "link.sarif").string(), "new").empty());
  CHECK(slurp(target) == "new");
  CHECK(fs::is_symlink(folder.path / "link.sarif"));
  CHECK(std::distance(fs::directory_iterator(folder.path), {}) == 2);
  CHECK(write_file("/dev/null", "x").empty());
  CHECK(fs::is_character_file("/dev/null"));
  CHECK_FALSE(write_file((folder.path / "no/such/folder/x").string(), "x").empty());
  CHECK(write_file("/dev/full", "x") == "No space left on device");
  std::string weak = folder.put("fw.rules", "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n");
  Ran full = run_program("'" + weak + "' --format sarif=/dev/full");
  CHECK(full.status == 2);
  CHECK_THAT(full.err, Contains("/dev/full: cannot be written: No space left on device"));
}

TEST_CASE("what is shown does not change the status") {
  Folder folder;
  std::string dump = folder.put("fw.rules",
                                "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"
                                "-A INPUT -p tcp -m tcp --dport 443\nCOMMIT\n");
  std::string only = "'" + dump + "' --only target-missing --fail-on note";  // a note
  CHECK(run_program(only).status == 1);
  Ran hidden = run_program(only + " --min-severity error");
  CHECK(hidden.status == 1);
  CHECK(hidden.out.find("target-missing") == std::string::npos);
}

TEST_CASE("the status of a report") {
  Report report;
  CHECK(exit_status(report, Level::note, false) == 0);
  Finding f;
  f.level = Level::warning;
  report.findings = {f};
  CHECK(exit_status(report, Level::warning, false) == 1);
  CHECK(exit_status(report, Level::error, false) == 0);
  CHECK(exit_status(report, Level::note, true) == 0);
  CHECK(exit_status(report, std::nullopt, false) == 0);
  report.problems = {{"x", "empty file"}};
  CHECK(exit_status(report, Level::warning, false) == 3);
  CHECK(exit_status(report, Level::warning, true) == 3);
}

TEST_CASE("lint reports an unusable input on both streams and in every format") {
  Folder folder;
  LintCommand command;
  command.inputs = {folder.put("empty", "")};
  std::string file = (folder.path / "out.json").string();
  command.outputs = {{"text", ""}, {"json", file}};
  std::istringstream in;
  std::ostringstream out, err;
  CHECK(run_lint(command, in, out, err) == 3);
  CHECK(err.str() == "ipo-lint: " + command.inputs[0] + ": empty file; nothing to analyse\n");
  CHECK_THAT(out.str(), Contains("not analysed: ") && Contains("incomplete: 1 input not analysed"));
  nlohmann::json json = nlohmann::json::parse(slurp(file));
  CHECK(json["complete"] == false);
  CHECK(json["problems"].size() == 1);

  command.inputs = {"-"};
  command.outputs = {{"sarif", (folder.path / "none/out.sarif").string()}};
  std::ostringstream errors;
  CHECK(run_lint(command, in, out, errors) == 3);
  CHECK_THAT(errors.str(), Contains("<stdin>: empty file") && Contains("cannot be written"));
}

namespace {
ExplainCommand about(const std::string& word, bool all = false) {
  ExplainCommand command;
  command.check = word, command.all = all;
  return command;
}
}  // namespace

TEST_CASE("checks and explain") {
  std::ostringstream out, err;
  CHECK(run_checks({"json"}, out, err) == 0);
  nlohmann::ordered_json list = nlohmann::ordered_json::parse(out.str());
  REQUIRE(list.size() == checks().size());
  std::string keys;
  for (const auto& [key, value] : list[0].items()) keys += key + ' ';
  CHECK(keys == "id summary severity tags page ");
  std::ostringstream table;
  CHECK(run_checks({}, table, err) == 0);
  CHECK_THAT(table.str(), Contains("tftp-exposed"));

  std::ostringstream page;
  CHECK(run_explain(about("tftp-exposed"), page, err) == 0);
  CHECK(page.str().size() > 20);
  CHECK(page.str().find("```findings") == std::string::npos);
  CHECK_THAT(page.str(),
             Contains("## Flagged") && Contains("## Allowed") && Contains("more examples: `ipo-lint explain --all tftp-exposed`"));
  std::ostringstream whole;
  CHECK(run_explain(about("tftp-exposed", true), whole, err) == 0);
  CHECK(whole.str().size() > 2 * page.str().size());
  std::ostringstream wrong;
  CHECK(run_explain(about("tftp-expossed"), page, wrong) == 2);
  CHECK_THAT(wrong.str(), Contains("did you mean tftp-exposed?"));
}

TEST_CASE("explain says what the words of the reports mean") {
  std::ostringstream list, err;
  CHECK(run_explain(about(""), list, err) == 0);
  for (const char* term : {"if routed", "possible", "proven", "zone", "extent", "perimeter", "trunk", "row", "witness", "assumed",
                           "IF-Routed", "\"if routed\"", "zones", "transit", "witnesses"}) {
    std::ostringstream text;
    CAPTURE(term);
    bool known = std::string_view(term) != "witnesses";
    CHECK(run_explain(about(term), text, err) == (known ? 0 : 2));
    CHECK((text.str().size() > 100) == known);
    CHECK(text.str().find("\n## ") == std::string::npos);
  }
  CHECK_THAT(list.str(), Contains("if routed, ") && Contains("witness"));
  std::ostringstream nothing, wrong;
  CHECK(run_explain(about("possibel"), nothing, wrong) == 2);
  CHECK_THAT(wrong.str(), Contains("did you mean possible?"));
  std::ostringstream narrow;
  ExplainCommand at_sixty = about("possible");
  at_sixty.style = {false, 60, true};
  CHECK(run_explain(at_sixty, narrow, err) == 0);
  std::istringstream lines(narrow.str());
  for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 60);
  CHECK(run_program("explain zone").out == run_program("explain zones").out);
}

TEST_CASE("explain prints pages of their own, and what they send their reader to exists") {
  std::ostringstream list, err;
  CHECK(run_explain(about(""), list, err) == 0);
  CHECK(guide_pages().size() > 0);
  for (const EmbeddedText& page : guide_pages()) {
    std::string name(page.name.substr(0, page.name.size() - 3)), text(page.text);
    CAPTURE(name);
    CHECK(text.starts_with("# " + name + "\n"));
    CHECK_THAT(list.str(), Contains(name));
    std::ostringstream printed;
    CHECK(run_explain(about(name.c_str()), printed, err) == 0);
    CHECK(printed.str() == text);
    std::replace(text.begin(), text.end(), '\n', ' ');
    for (std::size_t at = text.find("`ipo-lint explain "); at != text.npos; at = text.find("`ipo-lint explain ", at + 1)) {
      std::string word = text.substr(at + 18, text.find('`', at + 18) - at - 18);
      if (word.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == word.npos) continue;  // stands for one
      CAPTURE(word);
      std::ostringstream there;
      CHECK(run_explain(about(word.c_str()), there, err) == 0);
    }
  }
}

TEST_CASE("the page of options has every verb, every option of lint and every dialect, and no other") {
  auto pages = guide_pages();
  auto page = std::find_if(pages.begin(), pages.end(), [](const EmbeddedText& p) { return p.name == "options.md"; });
  REQUIRE(page != pages.end());
  auto options_in = [](std::string_view text) {
    std::set<std::string> out;
    for (std::size_t at = 0; (at = text.find_first_of(" `,|", at)) != text.npos; ++at)
      if (text[at + 1] == '-' && text.size() > at + 2 && (text[at + 2] == '-' || (text[at + 2] >= 'a' && text[at + 2] <= 'z')))
        out.insert(std::string(text.substr(at + 1, text.find_first_of(" =,`|\n[", at + 1) - at - 1)));
    return out;
  };
  std::string help = message_of({"lint", "--help"}).text;
  std::size_t from = page->text.find("## Options of lint"), to = page->text.find("## Exit statuses");
  std::set<std::string> shown = options_in(page->text.substr(from, to - from)), known = options_in(help);
  known.erase("-h"), known.erase("--help"), shown.erase("---");
  CHECK(shown == known);
  std::string all = message_of({"--help"}).text;
  for (const char* verb : {"lint", "init", "zones", "exposure", "query", "matrix", "inventory", "settings", "explain", "checks"}) {
    CAPTURE(verb);
    CHECK_THAT(all, Contains(verb));
    CHECK_THAT(std::string(page->text.substr(0, from)),
               Contains(std::string("ipo-lint ") + (verb == std::string("lint") ? "[lint]" : verb)));
  }
  for (const Dialect& dialect : dialects()) CHECK_THAT(std::string(page->text), Contains("`" + std::string(dialect.name) + "`"));
}

TEST_CASE("the program's statuses") {
  Folder folder;
  std::string empty = folder.put("empty", "");
  CHECK(run_program("--version").out == "ipo-lint " IPO_LINT_VERSION "\n");
  CHECK(run_program("").status == 2);
  CHECK(run_program("--nonsense x").status == 2);
  CHECK(run_program("checks").status == 0);
  CHECK(run_program("explain no-such-check").status == 2);
  CHECK(run_program("'" + empty + "'").status == 3);
  CHECK(run_program("--exit-zero - </dev/null").status == 3);
  CHECK(run_program("checks --format json >/dev/full").status == 2);
  CHECK(run_program("'" + empty + "' --color always").out.find('\x1b') != std::string::npos);
  CHECK(run_program("'" + empty + "'").out.find('\x1b') == std::string::npos);
  Ran closed = run_program("checks --format json | head -c 1");
  CHECK(closed.status == 0);
  CHECK(closed.out == "[");
}
