// Inputs are read whole; a folder's files are also decoded once here, to ask whether any dialect knows them.
#include "linter/inputs/input_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>

#include "linter/inputs/folder.h"
#include "linter/inputs/parallel.h"
#include "parsers/foreign.h"
#include "parsers/parsers.h"
#include "parsers/text/large_text.h"

namespace ipo {
namespace {

namespace fs = std::filesystem;

// An open file descriptor, closed at the end.
struct Descriptor {
  int number;
  explicit Descriptor(int n) : number(n) {}
  Descriptor(const Descriptor&) = delete;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
};

std::string too_large() { return fmt::format("larger than {} MiB; give a smaller export", largest_input >> 20); }

std::string read_stream(std::istream& in, std::string& bytes) {
  std::vector<char> buffer(std::size_t{1} << 16);
  while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())), in.gcount() > 0) {
    bytes.append(buffer.data(), static_cast<std::size_t>(in.gcount()));
    if (bytes.size() > largest_input) return too_large();
  }
  return in.bad() ? "cannot be read" : "";
}

// Programs hold texts that look like dumps. A dump that was damaged starts as one, or has few bytes that are no text.
const Dialect* supported(const std::string& path, const std::string& bytes) {
  Source source = decode_source(path, bytes);
  const std::string& text = source.text();
  std::size_t nul = text.find('\0');
  if (nul == std::string::npos) return recognise(source);
  auto odd = std::count_if(text.begin(), text.end(), [](char c) { return c >= '\0' && c < '\t'; });
  if (static_cast<std::size_t>(odd) * 50 < text.size() && nul > 0 && !binary_look(bytes)) return recognise(source);
  return recognise(Source(path, text.substr(0, nul), source.encoding()));
}

constexpr std::size_t read_at_once = std::size_t{1} << 20;  // bytes; of larger files the start is looked at first

std::string start_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes(looked_at, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  return bytes;
}

// A file of a folder, and whether it is an input: it is one where there is a dialect.
struct Found {
  std::string bytes, why;  // why it cannot be read
  const Dialect* dialect = nullptr;
  const Look* look = nullptr;
  bool empty = false;
};

// Whether the start of a large file says that the rest need not be read; then `found` says what there is to say.
bool settled_by_start(const std::string& path, Found& found) {
  std::error_code error;
  std::uintmax_t size = fs::file_size(path, error);
  if (error || size <= read_at_once) return false;
  std::string start = start_of(path);
  if (start.empty()) return false;
  const Dialect* dialect = supported(path, start);
  Source source = decode_source(path, start);
  std::uintmax_t text = source.encoding().starts_with("UTF-16") ? size / 2 : size;
  if (dialect && text > dialect->largest) {
    found.why = too_large_for(*dialect);
    return true;
  }
  found.look = foreign_look(start);
  return !dialect && (source.text().find('\0') != std::string::npos || size > largest_input);
}

Found look_into(const std::string& path) {
  Found found;
  if (settled_by_start(path, found)) return found;
  found.why = read_file(path, found.bytes);
  if (!found.why.empty()) {
    found.bytes = {};
    return found;
  }
  found.empty = found.bytes.empty();
  if (!found.empty) found.dialect = supported(path, found.bytes);
  found.look = found.dialect || found.empty ? nullptr : foreign_look(found.bytes);
  return found;
}

struct Reader {
  bool any_format;
  std::istream& in;
  unsigned jobs;
  InputFiles result;

  void read_named(const std::string& path) {
    std::string bytes, why;
    if (Found found; path != "-" && !any_format && settled_by_start(path, found)) {
      why = !found.why.empty() ? found.why
            : found.look       ? refusal(*found.look)
                               : "starts with bytes that are no text; nothing in it was checked";
      std::error_code error;
      if (fs::file_size(path, error) > largest_input) why = too_large();
    } else {
      why = path == "-" ? read_stream(in, bytes) : read_file(path, bytes);
    }
    if (why.empty() && bytes.empty()) why = "empty file; nothing to analyse";
    if (why.empty())
      result.inputs.push_back({path, std::move(bytes)});
    else
      result.problems.push_back({path, why});
  }

