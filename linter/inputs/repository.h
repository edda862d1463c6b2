// Where a file is in the repository it belongs to, wherever the command was started and however the file was named.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "parsers/text/source.h"

namespace ipo {

class Repositories {
 public:
  Repositories();

  // Absolute, without links and dots. "-" is standard input, which has none: empty.
  std::filesystem::path absolute(std::string_view path) const;
  // The nearest folder upward that holds .git; empty where there is none.
  std::filesystem::path root_of(const std::filesystem::path& absolute);
  // The name a file keeps: from its repository's root; outside of all repositories its own name, so that a copy keeps it.
  std::string lasting_name(std::string_view path);
  // The one root a report's paths start at: the working folder's repository if one of the files is in it, else the
  // first by name that a file has, else the working folder.
  std::filesystem::path common_root(const Sources& sources);

 private:
  std::filesystem::path working_;
  std::map<std::filesystem::path, std::filesystem::path> known_;  // root by folder
};

// From the root to the file, with "/"; empty where the file is not inside.
std::string path_inside(const std::filesystem::path& root, const std::filesystem::path& absolute);

}  // namespace ipo
