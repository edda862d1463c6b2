// Folders are climbed as they are typed, so that a found path can be typed too. A chain of files is followed by what each
// says it extends; a file is known again by its canonical path, however it is named.
#include "linter/inputs/site_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "linter/inputs/input_files.h"
#include "linter/output/place.h"
#include "linter/output/redact.h"
#include "linter/output/snippet.h"
#include "parsers/text/nearest.h"
#include "rules/findings/check.h"

namespace ipo {
namespace {

namespace fs = std::filesystem;

constexpr int most_folders = 256;  // a path is no deeper; bounds the climb of a tree that is moved meanwhile

fs::path or_here(const fs::path& folder) { return folder.empty() ? fs::path(".") : folder; }

// As one would type it; "" is the working directory.
fs::path above(const fs::path& folder) {
  if (folder.empty()) return "..";
  return folder.filename() == ".." ? folder / ".." : folder.parent_path();
}

std::string canonical(const std::string& path) {
  std::error_code error;
  fs::path found = fs::canonical(path, error);
  return error ? path : found.string();
}

// Gives the reason of a failure, or nothing.
std::string read_regular_file(const std::string& path, std::string& bytes) {
  std::error_code error;
  fs::file_status status = fs::status(path, error);
  if (fs::is_directory(status)) return fmt::format("is a folder; name its {}", site_file_name);
  if (fs::exists(status) && !fs::is_regular_file(status)) return "is no regular file";
  if (auto size = fs::file_size(path, error); !error && size > largest_site_file)
    return fmt::format("is larger than {} MiB, which no site file is", largest_site_file >> 20);
  return read_file(path, bytes);
}

// What a chain of site files may open: it may come with a hostile change, and what it names is quoted when it is wrong.
struct Realm {
  fs::path root;            // canonical
  bool repository = false;  // else it is the folder of the topmost site file

  explicit Realm(const std::string& site_file) {
    std::error_code error;
    root = fs::canonical(or_here(fs::path(site_file).parent_path()), error);
    fs::path folder = root;
    for (int i = 0; i < most_folders && !folder.empty(); ++i) {
      if (fs::exists(folder / ".git", error)) {
        repository = true;
        root = folder;
        return;
      }
      if (fs::is_regular_file(folder / site_file_name, error)) root = folder;
      if (folder == folder.parent_path()) return;
      folder = folder.parent_path();
    }
  }

  bool holds(const std::string& path) const {
    std::error_code error;
    fs::path found = fs::weakly_canonical(fs::absolute(path, error), error);
    if (error || root.empty()) return false;
    return std::mismatch(root.begin(), root.end(), found.begin(), found.end()).first == root.end();
  }

