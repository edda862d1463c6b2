#include "rules/rows.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace ipo {
namespace {

// "1-100" style keys of configured ports, by row of the IP Office ingress table.
struct MovedPort {
  int row;
  std::vector<std::string_view> keys;  // any given key replaces the row's ports
};
const std::vector<MovedPort>& moved_ports() {
  static const std::vector<MovedPort> list = {
      {5, {"http.port"}},
      {7, {"snmp.port"}},
      {9, {"https.port"}},
      {16, {"lan1.sip.udp_port", "lan1.sip.tcp_port", "lan1.sip.tls_port", "lan2.sip.udp_port", "lan2.sip.tcp_port", "lan2.sip.tls_port"}},
      {20, {"vnc.port"}}};
  return list;
}

}  // namespace

IntervalSet ports_of(const MatrixRow& row, const Host* host) {
  if (!host || row.product != "ip-office" || row.direction != "ingress") return row.port_set();
  IntervalSet moved;
  for (const MovedPort& m : moved_ports())
    if (m.row == row.number)
      for (std::string_view key : m.keys)
        if (auto port = host->number(key); port && *port > 0 && *port < 65536) moved.add(*port, *port);
  if (row.number == 27)
    for (std::string lan : {"lan1", "lan2"})
      if (auto lo = host->number(lan + ".rtp.min"), hi = host->number(lan + ".rtp.max"); lo && hi && *hi < 65536)
        moved.add(*lo, *hi);
  // The service ports keep their distance from the base port, 50804 by default.
  if (row.number >= 37 && row.number <= 43 && !row.ports.empty())
    if (auto base = host->number("services.base_port"); base && *base < 65520)
      moved.add(*base + row.ports.front().first - 50804, *base + row.ports.front().first - 50804);
  return moved.empty() ? row.port_set() : moved;
}

bool applies(const MatrixRow& row, const Host& host) {
  if (std::find(host.products.begin(), host.products.end(), row.product) == host.products.end()) return false;
  return row.platforms.empty() || host.platform.empty() ||
         std::find(row.platforms.begin(), row.platforms.end(), host.platform) != row.platforms.end();
}

// What gives the PBX away first, then what only opens it to attack.
bool applies(const MatrixRow& row, const Host* host) { return host ? applies(row, *host) : row.product == "ip-office"; }

int gravity(const MatrixRow& row) {
  static const std::vector<std::string_view> order = {
      "ip-office/ingress/44", "ip-office/ingress/15", "ip-office/ingress/22", "ip-office/ingress/21", "ip-office/ingress/37",
      "ip-office/ingress/41", "ip-office/ingress/39", "ip-office/ingress/4",  "ip-office/ingress/7",  "ip-office/ingress/31",
      "ip-office/ingress/25", "ip-office/ingress/26", "ip-office/ingress/23", "ip-office/ingress/16", "ip-office/ingress/20",
      "ip-office/ingress/5"};
  return static_cast<int>(std::find(order.begin(), order.end(), row.id) - order.begin());
}

}  // namespace ipo
