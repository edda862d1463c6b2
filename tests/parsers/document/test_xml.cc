// Spans are proven by slicing; names, texts and attributes by a second, independent parser (tinyxml2).
#include <tinyxml2.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <sstream>
#include <thread>

#include "parsers/document/document.h"
#include "parsers/document/prepare_xml.h"
#include "tests/program.h"

namespace {

using namespace ipo;
namespace fs = std::filesystem;

struct Read {
  Sources sources;
  Document document;
  const std::string& text() const { return sources[0].text(); }
  std::string slice(SourceSpan span) const { return std::string(sources[0].slice(span)); }
};

Read read(std::string text) {
  Read r;
  r.sources.emplace_back("test.xml", std::move(text), "UTF-8");
  r.document = read_xml(r.sources, 0);
  return r;
}

std::string bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void walk(const Node& node, const std::function<void(const Node&)>& visit) {
  for (const Node& c : node.children) {
    visit(c);
    walk(c, visit);
  }
}

std::size_t depth_of(const Node& node) {
  std::size_t deepest = 0;
  for (const Node& c : node.children) deepest = std::max(deepest, 1 + depth_of(c));
  return deepest;
}

std::string messages(const Document& document) {
  std::string out;
  for (const Note& n : document.damages) out += n.message + "\n";
  return out;
}

// The tree in one line: a(b="1" 'text' c()).
std::string shape(const Node& node) {
  std::string out = node.name + "(";
  for (const Attribute& a : node.attributes) out += a.name + "=\"" + a.value + "\" ";
  if (!node.text.empty()) out += "'" + node.text + "' ";
  for (const Node& c : node.children) out += shape(c) + " ";
  while (out.back() == ' ') out.pop_back();
  return out + ")";
}

// Holds for every input, damaged or not.
void check_sane(const Read& r) {
  auto inside = [&](SourceSpan s) { return s.begin <= s.end && s.end <= r.text().size(); };
  std::uint32_t previous = 0;
  walk(r.document.root, [&](const Node& n) {
    bool ok = inside(n.span) && inside(n.name_span) && inside(n.text_span) && n.name_span.begin == n.span.begin &&
              n.name_span.end <= n.span.end && n.span.begin >= previous && r.slice(n.name_span).starts_with("<");
    previous = n.span.begin;
    for (const Attribute& a : n.attributes)
      ok = ok && inside(a.span) && a.span.begin >= n.name_span.begin && a.span.end <= n.name_span.end &&
           a.value_span.begin > a.span.begin && a.value_span.end < a.span.end;
    for (const Node& c : n.children) ok = ok && c.span.begin >= n.name_span.end && c.span.end <= n.span.end;
    if (!ok) FAIL("spans of <" << n.name << "> in: " << r.text().substr(0, 2000));
  });
  if (depth_of(r.document.root) > 200 || r.document.damages.size() > 21) FAIL("limits: " << r.text().substr(0, 2000));
  for (const Note& d : r.document.damages)
    if (!inside(d.span) || r.slice(d.span).find('\n') != std::string::npos || d.message.empty())
      FAIL("damage '" << d.message << "' in: " << r.text().substr(0, 2000));
}

// Holds for well-formed documents.
void check_exact(const Read& r) {
  walk(r.document.root, [&](const Node& n) {
    std::string all = r.slice(n.span), tag = r.slice(n.name_span);
    auto local = [&](std::size_t at) {
      std::size_t end = all.find_first_of(" \t\r\n/>", at);
      std::string name = all.substr(at, end - at);
      return name.substr(name.find(':') + 1);
    };
    bool ok = all.front() == '<' && all.back() == '>' && tag.back() == '>' && local(1) == n.name;
    if (tag.ends_with("/>"))
      ok = ok && all == tag;
    else
      ok = ok && local(all.rfind("</") + 2) == n.name;
    for (const Attribute& a : n.attributes) {
      std::string value = r.slice(a.value_span);
      char quote = r.text()[a.value_span.begin - 1];
      ok = ok && quote == r.text()[a.value_span.end] && value.find(quote) == std::string::npos;
      ok = ok && r.slice(a.span).ends_with(quote + value + quote);
      if (value.find_first_of("&\t\r\n") == std::string::npos) ok = ok && value == a.value;
    }
    std::string raw = r.slice(n.text_span);
    if (n.children.empty() && raw.find_first_of("&<\r") == std::string::npos) ok = ok && raw == n.text;
    if (!ok) FAIL("<" << n.name << "> sliced as " << all.substr(0, 300) << " text " << raw);
  });
}

// ---- generated documents ----------------------------------------------------------------------------------------

class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  std::string document() {
    std::string out = chance(2) ? "<?xml version=\"1.0\" encoding=\"UTF-16\"?>" : "";
    if (chance(3)) out += "<!-- <no> & \"comment\" -->";
    element(out, 0);
    if (chance(4)) out += "\n<!-- end -->\n";
    return out;
  }

