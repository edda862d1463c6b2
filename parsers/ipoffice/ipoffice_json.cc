// The tree of read_json is turned into elements: an object's members become attributes, text and children, a list's members
// become elements of the list's name. What is damaged in the JSON stays damaged; nothing is judged here.
#include "parsers/ipoffice/ipoffice_json.h"

#include <algorithm>
#include <utility>

#include "parsers/document/json_tokens.h"
#include "parsers/ipoffice/ipoffice.h"

namespace ipo {
namespace {

using Kind = Node::Kind;

// "@GUID"; some answers have "-GUID".
bool is_attribute(const std::string& name) { return name.size() > 1 && (name[0] == '@' || name[0] == '-'); }

bool is_text(const std::string& name) { return name == "#text" || name == "$"; }

void add_element(Node&& value, std::string name, SourceSpan name_span, Node& parent);

// Members of an object. Attributes come first, as they do in XML.
void add_members(Node&& object, Node& element) {
  for (Node& member : object.children) {
    bool scalar = member.kind != Kind::table && member.kind != Kind::array;
    if (is_attribute(member.name) && scalar) {
      SourceSpan whole{member.span.source, member.name_span.begin, member.span.end};
      element.attributes.push_back({member.name.substr(1), std::move(member.text), whole, member.text_span});
    } else if (is_text(member.name) && scalar) {
      element.text = std::move(member.text);
      element.text_span = member.text_span;
    } else {
      std::string name = std::exchange(member.name, {});
      SourceSpan name_span = member.name_span;
      add_element(std::move(member), std::move(name), name_span, element);
    }
  }
}

void add_element(Node&& value, std::string name, SourceSpan name_span, Node& parent) {
  if (value.kind == Kind::array) {
    parent.children.reserve(parent.children.size() + value.children.size());
    for (Node& member : value.children) {
      // An object in a list begins with its brace; of a scalar only the list's name can be shown, it may be a secret.
      bool scalar = member.kind != Kind::table && member.kind != Kind::array;
      SourceSpan start{member.span.source, member.span.begin, member.span.begin + 1};
      add_element(std::move(member), name, scalar ? name_span : start, parent);
    }
    return;
  }
  Node& element = parent.children.emplace_back();
  element.name = std::move(name);
  element.span = {value.span.source, std::min(name_span.begin, value.span.begin), value.span.end};
  element.name_span = name_span;
  element.text_span = {value.span.source, name_span.end, name_span.end};
  if (value.kind == Kind::table) return add_members(std::move(value), element);
  if (value.kind == Kind::null) return;
  element.kind = value.kind == Kind::integer ? Kind::integer : Kind::element;
  element.text = std::move(value.text);
  element.text_span = value.text_span;
}

}  // namespace

int recognises_ipoffice_json(const Source& source) {
  constexpr std::size_t head = 16384;
  std::string_view text = std::string_view(source.text()).substr(0, head);
  std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == text.npos || (text[first] != '{' && text[first] != '[')) return 0;
  JsonTokens tokens(text);
  int sureness = 0;
  bool response = false, record = false;
  std::string before;  // the string that may turn out to be a name
  for (JsonToken token = tokens.next(); token.kind != JsonToken::Kind::end && token.kind != JsonToken::Kind::error;
       token = tokens.next()) {
    if (token.kind == JsonToken::Kind::colon) {
      if (before == "ws_object" || before == "SMAError") return 95;
      response = response || before == "response" || before == "combinedresponse";
      record = record || is_record_type(before);
      if (before.size() > 1 && is_attribute(before)) {
        if (before.substr(1) == "status" && response) sureness = std::max(sureness, 80);
        if (before.substr(1) == "GUID" && record) sureness = std::max(sureness, 75);
      }
    }
    before.clear();
    if (token.kind == JsonToken::Kind::string) before = token.text;
  }
  return sureness;
}

void interpret_ipoffice_json(const Sources& sources, std::uint32_t source, Site& site) {
  Document json = read_json(sources, source);
  Document document;
  document.damages = std::move(json.damages);
  document.root.span = document.root.name_span = json.root.span;
  if (json.root.kind == Kind::array)
    for (Node& member : json.root.children) add_members(std::move(member), document.root);
  else
    add_members(std::move(json.root), document.root);
  document.root.attributes.clear();
  interpret_records(sources, source, document, site, site.reading.fields ? *site.reading.fields : FieldMap::builtin());
}

}  // namespace ipo
