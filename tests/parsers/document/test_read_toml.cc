#include <catch2/catch.hpp>
#include <tuple>

#include "parsers/document/document.h"

using namespace ipo;

namespace {

struct Read {
  Sources sources;
  Document document;

  explicit Read(std::string text) : sources{Source("a.toml", std::move(text), "UTF-8")}, document(read_toml(sources, 0)) {}
  std::string_view at(SourceSpan span) const { return sources[0].slice(span); }
  const Node& key(std::string_view name) const {
    const Node* node = document.root.child(name);
    REQUIRE(node);
    return *node;
  }
};

std::vector<std::string> names(const Node& node) {
  std::vector<std::string> out;
  for (const Node& child : node.children) out.push_back(child.name);
  return out;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("toml: scalars carry kind, text and exact spans") {
  Read toml("s = \"a\\tb\"\nl = 'c:\\d'\nb = true\nf = false\ni = 0x1_F\nn = -7\nr = 1_0.50\n");
  REQUIRE(toml.document.damages.empty());
  const std::vector<std::tuple<Node::Kind, std::string, std::string>> expected = {
      {Node::Kind::string, "a\tb", "\"a\\tb\""}, {Node::Kind::string, "c:\\d", "'c:\\d'"}, {Node::Kind::boolean, "true", "true"},
      {Node::Kind::boolean, "false", "false"},   {Node::Kind::integer, "31", "0x1_F"},     {Node::Kind::integer, "-7", "-7"},
      {Node::Kind::real, "10.50", "1_0.50"}};
  REQUIRE(toml.document.root.children.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const Node& node = toml.document.root.children[i];
    CHECK(node.kind == std::get<0>(expected[i]));
    CHECK(node.text == std::get<1>(expected[i]));
    CHECK(toml.at(node.span) == std::get<2>(expected[i]));
    CHECK(node.text_span == node.span);
    CHECK(toml.at(node.name_span) == node.name);
  }
}

TEST_CASE("toml: dates are ISO 8601") {
  Read toml(
      "a = 1979-05-27 07:32:00Z\nb = 1979-05-27T00:32:00-07:00\nc = 2014-12-24\nd = 07:30:00.5\ne = "
      "2014-12-24T01:02:03\n");
  REQUIRE(toml.document.damages.empty());
  for (const Node& node : toml.document.root.children) CHECK(node.kind == Node::Kind::date);
  CHECK(toml.key("a").text == "1979-05-27T07:32:00Z");
  CHECK(toml.at(toml.key("a").span) == "1979-05-27 07:32:00Z");
  CHECK(toml.key("b").text == "1979-05-27T00:32:00-07:00");
  CHECK(toml.key("c").text == "2014-12-24");
  CHECK(toml.key("d").text == "07:30:00.5");
  CHECK(toml.key("e").text == "2014-12-24T01:02:03");
}

TEST_CASE("toml: spans count bytes, whatever stands before them on the line") {
  Read toml("# Zürich\n\"clé €\" = { x = \"ä𝄞\", y = 1 } # ü\nz = [\"ö\", \"ß\", 2]\n");
  REQUIRE(toml.document.damages.empty());
  const Node& table = toml.key("clé €");
  CHECK(toml.at(table.name_span) == "\"clé €\"");
  CHECK(toml.at(table.span) == "{ x = \"ä𝄞\", y = 1 }");
  CHECK(toml.at(table.children[0].span) == "\"ä𝄞\"");
  CHECK(toml.at(table.children[1].name_span) == "y");
  CHECK(toml.at(table.children[1].span) == "1");
  CHECK(toml.at(toml.key("z").children[1].span) == "\"ß\"");
  CHECK(toml.at(toml.key("z").children[2].span) == "2");
}

TEST_CASE("toml: CRLF, and a last line without its end") {
  Read toml("a = 1\r\nb = \"x\" # ü\r\n\r\n[t]\r\nc = \"\"\"\r\nü\r\n\"\"\"\r\nd = 4");
  REQUIRE(toml.document.damages.empty());
  CHECK(toml.at(toml.key("a").span) == "1");
  CHECK(toml.at(toml.key("b").span) == "\"x\"");
  const Node& t = toml.key("t");
  CHECK(toml.at(t.children[0].span) == "\"\"\"\r\nü\r\n\"\"\"");
  CHECK(toml.at(t.children[1].span) == "4");
  CHECK(toml.at(t.name_span) == "t");
  CHECK(toml.at(t.span).starts_with("[t]"));
  CHECK(toml.at(t.span).ends_with("d = 4"));
}

TEST_CASE("toml: keys keep the order they were written in") {
  Read toml("z = 1\na = 2\nm.y = 3\nm.b = 4\n[k]\nq = { z = 1, a = 2 }\n[c]\n");
  REQUIRE(toml.document.damages.empty());
  CHECK(names(toml.document.root) == Names{"z", "a", "m", "k", "c"});
  CHECK(names(toml.key("m")) == Names{"y", "b"});
  CHECK(names(toml.key("k").children[0]) == Names{"z", "a"});
  CHECK(toml.at(toml.key("m").name_span) == "m");
  CHECK(toml.at(toml.key("m").span) == "m.y = 3\nm.b = 4");
}

TEST_CASE("toml: a table whose parts are apart spans all of them") {
  Read toml("[x.y]\nk = 1\n[w]\n[x]\nd = 2\n");
  REQUIRE(toml.document.damages.empty());
  CHECK(names(toml.document.root) == Names{"x", "w"});
  CHECK(names(toml.key("x")) == Names{"y", "d"});
  CHECK(toml.at(toml.key("x").span) == "[x.y]\nk = 1\n[w]\n[x]\nd = 2");
}

TEST_CASE("toml: arrays nest and their members have no name") {
  Read toml("a = [[1, 2], [\n  3, # three\n  \"x\"], {k = [true]}, []]\n");
  REQUIRE(toml.document.damages.empty());
  const Node& a = toml.key("a");
  REQUIRE(a.children.size() == 4);
  CHECK(a.kind == Node::Kind::array);
  CHECK(toml.at(a.span).ends_with("{k = [true]}, []]"));
  CHECK(toml.at(a.children[0].span) == "[1, 2]");
  CHECK(a.children[0].name.empty());
  CHECK(a.children[0].name_span == a.children[0].span);
  CHECK(a.children[0].text_span.begin == a.children[0].text_span.end);
  CHECK(toml.at(a.children[1].children[1].span) == "\"x\"");
  CHECK(toml.at(a.children[2].children[0].children[0].span) == "true");
  CHECK(a.children[3].children.empty());
}

TEST_CASE("toml: in an array of tables each table has its own header") {
  Read toml("[[row]]\nid = 1\n\n[[row]] # ü\nid = 2\n[row.sub]\nk = 3\n[[ row ]]\n");
  REQUIRE(toml.document.damages.empty());
  const Node& rows = toml.key("row");
  CHECK(rows.kind == Node::Kind::array);
  CHECK(toml.at(rows.name_span) == "row");
  REQUIRE(rows.children.size() == 3);
  for (const Node& row : rows.children) CHECK((row.kind == Node::Kind::table && row.name.empty()));
  CHECK(toml.at(rows.children[0].name_span) == "[[row]]");
  CHECK(toml.at(rows.children[0].span) == "[[row]]\nid = 1");
  CHECK(toml.at(rows.children[1].span) == "[[row]] # ü\nid = 2\n[row.sub]\nk = 3");
  CHECK(toml.at(rows.children[2].name_span) == "[[ row ]]");
  CHECK(toml.at(rows.span).ends_with("[[ row ]]"));
}

TEST_CASE("toml: a syntax error leaves an empty tree and one damage within one line") {
  for (std::string text : {"a = 1\nb = \nc = 2\n",
                           "a = 1\nb = ä\n",
                           "a = 1\nb = \"x\n",
                           "a = 1\nb = 1 2\r\n",
                           "a = 1\n[b\n",
                           "a = 1\na = 2",
                           "a = 1\nb = [",
                           "a = 1\nb = 2020-13-01",
                           "a = 1\n\r",
                           "ä = 1",
                           "a = {b = 1,}",
                           "a = 1\nb = \"\\q\"",
                           "a = \"\"\"\n\\ä\"\"\"",
                           "a = 1\n[a.b]\n",
                           "=",
                           "[[[a",
                           "[[a.[",
                           "[]",
                           "a",
                           "a = 99999999999999999999"}) {
    INFO(text);
    Read toml(text);
    CHECK(toml.document.root.children.empty());
    CHECK(toml.document.root.kind == Node::Kind::table);
    REQUIRE(toml.document.damages.size() == 1);
    const Note& damage = toml.document.damages[0];
    CHECK(!damage.message.empty());
    CHECK(damage.message.find('\n') == std::string::npos);
    CHECK(damage.span.end <= text.size());
    CHECK(damage.span.begin <= damage.span.end);
    CHECK(toml.at(damage.span).find('\n') == std::string_view::npos);
  }
  CHECK(Read("a = 1\nbé = 2\n").at(Read("a = 1\nbé = 2\n").document.damages[0].span) == "é = 2");
}

TEST_CASE("toml: nothing but blanks and comments is an empty table") {
  for (const char* text : {"", "\n", " \t\r\n", "# c", "# ü\n"}) {
    Read toml(text);
    CHECK(toml.document.damages.empty());
    CHECK(toml.document.root.children.empty());
  }
}

TEST_CASE("toml: letters after a line-ending backslash") {
  Read toml("a = \"\"\"x \\\n   äöü\"\"\"\n");
  REQUIRE(toml.document.damages.empty());
  CHECK(toml.key("a").text == "x äöü");
}

TEST_CASE("toml: what nests too deep is refused, by brackets and by dots") {
  auto repeat = [](std::string_view part, int n) {
    std::string out;
    while (n-- > 0) out += part;
    return out;
  };
  for (const std::string& text : {"a = " + repeat("[", 100000), "a = " + repeat("{a=", 100000), "a" + repeat(".a", 100000) + " = 1",
                                  "[a" + repeat(" . \"b.c\"", 40) + "]", "a = [{ b" + repeat(".a", 100000) + " = 1 }]",
                                  "s = '''\n'''''\na" + repeat(".a", 100000) + " = 1",
                                  "s = \"\\\"\"\na" + repeat(".a", 100000) + " = 1", "# '\na" + repeat(".a", 100000) + " = 1"}) {
    Read toml(text);
    CHECK(toml.document.root.children.empty());
    CHECK(toml.document.damages.size() == 1);
  }
  for (const std::string& text : {"a = [" + repeat("1.5, ", 1000) + "]", "a = \"" + repeat(".", 1000) + "\"",
                                  "a = '''\n" + repeat(".", 1000) + "'''\nb = \"\"\"" + repeat(".", 1000) + "\"\"\"\"",
                                  "#" + repeat(".", 1000), "a" + repeat(".a", 31) + " = " + repeat("[", 60) + repeat("]", 60)}) {
    INFO(text.substr(0, 40));
    CHECK(Read(text).document.damages.empty());
  }
}