  void read_folder(const std::string& folder) {
    Folder here = look_through(folder);
    const std::vector<std::string>& files = here.files;
    if (!here.problem.empty()) result.problems.push_back({folder, here.problem});
    std::vector<Found> found(files.size());
    parallel(jobs, files.size(), [&](std::size_t i) {
      if (any_format) {
        found[i].why = read_file(files[i], found[i].bytes);
        found[i].empty = found[i].bytes.empty();
        if (!found[i].empty && found[i].why.empty()) found[i].dialect = supported(files[i], found[i].bytes);
        return;
      }
      found[i] = look_into(files[i]);
      if (!found[i].dialect) found[i].bytes = {};
    });
    std::size_t used = 0;
    for (std::size_t i = 0; i < files.size(); ++i) {
      auto& [bytes, why, dialect, look, empty] = found[i];
      if (!why.empty()) {
        here.left_out.push_back({files[i], folder, "a file that cannot be read", why});
      } else if (!bytes.empty()) {
        result.inputs.push_back({files[i], std::move(bytes), folder, dialect ? dialect->name : ""});
        ++used;
      } else if (empty) {
        here.left_out.push_back({files[i], folder, "an empty file", "empty file; nothing to analyse", true});
      } else if (!look || look->kind == Look::Kind::other) {
        here.left_out.push_back({files[i], folder, look ? std::string(look->name) : "in no format that ipo-lint knows"});
      } else {
        here.left_out.push_back({files[i], folder, std::string(look->name), refusal(*look), look->kind == Look::Kind::may_hold});
      }
    }
    add_left_out(folder, std::move(here.left_out), used, here.problem.empty());
  }

  // `explained`: nothing has been said yet of why the folder may give no input.
  void add_left_out(const std::string& folder, std::vector<LeftOut> left_out, std::size_t used, bool explained) {
    std::sort(left_out.begin(), left_out.end(), [](const LeftOut& a, const LeftOut& b) { return a.path < b.path; });
    std::size_t ignored = 0, others = 0;
    bool said = !explained;
    for (LeftOut& one : left_out) {
      said = said || (!one.why.empty() && !one.unless_firewall);
      ignored += one.what == by_gitignore;
      others += one.what != by_gitignore && one.what != hidden && (one.why.empty() || one.unless_firewall);
      if (used == 0) one.unless_firewall = false;  // there is none
    }
    auto remark = [&](std::size_t n, std::string_view how) {
      if (n > 0 && used > 0)
        result.remarks.push_back(fmt::format("{} in {} {} left out{}; ipo-lint inventory {} lists {}",
                                             n == 1 ? "1 entry" : fmt::format("{} entries", n), folder, n == 1 ? "is" : "are", how,
                                             folder, n == 1 ? "it" : "them"));
    };
    remark(ignored, " by .gitignore");
    remark(others, "");
    if (used == 0 && !said)
      result.problems.push_back({folder, "holds no file in a supported format; name the files, or give --as FORMAT"});
    result.left_out.insert(result.left_out.end(), std::make_move_iterator(left_out.begin()),
                           std::make_move_iterator(left_out.end()));
  }
};

}  // namespace

std::string too_large_for(const Dialect& dialect) {
  return fmt::format("looks like {}, but is larger than {} MiB; nothing in it was checked", dialect.title, dialect.largest >> 20);
}

std::vector<Problem> problems_of(const std::vector<LeftOut>& left_out, bool firewall) {
  constexpr std::size_t told = 20;  // of one folder, for one reason
  std::vector<Problem> problems;
  std::map<std::pair<std::string_view, std::string_view>, std::size_t> seen;  // by folder and reason
  for (const LeftOut& one : left_out) {
    if (one.why.empty() || (one.unless_firewall && firewall)) continue;
    if (++seen[{one.folder, one.why}] <= told) problems.push_back({one.path, one.why});
  }
  for (const auto& [what, times] : seen)
    if (times > told) problems.push_back({std::string(what.first), fmt::format("{} more in it: {}", times - told, what.second)});
  return problems;
}

