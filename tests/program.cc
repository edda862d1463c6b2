#include "tests/program.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace ipo::testing {

namespace fs = std::filesystem;

Folder::Folder() {
  std::string name = (fs::temp_directory_path() / "ipo-lint-test-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
  path = name;
}

Folder::~Folder() { fs::remove_all(path); }

std::string Folder::put(const std::string& name, const std::string& text) const {
  fs::create_directories((path / name).parent_path());
  std::ofstream(path / name, std::ios::binary) << text;
  return (path / name).string();
}

std::string slurp(const fs::path& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

Ran run_program(const std::string& arguments) {
  Folder folder;
  std::string errors = (folder.path / "errors").string();
  Ran ran;
  FILE* pipe = ::popen(("{ '" IPO_LINT_PROGRAM "' " + arguments + "\n} 2>'" + errors + "'").c_str(), "r");
  if (!pipe) throw std::runtime_error("cannot run the program");
  char buffer[4096];
  while (std::size_t n = std::fread(buffer, 1, sizeof buffer, pipe)) ran.out.append(buffer, n);
  int status = ::pclose(pipe);
  ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  ran.err = slurp(errors);
  return ran;
}

}  // namespace ipo::testing
