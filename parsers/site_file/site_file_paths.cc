// A glob is turned into steps, and the path is run through all places in the glob it may be at, at once: no backtracking,
// so a hostile glob costs no more than its length times the path's. `**/` at the start of a name is two steps: one that may
// be skipped, and one that is left only at a slash.
#include <algorithm>

#include "parsers/site_file/site_file.h"

namespace ipo {
namespace {

struct Step {
  enum class Kind { byte, one, within_name, across_folders, maybe_folders, folders };
  Kind kind;
  char byte = 0;
};
using Kind = Step::Kind;

std::vector<Step> steps_of(std::string_view glob) {
  std::vector<Step> steps;
  for (std::size_t i = 0; i < glob.size(); ++i) {
    bool starts_name = i == 0 || glob[i - 1] == '/';
    if (glob.substr(i).starts_with("**")) {
      ++i;
      if (starts_name && glob.substr(i + 1).starts_with('/')) {
        steps.push_back({Kind::maybe_folders});
        steps.push_back({Kind::folders});
        ++i;
      } else {
        steps.push_back({Kind::across_folders});
      }
    } else {
      steps.push_back({glob[i] == '*' ? Kind::within_name : glob[i] == '?' ? Kind::one : Kind::byte, glob[i]});
    }
  }
  return steps;
}

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// The whole glob against the whole path.
bool matches_all(std::string_view glob, std::string_view path) {
  const std::vector<Step> steps = steps_of(glob);
  std::vector<char> here(steps.size() + 1), next(steps.size() + 1);
  auto skip = [&](std::vector<char>& at) {  // steps that may match nothing
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (!at[i]) continue;
      if (steps[i].kind == Kind::within_name || steps[i].kind == Kind::across_folders) at[i + 1] = 1;
      if (steps[i].kind == Kind::maybe_folders) at[i + 1] = at[i + 2] = 1;
    }
  };
  here[0] = 1;
  skip(here);
  for (std::size_t p = 0; p < path.size();) {
    std::size_t end = p + 1;  // `?` takes a whole character, so all steps do
    while (end < path.size() && continues(path[end])) ++end;
    char c = path[p];
    std::fill(next.begin(), next.end(), 0);
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (!here[i]) continue;
      switch (steps[i].kind) {
        case Kind::byte: {
          std::size_t length = end - p, k = 0;
          while (k < length && i + k < steps.size() && steps[i + k].kind == Kind::byte && steps[i + k].byte == path[p + k]) ++k;
          if (k == length) next[i + k] = 1;
          break;
        }
        case Kind::one:
          if (c != '/') next[i + 1] = 1;
          break;
        case Kind::within_name:
          if (c != '/') next[i] = 1;
          break;
        case Kind::across_folders:
          next[i] = 1;
          break;
        case Kind::maybe_folders:
          break;
        case Kind::folders:
          next[i] = 1;
          if (c == '/') next[i + 1] = 1;
          break;
      }
    }
    skip(next);
    here.swap(next);
    p = end;
  }
  return here[steps.size()];
}

using Parts = std::vector<std::string_view>;

// Adds the names of `path`; "." is dropped and ".." goes back one.
void descend(Parts& parts, std::string_view path) {
  if (path.starts_with('/')) parts = {""};  // the root
  for (std::size_t begin = 0; begin <= path.size();) {
    std::size_t end = std::min(path.find('/', begin), path.size());
    std::string_view part = path.substr(begin, end - begin);
    begin = end + 1;
    if (part.empty() || part == ".") continue;
    if (part != ".." || parts.empty() || parts.back() == "..")
      parts.push_back(part);
    else if (!parts.back().empty())
      parts.pop_back();
  }
}

std::string joined(const Parts& parts, std::size_t from) {
  std::string out;
  for (std::size_t i = from; i < parts.size(); ++i) out.append(i > from ? "/" : "").append(parts[i]);
  return out;
}

// `glob` as seen from `folder`. The folder's own names are compared as they are: they may hold a `*`.
bool matches_below(std::string_view working_folder, std::string_view folder, std::string_view glob, std::string_view path) {
  Parts where, base;
  descend(where, working_folder);
  descend(where, path);
  descend(base, working_folder);
  descend(base, folder);
  if (glob.starts_with('/')) base = {""};
  Parts names;  // of the glob
  descend(names, glob.substr(glob.starts_with('/') ? 1 : 0));
  std::size_t up = 0;
  for (; up < names.size() && names[up] == ".."; ++up) descend(base, "..");
  if (where.size() < base.size() || !std::equal(base.begin(), base.end(), where.begin())) return false;
  return matches_all(joined(names, up), joined(where, base.size()));
}

}  // namespace

std::string normal_path(std::string_view folder, std::string_view path) {
  Parts parts;
  descend(parts, folder);
  descend(parts, path);
  return parts.size() == 1 && parts[0].empty() ? "/" : joined(parts, 0);
}

bool path_matches(std::string_view glob, std::string_view path) {
  if (glob.find('/') == glob.npos) path.remove_prefix(path.rfind('/') + 1);
  return matches_all(glob, path);
}

bool applies_to(const DeclaredFirewall& firewall, std::string_view path, std::string_view working_folder) {
  return std::any_of(firewall.files.begin(), firewall.files.end(), [&](const Located<std::string>& file) {
    return matches_below(working_folder, firewall.folder, file.value, path);
  });
}

bool applies_to(const Ignore& ignore, std::string_view path, std::string_view working_folder) {
  if (!ignore.path) return true;
  const std::string& glob = ignore.path->value;
  return glob.find('/') == glob.npos ? path_matches(glob, path) : matches_below(working_folder, ignore.folder, glob, path);
}

}  // namespace ipo