std::string read_file(const std::string& path, std::string& bytes) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.number < 0) return fmt::format("cannot be read: {}", std::strerror(errno));
  std::size_t piece = std::size_t{1} << 16;
  struct stat known {};
  if (::fstat(file.number, &known) == 0 && S_ISREG(known.st_mode) && known.st_size > 0) {
    std::size_t size = static_cast<std::size_t>(known.st_size);
    if (size > largest_input) return too_large();
    off_t hole = size > read_at_once ? ::lseek(file.number, 0, SEEK_HOLE) : -1;  // zeros that are not even stored
    if (hole >= 0 && hole < known.st_size)
      return fmt::format("holds nothing but zeros from byte {} on; nothing in it was checked", hole);
    if (hole >= 0 && ::lseek(file.number, 0, SEEK_SET) != 0) return fmt::format("cannot be read: {}", std::strerror(errno));
    reserve_large(bytes, size + 1);
    piece = std::min(piece, size + 1);
  }
  std::vector<char> buffer(piece);
  for (;;) {
    ssize_t n = ::read(file.number, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fmt::format("cannot be read: {}", std::strerror(errno));
    if (n == 0) return {};
    bytes.append(buffer.data(), static_cast<std::size_t>(n));
    if (bytes.size() > largest_input) return too_large();
  }
}

InputFiles read_inputs(const std::vector<std::string>& paths, bool any_format, std::istream& in, unsigned jobs) {
  Reader reader{any_format, in, jobs, {}};
  std::set<std::string> seen;
  for (const std::string& path : paths) {
    if (!seen.insert(path).second) continue;
    std::error_code error;
    if (path != "-" && fs::is_directory(path, error))
      reader.read_folder(path);
    else
      reader.read_named(path);
  }
  return std::move(reader.result);
}

std::string open_lines(const std::string& path, std::ifstream& lines) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return "is a folder; give a file";
  lines.open(path, std::ios::binary);
  return lines ? "" : fmt::format("cannot be read: {}", std::strerror(errno));
}

bool same_file(const std::string& a, const std::string& b) {
  std::error_code error;
  return a == b || (fs::exists(a, error) && fs::equivalent(a, b, error) && !error);
}

std::string write_file(const std::string& path, std::string_view bytes) {
  std::error_code error;
  if (fs::is_symlink(fs::symlink_status(path, error)) && !fs::exists(path, error))
    return "it is a link to a file that is not there; name that file";
  fs::path target = fs::weakly_canonical(path, error);  // through a symbolic link, so that the link stays one
  if (error) target = path;
  fs::file_type type = fs::status(target, error).type();
  if (type == fs::file_type::directory) return "it is a folder; name a file in it";
  if (type == fs::file_type::block) return "it is a disk; name a file";
  bool replaceable = type == fs::file_type::not_found || type == fs::file_type::regular;
  std::string name = target.string();
  if (replaceable) name = (target.parent_path() / fmt::format(".{}.{}.tmp", target.filename().string(), ::getpid())).string();
  int flags = O_WRONLY | O_CLOEXEC | (replaceable ? O_CREAT | O_EXCL : 0);
  Descriptor file(::open(name.c_str(), flags, 0666));
  if (file.number < 0) return std::strerror(errno);
  auto fail = [&] {
    std::string why = std::strerror(errno);
    if (replaceable) ::unlink(name.c_str());
    return why;
  };
  while (!bytes.empty()) {
    ssize_t n = ::write(file.number, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail();
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  if (replaceable && ::rename(name.c_str(), target.c_str()) != 0) return fail();
  return {};
}

}  // namespace ipo
