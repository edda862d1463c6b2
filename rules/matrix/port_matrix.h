// The vendor's port matrix: which port, which product, which state, in which release.
//
// The rows are data, embedded at build time: ip-office-9.1.toml is the matrix of release 9.1, changes.toml what the
// document's change tables say of the releases before it. Each row carries the table and row of the document it was
// transcribed from, and an erratum where that document contradicts itself.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parsers/model/finding.h"
#include "parsers/model/model.h"
#include "parsers/text/interval_set.h"

namespace ipo {

struct MatrixRow {
  std::string id;         // "ip-office/ingress/4": product, direction and number
  std::string product;    // "ip-office", "voicemail-pro", "one-x-portal", "contact-recorder", "ccr"; any in an own matrix
  std::string direction;  // "ingress", "egress", "intra"
  int number = 0;         // from 1; restarts per table and direction
  std::vector<std::string> transports;               // sorted; "tcp", "udp"; at least one
  std::vector<std::pair<unsigned, unsigned>> ports;  // 0..65535, as printed: a-b one pair, a/b two; empty = not printed
  std::string application;                           // "TFTP"; empty where the document names only the transport
  std::optional<std::string> configurable;           // "1-100", "161,1024-65535", "any", "range:min-start=1024,min-end=2048"
  bool optional = false;                             // as printed
  std::string state;                                 // "open", "closed", "filtered", "n/a"; as printed
  std::string peer;                                  // the external device; may be empty
  std::string authentication;                        // empty = none stated
  std::string purpose;
  std::vector<std::string> platforms;  // empty = every platform of the product
  std::string document;
  int table = 0;                            // of the document
  int table_row = 0;                        // the number there; `number` but for the rows of changes_between()
  std::optional<std::string> since, until;  // first and last release that has the row; none = no change table says
  std::optional<std::string> errata;        // what the document has wrong or contradictory in this row

  IntervalSet port_set() const;
  bool has_transport(std::uint8_t protocol) const;  // 6 or 17; false for any other
};

struct PortMatrix {
  std::string release;          // "9.1"; empty where the file of an own matrix names none
  std::vector<MatrixRow> rows;  // in document order, each id once

  // The row of that id, or null.
  const MatrixRow* find(std::string_view id) const;
};

// ---- built-in -----------------------------------------------------------------------------------------------------
// All of these abort only if the embedded data is damaged, which a test excludes.

// The releases the document describes, oldest first: "8.1", "9.0", "9.0.3", "9.1".
std::span<const std::string_view> matrix_releases();
// The matrix of one of matrix_releases(); std::out_of_range for any other. The rows of 8.1 and 9.0 for media have no
// ports: the document does not give them.
const PortMatrix& builtin_matrix(std::string_view release = "9.1");
// The release whose matrix holds for a release of IP Office: the newest of the same major and minor number that is not
// newer than it ("9.0.3.1" and "9.0.5": "9.0.3", "9.0.1": "9.0", "9.1.4": "9.1"); empty where there is none ("11.1").
std::string_view matrix_release_for(const Release& release);

struct MatrixChanges {
  struct Changed {
    MatrixRow before, after;  // same id
  };
  std::vector<MatrixRow> added;
  std::vector<Changed> changed;
  std::vector<MatrixRow> removed;
};

// What the matrix of `to` has that the one of `from` has not, has otherwise, and no longer has; in the order of the change
// tables, whichever of the two releases is older. Steps in between are not shown: what was changed twice is one change.
// Throws as builtin_matrix() does.
//
// Here `table` and `table_row` of a row name the change table that says so, and columns are as printed there: that of the
// newest change up to the row's release, else that of the first change after it (which tells that the row was different
// before). Numbers of Table 7 restart, so its row 1 is four: added, changed, removed ingress and removed egress.
MatrixChanges changes_between(std::string_view from, std::string_view to);

// What documents of later releases say about rows of the matrix, although no matrix of those releases is at hand.
struct LaterFact {
  std::string id;                 // "tftp-inactive-on-linux"
  std::string since;              // the first release it is known of; it may be older
  std::vector<std::string> rows;  // ids of the rows concerned; empty = none has these ports
  std::string text;               // one sentence without a full stop
  std::string evidence;           // document and chapter
};

std::span<const LaterFact> later_facts();

// ---- own matrices -------------------------------------------------------------------------------------------------

// Reads a matrix from TOML text; ip-office-9.1.toml describes the keys. `document` is the source's path where the text has
// none. `errors` receives what is wrong and where, in the order of the text; rows with an error are left out, all others
// are returned. A key that is unknown is an error but does not make a row wrong. Stops after a hundred errors, and says so.
PortMatrix read_matrix(const Sources& sources, std::uint32_t source, std::vector<Note>& errors);

// Lays an own matrix over another: its rows replace those of the same id and follow the others, and where it names a
// release, the result is the matrix of that release.
void lay_over(PortMatrix& matrix, PortMatrix own);

}  // namespace ipo
