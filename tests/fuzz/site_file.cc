// Any bytes as a site file: read, laid over itself, checked, its globs matched. Spans must stay inside the text, and every
// error says something.
#include "parsers/site_file/site_file.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  std::string_view bytes{reinterpret_cast<const char*>(data), size};
  ipo::Sources sources{ipo::decode_source("site/ipo-lint.toml", bytes)};
  std::vector<ipo::SiteError> errors;
  ipo::SiteFile file = ipo::read_site_file(sources, 0, errors);
  if (errors.size() > ipo::max_site_errors + 1) std::abort();
  ipo::check_site_file(ipo::merge(file, file), errors);
  if (errors.size() > 2 * (ipo::max_site_errors + 1)) std::abort();
  auto inside = [&](ipo::SourceSpan span) { return span.begin <= span.end && span.end <= sources[0].text().size(); };
  for (const ipo::SiteError& e : errors)
    if (e.message.empty() || !inside(e.span) || (e.related && !inside(e.related->span))) std::abort();
  for (const ipo::DeclaredFirewall& firewall : file.firewalls) ipo::applies_to(firewall, "site/fw/edge.v4", "/srv");
  for (const ipo::Ignore& ignore : file.ignores) ipo::applies_to(ignore, "site/fw/edge.v4", "/srv");
  std::string_view glob = bytes.substr(0, size / 2), path = bytes.substr(size / 2);
  if (size < 512) ipo::path_matches(glob, path);
  return 0;
}
