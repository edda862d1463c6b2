#include "tests/program.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "linter/command_line.h"

namespace ipo::testing {

namespace fs = std::filesystem;

fs::path source_dir() { return IPO_LINT_SOURCE_DIR; }
std::string program_path() { return IPO_LINT_PROGRAM; }

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
  FILE* pipe = ::popen(("{ '" + program_path() + "' " + arguments + "\n} 2>'" + errors + "'").c_str(), "r");
  if (!pipe) throw std::runtime_error("cannot run the program");
  char buffer[4096];
  while (std::size_t n = std::fread(buffer, 1, sizeof buffer, pipe)) ran.out.append(buffer, n);
  int status = ::pclose(pipe);
  ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  ran.err = slurp(errors);
  return ran;
}

namespace {

int run(Message& message, std::istream&, std::ostream& out, std::ostream& err) {
  (message.status == 0 ? out : err) << message.text;
  return message.status;
}
int run(LintCommand& c, std::istream& in, std::ostream& out, std::ostream& err) {
  c.jobs = 1;
  return run_lint(c, in, out, err);
}
int run(InventoryCommand& c, std::istream& in, std::ostream& out, std::ostream& err) { return run_inventory(c, in, out, err); }
int run(InitCommand& c, std::istream& in, std::ostream& out, std::ostream& err) { return run_init(c, in, out, err); }
int run(ZonesCommand& c, std::istream& in, std::ostream& out, std::ostream& err) { return run_zones(c, in, out, err); }
int run(ExposureCommand& c, std::istream& in, std::ostream& out, std::ostream& err) { return run_exposure(c, in, out, err); }
int run(AskCommand& c, std::istream& in, std::ostream& out, std::ostream& err) { return run_ask(c, in, out, err); }
template <class Other>
int run(Other&, std::istream&, std::ostream&, std::ostream&) {
  throw std::runtime_error("run_here knows verbs about a site only");
}

}  // namespace

Ran run_here(const std::vector<std::string>& words) {
  std::istringstream in;
  std::ostringstream out, err;
  Command command = parse_command_line(words);
  Ran ran;
  ran.status = std::visit([&](auto& c) { return run(c, in, out, err); }, command);
  ran.out = out.str(), ran.err = err.str();
  return ran;
}

}  // namespace ipo::testing
