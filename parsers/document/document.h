// Syntax without meaning: every reader (XML, TOML, JSON) gives the same tree, every node with its span.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/text/source.h"

namespace ipo {

struct Attribute {
  std::string name;
  std::string value;      // entities resolved
  SourceSpan span;        // name="value"
  SourceSpan value_span;  // between the quotes
};

struct Node {
  enum class Kind { element, table, array, string, integer, real, boolean, date, null };
  Kind kind = Kind::element;
  std::string name;      // element name or key; empty for array members
  std::string text;      // character data of an element (children excluded), a scalar's value
  SourceSpan span;       // the whole thing; for a TOML key its value
  SourceSpan name_span;  // the start tag, or the key; equals span where there is no name
  SourceSpan text_span;  // the character data or scalar; empty range where there is none
  std::vector<Attribute> attributes;
  std::vector<Node> children;

  // First child of that name, or null.
  const Node* child(std::string_view child_name) const;
  const Attribute* attribute(std::string_view attribute_name) const;
};

// `damages` say what could not be read and where; the tree holds everything read before and after them.
struct Document {
  Node root;
  std::vector<Note> damages;
};

// Any XML, also damaged or without a root. Never loads anything, never expands entities other than the five predefined
// and character references. Depth is limited to 200 and reported. The root node is an unnamed element that holds the
// document's top-level elements. Namespaces are dropped: names are local names.
Document read_xml(const Sources& sources, std::uint32_t source);

// Asked about every element that ends and has children or attributes: `open` are the elements around it, the document's root
// first, themselves not finished. Where it answers true the element is left out of the tree: whoever took it is done with it.
// So a large export needs the memory of one record.
using TakeElement = std::function<bool(const std::vector<Node>& open, const Node& element)>;
Document read_xml(const Sources& sources, std::uint32_t source, const TakeElement& take);

// TOML 1.0: root is a table. On a syntax error the tree is empty and the error is the only damage.
Document read_toml(const Sources& sources, std::uint32_t source);

// JSON (RFC 8259): root is the one value, an object is a `table`; names may repeat, numbers keep their text, `span` of a
// string includes its quotes. Depth is limited to 200. The first fault is the only damage; the tree ends there.
Document read_json(const Sources& sources, std::uint32_t source);

}  // namespace ipo