  std::string_view name() const { return repository ? "the repository" : "the folder of the topmost site file"; }
};

void check_ids(const SiteFile& file, std::vector<SiteError>& errors) {
  std::vector<std::string_view> ids;
  for (const Check& check : checks()) ids.push_back(check.id);
  std::size_t before = errors.size();
  auto look_up = [&](std::string_view id, SourceSpan span) {
    if (find_check(id) || errors.size() - before >= max_site_errors) return;
    std::string near = id.size() <= 64 ? did_you_mean(id, ids) : "";
    errors.push_back({fmt::format("unknown check '{}'{}", id, near.empty() ? "; 'ipo-lint checks' lists them" : near), span, {}});
  };
  for (const CheckLevel& level : file.checks) look_up(level.check, level.span);
  for (const Ignore& ignore : file.ignores) look_up(ignore.check.value, ignore.check.span);
}

}  // namespace

std::string find_site_file(const std::string& input_path) {
  SiteFileOf known;
  return find_site_file(input_path, known);
}

std::string find_site_file(const std::string& input_path, SiteFileOf& known) {
  std::error_code error;
  fs::path folder = fs::path(input_path).lexically_normal();
  if (input_path == "-")
    folder.clear();
  else if (!fs::is_directory(folder, error) || !folder.has_filename())
    folder = folder.parent_path();
  if (folder == ".") folder.clear();
  std::vector<std::string*> on_the_way;
  std::string found;
  for (int i = 0; i < most_folders; ++i) {
    auto [at, fresh] = known.try_emplace(folder.string());
    if (!fresh) {
      found = at->second;
      break;
    }
    on_the_way.push_back(&at->second);
    fs::path candidate = folder / site_file_name;
    if (fs::is_regular_file(candidate, error)) {
      found = candidate.generic_string();
      break;
    }
    if (fs::exists(folder / ".git", error)) break;
    fs::path next = above(folder);
    if (fs::equivalent(or_here(folder), or_here(next), error) || error) break;
    folder = std::move(next);
  }
  for (std::string* of : on_the_way) *of = found;
  return found;
}

SiteFiles open_site_files(const std::string& path) {
  SiteFiles out;
  Sources sources;
  std::vector<std::string> known;          // canonical paths
  std::vector<Located<std::string>> ways;  // what each file extends
  std::string next = path, bytes;
  Realm realm(path);
  std::error_code no_link;
  if (fs::is_symlink(fs::symlink_status(path, no_link)) && fs::path(path).filename() == site_file_name && !realm.holds(path)) {
    out.inputs.push_back({path, ""});
    out.errors.push_back({fmt::format("is a link that leads out of {}; name the file itself with --config", realm.name()), {}, {}});
    return out;
  }
  if (std::string why = read_regular_file(next, bytes); !why.empty()) {
    out.inputs.push_back({path, ""});
    out.errors.push_back({std::move(why), {}, {}});
    return out;
  }
  for (;;) {
    known.push_back(canonical(next));
    auto index = static_cast<std::uint32_t>(out.inputs.size());
    sources.push_back(decode_source(next, bytes));
    out.inputs.push_back({next, std::move(bytes)});
    std::vector<SiteError> said_later;
    std::optional<Located<std::string>> extends = read_site_file(sources, index, said_later).extends;
    if (!extends) return out;
    ways.push_back(*extends);
    next = normal_path(next.substr(0, next.rfind('/') + 1), extends->value);
    auto refuse = [&](std::string message, std::optional<Note> related = {}) {
      out.errors.push_back({std::move(message), extends->span, std::move(related)});
    };
    auto seen = std::find(known.begin(), known.end(), canonical(next));
    bytes.clear();
    if (seen != known.end()) {
      auto first = static_cast<std::size_t>(seen - known.begin());
      if (first == index)
        refuse(fmt::format("{} extends itself; leave 'extends' out", next));
      else
        refuse(fmt::format("{} extends {} again, a cycle; leave 'extends' out in one of them", out.inputs[index].path,
                           out.inputs[first].path),
               Note{fmt::format("{} extends {} here", out.inputs[first].path, out.inputs[first + 1].path), ways[first].span});
    } else if (out.inputs.size() >= longest_site_chain) {
      refuse(fmt::format("more than {} files extend one another; join some of them", longest_site_chain));
    } else if (!realm.holds(next)) {
      refuse(fmt::format("{} lies outside {}, and 'extends' opens nothing there; copy it to a place inside", next, realm.name()));
    } else if (std::error_code error; !next.ends_with(".toml") && !fs::is_directory(next, error)) {
      refuse(fmt::format("{} is no .toml file, and 'extends' opens no other", next));
    } else if (std::string why = read_regular_file(canonical(next), bytes); !why.empty()) {
      refuse(fmt::format("{} {}", next, why));
    } else {
      continue;
    }
    return out;
  }
}

SiteFile read_site_files(const Sources& sources, const std::vector<std::uint32_t>& nearest_first, std::vector<SiteError>& errors) {
  std::size_t before = errors.size();
  SiteFile all;
  for (auto source = nearest_first.rbegin(); source != nearest_first.rend(); ++source) {
    SiteFile file = read_site_file(sources, *source, errors);
    check_ids(file, errors);
    all = merge(std::move(all), std::move(file));
  }
  if (errors.size() == before) check_site_file(all, errors);
  return all;
}

std::string format_site_error(const Sources& sources, const SiteError& error) {
  Places places(sources);
  const std::vector<SourceSpan> no_settings;  // what a site file assigns to such a name is found by the name
  Redaction redaction(sources, no_settings);
  auto line = [&](SourceSpan span, const std::string& said) {
    Place place = places.at(span);
    std::string message = redaction.about(said, span);
    return printable(fmt::format("{}:{}:{}: {}", place.path, place.line, place.column, message)) + "\n";
  };
  std::string out = line(error.span, error.message);
  if (error.related) out += "  " + line(error.related->span, error.related->message);
  return out;
}

}  // namespace ipo
