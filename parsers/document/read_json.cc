// A recursive descent over the words, one function per nesting level up to the limit. What was read before a fault stays
// in the tree; after a fault nothing is read, since JSON has no place to start again.
#include "parsers/document/document.h"
#include "parsers/document/json_tokens.h"

namespace ipo {
namespace {

using Kind = JsonToken::Kind;

constexpr int depth_limit = 200;

struct Reader {
  const Source& text;
  std::uint32_t source;
  JsonTokens tokens;
  std::vector<Note>& damages;
  JsonToken token{};

  void advance() { token = tokens.next(); }

  SourceSpan span(std::size_t begin, std::size_t end) const {
    return {source, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
  }

  bool damage(std::string message) {
    if (token.kind == Kind::error) message = token.text;
    damages.push_back({std::move(message), span(token.begin, token.stop)});
    return false;
  }

  bool expect(Kind kind, std::string_view after) {
    if (token.kind == kind) return true;
    return damage(std::string(name_of(kind)) + " expected " + std::string(after) + ", not " + std::string(name_of(token.kind)));
  }

  void scalar(Node& node, Node::Kind kind) {
    node.kind = kind;
    node.text = token.text;
    bool quoted = kind == Node::Kind::string;
    node.text_span = quoted ? span(token.begin + 1, token.stop - 1) : node.span;
    advance();
  }

  // Reads the value that begins at the current word, and the word after it. False after a fault.
  bool value(Node& node, int depth) {
    node.span = span(token.begin, token.stop);
    node.text_span = span(token.begin, token.begin);
    if (node.name.empty() && node.name_span.end == 0) node.name_span = node.span;
    switch (token.kind) {
      case Kind::begin_object:
      case Kind::begin_array: {
        bool object = token.kind == Kind::begin_object;
        node.kind = object ? Node::Kind::table : Node::Kind::array;
        if (depth == depth_limit) return damage("nested deeper than " + std::to_string(depth_limit) + " levels");
        advance();
        bool whole = members(node, object, depth);
        node.span.end = static_cast<std::uint32_t>(whole ? token.stop : token.begin);
        if (whole) advance();
        return whole;
      }
      case Kind::string:
        scalar(node, Node::Kind::string);
        return true;
      case Kind::number:
        scalar(node, token.text.find_first_of(".eE") == token.text.npos ? Node::Kind::integer : Node::Kind::real);
        return true;
      case Kind::true_:
      case Kind::false_:
        scalar(node, Node::Kind::boolean);
        return true;
      case Kind::null:
        scalar(node, Node::Kind::null);
        return true;
      default:
        return damage("a value expected, not " + std::string(name_of(token.kind)));
    }
  }

  // Up to the closing bracket, which stays the current word.
  bool members(Node& node, bool object, int depth) {
    Kind closing = object ? Kind::end_object : Kind::end_array;
    if (token.kind == closing) return true;
    for (;;) {
      Node member;
      if (object) {
        if (token.kind != Kind::string) return damage("a name in quotes expected, not " + std::string(name_of(token.kind)));
        member.name = token.text;
        member.name_span = span(token.begin, token.stop);
        advance();
        if (!expect(Kind::colon, "after a name")) return false;
        advance();
      }
      bool whole = value(member, depth + 1);
      node.children.push_back(std::move(member));
      if (!whole) return false;
      if (token.kind == closing) return true;
      if (token.kind != Kind::comma)
        return damage("',' or " + std::string(name_of(closing)) + " expected, not " + std::string(name_of(token.kind)));
      advance();
    }
  }
};

}  // namespace

Document read_json(const Sources& sources, std::uint32_t source) {
  const Source& s = sources[source];
  Document document;
  Reader reader{s, source, JsonTokens(s.text()), document.damages};
  reader.advance();
  if (reader.value(document.root, 0)) reader.expect(Kind::end, "after the value");
  return document;
}

}  // namespace ipo
