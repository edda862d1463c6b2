// Each service uses the base port plus a fixed number; moved with it, they must stay clear of every
// other port of the PBX.
#include <fmt/format.h>

#include <algorithm>

#include "rules/findings/check_list.h"
#include "rules/findings/setting_findings.h"
#include "rules/pbx/own_ports.h"

namespace ipo {
namespace {

constexpr int first_row = 37, last_row = 43;  // of the IP Office ingress table

bool is_service(const MatrixRow& row) {
  return row.product == "ip-office" && row.direction == "ingress" && row.number >= first_row && row.number <= last_row;
}

void run(const Judgement& judgement, Findings& findings) {
  const Check& check = check::base_port_collision;
  report_outside(judgement, findings, check);
  for (const Host& host : judgement.site.hosts) {
    const Setting* setting = host.setting("services.base_port");
    std::optional<std::uint32_t> base = host.number("services.base_port");
    if (!base || outside_range(*setting, stated_release(judgement, host))) continue;
    if (*base == standard_base()) continue;
    std::vector<std::string> clashes, rows;
    for (const MatrixRow& moved : judgement.matrix.rows) {
      if (!is_service(moved) || moved.ports.empty()) continue;
      std::uint32_t port = *base + moved.ports.front().first - standard_base();
      for (const OwnPort& other : own_ports(judgement.matrix, host, proto_tcp)) {
        if (is_service(*other.row) || !other.ports.contains(port)) continue;
        clashes.push_back(fmt::format("{} meets {}", port, other.what()));
        rows.insert(rows.end(), {moved.id, other.row->id});
      }
    }
    if (clashes.empty()) continue;
    std::sort(rows.begin(), rows.end());
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    std::string what;
    for (std::size_t i = 0; i < clashes.size(); ++i) what += (i == 0 ? "" : ", ") + clashes[i];
    Finding f = setting_finding(check, Level::error, host, *setting,
                                fmt::format("with the services' base port of {} at {}, tcp/{}", name_of_host(host), *base, what));
    f.rows = std::move(rows);
    findings.push_back(std::move(f));
  }
}

}  // namespace

const Check check::base_port_collision = {"base-port-collision",
                                          "the base port of the services is out of range or moves a service onto another's port",
                                          Level::error,
                                          0,
                                          "high",
                                          {"correctness"},
                                          run,
                                          false,
                                          {},
                                          {"services.base_port"}};

}  // namespace ipo
