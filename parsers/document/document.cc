#include "parsers/document/document.h"

namespace ipo {

const Node* Node::child(std::string_view child_name) const {
  for (const Node& c : children)
    if (c.name == child_name) return &c;
  return nullptr;
}

const Attribute* Node::attribute(std::string_view attribute_name) const {
  for (const Attribute& a : attributes)
    if (a.name == attribute_name) return &a;
  return nullptr;
}

}  // namespace ipo
