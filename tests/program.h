// Tests of a whole process: a folder for its files, and the built program.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace ipo::testing {

// The project's folder and the program under test. Only program.cc is compiled with them, so that no other file is compiled anew
// for another checkout.
std::filesystem::path source_dir();
std::string program_path();

// A folder that is gone at the end of the test.
struct Folder {
  std::filesystem::path path;
  Folder();
  Folder(const Folder&) = delete;
  ~Folder();
  // Writes a file, with the folders above it; gives its path.
  std::string put(const std::string& name, const std::string& text) const;
};

std::string slurp(const std::filesystem::path& path);

struct Ran {
  int status = -1;  // -1 where a signal ended it
  std::string out, err;
};

// Runs the program through the shell, where `arguments` may also redirect.
Ran run_program(const std::string& arguments);

// The same within this process, which takes a tenth of the time: for verbs that ask a site, words that are no options of
// output, no pipes.
Ran run_here(const std::vector<std::string>& words);

}  // namespace ipo::testing