 private:
  unsigned pick(unsigned n) { return static_cast<unsigned>(random_() % n); }
  bool chance(unsigned n) { return pick(n) == 0; }
  std::string one_of(std::initializer_list<const char*> list) { return *(list.begin() + pick(unsigned(list.size()))); }
  std::string name() { return one_of({"a", "Extension", "Last-Modified", "x:Name", "größe", "B_2", "r"}); }

  void element(std::string& out, int level) {
    std::string tag = name();
    out += "<" + tag;
    unsigned count = pick(4);
    for (unsigned i = 0; i < count; ++i) {
      std::string quote = one_of({"\"", "'"});
      out += one_of({" ", "\n\t", "  "}) + "a" + std::to_string(i) + one_of({"=", " = "}) + quote;
      out += one_of({"plain", "a > b", "&lt;&amp;&quot;", "ü&#x20ac;", "", "/>", "=x="}) + (quote == "'" ? "\"" : "'") + quote;
    }
    if (chance(4)) {
      out += one_of({"/>", " />"});
      return;
    }
    out += one_of({">", " >"});
    unsigned parts = level > 5 ? 1 : pick(5);
    for (unsigned i = 0; i < parts; ++i) {
      if (level <= 5 && chance(2))
        element(out, level + 1);
      else
        out += one_of({"text", " grün ", "&amp;", "&#65;", "\n", "<![CDATA[<raw> & ]]>", "<!-- > -->", "<?pi <x> ?>", "1 > 0"});
    }
    out += "</" + tag + one_of({">", " >"});
  }

  std::mt19937 random_;
};

TEST_CASE("spans of generated documents are exact", "[xml]") {
  for (unsigned seed = 0; seed < 3000; ++seed) {
    Read r = read(Generator(seed).document());
    if (!r.document.damages.empty()) FAIL(messages(r.document) << r.text());
    check_sane(r);
    check_exact(r);
  }
}

TEST_CASE("names, attributes and texts", "[xml]") {
  auto one = [](std::string text) { return shape(read(std::move(text)).document.root); };
  CHECK(one("<a b='1' c = \"x'y>z\"/>") == "(a(b=\"1\" c=\"x'y>z\"))");
  CHECK(one("<a>x<b>y</b>z</a>") == "(a('xz' b('y')))");
  CHECK(one("<a>&lt;&#x41;&#66;&amp;&gt;&apos;&quot;</a>") == "(a('<AB&>'\"'))");
  CHECK(one("<a> <![CDATA[ 1 < 2 ]]> <!-- no --></a>") == "(a('1 < 2'))");
  CHECK(one("<a>x\r\ny\rz</a>") == "(a('x\ny\nz'))");
  CHECK(one("<a b='x\r\ny\tz'/>") == "(a(b=\"x y z\"))");
  CHECK(one("<n:a xmlns:n='urn:x' n:b='1' xmlns='urn:y'/>") == "(a(xmlns:n=\"urn:x\" b=\"1\" xmlns=\"urn:y\"))");
  CHECK(one("<a>x<!-- - -->y</a>") == "(a('xy'))");
  CHECK(one("<?xml version='1.0' encoding='ISO-8859-1'?><a>ü</a>") == "(a('ü'))");
  CHECK(one("<a>\x7f</a>") == "(a('\x7f'))");

  Read r = read("<a>\n  <b k=\"v&amp;w\">  one two </b>\n</a>");
  const Node& b = r.document.root.children[0].children[0];
  CHECK(r.slice(b.span) == "<b k=\"v&amp;w\">  one two </b>");
  CHECK(r.slice(b.name_span) == "<b k=\"v&amp;w\">");
  CHECK(r.slice(b.text_span) == "one two");
  CHECK(r.slice(b.attributes[0].span) == "k=\"v&amp;w\"");
  CHECK(r.slice(b.attributes[0].value_span) == "v&amp;w");
  CHECK(b.attributes[0].value == "v&w");
  const Node& a = r.document.root.children[0];
  CHECK(a.text.empty());
  CHECK(a.text_span.begin == a.text_span.end);
}

