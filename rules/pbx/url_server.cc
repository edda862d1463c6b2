#include "rules/pbx/url_server.h"

#include <algorithm>

#include "parsers/ipoffice/settings.h"
#include "parsers/text/letters.h"
#include "parsers/text/values.h"

namespace ipo {

std::optional<UrlServer> url_server(std::string_view url) {
  std::size_t slashes = url.find("://");
  if (slashes == url.npos) return {};
  std::string_view text = url.substr(slashes + 3);
  text = text.substr(0, text.find_first_of("/?#"));
  std::size_t bracket = text.starts_with('[') ? text.find(']') : 0;
  if (bracket == text.npos) return {};
  std::size_t colon = text.find(':', bracket);
  std::optional<Address> address = parse_address(bracket ? text.substr(1, bracket - 1) : text.substr(0, colon));
  if (!address) return {};
  UrlServer out{lower(url.substr(0, slashes)), *address, {}};
  if (colon == text.npos) return out;
  std::optional<std::uint32_t> port = parse_number(text.substr(colon + 1));
  if (!port || *port == 0 || *port > 65535) return {};
  out.port = static_cast<std::uint16_t>(*port);
  return out;
}

}  // namespace ipo
