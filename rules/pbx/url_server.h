// The server that a URL names, where it names it by address: names are not looked up.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "parsers/text/address.h"

namespace ipo {

struct UrlServer {
  std::string scheme;  // in small letters
  Address address;
  std::optional<std::uint16_t> port;  // as the URL says it
};

// "https://192.0.2.80:52233/x", "https://[2001:db8::80]/x". Nothing where the host is a name or the port is none.
std::optional<UrlServer> url_server(std::string_view url);

}  // namespace ipo
