// Inputs are read whole; a folder's files are also decoded once here, to ask whether any dialect knows them.
#include "linter/input_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>

#include "linter/parallel.h"
#include "parsers/large_text.h"
#include "parsers/parsers.h"

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

// Programs hold texts that look like dumps; a file with NULs in it is taken only if it is named.
const Dialect* supported(const std::string& path, const std::string& bytes) {
  Source source = decode_source(path, bytes);
  return source.text().find('\0') == std::string::npos ? recognise(source) : nullptr;
}

struct Reader {
  bool any_format;
  std::istream& in;
  unsigned jobs;
  InputFiles result;

  void read_named(const std::string& path) {
    std::string bytes;
    std::string why = path == "-" ? read_stream(in, bytes) : read_file(path, bytes);
    if (why.empty() && bytes.empty()) why = "empty file; nothing to analyse";
    if (why.empty())
      result.inputs.push_back({path, std::move(bytes)});
    else
      result.problems.push_back({path, why});
  }

  void read_folder(const std::string& folder) {
    std::vector<std::string> files;
    std::error_code error;
    fs::recursive_directory_iterator at(folder, fs::directory_options::none, error), end;
    while (!error && at != end) {
      bool hidden = at->path().filename().string().starts_with('.') || at->path().filename() == site_file_name;
      std::error_code ignored;
      fs::file_type type = at->symlink_status(ignored).type();
      if (hidden && type == fs::file_type::directory) at.disable_recursion_pending();
      if (!hidden && type == fs::file_type::regular) files.push_back(at->path().generic_string());
      at.increment(error);
    }
    if (error) result.problems.push_back({folder, fmt::format("cannot be read: {}", error.message())});
    std::sort(files.begin(), files.end());

    struct Read {
      std::string bytes, why;
      const Dialect* dialect = nullptr;
    };
    std::vector<Read> read(files.size());
    parallel(jobs, files.size(), [&](std::size_t i) {
      auto& [bytes, why, dialect] = read[i];
      why = read_file(files[i], bytes);
      if (why.empty() && !bytes.empty()) dialect = supported(files[i], bytes);
      if (!dialect && !any_format) bytes = {};
    });
    std::size_t used = 0, unsupported = 0, unreadable = 0;
    for (std::size_t i = 0; i < files.size(); ++i) {
      auto& [bytes, why, dialect] = read[i];
      if (!why.empty()) {
        result.problems.push_back({files[i], why});
        ++unreadable;
      } else if (!bytes.empty()) {
        result.inputs.push_back({files[i], std::move(bytes), folder, dialect ? dialect->name : ""});
        ++used;
      } else {
        ++unsupported;
      }
    }
    if (unsupported > 0 && used > 0)
      result.remarks.push_back(fmt::format("{} file{} in {} {} in no supported format", unsupported,
                                           unsupported == 1 ? "" : "s", folder, unsupported == 1 ? "is" : "are"));
    if (used == 0 && unreadable == 0 && !error)
      result.problems.push_back({folder, "holds no file in a supported format; name the files, or give --as FORMAT"});
  }
};

}  // namespace

std::string read_file(const std::string& path, std::string& bytes) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.number < 0) return fmt::format("cannot be read: {}", std::strerror(errno));
  std::size_t piece = std::size_t{1} << 16;
  struct stat known {};
  if (::fstat(file.number, &known) == 0 && S_ISREG(known.st_mode) && known.st_size > 0) {
    std::size_t size = static_cast<std::size_t>(known.st_size);
    if (size > largest_input) return too_large();
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
  if (replaceable)
    name = (target.parent_path() / fmt::format(".{}.{}.tmp", target.filename().string(), ::getpid())).string();
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
