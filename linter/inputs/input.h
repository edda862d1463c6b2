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

// What a folder that was named holds beside its inputs.
struct LeftOut {
  std::string path, folder;  // the folder that was named
  std::string what;          // "documentation", "a symbolic link": as `inventory` lists it
  // Why that makes a report incomplete, a Problem's message; empty = it is left out on purpose.
  std::string why = {};
  bool unless_firewall = false;  // `why` counts only where no firewall of its site was read
};

}  // namespace ipo
