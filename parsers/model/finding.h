// The one diagnostic type: parse trouble, bad data and rule findings alike.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/model/packet.h"
#include "parsers/text/source.h"

namespace ipo {

enum class Level { note, warning, error };
// possible: the statement holds only if a match the analysis cannot decide turns out one way; Finding::doubt says which.
enum class Certainty { proven, possible };

std::string_view name_of(Level level);          // "note", "warning", "error"
std::string_view name_of(Certainty certainty);  // "proven", "possible"

// One step of the witness packet's way: the rule consulted and what it did ("jump to SERVICES", "accept").
struct PathStep {
  std::string chain;   // "filter/INPUT"
  std::string action;  // lower case
  SourceSpan span;
};

// A match that could not be decided: `why` names it ("-m recent --rcheck").
struct Doubt {
  std::string why;
  SourceSpan span;
};

struct Finding {
  std::string check;  // kebab-case id, also the stem of its page
  Level level = Level::warning;
  Certainty certainty = Certainty::proven;
  std::string message;  // one sentence, lower case, no full stop; names the object and the fact
  SourceSpan span;      // the line to change; within one line
  std::string zone;     // empty where no zone is meant
  std::string hook;
  std::vector<std::string> rows;  // matrix row ids, sorted
  std::optional<Packet> witness;  // as it arrives, before translation
  std::vector<PathStep> path;
  std::vector<Doubt> doubt;
  std::vector<Note> related;
  // Whom it is about, where reports that leave their reader's hands say only how many: "201 anna". The text report prints
  // them, what goes to code hosts does not.
  std::vector<std::string> named;
  // What the finding is about, free of positions: equal for the same fact after unrelated edits. The report hashes it.
  std::string identity;
};

using Findings = std::vector<Finding>;

}  // namespace ipo