TEST_CASE("a text is copied only where something in it must be hidden", "[xml]") {
  auto prepared = [](std::string_view text) {
    xml::Damages damages(0, text);
    return xml::prepare_xml(text, damages);
  };
  for (std::string_view head : {"", "\n", "<?xml version=\"1.0\"?>", "\xef\xbb\xbf<?xml version='1.0'?>\n", "<?xml?>\n<?xml?>"}) {
    std::string text = std::string(head) + "<a b='1'>x<![CDATA[<]]></a>";
    xml::Prepared got = prepared(text);
    CAPTURE(text);
    CHECK(got.copy.empty());
    CHECK(got.text().data() == text.data());
    CHECK(text.find('<', got.begin) == text.find("<a"));
    CHECK(read(text).document.root.children.at(0).text == "x<");
  }
  for (std::string_view text :
       {"<a><!-- x --></a>", "<a>\x01</a>", "<a>1 < 2</a>", "<!DOCTYPE a><a/>", "<a/><?xml version='1.0'?>", "<a><b </a>"}) {
    CAPTURE(text);
    CHECK_FALSE(prepared(text).copy.empty());
    CHECK(prepared(text).text().size() == text.size());
  }
}

TEST_CASE("several top-level elements are read whole", "[xml]") {
  Read r = read("<ws_object><a>1</a></ws_object>\n<ws_object><a>2</a></ws_object>");
  CHECK(r.document.damages.empty());
  CHECK(shape(r.document.root) == "(ws_object(a('1')) ws_object(a('2')))");
  check_exact(r);
  r = read("<?xml version=\"1.0\"?><a/>\n<?xml version=\"1.0\"?><b/>");
  CHECK(r.document.damages.empty());
  CHECK(shape(r.document.root) == "(a() b())");
  r = read("\xef\xbb\xbf<a x:y='1'><x:b/></a>");
  CHECK(r.document.damages.empty());
  CHECK(shape(r.document.root) == "(a(y=\"1\" b()))");
}

TEST_CASE("a minified file of five megabytes", "[xml]") {
  std::string text = "<response status=\"1\"><data>";
  while (text.size() < 5'000'000)
    text += "<ws_object><User GUID=\"ä-1\"><Name>a&amp;b</Name><Extension>201</Extension></User></ws_object>";
  text += "</data></response>";
  Read r = read(std::move(text));
  CHECK(r.document.damages.empty());
  check_exact(r);
  CHECK(r.slice(r.document.root.children[0].children[0].children.back().span).ends_with("</User></ws_object>"));
}

// ---- the second parser ------------------------------------------------------------------------------------------

std::string trimmed(const std::string& s) {
  std::size_t first = s.find_first_not_of(" \t\r\n");
  return first == s.npos ? "" : s.substr(first, s.find_last_not_of(" \t\r\n") - first + 1);
}

std::string shape_of(const tinyxml2::XMLElement& e) {
  auto local = [](std::string name) {
    return name == "xmlns" || name.starts_with("xmlns:") ? name : name.substr(name.find(':') + 1);
  };
  std::string out = local(e.Name()) + "(", text, children;
  for (auto* a = e.FirstAttribute(); a; a = a->Next()) out += local(a->Name()) + "=\"" + a->Value() + "\" ";
  for (auto* n = e.FirstChild(); n; n = n->NextSibling()) {
    if (n->ToText()) text += n->Value();
    if (n->ToElement()) children += shape_of(*n->ToElement()) + " ";
  }
  if (text = trimmed(text); !text.empty()) out += "'" + text + "' ";
  out += children;
  while (out.back() == ' ') out.pop_back();
  return out + ")";
}

std::string second_opinion(const std::string& text) {
  tinyxml2::XMLDocument document;
  document.Parse(text.data(), text.size());
  if (document.Error()) return document.ErrorStr();
  std::string out = "(";
  for (auto* e = document.FirstChildElement(); e; e = e->NextSiblingElement()) out += shape_of(*e) + " ";
  while (out.back() == ' ') out.pop_back();
  return out + ")";
}

