// One walk. The patterns that hold for an entry are those of its folder and of the folders above it; the last one that
// matches in the nearest file decides, as in git.
#include "linter/inputs/folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "linter/inputs/input_files.h"
#include "linter/inputs/site_files.h"
#include "linter/inputs/tracked.h"
#include "parsers/site_file/site_file.h"

namespace ipo {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t largest_ignore_file = std::size_t{64} << 10;  // bytes; larger ones hide nothing
// Of all files that hold for an entry; a file that goes beyond hides nothing. Each entry is compared with each pattern.
constexpr std::size_t most_patterns = 1000;
constexpr std::size_t most_wild = 100;        // of them with * or ?, but for "*.bak"
constexpr std::size_t longest_pattern = 256;  // bytes

struct Pattern {
  std::string glob;
  bool again = false;                                         // "!": what it names is not left out after all
  bool folders_only = false;                                  // "name/"
  bool from_here = false;                                     // "/name", "a/b": not at any depth
  enum class Kind { whole, ending, wild } kind = Kind::wild;  // "*.bak" is an ending
};

struct IgnoreFile {
  std::string folder;  // absolute, with a slash behind it
  std::vector<Pattern> patterns;
};

// [a-z] becomes `?` where that leaves out less, else the pattern counts for nothing.
bool without_classes(std::string& glob, bool again) {
  if (glob.find('\\') != glob.npos && !again) return false;
  for (std::size_t at = 0; (at = glob.find('[', at)) != glob.npos; ++at) {
    std::size_t end = glob.find(']', at + 2);
    if (!again || end == glob.npos) return false;
    glob.replace(at, end + 1 - at, "?");
  }
  std::erase(glob, '\\');
  return true;
}

// `above`: what holds in the folder already.
IgnoreFile read_ignore_file(const fs::path& folder, const std::vector<IgnoreFile>& above) {
  IgnoreFile file{folder.generic_string(), {}};
  if (!file.folder.ends_with('/')) file.folder += '/';
  std::string path = file.folder + ".gitignore", text;
  std::error_code error;
  if (fs::symlink_status(path, error).type() != fs::file_type::regular || fs::file_size(path, error) > largest_ignore_file ||
      error || !read_file(path, text).empty())
    return file;
  std::size_t patterns = 0, wild = 0;
  for (const IgnoreFile& f : above) {
    patterns += f.patterns.size();
    wild += static_cast<std::size_t>(
        std::count_if(f.patterns.begin(), f.patterns.end(), [](const Pattern& p) { return p.kind == Pattern::Kind::wild; }));
  }
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = std::min(text.find('\n', at), text.size());
    std::string glob = text.substr(at, end - at);
    at = end + 1;
    glob.erase(glob.find_last_not_of(" \t\r") + 1);
    if (glob.empty() || glob[0] == '#') continue;
    Pattern pattern;
    if (pattern.again = glob[0] == '!'; pattern.again) glob.erase(0, 1);
    if (pattern.folders_only = glob.ends_with('/'); pattern.folders_only) glob.pop_back();
    pattern.from_here = glob.find('/') != glob.npos;
    if (glob.starts_with('/')) glob.erase(0, 1);
    if (glob.empty() || glob.size() > longest_pattern || !without_classes(glob, pattern.again)) continue;
    if (glob.find_first_of("*?") == glob.npos)
      pattern.kind = Pattern::Kind::whole;
    else if (!pattern.from_here && glob[0] == '*' && glob.find_first_of("*?", 1) == glob.npos)
      pattern.kind = Pattern::Kind::ending;
    else
      ++wild;
    if (++patterns > most_patterns || wild > most_wild) {
      file.patterns.clear();
      break;
    }
    pattern.glob = std::move(glob);
    file.patterns.push_back(std::move(pattern));
  }
  return file;
}

bool matches(const Pattern& pattern, std::string_view path, bool is_folder) {
  if (pattern.folders_only && !is_folder) return false;
  if (!pattern.from_here) path.remove_prefix(path.rfind('/') + 1);
  if (pattern.kind == Pattern::Kind::whole) return path == pattern.glob;
  if (pattern.kind == Pattern::Kind::ending) return path.ends_with(std::string_view(pattern.glob).substr(1));
  if (pattern.from_here && pattern.glob.find('/') == std::string::npos && path.find('/') != path.npos) return false;
  return path_matches(pattern.glob, path);
}

