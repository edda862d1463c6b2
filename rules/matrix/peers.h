// Who uses a row of the matrix, and in which kinds of zones such devices stand: peers.toml.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace ipo {

struct RowPeer {
  std::string device;              // "phones"
  std::vector<std::string> kinds;  // of zones: "voice"
  std::string because;             // why they stand there, in our words
  std::vector<std::string> rows;   // ids
};

// In the order of the file. Aborts only if the embedded data is damaged, which a test excludes.
std::span<const RowPeer> row_peers();

}  // namespace ipo
