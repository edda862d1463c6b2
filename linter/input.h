// One input as it was read; the linter itself opens no file.
#pragma once

#include <string>
#include <string_view>

namespace ipo {

struct Input {
  std::string path;  // as given; "-" for standard input
  std::string bytes;
  // Of one found in a folder that was named: that folder, and the dialect it was recognised as.
  std::string folder = {};
  std::string_view dialect = {};
};

// Why an input could not be used: "empty file", "not recognised as any supported format".
struct Problem {
  std::string path;
  std::string message;  // one line, says the way out
};

}  // namespace ipo