// `files` from the repository's root down to the entry's folder.
bool is_ignored(const std::vector<IgnoreFile>& files, const std::string& path, bool is_folder) {
  for (std::size_t f = files.size(); f-- > 0;) {
    const auto& [folder, patterns] = files[f];
    std::string_view below = std::string_view(path).substr(std::min(folder.size(), path.size()));
    for (std::size_t p = patterns.size(); p-- > 0;)
      if (matches(patterns[p], below, is_folder)) return !patterns[p].again;
  }
  return false;
}

// The git repository a folder is in; empty = none.
fs::path repository_of(fs::path folder) {
  std::error_code error;
  while (!fs::exists(folder / ".git", error)) {
    fs::path parent = folder.parent_path();
    if (parent == folder || parent.empty()) return {};
    folder = std::move(parent);
  }
  return folder;
}

// Of the folders from the repository's root down to above this one.
std::vector<IgnoreFile> ignore_files_above(const fs::path& root, fs::path folder) {
  std::vector<IgnoreFile> files;
  while (!root.empty() && folder != root) {
    folder = folder.parent_path();
    files.insert(files.begin(), read_ignore_file(folder, files));
  }
  return files;
}

}  // namespace

Folder look_through(const std::string& folder) {
  Folder found;
  std::error_code error;
  fs::path top = fs::absolute(folder, error).lexically_normal();
  if (top.filename().empty() && top.has_parent_path()) top = top.parent_path();  // "site/"
  fs::path root = repository_of(top);
  TrackedFiles tracked = root.empty() ? TrackedFiles() : TrackedFiles(root);
  std::vector<IgnoreFile> ignores = ignore_files_above(root, top);
  std::size_t above = ignores.size();
  ignores.push_back(read_ignore_file(top, ignores));
  struct Depth {
    fs::path folder;
    bool ignored;  // but for what is tracked
  };
  std::vector<Depth> levels{{top, false}};  // of the entry, from the top down

  auto leave_out = [&](const fs::path& path, std::string_view what, std::string why = {}) {
    found.left_out.push_back({path.generic_string(), folder, std::string(what), std::move(why), true});
  };
  fs::recursive_directory_iterator at(folder, fs::directory_options::none, error), end;
  for (; !error && at != end; at.increment(error)) {
    auto depth = static_cast<std::size_t>(at.depth());
    levels.resize(std::min(levels.size(), depth + 1));
    ignores.resize(std::min(ignores.size(), above + depth + 1));
    std::string name = at->path().filename().string();
    fs::path whole = levels.back().folder / name;
    std::error_code unknown;
    fs::file_type type = at->symlink_status(unknown).type();
    bool is_folder = type == fs::file_type::directory;
    if (name == site_file_name) continue;
    if (name.starts_with('.')) {
      if (is_folder) at.disable_recursion_pending();
      leave_out(at->path(), hidden);
      continue;
    }
    bool ignored = levels.back().ignored || is_ignored(ignores, whole.generic_string(), is_folder);
    std::string in_git = ignored && !root.empty() ? whole.lexically_relative(root).generic_string() : std::string();
    if (ignored && !(is_folder ? tracked.anything_in(in_git) : tracked.file(in_git))) {
      if (is_folder) at.disable_recursion_pending();
      leave_out(at->path(), by_gitignore);
    } else if (is_folder && name == "node_modules") {
      at.disable_recursion_pending();
      leave_out(at->path(), "installed packages");
    } else if (is_folder) {
      levels.push_back({whole, ignored});
      ignores.push_back(read_ignore_file(whole, ignores));
    } else if (type == fs::file_type::regular) {
      found.files.push_back(at->path().generic_string());
    } else if (type == fs::file_type::symlink) {
      leave_out(at->path(), "a symbolic link", "is a symbolic link, which is not followed in a folder; name it to have it read");
    } else {
      leave_out(at->path(), "a device, pipe or socket");
    }
  }
  if (error) found.problem = fmt::format("cannot be read: {}", error.message());
  std::sort(found.files.begin(), found.files.end());
  return found;
}

}  // namespace ipo