TEST_CASE("tinyxml2 reads the same from well-formed documents", "[xml]") {
  for (unsigned seed = 0; seed < 1000; ++seed) {
    Read r = read(Generator(seed).document());
    if (r.text().find("<?pi") != std::string::npos) continue;  // tinyxml2 takes instructions for declarations
    // ... and drops blank text between two sections.
    auto dense = [](std::string t) { return std::erase_if(t, [](char c) { return c == ' ' || c == '\n'; }), t; };
    std::string ours = dense(shape(r.document.root)), theirs = dense(second_opinion(r.text()));
    if (ours != theirs) FAIL(ours << "\n" << theirs << "\n" << r.text());
  }
  std::vector<fs::path> folders = {ipo::testing::source_dir() / "fixtures/formats/ipoffice"};
  if (const char* samples = std::getenv("IPO_LINT_SAMPLES"))
    folders.push_back(fs::path(samples) / "ipoffice");
  else
    std::puts("skipped: IPO_LINT_SAMPLES is not set");
  int files = 0;
  for (const fs::path& folder : folders)
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.path().extension() != ".xml") continue;
      ++files;
      INFO(entry.path());
      Sources sources{decode_source(entry.path().string(), bytes_of(entry.path()))};
      Document document = read_xml(sources, 0);
      CHECK(messages(document) == "");
      CHECK(shape(document.root) == second_opinion(sources[0].text()));
    }
  CHECK(files > 5);
}

// ---- damage -----------------------------------------------------------------------------------------------------

TEST_CASE("damages are reported where they are and the rest is read", "[xml]") {
  struct Case {
    std::string text, shape, damage, at;
  };
  const Case cases[] = {
      {"<a><b>1</b><c>2", "(a(b('1') c('2')))", "the text ends inside <c>", "<c>"},
      {"<a><b>1</b><c x='", "(a(b('1')))", "the text ends inside a tag", "<"},
      {"<a><b>1</b></a", "(a(b('1')))", "the text ends inside a tag", "<"},
      {"<a><b>1</c><d>2</d></a>", "(a(b('1') d('2')))", "</c> where <b> ends", "</c>"},
      {"<r><a><b>1</a><a><b>2</b></a></r>", "(r(a(b('1')) a(b('2'))))", "<b> has no end tag", "<b>"},
      {"</x><a>1</a>", "(a('1'))", "an end tag without its start tag", "</x>"},
      {"<a>1</a></data></response><b/>", "(a('1') b())", "an end tag without its start tag", "</data>"},
      {"<a>1 < 2</a>", "(a('1 < 2'))", "a '<' that starts no tag", "<"},
      {"<a b='1<2' c='3'/>", "(a(b=\"1<2\" c=\"3\"))", "a '<' that starts no tag", "<"},
      {"<a><b x='1 <c>2</c></a>", "(a(b(c('2'))))", "a tag without its end", "<b"},
      {"<a><b 1=2>x</b><c>y</c></a>", "(a(b('x') c('y')))", "XML that is not well formed", ""},
      {"<a><b x=2>x</b><c>y</c></a>", "(a(b('x') c('y')))", "XML that is not well formed", ""},
      {"<a><b x=2/><c>y</c></a>", "(a(b() c('y')))", "XML that is not well formed", ""},
      {"<a b='1' b='2'>x</a>", "(a(b=\"1\" b=\"2\" 'x'))", "an attribute given twice", ""},
      {std::string("<a>1\0\0002</a>", 12), "(a('12'))", "a character that XML does not allow", ""},
      {"<a>&foo;x&</a>", "(a('&foo;x&'))", "an entity or '&' that is kept as it stands", "&"},
      {"<a>&#0;&#xD800;</a>", "(a('&#0;&#xD800;'))", "an entity or '&' that is kept as it stands", "&"},
      {"<a>x]]>y</a>", "(a('x]]>y'))", "a ']]>' without a CDATA section", ""},
      {"<a><![CDATA[x</a>", "(a())", "a CDATA section without its end", "<"},
      {"<a>1</a><!-- x <b/>", "(a('1'))", "a comment without its end", "<"},
      {"<?xml version='1.0'><a>1</a>", "(a('1'))", "a processing instruction without its end", "<?"},
      {"<!DOCTYPE a [<!ENTITY x \"]>\"> <!-- ' --> ]><a>&x;</a>", "(a('&x;'))", "document type declarations are not read",
       "<!DOCTYPE"},
      {"<a><!doctype html><b/></a>", "(a(b()))", "document type declarations are not read", "<!doctype"},
      {"junk <a/>", "('junk' a())", "text outside any element", "j"},
      {"", "()", "no XML element can be read here", ""},
      {"just text", "('just text')", "no XML element can be read here", "j"},
      {"<\xc3\x97 b='1'>x</\xc3\x97><a>1</a>", "", "XML that is not well formed", ""},
  };
  for (const Case& c : cases) {
    INFO(c.text);
    Read r = read(c.text);
    check_sane(r);
    if (!c.shape.empty()) CHECK(shape(r.document.root) == c.shape);
    INFO(messages(r.document));
    bool found = false;
    for (const Note& d : r.document.damages) found = found || (d.message == c.damage && (c.at.empty() || r.slice(d.span) == c.at));
    CHECK(found);
  }
  CHECK(shape(read("<\xc3\x97 b='1'/><a>1</a>").document.root).find("a('1')") != std::string::npos);
}

