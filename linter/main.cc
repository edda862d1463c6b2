// argv in, exit status out.
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <filesystem>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <thread>

#include "linter/command_line.h"

namespace {

// What the user says, then what the terminal has; nothing where text goes to another program or a file.
std::optional<int> known_width() {
  const char* said = std::getenv("COLUMNS");
  char* end = nullptr;
  long columns = said ? std::strtol(said, &end, 10) : 0;
  if (said && *said && !*end && columns > 0 && columns <= 10000) return static_cast<int>(columns);
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return std::nullopt;
}

void fill_in(ipo::TextStyle& style) {
  std::optional<int> width = known_width();
  style.width = width.value_or(style.width);
  style.wraps = width.has_value();
}

int terminal_width() { return known_width().value_or(ipo::TextStyle{}.width); }

// Through $PAGER, else less where there is one, so that a page's beginning is what is seen first. False: it could not be shown so.
bool show_in_pager(const std::string& text) {
  const char* term = std::getenv("TERM");
  if (text.empty() || ::isatty(STDOUT_FILENO) != 1 || ::isatty(STDIN_FILENO) != 1 || !term || std::string_view(term) == "dumb")
    return false;
  const char* wanted = std::getenv("PAGER");
  if (wanted && !*wanted) return false;
  ::setenv("LESS", "FRX", 0);  // ends by itself where one screen holds all
  std::FILE* pager = ::popen(wanted ? wanted : "command -v less >/dev/null 2>&1 || exit 127; exec less -R", "w");
  if (!pager) return false;
  std::fwrite(text.data(), 1, text.size(), pager);  // one that is left early has shown enough
  int status = ::pclose(pager);
  return !(WIFEXITED(status) && (WEXITSTATUS(status) == 127 || WEXITSTATUS(status) == 126));
}

bool ends_in_a_pipe() {
  struct stat info {};
  return ::fstat(STDOUT_FILENO, &info) == 0 && (S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode));
}

// In local time, as the person who wrote the date meant it; SOURCE_DATE_EPOCH makes a run repeatable.
std::string today() {
  std::time_t now = std::time(nullptr);
  const char* fixed = std::getenv("SOURCE_DATE_EPOCH");
  std::tm day{};
  if (fixed && *fixed) {
    now = static_cast<std::time_t>(std::strtoll(fixed, nullptr, 10));
    ::gmtime_r(&now, &day);
  } else {
    ::localtime_r(&now, &day);
  }
  char text[16];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d", &day)};
}

std::string working_folder() {
  std::error_code gone;
  return std::filesystem::current_path(gone).generic_string();
}

int run(const ipo::Message& message) {
  (message.status == 0 ? std::cout : std::cerr) << message.text;
  return message.status;
}

int run(ipo::LintCommand command) {
  command.style.color = ipo::wants_color(command.color, ::isatty(STDOUT_FILENO) == 1, &std::getenv);
  fill_in(command.style);
  command.progress = ::isatty(STDERR_FILENO) == 1;
  command.options.today = today();
  command.options.working_folder = working_folder();
  if (command.jobs == 0) command.jobs = std::max(1u, std::thread::hardware_concurrency());
  return ipo::run_lint(command, std::cin, std::cout, std::cerr);
}

int run(ipo::InventoryCommand command) {
  command.width = terminal_width();
  return ipo::run_inventory(command, std::cin, std::cout, std::cerr);
}

void fill_in(ipo::SiteQuestion& question) {
  question.options.today = today();
  question.options.working_folder = working_folder();
}

int run(ipo::InitCommand command) {
  fill_in(command.site);
  return ipo::run_init(command, std::cin, std::cout, std::cerr);
}

int run(ipo::ZonesCommand command) {
  fill_in(command.site);
  return ipo::run_zones(command, std::cin, std::cout, std::cerr);
}

int run(ipo::ExposureCommand command) {
  fill_in(command.site);
  command.width = terminal_width();
  return ipo::run_exposure(command, std::cin, std::cout, std::cerr);
}

int run(ipo::AskCommand command) {
  fill_in(command.site);
  fill_in(command.style);
  command.style.color = ipo::wants_color(command.color, ::isatty(STDOUT_FILENO) == 1, &std::getenv);
  return ipo::run_ask(command, std::cin, std::cout, std::cerr);
}

int run(ipo::QueryCommand command) {
  fill_in(command.site);
  command.style.color = ipo::wants_color(command.color, ::isatty(STDOUT_FILENO) == 1, &std::getenv);
  fill_in(command.style);
  return ipo::run_query(command, std::cin, std::cout, std::cerr);
}

int run(const ipo::MatrixQuery& query) { return ipo::run_matrix(query, std::cin, std::cout, std::cerr); }
int run(const ipo::SettingsCommand& command) { return ipo::run_settings(command, std::cout, std::cerr); }
int run(ipo::ExplainCommand command) {
  fill_in(command.style);
  std::ostringstream text;
  int status = ipo::run_explain(command, text, std::cerr);
  if (!show_in_pager(text.str())) std::cout << text.view();
  return status;
}

int run(const ipo::ChecksCommand& command) { return ipo::run_checks(command, std::cout, std::cerr); }

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader that closes early (head) is no failure of ours
  std::ios::sync_with_stdio(false);
  try {
    ipo::Command command = ipo::parse_command_line({argv + 1, argv + argc});
    int status = std::visit([](auto& c) { return run(c); }, command);
    std::cout.flush();
    if (!std::cout && !ends_in_a_pipe()) {
      std::cerr << "ipo-lint: standard output: cannot be written\n";
      return std::max(status, ipo::exit_usage);
    }
    return status;
  } catch (const std::exception& e) {
    std::cerr << "ipo-lint: internal error: " << e.what() << ", please report\n";
  } catch (...) {
    std::cerr << "ipo-lint: internal error, please report\n";
  }
  return ipo::exit_internal;
}
