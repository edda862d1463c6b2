// What commands about one site are given: one site, or a refusal with its status.
#include <catch2/catch.hpp>
#include <sstream>

#include "linter/command_line.h"
#include "tests/program.h"

using namespace ipo;
using namespace ipo::testing;
using Catch::Matchers::Contains;

namespace {

const char* const dump =
    "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n-A FORWARD -i eth0 -p udp --dport 69 -j ACCEPT\nCOMMIT\n";

struct Asked {
  std::unique_ptr<Assessment> assessment;
  int status = -1;
  std::string err;
};

Asked ask(const SiteQuestion& question) {
  std::istringstream in(dump);
  std::ostringstream err;
  Asked asked;
  asked.assessment = assess_one_site(question, in, err, asked.status);
  asked.err = err.str();
  return asked;
}

}  // namespace

TEST_CASE("one site: its files are assessed together") {
  Folder folder;
  Asked asked = ask({{folder.put("a.rules", dump), "-"}, "", {}, {}});
  REQUIRE(asked.assessment);
  CHECK(asked.status == 0);
  CHECK(asked.err.empty());
  CHECK(asked.assessment->standings.size() == 2);
  REQUIRE(asked.assessment->exposure);
}

TEST_CASE("one site: several are refused by name") {
  Folder folder;
  std::string a = folder.put("a/fw.rules", dump), b = folder.put("b/fw.rules", dump);
  folder.put("a/ipo-lint.toml", "");
  folder.put("b/ipo-lint.toml", "");
  Asked asked = ask({{a, b}, "", {}, {}});
  CHECK_FALSE(asked.assessment);
  CHECK(asked.status == 2);
  CHECK(asked.err == "ipo-lint: these files are 2 sites: " + (folder.path / "a").string() + ", " + (folder.path / "b").string() +
                         "; ask about one at a time\n");
  asked = ask({{a, b}, folder.put("all.toml", "release = \"9.0\"\n"), {}, {}});
  REQUIRE(asked.assessment);
  CHECK(asked.assessment->matrix->release == "9.0");
}

TEST_CASE("one site: what cannot be used is said, the rest is assessed") {
  Folder folder;
  std::string empty = folder.put("empty", ""), odd = folder.put("odd", "nothing known\n"), good = folder.put("fw", dump);
  Asked asked = ask({{empty, odd, good}, "", {}, {}});
  REQUIRE(asked.assessment);
  CHECK(asked.status == 3);
  CHECK_THAT(asked.err, Contains("empty: empty file") && Contains("odd: not recognised"));
  CHECK(asked.assessment->standings.size() == 1);
  for (const std::vector<std::string>& useless : {std::vector{empty}, {odd}, {empty, odd}}) {
    asked = ask({useless, "", {}, {}});
    CHECK_FALSE(asked.assessment);
    CHECK(asked.status == 3);
  }
}

TEST_CASE("one site: wrong site files and matrices end the question") {
  Folder folder;
  std::string good = folder.put("fw", dump), wrong = folder.put("wrong.toml", "relaese = \"9.1\"\n");
  Asked asked = ask({{good}, wrong, {}, {}});
  CHECK_FALSE(asked.assessment);
  CHECK(asked.status == 2);
  CHECK_THAT(asked.err, Contains("wrong.toml:1:1: "));
  asked = ask({{good}, "", {(folder.path / "none.toml").string()}, {}});
  CHECK_FALSE(asked.assessment);
  CHECK(asked.status == 2);
  CHECK_THAT(asked.err, Contains("none.toml: cannot be read"));
  asked = ask({{good}, "", {folder.put("rows.toml", "[[row]]\n")}, {}});
  CHECK_FALSE(asked.assessment);
  CHECK(asked.status == 2);
}

TEST_CASE("one site: a site file among the inputs is the --config") {
  auto parsed = [](const std::vector<std::string>& words) { return parse_command_line(words); };
  LintCommand lint = std::get<LintCommand>(parsed({"site/config.xml", "site/ipo-lint.toml", "site/fw.rules"}));
  CHECK(lint.config == "site/ipo-lint.toml");
  CHECK(lint.inputs == std::vector<std::string>{"site/config.xml", "site/fw.rules"});
  CHECK(std::get<LintCommand>(parsed({"ipo-lint.toml", "x", "--config", "ipo-lint.toml"})).config == "ipo-lint.toml");
  CHECK(std::get<LintCommand>(parsed({"x", "my-ipo-lint.toml"})).config.empty());
  Message two = std::get<Message>(parsed({"a/ipo-lint.toml", "x", "b/ipo-lint.toml"}));
  CHECK(two.status == 2);
  CHECK_THAT(two.text, Contains("two site files, a/ipo-lint.toml and b/ipo-lint.toml"));
  CHECK(std::get<Message>(parsed({"x", "ipo-lint.toml", "--config", "other.toml"})).status == 2);
  CHECK(std::get<Message>(parsed({"ipo-lint.toml"})).status == 2);
}
