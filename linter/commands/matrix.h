// `ipo-lint matrix`: looks up and prints rows of a release's port matrix, or what changed between two releases.
#pragma once

#include <istream>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "rules/matrix/port_matrix.h"

namespace ipo {

struct MatrixQuery {
  // A row is printed when it matches every term, upper or lower case. It matches a term that is
  //   a port or range within its ports, with or without a transport: "69", "69/udp", "5060-5061/tcp";
  //   its id or the start of it, long or short: "ip-office", "ip-office/ingress", "ip-office/ingress/4", "T1", "T1.4"
  //   (ingress), "T1.e5" (egress), "T1.i1" (intra);
  //   its direction, state or one of its transports;
  //   any other text, when application, peer or purpose contain it.
  // A changed row is printed when it matches before or after the change.
  std::vector<std::string> terms;
  std::string format = "text";  // "text" (at most 120 columns), "json" (product.md, "matrix")
  std::string release = "9.1";  // one of matrix_releases()
  // From and to, both of matrix_releases(): what changed is printed instead of the matrix of `release`.
  std::optional<std::pair<std::string, std::string>> changes;
  std::vector<std::string> own;  // files of own matrices, each laid over what was there before; "-" for standard input
};

// The exit status: 0 rows were found, or without terms nothing changed; 1 no row matches; 2 unknown format or a matrix file
// that cannot be used (said on `err`, nothing on `out`).
int run_matrix(const MatrixQuery& query, std::istream& in, std::ostream& out, std::ostream& err);

// Lays the matrices of the files over the matrix. False where one cannot be read or has an error, each of which is said
// on `err` as "FILE:LINE:COLUMN: what"; columns count bytes.
bool add_own_rows(PortMatrix& matrix, const std::vector<std::string>& files, std::istream& in, std::ostream& err);

}  // namespace ipo
