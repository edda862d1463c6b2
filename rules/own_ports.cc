#include "rules/own_ports.h"

#include <algorithm>

#include "rules/sip_ports.h"

namespace ipo {

std::string OwnPort::what() const {
  return row->application.empty() || row->application == "Proprietary" ? "row " + row->id : row->application;
}

std::vector<OwnPort> own_ports(const PortMatrix& matrix, const Host& host, std::uint8_t protocol) {
  Host here;
  here.platform = host.platform;
  here.products = host.products;
  if (host.platform != "ip500v2" && host.platform != "windows") here.products.push_back("voicemail-pro");
  std::vector<OwnPort> out;
  for (const MatrixRow& row : matrix.rows) {
    if (row.direction == "egress" || row.state == "closed" || !row.has_transport(protocol) || !applies(row, here)) continue;
    // TLS is TCP's.
    IntervalSet ports = row.id == "ip-office/ingress/16" && protocol == proto_udp ? clear_sip_ports(&host) : ports_of(row, &host);
    if (!ports.empty()) out.push_back({&row, std::move(ports)});
  }
  std::stable_sort(out.begin(), out.end(), [](const OwnPort& a, const OwnPort& b) { return a.ports.begin()->lo < b.ports.begin()->lo; });
  return out;
}

}  // namespace ipo