TEST_CASE("twenty damages and a count", "[xml]") {
  std::string text = "<a>";
  for (int i = 0; i < 100; ++i) text += "&x; ";
  Read r = read(text + "</a>");
  REQUIRE(r.document.damages.size() == 21);
  CHECK(r.document.damages.back().message == "and 80 more");
  check_sane(r);
}

TEST_CASE("malformed fixtures are read without a crash", "[xml]") {
  int files = 0;
  for (const auto& entry : fs::directory_iterator(ipo::testing::source_dir() / "fixtures/malformed")) {
    if (entry.path().extension() != ".xml") continue;
    ++files;
    Read r;
    r.sources.push_back(decode_source(entry.path().string(), bytes_of(entry.path())));
    r.document = read_xml(r.sources, 0);
    INFO(entry.path());
    CHECK(!r.document.damages.empty());
    check_sane(r);
  }
  CHECK(files >= 5);
}

// ---- hostile ----------------------------------------------------------------------------------------------------

TEST_CASE("entities never expand and files are never opened", "[xml]") {
  std::string laughs = "<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY lol0 \"lol\">";
  for (int i = 1; i < 10; ++i) {
    std::string e = "&lol" + std::to_string(i - 1) + ";";
    laughs += "<!ENTITY lol" + std::to_string(i) + " \"" + e + e + e + e + e + e + e + e + e + e + "\">";
  }
  Read r = read(laughs + "]><lolz>&lol9;</lolz>");
  CHECK(shape(r.document.root) == "(lolz('&lol9;'))");
  CHECK(messages(r.document).starts_with("document type declarations are not read"));

  fs::path secret = fs::temp_directory_path() / ("ipo-lint-xxe-" + std::to_string(std::random_device{}()) + ".txt");
  std::ofstream(secret) << "TOP-SECRET-CONTENT";
  std::string url = "file://" + secret.string();
  for (std::string text :
       {"<!DOCTYPE a [<!ENTITY x SYSTEM \"" + url + "\">]><a b=\"&x;\">&x;</a>", "<!DOCTYPE a SYSTEM \"" + url + "\"><a>&x;</a>",
        "<!DOCTYPE a [<!ENTITY % p SYSTEM \"" + url + "\"> %p;]><a>1</a>",
        "<a xmlns:xi=\"http://www.w3.org/2001/XInclude\"><xi:include href=\"" + url + "\" parse=\"text\"/></a>"}) {
    Read x = read(text);
    check_sane(x);
    CHECK(shape(x.document.root).find("TOP-SECRET") == std::string::npos);
    CHECK(messages(x.document).find("TOP-SECRET") == std::string::npos);
    CHECK(x.document.root.children.size() == 1);
  }
  fs::remove(secret);
}

