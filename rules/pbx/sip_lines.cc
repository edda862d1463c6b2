// The layouts of SIP lines are remembered rather than documented, so their values are read by what they contain: "SipUDP", "TLS",
// "Both TCP & UDP".
#include "rules/pbx/sip_lines.h"

#include <algorithm>

#include "parsers/ipoffice/settings.h"
#include "parsers/text/letters.h"
#include "parsers/text/values.h"

namespace ipo {
namespace {

// "198.51.100.7w3" is 198.51.100.7 with the weight 3.
std::optional<Address> weighted_address(std::string_view entry) {
  std::size_t w = entry.find_first_of("wW");
  if (w == entry.npos) return parse_address(entry);
  std::optional<std::uint32_t> weight = parse_number(entry.substr(w + 1));
  if (!weight || *weight == 0) return {};
  return parse_address(entry.substr(0, w));
}

bool is_blank(const Setting* setting) { return !setting || setting->value.value.find_first_not_of(" ,") == std::string::npos; }

}  // namespace

bool is_sip_line(const Record& record) { return record.field("sipline.itsp_proxy") || record.field("sipline.itsp_domain"); }

std::vector<LineProxy> proxies_of(const Record& record) {
  std::vector<LineProxy> out;
  const Setting* said = record.field("sipline.itsp_proxy");
  if (is_blank(said)) said = record.field("sipline.itsp_domain");
  if (is_blank(said)) return out;
  std::string_view text = said->value.value;
  for (std::size_t at = 0; (at = text.find_first_not_of(" ,", at)) != text.npos;) {
    std::size_t end = std::min(text.find_first_of(" ,", at), text.size());
    if (std::optional<Address> address = weighted_address(text.substr(at, end - at))) out.push_back({*address, said});
    at = end;
  }
  return out;
}

LineSends sends_of(const Record& record) {
  LineSends out;
  bool tls = false;
  if (const Setting* layer4 = record.field("sipline.layer4")) {
    std::string said = lower(layer4->value.value);
    auto has = [&](std::string_view word) { return said.find(word) != said.npos; };
    tls = has("tls");
    if (tls || has("tcp")) out.transports.push_back("tcp");
    if (has("udp")) out.transports.push_back("udp");
    // What is both of TLS and of another is on either port.
    if (!out.transports.empty() && !(tls && (has("tcp") || has("udp")))) out.ports = IntervalSet::of(tls ? 5061 : 5060);
  }
  const Setting* port = record.field("sipline.send_port");
  std::optional<std::uint32_t> number = port ? parse_number(port->value.value) : std::nullopt;
  if (number && *number > 0 && *number < 65536) out.ports = IntervalSet::of(*number);
  return out;
}

}  // namespace ipo
