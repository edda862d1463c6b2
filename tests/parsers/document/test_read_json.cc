// JSON as a tree with places: every value found where it stands, every fault named, any bytes survived.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <random>

#include "parsers/document/document.h"

using namespace ipo;

namespace {

struct Read {
  Sources sources;
  Document document;
  explicit Read(std::string text) {
    sources.emplace_back("x.json", std::move(text), "UTF-8");
    document = read_json(sources, 0);
  }
  std::string at(SourceSpan span) const { return std::string(sources[0].slice(span)); }
  std::string damage() const {
    if (document.damages.empty()) return "";
    const Note& d = document.damages[0];
    return std::to_string(d.span.begin) + ": " + d.message;
  }
};

nlohmann::json value_of(const Node& node) {
  switch (node.kind) {
    case Node::Kind::table: {
      nlohmann::json out = nlohmann::json::object();
      for (const Node& c : node.children) out[c.name] = value_of(c);
      return out;
    }
    case Node::Kind::array: {
      nlohmann::json out = nlohmann::json::array();
      for (const Node& c : node.children) out.push_back(value_of(c));
      return out;
    }
    case Node::Kind::string:
      return node.text;
    case Node::Kind::boolean:
      return node.text == "true";
    case Node::Kind::null:
      return nullptr;
    default:
      return nlohmann::json::parse(node.text);
  }
}

}  // namespace

TEST_CASE("json values with their places") {
  Read r(R"( {"a": [1, -2.5e3, true, null], "b\n\u00e9\ud83d\ude00": "x\"y", "a": {}} )");
  REQUIRE(r.damage() == "");
  const Node& root = r.document.root;
  CHECK(root.kind == Node::Kind::table);
  CHECK(root.span.begin == 1);
  CHECK(r.at(root.span).back() == '}');
  REQUIRE(root.children.size() == 3);  // the repeated name too
  const Node& list = root.children[0];
  CHECK(list.kind == Node::Kind::array);
  CHECK(r.at(list.name_span) == "\"a\"");
  CHECK(r.at(list.span) == "[1, -2.5e3, true, null]");
  REQUIRE(list.children.size() == 4);
  CHECK(list.children[0].kind == Node::Kind::integer);
  CHECK(list.children[1].kind == Node::Kind::real);
  CHECK(list.children[1].text == "-2.5e3");
  CHECK(r.at(list.children[1].span) == "-2.5e3");
  CHECK(list.children[2].kind == Node::Kind::boolean);
  CHECK(list.children[3].kind == Node::Kind::null);
  CHECK(root.children[1].name == "b\né😀");
  CHECK(root.children[1].text == "x\"y");
  CHECK(r.at(root.children[1].text_span) == "x\\\"y");
  CHECK(r.at(root.children[1].span) == "\"x\\\"y\"");
}

TEST_CASE("json faults are named with their place, and what stands before them is kept") {
  CHECK(Read("").damage() == "0: a value expected, not the end of the text");
  CHECK(Read("{\"a\":1").damage() == "6: ',' or '}' expected, not the end of the text");
  CHECK(Read("{\"a\" 1}").damage() == "5: ':' expected after a name, not a number");
  CHECK(Read("{a:1}").damage() == "1: not a JSON value");
  CHECK(Read("[1,]").damage() == "3: a value expected, not ']'");
  CHECK(Read("[01]").damage() == "1: a number with a leading zero");
  CHECK(Read("[1.]").damage() == "3: a number without digits after its point");
  CHECK(Read("[\"a\nb\"]").damage() == "3: a control character in a string");
  CHECK(Read("[\"a\\q\"]").damage() == "3: unknown escape in a string");
  CHECK(Read("[\"a").damage() == "1: a string without its closing quote");
  CHECK(Read("1 2").damage() == "2: the end of the text expected after the value, not a number");
  CHECK(Read("[\"\\ud800\"]").document.root.children.at(0).text == "\xef\xbf\xbd");
  Read r("{\"a\":[1,2,x]}");
  CHECK(r.document.root.children.at(0).children.size() >= 2);
}

TEST_CASE("json nests 200 levels deep and no further") {
  auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  CHECK(Read(nested(200)).damage() == "");
  CHECK(Read(nested(201)).damage() == "200: nested deeper than 200 levels");
  CHECK(Read(std::string(1000000, '[')).document.damages.size() == 1);
}

TEST_CASE("json is read as another reader reads it, whole or damaged") {
  std::mt19937 random(1);
  const std::string seed =
      R"({"hook":"input","in":"eth0","n":[0,-1,2.5,1e9,{"x":null}],"s":"a\\\"\u0041\ud83d\ude00","t":true,"f":false})";
  const std::string alphabet = "{}[]:,\"\\ntf0123.eE-+ u\x01";
  unsigned good = 0;
  for (int n = 0; n < 20000; ++n) {
    std::string text = seed;
    for (unsigned edits = random() % 4; edits > 0; --edits) {
      std::size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text.erase(at, 1 + random() % 5);
          break;
        case 1:
          text.insert(at, 1, alphabet[random() % alphabet.size()]);
          break;
        default:
          text[at] = alphabet[random() % alphabet.size()];
      }
      if (text.empty()) text = " ";
    }
    nlohmann::json expected = nlohmann::json::parse(text, nullptr, false);
    Read r(text);
    INFO(text);
    // Half a surrogate pair is an error there and U+FFFD here.
    if (r.damage().empty() && expected.is_discarded() && text.find("\\ud") != text.npos) continue;
    if (!expected.is_discarded() && !r.damage().empty()) FAIL(r.damage());
    if (expected.is_discarded()) {
      REQUIRE_FALSE(r.damage().empty());
      continue;
    }
    ++good;
    REQUIRE(value_of(r.document.root) == expected);
  }
  CHECK(good > 3000);
}
