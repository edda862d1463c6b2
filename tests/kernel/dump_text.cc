// Line by line, word by word; nothing here needs to know what a rule means.
#include "tests/kernel/dump_text.h"

#include <algorithm>
#include <set>

namespace ipo::kernel {
namespace {

template <class Take>
void each_line(std::string_view text, Take take) {
  while (!text.empty()) {
    std::size_t end = text.find('\n');
    take(text.substr(0, end));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
}

std::string_view word_at(std::string_view line, std::size_t at) {
  std::size_t begin = line.find_first_not_of(" \t", at);
  if (begin == line.npos) return {};
  return line.substr(begin, line.find_first_of(" \t", begin) - begin);
}

bool is_mac(std::string_view text) {
  if (text.size() != 17) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (i % 3 == 2 ? c != ':' : !hex) return false;
  }
  return true;
}

constexpr std::string_view stand_in_text = "02:00:00:00:00:01";

}  // namespace

std::string prepared(std::string_view text) {
  std::string out;
  each_line(text, [&](std::string_view line) {
    while (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    constexpr std::string_view option = "--mac-source ";
    std::size_t from = 0;
    for (std::size_t at; (at = line.find(option, from)) != line.npos;) {
      at += option.size();
      std::string_view word = word_at(line, at);
      out += line.substr(from, at - from);
      if (word == "!") {  // the old place of a negation
        out += "! ";
        word = word_at(line, static_cast<std::size_t>(word.data() - line.data()) + 1);
      }
      out += is_mac(word) ? word : stand_in_text;
      from = word.empty() ? line.size() : static_cast<std::size_t>(word.data() - line.data()) + word.size();
    }
    out += line.substr(from);
    out += '\n';
  });
  return out;
}

std::vector<std::string> sets_named(std::string_view text) {
  std::set<std::string> names;
  each_line(text, [&](std::string_view line) {
    if (!line.starts_with('-') && !line.starts_with('[')) return;
    for (std::string_view option : {"--match-set ", "--add-set ", "--del-set ", "--map-set "})
      for (std::size_t at = 0; (at = line.find(option, at)) != line.npos;) {
        at += option.size();
        if (std::string_view name = word_at(line, at); !name.empty()) names.emplace(name);
      }
  });
  return {names.begin(), names.end()};
}

std::string with_ufw_around(const std::string& text) {
  std::set<std::string> declared, wanted;
  bool base = false, ufw = false, filter = false;
  each_line(text, [&](std::string_view line) {
    if (line.starts_with('*')) filter = line.substr(0, 7) == "*filter";
    if (!filter) return;
    if (line.starts_with(':')) {
      std::string name(word_at(line, 1));
      declared.insert(name);
      base = base || name == "INPUT" || name == "FORWARD" || name == "OUTPUT";
      ufw = ufw || name.starts_with("ufw-") || name.starts_with("ufw6-");
    } else if (line.starts_with('-')) {
      for (std::string_view option : {" -j ", " -g "})
        if (std::size_t at = line.find(option); at != line.npos) wanted.emplace(word_at(line, at + option.size()));
      std::string chain(word_at(line, 2));
      base = base || chain == "INPUT" || chain == "FORWARD" || chain == "OUTPUT";
    }
  });
  if (!ufw || base) return text;
  std::string prefix =
      std::any_of(declared.begin(), declared.end(), [](auto& n) { return n.starts_with("ufw6-"); }) ? "ufw6-" : "ufw-";
  std::string chains, rules;
  for (auto [name, hook] : {std::pair{"INPUT", "input"}, {"FORWARD", "forward"}, {"OUTPUT", "output"}}) {
    chains += std::string(":") + name + " DROP [0:0]\n";
    for (const char* piece : {"before-logging", "before", "after", "after-logging", "reject", "track"}) {
      std::string called = prefix + piece + '-' + hook;
      wanted.insert(called);
      rules += std::string("-A ") + name + " -j " + called + '\n';
    }
    std::string user = prefix + "user-" + hook;
    wanted.insert(user);
    rules += "-A " + prefix + "before-" + hook + " -j " + user + '\n';
  }
  for (const std::string& name : wanted)
    if (name.starts_with(prefix) && !declared.contains(name)) chains += ':' + name + " - [0:0]\n";
  std::string out;
  filter = false;
  each_line(text, [&](std::string_view line) {
    if (line == "COMMIT" && filter) out += rules;
    out += line;
    out += '\n';
    if (line.starts_with('*')) {
      filter = line.substr(0, 7) == "*filter";
      if (filter) out += chains;
    }
  });
  return out;
}

}  // namespace ipo::kernel
