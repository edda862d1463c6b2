// Files in and out: everything the program opens, it opens here.
#pragma once

#include <fstream>
#include <istream>
#include <string>
#include <string_view>
#include <vector>

#include "linter/inputs/input.h"
#include "linter/output/report.h"
#include "parsers/parsers.h"

namespace ipo {

// Bytes; larger inputs are a Problem before they are read, those too large for their format once that is known.
constexpr std::size_t largest_input = largest_export;

struct InputFiles {
  std::vector<Input> inputs;         // in the order given; a folder's files sorted by path
  std::vector<Problem> problems;     // unreadable, empty, too large, or a folder in which nothing is supported
  std::vector<LeftOut> left_out;     // of folders: what is not among the inputs, sorted by path
  std::vector<std::string> remarks;  // "3 files in site/ are left out; ipo-lint inventory site/ lists them"
};

// Reads what the user named: files, "-" for `in`, folders with all below them except what look_through() leaves out.
// A folder's files that no dialect recognises are left out too, unless `any_format`: for what they are, or with what they
// look like where that may be a firewall's or PBX's configuration. Naming a path twice reads it once. A folder's files are
// read on `jobs` threads.
InputFiles read_inputs(const std::vector<std::string>& paths, bool any_format, std::istream& in, unsigned jobs = 1);

// What was left out and may be missed: of a site with a firewall that was read, or without. Many for one reason are some, and
// the number of the others.
std::vector<Problem> problems_of(const std::vector<LeftOut>& left_out, bool firewall);

// Reads a whole file of at most largest_input bytes. Gives the reason of a failure ("cannot be read: ..."), or nothing.
std::string read_file(const std::string& path, std::string& bytes);

// Why a file of this dialect is not read that is larger than the dialect allows.
std::string too_large_for(const Dialect& dialect);

// Opens a file that is read line by line. Gives the reason of a failure, or nothing.
std::string open_lines(const std::string& path, std::ifstream& lines);

// Whether two names lead to one file, by whatever links and spellings.
bool same_file(const std::string& a, const std::string& b);

// Replaces the file at once, so that nobody ever reads half of it; devices and pipes are written to as they are, and a link to
// nothing is left alone. Gives
// the reason of a failure, or nothing.
std::string write_file(const std::string& path, std::string_view bytes);

}  // namespace ipo
