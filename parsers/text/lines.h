// Text as lines of words, as shells and iptables-save write them, without a copy of the text.
#pragma once

#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/text/source.h"

namespace ipo {

struct Word {
  std::string_view text;  // without quotes and escapes
  SourceSpan span;        // with them
};

struct Line {
  std::span<const Word> words;  // at least one
  std::string_view text;        // of `span`
  SourceSpan span;              // first to last word
};

// The lines of one source that are not empty, in order; good as long as this and the sources are. Words are split at blanks; a
// double-quoted word may hold blanks and \-escapes, as iptables-save writes them. A quote without its end takes the rest of
// the line.
class Lines {
 public:
  Lines(const Sources& sources, std::uint32_t source);
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;

  std::size_t size() const { return lines_.size(); }
  const Line& operator[](std::size_t i) const { return lines_[i]; }
  auto begin() const { return lines_.begin(); }
  auto end() const { return lines_.end(); }

 private:
  std::vector<Line> lines_;
  std::vector<Word> words_;           // of all lines
  std::deque<std::string> unquoted_;  // words that do not stand in the source as they are
};

// "iptables cmdlist:" and its like, the headings of what Proxmox' `pve-firewall compile` prints. What stands below them looks like
// commands of iptables and ipset, but its counters, notes and "create CHAIN (…)" lines are for people.
bool is_cmdlist_heading(std::string_view line);

}  // namespace ipo
