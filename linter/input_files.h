// Files in and out: everything the program opens, it opens here.
#pragma once

#include <fstream>
#include <istream>
#include <string>
#include <string_view>
#include <vector>

#include "linter/lint.h"
#include "parsers/parsers.h"

namespace ipo {

// Bytes; larger inputs are a Problem before they are read, those too large for their format once that is known.
constexpr std::size_t largest_input = largest_export;

struct InputFiles {
  std::vector<Input> inputs;         // in the order given; a folder's files sorted by path
  std::vector<Problem> problems;     // unreadable, empty, too large, or a folder in which nothing is supported
  std::vector<std::string> remarks;  // "3 files in site/ are in no supported format"
};

// Reads what the user named: files, "-" for `in`, folders with all below them except hidden entries and symbolic links.
// A folder's files that no dialect recognises are left out and counted, unless `any_format`. Naming a path twice reads
// it once. A folder's files are read on `jobs` threads.
InputFiles read_inputs(const std::vector<std::string>& paths, bool any_format, std::istream& in, unsigned jobs = 1);

// Reads a whole file of at most largest_input bytes. Gives the reason of a failure ("cannot be read: ..."), or nothing.
std::string read_file(const std::string& path, std::string& bytes);

// Opens a file that is read line by line. Gives the reason of a failure, or nothing.
std::string open_lines(const std::string& path, std::ifstream& lines);

// Whether two names lead to one file, by whatever links and spellings.
bool same_file(const std::string& a, const std::string& b);

// Replaces the file at once, so that nobody ever reads half of it; devices and pipes are written to as they are, and a link to
// nothing is left alone. Gives
// the reason of a failure, or nothing.
std::string write_file(const std::string& path, std::string_view bytes);

}  // namespace ipo
