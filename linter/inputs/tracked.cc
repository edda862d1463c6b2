// The index, versions 2 and 3 with SHA-1: a head of 12 bytes, then entries of 62 bytes, two more where a flag says so,
// and the path with NULs up to a multiple of 8. Numbers have their high byte first.
#include "linter/inputs/tracked.h"

#include <algorithm>

#include "linter/inputs/input_files.h"

namespace ipo {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t largest_index = std::uintmax_t{256} << 20;  // bytes

std::uint32_t number(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

// The folder of git's own files; in a linked work tree .git is a file that names it.
fs::path git_folder(const fs::path& root) {
  fs::path git = root / ".git";
  std::error_code error;
  if (fs::is_directory(git, error)) return git;
  std::string text;
  constexpr std::string_view key = "gitdir: ";
  if (!fs::is_regular_file(git, error) || fs::file_size(git, error) > 4096 || error || !read_file(git.string(), text).empty() ||
      !text.starts_with(key))
    return {};
  text.erase(text.find_last_not_of("\r\n") + 1);
  return root / text.substr(key.size());
}

// False where the index is not of a kind that is known.
bool read_index(std::string_view index, std::vector<std::string>& files) {
  constexpr std::size_t head = 12, fixed = 62;
  if (index.size() < head || !index.starts_with("DIRC")) return false;
  std::uint32_t version = number(index, 4, 4), count = number(index, 8, 4);
  if (version != 2 && version != 3) return false;
  std::size_t at = head;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (index.size() < at + fixed + 2) return false;
    bool extended = version == 3 && (number(index, at + fixed - 2, 2) & 0x4000) != 0;
    std::size_t name = at + fixed + (extended ? 2 : 0), end = index.find('\0', name);
    if (end == index.npos || end == name) return false;
    files.emplace_back(index.substr(name, end - name));
    at += (end - at + 8) / 8 * 8;
  }
  std::sort(files.begin(), files.end());
  return true;
}

}  // namespace

TrackedFiles::TrackedFiles(const fs::path& root) {
  fs::path git = git_folder(root), path = git / "index";
  std::error_code error;
  if (git.empty() || !fs::exists(path, error)) return;  // nothing was added yet
  std::string index;
  all_ = !fs::is_regular_file(path, error) || fs::file_size(path, error) > largest_index || error ||
         !read_file(path.string(), index).empty() || !read_index(index, files_);
}

bool TrackedFiles::file(std::string_view path) const { return all_ || std::binary_search(files_.begin(), files_.end(), path); }

bool TrackedFiles::anything_in(std::string folder) const {
  folder += '/';
  auto next = std::lower_bound(files_.begin(), files_.end(), folder);
  return all_ || (next != files_.end() && next->starts_with(folder));
}

}  // namespace ipo
