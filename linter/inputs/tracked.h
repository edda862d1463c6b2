// What git has in its index. A tracked file is never ignored, whatever .gitignore says: else a line in that file would
// hide a firewall from its reviewers.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace ipo {

class TrackedFiles {
 public:
  TrackedFiles() = default;  // nothing
  // Of the repository with this root; of an index this program cannot read, everything there may be.
  explicit TrackedFiles(const std::filesystem::path& root);

  // Paths are relative to the root, with slashes.
  bool file(std::string_view path) const;
  bool anything_in(std::string folder) const;

 private:
  bool all_ = false;
  std::vector<std::string> files_;  // sorted
};

}  // namespace ipo
