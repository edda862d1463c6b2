// Any bytes: decoded, read as XML, interpreted as an IP Office export. Spans must stay inside the text.
#include <cstdlib>

#include "parsers/document/document.h"
#include "parsers/ipoffice/ipoffice.h"

namespace {

void check(const ipo::Node& node, std::size_t size) {
  for (const ipo::SourceSpan& s : {node.span, node.name_span, node.text_span})
    if (s.begin > s.end || s.end > size) std::abort();
  for (const ipo::Attribute& a : node.attributes)
    if (a.value_span.begin > a.value_span.end || a.value_span.end > size) std::abort();
  for (const ipo::Node& c : node.children) check(c, size);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  ipo::Sources sources{ipo::decode_source("fuzz.xml", {reinterpret_cast<const char*>(data), size})};
  ipo::Document document = ipo::read_xml(sources, 0);
  check(document.root, sources[0].text().size());
  if (document.damages.size() > 21) std::abort();
  ipo::recognises_ipoffice(sources[0]);
  ipo::Site site;
  ipo::interpret_ipoffice(sources, 0, site);
  for (const ipo::Statement& s : site.statements)
    if (s.span.begin > s.span.end || s.span.end > sources[0].text().size()) std::abort();
  return 0;
}