TEST_CASE("deep nesting is cut at 200", "[xml]") {
  std::string deep, close;
  for (int i = 0; i < 100000; ++i) deep += "<d>", close += "</d>";
  for (const std::string& text : {deep + "x" + close + "<after/>", deep, deep + "</x>" + close, "<d>" + deep}) {
    Read r = read(text);
    check_sane(r);
    CHECK(depth_of(r.document.root) == 200);
    CHECK(messages(r.document).find("nesting deeper than 200 elements is not read") != std::string::npos);
    if (text.ends_with("<after/>")) CHECK(r.document.root.children.back().name == "after");
  }
  std::string ok, end;
  for (int i = 0; i < 200; ++i) ok += "<d>", end += "</d>";
  CHECK(read(ok + end).document.damages.empty());
}

TEST_CASE("huge and repetitive inputs end soon", "[xml]") {
  auto many = [](std::string part, std::size_t bytes) {
    std::string out;
    while (out.size() < bytes) out += part;
    return out;
  };
  std::string ten(10'500'000, 'x');
  const std::string cases[] = {
      "<a b=\"" + ten + "\"/><c/>",
      "<a>" + ten + "</a><c/>",
      "<a><![CDATA[" + ten + "]]></a><c/>",
      "<!--" + ten + "--><c/>",
      "<" + ten + "/><c/>",
      "<a b=\"" + ten,
      "<c/>" + many("<?a", 2'000'000),
      "<c/>" + many("<?xml ", 2'000'000) + "?>",
      "<c/>" + many("<", 2'000'000),
      "<c/>" + many("</", 2'000'000),
      "<c/>" + many("<a ", 2'000'000),
      "<c/>" + many("<a b='", 2'000'000),
      "<c/>" + many("</a>", 2'000'000),
      "<c/>" + many("<!DOCTYPE", 2'000'000),
      "<c/>" + many("<![CDATA[", 2'000'000),
      "<c/>" + many("&", 2'000'000),
      "<c/>" + std::string(2'000'000, '\0'),
      "<c/><a " + many("b='1' ", 2'000'000) + "/>",
      "<c/><a " + many("xmlns:b='1' ", 2'000'000) + "/>",
      "<c/>" + many("<x:a xmlns:x='y'>", 2'000'000),
      "<c/>" + many("<a 1>", 2'000'000),
      "<c/>" + many("<a></b>", 2'000'000),
      "<c/>" + many("<\xc3\x97>", 2'000'000),
      "<c/>" + many("]]>", 2'000'000),
  };
  for (const std::string& text : cases) {
    INFO(text.substr(0, 40));
    auto begin = std::chrono::steady_clock::now();
    Read r = read(text);
    check_sane(r);
    double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    if (seconds > 3) std::printf("%.1f s: %s\n", seconds, text.substr(0, 40).c_str());
    CHECK(seconds < 20);
    if (text[1] == 'a' && text.ends_with("<c/>")) CHECK(shape(r.document.root).ends_with("c())"));
    if (text.starts_with("<c/>")) CHECK(r.document.root.children.front().name == "c");
  }
}

TEST_CASE("any bytes give a sane tree", "[xml]") {
  std::mt19937 random(7);
  const std::string pieces[] = {"<",
                                ">",
                                "</",
                                "/>",
                                "<!--",
                                "-->",
                                "<![CDATA[",
                                "]]>",
                                "<?",
                                "?>",
                                "<!DOCTYPE",
                                "[",
                                "]",
                                "a",
                                "b",
                                "=",
                                "\"",
                                "'",
                                " ",
                                "\n",
                                "\r",
                                "&",
                                ";",
                                "&lt;",
                                "&#",
                                "x",
                                "ü",
                                "\xef\xbf\xbf",
                                std::string(1, '\0'),
                                "\x01",
                                "\x7f",
                                "<a>",
                                "</a>",
                                "<a b='c'>",
                                "xmlns",
                                ":"};
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    for (unsigned n = static_cast<unsigned>(random() % 40); n > 0; --n) text += pieces[random() % std::size(pieces)];
    check_sane(read(text));
  }
}

TEST_CASE("several threads read at once", "[xml]") {
  std::string expected = shape(read("<a><b>&x;</b><c></a>").document.root);
  std::vector<std::string> results(8);
  {
    std::vector<std::jthread> threads;
    for (std::string& result : results)
      threads.emplace_back([&result] {
        for (int i = 0; i < 200; ++i) result = shape(read("<a><b>&x;</b><c></a>").document.root);
      });
  }
  for (const std::string& result : results) CHECK(result == expected);
}

}  // namespace
