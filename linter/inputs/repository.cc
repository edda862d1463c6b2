// Folders are climbed until one holds .git, and what is found is remembered for all of them. Links are resolved first: what
// a link leads out of the repository to is outside.
#include "linter/inputs/repository.h"

#include <vector>

namespace ipo {
namespace {
namespace fs = std::filesystem;
}

Repositories::Repositories() {
  std::error_code gone;
  working_ = fs::weakly_canonical(fs::current_path(gone), gone);
}

fs::path Repositories::absolute(std::string_view path) const {
  if (path.empty() || path == "-") return {};
  fs::path whole = working_ / fs::path(path);
  std::error_code error;
  fs::path found = fs::weakly_canonical(whole, error);
  return error ? whole.lexically_normal() : found;
}

fs::path Repositories::root_of(const fs::path& absolute) {
  std::vector<fs::path*> on_the_way;
  fs::path found;
  for (fs::path folder = absolute.parent_path(); !folder.empty(); folder = folder.parent_path()) {
    auto [at, fresh] = known_.try_emplace(folder);
    if (!fresh) {
      found = at->second;
      break;
    }
    on_the_way.push_back(&at->second);
    std::error_code error;
    if (fs::exists(folder / ".git", error)) {
      found = folder;
      break;
    }
    if (folder == folder.parent_path()) break;
  }
  for (fs::path* of : on_the_way) *of = found;
  return found;
}

std::string Repositories::lasting_name(std::string_view path) {
  fs::path whole = absolute(path);
  if (whole.empty()) return std::string(path);
  fs::path root = root_of(whole);
  return root.empty() ? whole.filename().generic_string() : path_inside(root, whole);
}

fs::path Repositories::common_root(const Sources& sources) {
  fs::path own = root_of(working_ / "."), first;
  for (const Source& source : sources) {
    fs::path whole = absolute(source.path());
    if (whole.empty()) continue;
    if (!own.empty() && !path_inside(own, whole).empty()) return own;
    if (fs::path root = root_of(whole); !root.empty() && (first.empty() || root < first)) first = root;
  }
  return first.empty() ? working_ : first;
}

std::string path_inside(const fs::path& root, const fs::path& absolute) {
  fs::path inside = absolute.lexically_relative(root);
  return inside.empty() || *inside.begin() == ".." || inside == "." ? "" : inside.generic_string();
}

}  // namespace ipo
