// `ipo-lint matrix`: looks up and prints rows of the built-in port matrix.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace ipo {

struct MatrixQuery {
  // A row is printed when it matches every term, upper or lower case. It matches a term that is
  //   a port or range within its ports, with or without a transport: "69", "69/udp", "5060-5061/tcp";
  //   its id or the start of it, long or short: "ip-office", "ip-office/ingress", "ip-office/ingress/4", "T1", "T1.4"
  //   (ingress), "T1.e5" (egress), "T1.i1" (intra);
  //   its direction, state or one of its transports;
  //   any other text, when application, peer or purpose contain it.
  std::vector<std::string> terms;
  std::string format = "text";  // "text" (at most 120 columns), "json" (product.md, "matrix")
};

// The exit status: 0 rows were found, 1 no row matches, 2 unknown format (said on `err`, nothing on `out`).
int run_matrix(const MatrixQuery& query, std::ostream& out, std::ostream& err);

}  // namespace ipo
