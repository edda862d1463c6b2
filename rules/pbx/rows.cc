#include "rules/pbx/rows.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "parsers/ipoffice/settings.h"
#include "parsers/text/values.h"
#include "rules/pbx/sip_ports.h"

namespace ipo {
namespace {

// Rows of the IP Office ingress table whose port is a setting of its own.
constexpr std::pair<int, std::string_view> port_settings[] = {
    {5, "http.port"}, {7, "snmp.port"}, {9, "https.port"}, {20, "vnc.port"}};

}  // namespace

std::uint32_t standard_base() { return parse_number(find_setting("services.base_port")->defaults.front().value).value_or(0); }

bool is_media_range(const MatrixRow& row) { return row.id == "ip-office/ingress/27"; }

IntervalSet media_through_nat(const Host& host) {
  IntervalSet out;
  for (std::string lan : {"lan1", "lan2"}) {
    if (host.flag(lan + ".sip.remote_extension") == false && host.flag(lan + ".h323.remote_extension") == false) continue;
    auto lo = host.number(lan + ".rtp.nat_min"), hi = host.number(lan + ".rtp.nat_max");
    bool usual = lo == host.number(lan + ".rtp.min") && hi == host.number(lan + ".rtp.max");
    if (lo && hi && *lo > 0 && *lo < *hi && *hi < 65536 && !usual) out.add(*lo, *hi);
  }
  return out;
}

IntervalSet moved_ports(const MatrixRow& row, const Host* host) {
  IntervalSet moved;
  if (!host || row.product != "ip-office" || row.direction != "ingress") return moved;
  for (auto [number, key] : port_settings)
    if (number == row.number)
      if (auto port = host->number(key); port && *port > 0 && *port < 65536) moved.add(*port, *port);
  if (row.number == 16) {
    IntervalSet said = tls_sip_ports(host);
    if (!speaks_only_tls(host)) said.add(clear_sip_ports(host));
    if (said != IntervalSet::range(5060, 5061)) moved = said;  // else nothing was said
  }
  if (row.number == 27)
    for (std::string lan : {"lan1", "lan2"})
      if (auto lo = host->number(lan + ".rtp.min"), hi = host->number(lan + ".rtp.max"); lo && hi && *hi < 65536)
        moved.add(*lo, *hi);
  if (IntervalSet beside = row.number == 27 ? media_through_nat(*host) : IntervalSet(); !beside.empty())
    moved = (moved.empty() ? row.port_set() : moved).united(beside);
  // The service ports keep their distance from the base port.
  if (row.number >= 37 && row.number <= 43 && !row.ports.empty())
    if (auto base = host->number("services.base_port"); base && *base < 65520)
      moved.add(*base + row.ports.front().first - standard_base(), *base + row.ports.front().first - standard_base());
  return moved;
}

IntervalSet ports_of(const MatrixRow& row, const Host* host) {
  IntervalSet moved = moved_ports(row, host);
  return moved.empty() ? row.port_set() : moved;
}

bool has_product(const MatrixRow& row, const Host* host) {
  if (!host) return row.product == "ip-office";
  return std::find(host->products.begin(), host->products.end(), row.product) != host->products.end();
}

bool may_have_more(const Host* host) {
  return !host || (host->platform != "ip500v2" && host->products.size() == 1 && host->products.front() == "ip-office");
}

bool applies(const MatrixRow& row, const Host& host) {
  if (!has_product(row, &host)) return false;
  auto runs_on = [&](std::string_view platform) {
    return std::find(row.platforms.begin(), row.platforms.end(), platform) != row.platforms.end();
  };
  // A virtual system is a Linux one: what the matrix has for that, it has too.
  return row.platforms.empty() || host.platform.empty() || runs_on(host.platform) ||
         (host.platform == "virtual" && runs_on("server-edition"));
}

bool applies(const MatrixRow& row, const Host* host) { return host ? applies(row, *host) : row.product == "ip-office"; }

// What gives the PBX away first, then what only opens it to attack, then what is merely no business of the internet.
int gravity(const MatrixRow& row) {
  static constexpr std::string_view order[] = {
      "ip-office/ingress/44", "ip-office/ingress/15", "ip-office/ingress/22", "ip-office/ingress/21", "ip-office/ingress/37",
      "ip-office/ingress/41", "ip-office/ingress/39", "ip-office/ingress/4", "ip-office/ingress/7", "ip-office/ingress/31",
      "ip-office/ingress/25", "ip-office/ingress/26", "ip-office/ingress/23", "ip-office/ingress/16", "ip-office/ingress/20",
      "ip-office/ingress/5",
      // other products' innards and shutdown listeners, then control of calls
      "contact-recorder/ingress/1", "one-x-portal/ingress/6", "one-x-portal/ingress/12", "one-x-portal/ingress/13",
      "one-x-portal/ingress/1", "one-x-portal/ingress/14", "one-x-portal/ingress/15", "ip-office/ingress/34",
      "ip-office/ingress/33", "ip-office/ingress/43", "ip-office/ingress/30", "ip-office/ingress/35", "ip-office/ingress/32",
      "voicemail-pro/ingress/4", "voicemail-pro/ingress/1", "voicemail-pro/intra/1",
      // inside the machine
      "ip-office/intra/1", "ip-office/intra/2", "ip-office/intra/3", "ip-office/intra/4", "ip-office/intra/5", "ip-office/intra/6",
      "ip-office/intra/7", "ip-office/intra/8", "one-x-portal/intra/1", "one-x-portal/intra/2",
      // encrypted management, shells, phones, links
      "ip-office/ingress/42", "ip-office/ingress/38", "ip-office/ingress/40", "ip-office/ingress/1", "ip-office/ingress/18",
      "ip-office/ingress/19", "ip-office/ingress/17", "ip-office/ingress/14", "ip-office/ingress/13", "ip-office/ingress/12",
      "ip-office/ingress/29", "voicemail-pro/ingress/3", "voicemail-pro/ingress/6", "voicemail-pro/ingress/7",
      "voicemail-pro/ingress/8", "voicemail-pro/ingress/5", "voicemail-pro/ingress/2", "one-x-portal/ingress/2",
      "one-x-portal/ingress/3", "one-x-portal/ingress/8", "one-x-portal/ingress/9", "contact-recorder/ingress/3",
      "contact-recorder/ingress/2", "ip-office/ingress/36", "ip-office/ingress/8", "ip-office/ingress/24", "ip-office/ingress/45",
      "ip-office/ingress/10", "ip-office/ingress/2", "ip-office/ingress/3", "ip-office/ingress/6", "ip-office/ingress/11",
      // what many sites mean to open
      "one-x-portal/ingress/4", "one-x-portal/ingress/16", "one-x-portal/ingress/10", "one-x-portal/ingress/11",
      "one-x-portal/ingress/7", "one-x-portal/ingress/5", "ip-office/ingress/9", "ip-office/ingress/28", "ip-office/ingress/46",
      "ip-office/ingress/27"};
  static const std::unordered_map<std::string_view, int> ranks = [] {
    std::unordered_map<std::string_view, int> out;
    for (std::string_view id : order) out.emplace(id, static_cast<int>(out.size()));
    return out;
  }();
  auto rank = ranks.find(row.id);
  return rank == ranks.end() ? static_cast<int>(ranks.size()) : rank->second;
}

}  // namespace ipo
