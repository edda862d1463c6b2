// The openings of the passage are cut with the packets; what is surely let through decides before what may be.
#include "rules/reached.h"

#include <algorithm>

namespace ipo {

std::string_view name_of(Status status) {
  return status == Status::open ? "open" : status == Status::possible ? "possible" : "closed";
}

Reached reached(const Exposure& exposure, const Passage& passage, PacketSet wanted) {
  Space& s = passage.chains->space();
  Reached out;
  out.passage = &passage;
  out.wanted = wanted;
  PacketSet proven = s.nothing(), possible = s.nothing();
  std::vector<const Opening*> perhaps;
  const auto& openings = passage.zone->is_internet() ? exposure.openings() : exposure.openings_of_zones();
  for (const Opening& o : openings) {
    if (o.passage != &passage) continue;
    PacketSet sure = s.intersect(o.proven, wanted), maybe = s.intersect(o.possible, wanted);
    if (!sure.empty())
      out.by.push_back(&o);
    else if (!maybe.empty())
      perhaps.push_back(&o);
    proven = s.unite(proven, sure);
    possible = s.unite(possible, maybe);
  }
  out.by.insert(out.by.end(), perhaps.begin(), perhaps.end());
  out.status = !proven.empty() ? Status::open : !possible.empty() ? Status::possible : Status::closed;
  out.packets = out.status == Status::open ? proven : possible;
  return out;
}

Reached reached(const Exposure& exposure, const Passage& passage, const MatrixRow& row) {
  return reached(exposure, passage, exposure.row_packets(passage, row));
}

std::vector<RowReached> exposure_table(const Exposure& exposure, const PortMatrix& matrix) {
  Host unknown;
  unknown.products = {"ip-office"};
  std::vector<RowReached> out;
  for (const auto& passage : exposure.passages()) {
    if (!passage->inbound) continue;
    const Host& host = passage->host ? *passage->host : unknown;
    for (const MatrixRow& row : matrix.rows)
      if (row.direction != "egress" && applies(row, host) && !ports_of(row, passage->host).empty())
        out.push_back({&row, reached(exposure, *passage, row)});
  }
  return out;
}

}  // namespace ipo
